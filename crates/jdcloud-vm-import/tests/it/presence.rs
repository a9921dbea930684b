//! What the cloud says of one image becomes: there, being deleted, deleted, or nothing that can be told.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, ImportedImage, Presence, Result, testing::Scripted};
use jdcloud_vm_import::Importer;

use super::importer::order;

/// What is made of this answer to a look at the image `img-1`, and what was asked.
async fn seen(status: u16, answer: &str) -> (Result<Presence>, String) {
    let script = Arc::new(Scripted::new([(status, answer)]));
    let importer = Importer::new(super::client(&script));
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "img-1");
    let seen = importer.presence(&image).await;
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    (seen, sent[0].uri().path().to_owned())
}

#[tokio::test]
async fn an_image_is_what_the_cloud_says() {
    for (status, answer, expected) in [
        (
            200,
            r#"{"requestId":"r","result":{"image":{"imageId":"img-1","status":"ready"}}}"#,
            Presence::There,
        ),
        (
            200,
            r#"{"requestId":"r","result":{"image":{"imageId":"img-1","status":"error"}}}"#,
            Presence::There,
        ),
        (
            200,
            r#"{"requestId":"r","result":{"image":{"imageId":"img-1","status":"deleting"}}}"#,
            Presence::Deleting,
        ),
        (
            404,
            r#"{"requestId":"r","error":{"code":404,"status":"NOT_FOUND","message":"no"}}"#,
            Presence::Deleted,
        ),
    ] {
        let (seen, asked) = seen(status, answer).await;
        assert_eq!(seen.unwrap(), expected, "{answer}");
        assert!(asked.ends_with("/images/img-1"), "{asked}");
    }
    // What is refused, or says nothing of this image, is no answer.
    for (status, answer) in [
        (200, r#"{"requestId":"r","result":{}}"#),
        (
            200,
            r#"{"requestId":"r","result":{"image":{"imageId":"img-2","status":"ready"}}}"#,
        ),
        (
            403,
            r#"{"requestId":"r","error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#,
        ),
        (404, r#"<html>no such page</html>"#),
    ] {
        let (seen, _) = seen(status, answer).await;
        assert!(seen.is_err(), "{answer}: {seen:?}");
    }
}
