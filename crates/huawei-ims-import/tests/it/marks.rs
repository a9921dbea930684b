//! What the list of an account's own images tells of them, page by page.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, OwnImages, Result, testing::Scripted};
use huawei_ims_import::Importer;

/// What these answers list, and the queries that were sent.
async fn listed<'a>(answers: impl IntoIterator<Item = &'a str>) -> (Result<OwnImages>, Vec<String>) {
    let script = Arc::new(Scripted::new(answers.into_iter().map(|answer| (200, answer))));
    let found = Importer::new(super::client(&script)).images(None).await;
    let sent = script.sent();
    let queries = sent.iter().map(|request| request.uri().query().unwrap().to_owned());
    (found, queries.collect())
}

const LAST: &str = r#"{"images":[{"id":"i-3","name":"new","status":"queued","visibility":"private"}]}"#;

#[tokio::test]
async fn all_own_images_are_listed_behind_every_marker() {
    let first = r#"{"images":[{"id":"i-1","name":"web","status":"active","visibility":"private","tags":["team.web.a","bare"]}],
        "page_info":{"next_marker":"i-1"}}"#;
    let second = r#"{"images":[{"id":"i-2","name":"other","status":"active","visibility":"public"}]}"#;
    let (found, queries) = listed([first, second, LAST]).await;
    let found = found.unwrap();
    assert!(found.is_complete);
    let told: Vec<String> = found
        .images
        .iter()
        .map(|image| serde_json::to_string(&image.marks).unwrap())
        .collect();
    assert_eq!(
        told,
        [
            r#"{"tags":{"bare":"","team":"web.a"},"public":false}"#,
            r#"{"public":true}"#,
            r#"{"public":false}"#
        ]
    );
    assert_eq!(queries.len(), 3, "{queries:?}");
    assert!(
        queries[1].contains("marker=i-1") && !queries[2].contains("marker="),
        "{queries:?}"
    );
    assert!(queries[2].contains("isregistered") && queries.iter().all(|query| !query.contains("name=")));
}

#[tokio::test]
async fn another_image_than_the_one_that_was_asked_for_is_no_answer() {
    for (answer, is_found) in [
        (r#"{"id":"i-1","name":"web"}"#, true),
        (r#"{"id":"i-2","name":"web"}"#, false),
    ] {
        let script = Arc::new(Scripted::new([(200, answer)]));
        let found = Importer::new(super::client(&script)).image("i-1", None).await;
        assert_eq!(found.is_ok_and(|found| found.is_some()), is_found, "{answer}");
    }
}

#[tokio::test]
async fn a_list_without_its_end_is_not_complete() {
    let nowhere = r#"{"images":[{"name":"web","status":"active"}],"page_info":{"next_marker":"x"}}"#;
    for first in ["{}", nowhere] {
        let (found, queries) = listed([first, LAST]).await;
        assert_eq!((found.unwrap().is_complete, queries.len()), (false, 2), "{first}");
    }
}
