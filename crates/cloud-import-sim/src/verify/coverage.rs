//! What each signature covers, as data, for tests that change one value at a time. Decides nothing: the verifiers do.

use super::Algorithm;

/// A part of a request that a signature covers: when it changes after signing, the request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignedPart {
    /// The method.
    Method,
    /// The path, decoded. JD Cloud takes runs of slashes for one, Huawei a slash at the end for none.
    Path,
    /// The `Host` header, even where no list of signed headers names it.
    Host,
    /// Every name and value of the query, decoded; order and escaping may differ.
    Query,
    /// The query exactly as sent, with its order and escaping.
    QueryAsSent,
    /// The values of the headers that `SignedHeaders` lists, and the list itself.
    SignedHeaders,
    /// The header that holds the time of signing, listed or not.
    Instant,
    /// The bytes of the body.
    Body,
    /// Every name and value of query and form body, decoded, except the signature itself; those of a JSON body too, where
    /// the scheme has one. UCloud joins them without separators, so that a character can move from a value to the next name
    /// unnoticed; Tencent's version 1 joins them unescaped, so that a value can hold what looks like the next parameter.
    Parameters,
    /// Date, region and service behind the access key id in `Credential`.
    CredentialScope,
}

/// What the signature of this scheme covers.
///
/// An access key id that stands outside the signed text selects the secret, and a security token is always compared with the
/// account's, so that a change of either is refused too; Tencent's `X-TC-Token` and `X-TC-Action` are not signed unless
/// listed.
#[must_use]
pub const fn signed_parts(algorithm: Algorithm) -> &'static [SignedPart] {
    use SignedPart::{
        Body, CredentialScope, Host, Instant, Method, Parameters, Path, Query, QueryAsSent, SignedHeaders,
    };
    match algorithm {
        Algorithm::Jdcloud2 | Algorithm::Jdcloud3 => {
            &[Method, Path, Query, SignedHeaders, Instant, Body, CredentialScope]
        }
        Algorithm::Tc3 => &[
            Method,
            Path,
            Host,
            QueryAsSent,
            SignedHeaders,
            Instant,
            Body,
            CredentialScope,
        ],
        Algorithm::TcHmacSha256 | Algorithm::TcHmacSha1 => &[Method, Path, Host, Parameters],
        // A body may be left out of the signature by `X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD` when it is not JSON.
        Algorithm::SdkHmacSha256 => &[Method, Path, Query, SignedHeaders, Instant, Body],
        Algorithm::HuaweiToken => &[],
        Algorithm::Acs3 => &[Method, Path, Host, Query, SignedHeaders, Instant, Body],
        Algorithm::AcsRpcHmacSha1 => &[Method, Path, Parameters],
        Algorithm::UcloudSha1 => &[Parameters],
    }
}
