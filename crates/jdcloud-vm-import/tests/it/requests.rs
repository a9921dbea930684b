//! The signed request of each operation, in one readable form.

use std::sync::Arc;

use cloud_import_core::{
    build,
    testing::{Scripted, render},
};
use insta::assert_snapshot;
use jdcloud_vm_import::types::*;

/// Sends a call and shows what left.
macro_rules! sent {
    ($method:ident, $request:expr) => {{
        let script = Arc::new(Scripted::new([(200, r#"{"requestId":"r","result":{}}"#)]));
        super::client(&script).$method(&$request).await.unwrap();
        render(&script.sent()[0])
    }};
}

#[tokio::test]
async fn import_image() {
    assert_snapshot!(sent!(
        import_image,
        build!(ImportImageRequest {
            architecture: Some(Architecture::X86_64),
            os_type: Some(OsType::Linux),
            platform: Some(Platform::OtherLinux),
            disk_format: Some(DiskFormat::Qcow2),
            system_disk_size_gb: Some(40),
            image_url: Some("https://b.s3-internal.cn-north-1.jdcloud-oss.com/img.qcow2?X-Amz-Signature=1".into()),
            os_version: Some("Debian 12".into()),
            image_name: Some("import-test_镜像".into()),
            description: Some(String::new()),
            force_import: Some(true),
            data_disks: Some(vec![build!(DataDiskSpec {
                disk_format: Some(DiskFormat::Raw),
                data_disk_size_gb: Some(20),
                image_url: Some("https://b.s3-internal.cn-north-1.jdcloud-oss.com/d1.raw".into()),
            })]),
            client_token: Some("tok-1".into()),
            boot_mode: Some(BootMode::Uefi),
        })
    ));
}

#[tokio::test]
async fn image_tasks() {
    assert_snapshot!(sent!(
        image_tasks,
        build!(ImageTasksRequest {
            task_action: Some(TaskAction::ImportImage),
            task_ids: Some(vec!["123456".into(), "task-2".into()]),
            page_number: Some(1),
            page_size: Some(10),
            start_time: Some("2025-01-02 03:04:05".into()),
        })
    ));
}

#[tokio::test]
async fn describe_image() {
    let request = build!(DescribeImageRequest {
        image_id: Some("img-abc123".into()),
    });
    assert_snapshot!(sent!(describe_image, request));
}

#[tokio::test]
async fn describe_images() {
    assert_snapshot!(sent!(
        describe_images,
        build!(DescribeImagesRequest {
            image_source: Some(ImageSource::Private),
            image_name: Some("a b~*+/%中".into()),
            offline: Some(false),
            page_size: Some(10),
        })
    ));
}

#[tokio::test]
async fn delete_image() {
    assert_snapshot!(sent!(
        delete_image,
        build!(DeleteImageRequest {
            region_id: Some("cn-south-1".into()),
            image_id: Some("img-abc123".into()),
            delete_snapshot: Some(true),
        })
    ));
}

#[tokio::test]
async fn modify_image_attribute() {
    assert_snapshot!(sent!(
        modify_image_attribute,
        build!(ModifyImageAttributeRequest {
            image_id: Some("img-abc123".into()),
            name: Some("web_镜像".into()),
            description: Some(String::new()),
        })
    ));
}

#[tokio::test]
async fn describe_quotas() {
    assert_snapshot!(sent!(
        describe_quotas,
        build!(DescribeQuotasRequest {
            filters: Some(vec![build!(Filter {
                name: Some("resourceTypes".into()),
                values: Some(vec!["image".into()]),
            })]),
        })
    ));
}
