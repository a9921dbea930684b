//! The project: named, found through IAM once, or neither.

use std::sync::Arc;

use cloud_import_core::{
    Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, Os, testing::Scripted,
    transport::TransportErrorKind,
};
use huawei_ims_import::{ClientOptions, Importer};

const ONE: &str = r#"{"links":{},"projects":[{"id":"p-1","name":"cn-north-4"}]}"#;
const STARTED: &str = r#"{"job_id":"j-1"}"#;

fn order() -> ImportRequest {
    let disk = Disk::object("images", "web.zvhd2")
        .format(DiskFormat::Zvhd2)
        .size_gib(40);
    ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"))
}

fn header<'a>(request: &'a cloud_import_core::http::Request<cloud_import_core::Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

#[tokio::test]
async fn a_named_project_is_not_looked_for() {
    let script = Arc::new(Scripted::default());
    assert_eq!(super::client(&script).project_id().await.unwrap(), super::PROJECT);
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn it_is_found_once_for_all_clones_and_then_named() {
    let script = Arc::new(Scripted::new([(200, ONE), (200, STARTED), (200, "{}")]));
    let client = super::builder(&script).build().unwrap();
    let importer = Importer::new(client.clone());
    let mut task = super::submit(&importer, &order()).await.unwrap();
    importer.poll(&mut task).await.unwrap();
    assert_eq!(client.project_id().await.unwrap(), "p-1");

    let sent = script.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(
        sent[0].uri(),
        "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4"
    );
    assert_eq!(header(&sent[0], "x-project-id"), None);
    for request in &sent[1..] {
        assert_eq!(header(request, "x-project-id"), Some("p-1"));
        assert!(header(request, "authorization").unwrap().contains(";x-project-id;"));
    }
    assert_eq!(task.project.as_deref(), Some("p-1"));
}

#[tokio::test]
async fn a_task_is_polled_in_its_own_project() {
    let script = Arc::new(Scripted::new([(200, r#"{"status":"RUNNING"}"#)]));
    let of_no_project = super::builder(&script).build().unwrap();
    let mut task = Importer::new(of_no_project.clone())
        .prepare(&order())
        .unwrap()
        .into_task();
    task.task_id = Some("j-1".into());
    task.project = Some("p-2".into());
    Importer::new(of_no_project).poll(&mut task).await.unwrap();
    assert_eq!(header(&script.sent()[0], "x-project-id"), Some("p-2"));
    // One that names another project is not asked after it.
    let error = Importer::new(super::client(&script)).poll(&mut task).await.unwrap_err();
    assert!(error.message().contains("project p-2"), "{error}");
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn none_and_several_are_errors_that_name_the_way_out() {
    let two = r#"{"projects":[{"id":"p-1"},{"id":"p-2"}]}"#;
    for (answer, kind, words) in [
        (
            r#"{"projects":[]}"#,
            ErrorKind::NotFound,
            "no project named `cn-north-4`",
        ),
        (two, ErrorKind::InvalidRequest, "more than one project"),
    ] {
        let script = Arc::new(Scripted::new([(200, answer)]));
        let importer = Importer::new(super::builder(&script).build().unwrap());
        let error = super::submit(&importer, &order()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(words), "{error}");
        assert!(
            error
                .remedy()
                .unwrap()
                .to_string()
                .contains("HUAWEICLOUD_SDK_PROJECT_ID"),
            "{error:?}"
        );
        assert_eq!(script.sent().len(), 1, "nothing is started");
    }
}

/// The import was not sent: its outcome is known, and nothing is looked for.
#[tokio::test]
async fn a_lost_answer_of_iam_is_no_lost_start_and_is_not_kept() {
    let script = Arc::new(Scripted::default());
    script.fail(TransportErrorKind::Broken);
    script.push(Ok(cloud_import_core::http::Response::new(ONE.into())));
    script.push(Ok(cloud_import_core::http::Response::new(STARTED.into())));
    let importer = Importer::new(super::builder(&script).build().unwrap());
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Transport, false));
    assert_eq!(script.sent().len(), 1);
    super::submit(&importer, &order()).await.unwrap();
}

#[tokio::test]
async fn iam_can_be_elsewhere_and_must_be_known() {
    let script = Arc::new(Scripted::new([(200, ONE)]));
    let builder = || super::builder(&script).endpoint("https://images.example.com".parse().unwrap());
    let error = builder().build().unwrap().project_id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.remedy().unwrap().to_string(), "Set `project`.");
    assert!(script.sent().is_empty());
    let options = ClientOptions::default().iam_endpoint("https://identity.example.com".parse().unwrap());
    let client = builder().options(options).build().unwrap();
    assert_eq!(client.project_id().await.unwrap(), "p-1");
    assert_eq!(script.sent()[0].uri().host(), Some("identity.example.com"));
}
