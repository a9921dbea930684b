//! What `cargo xtask live` sends to a cloud, against simulated ones: nothing is left, nothing is ordered twice, nothing private is kept.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "scenes are played by tests and fail by panicking, too"
)]

mod program;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import::{Credentials, Grace, Provider, Stop, Target, WaitOptions, transport::HttpTransport};
use cloud_import_sim::{BucketSettings, Cloud, Config, Fault, FaultKind, Simulator};
use cloud_import_tests::live::{Order, Outcome, run};

const KEY: &str = "AKIDliveliveliveexample";
const SECRET: &str = "a-secret-of-the-account";
const BUCKET: &str = "acme-images";
/// With the number of the account, as Tencent Cloud wants it.
const NUMBERED: &str = "acme-images-1250007777";
const NAME: &str = "live-20261129t101112z";

struct Scene {
    simulator: Simulator,
    cloud: Cloud,
    order: Order,
    stop: Stop,
}

impl Scene {
    async fn new(provider: Provider, config: impl FnOnce(Config) -> Config) -> Self {
        let config = config(
            Config::new(KEY, SECRET)
                .any_bucket(true)
                .import_time(Duration::from_millis(50)),
        );
        let target = Target::default_of(provider).unwrap();
        let pause = Duration::from_millis(20);
        let state = std::env::temp_dir().join(format!(
            "cloud-import-live-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let order = Order {
            provider,
            region: target.region,
            bucket: if provider == Provider::TENCENT {
                NUMBERED
            } else {
                BUCKET
            }
            .to_owned(),
            image: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/images/tiny-linux.qcow2")),
            os: "CentOS 7.9".to_owned(),
            project: None,
            account: None,
            credentials: Some(Credentials::new(KEY, SECRET)),
            name: NAME.to_owned(),
            state,
            simulated: true,
            waiting: WaitOptions::default().intervals(pause, pause),
            grace: Grace::new(5 * pause, pause),
            pause,
        };
        Self {
            simulator: Simulator::start(config).await.unwrap(),
            cloud: provider.id().parse().unwrap(),
            order,
            stop: Stop::default(),
        }
    }

    async fn run(&self) -> Outcome {
        self.run_and(|_| {}).await
    }

    /// `hear` is told what the program says.
    async fn run_and(&self, hear: impl Fn(&str) + Sync) -> Outcome {
        let transport = HttpTransport::builder()
            .dial(self.simulator.address(self.cloud))
            .build()
            .unwrap();
        let outcome = run(self.order.clone(), Arc::new(transport), self.stop.clone(), &hear).await;
        let _ = std::fs::remove_dir_all(&self.order.state); // where nothing was begun there is none
        outcome.unwrap()
    }

    fn imports(&self) -> [u64; 2] {
        let counters = self.simulator.counters();
        [1, 2].map(|number| counters.imports_of(self.cloud, &format!("{NAME}-{number}")))
    }

    fn is_clean(&self) -> bool {
        let simulator = &self.simulator;
        let images = simulator.images(self.cloud);
        images
            .iter()
            .all(|image| image.deleted || !image.name.starts_with(NAME))
            && simulator.objects().is_empty()
            && simulator.open_uploads(self.cloud).is_empty()
    }
}

fn names(outcome: &Outcome) -> Vec<&str> {
    outcome.report.steps.iter().map(|step| step.name).collect()
}

fn step<'a>(outcome: &'a Outcome, name: &str) -> (bool, &'a str) {
    let step = outcome.report.steps.iter().find(|step| step.name == name).unwrap();
    (step.passed, &step.told)
}

async fn leaves_nothing(provider: Provider, orders: [u64; 2]) {
    let scene = Scene::new(provider, |config| config).await;
    let outcome = scene.run().await;
    assert!(
        outcome.passed() && outcome.left.is_empty(),
        "{:?}",
        outcome.report.steps
    );
    // A name that is taken is only tried where no source says what comes of it.
    let tried: &[&str] = if orders[0] == 2 { &["same name"] } else { &[] };
    let expected = [&["check", "import", "repeat", "lost answer"], tried, &["delete"]].concat();
    assert_eq!(names(&outcome), expected);
    assert_eq!(scene.imports(), orders, "{provider}");
    assert!(scene.is_clean(), "{:?}", scene.simulator.images(scene.cloud));
    assert_eq!(outcome.report.exchanges.iter().filter(|one| one.lost).count(), 1);
    let has_token = cloud_import::capabilities(provider).unwrap().client_token.value;
    let replayed = scene.simulator.counters().tokens_replayed;
    assert_eq!(
        replayed.get(&scene.cloud).copied().unwrap_or_default(),
        u64::from(has_token),
        "{provider}"
    );
    let written = serde_json::to_string(&outcome.report).unwrap();
    for private in [KEY, SECRET, BUCKET, "1250007777", "Signature="] {
        assert!(!written.contains(private), "{provider}: {private} in {written}");
    }
    assert!(written.contains(&format!("{NAME}-1")) && written.contains("CentOS"));
}

#[tokio::test]
async fn jdcloud() {
    leaves_nothing(Provider::JDCLOUD, [2, 1]).await;
}

#[tokio::test]
async fn tencent() {
    leaves_nothing(Provider::TENCENT, [1, 1]).await;
}

#[tokio::test]
async fn huawei() {
    leaves_nothing(Provider::HUAWEI, [1, 1]).await;
}

#[tokio::test]
async fn aliyun() {
    leaves_nothing(Provider::ALIYUN, [1, 1]).await;
}

#[tokio::test]
async fn ucloud() {
    leaves_nothing(Provider::UCLOUD, [2, 1]).await;
}

#[tokio::test]
async fn what_is_refused_before_the_import_costs_nothing() {
    let scene = Scene::new(Provider::TENCENT, |config| config.quota(Cloud::Tencent, 0)).await;
    let outcome = scene.run().await;
    assert_eq!(names(&outcome), ["check", "delete"]);
    let (passed, told) = step(&outcome, "check");
    assert!(!passed && told.contains("quota"), "{told}");
    assert!(outcome.report.exchanges.iter().all(|one| one.method != "PUT"));
    assert_eq!(scene.imports(), [0, 0]);
}

#[tokio::test]
async fn a_failed_import_leaves_nothing() {
    let scene = Scene::new(Provider::JDCLOUD, |config| config).await;
    let (code, reason) = ("E1".to_owned(), "no boot loader".to_owned());
    scene
        .simulator
        .inject(Fault::new(FaultKind::FailImport { code, reason }));
    let outcome = scene.run().await;
    assert_eq!(names(&outcome), ["check", "import", "delete"]);
    assert!(!outcome.passed() && step(&outcome, "import").1.contains("no boot loader"));
    assert!(outcome.left.is_empty() && scene.is_clean(), "{:?}", outcome.left);
}

#[tokio::test]
async fn a_stop_deletes_what_was_made() {
    let scene = Scene::new(Provider::UCLOUD, |config| config).await;
    let stop = scene.stop.clone();
    let outcome = scene
        .run_and(move |line| {
            if line.starts_with("import: ") {
                stop.request();
            }
        })
        .await;
    assert_eq!(names(&outcome), ["check", "import", "repeat", "delete"]);
    assert!(outcome.left.is_empty() && scene.is_clean(), "{:?}", outcome.left);
    assert_eq!(scene.imports(), [1, 0]);
}

#[tokio::test]
async fn what_cannot_be_deleted_is_told_with_its_own_name() {
    let scene = Scene::new(Provider::ALIYUN, |config| config).await;
    let refuse = FaultKind::Refuse {
        http: 403,
        code: "Forbidden.RAM".to_owned(),
        message: "not allowed".to_owned(),
    };
    let fault = Fault::new(refuse).operation("DeleteImage").times(u32::MAX);
    scene.simulator.inject(fault);
    let outcome = scene.run().await;
    assert!(!outcome.passed());
    let left = outcome.left.join("\n");
    assert!(
        left.contains(&format!("{NAME}-1")) && left.contains(&format!("{NAME}-2")),
        "{left}"
    );
    assert!(left.contains("Forbidden.RAM"), "{left}");
}

#[tokio::test]
async fn an_etag_that_is_no_md5_is_seen() {
    for (encryption, expected) in [(None, true), (Some("kms"), false)] {
        let scene = Scene::new(Provider::JDCLOUD, |config| config).await;
        let settings = encryption.map_or_else(BucketSettings::default, |word| {
            BucketSettings::default().encryption(word)
        });
        scene
            .simulator
            .create_bucket(Cloud::Jdcloud, &scene.order.region, BUCKET, settings);
        let outcome = scene.run().await;
        let seen: Vec<bool> = outcome
            .report
            .exchanges
            .iter()
            .filter_map(|one| one.etag_is_md5)
            .collect();
        assert!(
            !seen.is_empty() && seen.iter().all(|is_md5| *is_md5 == expected),
            "{encryption:?}: {seen:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_listed_is_looked_for_again() {
    let scene = Scene::new(Provider::UCLOUD, |config| config).await;
    scene.simulator.inject(Fault::new(FaultKind::Hide(40)).skip(1));
    let said = Mutex::new(String::new());
    let outcome = scene.run_and(|line| said.lock().unwrap().push_str(line)).await;
    assert!(outcome.passed(), "{:?}", outcome.report.steps);
    let said = said.into_inner().unwrap();
    assert!(said.contains("looking again"), "{said}");
    assert_eq!(scene.imports(), [2, 1]);
    assert!(scene.is_clean(), "{:?}", scene.simulator.images(scene.cloud));
}
