//! Verification of signed requests, as the five clouds' gateways would do it.
//!
//! Written from the vendors' published algorithms and from what their SDKs send; it shares no code with the clients that it
//! checks. One function per cloud takes a request as received and a way to look up secrets, and says who signed it or why it
//! is refused. Not done here: the clock (the caller compares [`Verified::instant`] with its own), replay of nonces, routing,
//! permissions, and everything the request asks for. A refusal is a value, never a panic, whatever the request holds.
//!
//! Where the documentation and a vendor's own SDK disagree about what must be signed, the SDK's requests are accepted: they
//! evidently work.

mod aliyun;
mod authorization;
mod canonical;
mod coverage;
mod decode;
mod digest;
mod fields;
mod huawei;
mod instant;
mod jdcloud;
mod params;
mod refusal;
mod scope;
mod secret;
pub mod store;
mod tencent;
mod tencent_v1;
mod ucloud;
mod ucloud_json;
mod verified;

#[cfg(test)]
mod example;

pub use self::{
    aliyun::aliyun,
    coverage::{SignedPart, signed_parts},
    huawei::{TOKEN_ACCOUNT, huawei},
    jdcloud::jdcloud,
    refusal::Refusal,
    secret::{Secret, SecretOf},
    tencent::tencent,
    ucloud::ucloud,
    verified::{Algorithm, Verified},
};
