//! Lists by page number, with the client's region in the path.

use std::sync::Arc;

use cloud_import_core::{build, testing::Scripted};
use jdcloud_vm_import::types::*;

use super::client;

fn targets(script: &Scripted) -> Vec<String> {
    script.sent().iter().map(|request| request.uri().to_string()).collect()
}

#[tokio::test]
async fn tasks_and_images_are_listed_to_their_ends() {
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"requestId":"r","result":{"totalCount":"2","taskSet":[{"taskId":1}]}}"#,
        ),
        (
            200,
            r#"{"requestId":"r","result":{"totalCount":"2","taskSet":[{"taskId":2}]}}"#,
        ),
        (200, r#"{"requestId":"r","result":{"totalCount":0,"images":[]}}"#),
    ]));
    let mut tasks = client(&script).image_tasks_pages(ImageTasksRequest::default());
    let mut ids = Vec::new();
    while let Some(page) = tasks.next_page().await.unwrap() {
        ids.extend(page.into_iter().filter_map(|task| task.task_id));
    }
    assert_eq!(ids, ["1", "2"]);
    let elsewhere = build!(DescribeImagesRequest {
        region_id: Some("cn-east-2".into())
    });
    assert!(
        client(&script)
            .describe_images_pages(elsewhere)
            .next_page()
            .await
            .unwrap()
            .is_none()
    );
    let base = "https://vm.jdcloud-api.com/v1/regions";
    assert_eq!(
        targets(&script),
        [
            format!("{base}/cn-north-1/imageTasks?pageSize=10"),
            format!("{base}/cn-north-1/imageTasks?pageNumber=2&pageSize=10"),
            format!("{base}/cn-east-2/images?pageSize=100"),
        ]
    );
}
