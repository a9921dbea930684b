//! The calls after an import: what is sent, where another service of the vendor's is asked, and what is read.

use std::sync::Arc;

use cloud_import_core::{
    Credentials, ErrorKind, RetryPolicy, build,
    http::header,
    testing::{Frozen, Scripted, render},
};
use insta::assert_snapshot;
use jdcloud_vm_import::{Client, types::*};
use serde_json::json;

/// A script of one good answer.
fn good(result: &serde_json::Value) -> Arc<Scripted> {
    let answer = json!({"requestId": "r", "result": result}).to_string();
    Arc::new(Scripted::new([(200, answer.as_str())]))
}

/// Sends a call and shows what left.
macro_rules! sent {
    ($method:ident, $request:expr) => {{
        let script = good(&json!({}));
        super::client(&script).$method(&$request).await.unwrap();
        render(&script.sent()[0])
    }};
}

fn tagging() -> TagResourcesRequest {
    build!(TagResourcesRequest {
        tag_resources: Some(build!(TagResourcesReqVo {
            resources: Some(vec![build!(ResourcesMap {
                service_code: Some("vm".into()),
                resource_id: Some(vec!["img-abc123".into()]),
            })]),
            tags: Some(vec![build!(Tag {
                key: Some("环境".into()),
                value: Some(String::new()),
            })]),
        })),
    })
}

#[tokio::test]
async fn copy_images() {
    assert_snapshot!(sent!(
        copy_images,
        build!(CopyImagesRequest {
            source_image_ids: Some(vec!["img-1".into(), "img-2".into()]),
            destination_region: Some("cn-east-2".into()),
            name: Some("web.1".into()),
            description: Some(String::new()),
        })
    ));
}

#[tokio::test]
async fn sharing_and_publishing() {
    let accounts = || {
        (
            Some(vec!["jdpub-partner".to_owned()]),
            Some(vec!["bob@example.org".to_owned()]),
        )
    };
    let image_id = || Some("img-abc123".to_owned());
    let ((pins, login_names), (no_pins, no_names)) = (accounts(), accounts());
    let share = build!(ShareImageRequest {
        image_id: image_id(),
        pins: pins,
        login_names: login_names
    });
    let end = build!(UnShareImageRequest {
        image_id: image_id(),
        pins: no_pins,
        login_names: no_names
    });
    let all = [
        sent!(share_image, share),
        sent!(un_share_image, end),
        sent!(
            describe_image_members,
            build!(DescribeImageMembersRequest { image_id: image_id() })
        ),
        sent!(
            describe_image_constraints,
            build!(DescribeImageConstraintsRequest { image_id: image_id() })
        ),
        sent!(release_image, build!(ReleaseImageRequest { image_id: image_id() })),
        sent!(un_release_image, build!(UnReleaseImageRequest { image_id: image_id() })),
    ];
    assert_snapshot!(all.join("\n\n"));
}

#[tokio::test]
async fn export_image() {
    assert_snapshot!(sent!(
        export_image,
        build!(ExportImageRequest {
            image_id: Some("img-abc123".into()),
            role_name: Some("ExportRole".into()),
            oss_url: Some("https://exports.s3.cn-north-1.jdcloud-oss.com".into()),
            oss_prefix: Some("web".into()),
            client_token: Some("tok-1".into()),
            is_all_disk: Some(true),
        })
    ));
}

#[tokio::test]
async fn tags_are_asked_for_at_their_own_service() {
    let un_tag = build!(UnTagResourcesRequest {
        un_tag_resources: Some(build!(UnTagResourcesReqVo {
            resources: Some(Vec::new()),
            tags: Some(Vec::new()),
        })),
    });
    assert_snapshot!([sent!(tag_resources, tagging()), sent!(un_tag_resources, un_tag)].join("\n\n"));
}

/// Keys that are meant for another cloud do not go to the public one.
#[tokio::test]
async fn an_endpoint_that_is_not_of_the_service_is_asked_for_tags_itself() {
    for (endpoint, asked) in [
        ("https://vm.jdcloud-api.com", "https://resourcetag.jdcloud-api.com"),
        (
            "http://vm.internal.cn-north-1.jdcloud-api.com",
            "https://resourcetag.jdcloud-api.com",
        ),
        ("https://www.jdcloud-api.com", "https://www.jdcloud-api.com"),
        (
            "https://resource-tag.jdcloud-api.com",
            "https://resource-tag.jdcloud-api.com",
        ),
        ("https://vm.private.example:8443", "https://vm.private.example:8443"),
        (
            "https://vm.jdcloud-api.com.example",
            "https://vm.jdcloud-api.com.example",
        ),
    ] {
        let script = good(&json!({}));
        let client = Client::builder("cn-north-1")
            .endpoint(endpoint.parse().unwrap())
            .plain_http(true)
            .credentials(Credentials::new("AKEXAMPLE", super::SECRET))
            .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "n")))
            .transport(Arc::clone(&script) as _)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        client.tag_resources(&tagging()).await.unwrap();
        let sent = script.sent();
        let uri = sent[0].uri().to_string();
        assert_eq!(
            uri,
            format!("{asked}/v1/regions/cn-north-1/tags:tagResources"),
            "{endpoint}"
        );
        let authorization = sent[0].headers()[header::AUTHORIZATION].to_str().unwrap();
        assert!(
            authorization.contains("/cn-north-1/resourcetag/jdcloud2_request"),
            "{endpoint}"
        );
    }
}

#[tokio::test]
async fn answers_are_read() {
    let script = good(&json!({"copyImages": [{"sourceImageId": "img-1", "destinationImageId": "img-2"}]}));
    let answer = super::client(&script)
        .copy_images(&CopyImagesRequest::default())
        .await
        .unwrap();
    let copies = answer.copy_images.unwrap();
    assert_eq!(copies[0].source_image_id.as_deref(), Some("img-1"));
    assert_eq!(copies[0].destination_image_id.as_deref(), Some("img-2"));

    let script = good(&json!({"pins": ["p"], "loginNames": null}));
    let request = build!(DescribeImageMembersRequest {
        image_id: Some("img-1".into())
    });
    let answer = super::client(&script).describe_image_members(&request).await.unwrap();
    assert_eq!((answer.pins, answer.login_names), (Some(vec!["p".to_owned()]), None));

    let script =
        good(&json!({"data": {"successCount": 1, "failedResourcesMap": [{"resourceId": "img-1", "msg": "no"}]}}));
    let data = super::client(&script)
        .tag_resources(&tagging())
        .await
        .unwrap()
        .data
        .unwrap();
    let failed = data.failed_resources_map.unwrap();
    assert_eq!((data.success_count, failed[0].msg.as_deref()), (Some(1), Some("no")));
}

/// A copy has no token: whether it was made is not found out by asking again.
#[tokio::test]
async fn a_copy_is_sent_once_and_a_share_again() {
    let script = Arc::new(Scripted::new([
        (500, "{}"),
        (500, "{}"),
        (200, r#"{"requestId":"r","result":{}}"#),
    ]));
    let client = Client::builder("cn-north-1")
        .credentials(Credentials::new("AKEXAMPLE", super::SECRET))
        .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "n")))
        .transport(Arc::clone(&script) as _)
        .retry(RetryPolicy::default().attempts(2))
        .build()
        .unwrap();
    let error = client.copy_images(&CopyImagesRequest::default()).await.unwrap_err();
    assert!(error.may_have_executed() && script.sent().len() == 1, "{error}");

    let share = build!(ShareImageRequest {
        image_id: Some("img-1".into())
    });
    client.share_image(&share).await.unwrap();
    assert_eq!(script.sent().len(), 3);
}

#[tokio::test]
async fn a_busy_image_is_a_conflict() {
    let refusal = r#"{"requestId":"r","error":{"code":400,"status":"FAILED_PRECONDITION","message":"Conflict with underlay image task '7'"}}"#;
    let script = Arc::new(Scripted::new([(400, refusal)]));
    let error = super::client(&script)
        .copy_images(&CopyImagesRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!error.may_have_executed());
}
