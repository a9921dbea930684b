//! Huawei OBS's own signature, in headers and in links.
//!
//! Source: the OBS API reference's pages on signatures in headers and in URLs, and the Python SDK `esdk-obs-python` 3.26.6.

use super::{
    incoming::Incoming,
    plain::{self, Claim, Dated, OwnLine, Scheme},
    verified::{StoreAlgorithm, StoreVerified},
};
use crate::{
    text::{encode_path, has_word},
    verify::{Refusal, SecretOf, canonical::header},
};

const SCHEME: Scheme = Scheme {
    algorithm: StoreAlgorithm::ObsSha1,
    word: "OBS",
    key_field: "AccessKeyId",
    prefix: "x-obs-",
};
const DATE: &str = "x-obs-date";
const TOKEN: &str = "x-obs-security-token";

/// The fields of a query that are part of the resource, beside all that begin with `response-` or `x-obs-`: those of
/// objects, of uploads and of the questions about a bucket. Source: `esdk-obs-python`; its list has more, for features that a
/// store here does not have.
const SUBRESOURCES: &str = "acl append cors delete encryption lifecycle location logging metadata modify name \
    notification partNumber policy position quota rename requestPayment restore storageClass storageinfo tagging \
    truncate uploadId uploads versionId versioning versions";

/// Verifies a request.
///
/// With `x-obs-date` the line of the date is empty. The resource is percent-encoded. A token is the signed header or
/// sub-resource `x-obs-security-token`.
pub(super) fn verify(incoming: &Incoming<'_>, secret_of: SecretOf<'_>) -> Result<StoreVerified, Refusal> {
    let signed = SCHEME.read(incoming)?;
    let (dated, token) = match signed.expires {
        Some(_) => (None, incoming.field(TOKEN)),
        None => (
            Some(Dated::of(incoming.request, DATE, OwnLine::Empty)?),
            header(incoming.request, TOKEN)?,
        ),
    };
    let is_part =
        |name: &str| has_word(SUBRESOURCES, name) || name.starts_with("response-") || name.starts_with(SCHEME.prefix);
    let resource = plain::with_subresources(&encode_path(&incoming.resource), incoming, is_part);
    let claim = Claim {
        dated,
        token,
        resource: &resource,
    };
    SCHEME.verify(incoming, &signed, &claim, secret_of)
}

#[cfg(test)]
mod tests;
