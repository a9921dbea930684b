//! Every error code of every cloud's table, in the form in which that vendor sends it: kind, whether it is sent again,
//! whether it may have been executed, remedy, and the vendor's own text.
//!
//! The forms are written here by hand; the meanings of a few codes of each cloud too, so that the table is held against
//! something.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]
#![expect(clippy::print_stdout, reason = "the figures, for who asks for them with --nocapture")]

mod published;

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Bytes, ClientBuilder, Credentials, Error, ErrorKind, Provider, RetryPolicy, Settings, aliyun,
    http::Response,
    huawei, jdcloud,
    provider::{Buildable, CodeRule},
    tencent,
    testing::{Frozen, Scripted},
    ucloud,
};

const TEXT: &str = "what the vendor says";

fn client<C: Buildable>(script: &Arc<Scripted>) -> C {
    let settings = Settings::new("r-1")
        .project("p-1")
        .credentials(Credentials::new("an-access-key", "a-secret-key"))
        .env(Arc::new(Frozen::at("2026-01-02T03:04:05Z", "11886")))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::default().attempts(2).elapsed(Duration::from_secs(60)));
    ClientBuilder::<C>::from(settings).build().unwrap()
}

/// The answer in which a vendor sends a code.
fn answer(provider: Provider, code: &str, http: u16) -> Response<Bytes> {
    let status = if http == 0 { 400 } else { http };
    let (status, body) = match provider {
        Provider::JDCLOUD => (
            status,
            format!(r#"{{"requestId":"r-9","error":{{"code":{status},"status":"{code}","message":"{TEXT}"}}}}"#),
        ),
        Provider::TENCENT => (
            200,
            format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"{TEXT}"}},"RequestId":"r-9"}}}}"#),
        ),
        Provider::HUAWEI if code.starts_with("APIGW") => (
            status,
            format!(r#"{{"error_code":"{code}","error_msg":"{TEXT}","request_id":"r-9"}}"#),
        ),
        Provider::HUAWEI => (status, format!(r#"{{"error":{{"code":"{code}","message":"{TEXT}"}}}}"#)),
        Provider::ALIYUN => (
            status,
            format!(r#"{{"RequestId":"r-9","HostId":"h","Code":"{code}","Message":"{TEXT}"}}"#),
        ),
        _ => (200, format!(r#"{{"RetCode":{code},"Action":"X","Message":"{TEXT}"}}"#)),
    };
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status.try_into().unwrap();
    for name in ["x-request-id", "x-ucloud-request-uuid"] {
        answer.headers_mut().insert(name, "r-9".parse().unwrap());
    }
    answer
}

/// Makes a read, or a start without a token, that is answered with a code and then with a good answer.
async fn call(provider: Provider, code: &str, http: u16, start: bool) -> (Result<(), Error>, usize) {
    let script = Arc::new(Scripted::default());
    script.push(Ok(answer(provider, code, http)));
    let good = match provider {
        Provider::JDCLOUD => r#"{"requestId":"r","result":{}}"#,
        Provider::TENCENT => r#"{"Response":{"RequestId":"r"}}"#,
        Provider::UCLOUD => r#"{"RetCode":0}"#,
        _ => r#"{"RequestId":"r"}"#,
    };
    script.push(Ok(Response::new(Bytes::from_static(good.as_bytes()))));
    let outcome = match (provider, start) {
        (Provider::JDCLOUD, false) => client::<jdcloud::Client>(&script)
            .describe_images(&Default::default())
            .await
            .map(drop),
        (Provider::JDCLOUD, true) => client::<jdcloud::Client>(&script)
            .import_image(&Default::default())
            .await
            .map(drop),
        (Provider::TENCENT, false) => client::<tencent::Client>(&script)
            .describe_images(&Default::default())
            .await
            .map(drop),
        (Provider::TENCENT, true) => client::<tencent::Client>(&script)
            .import_image(&Default::default())
            .await
            .map(drop),
        (Provider::HUAWEI, false) => client::<huawei::Client>(&script)
            .list_images(&Default::default())
            .await
            .map(drop),
        (Provider::HUAWEI, true) => client::<huawei::Client>(&script)
            .create_image(&Default::default())
            .await
            .map(drop),
        (Provider::ALIYUN, false) => client::<aliyun::Client>(&script)
            .describe_images(&Default::default())
            .await
            .map(drop),
        (Provider::ALIYUN, true) => client::<aliyun::Client>(&script)
            .import_image(&Default::default())
            .await
            .map(drop),
        (_, false) => client::<ucloud::Client>(&script)
            .describe_image(&Default::default())
            .await
            .map(drop),
        (_, true) => client::<ucloud::Client>(&script)
            .import_custom_image(&Default::default())
            .await
            .map(drop),
    };
    (outcome, script.sent().len())
}

async fn hold(provider: Provider, rule: &CodeRule) {
    let code = if rule.prefix {
        format!("{}{}Xyz", rule.code, rule.containing)
    } else {
        rule.code.to_owned()
    };
    let at = format!("{provider} {code}");
    let Some(kind) = rule.kind() else {
        let (outcome, sent) = call(provider, &code, rule.http, true).await;
        assert!(outcome.is_ok() && sent == 1, "{at}: success of a dry run: {outcome:?}");
        return;
    };
    let (read, sent) = call(provider, &code, rule.http, false).await;
    assert_eq!(sent, if kind.is_retryable() { 2 } else { 1 }, "{at}: a read");
    assert_eq!(read.is_ok(), kind.is_retryable(), "{at}: a read");

    let (started, sent) = call(provider, &code, rule.http, true).await;
    let sent_again = kind.is_retryable() && !rule.may_have_executed;
    assert_eq!(sent, if sent_again { 2 } else { 1 }, "{at}: a start without a token");
    if let Err(error) = started {
        assert_eq!((error.kind(), error.code()), (kind, Some(code.as_str())), "{at}");
        assert_eq!(error.may_have_executed(), rule.may_have_executed, "{at}");
        assert_eq!(error.message(), TEXT, "{at}");
        assert_eq!(
            (error.provider(), error.request_id()),
            (Some(provider), Some("r-9")),
            "{at}"
        );
        let remedy = error.remedy().unwrap().to_string();
        assert!(
            remedy.len() > 10 && remedy.ends_with('.'),
            "{at}: the remedy is `{remedy}`"
        );
    }
}

async fn hold_all(provider: Provider, least: usize) {
    let rules = cloud_import::error_codes(provider).unwrap();
    for rule in rules {
        hold(provider, rule).await;
    }
    println!("{provider}: {} codes", rules.len());
    assert!(rules.len() >= least, "{provider}: only {} codes", rules.len());
}

#[tokio::test]
async fn jdcloud_codes() {
    hold_all(Provider::JDCLOUD, 20).await;
}

#[tokio::test]
async fn tencent_codes() {
    hold_all(Provider::TENCENT, 60).await;
}

#[tokio::test]
async fn huawei_codes() {
    hold_all(Provider::HUAWEI, 75).await;
}

#[tokio::test]
async fn aliyun_codes() {
    hold_all(Provider::ALIYUN, 85).await;
}

#[tokio::test]
async fn ucloud_codes() {
    hold_all(Provider::UCLOUD, 25).await;
}

/// What the vendors' documents and the tables of their early editions say of some codes.
#[tokio::test]
async fn the_tables_say_what_the_documents_say() {
    use ErrorKind::*;
    let expected = [
        (Provider::JDCLOUD, "CONFLICT", 400, InvalidRequest, false),
        (Provider::JDCLOUD, "QUOTA_EXCEEDED", 429, QuotaExceeded, false),
        (Provider::JDCLOUD, "RATE_LIMIT", 429, RateLimited, false),
        (Provider::JDCLOUD, "INTERNAL", 500, Unavailable, true),
        (Provider::TENCENT, "ImageQuotaLimitExceeded", 200, QuotaExceeded, false),
        (
            Provider::TENCENT,
            "InvalidImageName.Duplicate",
            200,
            DuplicateName,
            false,
        ),
        (
            Provider::TENCENT,
            "InvalidImageOsType.Unsupported",
            200,
            Unsupported,
            false,
        ),
        (Provider::TENCENT, "AuthFailure.SignatureExpire", 200, ClockSkew, false),
        (
            Provider::TENCENT,
            "RequestLimitExceeded.UinLimitExceeded",
            200,
            RateLimited,
            false,
        ),
        (Provider::TENCENT, "InternalError", 200, Unavailable, true),
        (Provider::HUAWEI, "IMG.0009", 400, DuplicateName, false),
        (Provider::HUAWEI, "IMG.0015", 400, QuotaExceeded, false),
        (Provider::HUAWEI, "IMG.0060", 400, RateLimited, false),
        (Provider::HUAWEI, "IMG.0149", 400, RateLimited, false),
        (Provider::HUAWEI, "IMG.0148", 400, Conflict, false),
        (Provider::HUAWEI, "IMG.0098", 400, Unsupported, false),
        (Provider::HUAWEI, "APIGW.0301", 401, Credentials, false),
        (Provider::HUAWEI, "APIGW.0308", 429, RateLimited, false),
        (
            Provider::ALIYUN,
            "InvalidImageName.Duplicated",
            400,
            DuplicateName,
            false,
        ),
        (Provider::ALIYUN, "QuotaExceed.Snapshot", 403, QuotaExceeded, false),
        (Provider::ALIYUN, "Throttling.User", 400, RateLimited, false),
        (Provider::ALIYUN, "Throttling", 400, RateLimited, false),
        (
            Provider::ALIYUN,
            "InvalidSecurityToken.Expired",
            400,
            Credentials,
            false,
        ),
        (
            Provider::ALIYUN,
            "ServiceUnavailable.RegionMaintaining",
            503,
            Unavailable,
            true,
        ),
        (Provider::UCLOUD, "171", 200, Credentials, false),
        (Provider::UCLOUD, "153", 200, RateLimited, false),
        (Provider::UCLOUD, "150", 200, Unavailable, true),
        (Provider::UCLOUD, "8956", 200, NotFound, false),
    ];
    for (provider, code, http, kind, executed) in expected {
        let rule = CodeRule::find(cloud_import::error_codes(provider).unwrap(), code);
        let found = rule.map(|rule| (rule.kind(), rule.may_have_executed));
        assert_eq!(found, Some((Some(kind), executed)), "{provider} {code}");
        let (outcome, _) = call(provider, code, http, true).await;
        if let Err(error) = outcome {
            assert_eq!(
                (error.kind(), error.may_have_executed()),
                (kind, executed),
                "{provider} {code}"
            );
        }
    }
    for code in ["DRYRUN.SUCCESS", "dryrun.success", "DryRunOperation"] {
        let (outcome, _) = call(Provider::ALIYUN, code, 400, true).await;
        assert!(outcome.is_ok(), "{code}: {outcome:?}");
    }
    let role = ["NoSetRoletoECSServiceAcount", "NoSetRoletoECSServiceAccount"];
    for code in role {
        let (outcome, _) = call(Provider::ALIYUN, code, 403, true).await;
        assert!(
            outcome.unwrap_err().remedy().unwrap().to_string().contains("role"),
            "{code}"
        );
    }
}

/// An error that comes as XML, as Alibaba's gateway sends it at times.
#[tokio::test]
async fn xml_errors_are_understood() {
    let script = Arc::new(Scripted::new([(
        400,
        "<?xml version='1.0'?><Error><RequestId>r-9</RequestId><HostId>h</HostId><Code>InvalidImageName.Duplicated</Code><Message>taken</Message></Error>",
    )]));
    let error = client::<aliyun::Client>(&script)
        .import_image(&Default::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id(), error.message()),
        (ErrorKind::DuplicateName, Some("r-9"), "taken")
    );
}
