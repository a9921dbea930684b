//! A destination is its place, whatever it is called: two labels for one place never make two images.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use cloud_import::{
    BoxFuture, Credentials, Error, ErrorKind, ImageImporter, Provider, Result, Settings, connect,
    credentials::CredentialSource,
    publish::{Destination, Outcome, Phase, Publish},
};
use cloud_import_sim::Config;
use serde_json::Value;

use super::{Fuse, IMAGE, Scene, id, one, over};

fn named(scene: &Scene, provider: Provider, label: &str) -> Publish {
    scene.publish(IMAGE).to(scene.destination(provider).label(label))
}

fn keyed(scene: &Scene, provider: Provider, label: &str, access_key_id: &str) -> Destination {
    let importer = scene.importer(provider, [access_key_id, "sk"], &Fuse::never());
    over(importer).label(label)
}

/// The records of the one job that is there.
fn records(scene: &Scene) -> Vec<PathBuf> {
    let jobs = fs::read_dir(scene.path("state/jobs")).unwrap();
    let files = jobs.flat_map(|job| fs::read_dir(job.unwrap().path()).unwrap());
    let is_record =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json") && !path.ends_with("job.json");
    files.map(|file| file.unwrap().path()).filter(is_record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_labels_for_one_place_are_refused_before_anything_moves() {
    let scene = Scene::new("twice").await;
    for provider in Provider::all() {
        let second = scene.destination(provider).label("second");
        let error = named(&scene, provider, "first").to(second).run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        for label in ["`first`", "`second`"] {
            assert!(error.message().contains(label), "{error}");
            assert!(error.remedy().unwrap().to_string().contains(label), "{error}");
        }
    }
    assert!(scene.simulator.counters().requests.is_empty());
    assert!(!scene.path("state").exists(), "not even the file was read");
    // Other images are no second of the first.
    let other = scene.destination(Provider::UCLOUD).label("second").name("db");
    let both = named(&scene, Provider::UCLOUD, "first").to(other).run().await.unwrap();
    assert!(
        both.outcomes.iter().all(|outcome| outcome.phase() == Phase::Succeeded),
        "{both:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_label_later_finds_the_image() {
    let scene = Scene::new("later").await;
    for provider in Provider::all() {
        let first = id(&one(named(&scene, provider, "first")).await);
        let second = one(named(&scene, provider, "second")).await;
        assert!(second.is_found() && id(&second) == first, "{second:?}");
        assert_eq!(second.target, "second");
        assert_eq!(scene.imports(provider), 1, "{provider}");
    }
    assert_eq!(records(&scene).len(), 5);
}

/// Without the list of places, by the records alone: as they are, and as an earlier version wrote them.
#[tokio::test(flavor = "multi_thread")]
async fn another_label_finds_what_is_recorded() {
    for is_of_before in [false, true] {
        let scene = Scene::new(&format!("recorded-{is_of_before}")).await;
        for provider in Provider::all() {
            let first = id(&one(named(&scene, provider, "first")).await);
            let path = records(&scene).remove(0);
            fs::remove_file(path.with_file_name("places")).unwrap();
            let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let fields = record.as_object_mut().unwrap();
            assert!(
                fields.contains_key("endpoint") && fields.contains_key("account"),
                "{fields:?}"
            );
            if is_of_before {
                fields.retain(|name, _| !["endpoint", "project", "account"].contains(&name.as_str()));
            }
            fs::write(&path, record.to_string()).unwrap();
            let second = one(named(&scene, provider, "second")).await;
            assert!(second.is_found() && id(&second) == first, "{second:?}");
            assert_eq!(records(&scene), [path], "{provider}");
            fs::remove_dir_all(scene.path("state")).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_keeps_its_image_when_the_keys_are_rotated() {
    let scene = Scene::with_imports_of("rotated", Duration::from_secs(1)).await;
    for provider in Provider::all() {
        let with = |access_key_id: &str| scene.publish(IMAGE).to(keyed(&scene, provider, "a", access_key_id));
        assert_eq!(one(with("ak").wait(false)).await.phase(), Phase::Running);
        // The simulator does not know these keys: it is the running import that is asked after.
        let unheard = one(with("rotated")).await;
        assert_eq!(unheard.phase(), Phase::Running, "{unheard:?}");
        let made = id(&one(with("ak")).await);
        let found = one(with("rotated")).await;
        assert!(found.is_found() && id(&found) == made, "{found:?}");
        assert_eq!(scene.imports(provider), 1, "{provider}");
    }
    assert_eq!(records(&scene).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_with_different_labels_make_one_image() {
    let scene = Scene::with_imports_of("at-once", Duration::from_millis(200)).await;
    for provider in Provider::all() {
        let (one, other) = tokio::join!(
            one(named(&scene, provider, "first")),
            one(named(&scene, provider, "second"))
        );
        assert_eq!(id(&one), id(&other), "{provider}");
        assert_eq!(scene.imports(provider), 1, "{provider}");
    }
    assert!(scene.simulator.objects().is_empty());
    assert_eq!(records(&scene).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_keys_at_the_same_region_are_another_place() {
    // Each is an account of its own.
    let first = Scene::new("account").await;
    let second = Scene::of(
        "other-account",
        Config::new("bk", "sk").import_time(Duration::from_millis(30)),
    )
    .await;
    for provider in Provider::all() {
        let both = || named(&first, provider, "first").to(keyed(&second, provider, "second", "bk"));
        let made = both().run().await.unwrap();
        let found = both().run().await.unwrap();
        for (made, found) in made.outcomes.iter().zip(&found.outcomes) {
            assert!(
                !made.is_found() && found.is_found() && id(made) == id(found),
                "{made:?}, {found:?}"
            );
        }
        // Whatever they are called.
        let swapped = first.publish(IMAGE).to(keyed(&second, provider, "first", "bk"));
        let swapped = swapped
            .to(first.destination(provider).label("second"))
            .run()
            .await
            .unwrap();
        let ids = |outcomes: &[Outcome]| outcomes.iter().map(id).collect::<Vec<_>>();
        assert_eq!(
            ids(&swapped.outcomes),
            [id(&made.outcomes[1]), id(&made.outcomes[0])],
            "{provider}"
        );
        assert_eq!(
            (first.imports(provider), second.imports(provider)),
            (1, 1),
            "{provider}"
        );
    }
    assert_eq!(records(&first).len(), 10);
}

/// Where keys cannot be had, that is what is told: nothing is sent by it, so nothing is sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_labels_without_keys_are_told_that() {
    #[derive(Debug)]
    struct None;

    impl CredentialSource for None {
        fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
            Box::pin(async { Err(Error::new(ErrorKind::Credentials, "there are none")) })
        }
    }

    let scene = Scene::new("keyless").await;
    let settings = Settings::new("cn-bj2").credential_source(Arc::new(None));
    let importer: Arc<dyn ImageImporter> = Arc::from(connect(Provider::UCLOUD, settings).unwrap());
    let to = |label: &str| over(Arc::clone(&importer)).label(label);
    let both = scene
        .publish(IMAGE)
        .to(to("first"))
        .to(to("second"))
        .run()
        .await
        .unwrap();
    for outcome in &both.outcomes {
        assert_eq!(outcome.phase(), Phase::NotStarted, "{outcome:?}");
        assert_eq!(outcome.error().unwrap().kind(), ErrorKind::Credentials);
    }
}
