//! Every code that a vendor publishes, as the lock beside its spec lists them, is classified by the code that answers pass through: by
//! a row of the tables, never by the HTTP status alone.

use std::collections::BTreeMap;

use cloud_import::{ErrorKind, Provider};
use serde::Deserialize;

use crate::call;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    sources: Vec<Source>,
    codes: BTreeMap<String, Code>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    kind: Kind,
    date: String,
    commit: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Git,
    Document,
    Missing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    status: Option<u16>,
    #[serde(default)]
    operations: Vec<String>,
}

macro_rules! lock {
    ($cloud:literal) => {
        include_str!(concat!("../../../xtask/specs/", $cloud, "/codes.lock.json"))
    };
}

/// A status that says nothing, so that what is known of a code can come from its row only.
const SAYS_NOTHING: u16 = 418;

/// The remedy for what no row covers.
const FALLBACK: &str = "Look the code up in the vendor's documents.";

async fn all_are_classified(provider: Provider, lock: &str, least: usize) {
    let lock: Lock = serde_json::from_str(lock).unwrap();
    assert!(lock.codes.len() >= least, "{provider}: only {}", lock.codes.len());
    for source in &lock.sources {
        assert!(
            !source.name.is_empty() && source.date.starts_with("20"),
            "{}",
            source.name
        );
        let is_pinned = source.commit.is_some() || source.version.is_some();
        assert_eq!(is_pinned, source.kind != Kind::Missing, "{}", source.name);
    }
    for (code, published) in &lock.codes {
        assert!(published.operations.is_sorted(), "{provider} {code}");
        let (outcome, _) = call(provider, code, SAYS_NOTHING, true).await;
        let Err(error) = outcome else { continue };
        assert_eq!(error.code(), Some(code.as_str()));
        let remedy = error.remedy().unwrap().to_string();
        assert_ne!(remedy, FALLBACK, "{provider} {code} is in no row");
        // What is refused is never looked for: only where the service failed may the order have been executed.
        let failed = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Service);
        assert!(failed || !error.may_have_executed(), "{provider} {code}: {error:?}");
        // The documented status changes nothing but for what explains nothing.
        let (outcome, sent) = call(provider, code, published.status.unwrap_or(400), true).await;
        let told = outcome.map_err(|error| (error.kind(), error.may_have_executed()));
        match told {
            Err(told) => assert!(
                error.kind() == ErrorKind::Service || told == (error.kind(), error.may_have_executed()),
                "{provider} {code}: {told:?}"
            ),
            // It was sent again: a refusal that passes.
            Ok(()) => assert_eq!((error.kind(), sent), (ErrorKind::RateLimited, 2), "{provider} {code}"),
        }
    }
}

#[tokio::test]
async fn jdcloud() {
    all_are_classified(Provider::JDCLOUD, lock!("jdcloud"), 20).await;
}

#[tokio::test]
async fn tencent() {
    all_are_classified(Provider::TENCENT, lock!("tencent"), 468).await;
}

#[tokio::test]
async fn huawei() {
    all_are_classified(Provider::HUAWEI, lock!("huawei"), 204).await;
}

#[tokio::test]
async fn aliyun() {
    all_are_classified(Provider::ALIYUN, lock!("aliyun"), 103).await;
}

#[tokio::test]
async fn ucloud() {
    all_are_classified(Provider::UCLOUD, lock!("ucloud"), 171).await;
}

/// What no vendor publishes is a refusal in the vendor's form all the same: it ends a start at once and keeps its code, unless the
/// status or the code itself says that the service failed.
#[tokio::test]
async fn what_nobody_publishes_is_a_refusal_too() {
    let unheard = [
        (Provider::JDCLOUD, "NEVER_HEARD_OF"),
        (Provider::TENCENT, "NeverHeardOf.Such"),
        (Provider::HUAWEI, "IMG.9999"),
        (Provider::ALIYUN, "NeverHeardOf.Such"),
        (Provider::UCLOUD, "99999"),
    ];
    for (provider, code) in unheard {
        for http in [200, 400, 403, 404, 418] {
            let (outcome, sent) = call(provider, code, http, true).await;
            let error = outcome.unwrap_err();
            assert_eq!(
                (sent, error.may_have_executed()),
                (1, false),
                "{provider} {http}: {error:?}"
            );
            assert_eq!(
                (error.code(), error.request_id()),
                (Some(code), Some("r-9")),
                "{provider}"
            );
        }
    }
    for (provider, code) in [
        (Provider::JDCLOUD, "NEVER_HEARD_OF"),
        (Provider::HUAWEI, "IMG.9999"),
        (Provider::ALIYUN, "Never"),
    ] {
        let (outcome, sent) = call(provider, code, 500, true).await;
        assert!(outcome.unwrap_err().may_have_executed() && sent == 1, "{provider}");
    }
}

/// Families: what is expected of codes of which each is in no row of its own.
#[tokio::test]
async fn families_say_what_their_codes_have_in_common() {
    use ErrorKind::*;
    let expected = [
        (Provider::TENCENT, "InvalidRegion.NotFound", InvalidRequest, false),
        (Provider::TENCENT, "InvalidSomethingNew", InvalidRequest, false),
        (Provider::TENCENT, "MissingParameter.Whatever", InvalidRequest, false),
        (
            Provider::TENCENT,
            "UnsupportedOperation.InvalidZone",
            Unsupported,
            false,
        ),
        (
            Provider::TENCENT,
            "ResourcesSoldOut.SpecifiedInstanceType",
            Conflict,
            false,
        ),
        (
            Provider::TENCENT,
            "AccountQualificationRestrictions",
            PermissionDenied,
            false,
        ),
        (
            Provider::TENCENT,
            "InvalidAccount.InsufficientBalance",
            PermissionDenied,
            false,
        ),
        (
            Provider::TENCENT,
            "UnauthorizedOperation.InvalidToken",
            Credentials,
            false,
        ),
        (
            Provider::TENCENT,
            "UnauthorizedOperation.MFAExpired",
            Credentials,
            false,
        ),
        (Provider::TENCENT, "UnauthorizedOperation.Else", PermissionDenied, false),
        (Provider::TENCENT, "FailedOperation", Service, true),
        (Provider::TENCENT, "FailedOperation.IllegalTagKey", Service, false),
        (Provider::TENCENT, "FailedOperation.QueryTimeout", Unavailable, true),
        (Provider::TENCENT, "InternalServerError", Unavailable, true),
        (Provider::TENCENT, "InternalError.TradeUnknownError", Unavailable, true),
        (Provider::TENCENT, "RequestTimeout", Unavailable, true),
        (Provider::TENCENT, "SomeQuotaExceeded", QuotaExceeded, false),
        (Provider::ALIYUN, "InvalidAccessKeyId", Credentials, false),
        (Provider::ALIYUN, "InvalidAccessKeyId.Inactive", Credentials, false),
        (Provider::ALIYUN, "InvalidSecurityToken.Malformed", Credentials, false),
        (
            Provider::ALIYUN,
            "InvalidSecurityToken.MismatchWithAccessKey",
            Credentials,
            false,
        ),
        (Provider::ALIYUN, "MissingSecurityToken", Credentials, false),
        (Provider::ALIYUN, "Forbidden.AccessKey", Credentials, false),
        (Provider::ALIYUN, "NoEnabledAccessKey", Credentials, false),
        (
            Provider::ALIYUN,
            "InvalidAccountStatus.NotEnoughBalance",
            PermissionDenied,
            false,
        ),
        (Provider::ALIYUN, "Forbidden.AccountInDebt", PermissionDenied, false),
        (Provider::ALIYUN, "Forbidden", PermissionDenied, false),
        (Provider::ALIYUN, "InvalidSomething.New", InvalidRequest, false),
        (Provider::ALIYUN, "QuotaExceeded.New", QuotaExceeded, false),
        (Provider::ALIYUN, "OperationDenied.New", Conflict, false),
        (Provider::HUAWEI, "PAP5.0012", PermissionDenied, false),
        (Provider::HUAWEI, "IMG.0161", PermissionDenied, false),
        (Provider::HUAWEI, "EPS.0004", PermissionDenied, false),
        (Provider::JDCLOUD, "QUOTA_NEW", QuotaExceeded, false),
        (Provider::JDCLOUD, "INVALID_NEW", InvalidRequest, false),
        (Provider::UCLOUD, "220", InvalidRequest, false),
        (Provider::UCLOUD, "240", PermissionDenied, false),
        (Provider::UCLOUD, "520", PermissionDenied, false),
        (Provider::UCLOUD, "8041", Unavailable, true),
        (Provider::UCLOUD, "8049", Service, false),
    ];
    for (provider, code, kind, executed) in expected {
        let (outcome, _) = call(provider, code, SAYS_NOTHING, true).await;
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (kind, executed),
            "{provider} {code}"
        );
    }
    for (provider, code) in [
        (Provider::ALIYUN, "InvalidAccountStatus.NotEnoughBalance"),
        (Provider::ALIYUN, "Forbidden.AccountInDebt"),
        (Provider::TENCENT, "InvalidAccount.InsufficientBalance"),
        (Provider::UCLOUD, "520"),
    ] {
        let error = call(provider, code, SAYS_NOTHING, true).await.0.unwrap_err();
        let remedy = error.remedy().unwrap().to_string();
        assert!(remedy.starts_with("Top up the account"), "{provider} {code}: {remedy}");
    }
}
