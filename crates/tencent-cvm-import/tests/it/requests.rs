//! The signed request of each operation, in one readable form.

use std::sync::Arc;

use cloud_import_core::{
    Credentials, build,
    testing::{Frozen, Scripted, render},
};
use insta::assert_snapshot;
use tencent_cvm_import::{Client, types::*};

const DONE: &str = r#"{"Response":{"RequestId":"r"}}"#;

/// Sends a call and shows what left.
macro_rules! sent {
    ($method:ident, $request:expr) => {{
        let script = Arc::new(Scripted::new([(200, DONE)]));
        super::client(&script).$method(&$request).await.unwrap();
        render(&script.sent()[0])
    }};
}

#[tokio::test]
async fn import_image() {
    let request = build!(ImportImageRequest {
        architecture: Some(Architecture::Arm64),
        os_type: Some("Ubuntu".into()),
        os_version: Some("22".into()),
        image_url: Some(
            "https://img-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.qcow2?q-sign-algorithm=sha1".into(),
        ),
        image_name: Some("import-test_镜像".into()),
        image_description: Some(String::new()),
        dry_run: Some(false),
        force: Some(true),
        tag_specification: Some(vec![build!(TagSpecification {
            resource_type: Some("image".into()),
            tags: Some(vec![build!(Tag {
                key: Some("env".into()),
                value: Some("测试".into()),
            })]),
        })]),
        license_type: Some(LicenseType::Byol),
        boot_mode: Some(BootMode::LegacyBios),
        image_family: Some("web".into()),
        import_image_data_disk_list: Some(vec![build!(ImportImageDataDisk {
            image_url: Some("https://img-1250000000.cos.ap-guangzhou.myqcloud.com/d1.raw".into()),
        })]),
    });
    assert_snapshot!(sent!(import_image, request));
}

#[tokio::test]
async fn describe_images() {
    let request = build!(DescribeImagesRequest {
        filters: Some(vec![build!(Filter {
            name: Some("image-name".into()),
            values: Some(vec!["a b~*+/%中".into()]),
        })]),
        offset: Some(0),
        limit: Some(100),
    });
    assert_snapshot!(sent!(describe_images, request));
}

/// A call without parameters has the body `{}`; the token of temporary keys is sent and not signed.
#[tokio::test]
async fn describe_import_image_os() {
    let script = Arc::new(Scripted::new([(200, DONE)]));
    super::client_with(
        &script,
        Credentials::temporary("AKIDEXAMPLE", super::SECRET, "tok+en/=="),
    )
    .describe_import_image_os(&DescribeImportImageOsRequest::default())
    .await
    .unwrap();
    assert_snapshot!(render(&script.sent()[0]));
}

/// Without a region there is no region header.
#[tokio::test]
async fn describe_image_quota() {
    let script = Arc::new(Scripted::new([(200, DONE)]));
    Client::builder("")
        .endpoint("cvm.intl.tencentcloudapi.com".parse().unwrap())
        .credentials(Credentials::new("AKIDEXAMPLE", super::SECRET))
        .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "")))
        .transport(Arc::clone(&script) as _)
        .build()
        .unwrap()
        .describe_image_quota(&DescribeImageQuotaRequest::default())
        .await
        .unwrap();
    assert_snapshot!(render(&script.sent()[0]));
}

#[tokio::test]
async fn delete_images() {
    let request = build!(DeleteImagesRequest {
        image_ids: Some(vec!["img-1".into(), "img-2".into()]),
        delete_binded_snap: Some(true),
        dry_run: Some(false),
    });
    assert_snapshot!(sent!(delete_images, request));
}

#[tokio::test]
async fn modify_image_attribute() {
    let request = build!(ModifyImageAttributeRequest {
        image_id: Some("img-1".into()),
        image_name: Some("web_镜像".into()),
    });
    assert_snapshot!(sent!(modify_image_attribute, request));
}

#[tokio::test]
async fn sync_images() {
    let request = build!(SyncImagesRequest {
        image_ids: Some(vec!["img-1".into()]),
        destination_regions: Some(vec!["ap-nanjing".into(), "na-toronto".into()]),
        image_name: Some("web_镜像".into()),
        image_set_required: Some(true),
    });
    assert_snapshot!(sent!(sync_images, request));
}

#[tokio::test]
async fn modify_image_share_permission() {
    let request = build!(ModifyImageSharePermissionRequest {
        image_id: Some("img-1".into()),
        account_ids: Some(vec!["100000000101".into()]),
        permission: Some(Permission::Share),
    });
    assert_snapshot!(sent!(modify_image_share_permission, request));
}

#[tokio::test]
async fn export_images() {
    let request = build!(ExportImagesRequest {
        bucket_name: Some("exports-1250000000".into()),
        image_ids: Some(vec!["img-1".into()]),
        export_format: Some(ExportFormat::Qcow2),
        file_name_prefix_list: Some(vec!["web".into()]),
        only_export_root_disk: Some(true),
    });
    assert_snapshot!(sent!(export_images, request));
}

/// The tag service has its own host, version and name in the signature's scope.
#[tokio::test]
async fn tag_resources() {
    let request = build!(TagResourcesRequest {
        resource_list: Some(vec!["qcs::cvm:ap-guangzhou:uin/:image/img-1".into()]),
        tags: Some(vec![build!(TagKeyValue {
            tag_key: Some("环境".into()),
            tag_value: Some("测试".into()),
        })]),
    });
    assert_snapshot!(sent!(tag_resources, request));
}

/// Part of a change of tags may fail within a success.
#[tokio::test]
async fn what_failed_of_a_change_of_tags_is_in_its_answer() {
    let answer = r#"{"Response":{"FailedResources":[{"Resource":"q","Code":"C","Message":"m"}],"RequestId":"r"}}"#;
    let script = Arc::new(Scripted::new([(200, answer)]));
    let answer = super::client(&script)
        .un_tag_resources(&UnTagResourcesRequest::default())
        .await
        .unwrap();
    let failed = &answer.failed_resources.unwrap()[0];
    assert_eq!(
        (failed.resource.as_deref(), failed.code.as_deref()),
        (Some("q"), Some("C"))
    );
}

/// So has the service of keys.
#[tokio::test]
async fn get_caller_identity() {
    let request = GetCallerIdentityRequest::default();
    assert_snapshot!(sent!(get_caller_identity, request));
}
