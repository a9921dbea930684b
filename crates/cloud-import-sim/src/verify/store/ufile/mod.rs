//! UCloud US3's own signature, in headers and in links.
//!
//! Source: the UFile authorization page and the Python SDK `ufile` 3.2.11. The query is not part of what is signed: a part's
//! number or upload can be changed unnoticed.

use super::{
    incoming::Incoming,
    plain::{Claim, Dated, Scheme},
    verified::{StoreAlgorithm, StoreVerified},
};
use crate::verify::{Refusal, SecretOf, canonical::header, instant};

const SCHEME: Scheme = Scheme {
    algorithm: StoreAlgorithm::UfileSha1,
    word: "UCloud",
    key_field: "UCloudPublicKey",
    prefix: "x-ucloud-",
};
const TOKEN: &str = "SecurityToken";

/// Verifies a request.
///
/// The time in `Date` is optional, and no form is documented for it: another than HTTP's is signed as it stands and gives no
/// instant. A token is the unsigned header `SecurityToken`; that a link has it as a field of that name is unverified.
pub(super) fn verify(incoming: &Incoming<'_>, secret_of: SecretOf<'_>) -> Result<StoreVerified, Refusal> {
    let mut signed = SCHEME.read(incoming)?;
    let (dated, token) = if signed.expires.is_some() {
        // The SDK leaves base64's plus sign unescaped in links; base64 holds no space.
        signed.signature = signed.signature.replace(' ', "+").into();
        (None, incoming.field(TOKEN))
    } else {
        (dated(incoming)?, header(incoming.request, TOKEN)?)
    };
    let claim = Claim {
        dated,
        token,
        resource: &incoming.resource,
    };
    SCHEME.verify(incoming, &signed, &claim, secret_of)
}

fn dated<'r>(incoming: &Incoming<'r>) -> Result<Option<Dated<'r>>, Refusal> {
    if header(incoming.request, "date")?.is_none() {
        return Ok(None);
    }
    let line = incoming.signed_header("date")?;
    Ok(Some(Dated {
        line,
        instant: instant::http(line, "Date").ok(),
        is_date: true,
    }))
}

#[cfg(test)]
mod tests;
