//! An object becomes a file, whatever happens on the way: the five stores of the simulator, over HTTP.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind, Pace, Provider, Result, Stop,
    env::{Env, SystemEnv},
    provider::{Pipeline, digest::sha256_hex},
    testing::Frozen,
    transport::HttpTransport,
};
use cloud_import_sim::{BucketSettings, Cloud, Config, Fault, FaultKind, Simulator};
use cloud_import_staging::{
    Bucket, CheckedBy, Download, DownloadOptions, DownloadProgress, Downloaded, OnDownload, Store,
};
use md5::{Digest as _, Md5};

use crate::{requests::bucket, stage::Hasty};

const ID: &str = "AKSIMULATED";
const SECRET: &str = "sk-simulated/with+slash";
const KEY: &str = "exports/a b+ü.qcow2";
const PART: usize = 64 << 10;

/// A store with an object, and a folder for the file. It is removed at the end.
struct Scene {
    simulator: Simulator,
    cloud: Cloud,
    bucket: Bucket,
    content: Vec<u8>,
    folder: PathBuf,
    options: DownloadOptions,
    told: Arc<Mutex<Vec<DownloadProgress>>>,
}

/// So many bytes that differ from part to part, and from one seed to another.
fn content(size: usize, seed: u8) -> Vec<u8> {
    let mut content = vec![0; size];
    for (number, some) in content.chunks_mut(1000).enumerate() {
        some.fill((number % 251) as u8 ^ seed);
    }
    content
}

impl Scene {
    async fn new(provider: Provider, size: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let mut options = DownloadOptions::default();
        options.part_size = PART as u64;
        options.parallel = 3;
        let scene = Self {
            simulator: Simulator::start(Config::new(ID, SECRET)).await.unwrap(),
            cloud: provider.id().parse().unwrap(),
            bucket: bucket(provider),
            content: content(size, 0),
            folder,
            options,
            told: Arc::default(),
        };
        let Bucket { region, name, .. } = &scene.bucket;
        let settings = BucketSettings::default();
        scene.simulator.create_bucket(scene.cloud, region, name, settings);
        scene.put(&scene.content, true).await;
        scene
    }

    /// Puts an object there, with its SHA-256 in its metadata or without.
    async fn put(&self, content: &[u8], says_sha256: bool) {
        let sha256 = says_sha256.then(|| sha256_hex(content));
        let body = Bytes::copy_from_slice(content);
        let md5 = Some(Md5::digest(content).into());
        self.store().put(KEY, body, md5, sha256.as_deref()).await.unwrap();
    }

    fn store(&self) -> Store {
        self.store_by(Arc::new(Hasty), Pace::default())
    }

    fn store_by(&self, env: Arc<dyn Env>, pace: Pace) -> Store {
        let transport = HttpTransport::builder().dial(self.simulator.address(self.cloud));
        let keys = Arc::new(Credentials::new(ID, SECRET));
        let mut pipeline = Pipeline::new("", keys, Arc::new(transport.build().unwrap()));
        pipeline.env = env;
        pipeline.pace = pace;
        Store::new(self.bucket.clone(), pipeline).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.join("web.qcow2")
    }

    fn download(&self) -> Download {
        Download::new(self.store(), KEY, self.path()).options(self.options.clone())
    }

    /// Hears what is told, and does something more.
    fn heard(&self, more: impl Fn(&DownloadProgress) + Send + Sync + 'static) -> OnDownload {
        let told = self.told.clone();
        Arc::new(move |progress| {
            more(&progress);
            told.lock().unwrap().push(progress);
        })
    }

    async fn run(&self) -> Result<Downloaded> {
        self.download().run(self.heard(|_| {}), &Stop::default()).await
    }

    async fn run_error(&self) -> Error {
        let error = self.run().await.unwrap_err();
        assert!(error.remedy().is_some(), "{error}");
        assert!(!self.path().exists(), "{error}");
        error
    }

    /// A run that is stopped when so many bytes are there.
    async fn stopped_at(&self, bytes: usize) {
        let stop = Stop::default();
        let stopping = stop.clone();
        let progress = self.heard(move |progress| match progress {
            DownloadProgress::Bytes { present, .. } if *present >= bytes as u64 => stopping.request(),
            _ => {}
        });
        let error = self.download().run(progress, &stop).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stopped, "{error}");
        assert!(!self.path().exists());
    }

    fn fault(&self, kind: FaultKind, skip: u32, times: u32) {
        let fault = Fault::new(kind).cloud(self.cloud).operation("GetObject");
        self.simulator.inject(fault.skip(skip).times(times));
    }

    fn gets(&self) -> u64 {
        self.simulator.counters().requests_of(self.cloud, "GetObject")
    }

    /// How many bytes were there when it was last told.
    fn present(&self) -> u64 {
        let told = self.told.lock().unwrap();
        let bytes = told.iter().rev().find_map(|progress| match progress {
            DownloadProgress::Bytes { present, .. } => Some(*present),
            _ => None,
        });
        bytes.unwrap()
    }

    fn warnings(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let warning = |progress: &DownloadProgress| match progress {
            DownloadProgress::Warning(text) => Some(text.clone()),
            _ => None,
        };
        told.iter().filter_map(warning).collect()
    }

    #[track_caller]
    fn is_whole(&self, downloaded: &Downloaded) {
        assert!(fs::read(self.path()).unwrap() == self.content);
        assert_eq!(downloaded.size, self.content.len() as u64);
        assert_eq!(downloaded.sha256, sha256_hex(&self.content));
        let left: Vec<_> = fs::read_dir(&self.folder).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_each_store_becomes_a_file() {
    for provider in Provider::all() {
        let scene = Scene::new(provider, 5 * PART + 1).await;
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!(scene.gets(), 6, "{provider}");
        assert_eq!(
            scene.simulator.counters().bytes_sent[&scene.cloud],
            scene.content.len() as u64,
            "{provider}"
        );
        use CheckedBy::{Crc64, Md5, Metadata};
        let checked_by: &[CheckedBy] = match provider {
            Provider::ALIYUN | Provider::TENCENT => &[Crc64, Md5, Metadata],
            Provider::UCLOUD => &[],
            _ => &[Md5, Metadata],
        };
        assert_eq!(downloaded.checked_by, checked_by, "{provider}");
        assert_eq!(downloaded.resumed_bytes, 0);
        assert!(!downloaded.etag.is_empty());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(scene.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{provider}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_and_one_of_one_byte_are_files_too() {
    for size in [0, 1, PART] {
        let scene = Scene::new(Provider::ALIYUN, size).await;
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!(scene.gets(), u64::from(size > 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_one_fetches_only_what_is_missing() {
    for provider in Provider::all() {
        let scene = Scene::new(provider, 20 * PART).await;
        scene.stopped_at(6 * PART).await;
        let (present, before) = (scene.present(), scene.gets());
        // What was on its way may have arrived.
        let parts = present / PART as u64;
        assert!((parts..=parts + 3).contains(&before), "{provider}: {before} {parts}");
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!(downloaded.resumed_bytes, present, "{provider}");
        assert_eq!(scene.gets() - before, 20 - parts, "{provider}");
        assert_eq!(scene.warnings(), [""; 0], "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_another_size_go_on_with_those_of_the_first_run() {
    let mut scene = Scene::new(Provider::HUAWEI, 20 * PART).await;
    scene.stopped_at(6 * PART).await;
    let (present, before) = (scene.present(), scene.gets());
    scene.options.part_size = 5 * PART as u64;
    let downloaded = scene.run().await.unwrap();
    scene.is_whole(&downloaded);
    assert_eq!(downloaded.resumed_bytes, present);
    assert_eq!(scene.gets() - before, 20 - present / PART as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_half_of_the_time_arrives() {
    for provider in Provider::all() {
        for kind in [
            FaultKind::ServerError { http: 503 },
            FaultKind::DropBefore,
            FaultKind::DropAfter,
            FaultKind::Cut,
            FaultKind::Garbage,
            FaultKind::Throttle,
        ] {
            let scene = Scene::new(provider, 8 * PART + 7).await;
            for every_other in (0..40).step_by(2) {
                scene.fault(kind.clone(), every_other, 1);
            }
            let downloaded = scene.run().await.unwrap();
            scene.is_whole(&downloaded);
            assert!(scene.gets() > 12, "{provider} {kind:?}: {}", scene.gets());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_for_good_leaves_what_came_for_the_next_run() {
    let scene = Scene::new(Provider::TENCENT, 8 * PART).await;
    scene.fault(FaultKind::ServerError { http: 500 }, 4, u32::MAX);
    let error = scene.run_error().await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let is_retry = |told: &DownloadProgress| matches!(told, DownloadProgress::Retrying { .. });
    assert!(scene.told.lock().unwrap().iter().any(is_retry));
    scene.simulator.clear_faults();
    let before = scene.gets();
    let downloaded = scene.run().await.unwrap();
    scene.is_whole(&downloaded);
    assert_eq!((downloaded.resumed_bytes, scene.gets() - before), (4 * PART as u64, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_sends_the_whole_is_not_believed() {
    for provider in Provider::all() {
        // One whole object is larger than an answer may be.
        for (size, kind) in [
            (3 * PART, ErrorKind::InvalidResponse),
            (9 << 20, ErrorKind::Unsupported),
        ] {
            let mut scene = Scene::new(provider, size).await;
            scene.options.part_size = (size / 3) as u64;
            scene.fault(FaultKind::WholeObject, 0, u32::MAX);
            let error = scene.run_error().await;
            assert_eq!(error.kind(), kind, "{provider} {size}: {error}");
            assert!(error.message().contains(KEY), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_changes_on_the_way_is_seen_and_the_next_run_begins_anew() {
    for provider in Provider::all().filter(|provider| *provider != Provider::UCLOUD) {
        let scene = Scene::new(provider, 4 * PART).await;
        scene.fault(FaultKind::CorruptBody, 1, 1);
        let error = scene.run_error().await;
        assert_eq!(error.code(), Some("ContentDiffers"), "{provider} {error}");
        assert_eq!(fs::read_dir(&scene.folder).unwrap().count(), 0);
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!(scene.gets(), 8);
    }
    // Nothing is known of what UCloud has but what its owner knows.
    let mut scene = Scene::new(Provider::UCLOUD, 4 * PART).await;
    scene.options.expected_sha256 = Some(sha256_hex(&scene.content));
    scene.fault(FaultKind::CorruptBody, 1, 1);
    assert_eq!(scene.run_error().await.code(), Some("ContentDiffers"));
    let downloaded = scene.run().await.unwrap();
    scene.is_whole(&downloaded);
    assert_eq!(downloaded.checked_by, [CheckedBy::Expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_changes_meanwhile_is_no_mixture() {
    for provider in Provider::all() {
        let mut scene = Scene::new(provider, 12 * PART).await;
        let other = content(12 * PART, 0x55);
        let (simulator, bucket) = (&scene.simulator, scene.bucket.clone());
        let put = AtomicBool::new(false);
        let (changing, stop) = (Arc::new(tokio::sync::Notify::new()), Stop::default());
        let notify = changing.clone();
        let progress = scene.heard(move |progress| match progress {
            DownloadProgress::Bytes { present, .. } if *present > 0 && !put.swap(true, Ordering::Relaxed) => {
                notify.notify_one();
                // Nothing more is asked for before it is there.
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            _ => {}
        });
        scene.fault(FaultKind::Delay(100), 3, u32::MAX);
        let change = async {
            changing.notified().await;
            let bytes = Bytes::from(other.clone());
            simulator.put_object(scene.cloud, &bucket.region, &bucket.name, KEY, bytes);
        };
        let download = scene.download();
        let (error, ()) = tokio::join!(download.run(progress, &stop), change);
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Conflict, Some("ObjectChanged")),
            "{provider} {error}"
        );
        // The store says so itself where it is told of the ETag; UCloud's is not, and its answers are looked at.
        let how = match provider {
            Provider::UCLOUD => "its ETag was `",
            _ => "its ETag is another",
        };
        assert!(error.message().contains(how), "{provider} {error}");
        assert!(!scene.path().exists());
        scene.simulator.clear_faults();
        scene.content = other;
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!(downloaded.resumed_bytes, 0, "{provider}");
        assert!(scene.warnings()[0].contains("from the start"), "{:?}", scene.warnings());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_refuses_is_told_and_can_be_gone_on_with() {
    for (code, http, kind) in [
        ("AccessDenied", 403, ErrorKind::PermissionDenied),
        ("NoSuchKey", 404, ErrorKind::NotFound),
        ("InvalidAccessKeyId", 403, ErrorKind::Credentials),
    ] {
        let scene = Scene::new(Provider::ALIYUN, 8 * PART).await;
        let refuse = FaultKind::Refuse {
            http,
            code: code.to_owned(),
            message: "m".to_owned(),
        };
        scene.fault(refuse, 3, 1);
        let error = scene.run_error().await;
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert!(
            downloaded.resumed_bytes >= 3 * PART as u64,
            "{code}: {}",
            downloaded.resumed_bytes
        );
    }
    let scene = Scene::new(Provider::ALIYUN, PART).await;
    let nothing = Download::new(scene.store(), "no/such", scene.path());
    let error = nothing.run(scene.heard(|_| {}), &Stop::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(
        error.message().contains("no/such") && error.message().contains("images"),
        "{error}"
    );
    assert_eq!(fs::read_dir(&scene.folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sum_than_the_expected_one_costs_nothing_twice() {
    let mut scene = Scene::new(Provider::ALIYUN, 4 * PART).await;
    scene.options.expected_sha256 = Some("0".repeat(64));
    // The object's metadata say another one.
    let error = scene.run_error().await;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, Some("ContentDiffers"))
    );
    assert_eq!(scene.gets(), 0);
    // Without them it is fetched. The store vouches for it, so that it stays.
    scene.put(&scene.content, false).await;
    let error = scene.run_error().await;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, Some("ContentDiffers"))
    );
    assert_eq!(scene.gets(), 4);
    scene.options.expected_sha256 = Some(sha256_hex(&scene.content).to_uppercase());
    let downloaded = scene.run().await.unwrap();
    scene.is_whole(&downloaded);
    assert_eq!(scene.gets(), 4);
    assert!(downloaded.checked_by.contains(&CheckedBy::Expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_is_replaced_only_where_that_is_allowed() {
    let mut scene = Scene::new(Provider::JDCLOUD, 2 * PART).await;
    fs::write(scene.path(), "precious").unwrap();
    let error = scene.run().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Local, Some("FileExists")));
    assert_eq!(
        (fs::read(scene.path()).unwrap(), scene.gets()),
        (b"precious".to_vec(), 0)
    );
    scene.options.overwrite = true;
    let downloaded = scene.run().await.unwrap();
    scene.is_whole(&downloaded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_broken_or_of_another_file_counts_for_nothing() {
    let broken: [fn(&std::path::Path); 3] = [
        |folder| fs::write(folder.join("web.qcow2.part.json"), "{").unwrap(),
        |folder| fs::remove_file(folder.join("web.qcow2.part")).unwrap(),
        |folder| fs::write(folder.join("web.qcow2.part"), "x").unwrap(),
    ];
    for (case, breaks) in broken.into_iter().enumerate() {
        let scene = Scene::new(Provider::ALIYUN, 9 * PART).await;
        scene.stopped_at(3 * PART).await;
        breaks(&scene.folder);
        let before = scene.gets();
        let downloaded = scene.run().await.unwrap();
        scene.is_whole(&downloaded);
        assert_eq!((downloaded.resumed_bytes, scene.gets() - before), (0, 9), "{case}");
        assert!(
            scene.warnings()[0].contains("from the start"),
            "{case} {:?}",
            scene.warnings()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_do_not_write_one_file() {
    let scene = Scene::new(Provider::ALIYUN, 9 * PART).await;
    scene.fault(FaultKind::Delay(300), 0, 3);
    let (first, second) = (scene.download(), scene.download());
    let (stop, progress) = (Stop::default(), scene.heard(|_| {}));
    let (one, other) = tokio::join!(first.run(progress.clone(), &stop), second.run(progress.clone(), &stop));
    let (well, error) = match (one, other) {
        (Ok(well), Err(error)) | (Err(error), Ok(well)) => (well, error),
        both => panic!("{both:?}"),
    };
    assert!(error.message().contains("another process"), "{error}");
    scene.is_whole(&well);
    assert_eq!(scene.gets(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_kept() {
    let scene = Scene::new(Provider::ALIYUN, 16 * PART).await;
    let env = Arc::new(Frozen::new(SystemEnv.now(), "n"));
    // A part a second.
    let rate = std::num::NonZeroU64::new(PART as u64);
    let store = scene.store_by(env.clone(), Pace::new(None, rate));
    let download = Download::new(store, KEY, scene.path()).options(scene.options.clone());
    let downloaded = download.run(scene.heard(|_| {}), &Stop::default()).await.unwrap();
    scene.is_whole(&downloaded);
    assert!(env.slept().as_secs() >= 15, "{:?}", env.slept());
}
