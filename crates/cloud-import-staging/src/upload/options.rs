//! What an upload is told, what it says of itself and what comes of it. Plain data.

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, Remedy, remedy::Change};
use serde::{Deserialize, Serialize};

use crate::budget::Budget;

/// How a file is sent.
///
/// ```
/// use cloud_import_core::build;
/// use cloud_import_staging::{Budget, UploadOptions};
///
/// let options = build!(UploadOptions { parallel: 4, budget: Budget::mib(32) });
/// assert_eq!(options.rounds, 3);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadOptions {
    /// Size of a part in bytes: see [`part_size`](crate::part_size).
    pub part_size: Option<u64>,
    /// How many parts are sent at the same time at most, within the budget: four to begin with, more as long as that makes it faster, and
    /// half as many after a part that has to be sent again.
    pub parallel: usize,
    /// The memory for parts, shared with the other uploads of this process. A part of a file that is sent as it is takes none of its own
    /// where the transport [reads it while it is sent](cloud_import_core::transport::Transport::takes_streamed); it counts as one of 4 MiB.
    pub budget: Budget,
    /// How often a part is tried beyond the retries of a request, with a pause before each.
    pub rounds: u32,
    /// Whether what the store says of a part or object is held against what was sent: its ETag where that is an MD5 (of the
    /// form, and not in a bucket that encrypts with keys of its own), its CRC-64 where it tells one (OSS and COS, to which no MD5 is sent
    /// then). Elsewhere, and without this, each part's Content-MD5 is checked by the store.
    pub compare_etags: bool,
}

impl Default for UploadOptions {
    /// Parts of 8 MiB or as large as it takes, eight at a time at most within 64 MiB, three rounds.
    fn default() -> Self {
        Self {
            part_size: None,
            parallel: 8,
            budget: Budget::default(),
            rounds: 3,
            compare_etags: true,
        }
    }
}

/// What an upload says of itself while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So many of `total` bytes are known to be in the store.
    Bytes {
        /// Acknowledged by the store, earlier runs included. Falls when an upload must start anew.
        present: u64,
        /// The whole file.
        total: u64,
    },
    /// A part failed and is sent again after a pause.
    Retrying {
        /// Its number.
        part: u32,
        /// Why it failed, in one line.
        reason: String,
    },
    /// Something that the user should know and that does not stop the upload, in one line.
    Warning(String),
    /// All parts are there; the store makes the object of them.
    Completing,
}

/// Hears of progress. Called from the threads of the runtime; must not block.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// An object in the store that has the file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Staged {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: String,
    /// The store's ETag, without quotes, where it tells one.
    pub etag: Option<String>,
    /// The id of its version, where the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What comes of an upload that was stopped.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the upload was stopped")
        .with_may_have_executed(false)
        .with_remedy(Remedy::Repeat(Change::Nothing))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was written until 0.1 and said what the register of the objects says.
    #[test]
    fn what_an_older_version_kept_is_read() {
        let text = r#"{"bucket":"b","key":"k","size":1,"sha256":"s","put_by_us":true,"etag":null}"#;
        let staged: Staged = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::to_string(&staged).unwrap(),
            text.replace(r#""put_by_us":true,"#, "")
        );
    }
}
