//! Lists by offset, with the client's region and project.

use std::sync::Arc;

use cloud_import_core::{build, testing::Scripted};
use ucloud_uhost_import::types::*;

use super::{client, parameter};

#[tokio::test]
async fn images_are_listed_in_the_clients_region_and_project() {
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"RetCode":0,"TotalCount":3,"ImageSet":[{"ImageId":"u-1"},{"ImageId":"u-2"}]}"#,
        ),
        (200, r#"{"RetCode":0,"TotalCount":3,"ImageSet":[{"ImageId":"u-3"}]}"#),
    ]));
    let mut pages = client(&script).describe_image_pages(build!(DescribeImageRequest { limit: Some(2) }));
    let mut ids = Vec::new();
    while let Some(images) = pages.next_page().await.unwrap() {
        ids.extend(images.into_iter().filter_map(|image| image.image_id));
    }
    assert_eq!(ids, ["u-1", "u-2", "u-3"]);
    let sent = |name: &str| {
        script
            .sent()
            .iter()
            .map(|request| parameter(request, name))
            .collect::<Vec<_>>()
    };
    assert_eq!(sent("Offset"), [None, Some("2".into())]);
    assert_eq!(sent("Limit"), [Some("2".into()), Some("2".into())]);
    assert_eq!(sent("Region"), [Some("cn-bj2".into()), Some("cn-bj2".into())]);
    assert_eq!(sent("ProjectId"), [Some("org-1".into()), Some("org-1".into())]);
}

#[tokio::test]
async fn labels_are_listed_to_the_end() {
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"RetCode":0,"TotalCount":2,"Labels":[{"ResourceId":"u-1","Key":"a","Value":"1"}]}"#,
        ),
        (
            200,
            r#"{"RetCode":0,"TotalCount":2,"Labels":[{"ResourceId":"u-1","Key":"b","Value":"2"}]}"#,
        ),
    ]));
    let request = build!(ListLabelsByResourceIdsRequest { limit: Some(1) });
    let mut pages = client(&script).list_labels_by_resource_ids_pages(request);
    let mut keys = Vec::new();
    while let Some(labels) = pages.next_page().await.unwrap() {
        keys.extend(labels.into_iter().filter_map(|label| label.key));
    }
    assert_eq!(keys, ["a", "b"]);
    let offsets: Vec<_> = script
        .sent()
        .iter()
        .map(|request| parameter(request, "Offset"))
        .collect();
    assert_eq!(offsets, [None, Some("1".into())]);
}
