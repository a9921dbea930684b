//! What each store's signature covers, as data, for tests that change one value at a time. Decides nothing: the verifiers do.

use super::verified::StoreAlgorithm;

/// A part of a request that a signature covers: when it changes after signing, the request is refused. A body is covered only
/// by its hash in [`Payload::Sha256`](super::Payload::Sha256) and by a signed `Content-MD5`, which the caller compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorePart {
    /// The method.
    Method,
    /// The path, decoded.
    Path,
    /// The bucket, wherever it is named.
    Bucket,
    /// Every name and value of the query, decoded, except the signature itself; none may be added.
    Query,
    /// Of the query, decoded, what the scheme takes for part of the resource, or lists, and everything about the signature.
    /// Other fields may be added or changed unnoticed.
    KnownQuery,
    /// Of the query, decoded, only these fields, which make a link.
    LinkFields(&'static [&'static str]),
    /// The headers that [`StoreVerified::signed_headers`](super::StoreVerified::signed_headers) names, and their list where
    /// there is one.
    SignedHeaders,
    /// All headers whose names begin so: none may be added.
    VendorHeaders(&'static str),
    /// Date, region, service and terminator behind the access key id in `Credential`.
    CredentialScope,
}

/// What the signature of this scheme covers, in headers and in links alike.
///
/// An access key id that stands outside the signed text selects the secret, and a security token is always compared with the
/// account's, so that a change of either is refused too. Tencent's covers the bucket only by the header `Host`, where that is
/// listed, as its SDKs do; the path of UCloud's is covered, its query is not, but for what makes a link.
#[must_use]
pub const fn store_parts(algorithm: StoreAlgorithm) -> &'static [StorePart] {
    use StorePart::{
        Bucket, CredentialScope, KnownQuery, LinkFields, Method, Path, Query, SignedHeaders, VendorHeaders,
    };
    match algorithm {
        StoreAlgorithm::S3V4 | StoreAlgorithm::ObsAws4 => &[
            Method,
            Path,
            Bucket,
            Query,
            SignedHeaders,
            VendorHeaders("x-amz-"),
            CredentialScope,
        ],
        StoreAlgorithm::Oss4 => &[
            Method,
            Path,
            Bucket,
            Query,
            SignedHeaders,
            VendorHeaders("x-oss-"),
            CredentialScope,
        ],
        StoreAlgorithm::Oss1 => &[Method, Path, Bucket, KnownQuery, SignedHeaders, VendorHeaders("x-oss-")],
        StoreAlgorithm::ObsSha1 => &[Method, Path, Bucket, KnownQuery, SignedHeaders, VendorHeaders("x-obs-")],
        StoreAlgorithm::CosSha1 => &[Method, Path, KnownQuery, SignedHeaders],
        StoreAlgorithm::UfileSha1 => &[
            Method,
            Path,
            Bucket,
            LinkFields(&["UCloudPublicKey", "Expires", "Signature"]),
            SignedHeaders,
            VendorHeaders("x-ucloud-"),
        ],
    }
}
