//! JD Cloud's client and importer against scripted answers: what is sent, how answers are read, what an order becomes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod after;
mod answers;
mod changes;
mod copies;
mod importer;
mod marks;
mod pages;
mod presence;
mod requests;

use std::sync::Arc;

use cloud_import_core::{
    Credentials, RetryPolicy,
    testing::{Frozen, Scripted},
};
use jdcloud_vm_import::Client;

pub(crate) const SECRET: &str = "sk-example/with+slash";

/// A client whose clock stands, over a script of answers.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    Client::builder("cn-north-1")
        .credentials(Credentials::new("AKEXAMPLE", SECRET))
        .env(Arc::new(Frozen::at(
            "2025-01-02T03:04:05Z",
            "55f3919e-3a7d-4174-b117-f150ff25e274",
        )))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}
