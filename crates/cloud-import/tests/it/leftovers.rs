//! What runs left: found, deleted, and marked as deleted.

use std::fs;

use cloud_import::{
    ErrorKind, Provider,
    publish::{Known, Leftover, Phase, State, bucket_of, in_bucket, leftovers},
};
use cloud_import_sim::{Cloud, Fault, FaultKind};
use serde_json::json;

use super::{BUCKET, Fuse, IMAGE, NAME, Scene, cloud, id, one};

/// What is left where every record can be read.
async fn left_in(state: &State) -> Vec<Leftover> {
    leftovers(state)
        .await
        .unwrap()
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_open_uploads_the_other_is_known_when_one_is_aborted() {
    let scene = Scene::new("uploads").await;
    let importer = scene.importer(Provider::HUAWEI, ["ak", "sk"], &Fuse::never());
    let store = bucket_of(&*importer, BUCKET).unwrap();
    let mut files = Vec::new();
    for (role, key) in [("disk", "web.raw"), ("bitmap", "web.mf")] {
        let id = store.initiate(key, None).await.unwrap().upload_id;
        let file = json!({ "device": 1, "inode": 1, "size": 1, "modified_seconds": 1, "modified_nanos": 0 });
        let upload = json!({
            "schema": 1, "bucket": BUCKET, "key": key, "upload_id": id, "file": file, "sha256": "00", "part_size": 1,
            "parts": {}, "completing": false,
        });
        files.push((role.to_owned(), json!({ "upload": upload })));
    }
    let record = json!({
        "schema": 1, "target": "t", "provider": "huawei", "region": "cn-north-4", "name": NAME, "order": "o",
        "generation": 0, "step": "staging", "files": serde_json::Map::from_iter(files),
    });
    let job = scene.path("state/jobs/web-0");
    fs::create_dir_all(&job).unwrap();
    fs::write(job.join("t.json"), record.to_string()).unwrap();
    let facts = json!({ "schema": 1, "id": "web-0", "name": NAME, "source": "web.raw" });
    fs::write(job.join("job.json"), facts.to_string()).unwrap();

    let state = scene.state();
    let left = left_in(&state).await;
    let shown: Vec<String> = left.iter().map(ToString::to_string).collect();
    let upload = |key: &str| format!("unfinished upload of {BUCKET}:{key} (job web-0)");
    assert_eq!(shown, [upload("web.raw"), upload("web.mf")]);
    assert!(left[0].delete(&state, &*importer).await.unwrap());
    assert_eq!(left_in(&state).await, left[1..]);
    assert_eq!(scene.simulator.open_uploads(Cloud::Huawei).len(), 1);
    assert!(left[1].delete(&state, &*importer).await.unwrap());
    assert!(left_in(&state).await.is_empty());
    assert!(scene.simulator.open_uploads(Cloud::Huawei).is_empty());
}

/// A process died while the store began an upload: what is on record is `unanswered_since` alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_was_told_of_is_found_by_its_key() {
    let scene = Scene::new("unanswered").await;
    let state = scene.state();
    for provider in Provider::all() {
        let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
        let store = bucket_of(&*importer, BUCKET).unwrap();
        store.initiate("web.raw", None).await.unwrap();
        let upload = json!({
            "schema": 1, "bucket": BUCKET, "key": "web.raw", "upload_id": "", "sha256": "00", "part_size": 1, "parts": {},
            "file": { "device": 1, "inode": 1, "size": 1, "modified_seconds": 1, "modified_nanos": 0 }, "completing": false,
            "unanswered_since": "2026-11-01T10:00:00Z",
        });
        let record = json!({
            "schema": 1, "target": "t", "provider": provider, "region": store.bucket().region, "name": NAME, "order": "o",
            "generation": 0, "step": "staging", "files": { "disk": { "upload": upload } },
        });
        let job = scene.path("state/jobs/web-0");
        fs::create_dir_all(&job).unwrap();
        fs::write(job.join("t.json"), record.to_string()).unwrap();
        let facts = json!({ "schema": 1, "id": "web-0", "name": NAME, "source": "web.raw" });
        fs::write(job.join("job.json"), facts.to_string()).unwrap();
        let left = left_in(&state).await;
        let shown: Vec<String> = left.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [format!(
                "upload of {BUCKET}:web.raw that may be open since 2026-11-01T10:00:00Z (job web-0)"
            )]
        );
        let deleted = left[0].delete(&state, &*importer).await;
        let open = scene.simulator.open_uploads(cloud(provider)).len();
        // Only the one store that does not list what is open cannot be asked.
        if provider == Provider::UCLOUD {
            assert_eq!(deleted.unwrap_err().kind(), ErrorKind::Unsupported);
            assert_eq!((open, left_in(&state).await), (1, left));
        } else {
            assert!(deleted.unwrap());
            assert_eq!((open, left_in(&state).await), (0, Vec::new()), "{provider}");
        }
    }
}

/// What is sent in one piece has no upload, and its record names none.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_one_piece_is_no_upload() {
    let scene = Scene::new("piece").await;
    let fault = Fault::new(FaultKind::ServerError { http: 503 }).operation("PutObject");
    scene.simulator.inject(fault.times(u32::MAX));
    let ended = one(scene.publish(IMAGE).to(scene.destination(Provider::ALIYUN))).await;
    assert_eq!(ended.phase(), Phase::NotStarted, "{ended:?}");
    let left = left_in(&scene.state()).await;
    assert!(matches!(left.as_slice(), [Leftover::Object { .. }]), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_image_is_deleted_and_forgotten() {
    let scene = Scene::new("failed").await;
    let mut found = 0;
    for provider in Provider::all() {
        let kind = FaultKind::FailImport {
            code: "C".to_owned(),
            reason: "r".to_owned(),
        };
        scene.simulator.inject(Fault::new(kind).cloud(cloud(provider)));
        let failed = one(scene.publish(IMAGE).to(scene.destination(provider))).await;
        assert_eq!(failed.phase(), Phase::Failed, "{failed:?}");
        scene.simulator.clear_faults();
        let state = scene.state();
        for left in left_in(&state).await {
            assert!(matches!(left, Leftover::FailedImage { .. }), "{left}");
            assert_eq!(
                (left.provider(), left.task().unwrap().region.as_str()),
                (provider, left.region())
            );
            let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
            // Twice: the process may end between the two.
            importer
                .delete(&cloud_import::ImportedImage::of(
                    left.task().unwrap(),
                    left.task().unwrap().image_id.clone().unwrap(),
                ))
                .await
                .ok();
            assert!(left.delete(&state, &*importer).await.unwrap(), "{left}");
            found += 1;
        }
        assert!(left_in(&state).await.is_empty(), "{provider}");
    }
    assert!(found > 2, "{found}");
}

/// An object and an upload that another hand has deleted by then, in each store.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_any_more_counts_as_deleted() {
    let scene = Scene::new("not-there").await;
    let state = scene.state();
    for provider in Provider::all() {
        let start = match provider {
            Provider::JDCLOUD => "importImage",
            Provider::HUAWEI => "CreateImage",
            Provider::UCLOUD => "ImportCustomImage",
            _ => "ImportImage",
        };
        let refuse = FaultKind::Refuse {
            http: 400,
            code: "4711".to_owned(),
            message: "no".to_owned(),
        };
        scene
            .simulator
            .inject(Fault::new(refuse).cloud(cloud(provider)).operation(start));
        let refused = one(scene.publish(IMAGE).to(scene.destination(provider))).await;
        assert_eq!(refused.phase(), Phase::NotStarted, "{refused:?}");
        let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
        let store = bucket_of(&*importer, BUCKET).unwrap();
        let upload = store.initiate("web.raw", None).await.unwrap().upload_id;
        store.abort("web.raw", &upload).await.unwrap();
        let job = state.jobs().await.unwrap().remove(0).unwrap();
        let record = job.records().await.unwrap().remove(0).unwrap();
        let object = match &left_in(&state).await[..] {
            [Leftover::Object { object, .. }] => object.clone(),
            left => panic!("{provider}: {left:?}"),
        };
        store.delete(&object.key, None).await.unwrap();
        assert!(scene.simulator.objects().is_empty(), "{provider}");
        let lost = Leftover::Upload {
            job: job.facts().id.clone(),
            target: record.target,
            object: object.clone(),
            upload_id: upload,
        };
        assert!(lost.delete(&state, &*importer).await.unwrap(), "{provider}");
        let left = Leftover::Object { object, in_use: false };
        assert!(left.delete(&state, &*importer).await.unwrap(), "{provider}");
        assert!(left_in(&state).await.is_empty(), "{provider}");
    }
}

/// Alibaba Cloud shows no image of an import that was cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_leaves_nothing_that_cannot_be_deleted() {
    let scene = Scene::with_imports_of("canceled", std::time::Duration::from_secs(3)).await;
    let (provider, state) = (Provider::ALIYUN, scene.state());
    let to = || scene.publish(IMAGE).to(scene.destination(provider));
    let running = one(to().wait(false)).await;
    let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
    importer.cancel(running.task().unwrap()).await.unwrap();
    let canceled = one(to()).await;
    assert_eq!(canceled.phase(), Phase::Failed, "{canceled:?}");
    let left = left_in(&state).await;
    assert!(matches!(left[..], [Leftover::FailedImage { .. }]), "{left:?}");
    assert!(left[0].delete(&state, &*importer).await.unwrap());
    assert!(left_in(&state).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_still_be_read_stays() {
    let scene = Scene::with_imports_of("read", std::time::Duration::from_secs(2)).await;
    let (provider, state) = (Provider::ALIYUN, scene.state());
    let to = || scene.publish(IMAGE).to(scene.destination(provider));
    assert_eq!(one(to().wait(false)).await.phase(), Phase::Running);
    let left = left_in(&state).await;
    assert!(left.len() == 1 && left[0].is_in_use(), "{left:?}");
    let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
    assert!(!left[0].delete(&state, &*importer).await.unwrap());
    assert_eq!(scene.simulator.objects().len(), 1);
    id(&one(to()).await);
    assert!(scene.simulator.objects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_machine_staged_stays_once_an_order_here_reads_it() {
    let scene = Scene::with_imports_of("elsewhere", std::time::Duration::from_secs(2)).await;
    let (provider, here) = (Provider::ALIYUN, State::at(scene.path("here")));
    let to = |name: &str| scene.publish(IMAGE).to(scene.destination(provider).name(name));
    assert_eq!(one(to(NAME).wait(false)).await.phase(), Phase::Running);
    let importer = scene.importer(provider, ["ak", "sk"], &Fuse::never());
    let store = bucket_of(&*importer, BUCKET).unwrap();
    let found = in_bucket(&here, &store, "cloud-import/").await.unwrap();
    assert!(found.len() == 1 && found[0].known == Known::NotHere, "{found:?}");
    let begun = one(to("db").state(here.clone()).wait(false)).await;
    assert_eq!(begun.phase(), Phase::Running, "{begun:?}");
    assert!(!found[0].delete(&here, &store).await.unwrap());
    assert_eq!(
        in_bucket(&here, &store, "cloud-import/").await.unwrap()[0].known,
        Known::InUse
    );
    assert_eq!(scene.simulator.objects().len(), 1);
    let nowhere = State::at(scene.path("nowhere"));
    assert!(found[0].delete(&nowhere, &store).await.unwrap());
    assert!(scene.simulator.objects().is_empty());
}
