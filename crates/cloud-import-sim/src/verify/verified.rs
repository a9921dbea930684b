//! What verification of a request to an API comes to.

use time::OffsetDateTime;

/// How a request proves who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// JD Cloud OpenAPI signature as the public documentation describes it.
    Jdcloud2,
    /// The same with the prefix `JDCLOUD3`, used by the Python SDK since 2021.
    Jdcloud3,
    /// Tencent Cloud API signature v3.
    Tc3,
    /// Tencent Cloud API signature v1 with HMAC-SHA256.
    TcHmacSha256,
    /// Tencent Cloud API signature v1 with HMAC-SHA1, its default.
    TcHmacSha1,
    /// Huawei Cloud access key signature.
    SdkHmacSha256,
    /// An IAM token in `X-Auth-Token`; nothing is signed.
    HuaweiToken,
    /// Alibaba Cloud signature V3, in headers.
    Acs3,
    /// Alibaba Cloud RPC signature version 1.0, in the parameters.
    AcsRpcHmacSha1,
    /// UCloud API signature.
    UcloudSha1,
}

impl Algorithm {
    /// The algorithm's name: as it stands on the wire where it does, else a fixed label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jdcloud2 => "JDCLOUD2-HMAC-SHA256",
            Self::Jdcloud3 => "JDCLOUD3-HMAC-SHA256",
            Self::Tc3 => "TC3-HMAC-SHA256",
            Self::TcHmacSha256 => "TC-HmacSHA256",
            Self::TcHmacSha1 => "TC-HmacSHA1",
            Self::SdkHmacSha256 => "SDK-HMAC-SHA256",
            Self::HuaweiToken => "X-Auth-Token",
            Self::Acs3 => "ACS3-HMAC-SHA256",
            Self::AcsRpcHmacSha1 => "ACS-RPC-HMAC-SHA1",
            Self::UcloudSha1 => "UCLOUD-SHA1",
        }
    }
}

/// What a verified request says about itself. Everything here was covered by the signature, except as noted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The scheme that was used.
    pub algorithm: Algorithm,
    /// Whose key signed; [`TOKEN_ACCOUNT`](super::TOKEN_ACCOUNT) when an IAM token was used.
    pub access_key_id: String,
    /// When the request says it was signed, to the second; `None` where the scheme has no time (UCloud, IAM token).
    pub instant: Option<OffsetDateTime>,
    /// The nonce, where the scheme has one. JD Cloud's Python SDK leaves it unsigned.
    pub nonce: Option<String>,
    /// The region of the credential scope (JD Cloud only).
    pub region: Option<String>,
    /// The signed headers' names in lower case, sorted; empty for schemes that sign parameters.
    pub signed_headers: Vec<String>,
}

impl Verified {
    /// A request that says nothing else about itself.
    pub(super) fn new(algorithm: Algorithm, access_key_id: &str) -> Self {
        Self {
            algorithm,
            access_key_id: access_key_id.to_owned(),
            instant: None,
            nonce: None,
            region: None,
            signed_headers: Vec::new(),
        }
    }
}
