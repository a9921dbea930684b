//! The file changes under the upload.

use std::{fs, io::Write as _};

use cloud_import_core::Provider;

use crate::{
    fake::Fate,
    stage::{KEY, MIB, Stage},
};

/// Does this to the file when the second part is asked for.
async fn changing(change: impl FnOnce(&std::path::Path) + Send + 'static) -> (Stage, cloud_import_core::Error) {
    let stage = Stage::new(6 * MIB);
    let (path, mut change) = (stage.path(), Some(change));
    stage.fake.plan(move |seen| {
        if seen.operation == "UploadPart"
            && let Some(change) = change.take()
        {
            change(&path);
        }
        Fate::Served
    });
    let error = stage.run().await.unwrap_err();
    (stage, error)
}

fn check(stage: &Stage, error: &cloud_import_core::Error) {
    assert_eq!(error.code(), Some("FileChanged"), "{error}");
    assert!(error.message().contains("image.qcow2"), "{error}");
    let state = stage.fake.state();
    assert!(!state.objects.contains_key(KEY));
    assert_eq!(state.open(), 0);
    // Noticed at once, and not only at the end: none but those that had been read were sent.
    assert!(state.count("UploadPart") <= 3);
    drop(state);
    assert!(stage.record().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn growing() {
    let (stage, error) = changing(|path| {
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"more").unwrap();
    })
    .await;
    check(&stage, &error);
    assert!(error.message().contains("6291460"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shrinking() {
    let (stage, error) = changing(|path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(5).unwrap();
    })
    .await;
    check(&stage, &error);
}

#[tokio::test(flavor = "multi_thread")]
async fn written_to() {
    let (stage, error) = changing(|path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    })
    .await;
    check(&stage, &error);
    assert!(error.message().contains("written to"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_between_the_sum_and_the_upload() {
    let stage = Stage::new(2 * MIB);
    let upload = stage.upload().await;
    fs::write(stage.path(), b"other").unwrap();
    let error = stage.run_of(upload).await.unwrap_err();
    assert_eq!(error.code(), Some("FileChanged"));
    assert_eq!(stage.fake.state().seen.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_for_the_store_is_known_before_anything_is_sent() {
    let stage = Stage::new(1);
    let file = fs::OpenOptions::new().write(true).open(stage.path()).unwrap();
    file.set_len(6_000_000_000_000).unwrap();
    let file = cloud_import_staging::LocalFile::open(stage.path()).unwrap();
    let hashed = serde_json::json!({"sha256": "0".repeat(64), "stamp": file.stamp(), "from_cache": true});
    let hashed = serde_json::from_value(hashed).unwrap();
    let upload = cloud_import_staging::Upload::new(stage.store_of(Provider::UCLOUD, "cn-bj2"), file, hashed, KEY);
    let error = stage.run_of(upload).await.unwrap_err();
    assert!(error.to_string().contains("UCloud"), "{error}");
    assert!(error.message().contains("6000000000000"), "{error}");
    assert_eq!(stage.fake.state().seen.len(), 0);
}
