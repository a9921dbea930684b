//! Lists by marker: behind which image a page begins, and which page is the last.

use std::sync::Arc;

use cloud_import_core::{build, testing::Scripted};
use huawei_ims_import::types::*;

use super::client;

fn queries(script: &Scripted) -> Vec<String> {
    let query = |uri: &cloud_import_core::http::Uri| uri.query().unwrap_or_default().to_owned();
    script.sent().iter().map(|request| query(request.uri())).collect()
}

#[tokio::test]
async fn a_page_begins_behind_the_last_image_of_the_one_before() {
    // The second page is not full and the list goes on; the third is full and the list says nothing.
    let script = Arc::new(Scripted::new([
        (
            200,
            r#"{"images":[{"id":"1"},{"id":"2"}],"page_info":{"next_marker":"2"}}"#,
        ),
        (200, r#"{"images":[{"id":"3"}],"page_info":{"next_marker":"3"}}"#),
        (200, r#"{"images":[{"id":"4"},{"id":"5"}]}"#),
        (200, r#"{"images":[]}"#),
    ]));
    let mut pages = client(&script).list_images_pages(build!(ListImagesRequest { limit: Some(2) }));
    let mut ids = Vec::new();
    while let Some(images) = pages.next_page().await.unwrap() {
        ids.extend(images.into_iter().filter_map(|image| image.id));
    }
    assert_eq!(ids.concat(), "12345");
    assert_eq!(
        queries(&script),
        ["limit=2", "limit=2&marker=2", "limit=2&marker=3", "limit=2&marker=5"]
    );
}

#[tokio::test]
async fn a_path_of_the_next_page_says_that_there_is_one() {
    let script = Arc::new(Scripted::new([
        (200, r#"{"images":[{"id":"1"}],"next":"/v2/images?limit=25&marker=1"}"#),
        (200, r#"{"images":[{"id":"2"}]}"#),
    ]));
    let mut pages = client(&script).glance_list_images_pages(GlanceListImagesRequest::default());
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    assert!(pages.next_page().await.unwrap().is_none());
    assert_eq!(queries(&script), ["limit=25", "limit=25&marker=1"]);
}
