//! Lists by page number: which pages are asked for, until when, and with which region.

use std::sync::Arc;

use aliyun_ecs_import::types::*;
use cloud_import_core::{build, testing::Scripted};

use super::{client, parameter};

fn pages(script: &Scripted, size: &str) -> Vec<String> {
    let sent = script.sent();
    let number = |request: &_| parameter(request, "PageNumber").unwrap_or_default();
    for request in &sent {
        assert_eq!(parameter(request, "PageSize").as_deref(), Some(size));
        assert_eq!(parameter(request, "RegionId").as_deref(), Some("cn-hangzhou"));
    }
    sent.iter().map(number).collect()
}

#[tokio::test]
async fn images_are_listed_until_as_many_came_as_there_are() {
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"TotalCount":5,"Images":{"Image":[{"ImageId":"m-1"},{"ImageId":"m-2"}]}}"#,
        ),
        (
            200,
            r#"{"TotalCount":5,"Images":{"Image":[{"ImageId":"m-3"},{"ImageId":"m-4"}]}}"#,
        ),
        (200, r#"{"TotalCount":5,"Images":{"Image":[{"ImageId":"m-5"}]}}"#),
    ]));
    let mut pages = client(&script).describe_images_pages(build!(DescribeImagesRequest { page_size: Some(2) }));
    let mut ids = Vec::new();
    while let Some(images) = pages.next_page().await.unwrap() {
        ids.extend(images.into_iter().filter_map(|image| image.image_id));
    }
    assert_eq!(ids, ["m-1", "m-2", "m-3", "m-4", "m-5"]);
    assert_eq!(self::pages(&script, "2"), ["", "2", "3"]);
}

#[tokio::test]
async fn tasks_are_listed_from_the_page_that_the_request_names() {
    // 100 a page: one page comes before it.
    let script = Arc::new(Scripted::new([(
        200,
        r#"{"TotalCount":101,"TaskSet":{"Task":[{"TaskId":"t-101"}]}}"#,
    )]));
    let mut pages = client(&script).describe_tasks_pages(build!(DescribeTasksRequest { page_number: Some(2) }));
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    assert!(pages.next_page().await.unwrap().is_none());
    assert_eq!(self::pages(&script, "100"), ["2"]);
}

#[tokio::test]
async fn a_region_of_the_request_wins() {
    let script = Arc::new(Scripted::new([(200, "{}"), (200, "{}")]));
    for region in [None, Some("cn-beijing".to_owned())] {
        let request = build!(DescribeImagesRequest { region_id: region });
        client(&script).describe_images(&request).await.unwrap();
    }
    let regions: Vec<_> = script
        .sent()
        .iter()
        .map(|request| parameter(request, "RegionId"))
        .collect();
    assert_eq!(regions, [Some("cn-hangzhou".into()), Some("cn-beijing".into())]);
}
