//! The signed request of each operation, in one readable form.

use std::sync::Arc;

use aliyun_ecs_import::types::*;
use cloud_import_core::{
    Credentials, build,
    testing::{Scripted, render},
};
use insta::assert_snapshot;

/// Sends a call and shows what left.
macro_rules! sent {
    ($method:ident, $request:expr) => {{
        let script = Arc::new(Scripted::new([(200, r#"{"RequestId":"r"}"#)]));
        super::client(&script).$method(&$request).await.unwrap();
        render(&script.sent()[0])
    }};
}

fn region() -> Option<String> {
    Some("cn-hangzhou".into())
}

#[tokio::test]
async fn import_image() {
    let request = build!(ImportImageRequest {
        region_id: region(),
        image_name: Some("import-test_镜像 ~*+/".into()),
        description: Some(String::new()),
        architecture: Some(Architecture::X86_64),
        os_type: Some(OsType::Linux),
        platform: Some(Platform::OthersLinux),
        boot_mode: Some(BootMode::Uefi),
        role_name: Some("ImportRole".into()),
        client_token: Some("tok-1".into()),
        dry_run: Some(false),
        tag: Some(vec![build!(Tag {
            key: Some("team".into()),
            value: Some("a b".into()),
        })]),
        features: Some(build!(Features {
            nvme_support: Some("supported".into()),
        })),
        disk_device_mapping: Some(vec![
            build!(DiskDeviceMapping {
                format: Some(DiskFormat::Qcow2),
                oss_bucket: Some("images".into()),
                oss_object: Some("dir/a b.qcow2".into()),
                disk_image_size: Some(40),
            }),
            build!(DiskDeviceMapping {
                oss_bucket: Some("images".into()),
                oss_object: Some("data.raw".into()),
            }),
        ]),
    });
    assert_snapshot!(sent!(import_image, request));
}

#[tokio::test]
async fn describe_tasks() {
    let request = build!(DescribeTasksRequest {
        region_id: region(),
        task_action: Some(TaskAction::ImportImage),
        resource_ids: Some(vec!["m-1".into(), "m-2".into()]),
        page_size: Some(50),
    });
    assert_snapshot!(sent!(describe_tasks, request));
}

#[tokio::test]
async fn describe_task_attribute() {
    let request = build!(DescribeTaskAttributeRequest {
        region_id: region(),
        task_id: Some("t-1".into()),
    });
    assert_snapshot!(sent!(describe_task_attribute, request));
}

#[tokio::test]
async fn cancel_task_sends_no_region_that_it_was_not_told() {
    let request = build!(CancelTaskRequest {
        task_id: Some("t-1".into()),
    });
    assert_snapshot!(sent!(cancel_task, request));
}

#[tokio::test]
async fn describe_images() {
    let request = build!(DescribeImagesRequest {
        region_id: region(),
        image_name: Some("中文".into()),
        image_owner_alias: Some(ImageOwnerAlias::SelfOwned),
        status: Some("Creating,Available".into()),
    });
    assert_snapshot!(sent!(describe_images, request));
}

#[tokio::test]
async fn delete_image() {
    let request = build!(DeleteImageRequest {
        region_id: region(),
        image_id: Some("m-1".into()),
        force: Some(true),
    });
    assert_snapshot!(sent!(delete_image, request));
}

#[tokio::test]
async fn describe_regions_with_temporary_keys() {
    let script = Arc::new(Scripted::new([(200, r#"{"Regions":{"Region":[]}}"#)]));
    let client = super::builder(&script)
        .credentials(Credentials::temporary("STS.AK", super::SECRET, "tok/en+=="))
        .build()
        .unwrap();
    client
        .describe_regions(&DescribeRegionsRequest::default())
        .await
        .unwrap();
    assert_snapshot!(render(&script.sent()[0]));
}

#[tokio::test]
async fn modify_image_attribute() {
    let request = build!(ModifyImageAttributeRequest {
        region_id: region(),
        image_id: Some("m-1".into()),
        image_name: Some("web_镜像".into()),
    });
    assert_snapshot!(sent!(modify_image_attribute, request));
}

#[tokio::test]
async fn modify_image_attribute_of_what_is_withdrawn() {
    let request = build!(ModifyImageAttributeRequest {
        region_id: region(),
        image_id: Some("m-1".into()),
        image_family: Some("web".into()),
        status: Some("Deprecated".into()),
    });
    assert_snapshot!(sent!(modify_image_attribute, request));
}

#[tokio::test]
async fn copy_image() {
    let request = build!(CopyImageRequest {
        image_id: Some("m-1".into()),
        destination_region_id: Some("eu-west-1".into()),
        destination_image_name: Some("web_镜像".into()),
        destination_description: Some("of m-1".into()),
        encrypted: Some(true),
        kms_key_id: Some("key-1".into()),
        resource_group_id: Some("rg-1".into()),
        tag: Some(vec![build!(Tag {
            key: Some("team".into()),
            value: Some("a b".into()),
        })]),
        client_token: Some("tok-1".into()),
    });
    assert_snapshot!(sent!(copy_image, request));
}

#[tokio::test]
async fn cancel_copy_image() {
    let request = build!(CancelCopyImageRequest {
        region_id: Some("eu-west-1".into()),
        image_id: Some("m-2".into()),
    });
    assert_snapshot!(sent!(cancel_copy_image, request));
}

#[tokio::test]
async fn modify_image_share_permission() {
    let request = build!(ModifyImageSharePermissionRequest {
        region_id: region(),
        image_id: Some("m-1".into()),
        add_account: Some(vec!["11".into(), "12".into()]),
        remove_account: Some(vec!["13".into()]),
        is_public: Some(false),
    });
    assert_snapshot!(sent!(modify_image_share_permission, request));
}

#[tokio::test]
async fn describe_image_from_family() {
    let request = build!(DescribeImageFromFamilyRequest {
        region_id: region(),
        image_family: Some("镜像族".into()),
    });
    assert_snapshot!(sent!(describe_image_from_family, request));
}

#[tokio::test]
async fn tags_are_set_taken_away_and_listed() {
    let (kind, ids) = (|| Some("image".into()), || Some(vec!["m-1".into(), "m-2".into()]));
    let set = build!(TagResourcesRequest {
        region_id: region(),
        resource_type: kind(),
        resource_id: ids(),
        tag: Some(vec![build!(Tag {
            key: Some("team".into()),
            value: Some(String::new()),
        })]),
    });
    let removed = build!(UntagResourcesRequest {
        resource_type: kind(),
        resource_id: ids(),
        tag_key: Some(vec!["team".into()]),
        all: Some(false),
    });
    let list = build!(ListTagResourcesRequest {
        resource_type: kind(),
        resource_id: ids(),
        next_token: Some("next".into()),
    });
    let script = Arc::new(Scripted::new([
        (200, r#"{"RequestId":"r"}"#),
        (200, r#"{"RequestId":"r"}"#),
        (
            200,
            r#"{"TagResources":{"TagResource":[{"ResourceId":"m-1","TagKey":"team","TagValue":""}]},"NextToken":""}"#,
        ),
    ]));
    let client = super::client(&script);
    client.tag_resources(&set).await.unwrap();
    client.untag_resources(&removed).await.unwrap();
    let listed = client.list_tag_resources(&list).await.unwrap();
    let tags = listed.tag_resources.unwrap();
    assert_eq!(tags[0].tag_key.as_deref(), Some("team"));
    let sent: Vec<String> = script.sent().iter().map(render).collect();
    assert_snapshot!(sent.join("\n"));
}

#[tokio::test]
async fn export_image() {
    let request = build!(ExportImageRequest {
        region_id: region(),
        image_id: Some("m-1".into()),
        oss_bucket: Some("exports".into()),
        oss_prefix: Some("web1".into()),
        image_format: Some("qcow2".into()),
        role_name: Some("ExportRole".into()),
    });
    assert_snapshot!(sent!(export_image, request));
}

/// STS has its own host and version.
#[tokio::test]
async fn get_caller_identity() {
    let request = GetCallerIdentityRequest::default();
    assert_snapshot!(sent!(get_caller_identity, request));
}
