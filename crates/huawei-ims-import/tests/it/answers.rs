//! How answers are read: errors in every form, what is no answer at all, and what is never shown.

use std::sync::Arc;

use cloud_import_core::{Credentials, ErrorKind, Result, build, http::Response, testing::Scripted};
use huawei_ims_import::types::*;

fn quick() -> ImportImageQuickRequest {
    build!(ImportImageQuickRequest {
        name: Some("web".into()),
    })
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
    let request = build!(ShowJobProgressRequest {
        job_id: Some("j".into()),
    });
    let job = super::client(&script).show_job_progress(&request).await.unwrap();
    assert_eq!(job.error_code.as_deref(), Some("IMG.0057"));
}

#[tokio::test]
async fn a_list_is_an_answer_to_the_systems_alone() {
    let list =
        r#"[{"platform":"SUSE","version_list":[{"os_version":"SUSE 15 64bit","os_bit":"64","os_type":"Linux"}]}]"#;
    let error = r#"[{"error":{"code":"IMG.0061","message":"x"}}]"#;
    let script = Arc::new(Scripted::new([(200, list), (200, list), (200, "{}"), (400, error)]));
    let client = super::client(&script);
    let request = ListOsVersionsRequest::default();
    let systems = client.list_os_versions(&request).await.unwrap();
    let system = &systems[0].version_list.as_ref().unwrap()[0];
    assert_eq!(
        (system.os_version.as_deref(), system.os_bit, &system.os_type),
        (Some("SUSE 15 64bit"), Some(64), &Some(OsType::Linux))
    );
    // No images is not what a list of something else says.
    let images = client.list_images(&ListImagesRequest::default()).await.unwrap_err();
    assert_eq!(images.kind(), ErrorKind::InvalidResponse);
    let object = client.list_os_versions(&request).await.unwrap_err();
    assert_eq!(object.kind(), ErrorKind::InvalidResponse);
    let refused = client.list_os_versions(&request).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidRequest, None));
}

#[tokio::test]
async fn an_image_is_read_with_every_attribute() {
    let text = r#"{"id":"i","self":"/v2/images/i","__support_fc_inject":"true","__system__cmkid":"k","min_disk":"40",
        "__os_type":"Linux","_sys_enterprise_project_id":"0","size":null,"os_shutdown_timeout":60,"__new":"x"}"#;
    let script = Arc::new(Scripted::new([(200, text)]));
    let request = build!(GlanceShowImageRequest {
        image_id: Some("i".into()),
    });
    let image = super::client(&script).glance_show_image(&request).await.unwrap();
    let expected = build!(ImageInfo {
        id: Some("i".into()),
        self_link: Some("/v2/images/i".into()),
        support_fc_inject: Some("true".into()),
        system_cmkid: Some("k".into()),
        min_disk: Some(40),
        os_type: Some(OsType::Linux),
        sys_enterprise_project_id: Some("0".into()),
        os_shutdown_timeout: Some("60".into()),
        extra: image.extra.clone(),
    });
    assert_eq!(image, expected);
    assert_eq!(image.extra.0.keys().collect::<Vec<_>>(), ["__new"]);
}

#[tokio::test]
async fn a_quota_tells_how_many_there_are() {
    let text = r#"{"quotas":{"resources":[{"type":"image","used":3,"quota":20,"min":1,"max":1000}]}}"#;
    let script = Arc::new(Scripted::new([(200, text)]));
    let answer = super::client(&script)
        .show_image_quota(&ShowImageQuotaRequest::default())
        .await;
    let resources = answer.unwrap().quotas.unwrap().resources.unwrap();
    assert_eq!(
        (
            resources[0].resource_type.as_deref(),
            resources[0].used,
            resources[0].quota
        ),
        (Some("image"), Some(3), Some(20))
    );
}

#[tokio::test]
async fn nothing_is_an_answer_to_a_delete_alone() {
    let request = build!(GlanceDeleteImageRequest {
        image_id: Some("i".into()),
    });
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
    let request = build!(ShowJobRequest {
        job_id: Some("j".into()),
    });
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
