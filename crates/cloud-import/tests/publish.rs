//! From a file to five images as a program does it, against simulated clouds.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import::{
    Credentials, Disk, ErrorKind, Grace, ImageImporter, ImportRequest, Os, Provider, RetryPolicy, Settings, Stop,
    Target, WaitOptions,
    publish::{
        Destination, Event, Image, Listener, LocalImage, Options, Phase, Place, State, Step, publish,
        staging::{Bucket, Store},
    },
    transport::HttpTransport,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");
const BUCKET: &str = "images-1250000000";

/// A directory that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cloud-import-publish-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn simulator() -> Simulator {
    let config = Config::new("ak", "sk")
        .any_bucket(true)
        .import_time(Duration::from_millis(200));
    Simulator::start(config).await.unwrap()
}

/// Each cloud in its default region.
fn destinations(simulator: &Simulator, name: &str) -> Vec<Destination> {
    signed_with(simulator, name, "sk")
}

fn signed_with(simulator: &Simulator, name: &str, secret: &str) -> Vec<Destination> {
    Target::all()
        .into_iter()
        .map(|target| {
            let cloud: Cloud = target.provider.id().parse().unwrap();
            let transport = HttpTransport::builder().dial(simulator.address(cloud)).build().unwrap();
            let settings = Settings::new(&target.region)
                .credentials(Credentials::new("ak", secret))
                .grace(Grace::new(Duration::from_millis(300), Duration::from_millis(50)))
                .retry(RetryPolicy::default().backoff(Duration::from_millis(2), Duration::from_millis(10)))
                .transport(Arc::new(transport));
            let importer: Arc<dyn ImageImporter> = Arc::from(cloud_import::connect(target.provider, settings).unwrap());
            let bucket = Bucket::new(target.provider, &target.region, BUCKET).unwrap();
            let store = Store::new(bucket, importer.connection().unwrap().pipeline.clone()).unwrap();
            Destination {
                label: target.to_string(),
                importer,
                place: Place::Stage(store),
                order: ImportRequest::new(name, Disk::object(BUCKET, "")).os(Os::new("CentOS", "7.9")),
            }
        })
        .collect()
}

fn options() -> Options {
    Options {
        waiting: WaitOptions::default().intervals(Duration::from_millis(20), Duration::from_millis(50)),
        ..Options::default()
    }
}

fn image() -> Image {
    Image::File(LocalImage::open(IMAGE, None).unwrap())
}

/// Keeps what happened, in words.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl Listener for Kept {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        let text = format!("{event:?}");
        let word = text.split([' ', '{']).next().unwrap_or_default().to_owned();
        self.0.lock().unwrap().push(format!("{target:?} {word}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_makes_five_images_and_the_next_finds_them() {
    let (folder, simulator) = (Folder::new("five"), simulator().await);
    let state = State::at(&folder.0);
    let kept = Arc::new(Kept::default());
    let run = |listener: Arc<dyn Listener>| {
        publish(
            image(),
            destinations(&simulator, "web"),
            state.clone(),
            options(),
            listener,
            Stop::default(),
        )
    };
    let first = run(Arc::clone(&kept) as _).await.unwrap();
    for outcome in &first.outcomes {
        assert_eq!(outcome.phase, Phase::Succeeded, "{outcome:?}");
        assert!(!outcome.found);
    }
    let events = kept.0.lock().unwrap().clone();
    for index in 0..5 {
        let of_target: Vec<&str> = events
            .iter()
            .filter_map(|event| event.strip_prefix(&format!("Some({index}) ")))
            .collect();
        for word in ["Staged", "Starting", "Started", "Tidied", "Over"] {
            assert!(of_target.contains(&word), "{word} is missing: {of_target:?}");
        }
    }
    assert!(simulator.objects().is_empty(), "what was staged is deleted");

    let second = run(Arc::new(())).await.unwrap();
    assert_eq!(second.job.facts(), first.job.facts());
    for (before, after) in first.outcomes.iter().zip(&second.outcomes) {
        assert!(after.found && after.image == before.image, "{after:?}");
    }
    for &cloud in Cloud::ALL {
        assert_eq!(simulator.counters().imports_of(cloud, "web"), 1, "{cloud}");
    }
    let records = first.job.records().unwrap();
    assert!(
        records
            .iter()
            .all(|record| record.step == Step::Succeeded && record.image_id.is_some())
    );
    let written = std::fs::read_dir(folder.0.join("jobs").join(&first.job.facts().id)).unwrap();
    for file in written.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok()) {
        assert!(
            !file.contains("Signature") && !file.contains("\"sk\""),
            "a secret in {file}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_options_under_the_same_name_are_no_silent_second_image() {
    let (folder, simulator) = (Folder::new("options"), simulator().await);
    let state = State::at(&folder.0);
    let only_aliyun = |os: &str, again: bool| {
        let mut destinations = destinations(&simulator, "web");
        destinations.retain(|destination| destination.importer.provider() == Provider::ALIYUN);
        destinations[0].order.os = Some(Os::new(os, "7.9"));
        let mut options = options();
        options.again = again;
        publish(
            image(),
            destinations,
            state.clone(),
            options,
            Arc::new(()),
            Stop::default(),
        )
    };
    let made = only_aliyun("CentOS", false).await.unwrap();
    assert_eq!(made.outcomes[0].phase, Phase::Succeeded);
    let refused = only_aliyun("RedHat", false).await.unwrap();
    let error = refused.outcomes[0].error.as_ref().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.remedy().unwrap().to_string().contains("another image"), "{error}");
    assert_eq!(simulator.counters().imports_of(Cloud::Aliyun, "web"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_before_the_start_sends_nothing() {
    let (folder, simulator) = (Folder::new("stop"), simulator().await);
    let stop = Stop::default();
    stop.request();
    let outcome = publish(
        image(),
        destinations(&simulator, "web"),
        State::at(&folder.0),
        options(),
        Arc::new(()),
        stop,
    )
    .await;
    let nothing = match outcome {
        Err(error) => error.kind() == ErrorKind::Canceled,
        Ok(done) => done.outcomes.iter().all(|outcome| outcome.phase == Phase::NotStarted),
    };
    assert!(nothing);
    for &cloud in Cloud::ALL {
        assert_eq!(simulator.counters().imports_of(cloud, "web"), 0, "{cloud}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_may_have_been_sent_is_not_called_not_started() {
    for (provider, cloud, operation) in [
        (Provider::ALIYUN, Cloud::Aliyun, "ImportImage"),
        (Provider::UCLOUD, Cloud::Ucloud, "ImportCustomImage"),
    ] {
        let (folder, simulator) = (Folder::new(&format!("sent-{cloud}")), simulator().await);
        let state = State::at(&folder.0);
        let one = |secret: &str| {
            let mut destinations = signed_with(&simulator, "web", secret);
            destinations.retain(|destination| destination.importer.provider() == provider);
            publish(
                image(),
                destinations,
                state.clone(),
                options(),
                Arc::new(()),
                Stop::default(),
            )
        };
        // Accepted, and never answered; and not listed yet.
        simulator.inject(
            Fault::new(FaultKind::DropAfter)
                .cloud(cloud)
                .operation(operation)
                .times(1000),
        );
        simulator.inject(Fault::new(FaultKind::Hide(1000)).cloud(cloud));
        let lost = one("sk").await.unwrap();
        assert_eq!(lost.outcomes[0].phase, Phase::Unknown, "{:?}", lost.outcomes[0]);
        // Keys that are no good say nothing of what was sent with good ones.
        let unheard = one("wrong").await.unwrap();
        assert_eq!(unheard.outcomes[0].phase, Phase::Unknown, "{:?}", unheard.outcomes[0]);
        simulator.clear_faults();
        assert_eq!(simulator.counters().imports_of(cloud, "web"), 1, "{cloud}");
        let settled = one("sk").await.unwrap();
        let expected = if provider == Provider::ALIYUN {
            Phase::Running
        } else {
            Phase::Unknown
        };
        let phase = settled.outcomes[0].phase;
        assert!(
            phase == expected || phase == Phase::Succeeded,
            "{:?}",
            settled.outcomes[0]
        );
        assert_eq!(
            simulator.counters().imports_of(cloud, "web"),
            1,
            "{cloud}: a second image"
        );
    }
}
