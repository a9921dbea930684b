//! What starts, polls, lost answers and lookups lead to.

use std::sync::Arc;

use cloud_import_core::{
    CancelOutcome, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, Os, Sighting, TaskState,
    WaitOptions, http::Response, testing::Scripted, transport::TransportErrorKind, wait,
};
use serde_json::json;
use ucloud_uhost_import::Importer;

use super::parameter;

const LINK: &str = "https://b.cn-bj.ufileos.com/web.qcow2?UCloudPublicKey=pk&Expires=1&Signature=s1gn";
const STARTED: &str = r#"{"RetCode":0,"Action":"ImportCustomImageResponse","ImageId":"uimage-1"}"#;
const NONE: &str = r#"{"RetCode":0,"Action":"DescribeImageResponse","TotalCount":0,"ImageSet":[]}"#;
const NO_SUCH: &str = r#"{"RetCode":8956,"Action":"DescribeImageResponse","Message":"not a custom image"}"#;

pub(crate) fn order() -> ImportRequest {
    ImportRequest::new("web", Disk::url(LINK).format(DiskFormat::Qcow2)).os(Os::new("CentOS", "7.9"))
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn image(id: &str, name: &str, description: &str, created: i64) -> serde_json::Value {
    json!({"ImageId": id, "ImageName": name, "ImageDescription": description, "State": "Making", "CreateTime": created})
}

fn page(images: &[serde_json::Value], total: usize) -> String {
    json!({"RetCode": 0, "TotalCount": total, "ImageSet": images}).to_string()
}

fn in_state(state: &str) -> String {
    json!({"RetCode": 0, "TotalCount": 1, "ImageSet": [{"ImageId": "uimage-1", "ImageName": "web", "State": state}]})
        .to_string()
}

#[tokio::test]
async fn a_start_fills_in_the_image_and_hides_the_link() {
    let (importer, script) = importer([(200, STARTED)]);
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(
        (task.image_id.as_deref(), task.task_id.as_deref()),
        (Some("uimage-1"), None)
    );
    assert_eq!(task.project.as_deref(), Some("org-1"));
    let stored = serde_json::to_string(&task).unwrap();
    assert!(!stored.contains("s1gn") && stored.contains("web.qcow2"), "{stored}");
    let sent = &script.sent()[0];
    assert_eq!(parameter(sent, "UFileUrl").as_deref(), Some(LINK));
    let marker = task.marker.unwrap();
    assert_eq!(parameter(sent, "ImageDescription"), Some(format!("[{marker}]")));
}

#[tokio::test]
async fn what_is_refused_is_not_looked_up() {
    let (importer, script) = importer([(200, r#"{"RetCode":8300,"Message":"not authorized"}"#)]);
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::PermissionDenied, Some("8300"))
    );
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_name_and_mark_on_any_page() {
    let (importer, script) = importer([]);
    let marker = importer.prepare(&order()).unwrap().into_task().marker.unwrap();
    let mark = format!("text [{marker}]");
    script.fail(TransportErrorKind::Broken);
    // One lookup that fails, one that finds nothing, and one that finds it behind others of that name or that mark.
    script.fail(TransportErrorKind::Timeout);
    let others = [
        image("uimage-7", "web", "[ci-0123456789abcdef]", 9),
        image("uimage-8", "web", "", 9),
        image("uimage-9", "web2", &mark, 9),
    ];
    let older = image("uimage-2", "web", &mark, 1);
    let newer = image("uimage-3", "web", &mark, 2);
    for answer in [page(&others, 3), page(&others, 5), page(&[newer, older], 5)] {
        script.push(Ok(Response::new(answer.into())));
    }
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("uimage-3"));
    assert!(task.first_seen_at.is_some());
    let sent = script.sent();
    let named = |name| -> Vec<_> {
        sent.iter()
            .map(|sent| parameter(sent, name).unwrap_or_default())
            .collect()
    };
    assert_eq!(
        named("Action"),
        [
            "ImportCustomImage",
            "DescribeImage",
            "DescribeImage",
            "DescribeImage",
            "DescribeImage"
        ]
    );
    assert_eq!(named("Offset"), ["", "0", "0", "0", "3"]);
    assert_eq!(named("ImageType")[1], "Custom");
}

#[tokio::test]
async fn a_lost_start_that_is_not_found_ends_as_unknown_and_is_never_sent_again() {
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Broken);
    for _ in 0..150 {
        script.push(Ok(Response::new(NONE.into())));
    }
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.remedy().unwrap().to_string().contains("console"), "{error}");
    let starts = script
        .sent()
        .iter()
        .filter(|sent| parameter(sent, "Action").as_deref() == Some("ImportCustomImage"))
        .count();
    assert_eq!(starts, 1);
}

#[tokio::test]
async fn a_search_ends_even_if_the_pages_do_not() {
    let endless = page(&[image("uimage-7", "web", "", 1)], 1_000_000);
    let (importer, script) = importer([]);
    for _ in 0..150 {
        script.push(Ok(Response::new(endless.clone().into())));
    }
    let task = importer.prepare(&order()).unwrap().into_task();
    let error = importer.lookup(&task).await.unwrap_err();
    assert!(
        error.message().contains("100 pages"),
        "not found is another thing: {error}"
    );
    assert_eq!(script.sent().len(), 100);
}

#[tokio::test]
async fn an_answer_without_image_id_is_followed_by_the_mark() {
    let (importer, script) = importer([(200, r#"{"RetCode":0,"Action":"ImportCustomImageResponse"}"#)]);
    let mut task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(task.image_id, None);
    let mark = format!("[{}]", task.marker.clone().unwrap());
    script.push(Ok(Response::new(NONE.into())));
    script.push(Ok(Response::new(page(&[image("uimage-5", "web", &mark, 1)], 1).into())));
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("not listed yet", None)
    );
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("Making", None)
    );
    assert_eq!(task.image_id.as_deref(), Some("uimage-5"));
}

#[tokio::test]
async fn polls_lead_to_verdicts() {
    for (raw, expected) in [
        ("Making", "InProgress { percent: None, raw: \"Making\" }"),
        ("Copying", "InProgress { percent: None, raw: \"Copying\" }"),
        ("Hibernating", "InProgress { percent: None, raw: \"Hibernating\" }"),
        ("Available", "id: \"uimage-1\""),
        ("Unavailable", "Failed(Failure { code: None, reason: \"Unavailable\""),
    ] {
        let answer = in_state(raw);
        let (importer, script) = importer([(200, STARTED), (200, answer.as_str())]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{state}");
        assert!(task.first_seen_at.is_some());
        assert_eq!(parameter(&script.sent()[1], "ImageId").as_deref(), Some("uimage-1"));
    }
}

#[tokio::test]
async fn a_failure_names_the_documented_causes_as_such() {
    let answer = in_state("Unavailable");
    let (importer, _) = importer([(200, STARTED), (200, answer.as_str())]);
    let mut task = super::submit(&importer, &order()).await.unwrap();
    let error = wait(&importer, &mut task, &WaitOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    let remedy = error.remedy().unwrap().to_string();
    assert!(remedy.contains("GPT") && remedy.contains("not a verdict"), "{remedy}");
}

#[tokio::test]
async fn a_failed_poll_is_an_error_and_not_a_failed_import() {
    for (status, answer) in [
        (200, ""),
        (200, "<html></html>"),
        (200, r#"{"RetCode":0,"ImageSet":[{"ImageI"#),
        (502, "bad gateway"),
        (200, r#"{"RetCode":"150","Message":"later"}"#),
    ] {
        let (importer, _) = importer([(200, STARTED), (status, answer)]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        let error = importer.poll(&mut task).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn not_listed_yet_is_in_progress_and_gone_is_failed() {
    let making = in_state("Making");
    for nothing in [NONE, NO_SUCH] {
        let (importer, _) = importer([(200, STARTED), (200, nothing), (200, making.as_str()), (200, nothing)]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        assert_eq!(
            importer.poll(&mut task).await.unwrap(),
            TaskState::in_progress("not listed yet", None)
        );
        importer.poll(&mut task).await.unwrap();
        assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
    }
}

#[tokio::test]
async fn only_a_complete_list_shows_that_an_order_is_not_there() {
    let other = page(&[image("uimage-9", "db", "", 1)], 1);
    let cut = page(&[image("uimage-9", "db", "", 1)], 2);
    for (answers, expected) in [
        (vec![NONE], Sighting::NotListed),
        (
            vec![r#"{"RetCode":0,"TotalCount":0,"ImageSet":null}"#],
            Sighting::NotListed,
        ),
        (vec![r#"{"RetCode":0,"TotalCount":0}"#], Sighting::NotListed),
        (vec![&other], Sighting::NotListed),
        (vec![r#"{"RetCode":0}"#], Sighting::Unclear),
        (vec![r#"{"RetCode":0,"TotalCount":2}"#], Sighting::Unclear),
        (vec![&cut, NONE], Sighting::Unclear),
        // A list that is refused so is not an empty one.
        (vec![NO_SUCH], Sighting::Unclear),
    ] {
        let (importer, _) = importer(answers.iter().map(|answer| (200, *answer)));
        let task = importer.prepare(&order()).unwrap().into_task();
        assert_eq!(importer.sight(&task).await.unwrap(), expected, "{answers:?}");
    }
}

#[tokio::test]
async fn the_orders_project_counts_to_the_end() {
    let available = in_state("Available");
    let (importer, script) = importer([(200, STARTED), (200, available.as_str()), (200, r#"{"RetCode":0}"#)]);
    let mut task = super::submit(&importer, &order().project("org-2")).await.unwrap();
    let image = wait(&importer, &mut task, &WaitOptions::default()).await.unwrap();
    importer.delete(&image).await.unwrap();
    let sent = script.sent();
    for request in &sent {
        assert_eq!(parameter(request, "ProjectId").as_deref(), Some("org-2"));
    }
    let last = sent.last().unwrap();
    assert_eq!(parameter(last, "Action").as_deref(), Some("TerminateCustomImage"));
    assert_eq!(parameter(last, "ImageId").as_deref(), Some("uimage-1"));
}

#[tokio::test]
async fn cancel_says_that_it_cannot() {
    let (importer, script) = importer([(200, STARTED)]);
    let task = super::submit(&importer, &order()).await.unwrap();
    assert!(matches!(
        importer.cancel(&task).await.unwrap(),
        CancelOutcome::Unsupported(_)
    ));
    assert_eq!(script.sent().len(), 1);
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
