//! What an order becomes, and what polls, lost answers and lookups lead to.

use std::sync::Arc;

use cloud_import_core::{
    CancelOutcome, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, Os, TaskState, build,
    testing::Scripted, transport::TransportErrorKind,
};
use jdcloud_vm_import::{Importer, Options};

const LINK: &str = "https://b.s3-internal.cn-north-1.jdcloud-oss.com/web.qcow2?X-Amz-Signature=s1gn";
const STARTED: &str = r#"{"requestId":"r","result":{"imageId":"img-1","taskId":"7094"}}"#;

pub(crate) fn order() -> ImportRequest {
    ImportRequest::new("web", Disk::url(LINK).format(DiskFormat::Qcow2).size_gib(40)).os(Os::new("CentOS", "7.9"))
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn tasks(fields: &str) -> String {
    format!(
        r#"{{"requestId":"r","result":{{"taskSet":[{{"taskId":"7094","imageId":"img-1","imageName":"web",{fields}}}],"totalCount":1}}}}"#
    )
}

#[tokio::test]
async fn a_start_fills_in_the_ids_and_hides_the_link() {
    let (importer, script) = importer([(200, STARTED)]);
    let task = importer.start(&order()).await.unwrap();
    assert_eq!(
        (task.task_id.as_deref(), task.image_id.as_deref()),
        (Some("7094"), Some("img-1"))
    );
    let stored = serde_json::to_string(&task).unwrap();
    assert!(!stored.contains("s1gn") && stored.contains("web.qcow2"), "{stored}");
    let sent: serde_json::Value = serde_json::from_slice(script.sent()[0].body()).unwrap();
    assert_eq!(sent["imageUrl"], LINK);
    assert_eq!(sent["clientToken"], task.token.clone().unwrap());
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_token() {
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Broken);
    script.fail(TransportErrorKind::Timeout);
    script.push(Ok(cloud_import_core::http::Response::new(STARTED.into())));
    let task = importer.start(&order()).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("img-1"));
    let tokens: Vec<_> = script
        .sent()
        .iter()
        .map(|request| serde_json::from_slice::<serde_json::Value>(request.body()).unwrap()["clientToken"].clone())
        .collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| token == &tokens[0]), "{tokens:?}");
}

#[tokio::test]
async fn a_start_that_is_never_answered_ends_as_unknown() {
    let (importer, script) = importer([]);
    for _ in 0..100 {
        script.fail(TransportErrorKind::Broken);
    }
    let error = importer.start(&order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.remedy().unwrap().to_string().contains("console"), "{error}");
}

#[tokio::test]
async fn polls_lead_to_verdicts() {
    let cases = [
        (
            r#""taskStatus":"running","progress":45"#,
            "InProgress { percent: Some(45), raw: \"running\" }",
        ),
        (
            r#""taskStatus":"hibernating""#,
            "InProgress { percent: None, raw: \"hibernating\" }",
        ),
        (r#""taskStatus":"finished","progress":100"#, "img-1"),
        (
            r#""taskStatus":"failed","message":"ImportImage","errorInfo":"not MBR""#,
            "not MBR; ImportImage",
        ),
    ];
    for (fields, expected) in cases {
        let answer = tasks(fields);
        let (importer, _) = importer([(200, STARTED), (200, answer.as_str())]);
        let mut task = importer.start(&order()).await.unwrap();
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{state}");
        assert!(task.first_seen_at.is_some());
    }
}

#[tokio::test]
async fn not_listed_yet_is_in_progress_and_gone_is_failed() {
    let none = r#"{"requestId":"r","result":{"taskSet":[],"totalCount":0}}"#;
    let running = tasks(r#""taskStatus":"running""#);
    let (importer, _) = importer([(200, STARTED), (200, none), (200, running.as_str()), (200, none)]);
    let mut task = importer.start(&order()).await.unwrap();
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("not listed yet", None)
    );
    importer.poll(&mut task).await.unwrap();
    assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
}

#[tokio::test]
async fn lookup_finds_the_task_by_name_and_source() {
    let here = tasks(
        r#""taskStatus":"running","imageUrl":"https://b.s3-internal.cn-north-1.jdcloud-oss.com/web.qcow2?X-Amz-Signature=other""#,
    );
    let elsewhere =
        tasks(r#""taskStatus":"running","imageUrl":"https://b.s3-internal.cn-north-1.jdcloud-oss.com/other.qcow2""#);
    let (importer, _) = importer([(200, here.as_str()), (200, elsewhere.as_str())]);
    let task = importer.prepare(&order()).unwrap().into_task();
    assert_eq!(
        importer.lookup(&task).await.unwrap().unwrap().task_id.as_deref(),
        Some("7094")
    );
    assert_eq!(importer.lookup(&task).await.unwrap(), None);
}

#[tokio::test]
async fn cancel_says_that_it_cannot() {
    let (importer, script) = importer([(200, STARTED)]);
    let task = importer.start(&order()).await.unwrap();
    assert!(matches!(
        importer.cancel(&task).await.unwrap(),
        CancelOutcome::Unsupported(_)
    ));
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn every_problem_is_named_at_once_before_anything_is_sent() {
    let order = {
        let mut it = ImportRequest::data_image("", Disk::object("b", "k").size_gib(45)).tag("k", "v");
        it.name = "x".repeat(33);
        it.dry_run = true;
        it
    };
    let (importer, script) = importer([]);
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    for field in ["name", "kind", "disks[0].source", "disks[0].format", "tags", "dry_run"] {
        let found = error
            .problems()
            .iter()
            .find(|problem| problem.field == field && problem.is_error());
        assert!(
            found.is_some_and(|problem| problem.remedy.is_some()),
            "{field}: {error}"
        );
    }
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn vendor_options_are_parsed_strictly_and_used() {
    let options = build!(Options {
        platform: Some("Ubuntu".into()),
    });
    let (importer, _) = importer([]);
    let request = importer
        .request(&order().vendor(cloud_import_core::Provider::JDCLOUD, &options).unwrap())
        .unwrap();
    assert_eq!(request.platform.unwrap().as_str(), "Ubuntu");
    let unknown = order()
        .vendor(
            cloud_import_core::Provider::JDCLOUD,
            &serde_json::json!({"plattform": "x"}),
        )
        .unwrap();
    assert!(
        importer
            .validate(&unknown)
            .iter()
            .any(|problem| problem.rule.to_string().contains("plattform"))
    );
}

#[tokio::test]
async fn a_format_that_the_vendor_has_no_word_for_is_not_sent_even_unvalidated() {
    let (importer, script) = importer([(200, STARTED)]);
    let mut order = order().no_validate(true);
    order.disks[0].format = Some(DiskFormat::Vdi);
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("disk format `vdi`"), "{error}");
    assert!(script.sent().is_empty());
}
