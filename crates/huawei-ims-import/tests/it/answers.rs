//! How answers are read: errors in every form, what is no answer at all, and what is never shown.

use std::sync::Arc;

use cloud_import_core::{Credentials, ErrorKind, Result, http::Response, testing::Scripted};
use huawei_ims_import::*;

fn quick() -> ImportImageQuickRequest {
    ImportImageQuickRequest {
        name: Some("web".into()),
        ..Default::default()
    }
}

async fn import(status: u16, body: &str) -> Result<JobAccepted> {
    let script = Arc::new(Scripted::default());
    let answer = Response::builder()
        .status(status)
        .header("X-Request-Id", "r1")
        .body(body.to_owned().into())
        .unwrap();
    script.push(Ok(answer));
    super::client(&script).import_image_quick(&quick()).await
}

#[tokio::test]
async fn a_good_answer_has_no_envelope() {
    let answer = import(200, r#"{"job_id":"8a12fc66"}"#).await.unwrap();
    assert_eq!(answer.job_id.as_deref(), Some("8a12fc66"));
}

#[tokio::test]
async fn errors_are_read_in_every_form() {
    let cases = [
        // IMS.
        (
            400,
            r#"{"error":{"message":"Only RAW and ZVHD2 are supported.","code":"IMG.0158"}}"#,
            ErrorKind::InvalidRequest,
            "IMG.0158",
            false,
        ),
        (
            400,
            r#"{"error":{"message":"The image name already exists.","code":"IMG.0009"}}"#,
            ErrorKind::DuplicateName,
            "IMG.0009",
            false,
        ),
        (
            400,
            r#"{"error":{"message":"Later.","code":"IMG.0060"}}"#,
            ErrorKind::RateLimited,
            "IMG.0060",
            false,
        ),
        (
            400,
            r#"{"error":{"message":"Unknown.","code":"IMG.0061"}}"#,
            ErrorKind::Service,
            "IMG.0061",
            true,
        ),
        // A service behind it.
        (
            401,
            r#"{"error":{"code":"EPS.0003","message":"policy doesn't allow"}}"#,
            ErrorKind::PermissionDenied,
            "EPS.0003",
            false,
        ),
        // The generic form, and that of the older SDKs.
        (
            400,
            r#"{"error_msg":"The format of message is error","error_code":"AS.0001"}"#,
            ErrorKind::InvalidRequest,
            "AS.0001",
            false,
        ),
        (
            403,
            r#"{"errorCode":"X.1","errorMsg":"no"}"#,
            ErrorKind::PermissionDenied,
            "X.1",
            false,
        ),
        // The API gateway.
        (
            401,
            r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: verify aksk signature fail","request_id":"other"}"#,
            ErrorKind::Credentials,
            "APIGW.0301",
            false,
        ),
        (
            429,
            r#"{"error_code":"APIGW.0308","error_msg":"throttled","request_id":"other"}"#,
            ErrorKind::RateLimited,
            "APIGW.0308",
            false,
        ),
        (
            504,
            r#"{"error_code":"APIGW.0201","error_msg":"Backend timeout."}"#,
            ErrorKind::Unavailable,
            "APIGW.0201",
            true,
        ),
        // IAM: the code is a number.
        (
            401,
            r#"{"error":{"message":"The request you have made requires authentication.","code":401,"title":"Unauthorized"}}"#,
            ErrorKind::Credentials,
            "401",
            false,
        ),
        (
            400,
            r#"{"error":{"message":"no","code":1201}}"#,
            ErrorKind::InvalidRequest,
            "1201",
            false,
        ),
        // One level down under any name; no code at all.
        (
            404,
            r#"{"itemNotFound":{"message":"no such job"}}"#,
            ErrorKind::NotFound,
            "404",
            false,
        ),
        (500, r#"{"message":"later"}"#, ErrorKind::Unavailable, "500", true),
        // A 200 that carries an error is an error.
        (
            200,
            r#"{"error":{"message":"quota","code":"IMG.0015"}}"#,
            ErrorKind::QuotaExceeded,
            "IMG.0015",
            false,
        ),
        (
            200,
            r#"{"error_code":"IMG.0015","error_msg":"quota"}"#,
            ErrorKind::QuotaExceeded,
            "IMG.0015",
            false,
        ),
        // A code that is in no table is judged by the HTTP status.
        (
            403,
            r#"{"error":{"code":"IMG.9999","message":"no"}}"#,
            ErrorKind::PermissionDenied,
            "IMG.9999",
            false,
        ),
    ];
    for (status, body, kind, code, executed) in cases {
        let error = import(status, body).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (kind, executed), "{body}");
        assert_eq!(
            (error.code(), error.request_id(), error.http_status()),
            (Some(code), Some("r1"), Some(status)),
            "{body}"
        );
        assert!(error.remedy().is_some(), "{error}");
    }
}

#[tokio::test]
async fn the_request_id_may_be_in_the_body() {
    let script = Arc::new(Scripted::new([(
        401,
        r#"{"error_code":"APIGW.0301","error_msg":"x","request_id":"r2"}"#,
    )]));
    let error = super::client(&script).import_image_quick(&quick()).await.unwrap_err();
    assert_eq!(error.request_id(), Some("r2"));
}

#[tokio::test]
async fn what_is_no_answer_is_never_success() {
    for body in [
        "",
        "<html>502</html>",
        "<?xml version=\"1.0\"?><Error/>",
        r#"{"job_id":"8a12"#,
        "[]",
        r#"{"job_id":{}}"#,
    ] {
        let error = import(200, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::InvalidResponse, true),
            "{body}"
        );
        assert_eq!(
            (error.operation(), error.http_status()),
            (Some("ImportImageQuick"), Some(200)),
            "{body}"
        );
    }
    for body in ["<html>Bad gateway</html>", r#"{"detail":"from a proxy"}"#] {
        let error = import(502, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed(), error.code()),
            (ErrorKind::Unavailable, true, None),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_failed_job_is_an_answer_and_no_error() {
    let text = r#"{"status":"FAIL","job_id":"j","error_code":"IMG.0057","fail_reason":"no file","error_msg":"x","code":"c","message":"m"}"#;
    let script = Arc::new(Scripted::new([(200, text)]));
    let request = ShowJobProgressRequest {
        job_id: Some("j".into()),
        ..Default::default()
    };
    let job = super::client(&script).show_job_progress(&request).await.unwrap();
    assert_eq!(job.error_code.as_deref(), Some("IMG.0057"));
}

#[tokio::test]
async fn nothing_is_an_answer_to_a_delete_alone() {
    let request = GlanceDeleteImageRequest {
        image_id: Some("i".into()),
        ..Default::default()
    };
    let script = Arc::new(Scripted::new([(204, ""), (200, "")]));
    let client = super::client(&script);
    client.glance_delete_image(&request).await.unwrap();
    let error = client.glance_delete_image(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn a_missing_path_parameter_is_named_before_anything_is_sent() {
    let script = Arc::new(Scripted::default());
    let client = super::builder(&script).build().unwrap();
    let request = ShowJobRequest {
        job_id: Some("j".into()),
        ..Default::default()
    };
    let error = client.show_job(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("project_id"), "{error}");
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn no_secret_is_shown() {
    let echo = |secret: &str| format!(r#"{{"error_code":"APIGW.0301","error_msg":"decrypt token fail: {secret}"}}"#);
    let error = import(401, &echo(super::SECRET)).await.unwrap_err();
    let script = Arc::new(Scripted::new([(401, echo("t0ken-of-iam").as_str())]));
    let token = super::builder(&script)
        .credentials(Credentials::bearer_token("t0ken-of-iam"))
        .project(super::PROJECT)
        .build()
        .unwrap();
    let by_token = token.import_image_quick(&quick()).await.unwrap_err();
    let sent = &script.sent()[0];
    let shown = format!(
        "{error} {error:?} {by_token} {by_token:?} {:?} {token:?} {sent:?} {:?}",
        super::client(&script),
        quick()
    );
    assert!(by_token.message().contains("decrypt token fail"), "{by_token}");
    assert!(
        !shown.contains(super::SECRET) && !shown.contains("t0ken-of-iam"),
        "{shown}"
    );
}
