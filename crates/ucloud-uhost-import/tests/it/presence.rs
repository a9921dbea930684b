//! What the cloud says of one image becomes: there, being deleted, deleted, or nothing that can be told.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, ImportedImage, Presence, Result, testing::Scripted};
use ucloud_uhost_import::Importer;

use super::importer::order;

/// What is made of this answer to a look at the image `uimage-1`, and what was asked.
async fn seen(status: u16, answer: &str) -> (Result<Presence>, String) {
    let script = Arc::new(Scripted::new([(status, answer)]));
    let importer = Importer::new(super::client(&script));
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "uimage-1");
    let seen = importer.presence(&image).await;
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    (seen, super::parameter(&sent[0], "ImageId").unwrap_or_default())
}

#[tokio::test]
async fn an_image_is_what_the_cloud_says() {
    for (status, answer, expected) in [
        (
            200,
            r#"{"RetCode":0,"TotalCount":1,"ImageSet":[{"ImageId":"uimage-1","State":"Available"}]}"#,
            Presence::There,
        ),
        (200, r#"{"RetCode":0,"TotalCount":0,"ImageSet":[]}"#, Presence::Deleted),
        (200, r#"{"RetCode":8956,"Message":"no"}"#, Presence::Deleted),
    ] {
        let (seen, asked) = seen(status, answer).await;
        assert_eq!(seen.unwrap(), expected, "{answer}");
        assert!(asked == "uimage-1", "{asked}");
    }
    // What is refused, or says nothing of this image, is no answer.
    for (status, answer) in [
        (200, r#"{"RetCode":0}"#),
        (200, r#"{"RetCode":8300,"Message":"not authorized"}"#),
        (404, r#"<html>no such page</html>"#),
    ] {
        let (seen, _) = seen(status, answer).await;
        assert!(seen.is_err(), "{answer}: {seen:?}");
    }
}
