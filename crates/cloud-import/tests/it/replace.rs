//! Replacing the older images of a name in simulated clouds: what is there afterwards, and what is there when it is interrupted
//! at any request.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import::{
    Disk, DiskFormat, ErrorKind, Provider,
    publish::{Event, Listener, Phase, Publish, ReplaceStep},
};
use cloud_import_sim::{Fault, FaultKind};

use super::{BUCKET, Fuse, IMAGE, NAME, Scene, cloud, id, one};

/// A scene with two files.
async fn scene(name: &str) -> Scene {
    scene_of(Scene::new(&format!("replace-{name}")).await)
}

fn scene_of(scene: Scene) -> Scene {
    let bytes = fs::read(IMAGE).unwrap();
    fs::write(scene.path("old.qcow2"), &bytes).unwrap();
    // Another content, though its header says the same.
    fs::write(scene.path("new.qcow2"), [&bytes[..], &[0; 512]].concat()).unwrap();
    scene
}

fn publish_old(scene: &Scene, provider: Provider) -> Publish {
    scene.publish("old.qcow2").to(scene.destination(provider))
}

fn publish_new(scene: &Scene, provider: Provider) -> Publish {
    scene.publish("new.qcow2").to(scene.destination(provider)).replace(true)
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
    let scene = scene("five").await;
    for provider in Provider::all() {
        let old = id(&one(publish_old(&scene, provider)).await);
        let kept = Arc::new(Kept::default());
        let outcome = one(publish_new(&scene, provider).listener(kept.clone())).await;
        let new = id(&outcome);
        assert_ne!(old, new);
        assert!(outcome.error().is_none(), "{outcome:?}");
        assert_eq!(outcome.image().unwrap().name, NAME);
        assert_eq!(scene.good(provider), [(new.clone(), NAME.to_owned())], "{provider}");
        let mut told = vec![format!("retiring {old}"), format!("retired {old}")];
        let refuses = matches!(provider, Provider::TENCENT | Provider::HUAWEI | Provider::ALIYUN);
        told.extend(refuses.then(|| format!("renamed {NAME}")));
        assert_eq!(*kept.0.lock().unwrap(), told, "{provider}");

        // Repeated, it is found, and nothing goes.
        let again = one(publish_new(&scene, provider)).await;
        assert!(again.is_found() && id(&again) == new, "{again:?}");
        assert_eq!(scene.good(provider).len(), 1);
        assert!(scene.simulator.objects().is_empty(), "what was staged is deleted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_none_the_image_has_its_name_from_the_start() {
    let scene = scene("none").await;
    for provider in Provider::all() {
        let outcome = one(publish_new(&scene, provider)).await;
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
            let scene = scene(&format!("cut-{provider}-{arrives}-{requests}")).await;
            let place = format!("{provider}, request {requests}, arrives: {arrives}");
            let old = id(&one(publish_old(&scene, provider)).await);
            let fuse = Fuse::after(requests, arrives);
            let to = scene.fused(provider, &fuse);
            let first = fuse.guard(scene.publish("new.qcow2").to(to).replace(true)).await;
            let is_whole = first.is_some();
            cuts += usize::from(!is_whole);
            let left = scene.good(provider);
            assert!(!left.is_empty(), "{place}: none is left");
            let mut last = match first {
                Some(outcome) => outcome,
                None => one(publish_new(&scene, provider)).await,
            };
            if last.phase() == Phase::Unknown {
                // It never arrived, and nothing but its name could tell: then the older one stays.
                assert_eq!(scene.good(provider), [(old, NAME.to_owned())], "{place}");
                last = one(publish_new(&scene, provider).again(true)).await;
            }
            assert!(last.error().is_none(), "{place}: {last:?}");
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
    let scene = scene("kept").await;
    for (provider, operation, http, code) in [
        (Provider::TENCENT, "DeleteImages", 200, "InvalidImageId.InShared"),
        (Provider::JDCLOUD, "deleteImage", 400, "FAILED_PRECONDITION"),
        (Provider::ALIYUN, "DeleteImage", 403, "ImageUsingByECS"),
    ] {
        let old = id(&one(publish_old(&scene, provider)).await);
        scene.simulator.inject(
            Fault::new(FaultKind::Refuse {
                http,
                code: code.to_owned(),
                message: "it is in use".to_owned(),
            })
            .cloud(cloud(provider))
            .operation(operation),
        );
        let outcome = one(publish_new(&scene, provider)).await;
        let new = id(&outcome);
        let error = outcome.error().unwrap();
        assert!(
            error.message().contains(&old) && error.message().contains("which stays"),
            "{error}"
        );
        assert_eq!(error.code(), Some(code));
        assert_eq!(scene.good(provider).len(), 2);
        assert!(scene.good(provider).contains(&(old.clone(), NAME.to_owned())));
        let mut records = Vec::new();
        for job in scene.state().jobs().await.unwrap() {
            records.extend(job.unwrap().records().await.unwrap().into_iter().map(Result::unwrap));
        }
        let record = records
            .iter()
            .find(|record| record.image_id.as_ref() == Some(&new))
            .unwrap();
        assert_eq!(record.replace.as_ref().unwrap().step, ReplaceStep::Kept);
        assert!(!record.is_open(), "no wait for other jobs tries it again");
        scene.simulator.clear_faults();
        let outcome = one(publish_new(&scene, provider)).await;
        assert!(outcome.error().is_none(), "{outcome:?}");
        assert_eq!(scene.good(provider), [(new, NAME.to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_import_retires_nothing() {
    let scene = scene("failed").await;
    for provider in Provider::all() {
        let old = id(&one(publish_old(&scene, provider)).await);
        let reason = FaultKind::FailImport {
            code: "C".to_owned(),
            reason: "r".to_owned(),
        };
        scene.simulator.inject(Fault::new(reason).cloud(cloud(provider)));
        let outcome = one(publish_new(&scene, provider)).await;
        assert_eq!(outcome.phase(), Phase::Failed, "{outcome:?}");
        assert_eq!(scene.good(provider), [(old, NAME.to_owned())], "{provider}");
        scene.simulator.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_with_the_same_order_replaces_nothing_twice() {
    for provider in Provider::all() {
        let scene = scene(&format!("elsewhere-{provider}")).await;
        id(&one(publish_old(&scene, provider)).await);
        let cut = one(publish_new(&scene, provider)).await;
        fs::remove_dir_all(scene.folder.join("state")).unwrap();
        let outcome = one(publish_new(&scene, provider)).await;
        assert!(outcome.error().is_none(), "{outcome:?}");
        assert_eq!(scene.good(provider), [(id(&outcome), NAME.to_owned())], "{provider}");
        assert_eq!(id(&outcome), id(&cut), "{provider}: the same order is one image");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_same_command_is_refused() {
    let scene = scene_of(Scene::with_imports_of("replace-refused", Duration::from_secs(3)).await);
    let provider = Provider::ALIYUN;
    one(publish_new(&scene, provider).replace(false).wait(false)).await;
    let outcome = one(publish_new(&scene, provider)).await;
    let error = outcome.error().unwrap();
    assert!(
        error.kind() == ErrorKind::Conflict && error.remedy().unwrap().to_string().contains("earlier order as it was"),
        "{error}"
    );
    assert!(
        one(publish_old(&scene, provider).replace(true)).await.error().is_some(),
        "one of that name is being made"
    );
    id(&one(publish_new(&scene, provider).replace(false)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_disks_that_become_images_of_their_own_are_not_replaced() {
    let scene = scene("data").await;
    for (provider, source, is_refused) in [
        (Provider::HUAWEI, Disk::object(BUCKET, "data.qcow2"), true),
        (Provider::ALIYUN, Disk::object(BUCKET, "data.qcow2"), false),
    ] {
        let mut destination = scene.destination(provider);
        let mut disks = vec![Disk::object("", "").size_gib(40)];
        disks.push(source.format(DiskFormat::Qcow2).size_gib(40));
        destination.order.disks = disks;
        let outcome = one(scene.publish("new.qcow2").to(destination).replace(true)).await;
        let error = outcome.error().unwrap();
        let told = error.message().contains("images of their own");
        assert_eq!(
            (error.kind() == ErrorKind::Unsupported, told),
            (is_refused, is_refused),
            "{error}"
        );
    }
}
