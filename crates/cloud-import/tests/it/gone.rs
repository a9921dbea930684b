//! An image of before that is none any more: it is looked at before its id is told again, and who deletes one says so.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use cloud_import::{
    ErrorKind, ImportedImage, Presence, Provider, Stop,
    publish::{Event, Listener, Look, Outcome, Phase, Publish, Reattach, Reattached, Record, State, look},
    remedy::Change,
};
use cloud_import_sim::{Fault, FaultKind};

use super::{Fuse, IMAGE, NAME, Scene, cloud, id, one};

/// Each cloud, and the call by which one image is described.
const CLOUDS: [(Provider, &str); 5] = [
    (Provider::JDCLOUD, "describeImage"),
    (Provider::TENCENT, "DescribeImages"),
    (Provider::HUAWEI, "GlanceShowImage"),
    (Provider::ALIYUN, "DescribeImages"),
    (Provider::UCLOUD, "DescribeImage"),
];

/// Whether a cloud refuses a second image of one name.
fn refuses_second_name(provider: Provider) -> bool {
    matches!(provider, Provider::TENCENT | Provider::HUAWEI | Provider::ALIYUN)
}

/// A scene with the files of two versions.
async fn scene(name: &str) -> Scene {
    let scene = Scene::new(&format!("gone-{name}")).await;
    let bytes = fs::read(IMAGE).unwrap();
    fs::write(scene.path("v1.qcow2"), &bytes).unwrap();
    fs::write(scene.path("v2.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
    scene
}

fn publish(scene: &Scene, file: &str, provider: Provider) -> Publish {
    scene.publish(file).to(scene.destination(provider))
}

/// Keeps what was told of images that are none any more.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Listener for Told {
    fn on(&self, _: Option<usize>, event: &Event<'_>) {
        let text = match event {
            Event::Anew { retired } => format!("anew {}", retired.by),
            Event::Warning { text } => (*text).to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

async fn records(state: &State) -> Vec<(String, Record)> {
    let mut found = Vec::new();
    for job in state.jobs().await.unwrap() {
        let job = job.unwrap();
        for record in job.records().await.unwrap() {
            found.push((job.facts().id.clone(), record.unwrap()));
        }
    }
    found
}

async fn record_of(state: &State, id: &str) -> (String, Record) {
    let found = records(state).await.into_iter();
    let mut found = found.filter(|(_, record)| record.image_id.as_deref() == Some(id));
    found.next().unwrap()
}

/// Deletes an image as another client does, such as the vendor's console.
async fn delete(scene: &Scene, image: &ImportedImage) {
    let importer = scene.importer(image.provider, ["ak", "sk"], &Fuse::never());
    assert_eq!(importer.presence(image).await.unwrap(), Presence::There);
    importer.delete(image).await.unwrap();
    assert_eq!(importer.presence(image).await.unwrap(), Presence::Deleted);
}

/// The image is gone by another hand, and its id is no result.
fn expect_gone(outcome: &Outcome) {
    assert_eq!(outcome.phase(), Phase::Gone, "{outcome:?}");
    assert!(outcome.image().is_none() && outcome.task().is_none());
    let error = outcome.error().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.remedy().unwrap().repeats(Change::Generation), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_command_again_makes_the_older_version_again() {
    for (provider, _) in CLOUDS {
        let scene = scene(&format!("back-{provider}")).await;
        let told = Arc::new(Told::default());
        let replacing = |file| publish(&scene, file, provider).replace(true).listener(told.clone());
        let first = id(&one(replacing("v1.qcow2")).await);
        let second = id(&one(replacing("v2.qcow2")).await);
        let (v1, v2) = (
            record_of(&scene.state(), &first).await,
            record_of(&scene.state(), &second).await,
        );
        assert_eq!(v1.1.retired.as_ref().unwrap().by, v2.0, "{provider}");
        assert_eq!(told.take(), [""; 0]);

        let third = id(&one(replacing("v1.qcow2")).await);
        assert_eq!(told.take(), [format!("anew {}", v2.0)], "{provider}");
        assert!(third != first && third != second);
        assert_eq!(scene.good(provider), [(third.clone(), NAME.to_owned())], "{provider}");
        let made = scene.simulator.images(cloud(provider)).len();
        assert_eq!(made, 3, "{provider}: an import for each, and none besides");
        let (job, record) = record_of(&scene.state(), &third).await;
        assert_eq!((job, record.generation), (v1.0.clone(), 1));
        assert_eq!(record_of(&scene.state(), &second).await.1.retired.unwrap().by, v1.0);
        // And it is made before again.
        assert!(one(replacing("v1.qcow2")).await.is_found());
        assert_eq!(told.take(), [""; 0], "{provider}");
    }
}

/// Without a word of the newer image: where two may have one name, the older one is made beside it; else the cloud refuses it, and
/// nothing that is gone is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_older_command_that_replaces_nothing_leaves_the_newer_image() {
    for (provider, _) in CLOUDS {
        let scene = scene(&format!("beside-{provider}")).await;
        let first = id(&one(publish(&scene, "v1.qcow2", provider)).await);
        let second = id(&one(publish(&scene, "v2.qcow2", provider).replace(true)).await);
        let third = one(publish(&scene, "v1.qcow2", provider)).await;
        let good: Vec<String> = scene.good(provider).into_iter().map(|(id, _)| id).collect();
        if refuses_second_name(provider) {
            let error = third.error().unwrap();
            assert_eq!(error.kind(), ErrorKind::DuplicateName, "{error}");
            assert_eq!(good, [second], "{provider}");
            let replaced = one(publish(&scene, "v1.qcow2", provider).replace(true)).await;
            assert_eq!(scene.good(provider), [(id(&replaced), NAME.to_owned())], "{provider}");
        } else {
            assert!(id(&third) != first, "{provider}");
            assert_eq!(good, [second, id(&third)], "{provider}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_another_hand_deleted_is_gone_and_made_only_when_asked_for() {
    for (provider, describes) in CLOUDS {
        let scene = scene(&format!("console-{provider}")).await;
        let asked = || scene.simulator.counters().requests_of(cloud(provider), describes);
        let made = one(publish(&scene, "v1.qcow2", provider)).await;
        let before = asked();
        assert!(one(publish(&scene, "v1.qcow2", provider)).await.is_found());
        assert_eq!(asked() - before, 1, "{provider}: one look");

        delete(&scene, made.image().unwrap()).await;
        let before = asked();
        let gone = one(publish(&scene, "v1.qcow2", provider)).await;
        expect_gone(&gone);
        assert_eq!(asked() - before, 2, "{provider}: a second look");
        let state = scene.state();
        let (_, record) = record_of(&state, &id(&made)).await;
        assert!(record.gone_at.is_some() && record.retired.is_none() && record.error.is_none());

        // Who waits is told the same, and so is who would replace older ones by it.
        let job = state.jobs().await.unwrap().remove(0).unwrap();
        let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
        let target = Reattached::new(&record, importer, None);
        expect_gone(&Reattach::to(job, vec![target]).run().await[0]);
        expect_gone(&one(publish(&scene, "v1.qcow2", provider).replace(true)).await);
        assert_eq!(scene.imports(provider), 1);

        let again = id(&one(publish(&scene, "v1.qcow2", provider).again(true)).await);
        assert_ne!(again, id(&made));
        assert_eq!(id(&one(publish(&scene, "v1.qcow2", provider)).await), again);
        assert_eq!(scene.imports(provider), 2, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_looked_at_is_told_with_a_warning() {
    for (provider, describes) in CLOUDS {
        let scene = scene(&format!("refused-{provider}")).await;
        let made = one(publish(&scene, "v1.qcow2", provider)).await;
        let denied = match provider {
            Provider::TENCENT => "UnauthorizedOperation",
            Provider::UCLOUD => "299",
            Provider::ALIYUN => "Forbidden.RAM",
            Provider::HUAWEI => "IMG.0000",
            _ => "PERMISSION_DENIED",
        };
        let refuse = FaultKind::Refuse {
            http: 403,
            code: denied.to_owned(),
            message: "these keys may not look".to_owned(),
        };
        for kind in [refuse, FaultKind::ServerError { http: 503 }, FaultKind::DropBefore] {
            let fault = Fault::new(kind.clone()).cloud(cloud(provider)).operation(describes);
            scene.simulator.inject(fault.times(u32::MAX));
            let told = Arc::new(Told::default());
            let outcome = one(publish(&scene, "v1.qcow2", provider).listener(told.clone())).await;
            scene.simulator.clear_faults();
            assert!(
                outcome.is_found() && id(&outcome) == id(&made),
                "{provider}, {kind:?}: {outcome:?}"
            );
            let told = told.take();
            let [warning] = told.as_slice() else {
                panic!("{provider}, {kind:?}: {told:?}")
            };
            assert!(warning.contains("is not known"), "{warning}");
        }
        assert!(record_of(&scene.state(), &id(&made)).await.1.gone_at.is_none());
    }
}

/// What the keys of another account do not show is not gone; where the record does not say its account, it may be.
#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_keys_prove_nothing() {
    for (provider, _) in CLOUDS {
        let scene = scene(&format!("account-{provider}")).await;
        let made = one(publish(&scene, "v1.qcow2", provider)).await;
        delete(&scene, made.image().unwrap()).await;
        let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
        let (_, record) = record_of(&scene.state(), &id(&made)).await;
        let (image, stop) = (made.image().unwrap(), Stop::default());
        let seen = look(image, Some("another's"), &*importer, &stop).await;
        assert!(matches!(&seen, Look::Unclear(why) if why.contains("keys")), "{seen:?}");
        for account in [None, record.account.as_deref()] {
            let seen = look(image, account, &*importer, &stop).await;
            assert!(matches!(seen, Look::Gone(_)), "{seen:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_shown_again_by_the_second_look_is_there() {
    for (provider, describes) in CLOUDS {
        let scene = scene(&format!("second-{provider}")).await;
        let made = one(publish(&scene, "v1.qcow2", provider)).await;
        let (http, code) = match provider {
            Provider::JDCLOUD => (404, "NOT_FOUND"),
            Provider::HUAWEI => (404, "IMG.0027"),
            Provider::UCLOUD => (200, "8956"),
            Provider::TENCENT => (200, "InvalidImageId.NotFound"),
            // It lists what it has.
            _ => continue,
        };
        let kind = FaultKind::Refuse {
            http,
            code: code.to_owned(),
            message: "no such image".to_owned(),
        };
        let fault = Fault::new(kind).cloud(cloud(provider)).operation(describes);
        scene.simulator.inject(fault.clone());
        assert_eq!(id(&one(publish(&scene, "v1.qcow2", provider)).await), id(&made));
        scene.simulator.inject(fault.times(2));
        expect_gone(&one(publish(&scene, "v1.qcow2", provider)).await);
        // It was not: what the cloud shows counts.
        assert_eq!(id(&one(publish(&scene, "v1.qcow2", provider)).await), id(&made));
        assert!(record_of(&scene.state(), &id(&made)).await.1.gone_at.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_being_deleted_is_gone() {
    for (provider, state) in [
        (Provider::JDCLOUD, "deleting"),
        (Provider::TENCENT, "DELETING"),
        (Provider::HUAWEI, "deleted"),
    ] {
        let scene = scene(&format!("deleting-{provider}")).await;
        id(&one(publish(&scene, "v1.qcow2", provider)).await);
        let fault = Fault::new(FaultKind::UnknownState(state.to_owned())).cloud(cloud(provider));
        scene.simulator.inject(fault.times(u32::MAX));
        expect_gone(&one(publish(&scene, "v1.qcow2", provider)).await);
    }
}
