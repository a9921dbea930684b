//! The signed request of each operation, in one readable form.

use std::sync::Arc;

use cloud_import_core::{
    Credentials, build,
    testing::{Scripted, render},
};
use insta::assert_snapshot;
use ucloud_uhost_import::{Client, ClientOptions, types::*};

/// Sends a call and shows what left.
macro_rules! sent {
    ($client:expr, $method:ident, $request:expr) => {{
        let script = Arc::new(Scripted::new([(200, r#"{"RetCode":0}"#)]));
        $client(&script).$method(&$request).await.unwrap();
        render(&script.sent()[0])
    }};
}

fn without_project(script: &Arc<Scripted>) -> Client {
    super::builder("cn-bj2", script).build().unwrap()
}

/// As the main site's other name is reached: its own host and a channel key; here with temporary keys and no region.
fn of_a_channel(script: &Arc<Scripted>) -> Client {
    super::builder("", script)
        .endpoint("https://api.ucloud-global.com".parse().unwrap())
        .credentials(Credentials::temporary("PKEXAMPLE", super::SECRET, "sts=token&1"))
        .options(ClientOptions::default().channel_key("ch-1"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn import_custom_image() {
    assert_snapshot!(sent!(
        super::client,
        import_custom_image,
        build!(ImportCustomImageRequest {
            image_name: Some("测试~*+ img".into()),
            ufile_url: Some(
                "https://b.cn-bj.ufileos.com/a b.vmdk?UCloudPublicKey=pk&Expires=1&Signature=a%2Bb%3D".into()
            ),
            os_type: Some("CentOS".into()),
            os_name: Some("CentOS 7.9 64位".into()),
            format: Some(Format::Vmdk),
            tag: Some("Default".into()),
            image_description: Some(String::new()),
        })
    ));
}

#[tokio::test]
async fn describe_image() {
    assert_snapshot!(sent!(
        super::client,
        describe_image,
        build!(DescribeImageRequest {
            image_type: Some(ImageType::Custom),
            image_ids: Some(vec!["uimage-1".into(), "uimage-2".into()]),
            limit: Some(100),
            offset: Some(0),
        })
    ));
}

#[tokio::test]
async fn the_calls_own_region_and_project_win() {
    assert_snapshot!(sent!(
        super::client,
        terminate_custom_image,
        build!(TerminateCustomImageRequest {
            region: Some("hk".into()),
            project_id: Some("org-2".into()),
            image_id: Some("uimage-1".into()),
        })
    ));
}

#[tokio::test]
async fn get_region_with_channel_key_and_token() {
    assert_snapshot!(sent!(of_a_channel, get_region, GetRegionRequest::default()));
}

#[tokio::test]
async fn get_project_list() {
    assert_snapshot!(sent!(
        without_project,
        get_project_list,
        GetProjectListRequest::default()
    ));
}

#[tokio::test]
async fn copy_custom_image() {
    assert_snapshot!(sent!(
        super::client,
        copy_custom_image,
        build!(CopyCustomImageRequest {
            source_image_id: Some("uimage-1".into()),
            target_project_id: Some("org-2".into()),
            target_region_list: Some(vec!["hk".into(), "sg".into()]),
            target_image_name: Some("测试~*+ img".into()),
            target_image_description: Some(String::new()),
        })
    ));
}

#[tokio::test]
async fn labels() {
    let resources = || Some(vec!["uimage-1".to_owned(), "uimage-2".to_owned()]);
    let labels = || {
        Some(vec![build!(Label {
            key: Some("环境".into()),
            value: Some("a&b".into()),
        })])
    };
    let bind = build!(BindLabelsRequest {
        resource_ids: resources(),
        labels: labels()
    });
    let unbind = build!(UnbindLabelsRequest {
        resource_ids: resources(),
        labels: labels()
    });
    let list = build!(ListLabelsByResourceIdsRequest {
        resource_ids: resources(),
        limit: Some(100),
        offset: Some(0)
    });
    let all = [
        sent!(super::client, bind_labels, bind),
        sent!(super::client, unbind_labels, unbind),
        sent!(super::client, list_labels_by_resource_ids, list),
        sent!(
            super::client,
            list_resources_types_for_label,
            ListResourcesTypesForLabelRequest::default()
        ),
    ];
    assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_channel_key_is_checked_before_anything_is_sent_and_never_shown() {
    let script = Arc::new(Scripted::default());
    let build = |key: &str| {
        let options = ClientOptions::default().channel_key(key);
        let shown = format!("{options:?}");
        (super::builder("cn-bj2", &script).options(options).build(), shown)
    };
    let (client, options) = build("ch-s3cret");
    let shown = format!("{options} {:?}", client.unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
    let error = build("ch\ns3cret").0.unwrap_err();
    assert!(error.message().contains("channel-key"), "{error}");
    assert!(!super::shown(&error).contains("s3cret"), "{error}");
}
