//! Copies: what an order becomes, what is followed, and what is said of one that cannot be.

use std::sync::Arc;

use cloud_import_core::{
    ErrorKind, ImageImporter as _, ImageSource, ImportRequest, Provider, TaskState, build,
    http::Response,
    testing::{Scripted, render},
    transport::TransportErrorKind,
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use ucloud_uhost_import::{Importer, Options};

use super::parameter;

const ORDERED: &str = r#"{"RetCode":0,"Action":"CopyCustomImageResponse","TargetImageId":"uimage-2","TaskId":"t-1"}"#;
const PROJECTS: &str =
    r#"{"RetCode":0,"ProjectSet":[{"ProjectId":"org-8","IsDefault":false},{"ProjectId":"org-9","IsDefault":true}]}"#;

fn order() -> ImportRequest {
    ImportRequest::copy_of(ImageSource::new("hk", "uimage-1"), "web").description("a web server")
}

fn of<'a>(project: Option<&str>, answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    let builder = super::builder("sg", &script);
    let client = match project {
        Some(project) => builder.project(project).build(),
        None => builder.build(),
    };
    (Importer::new(client.unwrap()), script)
}

fn listed(id: &str, description: &str) -> String {
    let image: Value = json!({"ImageId": id, "ImageName": "web", "ImageDescription": description, "State": "Copying"});
    json!({"RetCode": 0, "TotalCount": 1, "ImageSet": [image]}).to_string()
}

#[tokio::test]
async fn it_is_ordered_where_the_image_is_and_followed_where_it_goes() {
    let copying = listed("uimage-2", "");
    let (importer, script) = of(Some("org-1"), [(200, ORDERED), (200, copying.as_str())]);
    let order = {
        let mut order = order().project("org-2");
        let mut image = ImageSource::new("hk", "uimage-1");
        image.project = Some("org-3".to_owned());
        order.disks = ImportRequest::copy_of(image, "web").disks;
        let options = build!(Options {
            tag: Some("web-servers".into())
        });
        order.vendor(Provider::UCLOUD, &options).unwrap()
    };
    assert_eq!(importer.validate(&order), []);
    let prepared = importer.prepare(&order).unwrap();
    let mut task = importer.submit(prepared).await.unwrap();
    assert_eq!(
        (task.task_id.as_deref(), task.image_id.as_deref()),
        (None, Some("uimage-2"))
    );
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("Copying", None)
    );
    let sent = script.sent();
    assert_snapshot!(render(&sent[0]));
    for (name, value) in [("Region", "sg"), ("ProjectId", "org-2"), ("ImageId", "uimage-2")] {
        assert_eq!(parameter(&sent[1], name).as_deref(), Some(value));
    }
}

#[tokio::test]
async fn the_clients_project_is_that_of_image_and_copy() {
    let (importer, script) = of(Some("org-1"), [(200, ORDERED)]);
    let task = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap();
    assert_eq!(task.project.as_deref(), Some("org-1"));
    for name in ["ProjectId", "TargetProjectId"] {
        assert_eq!(parameter(&script.sent()[0], name).as_deref(), Some("org-1"), "{name}");
    }
}

#[tokio::test]
async fn without_a_project_the_default_one_is_named() {
    let (importer, script) = of(None, [(200, PROJECTS), (200, ORDERED)]);
    importer.submit(importer.prepare(&order()).unwrap()).await.unwrap();
    let sent = script.sent();
    assert_eq!(parameter(&sent[0], "Action").as_deref(), Some("GetProjectList"));
    assert_eq!(parameter(&sent[1], "TargetProjectId").as_deref(), Some("org-9"));
    assert_eq!(parameter(&sent[1], "ProjectId"), None);

    let (importer, script) = of(None, [(200, r#"{"RetCode":0,"ProjectSet":[]}"#)]);
    let error = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::InvalidRequest, false)
    );
    assert!(error.remedy().is_some() && script.sent().len() == 1);
}

#[tokio::test]
async fn a_question_for_the_project_that_is_lost_is_no_lost_order() {
    let (importer, script) = of(None, []);
    script.fail(TransportErrorKind::Timeout);
    let error = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Timeout, false));
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn what_may_have_begun_is_settled_by_the_mark_alone() {
    for code in ["8960", "8971"] {
        let failed = format!(r#"{{"RetCode":{code},"Message":"failed"}}"#);
        let (importer, script) = of(Some("org-1"), [(200, failed.as_str())]);
        let prepared = importer.prepare(&order()).unwrap();
        let mark = format!("a web server [{}]", prepared.task().marker.clone().unwrap());
        for answer in [listed("uimage-7", "a web server"), listed("uimage-9", &mark)] {
            script.push(Ok(Response::new(answer.into())));
        }
        let task = importer.submit(prepared).await.unwrap();
        assert_eq!(task.image_id.as_deref(), Some("uimage-9"), "{code}");
    }
}

#[tokio::test]
async fn an_answer_without_an_id_is_followed_by_the_mark() {
    let (importer, script) = of(Some("org-1"), [(200, r#"{"RetCode":0}"#)]);
    let mut task = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap();
    assert_eq!((task.image_id.as_deref(), script.sent().len()), (None, 1));
    let mark = format!("[{}]", task.marker.clone().unwrap());
    script.push(Ok(Response::new(listed("uimage-9", &mark).into())));
    importer.poll(&mut task).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("uimage-9"));
}

#[tokio::test]
async fn an_image_that_is_not_available_yet_is_a_conflict() {
    let (importer, script) = of(Some("org-1"), [(200, r#"{"RetCode":8961,"Message":"not available"}"#)]);
    let error = importer.submit(importer.prepare(&order()).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Conflict, false));
    assert_eq!(script.sent().len(), 1);
}

#[test]
fn what_a_copy_cannot_be_told_is_said() {
    let fields = |order: &ImportRequest| -> Vec<String> {
        let problems = of(Some("org-1"), []).0.validate(order);
        assert!(problems.iter().all(|problem| problem.remedy.is_some()), "{problems:?}");
        problems.iter().map(|problem| problem.field.to_string()).collect()
    };
    assert_eq!(fields(&order().description("x".repeat(233))), [""; 0]);
    assert_eq!(fields(&order().description("x".repeat(234))), ["description"]);
    let empty = order().vendor(Provider::UCLOUD, &json!({"Tag": ""})).unwrap();
    assert_eq!(fields(&empty), ["vendor.Tag"]);
    let here = ImportRequest::copy_of(ImageSource::new("sg", "uimage-1"), "web");
    assert_eq!(fields(&here), ["project"]);
    assert_eq!(fields(&here.project("org-2")), [""; 0]);
    let closed = ImportRequest::copy_of(ImageSource::new("cn-bj2", "uimage-1"), "web");
    assert_eq!(fields(&closed), ["region"]);
}
