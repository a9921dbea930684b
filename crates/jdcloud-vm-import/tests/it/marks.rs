//! What the list of an account's own images tells of them.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, testing::Scripted};
use jdcloud_vm_import::Importer;

#[tokio::test]
async fn all_own_images_are_listed_with_what_is_shown_of_them() {
    let answer = r#"{"requestId":"r","result":{"totalCount":4,"images":[
        {"imageId":"img-1","name":"web","status":"ready","launchPermission":"ownerOnly"},
        {"imageId":"img-2","name":"web","status":"ready","launchPermission":"specifiedUsers"},
        {"imageId":"img-3","name":"web","status":"ready","launchPermission":"all"},
        {"imageId":"img-4","name":"web","status":"pending"}]}}"#;
    let script = Arc::new(Scripted::new([(200, answer)]));
    let found = Importer::new(super::client(&script)).images(None).await.unwrap();
    assert!(found.is_complete);
    let told: Vec<String> = found
        .images
        .iter()
        .map(|image| serde_json::to_string(&image.marks).unwrap())
        .collect();
    assert_eq!(
        told,
        [
            r#"{"shared":false,"public":false}"#,
            r#"{"shared":true,"public":false}"#,
            r#"{"public":true}"#,
            "{}"
        ]
    );
    let sent = script.sent();
    let query = sent[0].uri().query().unwrap();
    assert!(
        query.contains("imageSource=private") && !query.contains("imageName"),
        "{query}"
    );
}
