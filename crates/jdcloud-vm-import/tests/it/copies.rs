//! Copies: what an order becomes, what is followed, and what is said of one that cannot be.

use std::sync::Arc;

use cloud_import_core::{
    ErrorKind, ImageImporter as _, ImageSource, ImportRequest, Provider, TaskState,
    http::Response,
    testing::{Scripted, render},
    transport::TransportErrorKind,
};
use insta::assert_snapshot;
use jdcloud_vm_import::Importer;
use serde_json::{Value, json};

const ORDERED: &str = r#"{"requestId":"r","result":{"copyImages":[
    {"sourceImageId":"img-7","destinationImageId":"img-8"},
    {"sourceImageId":"img-1","destinationImageId":"img-2"}]}}"#;

fn order() -> ImportRequest {
    ImportRequest::copy_of(ImageSource::new("cn-east-2", "img-1"), "web-1").description("a web server")
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn listed(images: &Value, total: usize) -> String {
    json!({"requestId": "r", "result": {"images": images, "totalCount": total}}).to_string()
}

fn image(id: &str, description: &str) -> Value {
    json!({"imageId": id, "name": "web-1", "desc": description, "status": "pending", "progress": "80"})
}

#[tokio::test]
async fn it_is_ordered_where_the_image_is_and_followed_where_it_goes() {
    let pending = listed(&json!([image("img-2", "")]), 1);
    let (importer, script) = importer([(200, ORDERED), (200, pending.as_str())]);
    let prepared = importer.prepare(&order()).unwrap();
    let mut task = importer.submit(prepared).await.unwrap();
    assert_eq!(
        (task.task_id.as_deref(), task.image_id.as_deref()),
        (None, Some("img-2"))
    );
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("pending", Some(80))
    );
    assert_snapshot!(render(&script.sent()[0]));
    let asked = script.sent()[1].uri().to_string();
    assert!(asked.contains("/regions/cn-north-1/images?"), "{asked}");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_settled_by_the_mark_alone() {
    let (importer, script) = importer([]);
    let prepared = importer.prepare(&order()).unwrap();
    let mark = format!("a web server [{}]", prepared.task().marker.clone().unwrap());
    script.fail(TransportErrorKind::Broken);
    let others = [image("img-7", "a web server"), image("img-8", "")];
    let with_it = [image("img-7", "a web server"), image("img-9", &mark)];
    for answer in [listed(&json!(others), 2), listed(&json!(with_it), 2)] {
        script.push(Ok(Response::new(answer.into())));
    }
    let task = importer.submit(prepared).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("img-9"));
    assert_eq!(script.sent().len(), 3);
}

#[tokio::test]
async fn an_answer_without_the_image_is_looked_up() {
    let (importer, script) = importer([(
        200,
        r#"{"requestId":"r","result":{"copyImages":[{"sourceImageId":"img-7","destinationImageId":"img-8"}]}}"#,
    )]);
    let prepared = importer.prepare(&order()).unwrap();
    let mark = format!("[{}]", prepared.task().marker.clone().unwrap());
    script.push(Ok(Response::new(listed(&json!([image("img-9", &mark)]), 1).into())));
    let task = importer.submit(prepared).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("img-9"));
}

#[tokio::test]
async fn a_list_of_images_that_does_not_end_is_no_answer() {
    let endless: Vec<Value> = (0..100).map(|number| image(&format!("img-{number}"), "")).collect();
    let endless = listed(&json!(endless), 1_000_000);
    let (importer, script) = importer([]);
    for _ in 0..30 {
        script.push(Ok(Response::new(endless.clone().into())));
    }
    let task = importer.prepare(&order()).unwrap().into_task();
    let error = importer.lookup(&task).await.unwrap_err();
    assert!(
        error.message().contains("20 pages"),
        "not found is another thing: {error}"
    );
}

#[tokio::test]
async fn what_is_busy_is_a_conflict_and_was_not_executed() {
    let busy = r#"{"requestId":"r","error":{"code":400,"status":"FAILED_PRECONDITION","message":"Conflict with underlay image task '7'"}}"#;
    let (importer, script) = importer([(400, busy)]);
    let error = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Conflict, false));
    assert!(error.to_string().contains("underlay image task '7'"), "{error}");
    assert_eq!(script.sent().len(), 1);
}

#[test]
fn what_a_copy_cannot_be_told_is_said() {
    let (importer, _) = importer([]);
    let fields = |order: &ImportRequest| -> Vec<String> {
        let problems = importer.validate(order);
        assert!(
            problems
                .iter()
                .all(|problem| problem.is_error() && problem.remedy.is_some()),
            "{problems:?}"
        );
        problems.iter().map(|problem| problem.field.to_string()).collect()
    };
    let order = order().description("x".repeat(234));
    assert_eq!(fields(&order), [""; 0]);
    assert_eq!(fields(&order.clone().description("x".repeat(235))), ["description"]);
    let told = order.vendor(Provider::JDCLOUD, &json!({"platform": "CentOS", "osVersion": "7.9"}));
    assert_eq!(fields(&told.unwrap()), ["vendor.platform", "vendor.osVersion"]);
}
