//! Alibaba Cloud's client and importer against scripted answers: what is sent, how answers are read, what an order
//! becomes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod answers;
mod delete;
mod importer;
mod marks;
mod pages;
mod presence;
mod requests;
mod role;
mod rpc;

use std::sync::Arc;

use aliyun_ecs_import::Client;
use cloud_import_core::{
    ClientBuilder, Credentials, RetryPolicy,
    http::Request,
    provider::encode,
    testing::{Frozen, Scripted},
};

pub(crate) const SECRET: &str = "sk-example/with+slash";

pub(crate) fn builder(script: &Arc<Scripted>) -> ClientBuilder<Client> {
    builder_in("cn-hangzhou", script)
}

fn builder_in(region: &str, script: &Arc<Scripted>) -> ClientBuilder<Client> {
    Client::builder(region)
        .credentials(Credentials::new("AKEXAMPLE", SECRET))
        .env(Arc::new(Frozen::at(
            "2025-01-02T03:04:05Z",
            "55f3919e-3a7d-4174-b117-f150ff25e274",
        )))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
}

/// A client whose clock stands, over a script of answers.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    builder(script).build().unwrap()
}

/// Such a client in a region.
pub(crate) fn client_in(region: &str, script: &Arc<Scripted>) -> Client {
    builder_in(region, script).build().unwrap()
}

/// A parameter of a request that was sent.
pub(crate) fn parameter<B>(request: &Request<B>, name: &str) -> Option<String> {
    let parameters = encode::decode_pairs(request.uri().query().unwrap_or_default());
    parameters
        .into_iter()
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// The operations that were called, in order.
pub(crate) fn called(script: &Scripted) -> Vec<String> {
    let action = |request: &Request<_>| request.headers()["x-acs-action"].to_str().unwrap().to_owned();
    script.sent().iter().map(action).collect()
}
