//! How answers are read: with and without an image id, errors in every dress, dry runs, and what is no answer at all.

use std::sync::Arc;

use cloud_import_core::{Credentials, Error, ErrorKind, build, testing::Scripted};
use tencent_cvm_import::types::{ImportImageRequest, ImportImageResponse};

async fn import(status: u16, body: &str) -> Result<ImportImageResponse, Error> {
    let script = Arc::new(Scripted::new([(status, body)]));
    super::client(&script)
        .import_image(&ImportImageRequest::default())
        .await
}

#[tokio::test]
async fn the_image_id_may_be_absent_and_unknown_fields_are_kept() {
    let mainland = r#"{"Response":{"ImageId":"img-1","RequestId":"r1","Error":null,"New":[1]}}"#;
    let answer = import(200, mainland).await.unwrap();
    assert_eq!(answer.image_id.as_deref(), Some("img-1"));
    assert_eq!(answer.extra.0["New"], serde_json::json!([1]));
    let international = import(200, r#"{"Response":{"RequestId":"r1"}}"#).await.unwrap();
    assert_eq!(
        (international.image_id, international.request_id.as_deref()),
        (None, Some("r1"))
    );
}

#[tokio::test]
async fn a_dry_run_succeeds_through_an_error_code_too() {
    let body = r#"{"Response":{"Error":{"Code":"DryRunOperation","Message":"would have succeeded"},"RequestId":"r1"}}"#;
    assert_eq!(import(200, body).await.unwrap().dry_run, Some(true));
}

#[tokio::test]
async fn errors_keep_the_vendors_words() {
    let cases = [
        ("InvalidImageName.Duplicate", 200, ErrorKind::DuplicateName, false),
        ("ImageQuotaLimitExceeded", 200, ErrorKind::QuotaExceeded, false),
        ("InvalidImageOsType.Unsupported", 200, ErrorKind::Unsupported, false),
        ("AuthFailure.SignatureFailure", 200, ErrorKind::Credentials, false),
        ("AuthFailure.SignatureExpire", 200, ErrorKind::ClockSkew, false),
        (
            "RequestLimitExceeded.IPLimitExceeded",
            200,
            ErrorKind::RateLimited,
            false,
        ),
        // A new code of a known family, then one of none.
        ("InvalidParameterValue.BrandNew", 200, ErrorKind::InvalidRequest, false),
        ("FailedOperation.BrandNewTimeout", 200, ErrorKind::Unavailable, true),
        ("InternalError.Brand", 200, ErrorKind::Unavailable, true),
        ("BrandNew", 200, ErrorKind::Service, false),
        // The code counts, whatever the status.
        ("UnauthorizedOperation", 500, ErrorKind::PermissionDenied, false),
    ];
    for (code, status, kind, executed) in cases {
        let body = format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"因为"}},"RequestId":"r1"}}}}"#);
        let error = import(status, &body).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (kind, executed), "{code}");
        assert_eq!(
            (error.code(), error.message(), error.request_id(), error.http_status()),
            (Some(code), "因为", Some("r1"), Some(status))
        );
        assert!(error.remedy().is_some(), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_success() {
    for body in [
        "",
        "<html>502</html>",
        r#"{"Response":{"ImageId":"img-1","Requ"#,
        "[]",
        r#"{"ImageId":"img-1","RequestId":"r1"}"#,
        r#"{"Response":null}"#,
        r#"{"Response":{"Error":"no","RequestId":"r1"}}"#,
        r#"{"Response":{"ImageId":{},"RequestId":"r1"}}"#,
    ] {
        let error = import(200, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::InvalidResponse, true),
            "{body}"
        );
        assert_eq!(
            (error.operation(), error.http_status()),
            (Some("ImportImage"), Some(200)),
            "{body}"
        );
    }
    for body in ["<html>Bad gateway</html>", r#"{"Response":{"RequestId":"r1"}}"#] {
        let error = import(502, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::Unavailable, true),
            "{body}"
        );
    }
}

#[tokio::test]
async fn no_secret_is_shown() {
    let echo = format!(
        r#"{{"Response":{{"Error":{{"Code":"AuthFailure.TokenFailure","Message":"bad {} t0ken-t0ken https://b/k?q-signature=s1gn"}},"RequestId":"r"}}}}"#,
        super::SECRET
    );
    let client = |script: &Arc<Scripted>| {
        let credentials = Credentials::temporary("AKIDEXAMPLE", super::SECRET, "t0ken-t0ken");
        super::client_with(script, credentials)
    };
    let request = build!(ImportImageRequest {
        image_url: Some("https://b/k?q-signature=s1gn".into()),
    });
    let script = Arc::new(Scripted::new([(200, echo.as_str())]));
    let error = client(&script).import_image(&request).await.unwrap_err();
    assert!(error.message().contains("bad"), "{error}");
    // A client of its own: the fake transport keeps and shows what it was sent.
    let idle = client(&Arc::default());
    let headers = script.sent()[0].headers().clone();
    let shown = format!("{error} {error:?} {idle:?} {request:?} {headers:?}");
    for secret in [super::SECRET, "t0ken", "s1gn", "Signature="] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
