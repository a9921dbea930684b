//! Huawei OBS's own signature, in headers and in links.
//!
//! Source: the OBS API reference's pages on signatures in headers and in URLs, and the Python SDK `esdk-obs-python` 3.26.6.

use super::super::canonical::header;
use super::super::encode::encode_path;
use super::incoming::Incoming;
use super::plain::{self, Claim, Dated, Scheme};
use super::{Refusal, Secret, StoreAlgorithm, StoreVerified, http_date};
use crate::wire::WireRequest;

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
const SUBRESOURCES: [&str; 28] = [
    "acl",
    "append",
    "cors",
    "delete",
    "encryption",
    "lifecycle",
    "location",
    "logging",
    "metadata",
    "modify",
    "name",
    "notification",
    "partNumber",
    "policy",
    "position",
    "quota",
    "rename",
    "requestPayment",
    "restore",
    "storageClass",
    "storageinfo",
    "tagging",
    "truncate",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];

/// Verifies a request.
///
/// With `x-obs-date` the line of the date is empty. The resource is percent-encoded. A token is the signed header or
/// sub-resource `x-obs-security-token`.
pub(super) fn verify(
    incoming: &Incoming<'_>,
    secret_of: &dyn Fn(&str) -> Option<Secret>,
) -> Result<StoreVerified, Refusal> {
    let signed = SCHEME.read(incoming)?;
    let (dated, token) = match signed.expires {
        Some(_) => (None, incoming.field(TOKEN)),
        None => (Some(dated(incoming.request)?), header(incoming.request, TOKEN)?),
    };
    let is_part =
        |name: &str| SUBRESOURCES.contains(&name) || name.starts_with("response-") || name.starts_with(SCHEME.prefix);
    let resource = plain::with_subresources(&encode_path(&incoming.resource), incoming, is_part);
    let claim = Claim {
        dated,
        token,
        resource: &resource,
    };
    SCHEME.verify(incoming, &signed, &claim, secret_of)
}

fn dated(request: &WireRequest) -> Result<Dated<'_>, Refusal> {
    let Some(own) = header(request, DATE)? else {
        return Dated::of_date(request);
    };
    Ok(Dated {
        line: "",
        instant: Some(http_date::parse(own, DATE)?),
        is_date: false,
    })
}

#[cfg(test)]
mod tests;
