//! UCloud's client and importer against scripted answers: what is sent, how answers are read, what an order becomes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod answers;
mod copies;
mod importer;
mod orders;
mod pages;
mod presence;
mod requests;

use std::sync::Arc;

use cloud_import_core::{
    ClientBuilder, Credentials, Error, RetryPolicy,
    http::Request,
    provider::encode::decode_pairs,
    testing::{Frozen, Scripted},
};
use ucloud_uhost_import::Client;

pub(crate) const SECRET: &str = "sk-example/with+slash";

/// A client's settings: a clock that stands, over a script of answers.
pub(crate) fn builder(region: &str, script: &Arc<Scripted>) -> ClientBuilder<Client> {
    Client::builder(region)
        .credentials(Credentials::new("PKEXAMPLE", SECRET))
        .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "nonce")))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
}

/// A client of a project.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    builder("cn-bj2", script).project("org-1").build().unwrap()
}

/// A parameter of a request that was sent.
pub(crate) fn parameter<B: AsRef<[u8]>>(request: &Request<B>, name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(request.body().as_ref()).into_owned();
    decode_pairs(&body)
        .into_iter()
        .find(|(there, _)| there == name)
        .map(|(_, value)| value)
}

/// An error in every form that it may be shown in, its sources too.
pub(crate) fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    text
}

/// Starts an import without looking first whether it runs already, which is the same in every cloud and tested there.
pub(crate) async fn submit(
    importer: &ucloud_uhost_import::Importer,
    request: &cloud_import_core::ImportRequest,
) -> cloud_import_core::Result<cloud_import_core::ImportTask> {
    use cloud_import_core::ImageImporter as _;

    importer.submit(importer.prepare(request)?).await
}
