//! Verification of requests to the five object stores, signed in headers or in the query of a link.
//!
//! Written from the vendors' documents and from what their storage SDKs send. Not done here: the clock (the caller compares
//! [`StoreVerified::instant`] and [`StoreVerified::expires_at`] with its own), the body (it is streamed; the caller compares
//! its hash with [`StoreVerified::payload`]), `Content-MD5`, and whether a bucket is public.

mod aws4;
mod cos;
mod coverage;
mod fields;
mod http_date;
mod incoming;
mod obs;
mod oss1;
mod oss4;
mod plain;
mod scope;
mod ufile;

#[cfg(test)]
mod example;

use time::OffsetDateTime;

pub use self::coverage::{StorePart, store_parts};
use self::incoming::Incoming;
use super::{Refusal, Secret};
use crate::cloud::Cloud;
use crate::wire::WireRequest;

/// How a request to a store is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreAlgorithm {
    /// AWS signature version 4, JD Cloud OSS.
    S3V4,
    /// Alibaba OSS version 1.
    Oss1,
    /// Alibaba OSS version 4.
    Oss4,
    /// Tencent COS.
    CosSha1,
    /// Huawei OBS, its own scheme.
    ObsSha1,
    /// Huawei OBS, AWS signature version 4.
    ObsAws4,
    /// UCloud US3, its own scheme.
    UfileSha1,
}

impl StoreAlgorithm {
    /// A fixed label; where a scheme's name stands on the wire, this holds it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3V4 => "AWS4-HMAC-SHA256",
            Self::Oss1 => "OSS-HMAC-SHA1",
            Self::Oss4 => "OSS4-HMAC-SHA256",
            Self::CosSha1 => "COS-SHA1",
            Self::ObsSha1 => "OBS-HMAC-SHA1",
            Self::ObsAws4 => "OBS-AWS4-HMAC-SHA256",
            Self::UfileSha1 => "UFILE-HMAC-SHA1",
        }
    }
}

/// Where a request names its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing<'a> {
    /// In front of the host's name; the path is the key alone.
    VirtualHost {
        /// The bucket that the host names.
        bucket: &'a str,
    },
    /// As the first segment of the path.
    PathStyle,
}

/// What a request says about its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Its hash is expressly left out of the signature.
    Unsigned,
    /// It must have this SHA-256, in lower-case hexadecimal: the caller compares.
    Sha256(String),
    /// The scheme has no hash of the body.
    None,
}

/// What a verified request says about itself. Everything here was covered by the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreVerified {
    /// The scheme that was used.
    pub algorithm: StoreAlgorithm,
    /// Whose key signed.
    pub access_key_id: String,
    /// When the request says it was signed, to the second; `None` where nothing says so (links of OSS version 1, OBS and US3,
    /// requests to US3 without `Date`). At COS the beginning of the time in which the signature holds, which may lie well
    /// back: there [`expires_at`](Self::expires_at) alone is the limit, as it is for every link.
    pub instant: Option<OffsetDateTime>,
    /// Until when a signed link holds, and at COS every signature; else `None`.
    pub expires_at: Option<OffsetDateTime>,
    /// The region of the credential scope.
    pub region: Option<String>,
    /// What is said about the body.
    pub payload: Payload,
    /// The names of the signed headers in lower case, sorted.
    pub signed_headers: Vec<String>,
    /// Whether the signature stands in the query.
    pub presigned: bool,
}

/// Verifies a request to a cloud's store. `request.body` is not looked at.
///
/// JD Cloud takes AWS's version 4, Tencent its own scheme, Huawei its own and AWS's version 4, Alibaba versions 1 and 4, UCloud
/// its own. `secret_of` gives the secret of an access key id.
///
/// # Errors
///
/// The reason why the request is refused; [`Refusal::MissingSignature`] when it carries none at all.
pub fn store(
    cloud: Cloud,
    request: &WireRequest,
    addressing: Addressing<'_>,
    secret_of: &dyn Fn(&str) -> Option<Secret>,
) -> Result<StoreVerified, Refusal> {
    let incoming = Incoming::new(request, addressing)?;
    let is = |name: &str, field: &str| {
        let named = incoming.authorization.is_some_and(|text| text.starts_with(name));
        named || incoming.field(field).is_some()
    };
    match cloud {
        Cloud::Jdcloud => aws4::verify(StoreAlgorithm::S3V4, &incoming, secret_of),
        Cloud::Tencent => cos::verify(&incoming, secret_of),
        Cloud::Huawei if is(aws4::NAME, aws4::SIGNATURE) => aws4::verify(StoreAlgorithm::ObsAws4, &incoming, secret_of),
        Cloud::Huawei => obs::verify(&incoming, secret_of),
        Cloud::Aliyun if is(oss4::NAME, oss4::SIGNATURE) => oss4::verify(&incoming, secret_of),
        Cloud::Aliyun => oss1::verify(&incoming, secret_of),
        Cloud::Ucloud => ufile::verify(&incoming, secret_of),
    }
}

#[cfg(test)]
mod tests;
