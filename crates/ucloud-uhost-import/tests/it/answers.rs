//! How answers are read: both forms of the code, errors with HTTP 200, and what is no answer at all.

use std::sync::Arc;

use cloud_import_core::{
    Bytes, Error, ErrorKind, build,
    http::{Response, StatusCode},
    testing::Scripted,
    transport::TransportErrorKind,
};
use ucloud_uhost_import::types::{ImportCustomImageRequest, ImportCustomImageResponse};

/// Makes an import call that is answered so, with a request id.
async fn import(status: u16, body: &str) -> Result<ImportCustomImageResponse, Error> {
    let script = Arc::new(Scripted::default());
    let mut answer = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
        .headers_mut()
        .insert("X-UCLOUD-REQUEST-UUID", "uuid-1".parse().unwrap());
    script.push(Ok(answer));
    super::client(&script).import_custom_image(&request()).await
}

fn request() -> ImportCustomImageRequest {
    build!(ImportCustomImageRequest {
        ufile_url: Some("https://b.cn-bj.ufileos.com/k?UCloudPublicKey=pk&Signature=s1gn%2Bed".into()),
    })
}

#[tokio::test]
async fn the_code_of_success_is_zero_or_its_text() {
    for code in ["0", r#""0""#] {
        let body = format!(r#"{{"Action":"ImportCustomImageResponse","ImageId":"uimage-1","RetCode":{code}}}"#);
        let answer = import(200, &body).await.unwrap();
        assert_eq!(answer.image_id.as_deref(), Some("uimage-1"), "{body}");
        assert!(answer.extra.0.is_empty(), "{answer:?}");
    }
}

#[tokio::test]
async fn errors_come_with_status_200_and_keep_the_vendors_words() {
    let cases = [
        ("171", "Signature VerifyAC Error", ErrorKind::Credentials, false),
        ("172", "User not exist", ErrorKind::Credentials, false),
        ("292", "no such project", ErrorKind::InvalidRequest, false),
        ("299", "IAM permission error", ErrorKind::PermissionDenied, false),
        ("8300", "refused", ErrorKind::PermissionDenied, false),
        ("8095", "quota", ErrorKind::QuotaExceeded, false),
        ("153", "too frequent", ErrorKind::RateLimited, false),
        // These may have been executed: a start is looked up, never sent again.
        ("110", "timeout", ErrorKind::Unavailable, true),
        ("150", "later", ErrorKind::Unavailable, true),
        ("8301", "import failed", ErrorKind::Service, true),
        // A code that is in no table is a refusal.
        ("99999", "brand new", ErrorKind::Service, false),
        ("-30010", "bucket not exist", ErrorKind::Service, false),
    ];
    for (code, message, kind, executed) in cases {
        for written in [code.to_owned(), format!(r#""{code}""#)] {
            let body = format!(r#"{{"RetCode":{written},"Action":"X","Message":"{message}"}}"#);
            let error = import(200, &body).await.unwrap_err();
            assert_eq!((error.kind(), error.may_have_executed()), (kind, executed), "{body}");
            assert_eq!((error.code(), error.message()), (Some(code), message), "{body}");
            assert_eq!(
                (error.request_id(), error.http_status(), error.operation()),
                (Some("uuid-1"), Some(200), Some("ImportCustomImage")),
                "{body}"
            );
            assert!(error.remedy().is_some(), "{error}");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_success() {
    for body in [
        "",
        "<html>502</html>",
        r#"{"RetCode":0,"ImageI"#,
        "[]",
        "{}",
        r#"{"ImageId":"uimage-1"}"#,
        r#"{"RetCode":null,"ImageId":"uimage-1"}"#,
        r#"{"RetCode":"","ImageId":"uimage-1"}"#,
        r#"{"RetCode":"zero","ImageId":"uimage-1"}"#,
        r#"{"RetCode":0.5,"ImageId":"uimage-1"}"#,
        r#"{"RetCode":0,"ImageId":{}}"#,
    ] {
        let error = import(200, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed(), error.request_id()),
            (ErrorKind::InvalidResponse, true, Some("uuid-1")),
            "{body}"
        );
    }
    for body in ["<html>Bad gateway</html>", r#"{"RetCode":0,"ImageId":"uimage-1"}"#] {
        let error = import(502, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::Unavailable, true),
            "{body}"
        );
    }
    // A code that is there counts, whatever the status.
    let error = import(403, r#"{"RetCode":171,"Message":"no"}"#).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Credentials, Some("171")));
}

/// The signature and a signed link are in the body, where no header's rule finds them.
#[tokio::test]
async fn no_secret_is_shown_even_if_the_vendor_echoes_it() {
    let script = Arc::new(Scripted::new([(200, r#"{"RetCode":0}"#)]));
    super::client(&script).import_custom_image(&request()).await.unwrap();
    let signature = super::parameter(&script.sent()[0], "Signature").unwrap();
    assert_eq!(signature.len(), 40);
    let body = String::from_utf8(script.sent()[0].body().to_vec()).unwrap();
    let secrets = [signature.as_str(), "s1gn", super::SECRET];

    for echo in [
        format!("wrong signature {signature}"),
        format!(
            "ActionImportCustomImageProjectIdorg-1{} is not {signature}",
            super::SECRET
        ),
        format!("the body was {body}"),
        "cannot read https://b.cn-bj.ufileos.com/k?UCloudPublicKey=pk&Signature=s1gn%2Bed".to_owned(),
        "cannot read k with UCloudPublicKey=pk&Signature=s1gn%2Bed".to_owned(),
    ] {
        let answer = serde_json::json!({"RetCode": 171, "Message": echo}).to_string();
        let shown = super::shown(&import(200, &answer).await.unwrap_err());
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(shown.contains("hidden"), "{shown}");
    }

    let script = Arc::new(Scripted::default());
    script.fail(TransportErrorKind::Broken);
    let client = super::client(&script);
    let shown_client = format!("{client:?} {:?}", request());
    let error = super::shown(&client.import_custom_image(&request()).await.unwrap_err());
    for shown in [shown_client, error] {
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
}
