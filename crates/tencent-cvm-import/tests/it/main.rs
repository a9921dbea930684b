//! Tencent Cloud's client and importer against scripted answers: what is sent, how answers are read, what an order becomes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod answers;
mod importer;
mod requests;

use std::sync::Arc;

use cloud_import_core::{
    Credentials,
    retry::RetryPolicy,
    testing::{Frozen, Scripted},
};
use tencent_cvm_import::Client;

pub(crate) const SECRET: &str = "sk-example/with+slash";

/// A client whose clock stands, over a script of answers.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    client_with(script, Credentials::new("AKIDEXAMPLE", SECRET))
}

pub(crate) fn client_with(script: &Arc<Scripted>, credentials: Credentials) -> Client {
    Client::builder("ap-guangzhou")
        .credentials(credentials)
        .ambient(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "unused")))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}
