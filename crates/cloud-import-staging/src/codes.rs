//! What the stores' error codes mean: one table for the four that speak XML, one for US3's numbers. No behaviour is here.

use cloud_import_core::{CodeRule, ErrorKind};

const fn rule(code: &'static str, http: u16, kind: ErrorKind, remedy: &'static str, source: &'static str) -> CodeRule {
    CodeRule {
        code,
        prefix: false,
        http,
        kind: Some(kind),
        may_have_executed: kind.may_have_executed(),
        remedy,
        source,
    }
}

/// A body that arrived otherwise than it was sent: nothing was kept of it, and sending it again is right.
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const fn corrupted(code: &'static str) -> CodeRule {
    CodeRule {
        may_have_executed: false,
        ..rule(
            code,
            400,
            ErrorKind::Transport,
            "The data was changed on the way: send it again; if it happens often, look for a faulty network or proxy.",
            ALL,
        )
    }
}

/// The names are S3's, and the other stores' lists hold most of them; not each was looked up for each store.
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const ALL: &str = "Amazon S3 API Reference, Error responses, whose names COS (document 436/7730), OBS (obs_04_0115) and OSS \
                   share; JD OSS publishes no list";

#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const NAME_THE_REGION: &str = "Name the region that the bucket is in: an import reads from a bucket of its own region.";

#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const CHECK_KEYS: &str = "Check the secret key: it does not go with the access key id, or has lost a character.";

#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const SET_CLOCK: &str = "Set this machine's clock: stores take requests of at most 15 minutes' difference.";

#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
const WAIT: &str = "Send fewer requests at a time, or try again later.";

/// The codes of JD OSS, Tencent COS, Huawei OBS and Alibaba OSS.
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
pub(crate) const XML: &[CodeRule] = &[
    rule(
        "NoSuchBucket",
        404,
        ErrorKind::NotFound,
        "Create the bucket in the region of the import, or name another.",
        ALL,
    ),
    rule("NoSuchKey", 404, ErrorKind::NotFound, "Upload the object again.", ALL),
    rule(
        "NoSuchUpload",
        404,
        ErrorKind::NotFound,
        "The upload was completed, aborted or expired: look at the object, or begin anew.",
        ALL,
    ),
    rule(
        "NoSuchLifecycleConfiguration",
        404,
        ErrorKind::NotFound,
        "Add a rule that expires unfinished uploads.",
        ALL,
    ),
    rule(
        "NoSuchLifecycle",
        404,
        ErrorKind::NotFound,
        "Add a rule that expires unfinished uploads.",
        "Alibaba Cloud documentation, OSS error codes; unverified",
    ),
    rule(
        "AccessDenied",
        403,
        ErrorKind::PermissionDenied,
        "Grant these keys the permission on this bucket, and check whose bucket it is.",
        ALL,
    ),
    rule(
        "AllAccessDisabled",
        403,
        ErrorKind::PermissionDenied,
        "Ask the vendor why access is disabled.",
        "Amazon S3 error codes; of the four stores unverified",
    ),
    rule(
        "UserDisable",
        403,
        ErrorKind::PermissionDenied,
        "Settle what the account owes.",
        "Alibaba Cloud documentation, OSS error codes; unverified",
    ),
    rule(
        "0002-00000080",
        403,
        ErrorKind::Credentials,
        "This account or bucket is not open to the store's first signature: sign with version 4.",
        "Alibaba Cloud documentation, OSS EC 0002-00000080",
    ),
    rule("SignatureDoesNotMatch", 403, ErrorKind::Credentials, CHECK_KEYS, ALL),
    rule(
        "InvalidAccessKeyId",
        403,
        ErrorKind::Credentials,
        "Check the access key id.",
        ALL,
    ),
    rule(
        "SecurityTokenExpired",
        403,
        ErrorKind::Credentials,
        "Get new temporary keys.",
        "Alibaba Cloud documentation, OSS error codes; unverified",
    ),
    rule(
        "ExpiredToken",
        400,
        ErrorKind::Credentials,
        "Get new temporary keys.",
        "Tencent Cloud documentation, COS error codes (436/7730); S3's name, too",
    ),
    rule(
        "InvalidSecurityToken",
        403,
        ErrorKind::Credentials,
        "Get new temporary keys, and give all three of their parts.",
        "names of OSS; unverified",
    ),
    rule(
        "InvalidToken",
        400,
        ErrorKind::Credentials,
        "Get new temporary keys, and give all three of their parts.",
        "Amazon S3 error codes; of the four stores unverified",
    ),
    rule("RequestTimeTooSkewed", 403, ErrorKind::ClockSkew, SET_CLOCK, ALL),
    rule(
        "AccessTimeSkewed",
        403,
        ErrorKind::ClockSkew,
        SET_CLOCK,
        "an older name at COS; unverified",
    ),
    rule(
        "RequestIsExpired",
        403,
        ErrorKind::ClockSkew,
        SET_CLOCK,
        "an older name at COS; unverified",
    ),
    CodeRule {
        may_have_executed: false,
        ..rule("SlowDown", 503, ErrorKind::RateLimited, WAIT, ALL)
    },
    rule(
        "QpsLimitExceeded",
        503,
        ErrorKind::RateLimited,
        WAIT,
        "Alibaba Cloud documentation, OSS error codes; unverified",
    ),
    rule(
        "TooManyRequests",
        429,
        ErrorKind::RateLimited,
        WAIT,
        "unverified; the status says as much",
    ),
    rule("ServiceUnavailable", 503, ErrorKind::Unavailable, WAIT, ALL),
    rule(
        "ServerBusy",
        503,
        ErrorKind::Unavailable,
        WAIT,
        "an older name; unverified",
    ),
    rule("InternalError", 500, ErrorKind::Unavailable, "Try again later.", ALL),
    rule(
        "OperationAborted",
        409,
        ErrorKind::Unavailable,
        "Something else works on this object: try again later.",
        ALL,
    ),
    rule(
        "RequestTimeout",
        400,
        ErrorKind::Timeout,
        "The body came too slowly: use fewer parts at a time, or smaller ones.",
        ALL,
    ),
    rule(
        "IncompleteBody",
        400,
        ErrorKind::Transport,
        "The connection broke: send it again.",
        ALL,
    ),
    corrupted("BadDigest"),
    corrupted("InvalidDigest"),
    corrupted("XAmzContentSHA256Mismatch"),
    rule(
        "EntityTooSmall",
        400,
        ErrorKind::InvalidRequest,
        "Use larger parts: only the last may be smaller than the store's limit.",
        ALL,
    ),
    rule(
        "EntityTooLarge",
        400,
        ErrorKind::InvalidRequest,
        "Upload the object in parts, or in smaller ones.",
        ALL,
    ),
    rule(
        "InvalidPart",
        400,
        ErrorKind::Conflict,
        "A part is missing or another than was acknowledged: begin the upload anew.",
        ALL,
    ),
    rule(
        "InvalidPartOrder",
        400,
        ErrorKind::InvalidRequest,
        "Name the parts in ascending order.",
        ALL,
    ),
    rule(
        "NotImplemented",
        501,
        ErrorKind::Unsupported,
        "This store does not have this call.",
        ALL,
    ),
    rule(
        "MethodNotAllowed",
        405,
        ErrorKind::Unsupported,
        "This store does not have this call.",
        ALL,
    ),
    rule(
        "PermanentRedirect",
        301,
        ErrorKind::InvalidRequest,
        NAME_THE_REGION,
        ALL,
    ),
    rule(
        "TemporaryRedirect",
        307,
        ErrorKind::InvalidRequest,
        NAME_THE_REGION,
        ALL,
    ),
    rule(
        "AuthorizationHeaderMalformed",
        400,
        ErrorKind::InvalidRequest,
        NAME_THE_REGION,
        "Amazon S3 error codes; of JD OSS unverified",
    ),
    rule(
        "InvalidBucketName",
        400,
        ErrorKind::InvalidRequest,
        "Correct the bucket's name; at Tencent it ends in the account's number.",
        ALL,
    ),
    rule(
        "QuotaExceeded",
        403,
        ErrorKind::QuotaExceeded,
        "Delete objects that are not needed, or raise the bucket's quota.",
        "unverified",
    ),
    rule(
        "InsufficientStorageSpace",
        403,
        ErrorKind::QuotaExceeded,
        "Delete objects that are not needed, or raise the bucket's quota.",
        "a name of OBS; unverified",
    ),
];

/// UCloud publishes no list of the numbers: these stand in answers that programs of others recorded.
#[cfg(feature = "us3")]
const RECORDED: &str = "recorded answers of US3 in public programs (2026); the vendor publishes no list";

/// The numbers of US3's `RetCode`. What is not here goes by its HTTP status.
#[cfg(feature = "us3")]
pub(crate) const US3: &[CodeRule] = &[
    rule(
        "-30010",
        404,
        ErrorKind::NotFound,
        "Create the bucket in the region of the import, or name another.",
        "UCloud documentation, UFile API (ufile @b1bf0cf2): bucket not exist",
    ),
    rule(
        "15010",
        200,
        ErrorKind::NotFound,
        "Create the bucket in the region of the import, or name another.",
        "UCloud documentation, bucket API: numbers 150xx; that it is this one is unverified",
    ),
    rule(
        "NotImplemented",
        501,
        ErrorKind::Unsupported,
        "This store does not have this call.",
        "the HTTP status",
    ),
    rule(
        "-148654",
        404,
        ErrorKind::NotFound,
        "Upload the object again.",
        RECORDED,
    ),
    rule(
        "-148643",
        403,
        ErrorKind::Credentials,
        "Check the keys: the store found no authorization that it takes.",
        RECORDED,
    ),
    rule(
        "-148658",
        403,
        ErrorKind::Credentials,
        "Check the private key: it does not go with the public key, or has lost a character.",
        RECORDED,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_to_do_and_where_it_was_read_and_stands_once() {
        let mut tables: Vec<&[CodeRule]> = Vec::new();
        #[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
        tables.push(XML);
        #[cfg(feature = "us3")]
        tables.push(US3);
        for table in tables {
            for (at, rule) in table.iter().enumerate() {
                assert!(rule.remedy.ends_with('.') && !rule.source.is_empty(), "{}", rule.code);
                let again = table[at + 1..].iter().any(|other| other.code == rule.code);
                assert!(!again, "{} stands twice", rule.code);
            }
        }
    }
}
