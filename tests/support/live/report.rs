//! The form of `answers.json`, which `cargo xtask live` reads and people send.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The version of the form.
pub(super) const SCHEMA: u32 = 1;

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of the form.
    pub schema: u32,
    /// What was asked for.
    pub facts: Facts,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What was sent and answered, in order.
    pub exchanges: Vec<Exchange>,
}

/// What was asked for.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// The cloud's id.
    pub cloud: String,
    /// The region.
    pub region: String,
    /// A simulator answered: nothing that it says is evidence.
    pub simulated: bool,
    /// The version of this program.
    pub version: String,
    /// When it began, in RFC 3339.
    pub begun: String,
    /// The image's format.
    pub format: String,
    /// The file's size.
    pub bytes: u64,
    /// The guest's operating system, as it was given.
    pub os: String,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// Seconds from the beginning of the run.
    pub at: f64,
    /// Seconds that it took.
    pub took: f64,
    /// It ended as it should.
    pub passed: bool,
    /// What came of it, in words.
    pub told: String,
}

/// One request, and what came of it.
#[derive(Debug, Serialize)]
pub struct Exchange {
    /// The step in which it was sent.
    pub step: &'static str,
    /// Seconds from the beginning of the run to the sending.
    pub at: f64,
    /// Seconds until the answer.
    pub took: f64,
    /// The answer came, and was thrown away on purpose.
    pub lost: bool,
    /// The HTTP method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path, percent-decoded.
    pub path: String,
    /// The query without signature and keys.
    pub query: BTreeMap<String, String>,
    /// The header that names the action, where the cloud has one.
    pub action: Option<String>,
    /// The body, a form as an object; nothing of a file's content.
    pub request: Value,
    /// Why no answer came.
    pub error: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The headers of the answer that say something.
    pub headers: BTreeMap<String, String>,
    /// Whether the answer's ETag is the MD5 of the body that was sent, where it has one and content was sent.
    pub etag_is_md5: Option<bool>,
    /// The answer's body: JSON, or text.
    pub answer: Value,
}
