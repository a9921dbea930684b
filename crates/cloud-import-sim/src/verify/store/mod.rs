//! Verification of requests to the five object stores, signed in headers or in the query of a link.
//!
//! Written from the vendors' documents and from what their storage SDKs send. Not done here: the clock (the caller compares
//! [`StoreVerified::instant`] and [`StoreVerified::expires_at`] with its own), the body (it is streamed; the caller compares
//! its hash with [`StoreVerified::payload`]), `Content-MD5`, and whether a bucket is public.

mod aws4;
mod cos;
mod coverage;
mod incoming;
mod obs;
mod oss1;
mod oss4;
mod plain;
mod ufile;
mod verified;

#[cfg(test)]
mod example;

use self::incoming::Incoming;
pub use self::{
    coverage::{StorePart, store_parts},
    verified::{Addressing, Payload, StoreAlgorithm, StoreVerified},
};
use super::{Refusal, SecretOf};
use crate::{cloud::Cloud, wire::WireRequest};

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
    secret_of: SecretOf<'_>,
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
