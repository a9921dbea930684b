//! Alibaba OSS signature version 1, in headers and in links.
//!
//! Source: Alibaba's pages on V1 signatures and the Python SDK `oss2` 2.19.1 (2025). New accounts and buckets are refused
//! with this version since 2025, which is not played here.

use super::{
    incoming::Incoming,
    plain::{self, Claim, Dated, OwnLine, Scheme},
    verified::{StoreAlgorithm, StoreVerified},
};
use crate::{
    text::has_word,
    verify::{Refusal, SecretOf, canonical::header},
    wire::WireRequest,
};

const SCHEME: Scheme = Scheme {
    algorithm: StoreAlgorithm::Oss1,
    word: "OSS",
    key_field: "OSSAccessKeyId",
    prefix: "x-oss-",
};
const DATE: &str = "x-oss-date";

/// The fields of a query that are part of the resource, beside all that begin with `response-`: those of objects, of uploads
/// and of the questions about a bucket. Source: `oss2`; its list has more, for features that a store here does not have.
const SUBRESOURCES: &str = "acl append bucketInfo callback callback-var continuation-token cors delete encryption \
    lifecycle location logging objectMeta partNumber policy position referer requestPayment restore security-token \
    stat symlink tagging uploadId uploads versionId versioning versions x-oss-process";

/// Verifies a request.
///
/// A token stands in the unsigned header `security-token` or in the signed `x-oss-security-token`; in a link in the
/// sub-resource `security-token`.
pub(super) fn verify(incoming: &Incoming<'_>, secret_of: SecretOf<'_>) -> Result<StoreVerified, Refusal> {
    let signed = SCHEME.read(incoming)?;
    let (dated, token) = match signed.expires {
        Some(_) => (None, incoming.field("security-token")),
        None => (
            Some(Dated::of(incoming.request, DATE, OwnLine::Same)?),
            token(incoming.request)?,
        ),
    };
    let is_part = |name: &str| has_word(SUBRESOURCES, name) || name.starts_with("response-");
    let resource = plain::with_subresources(&incoming.resource, incoming, is_part);
    let claim = Claim {
        dated,
        token,
        resource: &resource,
    };
    SCHEME.verify(incoming, &signed, &claim, secret_of)
}

fn token(request: &WireRequest) -> Result<Option<&str>, Refusal> {
    match header(request, "x-oss-security-token")? {
        Some(token) => Ok(Some(token)),
        None => header(request, "security-token"),
    }
}

#[cfg(test)]
mod tests;
