//! Deleting an image and what it leaves behind: nothing by force, nothing forgotten silently.

use std::sync::Arc;

use aliyun_ecs_import::Importer;
use cloud_import_core::{
    Error, ErrorKind, ImageImporter as _, ImportedImage, Provider,
    testing::{Frozen, Scripted},
    transport::TransportErrorKind,
};

use super::{called, importer::order, parameter};

const DONE: &str = r#"{"RequestId":"r"}"#;
const GONE: &str = r#"{"RequestId":"r","Code":"InvalidImageId.NotFound","Message":"no image"}"#;
const IN_USE: &str = r#"{"RequestId":"r9","Code":"SnapshotCreatedImage","Message":"an image uses it"}"#;

/// The image with two disks of which a snapshot is shown, and one of which none is.
const SHOWN: &str = r#"{"RequestId":"r","Images":{"Image":[{"ImageId":"m-1","ImageName":"web","Status":"Available",
    "DiskDeviceMappings":{"DiskDeviceMapping":[{"Type":"system","SnapshotId":"s-1"},{"Type":"data","SnapshotId":"s-2"},{"Type":"data","SnapshotId":""}]}}]}}"#;

struct Deleted {
    outcome: Result<(), Error>,
    script: Arc<Scripted>,
    clock: Arc<Frozen>,
}

impl Deleted {
    /// The snapshots that were asked to be deleted, in order.
    fn snapshots(&self) -> Vec<String> {
        let sent = self.script.sent();
        sent.iter()
            .filter_map(|request| parameter(request, "SnapshotId"))
            .collect()
    }
}

/// Deletes the image `m-1` over these answers; `None` is an answer that is lost.
async fn delete<'a>(answers: impl IntoIterator<Item = Option<(u16, &'a str)>>) -> Deleted {
    let script = Arc::new(Scripted::default());
    for answer in answers {
        match answer {
            Some((status, body)) => {
                let answer = cloud_import_core::http::Response::builder().status(status);
                script.push(Ok(answer.body(body.to_owned().into()).unwrap()));
            }
            None => script.fail(TransportErrorKind::Broken),
        }
    }
    let clock = Arc::new(Frozen::at("2025-01-02T03:04:05Z", "nonce"));
    let builder = super::builder(&script).env(Arc::clone(&clock) as _);
    let importer = Importer::new(builder.build().unwrap());
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "m-1");
    assert_eq!(image.provider, Provider::ALIYUN);
    Deleted {
        outcome: importer.delete(&image).await,
        script,
        clock,
    }
}

#[tokio::test]
async fn the_snapshots_go_after_the_image_and_nothing_by_force() {
    let deleted = delete([
        Some((200, SHOWN)),
        Some((200, DONE)),
        Some((200, DONE)),
        Some((200, DONE)),
    ])
    .await;
    deleted.outcome.as_ref().unwrap();
    assert_eq!(
        called(&deleted.script),
        ["DescribeImages", "DeleteImage", "DeleteSnapshot", "DeleteSnapshot"]
    );
    assert_eq!(deleted.snapshots(), ["s-1", "s-2"]);
    let sent = deleted.script.sent();
    assert_eq!(parameter(&sent[0], "ImageId").as_deref(), Some("m-1"));
    assert!(parameter(&sent[0], "Status").unwrap().contains("CreateFailed"));
    assert_eq!(parameter(&sent[1], "ImageId").as_deref(), Some("m-1"));
    for request in &sent {
        assert_eq!(parameter(request, "Force"), None);
        assert_eq!(parameter(request, "RegionId").as_deref(), Some("cn-hangzhou"));
    }
    assert!(deleted.clock.slept().is_zero());
}

#[tokio::test]
async fn an_image_that_stays_keeps_its_snapshots() {
    for (status, code, kind) in [
        (403, "ImageIsImporting", ErrorKind::Conflict),
        (403, "Forbidden.RAM", ErrorKind::PermissionDenied),
    ] {
        let refusal = format!(r#"{{"RequestId":"r","Code":"{code}","Message":"no"}}"#);
        let deleted = delete([Some((200, SHOWN)), Some((status, refusal.as_str()))]).await;
        let error = deleted.outcome.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert!(!error.may_have_executed() && deleted.snapshots().is_empty());
    }
}

#[tokio::test]
async fn an_image_that_cannot_be_looked_at_is_not_deleted() {
    for answer in [None, Some((403, r#"{"Code":"Forbidden.RAM","Message":"no"}"#))] {
        let deleted = delete([answer]).await;
        assert!(!deleted.outcome.as_ref().unwrap_err().may_have_executed());
        assert_eq!(called(&deleted.script), ["DescribeImages"]);
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_is_not_found() {
    let deleted = delete([Some((200, r#"{"Images":{"Image":[]}}"#)), Some((404, GONE))]).await;
    let error = deleted.outcome.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::NotFound, false));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_snapshots_named() {
    let deleted = delete([Some((200, SHOWN)), None]).await;
    let error = deleted.outcome.unwrap_err();
    assert!(error.may_have_executed());
    assert!(
        error.remedy().unwrap().to_string().contains("s-1, s-2"),
        "{:?}",
        error.remedy()
    );
    // Nothing to name, nothing said.
    let deleted = delete([Some((200, r#"{"Images":{"Image":[]}}"#)), None]).await;
    let error = deleted.outcome.unwrap_err();
    assert!(
        !error
            .remedy()
            .is_some_and(|remedy| remedy.to_string().contains("snapshots"))
    );
}

#[tokio::test]
async fn a_snapshot_that_is_not_free_yet_is_tried_again() {
    let busy = r#"{"Code":"ServiceUnavailable","Message":"later"}"#;
    let gone = r#"{"Code":"InvalidSnapshotId.NotFound","Message":"no snapshot"}"#;
    let deleted = delete([
        Some((200, SHOWN)),
        Some((200, DONE)),
        Some((403, IN_USE)),
        Some((200, DONE)),
        Some((503, busy)),
        None,
        // The lost attempt was executed.
        Some((404, gone)),
    ])
    .await;
    deleted.outcome.as_ref().unwrap();
    assert_eq!(deleted.snapshots(), ["s-1", "s-2", "s-1", "s-1", "s-1"]);
    assert_eq!(deleted.clock.slept().as_secs(), 15);
}

#[tokio::test]
async fn a_snapshot_that_stays_is_named() {
    let never = std::iter::repeat_n(Some((403, IN_USE)), 100);
    let answers = [Some((200, SHOWN)), Some((200, DONE)), Some((200, DONE))];
    // The first goes; the second is refused for ever.
    let deleted = delete(answers.into_iter().chain(never)).await;
    let error = deleted.outcome.as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.operation(), error.http_status()),
        (
            ErrorKind::Conflict,
            Some("SnapshotCreatedImage"),
            Some("DeleteSnapshot"),
            Some(403)
        )
    );
    assert!(error.may_have_executed());
    assert_eq!(error.request_id(), Some("r9"));
    assert!(
        error.message().contains("m-1 is deleted")
            && error.message().contains(": s-2; an image uses it")
            && !error.message().contains("s-1"),
        "{error}"
    );
    assert_eq!(deleted.clock.slept().as_secs(), 120);
    assert!(deleted.snapshots().len() < 30, "{:?}", deleted.snapshots());
}

#[tokio::test]
async fn a_final_refusal_is_not_repeated_and_stops_no_other() {
    let denied = r#"{"Code":"Forbidden.RAM","Message":"ecs:DeleteSnapshot"}"#;
    let deleted = delete([
        Some((200, SHOWN)),
        Some((200, DONE)),
        Some((403, denied)),
        Some((200, DONE)),
    ])
    .await;
    let error = deleted.outcome.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains(": s-1;"), "{error}");
    assert_eq!(deleted.snapshots(), ["s-1", "s-2"]);
    assert!(deleted.clock.slept().is_zero());
}
