//! What was asked for, in the words of the program that asked, so that a later process can go on without being told again. Plain data
//! that is kept and given back; what it says is not known here.

use cloud_import_core::provider::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was asked for one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Asked {
    /// What it has in common with other targets: the key of it in [`JobFacts::orders`](super::JobFacts::orders).
    pub order: String,
    /// What is its own.
    pub target: Value,
}

/// The key of an order: the same order has the same one.
pub(crate) fn key(order: &Value) -> String {
    digest::sha256_hex(order.to_string().as_bytes())[..16].to_owned()
}
