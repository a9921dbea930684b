//! When nothing goes wrong: what is sent, in what order, how much at a time.

use std::sync::atomic::Ordering;

use cloud_import_core::provider::digest;
use cloud_import_staging::{Budget, Progress};

use crate::{
    fake::Lists,
    stage::{KEY, MIB, Stage},
};

fn operations(stage: &Stage) -> Vec<&'static str> {
    stage.fake.state().seen.iter().map(|seen| seen.operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_in_parts_and_looked_at() {
    let stage = Stage::new(4 * MIB + 5);
    let staged = stage.run().await.unwrap();
    stage.check(&staged);
    assert_eq!(staged.sha256, digest::sha256_hex(&stage.content));
    let mut expected = vec![
        "HeadObject",
        "ListMultipartUploads",
        "InitiateMultipartUpload",
        "ListParts",
    ];
    expected.extend(["UploadPart"; 5]);
    expected.extend(["CompleteMultipartUpload", "HeadObject"]);
    assert_eq!(operations(&stage), expected);
    assert_eq!(stage.warnings(), [""; 0]);
    let told = stage.told.lock().unwrap();
    let total = stage.content.len() as u64;
    assert_eq!(told.first(), Some(&Progress::Bytes { present: 0, total }));
    assert!(told.contains(&Progress::Bytes { present: total, total }));
    assert_eq!(told.last(), Some(&Progress::Completing));
    // Kept until the caller has stored what came of it.
    assert!(stage.record().unwrap().completing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_is_put_in_one_request() {
    let stage = Stage::new(MIB);
    let staged = stage.run().await.unwrap();
    stage.check(&staged);
    assert_eq!(operations(&stage), ["HeadObject", "PutObject", "HeadObject"]);
    // The same run again, with the record.
    assert_eq!(stage.run().await.unwrap(), staged);
    assert_eq!(stage.fake.state().count("PutObject"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_there_is_used_as_it_is() {
    for size in [MIB, 3 * MIB] {
        let stage = Stage::new(size);
        let staged = stage.run().await.unwrap();
        std::fs::remove_file(stage.folder().join("upload.json")).unwrap();
        let before = stage.fake.state().seen.len();
        assert_eq!(stage.run().await.unwrap(), staged);
        assert_eq!(operations(&stage)[before..], ["HeadObject"]);
        assert!(stage.record().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_object_at_the_key_is_an_error_that_names_it() {
    let stage = Stage::new(3 * MIB);
    stage.run().await.unwrap();
    std::fs::remove_file(stage.folder().join("upload.json")).unwrap();
    stage.fake.state().objects.get_mut(KEY).unwrap().content.pop();
    let error = stage.run().await.unwrap_err();
    assert_eq!(error.code(), Some("WrongObject"));
    for part in [KEY, "images", "3145727", "3145728"] {
        assert!(error.message().contains(part), "{error}");
    }
    {
        let mut state = stage.fake.state();
        let object = state.objects.get_mut(KEY).unwrap();
        object.content.push(0);
        object.sha256 = Some("0".repeat(64));
    }
    let error = stage.run().await.unwrap_err();
    assert!(error.message().contains("SHA-256"), "{error}");
    assert_eq!(stage.fake.state().open(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_in_flight_than_was_asked_for() {
    let mut stage = Stage::new(12 * MIB);
    stage.options.parallel = 5;
    stage.options.budget = Budget::mib(64);
    stage.check(&stage.run().await.unwrap());
    let most = stage.fake.most_running.load(Ordering::SeqCst);
    assert!((2..=5).contains(&most), "{most}");
    assert!(stage.options.budget.peak() <= 5 * MIB as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_holds_over_several_uploads() {
    let budget = Budget::mib(2);
    let mut stages: Vec<Stage> = (0..4).map(|_| Stage::new(6 * MIB + 1)).collect();
    for stage in &mut stages {
        stage.options.budget = budget.clone();
    }
    let (one, two, three, four) = tokio::join!(stages[0].run(), stages[1].run(), stages[2].run(), stages[3].run());
    for (stage, staged) in stages.iter().zip([one, two, three, four]) {
        stage.check(&staged.unwrap());
    }
    assert!(budget.peak() <= 2 * MIB as u64, "{}", budget.peak());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lists_nothing_serves_too() {
    let stage = Stage::new(3 * MIB);
    stage.fake.state().lists = Lists::Nothing;
    stage.check(&stage.run().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn few_parts_are_in_flight_before_it_is_seen_that_more_are_faster() {
    let mut stage = Stage::new(8 * MIB);
    stage.options.parallel = 8;
    stage.options.budget = Budget::mib(64);
    stage.check(&stage.run().await.unwrap());
    let most = stage.fake.most_running.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most}");
}
