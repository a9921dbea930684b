//! Replacing the older images of a name in simulated clouds: what is there afterwards, and what is there when it is interrupted
//! at any request.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    BoxFuture, Bytes, Credentials, Disk, ErrorKind, Grace, ImageImporter, ImportRequest, Os, Provider, Settings, Stop,
    Target, WaitOptions,
    http::{Request, Response},
    publish::{
        Destination, Event, Image, Listener, LocalImage, Options, Outcome, Phase, Place, Published, ReplaceStep, State,
        publish,
        staging::{Bucket, Store},
    },
    transport::{HttpTransport, Transport, TransportError},
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use tokio::sync::Notify;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");
const BUCKET: &str = "images-1250000000";
const NAME: &str = "web";

/// Requests of one run that are still let through; the next one is the last thing that happens.
#[derive(Debug)]
struct Fuse {
    left: AtomicUsize,
    /// Whether the last request arrives.
    arrives: bool,
    blown: Notify,
}

impl Fuse {
    fn after(requests: usize, arrives: bool) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(requests),
            arrives,
            blown: Notify::new(),
        })
    }

    fn never() -> Arc<Self> {
        Self::after(usize::MAX, true)
    }
}

/// Sends until the fuse blows; then no answer ever comes.
#[derive(Debug)]
struct Fused {
    to: HttpTransport,
    fuse: Arc<Fuse>,
}

impl Transport for Fused {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let left = self
                .fuse
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_ok() {
                return self.to.send(request).await;
            }
            if self.fuse.arrives {
                let _ = self.to.send(request).await;
            }
            self.fuse.blown.notify_one();
            std::future::pending().await
        })
    }
}

/// One simulator, a place for jobs, and two files.
struct Scene {
    folder: PathBuf,
    simulator: Simulator,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    async fn new(name: &str) -> Self {
        Self::with_imports_of(name, Duration::from_millis(30)).await
    }

    async fn with_imports_of(name: &str, import_time: Duration) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-replace-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let bytes = fs::read(IMAGE).unwrap();
        fs::write(folder.join("old.qcow2"), &bytes).unwrap();
        // Another content, though its header says the same.
        fs::write(folder.join("new.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
        let config = Config::new("ak", "sk").any_bucket(true).import_time(import_time);
        let simulator = Simulator::start(config).await.unwrap();
        Self { folder, simulator }
    }

    fn destination(&self, provider: Provider, fuse: &Arc<Fuse>) -> Destination {
        let target = Target::default_of(provider).unwrap();
        let cloud = cloud(provider);
        let to = HttpTransport::builder()
            .dial(self.simulator.address(cloud))
            .build()
            .unwrap();
        let fuse = Arc::clone(fuse);
        let settings = Settings::new(&target.region)
            .credentials(Credentials::new("ak", "sk"))
            .grace(Grace::new(Duration::from_millis(200), Duration::from_millis(20)))
            .transport(Arc::new(Fused { to, fuse }));
        let importer: Arc<dyn ImageImporter> = Arc::from(cloud_import::connect(provider, settings).unwrap());
        let bucket = Bucket::new(provider, &target.region, BUCKET).unwrap();
        Destination {
            label: target.to_string(),
            place: Place::Stage(Store::new(bucket, importer.connection().unwrap().pipeline.clone()).unwrap()),
            importer,
            order: ImportRequest::new(NAME, Disk::object(BUCKET, "")).os(Os::new("CentOS", "7.9")),
        }
    }

    /// Publishes a file under the name; `None` when the fuse blows.
    async fn run(&self, file: &str, provider: Provider, options: Options, fuse: Arc<Fuse>) -> Option<Outcome> {
        self.told(file, provider, options, fuse, Arc::new(())).await
    }

    async fn told(
        &self,
        file: &str,
        provider: Provider,
        options: Options,
        fuse: Arc<Fuse>,
        listener: Arc<dyn Listener>,
    ) -> Option<Outcome> {
        let image = Image::File(LocalImage::open(self.folder.join(file), None).unwrap());
        let destinations = vec![self.destination(provider, &fuse)];
        let state = State::at(self.folder.join("state"));
        tokio::select! {
            biased;
            () = fuse.blown.notified() => None,
            done = publish(image, destinations, state, options, listener, Stop::default()) => {
                let Published { outcomes, .. } = done.unwrap();
                outcomes.into_iter().next()
            }
        }
    }

    async fn publish(&self, file: &str, provider: Provider, options: Options) -> Outcome {
        self.run(file, provider, options, Fuse::never()).await.unwrap()
    }

    /// Ids and names of the images that are there and good.
    fn good(&self, provider: Provider) -> Vec<(String, String)> {
        let images = self.simulator.images(cloud(provider)).into_iter();
        let good = ["ready", "NORMAL", "active", "Available"];
        images
            .filter(|image| !image.deleted && good.contains(&image.state.as_str()))
            .map(|image| (image.image_id, image.name))
            .collect()
    }
}

fn cloud(provider: Provider) -> Cloud {
    provider.id().parse().unwrap()
}

fn options(replace: bool) -> Options {
    Options {
        replace,
        waiting: WaitOptions::default().intervals(Duration::from_millis(10), Duration::from_millis(20)),
        ..Options::default()
    }
}

fn id(outcome: &Outcome) -> String {
    assert_eq!(outcome.phase, Phase::Succeeded, "{outcome:?}");
    outcome.image.as_ref().unwrap().id.clone()
}

/// Keeps what was told of a replacement.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl Listener for Kept {
    fn on(&self, _: Option<usize>, event: &Event<'_>) {
        let text = match event {
            Event::Retiring { image_id } => format!("retiring {image_id}"),
            Event::Retired { image_id } => format!("retired {image_id}"),
            Event::Renamed { name } => format!("renamed {name}"),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_image_of_the_name_is_there_afterwards_and_it_is_the_new_one() {
    let scene = Scene::new("five").await;
    for provider in Provider::all() {
        let old = id(&scene.publish("old.qcow2", provider, options(false)).await);
        let kept = Arc::new(Kept::default());
        let outcome = scene
            .told("new.qcow2", provider, options(true), Fuse::never(), kept.clone())
            .await
            .unwrap();
        let new = id(&outcome);
        assert_ne!(old, new);
        assert!(outcome.error.is_none(), "{outcome:?}");
        assert_eq!(outcome.image.unwrap().name, NAME);
        assert_eq!(scene.good(provider), [(new.clone(), NAME.to_owned())], "{provider}");
        let mut told = vec![format!("retiring {old}"), format!("retired {old}")];
        let refuses = matches!(provider, Provider::TENCENT | Provider::HUAWEI | Provider::ALIYUN);
        told.extend(refuses.then(|| format!("renamed {NAME}")));
        assert_eq!(*kept.0.lock().unwrap(), told, "{provider}");

        // Repeated, it is found, and nothing goes.
        let again = scene.publish("new.qcow2", provider, options(true)).await;
        assert!(again.found && id(&again) == new, "{again:?}");
        assert_eq!(scene.good(provider).len(), 1);
        assert!(scene.simulator.objects().is_empty(), "what was staged is deleted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_none_the_image_has_its_name_from_the_start() {
    let scene = Scene::new("none").await;
    for provider in Provider::all() {
        let outcome = scene.publish("new.qcow2", provider, options(true)).await;
        assert_eq!(scene.good(provider), [(id(&outcome), NAME.to_owned())]);
        let renaming = ["ModifyImageAttribute", "UpdateImage", "modifyImageAttribute"];
        let requests = |operation| scene.simulator.counters().requests_of(cloud(provider), operation);
        assert_eq!(renaming.into_iter().map(requests).sum::<u64>(), 0, "{provider}");
    }
}

/// Cut off at every request in turn, before and after it arrives, and repeated until it ends.
async fn cut_off_everywhere(provider: Provider) {
    let mut cuts = 0;
    for arrives in [false, true] {
        for requests in 0.. {
            let scene = Scene::new(&format!("cut-{provider}-{arrives}-{requests}")).await;
            let place = format!("{provider}, request {requests}, arrives: {arrives}");
            let old = id(&scene.publish("old.qcow2", provider, options(false)).await);
            let first = scene
                .run("new.qcow2", provider, options(true), Fuse::after(requests, arrives))
                .await;
            let is_whole = first.is_some();
            cuts += usize::from(!is_whole);
            let left = scene.good(provider);
            assert!(!left.is_empty(), "{place}: none is left");
            let mut last = match first {
                Some(outcome) => outcome,
                None => scene.publish("new.qcow2", provider, options(true)).await,
            };
            if last.phase == Phase::Unknown {
                // It never arrived, and nothing but its name could tell: then the older one stays.
                assert_eq!(scene.good(provider), [(old, NAME.to_owned())], "{place}");
                last = scene
                    .publish(
                        "new.qcow2",
                        provider,
                        Options {
                            again: true,
                            ..options(true)
                        },
                    )
                    .await;
            }
            assert!(last.error.is_none(), "{place}: {last:?}");
            assert_eq!(scene.good(provider), [(id(&last), NAME.to_owned())], "{place}");
            if is_whole {
                break;
            }
        }
    }
    assert!(cuts > 20, "{provider}: {cuts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_everywhere_at_jd_cloud() {
    cut_off_everywhere(Provider::JDCLOUD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_everywhere_at_tencent_cloud() {
    cut_off_everywhere(Provider::TENCENT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_everywhere_at_huawei_cloud() {
    cut_off_everywhere(Provider::HUAWEI).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_everywhere_at_alibaba_cloud() {
    cut_off_everywhere(Provider::ALIYUN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_everywhere_at_ucloud() {
    cut_off_everywhere(Provider::UCLOUD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_image_that_may_not_be_deleted_stays_and_so_does_the_new_one() {
    let scene = Scene::new("kept").await;
    for (provider, operation, http, code) in [
        (Provider::TENCENT, "DeleteImages", 200, "InvalidImageId.InShared"),
        (Provider::JDCLOUD, "deleteImage", 400, "FAILED_PRECONDITION"),
        (Provider::ALIYUN, "DeleteImage", 403, "ImageUsingByECS"),
    ] {
        let old = id(&scene.publish("old.qcow2", provider, options(false)).await);
        scene.simulator.inject(
            Fault::new(FaultKind::Refuse {
                http,
                code: code.to_owned(),
                message: "it is in use".to_owned(),
            })
            .cloud(cloud(provider))
            .operation(operation),
        );
        let outcome = scene.publish("new.qcow2", provider, options(true)).await;
        let new = id(&outcome);
        let error = outcome.error.as_ref().unwrap();
        assert!(
            error.message().contains(&old) && error.message().contains("which stays"),
            "{error}"
        );
        assert_eq!(error.code(), Some(code));
        assert_eq!(scene.good(provider).len(), 2);
        assert!(scene.good(provider).contains(&(old.clone(), NAME.to_owned())));
        let state = State::at(scene.folder.join("state"));
        let records = state.jobs().unwrap().into_iter().flat_map(|job| job.records().unwrap());
        let record = records
            .into_iter()
            .find(|record| record.image_id.as_ref() == Some(&new))
            .unwrap();
        assert_eq!(record.replace.as_ref().unwrap().step, ReplaceStep::Kept);
        assert!(!record.is_open(), "no wait for other jobs tries it again");
        scene.simulator.clear_faults();
        let outcome = scene.publish("new.qcow2", provider, options(true)).await;
        assert!(outcome.error.is_none(), "{outcome:?}");
        assert_eq!(scene.good(provider), [(new, NAME.to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_import_retires_nothing() {
    let scene = Scene::new("failed").await;
    for provider in Provider::all() {
        let old = id(&scene.publish("old.qcow2", provider, options(false)).await);
        let reason = FaultKind::FailImport {
            code: "C".to_owned(),
            reason: "r".to_owned(),
        };
        scene.simulator.inject(Fault::new(reason).cloud(cloud(provider)));
        let outcome = scene.publish("new.qcow2", provider, options(true)).await;
        assert_eq!(outcome.phase, Phase::Failed, "{outcome:?}");
        assert_eq!(scene.good(provider), [(old, NAME.to_owned())], "{provider}");
        scene.simulator.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_with_the_same_order_replaces_nothing_twice() {
    for provider in Provider::all() {
        let scene = Scene::new(&format!("elsewhere-{provider}")).await;
        id(&scene.publish("old.qcow2", provider, options(false)).await);
        let cut = scene
            .run("new.qcow2", provider, options(true), Fuse::never())
            .await
            .unwrap();
        fs::remove_dir_all(scene.folder.join("state")).unwrap();
        let outcome = scene.publish("new.qcow2", provider, options(true)).await;
        assert!(outcome.error.is_none(), "{outcome:?}");
        assert_eq!(scene.good(provider), [(id(&outcome), NAME.to_owned())], "{provider}");
        assert_eq!(id(&outcome), id(&cut), "{provider}: the same order is one image");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_same_command_is_refused() {
    let scene = Scene::with_imports_of("refused", Duration::from_secs(3)).await;
    let provider = Provider::ALIYUN;
    let no_wait = Options {
        wait: false,
        ..options(true)
    };
    let image = Image::File(LocalImage::open(scene.folder.join("new.qcow2"), None).unwrap());
    let destinations = vec![scene.destination(provider, &Fuse::never())];
    let state = State::at(scene.folder.join("state"));
    let error = publish(image, destinations, state, no_wait, Arc::new(()), Stop::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);

    let begun = Options {
        wait: false,
        ..options(false)
    };
    scene.publish("new.qcow2", provider, begun).await;
    let outcome = scene.publish("new.qcow2", provider, options(true)).await;
    let error = outcome.error.as_ref().unwrap();
    assert!(
        error.kind() == ErrorKind::Conflict && error.remedy().unwrap().to_string().contains("earlier order as it was"),
        "{error}"
    );
    assert!(
        scene
            .publish("old.qcow2", provider, options(true))
            .await
            .error
            .is_some(),
        "one of that name is being made"
    );
    id(&scene.publish("new.qcow2", provider, options(false)).await);
}
