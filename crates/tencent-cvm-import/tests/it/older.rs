//! The older request forms: parameters in the query or in a form, and signature version 1. What is sent, and that nothing
//! secret in it is shown.

use std::sync::Arc;

use cloud_import_core::{
    Credentials, ErrorKind, build,
    http::Request,
    provider::encode,
    testing::{Frozen, Scripted, render},
    transport::TransportErrorKind,
};
use insta::assert_snapshot;
use tencent_cvm_import::{common::Bytes, types::*, *};

const DONE: &str = r#"{"Response":{"ImageId":"img-1","RequestId":"r"}}"#;
const TOKEN: &str = "tok+en/==";
const LINK: &str =
    "https://img-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.qcow2?q-ak=AKID&q-signature=0123456789abcdef%2B012345";

const VERSIONS: [SignatureVersion; 3] = [
    SignatureVersion::Tc3,
    SignatureVersion::HmacSha256,
    SignatureVersion::HmacSha1,
];
const METHODS: [HttpMethod; 2] = [HttpMethod::Post, HttpMethod::Get];

fn options(signature_version: SignatureVersion, http_method: HttpMethod) -> ClientOptions {
    ClientOptions::default()
        .signature_version(signature_version)
        .http_method(http_method)
}

fn order() -> ImportImageRequest {
    build!(ImportImageRequest {
        architecture: Some(Architecture::X86_64),
        os_type: Some("Ubuntu".into()),
        os_version: Some("22".into()),
        image_url: Some(LINK.into()),
        image_name: Some("import-test_镜像 ~*+".into()),
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
        boot_mode: Some(BootMode::LegacyBios),
        import_image_data_disk_list: Some(vec![build!(ImportImageDataDisk {
            image_url: Some("https://img-1250000000.cos.ap-guangzhou.myqcloud.com/d1.raw".into()),
        })]),
    })
}

fn client(script: &Arc<Scripted>, version: SignatureVersion, method: HttpMethod) -> Client {
    let credentials = Credentials::temporary("AKIDEXAMPLE", super::SECRET, TOKEN);
    super::older_client(script, credentials, options(version, method))
}

async fn sent(version: SignatureVersion, method: HttpMethod) -> Request<Bytes> {
    let script = Arc::new(Scripted::new([(200, DONE)]));
    let client = client(&script, version, method);
    client.import_image(&order()).await.unwrap();
    script.sent().remove(0)
}

#[tokio::test]
async fn version_3_by_get() {
    assert_snapshot!(render(&sent(SignatureVersion::Tc3, HttpMethod::Get).await));
}

#[tokio::test]
async fn version_1_by_post() {
    assert_snapshot!(render(&sent(SignatureVersion::HmacSha256, HttpMethod::Post).await));
}

#[tokio::test]
async fn version_1_by_get() {
    assert_snapshot!(render(&sent(SignatureVersion::HmacSha1, HttpMethod::Get).await));
}

/// Neither parameters nor region.
#[tokio::test]
async fn a_bare_call() {
    let mut shown = String::new();
    for (version, method) in [
        (SignatureVersion::Tc3, HttpMethod::Get),
        (SignatureVersion::HmacSha1, HttpMethod::Post),
    ] {
        let script = Arc::new(Scripted::new([(200, DONE)]));
        Client::builder("")
            .endpoint("cvm.intl.tencentcloudapi.com".parse().unwrap())
            .options(options(version, method))
            .credentials(Credentials::new("AKIDEXAMPLE", super::SECRET))
            .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "11886")))
            .transport(Arc::clone(&script) as _)
            .build()
            .unwrap()
            .describe_image_quota(&DescribeImageQuotaRequest::default())
            .await
            .unwrap();
        shown.push_str(&render(&script.sent()[0]));
        shown.push('\n');
    }
    assert_snapshot!(shown);
}

/// The parts of a sent request that no message may hold.
fn secrets(request: &Request<Bytes>) -> Vec<String> {
    let query = encode::decode_pairs(request.uri().query().unwrap_or_default());
    let form = encode::decode_pairs(&String::from_utf8_lossy(request.body()));
    let mut secrets: Vec<String> = [query, form]
        .concat()
        .into_iter()
        .filter_map(|(name, value)| (name == "Signature").then_some(value))
        .collect();
    if let Some(value) = request.headers().get("authorization") {
        let value = value.to_str().unwrap();
        secrets.push(value.rsplit_once("Signature=").unwrap().1.to_owned());
    }
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    let (_, query) = LINK.split_once('?').unwrap();
    secrets.extend([super::SECRET, TOKEN, query, "0123456789abcdef%2B012345"].map(str::to_owned));
    secrets
}

/// Signature, keys and the link's query, as the cloud echoes them, and encoded as it was sent them.
#[tokio::test]
async fn no_secret_is_shown() {
    for (version, method) in VERSIONS
        .into_iter()
        .flat_map(|version| METHODS.map(|method| (version, method)))
    {
        let secrets = secrets(&sent(version, method).await);
        let mut echoes: Vec<String> = secrets.iter().map(|secret| encode::percent(secret)).collect();
        echoes.extend(secrets.iter().cloned());
        echoes.push("0123456789abcdef+012345".to_owned());
        let body = serde_json::json!({"Response": {"Error": {
            "Code": "AuthFailure.SignatureFailure", "Message": format!("bad {}", echoes.join(" ")),
        }, "RequestId": "r"}});
        let script = Arc::new(Scripted::new([(200, body.to_string().as_str())]));
        let refused = client(&script, version, method)
            .import_image(&order())
            .await
            .unwrap_err();
        assert!(refused.message().contains("bad <hidden>"), "{refused}");

        let script = Arc::new(Scripted::default());
        script.fail(TransportErrorKind::Broken);
        let lost = client(&script, version, method)
            .import_image(&order())
            .await
            .unwrap_err();
        assert!(lost.may_have_executed());

        let idle = client(&Arc::default(), version, method);
        let shown = format!("{refused} {refused:?} {lost} {lost:?} {idle:?}");
        for secret in secrets.iter().chain(&echoes) {
            assert!(
                !shown.contains(secret.as_str()),
                "{version:?} {method:?} {secret}: {shown}"
            );
        }
    }
}

/// An import is not repeatable, by whatever method it is sent; each attempt at what is repeatable is signed anew.
#[tokio::test]
async fn get_makes_no_import_repeatable() {
    for method in METHODS {
        let script = Arc::new(Scripted::default());
        script.fail(TransportErrorKind::Broken);
        script.fail(TransportErrorKind::Broken);
        let client = Client::builder("ap-guangzhou")
            .options(options(SignatureVersion::HmacSha256, method))
            .credentials(Credentials::new("AKIDEXAMPLE", super::SECRET))
            .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "11886")))
            .transport(Arc::clone(&script) as _)
            .build()
            .unwrap();
        client.import_image(&order()).await.unwrap_err();
        assert_eq!(script.sent().len(), 1, "{method:?}");
        client
            .describe_image_quota(&DescribeImageQuotaRequest::default())
            .await
            .unwrap_err();
        assert!(script.sent().len() > 2, "{method:?}");
    }
}

#[tokio::test]
async fn what_is_too_long_for_a_url_is_refused_without_showing_it() {
    for version in VERSIONS {
        let mut request = order();
        request.image_name = Some("n".repeat(70_000));
        let error = client(&Arc::default(), version, HttpMethod::Get)
            .import_image(&request)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("nnnn") && !shown.contains("q-signature"), "{shown}");
    }
}
