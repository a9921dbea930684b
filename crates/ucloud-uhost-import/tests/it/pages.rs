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
