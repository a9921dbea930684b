//! What the cloud says of one image becomes: there, being deleted, deleted, or nothing that can be told.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, ImportedImage, Presence, Result, testing::Scripted};
use huawei_ims_import::Importer;

use super::importer::order;

/// What is made of this answer to a look at the image `i-1`, and what was asked.
async fn seen(status: u16, answer: &str) -> (Result<Presence>, String) {
    let script = Arc::new(Scripted::new([(status, answer)]));
    let importer = Importer::new(super::client(&script));
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "i-1");
    let seen = importer.presence(&image).await;
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    (seen, sent[0].uri().path().to_owned())
}

#[tokio::test]
async fn an_image_is_what_the_cloud_says() {
    for (status, answer, expected) in [
        (200, r#"{"id":"i-1","status":"active"}"#, Presence::There),
        (200, r#"{"id":"i-1","status":"deleted"}"#, Presence::Deleted),
        (
            404,
            r#"{"error":{"code":"IMG.0027","message":"no"}}"#,
            Presence::Deleted,
        ),
    ] {
        let (seen, asked) = seen(status, answer).await;
        assert_eq!(seen.unwrap(), expected, "{answer}");
        assert!(asked == "/v2/images/i-1", "{asked}");
    }
    // What is refused, or says nothing of this image, is no answer.
    for (status, answer) in [
        (200, r#"{"id":"i-2","status":"active"}"#),
        (403, r#"{"error":{"code":"IMG.0064","message":"no"}}"#),
        (404, r#"<html>no such page</html>"#),
    ] {
        let (seen, _) = seen(status, answer).await;
        assert!(seen.is_err(), "{answer}: {seen:?}");
    }
}
