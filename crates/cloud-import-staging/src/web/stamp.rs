//! What tells one state of a file on a web server from another. Plain data.

use cloud_import_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::file::CHANGED;

/// What tells one state of a file on a web server from another, as far as its server says it. Holds no secret: the URL is without its
/// query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebStamp {
    /// The URL without its query.
    pub url: String,
    /// Size in bytes.
    pub size: u64,
    /// The `ETag`, as it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified`, as it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A file that is not what it was. Whoever begins anew begins with what is there now.
pub(crate) fn changed(url: &str, how: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("`{url}` changed on its server since its upload began: {how}"),
    )
    .with_code(CHANGED)
    .with_remedy("Start again, which begins from the start; if its content is new, with the new SHA-256.")
}

/// In what two states of a file differ.
pub(crate) fn difference(was: &WebStamp, now: &WebStamp) -> Option<String> {
    let told = |what: &str, was: &Option<String>, now: &Option<String>| {
        let word = |told: &Option<String>| match told {
            Some(told) => format!("`{}`", told.trim_matches('"')),
            None => "none".to_owned(),
        };
        (was != now).then(|| format!("its {what} was {} and is {}", word(was), word(now)))
    };
    match was.size == now.size {
        false => Some(format!("it had {} bytes and now has {}", was.size, now.size)),
        true => told("ETag", &was.etag, &now.etag)
            .or_else(|| told("date of change", &was.last_modified, &now.last_modified)),
    }
}
