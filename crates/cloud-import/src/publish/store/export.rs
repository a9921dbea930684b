//! What is remembered of an export of an image to a bucket, beside what all records say. Plain data; nothing secret.

use std::time::SystemTime;

use cloud_import_core::{ExportRequest, ExportTask, provider::datetime};
use serde::{Deserialize, Serialize};

/// What is remembered of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportRecord {
    /// The order, of the generation that the record says.
    pub request: ExportRequest,
    /// The export, from when it was about to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ExportTask>,
    /// Keys that lay where it writes before it was first sent: they prove nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub there_before: Vec<String>,
    /// Whether the cloud said that it is done. Where it did not, the bucket did.
    #[serde(default)]
    pub confirmed: bool,
    /// Files that its objects became.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FetchedFile>,
}

/// A file that an object of an export became, or is about to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FetchedFile {
    /// The object's key.
    pub key: String,
    /// The whole path of the file, as text.
    pub path: String,
    /// SHA-256 of the file, in lower-case hex.
    pub sha256: String,
    /// When the object was removed from the bucket, because that was asked for.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<SystemTime>,
}

impl ExportRecord {
    /// That of an order of which nothing was done yet.
    pub(crate) fn new(request: ExportRequest) -> Self {
        Self {
            request,
            task: None,
            there_before: Vec::new(),
            confirmed: false,
            files: Vec::new(),
        }
    }

    /// The file that this object became by an earlier call.
    pub(crate) fn fetched(&self, key: &str, path: &str) -> Option<&FetchedFile> {
        self.files.iter().find(|file| file.key == key && file.path == path)
    }

    /// Whether this object was removed from the bucket, because that was asked for.
    pub fn is_removed(&self, key: &str) -> bool {
        self.files
            .iter()
            .any(|file| file.key == key && file.removed_at.is_some())
    }

    /// An object came whole, and is about to be this file.
    pub(crate) fn became(&mut self, key: &str, path: &str, sha256: &str) {
        self.files.retain(|file| file.key != key || file.path != path);
        self.files.push(FetchedFile {
            key: key.to_owned(),
            path: path.to_owned(),
            sha256: sha256.to_owned(),
            removed_at: None,
        });
    }
}
