//! What the order of a copy becomes, where it is sent, and what is made of the answers.

use std::sync::Arc;

use cloud_import_core::{
    Check, CheckOutcome, Encryption, ErrorKind, Field, ImageImporter as _, ImageSource, ImportRequest, Provider,
    Subject, TaskState, build,
    testing::{Scripted, render},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use tencent_cvm_import::{Importer, Options};

const NONE: &str = r#"{"Response":{"ImageSet":[],"TotalCount":0,"RequestId":"r"}}"#;

/// A copy into the tests' region.
fn order() -> ImportRequest {
    ImportRequest::copy_of(ImageSource::new("ap-nanjing", "img-0"), "web")
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn copied(copies: &Value) -> String {
    json!({"Response": {"ImageSet": copies, "RequestId": "r"}}).to_string()
}

fn listed(state: &str, percent: i64) -> String {
    listed_of("2025-01-02T03:04:06Z", state, percent)
}

fn listed_of(created: &str, state: &str, percent: i64) -> String {
    let image = json!({
        "ImageId": "img-1", "ImageName": "web", "ImageDescription": "of the first", "ImageState": state,
        "ImageSource": "EXTERNAL_IMPORT", "CreatedTime": created, "SyncPercent": percent,
    });
    json!({"Response": {"ImageSet": [image], "TotalCount": 1, "RequestId": "r"}}).to_string()
}

fn actions(script: &Scripted) -> Vec<String> {
    let sent = script.sent();
    let action = |name: &str, index: usize| sent[index].headers()[name].to_str().unwrap().to_owned();
    (0..sent.len())
        .map(|index| format!("{} {}", action("x-tc-region", index), action("x-tc-action", index)))
        .collect()
}

#[tokio::test]
async fn a_copy_is_ordered_where_its_image_is() {
    let answer = copied(&json!([
        {"ImageId": "img-9", "Region": "ap-tokyo"},
        {"ImageId": "img-1", "Region": "ap-guangzhou"},
    ]));
    let (importer, script) = importer([(200, NONE), (200, answer.as_str())]);
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!((task.task_id, task.image_id.as_deref()), (None, Some("img-1")));
    assert_eq!(
        (task.source.as_str(), task.marker, task.token),
        ("image,ap-nanjing,img-0", None, None)
    );
    assert_eq!(
        actions(&script),
        ["ap-guangzhou DescribeImages", "ap-nanjing SyncImages"]
    );
    assert_snapshot!(render(&script.sent()[1]));
}

#[tokio::test]
async fn a_copy_within_its_region_is_encrypted() {
    let order = ImportRequest::copy_of(ImageSource::new("ap-guangzhou", "img-0"), "web")
        .encryption(Encryption::Key("1a2b3c4d-0000-4000-8000-123456789abc".into()))
        .dry_run(true);
    let (importer, script) = importer([
        (200, NONE),
        (
            200,
            r#"{"Response":{"Error":{"Code":"DryRunOperation","Message":"ok"},"RequestId":"r"}}"#,
        ),
    ]);
    assert_eq!(importer.validate(&order), []);
    super::submit(&importer, &order).await.unwrap();
    assert_snapshot!(render(&script.sent()[1]));
}

/// Whether the answer always has the ids is nowhere said.
#[tokio::test]
async fn without_an_id_the_copy_is_found_by_its_name() {
    for copies in [
        json!([]),
        json!(null),
        json!([{"ImageId": "img-9", "Region": "ap-tokyo"}]),
    ] {
        let (started, running) = (copied(&copies), listed("SYNCING", 40));
        let (importer, _) = importer([(200, NONE), (200, started.as_str()), (200, running.as_str())]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        assert_eq!(task.image_id, None, "{copies}");
        let state = importer.poll(&mut task).await.unwrap();
        assert_eq!(state, TaskState::in_progress("SYNCING", Some(40)));
        assert_eq!(task.image_id.as_deref(), Some("img-1"));
    }
}

/// The name alone tells whose it is: what was there long before the order is another's, and what may come of clocks that are apart is not.
#[tokio::test]
async fn an_image_of_the_name_that_is_older_than_the_order_is_not_the_copy() {
    for (created, id) in [
        ("2025-01-02T03:02:05Z", None),
        ("2025-01-02T03:03:35Z", Some("img-1")),
        ("2025-01-02T03:04:05Z", Some("img-1")),
    ] {
        let (started, there) = (copied(&json!([])), listed_of(created, "NORMAL", 100));
        let (importer, _) = importer([(200, NONE), (200, started.as_str()), (200, there.as_str())]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        let state = importer.poll(&mut task).await.unwrap();
        assert_eq!(task.image_id.as_deref(), id, "{created}: {state:?}");
    }
}

/// The progress is that of copies: what an import shows there is not its own.
#[tokio::test]
async fn only_a_copy_shows_how_far_it_is() {
    let started = copied(&json!([{"ImageId": "img-1", "Region": "ap-guangzhou"}]));
    for (state, percent, expected) in [
        ("SYNCING", 40, TaskState::in_progress("SYNCING", Some(40))),
        ("SYNCING", -1, TaskState::in_progress("SYNCING", None)),
        ("IMPORTING", 40, TaskState::in_progress("IMPORTING", None)),
    ] {
        let answer = listed(state, percent);
        let (importer, _) = importer([(200, NONE), (200, started.as_str()), (200, answer.as_str())]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        assert_eq!(importer.poll(&mut task).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_before_the_order() {
    let (importer, script) = importer([(200, listed("NORMAL", 0).as_str())]);
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::DuplicateName, false)
    );
    assert_eq!(actions(&script), ["ap-guangzhou DescribeImages"]);
}

#[tokio::test]
async fn an_image_that_is_busy_may_be_copied_later() {
    for code in [
        "FailedOperation.InvalidImageState",
        "InvalidImageId.IncorrectState",
        "InvalidParameterValue.InvalidImageState",
        "MutexOperation.TaskRunning",
    ] {
        let refusal = json!({"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}}).to_string();
        let (importer, script) = importer([(200, NONE), (200, refusal.as_str())]);
        let error = super::submit(&importer, &order()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::Conflict, false),
            "{code}"
        );
        assert_eq!(script.sent().len(), 2);
    }
}

#[test]
fn what_only_an_import_can_be_told_is_refused() {
    let (importer, _) = importer([]);
    let family = build!(Options {
        image_family: Some("web".into()),
    });
    let of_family = order().vendor(Provider::TENCENT, &family).unwrap();
    let problems = importer.validate(&of_family);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].is_error() && problems[0].field == Field::VendorOption("ImageFamily".into()));
    let unknown = order().vendor(Provider::TENCENT, &json!({"Nothing": 1})).unwrap();
    assert_eq!(importer.validate(&unknown).len(), 1);
    assert_eq!(importer.validate(&order()), []);
}

#[tokio::test]
async fn a_look_before_a_copy_asks_the_region_of_its_image() {
    let quota = r#"{"Response":{"ImageNumQuota":100,"RequestId":"r"}}"#;
    let passed = copied(&json!([]));
    let begun = copied(&json!([{"ImageId": "img-1", "Region": "ap-guangzhou"}]));
    for (answer, expected) in [(passed, CheckOutcome::Passed), (begun, CheckOutcome::Warning)] {
        let (importer, script) = importer([(200, quota), (200, NONE), (200, NONE), (200, answer.as_str())]);
        let checks: Vec<Check> = importer.preflight(&order()).await;
        let dry_run = checks.iter().find(|check| check.what == Subject::DryRun).unwrap();
        assert_eq!(dry_run.outcome, expected, "{checks:?}");
        assert_eq!(actions(&script)[3], "ap-nanjing SyncImages");
        let body: Value = serde_json::from_slice(script.sent()[3].body()).unwrap();
        assert_eq!(body["DryRun"], true);
    }
}
