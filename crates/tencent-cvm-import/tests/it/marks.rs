//! What the list of an account's own images tells of them.

use std::sync::Arc;

use cloud_import_core::{ImageImporter as _, testing::Scripted};
use tencent_cvm_import::Importer;

#[tokio::test]
async fn all_own_images_are_listed_with_what_is_shown_of_them() {
    let answer = r#"{"Response":{"RequestId":"r","TotalCount":2,"ImageSet":[
        {"ImageId":"img-1","ImageName":"web","ImageState":"NORMAL","ImageFamily":"web-family","ImageDeprecated":true,
         "Tags":[{"Key":"team","Value":"web"}]},
        {"ImageId":"img-2","ImageName":"other","ImageState":"CREATING"}]}}"#;
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
            r#"{"family":"web-family","tags":{"team":"web"},"deprecated":true}"#,
            r#"{"family":""}"#
        ]
    );
    let body: serde_json::Value = serde_json::from_slice(script.sent()[0].body()).unwrap();
    assert_eq!(body["Filters"].as_array().unwrap().len(), 1, "{body}");
    assert_eq!(body["Filters"][0]["Name"], "image-type");
}
