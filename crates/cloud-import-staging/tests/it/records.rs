//! A record of something else: another state of the file, another key, another bucket.

use std::fs;

use cloud_import_staging::Upload;

use crate::{
    fake::Fate,
    stage::{MIB, Stage},
};

/// A stage with an upload under way.
async fn under_way() -> Stage {
    let stage = Stage::new(4 * MIB);
    stage.fake.plan(|seen| match seen.part {
        Some(number) if number > 2 => Fate::Refused(403, "AccessDenied"),
        _ => Fate::Served,
    });
    stage.run().await.unwrap_err();
    assert_eq!(stage.fake.state().open(), 1);
    stage.fake.plan(|_| Fate::Served);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_meanwhile_starts_anew_and_gives_the_old_upload_up() {
    let mut stage = under_way().await;
    stage.content[0] ^= 1;
    fs::write(stage.path(), &stage.content).unwrap();
    let staged = stage.run().await.unwrap();
    stage.check(&staged);
    assert_eq!(stage.fake.state().count("AbortMultipartUpload"), 1);
    assert_eq!(stage.fake.state().kept.len(), 2 + 4);
    assert!(stage.warnings()[0].contains("an earlier state of the file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_old_upload_cannot_be_given_up_now_its_record_stays() {
    let mut stage = under_way().await;
    let record = stage.record();
    stage.content[0] ^= 1;
    fs::write(stage.path(), &stage.content).unwrap();
    stage.fake.strike("AbortMultipartUpload", u32::MAX, Fate::LostBefore);
    assert!(stage.run().await.unwrap_err().is_retryable());
    assert_eq!(stage.record(), record);
    stage.fake.plan(|_| Fate::Served);
    stage.check(&stage.run().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_same_content_goes_on_whatever_its_dates_are() {
    let stage = under_way().await;
    let touched = fs::OpenOptions::new().append(true).open(stage.path()).unwrap();
    touched.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().count("AbortMultipartUpload"), 0);
    assert_eq!(stage.fake.state().kept.len(), 4, "no part was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_bucket_is_told() {
    let stage = under_way().await;
    let mut record = stage.record().unwrap();
    record.bucket = "elsewhere".to_owned();
    cloud_import_staging::RecordStore::keep(&stage.record_store(), Some(&record)).unwrap();
    stage.check(&stage.run().await.unwrap());
    assert!(stage.warnings()[0].contains("elsewhere"), "{:?}", stage.warnings());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_can_be_given_up_by_its_record() {
    let stage = under_way().await;
    let record = stage.record().unwrap();
    Upload::give_up(&stage.store(), &record, std::sync::Arc::new(stage.record_store()))
        .await
        .unwrap();
    assert_eq!(stage.fake.state().open(), 0);
    assert!(stage.record().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_would_remember_is_not_begun() {
    let stage = Stage::new(3 * MIB);
    // A folder where the record should be.
    fs::create_dir_all(stage.folder().join("upload.json.new")).unwrap();
    let error = stage.run().await.unwrap_err();
    assert!(error.message().contains("upload.json"), "{error}");
    assert_eq!(stage.fake.state().open(), 0);
    assert_eq!(stage.fake.state().count("UploadPart"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_part_size_of_the_record_is_kept() {
    let mut stage = under_way().await;
    stage.options.part_size = Some(2 * MIB as u64);
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().kept.len(), 4);
}
