//! One call, and the same again.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use cloud_import::{
    Disk, DiskFormat, ErrorKind, ImportRequest, Os, Provider, Stop,
    publish::{Event, Image, LocalImage, Phase, Publish, Step},
};
use cloud_import_sim::{Fault, FaultKind};

use super::{Fuse, IMAGE, Scene, cloud, one, over};

fn to_all(scene: &Scene, publish: Publish) -> Publish {
    let clouds = Provider::all();
    clouds.fold(publish, |publish, provider| publish.to(scene.destination(provider)))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_makes_five_images_and_the_next_finds_them() {
    let scene = Scene::new("five").await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&kept);
    let first = to_all(&scene, scene.publish(IMAGE)).on_event(move |target, event| {
        let text = format!("{event:?}");
        let word = text.split([' ', '{']).next().unwrap_or_default().to_owned();
        told.lock().unwrap().push(format!("{target:?} {word}"));
    });
    let first = tokio::spawn(first.run()).await.unwrap().unwrap();
    for outcome in &first.outcomes {
        assert_eq!(outcome.phase(), Phase::Succeeded, "{outcome:?}");
        assert!(!outcome.is_found());
    }
    let events = kept.lock().unwrap().clone();
    for index in 0..5 {
        let of_target: Vec<&str> = events
            .iter()
            .filter_map(|event| event.strip_prefix(&format!("Some({index}) ")))
            .collect();
        for word in ["Staged", "Starting", "Started", "Tidied", "Over"] {
            assert!(of_target.contains(&word), "{word} is missing: {of_target:?}");
        }
    }
    assert!(scene.simulator.objects().is_empty(), "what was staged is deleted");

    let second = to_all(&scene, scene.publish(IMAGE)).run().await.unwrap();
    assert_eq!(second.job.facts(), first.job.facts());
    for (before, after) in first.outcomes.iter().zip(&second.outcomes) {
        assert!(after.is_found() && after.image() == before.image(), "{after:?}");
    }
    for provider in Provider::all() {
        assert_eq!(scene.imports(provider), 1, "{provider}");
    }
    let records = first.job.records().await.unwrap();
    assert!(
        records
            .into_iter()
            .map(Result::unwrap)
            .all(|record| record.step == Step::Succeeded && record.image_id.is_some())
    );
    let written = fs::read_dir(scene.path("state/jobs").join(&first.job.facts().id)).unwrap();
    for file in written.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok()) {
        for secret in ["Signature", "\"sk\"", "\"ak\""] {
            assert!(!file.contains(secret), "a secret in {file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_options_under_the_same_name_are_no_silent_second_image() {
    let scene = Scene::new("options").await;
    let only_aliyun = |os: &str| {
        let destination = scene.destination(Provider::ALIYUN).os(Os::new(os, "7.9"));
        one(scene.publish(IMAGE).to(destination))
    };
    assert_eq!(only_aliyun("CentOS").await.phase(), Phase::Succeeded);
    let refused = only_aliyun("RedHat").await;
    let error = refused.error().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.remedy().unwrap().to_string().contains("another image"), "{error}");
    assert_eq!(scene.imports(Provider::ALIYUN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_before_the_start_sends_nothing() {
    let scene = Scene::new("stop").await;
    let stop = Stop::default();
    stop.request();
    let nothing = match to_all(&scene, scene.publish(IMAGE)).stop(stop).run().await {
        Err(error) => error.kind() == ErrorKind::Stopped,
        Ok(done) => done.outcomes.iter().all(|outcome| outcome.phase() == Phase::NotStarted),
    };
    assert!(nothing);
    assert!(scene.simulator.counters().requests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_before_anything_is_looked_at() {
    let scene = Scene::new("missing").await;
    let to = || scene.destination(Provider::ALIYUN);
    let there = || Image::There("nothing".to_owned());
    for (publish, told) in [
        (Publish::of(there()).to(to()), "where jobs are recorded"),
        (scene.publish_image(there()), "no destination"),
        (scene.publish_image(there()).to(to()).to(to()), "named twice"),
        (
            scene.publish_image(there()).to(to()).replace(true).wait(false),
            "not waited for",
        ),
    ] {
        let error = publish.run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains(told) && error.remedy().is_some(), "{error}");
    }
    assert!(!scene.path("state").exists());
}

/// Hashing may take an hour: an order that is refused as it is says so before.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_told_before_the_file_is_read() {
    let scene = Scene::new("refused").await;
    let said = Arc::new(Mutex::new(Vec::new()));
    let publish = || {
        let said = Arc::clone(&said);
        scene.publish(IMAGE).on_event(move |target, event| match event {
            Event::Hashing { .. } => said.lock().unwrap().push("hashing".to_owned()),
            Event::Over { outcome } => said.lock().unwrap().push(format!("{target:?} {:?}", outcome.phase())),
            _ => {}
        })
    };
    let bad_bucket = || scene.destination(Provider::TENCENT).bucket_named("images").unwrap();
    let bad_name = || scene.destination(Provider::JDCLOUD).name("x".repeat(40));
    let object = || {
        let order = ImportRequest::new("nn", Disk::object("My_Images", "k.qcow2")).os(Os::new("CentOS", "7.9"));
        let mut destination = scene.destination(Provider::ALIYUN).order(order);
        destination.bucket = None;
        destination
    };
    for (destination, field, told) in [
        (bad_bucket(), "bucket", "APPID"),
        (bad_name(), "name", "40 characters"),
        (object(), "disks[0].source", "names the bucket `My_Images`"),
    ] {
        let provider = destination.importer.provider();
        let error = publish().to(destination).run().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.provider()),
            (ErrorKind::InvalidRequest, Some(provider))
        );
        let problem = error.problems().iter().find(|problem| problem.field == field).unwrap();
        assert!(problem.is_error() && problem.remedy.is_some(), "{problem:?}");
        assert!(error.message().contains(told), "{error}");
        assert_eq!(
            said.lock().unwrap().drain(..).collect::<Vec<_>>(),
            ["Some(0) NotStarted"]
        );
    }
    // Of several, each is told, and the error has the problems of all.
    let error = publish().to(bad_bucket()).to(bad_name()).run().await.unwrap_err();
    assert!(
        error.problems().iter().any(|problem| problem.field == "name"),
        "{error}"
    );
    assert!(error.message().contains("tencent/ap-guangzhou: `bucket`"), "{error}");
    assert!(error.message().contains("jdcloud/cn-north-1: `name`"), "{error}");
    assert!(!scene.path("state").exists(), "nothing was begun");
    assert!(scene.simulator.counters().requests.is_empty());
    said.lock().unwrap().clear();
    // One that is refused stops no other.
    let good = scene.destination(Provider::ALIYUN);
    let done = publish().to(bad_bucket()).to(good).to(bad_name()).run().await.unwrap();
    let phases: Vec<Phase> = done.outcomes.iter().map(|outcome| outcome.phase()).collect();
    assert_eq!(phases, [Phase::NotStarted, Phase::Succeeded, Phase::NotStarted]);
    let said = said.lock().unwrap().clone();
    assert_eq!(said[..2], ["Some(0) NotStarted", "Some(2) NotStarted"], "{said:?}");
    assert!(
        said[2] == "hashing" && said.last().unwrap() == "Some(1) Succeeded",
        "{said:?}"
    );
    assert_eq!(done.job.records().await.unwrap().len(), 1);
}

/// The file beside a raw image goes only where the cloud wants one, and before the image.
#[tokio::test(flavor = "multi_thread")]
async fn a_side_file_is_staged_where_it_is_wanted() {
    let scene = Scene::new("side").await;
    let mut raw = vec![0; 1 << 20];
    raw[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0]);
    raw[510..512].copy_from_slice(&[0x55, 0xaa]);
    fs::write(scene.path("disk.raw"), raw).unwrap();
    for (name, side) in [("disk.mf", None), ("elsewhere.mf", Some(scene.path("elsewhere.mf")))] {
        fs::write(scene.path(name), name).unwrap();
        for provider in [Provider::ALIYUN, Provider::HUAWEI] {
            let disk = Disk::object("", "").size_gib(40);
            let order = ImportRequest::new(name, disk).os(Os::new("CentOS", "7.9"));
            let staged = Arc::new(Mutex::new(Vec::new()));
            let told = Arc::clone(&staged);
            let mut publish = scene.publish("disk.raw").on_event(move |_, event| {
                if let Event::Staged { object, .. } = event {
                    told.lock()
                        .unwrap()
                        .extend(object.rsplit_once('.').map(|(_, suffix)| suffix.to_owned()));
                }
            });
            if let Some(side) = &side {
                publish = publish.side_file(side);
            }
            let outcome = one(publish.to(scene.destination(provider).order(order))).await;
            let route = outcome.task().unwrap().route.as_deref();
            assert_eq!(outcome.phase(), Phase::Succeeded, "{outcome:?}");
            let staged = staged.lock().unwrap().clone();
            match provider {
                Provider::HUAWEI => assert_eq!(
                    (staged, route),
                    (vec!["mf".to_owned(), "raw".to_owned()], Some("quick"))
                ),
                _ => assert_eq!((staged, route), (vec!["raw".to_owned()], None)),
            }
            assert!(scene.simulator.objects().is_empty());
        }
        fs::remove_file(scene.path(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_may_have_been_sent_is_not_called_not_started() {
    for (provider, operation) in [
        (Provider::ALIYUN, "ImportImage"),
        (Provider::UCLOUD, "ImportCustomImage"),
    ] {
        let scene = Scene::new(&format!("sent-{provider}")).await;
        let with_secret = |secret: &str| {
            let importer = scene.importer(provider, ["ak", secret], &Fuse::never());
            one(scene.publish(IMAGE).to(over(importer)))
        };
        // Accepted, and never answered; and not listed yet.
        let of_cloud = |kind| Fault::new(kind).cloud(cloud(provider));
        scene
            .simulator
            .inject(of_cloud(FaultKind::DropAfter).operation(operation).times(1000));
        scene.simulator.inject(of_cloud(FaultKind::Hide(1000)));
        let lost = with_secret("sk").await;
        assert_eq!(lost.phase(), Phase::Unknown, "{lost:?}");
        // Keys that are no good say nothing of what was sent with good ones.
        let unheard = with_secret("wrong").await;
        assert_eq!(unheard.phase(), Phase::Unknown, "{unheard:?}");
        scene.simulator.clear_faults();
        assert_eq!(scene.imports(provider), 1, "{provider}");
        let settled = with_secret("sk").await;
        let expected = if provider == Provider::ALIYUN {
            Phase::Running
        } else {
            Phase::Unknown
        };
        let phase = settled.phase();
        assert!(phase == expected || phase == Phase::Succeeded, "{settled:?}");
        assert_eq!(scene.imports(provider), 1, "{provider}: a second image");
    }
}

#[tokio::test]
async fn an_order_is_validated_for_the_file_that_is_still_to_be_made() {
    let scene = Scene::new("planned").await;
    let file = LocalImage::open(IMAGE, None).unwrap();
    let destination = scene.destination(Provider::ALIYUN);
    let planned = Publish::of(file.planned(DiskFormat::Zvhd2)).to(destination.clone());
    let disk = planned.preview(&destination).await.unwrap().disks.remove(0);
    assert_eq!((disk.format, disk.file_size_bytes), (Some(DiskFormat::Zvhd2), None));
    assert_eq!(disk.virtual_size_bytes, file.info().virtual_size_bytes);
    let problems = planned.problems(&destination).await.unwrap();
    assert!(problems.iter().any(|problem| problem.is_error()), "{problems:?}");
    let good = Publish::of(file.planned(DiskFormat::Raw)).to(destination.clone());
    let problems = good.problems(&destination).await.unwrap();
    assert!(!problems.iter().any(|problem| problem.is_error()), "{problems:?}");
    let error = good.state(scene.state()).run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(scene.simulator.objects().is_empty());
}
