//! Fields that are only shown: whatever stands in them, an import ends as it does.

use std::sync::Arc;

use bytes::Bytes;
use cloud_import::Provider;
use cloud_import_tests::simulated::{Case, Rewriter, Stage};
use serde_json::Value;

/// What may stand where something else is documented, as it is sent.
const ODD: [&str; 9] = [
    "1e308",
    "1e999",
    "-1",
    "40.5",
    "true",
    "null",
    r#""odd""#,
    "[]",
    r#"{"odd":[{"odd":1}]}"#,
];

/// The fields that something depends on, in the vendor's words, envelope and lists included.
fn deciding(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::JDCLOUD => &[
            "result",
            "taskSet",
            "taskId",
            "taskStatus",
            "imageId",
            "imageName",
            "imageUrl",
            "images",
            "name",
            "status",
        ],
        Provider::TENCENT => &[
            "Response",
            "ImageSet",
            "ImageId",
            "ImageState",
            "ImageName",
            "ImageDescription",
            "ImageSource",
        ],
        Provider::HUAWEI => &[
            "job_id",
            "status",
            "entities",
            "image_id",
            "images",
            "id",
            "name",
            "created_at",
            "__data_origin",
            "projects",
            "page_info",
        ],
        Provider::ALIYUN => &[
            "TaskId",
            "ImageId",
            "TaskStatus",
            "FailedCount",
            "Images",
            "Image",
            "ImageName",
            "Status",
            "DiskDeviceMappings",
            "DiskDeviceMapping",
            "ImportOSSBucket",
            "ImportOSSObject",
            "SnapshotId",
        ],
        _ => &[
            "RetCode",
            "ImageSet",
            "ImageId",
            "ImageName",
            "State",
            "ImageDescription",
        ],
    }
}

/// Stands for the odd value until the answer is text.
const MARK: &str = "what-is-odd";

fn mark(value: &mut Value, deciding: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match deciding.contains(&name.as_str()) {
                    true => mark(value, deciding),
                    false => *value = Value::from(MARK),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, deciding)),
        _ => {}
    }
}

pub(crate) async fn odd_values_in_fields_that_are_only_shown_fail_nothing(case: &'static Case) {
    for odd in ODD {
        let stage = Stage::new(case).await.unwrap();
        let transport = Rewriter::new(stage.transport().unwrap(), move |_, answer| {
            answer.map(|body| match serde_json::from_slice::<Value>(&body) {
                Ok(mut value) => {
                    mark(&mut value, deciding(case.provider));
                    Bytes::from(value.to_string().replace(&format!("\"{MARK}\""), odd))
                }
                Err(_) => body,
            })
        });
        let importer = stage.importer_with(|settings| settings.transport(Arc::new(transport)));
        let importer = importer.unwrap();
        let mut task = importer
            .start(&stage.order())
            .await
            .unwrap_or_else(|error| panic!("{odd}: {error:?}"));
        let image = stage.wait(&*importer, &mut task).await;
        let image = image.unwrap_or_else(|error| panic!("{odd}: {error:?}"));
        assert_eq!(image.id, stage.images()[0].image_id, "{odd}");
        assert_eq!(stage.imports(), 1, "{odd}");
    }
}
