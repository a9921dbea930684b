//! What verification of a request to a store comes to.

use time::OffsetDateTime;

/// How a request to a store is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
#[non_exhaustive]
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
