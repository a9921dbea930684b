//! The store says no for good, or somebody else is at the same key.

use cloud_import_core::ErrorKind;

use crate::{
    fake::{Fate, Tells},
    stage::{KEY, MIB, Stage},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_succeed_is_given_up() {
    for (status, code) in [(400, "EntityTooSmall"), (404, "NoSuchBucket")] {
        let stage = Stage::new(3 * MIB);
        stage.fake.strike("UploadPart", u32::MAX, Fate::Refused(status, code));
        let error = stage.run().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(stage.fake.state().open(), 0);
        assert!(stage.record().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_can_mend_is_kept() {
    let stage = Stage::new(3 * MIB);
    stage
        .fake
        .strike("UploadPart", u32::MAX, Fate::Refused(403, "AccessDenied"));
    let error = stage.run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(stage.record().is_some());
    stage.fake.plan(|_| Fate::Served);
    stage.check(&stage.run().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_list_can_still_upload() {
    let stage = Stage::new(3 * MIB);
    stage.fake.plan(|seen| match seen.operation {
        "ListMultipartUploads" | "ListParts" => Fate::Refused(403, "AccessDenied"),
        _ => Fate::Served,
    });
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.warnings().len(), 2, "{:?}", stage.warnings());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_upload_cut_otherwise_is_left_and_told_and_an_empty_one_is_closed() {
    let stage = Stage::new(3 * MIB);
    {
        let mut state = stage.fake.state();
        state.leave_open("other", KEY, &[(1, &[0; 5])]);
        state.leave_open("another-key", "images/content.qcow2.mf", &[]);
        state.leave_open("empty-1", KEY, &[]);
        state.leave_open("empty-2", KEY, &[]);
    }
    stage.run().await.unwrap();
    let state = stage.fake.state();
    assert!(state.objects[KEY].content == stage.content);
    assert_eq!(state.count("InitiateMultipartUpload"), 0);
    assert_eq!(state.open(), 2);
    drop(state);
    let warnings = stage.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("other"), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_other_content_is_replaced() {
    let stage = Stage::new(3 * MIB);
    let foreign = vec![9; MIB];
    stage
        .fake
        .state()
        .leave_open("ours", KEY, &[(1, &stage.content[..MIB]), (2, &foreign)]);
    stage.check(&stage.run().await.unwrap());
    let mut kept = stage.fake.state().kept.clone();
    kept.sort_unstable();
    assert_eq!(kept, [2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_somebody_else_put_there_is_used_and_the_own_upload_given_up() {
    let stage = Stage::new(3 * MIB);
    stage
        .fake
        .strike("UploadPart", u32::MAX, Fate::Refused(403, "AccessDenied"));
    stage.run().await.unwrap_err();
    assert_eq!(stage.fake.state().open(), 1);
    let object = crate::fake::Object {
        content: stage.content.clone(),
        etag: "x".to_owned(),
        sha256: None,
    };
    stage.fake.state().objects.insert(KEY.to_owned(), object);
    stage.check(&stage.run().await.unwrap());
    assert!(stage.fake.state().kept.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_answers_other_etags_is_used_when_asked() {
    let mut stage = Stage::new(2 * MIB);
    stage.options.compare_etags = false;
    stage.fake.strike("UploadPart", 1, Fate::Flipped);
    stage.fake.state().tells = Tells::Neither;
    // Then only its own check of Content-MD5 tells.
    stage.check(&stage.run().await.unwrap());
    assert_eq!(stage.fake.state().count("UploadPart"), 3);
}
