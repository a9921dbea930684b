//! How answers are read: both names of the task id, errors in every dress, and what is no answer at all.

use std::{sync::Arc, time::Duration};

use aliyun_ecs_import::types::{ImportImageRequest, ImportImageResponse};
use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind,
    http::Response,
    testing::Scripted,
    transport::{Stage, TransportError, TransportErrorKind},
};

async fn import(status: u16, body: &str) -> Result<ImportImageResponse, Error> {
    let script = Arc::new(Scripted::new([(status, body)]));
    super::client(&script)
        .import_image(&ImportImageRequest::default())
        .await
}

#[tokio::test]
async fn the_task_id_has_two_names() {
    for body in [
        r#"{"RequestId":"r","ImageId":"m-1","TaskId":"t-1","RegionId":"cn-hangzhou"}"#,
        r#"{"RequestId":"r","ImageId":"m-1","ImportTaskId":"t-1"}"#,
    ] {
        let answer = import(200, body).await.unwrap();
        assert_eq!(
            (answer.image_id.as_deref(), answer.task_id.as_deref()),
            (Some("m-1"), Some("t-1")),
            "{body}"
        );
        assert!(answer.extra.0.is_empty(), "{:?}", answer.extra);
    }
}

#[tokio::test]
async fn a_refused_permission_names_the_action_and_what_does_not_allow_it() {
    let refused = |detail: &str| {
        format!(
            r#"{{"RequestId":"r","Code":"NoPermission","Message":"You are not authorized.","AccessDeniedDetail":{detail}}}"#
        )
    };
    for (detail, message) in [
        (
            r#"{"PolicyType":"AccountLevelIdentityBasedPolicy","AuthAction":"ecs:ImportImage","NoPermissionType":"ImplicitDeny","EncodedDiagnosticMessage":"AQEA"}"#,
            "You are not authorized. (action ecs:ImportImage, policy AccountLevelIdentityBasedPolicy, reason ImplicitDeny)",
        ),
        (
            r#"{"AuthAction":"ecs:ImportImage"}"#,
            "You are not authorized. (action ecs:ImportImage)",
        ),
        (r#"{"AuthAction":7}"#, "You are not authorized."),
        (r#""odd""#, "You are not authorized."),
    ] {
        let error = import(403, &refused(detail)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::PermissionDenied, message));
    }
}

#[tokio::test]
async fn errors_keep_the_vendors_words() {
    let cases = [
        (
            400,
            r#"{"RequestId":"r1","HostId":"ecs.cn-hangzhou.aliyuncs.com","Code":"InvalidOSSObject.NotFound","Message":"no such object","Recommend":"https://api.aliyun.com/troubleshoot?q=x"}"#,
            ErrorKind::NotFound,
            false,
        ),
        (
            403,
            r#"{"RequestId":"r1","Code":"NoSetRoletoECSServiceAcount","Message":"no role"}"#,
            ErrorKind::PermissionDenied,
            false,
        ),
        (
            403,
            r#"{"RequestId":"r1","Code":"NoSetRoletoECSServiceAccount","Message":"no role"}"#,
            ErrorKind::PermissionDenied,
            false,
        ),
        (
            400,
            r#"{"RequestId":"r1","Code":"Throttling.User","Message":"slower"}"#,
            ErrorKind::RateLimited,
            false,
        ),
        (
            403,
            r#"{"RequestId":"r1","Code":"LastTokenProcessing","Message":"wait"}"#,
            ErrorKind::Unavailable,
            true,
        ),
        // The same with lower-case first letters, and as XML.
        (
            403,
            r#"{"requestId":"r1","code":"QuotaExceed.Image","message":"full"}"#,
            ErrorKind::QuotaExceeded,
            false,
        ),
        (
            503,
            "<?xml version='1.0'?><Error><RequestId>r1</RequestId><HostId>h</HostId><Code>ServiceUnavailable</Code><Message>a &lt; b</Message></Error>",
            ErrorKind::Unavailable,
            true,
        ),
        // A 200 that carries an error is an error.
        (
            200,
            r#"{"RequestId":"r1","Code":"InvalidImageName.Duplicated","Message":"taken"}"#,
            ErrorKind::DuplicateName,
            false,
        ),
        // A code that is in no table is judged by the HTTP status.
        (
            403,
            r#"{"RequestId":"r1","Code":"Brand.New","Message":"no"}"#,
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
    let xml = import(400, "<Error><Code>X</Code><Message>a &amp;lt; b</Message></Error>").await;
    assert_eq!(xml.unwrap_err().message(), "a &lt; b");
}

#[tokio::test]
async fn a_dry_run_succeeds_by_either_code() {
    for code in ["DRYRUN.SUCCESS", "DryRunOperation", "Dryrun.Success"] {
        let body = format!(r#"{{"RequestId":"r","Code":"{code}","Message":"would do"}}"#);
        let answer = import(400, &body).await.unwrap();
        assert_eq!(answer.dry_run, Some(true), "{code}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_success() {
    for body in [
        "",
        "<html>502</html>",
        "<ImportImageResponse><ImageId>m-1</ImageId></ImportImageResponse>",
        "<Error><Code>Cut",
        r#"{"RequestId":"r","Imag"#,
        "{\"RequestId\":\"r\",\"ImageId\":\"m-1\"，\"ImportTaskId\":\"t\"}",
        "[]",
        r#"{"ImageId":7}"#,
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
    for body in ["<html>Bad gateway</html>", "{}"] {
        let error = import(502, body).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::Unavailable, true),
            "{body}"
        );
    }
}

#[tokio::test]
async fn headers_carry_the_request_id_and_the_pause() {
    let answer = |pause: &str| {
        Response::builder()
            .status(400)
            .header("x-acs-request-id", "r9")
            .header("x-acs-retry-after", pause)
            .body(Bytes::from_static(br#"{"Code":"Throttling","Message":"slower"}"#))
            .unwrap()
    };
    for (pause, read) in [
        ("1500", Some(Duration::from_millis(1500))),
        ("0", None),
        ("-1", None),
        ("soon", None),
    ] {
        let script = Arc::new(Scripted::default());
        script.push(Ok(answer(pause)));
        let error = super::client(&script)
            .import_image(&ImportImageRequest::default())
            .await
            .unwrap_err();
        assert_eq!((error.request_id(), error.retry_after()), (Some("r9"), read), "{pause}");
    }
}

#[tokio::test]
async fn the_echoed_canonical_string_is_cut_off() {
    for echo in [
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId%3DAKEXAMPLE%26Secret",
        "The signature does not match. Server CanonicalString is: POST\\n/\\nAccessKeyId=AKEXAMPLE",
        "signature mismatch, server canonicalRequest: POST\\n/\\nAKEXAMPLE",
    ] {
        let body = format!(r#"{{"RequestId":"r","Code":"SignatureDoesNotMatch","Message":"{echo}"}}"#);
        let error = import(400, &body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("match") && !shown.contains("AKEXAMPLE") && !shown.contains("POST"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn no_secret_is_shown() {
    let echo = format!(
        r#"{{"RequestId":"r","Code":"InvalidParameter","Message":"bad {} and tok/en+==, see https://h/x?Signature=s1gn"}}"#,
        super::SECRET
    );
    let script = Arc::new(Scripted::new([(400, echo.as_str())]));
    let client = super::builder(&script)
        .credentials(Credentials::temporary("STS.AK", super::SECRET, "tok/en+=="))
        .build()
        .unwrap();
    let error = client.import_image(&ImportImageRequest::default()).await.unwrap_err();
    let sent = &script.sent()[0];
    let shown = format!("{error} {error:?} {client:?} {sent:?}");
    let signature = sent.headers()["authorization"].to_str().unwrap();
    let signature = signature.rsplit('=').next().unwrap();
    for secret in [super::SECRET, "tok/en+==", "s1gn", signature] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_region_with_a_typo_is_told_when_its_host_does_not_resolve() {
    let remedy = async |region: &str, stage: Stage| {
        let script = Arc::new(Scripted::default());
        let host = format!("ecs.{region}.aliyuncs.com");
        let failure = TransportError::new(TransportErrorKind::Connect, "no such host");
        script.push(Err(failure.with_stage(stage).with_host(host, Some(443))));
        let client = super::client_in(region, &script);
        let error = client.import_image(&ImportImageRequest::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::Connect, false));
        error.remedy().unwrap().to_string()
    };
    let told = remedy("cn-hangzhuo", Stage::Resolve).await;
    assert!(
        told.contains("`cn-hangzhuo` is not a known one") && told.contains(": cn-hangzhou."),
        "{told}"
    );
    // A region that is known, one that is like none, and a host that is there.
    for (region, stage) in [
        ("cn-hangzhou", Stage::Resolve),
        ("xx-elsewhere-7", Stage::Resolve),
        ("cn-hangzhuo", Stage::Connect),
    ] {
        let told = remedy(region, stage).await;
        assert!(!told.contains("is not a known one"), "{region}: {told}");
    }
}
