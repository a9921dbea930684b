//! Orders of which nobody knows whether they were started: what settles them, what is sent anew, and what never is. A cloud's stated
//! time is a second here, and so is what lies between two listings.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use cloud_import::{
    Credentials, ErrorKind, Grace, ImageImporter, Provider, RetryPolicy, Settings, Target,
    env::{Env as _, SystemEnv},
    publish::{Event, Outcome, Phase, Publish, Reattach, Reattached, Step, Unsettled, leftovers},
    remedy::Change,
    transport::HttpTransport,
};
use cloud_import_sim::{Fault, FaultKind};
use serde_json::Value;

use super::{IMAGE, NAME, Scene, cloud, id, one, over};

/// The clouds without a token, and the operations that start and list.
const CLOUDS: [(Provider, &str, &str); 3] = [
    (Provider::TENCENT, "ImportImage", "DescribeImages"),
    (Provider::HUAWEI, "CreateImage", "ListImages"),
    (Provider::UCLOUD, "ImportCustomImage", "DescribeImage"),
];

const SECOND: Duration = Duration::from_secs(1);

/// A cloud that lists an order within a second, or of which that is not known.
fn importer(scene: &Scene, provider: Provider, is_known: bool) -> Arc<dyn ImageImporter> {
    importer_of(scene, provider, is_known.then_some(SECOND))
}

/// A cloud that lists an order within this time.
fn importer_of(scene: &Scene, provider: Provider, listed_within: Option<Duration>) -> Arc<dyn ImageImporter> {
    let mut grace = Grace::new(Duration::from_millis(60), Duration::from_millis(20)).listings_apart(SECOND);
    grace.listed_within = listed_within;
    let address = scene.simulator.address(cloud(provider));
    let settings = Settings::new(Target::default_of(provider).unwrap().region)
        .credentials(Credentials::new("ak", "sk"))
        .grace(grace)
        .retry(RetryPolicy::none())
        .transport(Arc::new(HttpTransport::builder().dial(address).build().unwrap()));
    Arc::from(cloud_import::connect(provider, settings).unwrap())
}

fn publish(scene: &Scene, provider: Provider, is_known: bool) -> Publish {
    scene.publish(IMAGE).to(over(importer(scene, provider, is_known)))
}

fn inject(scene: &Scene, provider: Provider, operation: &str, kind: FaultKind) {
    let fault = Fault::new(kind).cloud(cloud(provider));
    scene.simulator.inject(match operation {
        "" => fault,
        operation => fault.operation(operation),
    });
}

fn starts(scene: &Scene, provider: Provider, start: &str) -> u64 {
    scene.simulator.counters().requests_of(cloud(provider), start)
}

/// Waits until it is of use to repeat the order.
async fn until(outcome: &Outcome) {
    assert_eq!(outcome.phase(), Phase::Unknown, "{outcome:?}");
    let remedy = outcome.error().unwrap().remedy().unwrap();
    assert!(
        remedy.repeats(Change::Nothing) && !remedy.repeats(Change::Generation),
        "{remedy}"
    );
    let left = remedy.not_before().unwrap().duration_since(SystemEnv.now());
    SystemEnv.sleep(left.unwrap_or_default()).await;
}

/// The listings by which an order was taken for not started, as they were told.
type Told = Arc<Mutex<Vec<[SystemTime; 2]>>>;

fn told_of(publish: Publish) -> (Publish, Told) {
    let kept = Told::default();
    let told = Arc::clone(&kept);
    let publish = publish.on_event(move |_, event| {
        if let Event::NotStarted { not_listed_at } = event {
            told.lock().unwrap().push(*not_listed_at);
        }
    });
    (publish, kept)
}

fn record_path(scene: &Scene) -> PathBuf {
    let job = fs::read_dir(scene.path("state/jobs")).unwrap().next().unwrap().unwrap();
    let mut files = fs::read_dir(job.path()).unwrap().map(|entry| entry.unwrap().path());
    files
        .find(|path| path.extension().is_some_and(|ending| ending == "json") && !path.ends_with("job.json"))
        .unwrap()
}

fn record(scene: &Scene) -> Value {
    serde_json::from_slice(&fs::read(record_path(scene)).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_arrived_is_sent_anew_after_two_complete_listings() {
    for (provider, start, _) in CLOUDS {
        let scene = Scene::new(&format!("never-{provider}")).await;
        inject(&scene, provider, start, FaultKind::DropBefore);
        let first = one(publish(&scene, provider, true)).await;
        // Too early: it is looked for, and nothing is sent.
        let slow = importer_of(&scene, provider, Some(3600 * SECOND));
        let early = one(scene.publish(IMAGE).to(over(slow))).await;
        assert_eq!(early.phase(), Phase::Unknown, "{early:?}");
        assert!(record(&scene)["unsettled"]["first_not_listed_at"].is_null());
        until(&first).await;
        let second = one(publish(&scene, provider, true)).await;
        assert!(record(&scene)["unsettled"]["first_not_listed_at"].is_string());
        assert_eq!(starts(&scene, provider, start), 1, "one listing is not enough");
        let objects = leftovers(&scene.state()).await.unwrap();
        assert!(
            objects.len() == 1 && objects[0].as_ref().unwrap().is_in_use(),
            "{objects:?}"
        );
        until(&second).await;
        let (third, told) = told_of(publish(&scene, provider, true));
        let image = id(&one(third).await);
        let [first, last] = told.lock().unwrap()[0];
        assert!(last.duration_since(first).unwrap() >= SECOND);
        assert_eq!(
            (starts(&scene, provider, start), scene.imports(provider)),
            (2, 1),
            "{provider}"
        );
        assert_eq!(scene.good(provider), [(image, NAME.to_owned())]);
        assert!(scene.simulator.objects().is_empty() && leftovers(&scene.state()).await.unwrap().is_empty());
        assert!(record(&scene)["unsettled"].is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_time_is_known_it_is_not_listed_and_sent_only_on_purpose() {
    let (provider, start, _) = CLOUDS[2];
    let scene = Scene::new("no-time").await;
    inject(&scene, provider, start, FaultKind::DropBefore);
    for _ in 0..2 {
        until(&one(publish(&scene, provider, false)).await).await;
    }
    for _ in 0..2 {
        let unlisted = one(publish(&scene, provider, false)).await;
        assert_eq!(unlisted.phase(), Phase::Unknown);
        let error = unlisted.error().unwrap();
        let since = record(&scene)["unsettled"]["first_sent_at"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            error.message().contains(&format!("not listed since {since}")),
            "{error}"
        );
        assert!(error.remedy().unwrap().repeats(Change::Generation), "{error}");
        assert_eq!(starts(&scene, provider, start), 1, "it is not sent by itself");
    }
    let image = id(&one(publish(&scene, provider, false).again(true)).await);
    assert_eq!(
        (scene.imports(provider), record(&scene)["generation"].as_u64()),
        (1, Some(1))
    );
    assert_eq!(scene.good(provider), [(image, NAME.to_owned())]);
    assert!(scene.simulator.objects().is_empty());
}

/// The cloud took it, and lists it long after the time that is stated.
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_listed_later_than_stated_stays_the_only_one() {
    for (provider, start, _) in CLOUDS {
        let scene = Scene::new(&format!("late-{provider}")).await;
        let is_known = provider != Provider::UCLOUD;
        inject(&scene, provider, start, FaultKind::DropAfter);
        inject(&scene, provider, "", FaultKind::HideFor(9_000));
        until(&one(publish(&scene, provider, is_known)).await).await;
        let first_sent_at = record(&scene)["task"]["started_at"].clone();
        if is_known {
            until(&one(publish(&scene, provider, is_known)).await).await;
        }
        // Sent anew, its name is refused: so somebody has it, and that is waited for.
        let (publish_anew, told) = told_of(publish(&scene, provider, is_known));
        let refused = one(publish_anew).await;
        assert_eq!(refused.phase(), Phase::Unknown, "{refused:?}");
        assert_eq!(told.lock().unwrap().len(), usize::from(is_known), "{provider}");
        assert_eq!(starts(&scene, provider, start), 1 + u64::from(is_known));
        assert_eq!(
            refused.error().unwrap().code().is_some(),
            is_known,
            "the vendor's code is kept: {refused:?}"
        );
        assert_eq!(
            record(&scene)["task"]["started_at"],
            first_sent_at,
            "by that it is known again"
        );
        if is_known {
            assert!(
                record(&scene)["unsettled"]["first_not_listed_at"].is_null(),
                "those listings are void"
            );
            until(&refused).await;
        }
        while scene.good(provider).is_empty()
            || one(publish(&scene, provider, is_known)).await.phase() != Phase::Succeeded
        {
            SystemEnv.sleep(SECOND / 2).await;
            assert_eq!(scene.imports(provider), 1, "{provider}: a second image");
        }
        let found = one(publish(&scene, provider, is_known)).await;
        assert!(found.is_found());
        assert_eq!(scene.good(provider), [(id(&found), NAME.to_owned())]);
        assert_eq!(scene.imports(provider), 1, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_is_not_made_on_purpose_once_the_first_is_listed() {
    let (provider, start, _) = CLOUDS[2];
    let scene = Scene::new("by-now").await;
    inject(&scene, provider, start, FaultKind::DropAfter);
    inject(&scene, provider, "", FaultKind::HideFor(1_500));
    assert_eq!(one(publish(&scene, provider, false)).await.phase(), Phase::Unknown);
    SystemEnv.sleep(Duration::from_millis(1_700)).await;
    let refused = one(publish(&scene, provider, false).again(true)).await;
    assert_eq!(refused.phase(), Phase::NotStarted, "{refused:?}");
    assert!(
        refused.error().unwrap().message().contains("is listed by now"),
        "{refused:?}"
    );
    id(&one(publish(&scene, provider, false)).await);
    assert_eq!(scene.imports(provider), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_was_refused_or_cut_does_not_count() {
    for (provider, start, list) in CLOUDS {
        let scene = Scene::new(&format!("cut-{provider}")).await;
        inject(&scene, provider, start, FaultKind::DropBefore);
        until(&one(publish(&scene, provider, true)).await).await;
        SystemEnv.sleep(SECOND).await;
        let refused = FaultKind::Refuse {
            http: 403,
            code: "x".to_owned(),
            message: "no".to_owned(),
        };
        for kind in [
            refused,
            FaultKind::Cut,
            FaultKind::Garbage,
            FaultKind::Empty,
            FaultKind::Error200,
        ] {
            inject(&scene, provider, list, kind.clone());
            let outcome = one(publish(&scene, provider, true)).await;
            assert_eq!(outcome.phase(), Phase::Unknown, "{kind:?}: {outcome:?}");
            let message = outcome.error().unwrap().message().to_owned();
            assert!(message.contains("the list could not be read"), "{kind:?}: {message}");
            assert!(record(&scene)["unsettled"]["first_not_listed_at"].is_null(), "{kind:?}");
        }
        assert_eq!(starts(&scene, provider, start), 1);
    }
}

/// What other keys list may be another account's; and what an earlier version wrote does not say when it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn other_keys_and_older_records_prove_nothing() {
    let (provider, start, _) = CLOUDS[0];
    let scene = Scene::new("keys").await;
    inject(&scene, provider, start, FaultKind::DropBefore);
    until(&one(publish(&scene, provider, true)).await).await;
    let (path, own) = (record_path(&scene), record(&scene));
    let mut other = own.clone();
    other["unsettled"]["account"] = "another".into();
    fs::write(&path, other.to_string()).unwrap();
    SystemEnv.sleep(SECOND).await;
    for _ in 0..2 {
        let outcome = one(publish(&scene, provider, true)).await;
        assert!(
            outcome.error().unwrap().message().contains("with other keys"),
            "{outcome:?}"
        );
        assert!(record(&scene)["unsettled"]["first_not_listed_at"].is_null());
    }

    let mut older = own;
    older.as_object_mut().unwrap().remove("unsettled");
    older["task"]["started_at"] = "2026-01-02T03:04:05Z".into();
    fs::write(&path, older.to_string()).unwrap();
    let outcome = one(publish(&scene, provider, true)).await;
    assert!(
        record(&scene)["unsettled"]["first_not_listed_at"].is_null(),
        "it may have left just now"
    );
    assert_eq!(starts(&scene, provider, start), 1);
    until(&outcome).await;
    until(&one(publish(&scene, provider, true)).await).await;
    id(&one(publish(&scene, provider, true)).await);
    assert_eq!(scene.imports(provider), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_waits_is_told_when_to_repeat_the_order() {
    let (provider, start, _) = CLOUDS[0];
    let scene = Scene::new("waits").await;
    inject(&scene, provider, start, FaultKind::DropBefore);
    assert_eq!(one(publish(&scene, provider, true)).await.phase(), Phase::Unknown);
    let job = scene.state().jobs().await.unwrap().remove(0).unwrap();
    let record = job.records().await.unwrap().remove(0).unwrap();
    let unsettled: &Unsettled = record.unsettled.as_ref().unwrap();
    assert!(record.step == Step::Unknown && unsettled.account.is_some());
    let reattached = Reattached::new(&record, importer(&scene, provider, true), None);
    let outcome = Reattach::to(job, vec![reattached]).run().await.remove(0);
    let remedy = outcome.error().unwrap().remedy().unwrap();
    assert!(
        remedy.not_before().is_some() && remedy.repeats(Change::Original),
        "{remedy}"
    );
    assert_eq!(starts(&scene, provider, start), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_sent_anew_under_the_name_that_it_had() {
    let (provider, start, _) = CLOUDS[0];
    let scene = Scene::new("again-replaced").await;
    let bytes = fs::read(IMAGE).unwrap();
    fs::write(scene.path("old.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
    let to = || over(importer(&scene, provider, true));
    let old = id(&one(scene.publish("old.qcow2").to(to())).await);
    inject(&scene, provider, start, FaultKind::DropBefore);
    let replace = || scene.publish(IMAGE).to(to()).replace(true);
    until(&one(replace()).await).await;
    // Somebody else deletes the older one meanwhile.
    let older = cloud_import::ImportedImage::new(provider, importer(&scene, provider, true).region(), &old, NAME);
    importer(&scene, provider, true).delete(&older).await.unwrap();
    until(&one(replace()).await).await;
    let done = one(replace()).await;
    let new = id(&done);
    assert!(done.error().is_none(), "{done:?}");
    assert_eq!(scene.good(provider), [(new, NAME.to_owned())]);
    let names = scene.simulator.images(cloud(provider));
    assert_eq!(names.len(), 2, "{names:?}");
    let sent = scene.simulator.counters().imports[&cloud(provider)].clone();
    assert!(sent.keys().any(|name| name.starts_with("web-")), "{sent:?}");
}

/// With a token the order goes again at each repeat; here the answer is that an older image has the name, which does not tell whether
/// the lost order was executed. Two listings tell, and then the refusal is a plain one.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_an_older_image_has_is_told_as_taken_in_the_end() {
    let provider = Provider::ALIYUN;
    let scene = Scene::new("taken").await;
    let bytes = fs::read(IMAGE).unwrap();
    fs::write(scene.path("old.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
    let older = id(&one(scene.publish("old.qcow2").to(over(importer(&scene, provider, false)))).await);
    inject(&scene, provider, "ImportImage", FaultKind::DropBefore);
    let mut unknown = 0;
    let refused = loop {
        let outcome = one(publish(&scene, provider, false)).await;
        if outcome.phase() == Phase::NotStarted {
            break outcome;
        }
        let code = outcome.error().unwrap().code().unwrap_or_default();
        assert!(code.contains("Duplicate"), "{outcome:?}");
        until(&outcome).await;
        unknown += 1;
    };
    assert!((1..4).contains(&unknown), "{unknown}");
    assert_eq!(refused.error().unwrap().kind(), ErrorKind::DuplicateName);
    assert_eq!(scene.good(provider), [(older, NAME.to_owned())]);
    let left = leftovers(&scene.state()).await.unwrap();
    assert!(left.len() == 1 && !left[0].as_ref().unwrap().is_in_use(), "{left:?}");
}
