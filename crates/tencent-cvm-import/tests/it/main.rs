//! Tencent Cloud's client and importer against scripted answers: what is sent, how answers are read, what an order becomes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod answers;
mod changes;
mod copies;
mod importer;
mod marks;
mod older;
mod pages;
mod presence;
mod requests;

use std::sync::Arc;

use cloud_import_core::{
    Credentials, RetryPolicy,
    testing::{Frozen, Scripted},
};
use tencent_cvm_import::{Client, ClientOptions};

pub(crate) const SECRET: &str = "sk-example/with+slash";

const NONCE: &str = "1f0c9c5e-3a67-4d0e-9a51-5d3b1e0c7a11";

/// A client whose clock stands, over a script of answers.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    client_with(script, Credentials::new("AKIDEXAMPLE", SECRET))
}

pub(crate) fn client_with(script: &Arc<Scripted>, credentials: Credentials) -> Client {
    older_client(script, credentials, ClientOptions::default())
}

/// A client that is told how to sign and to send. Its nonce is no number.
pub(crate) fn older_client(script: &Arc<Scripted>, credentials: Credentials, options: ClientOptions) -> Client {
    Client::builder("ap-guangzhou")
        .options(options)
        .credentials(credentials)
        .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", NONCE)))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

/// Starts an import without looking first whether it runs already, which is the same in every cloud and tested there.
pub(crate) async fn submit(
    importer: &tencent_cvm_import::Importer,
    request: &cloud_import_core::ImportRequest,
) -> cloud_import_core::Result<cloud_import_core::ImportTask> {
    use cloud_import_core::ImageImporter as _;

    importer.submit(importer.prepare(request)?).await
}
