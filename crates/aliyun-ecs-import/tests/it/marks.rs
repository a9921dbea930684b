//! What the list of an account's own images tells of them.

use std::sync::Arc;

use aliyun_ecs_import::Importer;
use cloud_import_core::{ImageImporter as _, testing::Scripted};

#[tokio::test]
async fn all_own_images_are_listed_with_what_is_shown_of_them() {
    let answer = r#"{"RequestId":"r","TotalCount":3,"Images":{"Image":[
        {"ImageId":"m-1","ImageName":"web","Status":"Available","CreationTime":"2025-01-02T03:04:05Z","ImageFamily":"web-family",
         "IsPublic":true,"IsSelfShared":"True","Tags":{"Tag":[{"TagKey":"team","TagValue":"web"},{"TagKey":"bare"}]}},
        {"ImageId":"m-2","ImageName":"old","Status":"Deprecated","IsPublic":false,"IsSelfShared":"","Tags":{"Tag":[]}},
        {"ImageId":"m-3","Status":"Available","IsSelfShared":"perhaps"}]}}"#;
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
            r#"{"family":"web-family","tags":{"bare":"","team":"web"},"shared":true,"public":true,"deprecated":false}"#,
            r#"{"family":"","tags":{},"shared":false,"public":false,"deprecated":true}"#,
            r#"{"family":"","deprecated":false}"#,
        ]
    );
    assert_eq!(
        (found.images[0].name.as_str(), found.images[2].name.as_str()),
        ("web", "")
    );
    assert!(found.images[0].created.is_some());
    let asked = |name| super::parameter(&script.sent()[0], name);
    assert_eq!(
        (asked("ImageName"), asked("ImageOwnerAlias").as_deref()),
        (None, Some("self"))
    );
    assert!(asked("Status").unwrap().contains("Deprecated"));
}
