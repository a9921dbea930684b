//! Huawei Cloud's client and importer against scripted answers: what is sent, how answers are read, what an order becomes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod after;
mod answers;
mod changes;
mod check;
mod copies;
mod importer;
mod marks;
mod pages;
mod presence;
mod project;
mod requests;

use std::sync::Arc;

use cloud_import_core::{
    ClientBuilder, Credentials, RetryPolicy,
    testing::{Frozen, Scripted},
};
use huawei_ims_import::Client;

/// Sends a call and shows what left.
macro_rules! sent {
    ($client:expr, $method:ident, $request:expr, $answer:expr) => {{
        let script = ::std::sync::Arc::new(::cloud_import_core::testing::Scripted::new([(200, $answer)]));
        $client(&script).$method(&$request).await.unwrap();
        ::cloud_import_core::testing::render(&script.sent()[0])
    }};
    ($client:expr, $method:ident, $request:expr) => {
        sent!($client, $method, $request, "{}")
    };
    ($method:ident, $request:expr) => {
        sent!($crate::client, $method, $request)
    };
}
pub(crate) use sent;

pub(crate) const SECRET: &str = "sk-example/with+slash";
pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// Builds a client whose clock stands, over a script of answers, without a project.
pub(crate) fn builder(script: &Arc<Scripted>) -> ClientBuilder<Client> {
    Client::builder("cn-north-4")
        .credentials(Credentials::new("AKEXAMPLE", SECRET))
        .env(Arc::new(Frozen::at("2025-01-02T03:04:05Z", "nonce")))
        .transport(Arc::clone(script) as _)
        .retry(RetryPolicy::none())
}

/// A client whose clock stands, over a script of answers.
pub(crate) fn client(script: &Arc<Scripted>) -> Client {
    builder(script).project(PROJECT).build().unwrap()
}

/// Starts an import without looking first whether it runs already, which is the same in every cloud and tested there.
pub(crate) async fn submit(
    importer: &huawei_ims_import::Importer,
    request: &cloud_import_core::ImportRequest,
) -> cloud_import_core::Result<cloud_import_core::ImportTask> {
    use cloud_import_core::ImageImporter as _;

    importer.submit(importer.prepare(request)?).await
}
