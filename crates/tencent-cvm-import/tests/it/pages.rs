//! Lists by offset: how many are skipped, and until when.

use std::sync::Arc;

use cloud_import_core::{build, testing::Scripted};
use serde_json::{Value, json};
use tencent_cvm_import::types::*;

use super::client;

fn bodies(script: &Scripted) -> Vec<Value> {
    script
        .sent()
        .iter()
        .map(|request| serde_json::from_slice(request.body()).unwrap())
        .collect()
}

#[tokio::test]
async fn images_are_skipped_by_how_many_came() {
    // The cloud gives fewer than are asked for.
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"Response":{"TotalCount":4,"ImageSet":[{"ImageId":"img-2"},{"ImageId":"img-3"}],"RequestId":"r"}}"#,
        ),
        (
            200,
            r#"{"Response":{"TotalCount":4,"ImageSet":[{"ImageId":"img-4"}],"RequestId":"r"}}"#,
        ),
    ]));
    let mut pages = client(&script).describe_images_pages(build!(DescribeImagesRequest { offset: Some(1) }));
    let mut ids = Vec::new();
    while let Some(images) = pages.next_page().await.unwrap() {
        ids.extend(images.into_iter().filter_map(|image| image.image_id));
    }
    assert_eq!(ids, ["img-2", "img-3", "img-4"]);
    assert_eq!(
        bodies(&script),
        [json!({"Offset": 1, "Limit": 100}), json!({"Offset": 3, "Limit": 100})]
    );
}
