//! What the cloud says of one image becomes: there, being deleted, deleted, or nothing that can be told.

use std::sync::Arc;

use aliyun_ecs_import::Importer;
use cloud_import_core::{ImageImporter as _, ImportedImage, Presence, Result, testing::Scripted};

use super::importer::order;

/// What is made of this answer to a look at the image `m-1`, and what was asked.
async fn seen(status: u16, answer: &str) -> (Result<Presence>, String) {
    let script = Arc::new(Scripted::new([(status, answer)]));
    let importer = Importer::new(super::client(&script));
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "m-1");
    let seen = importer.presence(&image).await;
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    (seen, super::parameter(&sent[0], "Status").unwrap_or_default())
}

#[tokio::test]
async fn an_image_is_what_the_cloud_says() {
    for (status, answer, expected) in [
        (
            200,
            r#"{"RequestId":"r","TotalCount":1,"Images":{"Image":[{"ImageId":"m-1","Status":"Available"}]}}"#,
            Presence::There,
        ),
        (
            200,
            r#"{"RequestId":"r","TotalCount":1,"Images":{"Image":[{"ImageId":"m-1","Status":"UnAvailable"}]}}"#,
            Presence::There,
        ),
        (
            200,
            r#"{"RequestId":"r","TotalCount":0,"Images":{"Image":[]}}"#,
            Presence::Deleted,
        ),
    ] {
        let (seen, asked) = seen(status, answer).await;
        assert_eq!(seen.unwrap(), expected, "{answer}");
        assert!(asked.contains("UnAvailable"), "{asked}");
    }
    // What is refused, or says nothing of this image, is no answer.
    for (status, answer) in [
        (200, r#"{"RequestId":"r"}"#),
        (403, r#"{"RequestId":"r","Code":"Forbidden.RAM","Message":"no"}"#),
        (
            400,
            r#"{"RequestId":"r","Code":"InvalidRegionId.NotFound","Message":"no"}"#,
        ),
        (404, r#"<html>no such page</html>"#),
    ] {
        let (seen, _) = seen(status, answer).await;
        assert!(seen.is_err(), "{answer}: {seen:?}");
    }
}
