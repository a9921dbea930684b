//! How answers are read: both documented forms, errors in every dress, and what is no answer at all.

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, build, testing::Scripted};
use jdcloud_vm_import::types::{DescribeImageRequest, ImportImageRequest, ImportImageResponse};

async fn import(status: u16, body: &str) -> Result<ImportImageResponse, Error> {
    let script = Arc::new(Scripted::new([(status, body)]));
    super::client(&script)
        .import_image(&ImportImageRequest::default())
        .await
}

#[tokio::test]
async fn the_task_id_is_text_or_number_under_either_name() {
    for body in [
        r#"{"requestId":"r","result":{"imageId":"img-1","taskId":"541"}}"#,
        r#"{"requestId":"r","result":{"imageId":"img-1","importTaskId":541}}"#,
        r#"{"imageId":"img-1","importTaskId":541}"#,
    ] {
        let answer = import(200, body).await.unwrap();
        assert_eq!(
            (answer.image_id.as_deref(), answer.task_id.as_deref()),
            (Some("img-1"), Some("541")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_number_is_the_code_where_there_is_no_word_for_it() {
    for code in ["400", r#""400""#] {
        let body = format!(r#"{{"requestId":"r1","error":{{"code":{code},"message":"imageName invalid"}}}}"#);
        for status in [200, 400] {
            let error = import(status, &body).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::InvalidRequest, Some("400")),
                "{body}"
            );
            assert!(!error.may_have_executed());
        }
    }
    for none in ["0", r#""0""#, r#""""#, "null"] {
        let body = format!(r#"{{"requestId":"r1","error":{{"code":{none},"message":""}},"result":{{"taskId":"1"}}}}"#);
        assert_eq!(
            import(200, &body).await.unwrap().task_id.as_deref(),
            Some("1"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn errors_keep_the_vendors_words() {
    let cases = [
        (
            400,
            r#"{"requestId":"r1","error":{"code":400,"status":"CONFLICT","message":"OssRegion 'a' not match current region 'b'"}}"#,
            ErrorKind::InvalidRequest,
            false,
        ),
        (
            401,
            r#"{"requestId":"r1","error":{"status":"ACCESS_ERROR","code":401,"message":"sign result is not same [gw]"}}"#,
            ErrorKind::Credentials,
            false,
        ),
        (
            429,
            r#"{"requestId":"r1","error":{"status":"QUOTA_EXCEEDED","code":429,"message":"Image quota limit exceeded"}}"#,
            ErrorKind::QuotaExceeded,
            false,
        ),
        (
            429,
            r#"{"requestId":"r1","error":{"status":"RATE_LIMIT","code":429,"message":"minute rate limit exceeded, role:ak"}}"#,
            ErrorKind::RateLimited,
            false,
        ),
        (
            500,
            r#"{"requestId":"r1","error":{"status":"INTERNAL","code":500,"message":"later"}}"#,
            ErrorKind::Unavailable,
            true,
        ),
        // A 200 that carries an error is an error.
        (
            200,
            r#"{"requestId":"r1","error":{"status":"HTTP_FORBIDDEN","code":403,"message":"no"}}"#,
            ErrorKind::PermissionDenied,
            false,
        ),
        // A code that is in no table is judged by the HTTP status.
        (
            403,
            r#"{"requestId":"r1","error":{"status":"BRAND_NEW","code":403,"message":"no"}}"#,
            ErrorKind::PermissionDenied,
            false,
        ),
    ];
    for (status, body, kind, executed) in cases {
        let error = import(status, body).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (kind, executed), "{body}");
        assert_eq!(
            (error.request_id(), error.http_status()),
            (Some("r1"), Some(status)),
            "{body}"
        );
        assert!(
            error.remedy().is_some() && body.contains(error.code().unwrap()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_success() {
    for body in [
        "",
        "<html>502</html>",
        r#"{"requestId":"r","resu"#,
        "[]",
        r#"{"result":{"imageId":7,"taskId":{}}}"#,
    ] {
        let error = import(200, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::InvalidResponse, true),
            "{body}"
        );
        assert_eq!(
            (error.operation(), error.http_status()),
            (Some("importImage"), Some(200)),
            "{body}"
        );
    }
    let error = import(502, "<html>Bad gateway</html>").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Unavailable, true)
    );
}

#[tokio::test]
async fn a_missing_path_parameter_is_named_before_anything_is_sent() {
    let script = Arc::new(Scripted::default());
    let error = super::client(&script)
        .describe_image(&DescribeImageRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("imageId"), "{error}");
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn no_secret_is_shown() {
    let echo = format!(
        r#"{{"requestId":"r","error":{{"status":"ACCESS_ERROR","code":401,"message":"bad key {}"}}}}"#,
        super::SECRET
    );
    let error = import(401, &echo).await.unwrap_err();
    let script = Arc::new(Scripted::default());
    let request = build!(ImportImageRequest {
        image_url: Some("https://b/k?Signature=s1gn".into()),
    });
    let shown = format!("{error} {error:?} {:?} {request:?}", super::client(&script));
    assert!(!shown.contains(super::SECRET) && !shown.contains("s1gn"), "{shown}");
}
