//! The older request form: what is sent in each of its three ways, and that its signature is shown nowhere.

use std::{sync::Arc, time::Duration};

use aliyun_ecs_import::{types::*, *};
use cloud_import_core::{
    Credentials, ErrorKind, RetryPolicy, build,
    provider::encode::decode_pairs,
    testing::{Scripted, render},
    transport::TransportErrorKind,
};
use insta::assert_snapshot;

const TOKEN: &str = "tok/en+==";

fn client(script: &Arc<Scripted>, rpc_form: RpcForm, retry: RetryPolicy) -> Client {
    super::builder(script)
        .credentials(Credentials::temporary("STS.AK", super::SECRET, TOKEN))
        .options(
            ClientOptions::default()
                .signature_version(SignatureVersion::Rpc)
                .rpc_form(rpc_form),
        )
        .retry(retry)
        .build()
        .unwrap()
}

fn request() -> ImportImageRequest {
    build!(ImportImageRequest {
        region_id: Some("cn-hangzhou".into()),
        image_name: Some("import-test_镜像 ~*+/".into()),
        description: Some(String::new()),
        dry_run: Some(false),
        client_token: Some("tok-1".into()),
        disk_device_mapping: Some(vec![build!(DiskDeviceMapping {
            format: Some(DiskFormat::Qcow2),
            oss_bucket: Some("images".into()),
            oss_object: Some("dir/a b.qcow2".into()),
            disk_image_size: Some(40),
        })]),
    })
}

async fn sent(rpc_form: RpcForm) -> String {
    let script = Arc::new(Scripted::new([(200, r#"{"RequestId":"r","ImageId":"m-1"}"#)]));
    let client = client(&script, rpc_form, RetryPolicy::none());
    client.import_image(&request()).await.unwrap();
    render(&script.sent()[0])
}

#[tokio::test]
async fn by_post_in_the_query() {
    assert_snapshot!(sent(RpcForm::PostQuery).await);
}

#[tokio::test]
async fn by_post_in_a_form() {
    assert_snapshot!(sent(RpcForm::PostForm).await);
}

#[tokio::test]
async fn by_get() {
    assert_snapshot!(sent(RpcForm::Get).await);
}

#[tokio::test]
async fn a_retry_is_signed_anew() {
    let throttled = (400, r#"{"Code":"Throttling.User","Message":"slower"}"#);
    let script = Arc::new(Scripted::new([throttled, (200, r#"{"ImageId":"m-1"}"#)]));
    let retry = RetryPolicy::default().backoff(Duration::from_secs(2), Duration::from_secs(20));
    client(&script, RpcForm::PostForm, retry)
        .import_image(&request())
        .await
        .unwrap();
    let once = |name: &str| {
        let values = script.sent().into_iter().map(|request| {
            let form = String::from_utf8(request.body().to_vec()).unwrap();
            let mut found = decode_pairs(&form);
            found.retain(|(there, _)| there == name);
            assert_eq!(found.len(), 1, "{name} in {form}");
            found.remove(0).1
        });
        values.collect::<Vec<_>>()
    };
    assert_eq!(once("Timestamp"), ["2025-01-02T03:04:05Z", "2025-01-02T03:04:07Z"]);
    let signatures = once("Signature");
    assert_ne!(signatures[0], signatures[1]);
    for name in ["SignatureNonce", "AccessKeyId", "SecurityToken"] {
        assert_eq!(once(name).len(), 2);
    }
}

#[tokio::test]
async fn xml_errors_are_read_and_xml_answers_are_no_success() {
    let script = Arc::new(Scripted::new([
        (
            403,
            "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>r1</RequestId><HostId>h</HostId><Code>QuotaExceed.Image</Code><Message>full</Message></Error>",
        ),
        (200, "<ImportImageResponse><ImageId>m-1</ImageId></ImportImageResponse>"),
    ]));
    let client = client(&script, RpcForm::Get, RetryPolicy::none());
    let error = client.import_image(&request()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::QuotaExceeded, Some("r1"))
    );
    let error = client.import_image(&request()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::InvalidResponse, true)
    );
}

#[tokio::test]
async fn the_signature_is_shown_nowhere_though_it_stands_in_the_url() {
    for form in [RpcForm::PostQuery, RpcForm::PostForm, RpcForm::Get] {
        // What will be signed is known: clock and nonce stand still.
        let first = Arc::new(Scripted::default());
        let lost = client(&first, form, RetryPolicy::none()).import_image(&request()).await;
        let sent = first.sent().remove(0);
        let parameters = match form {
            RpcForm::PostForm => String::from_utf8(sent.body().to_vec()).unwrap(),
            _ => sent.uri().query().unwrap().to_owned(),
        };
        let (_, signature) = decode_pairs(&parameters)
            .into_iter()
            .find(|(name, _)| name == "Signature")
            .unwrap();
        let escaped = cloud_import_core::provider::encode::percent(&signature);

        let echo = format!(
            r#"{{"RequestId":"r","Code":"SignatureDoesNotMatch","Message":"not {signature} nor {escaped} of https://ecs/?{}"}}"#,
            parameters.replace('"', "")
        );
        let script = Arc::new(Scripted::new([(400, echo.as_str())]));
        script.fail(TransportErrorKind::Broken);
        let client = client(&script, form, RetryPolicy::none());
        let refused = client.import_image(&request()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Credentials);
        let broken = client.import_image(&request()).await.unwrap_err();
        let shown = format!("{:?} {refused} {refused:?} {broken} {broken:?}", lost.unwrap_err());
        for secret in [
            super::SECRET,
            TOKEN,
            "tok%2Fen",
            signature.as_str(),
            escaped.as_str(),
            "Timestamp=",
        ] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}
