//! Buckets with their objects and unfinished uploads. Remembers only: nothing is checked against a store's limits here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    content::{Content, Piece},
    sniff::{DiskFormat, Sniffed},
};
use crate::{clock::Now, cloud::Cloud, setters::setters};

/// What a look for something in a store does not find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Bucket,
    /// The bucket is in this region, which is not the one that was asked.
    Elsewhere {
        region: String,
    },
    Key,
    Upload,
}

/// How a bucket is set up. The default is a private one of the account's own, of the store's standard class, in which unfinished
/// uploads stay.
///
/// ```
/// use cloud_import_sim::BucketSettings;
///
/// let archive = BucketSettings::default().public(true).storage_class("Archive");
/// assert!(archive.public && !archive.owner_is_other);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BucketSettings {
    /// Anybody may read its objects.
    pub public: bool,
    /// The class of its objects in the vendor's word, such as `Archive`; `None` is the store's standard.
    pub storage_class: Option<String>,
    /// A lifecycle rule ends unfinished uploads. It is shown and nothing more: no upload goes by itself here.
    pub expires_uploads: bool,
    /// It belongs to another account: every access is denied.
    pub owner_is_other: bool,
    /// It keeps what is replaced or deleted as older versions (not at UCloud, which has not opened that yet).
    pub versioned: bool,
    /// Objects are locked: no version of them can be deleted.
    pub locked: bool,
    /// How it encrypts objects, in the vendor's word: with keys of its own (`kms`), or with the store's (`AES256`). Their ETags are no
    /// MD5s then, but at JD and Alibaba with the store's keys. `None`: nobody sees anything of it.
    pub encryption: Option<String>,
}

impl BucketSettings {
    setters! {
        /// Anybody may read its objects.
        public: bool,

        /// A lifecycle rule ends unfinished uploads.
        expires_uploads: bool,

        /// It belongs to another account.
        owner_is_other: bool,

        /// It keeps older versions.
        versioned: bool,

        /// No version of an object can be deleted.
        locked: bool,
    }

    /// How it encrypts with keys of its own, in the vendor's word.
    #[must_use]
    pub fn encryption(mut self, word: impl Into<String>) -> Self {
        self.encryption = Some(word.into());
        self
    }

    /// The class of its objects in the vendor's word.
    #[must_use]
    pub fn storage_class(mut self, class: impl Into<String>) -> Self {
        self.storage_class = Some(class.into());
        self
    }

    /// Of a bucket that is there because any is: nothing is amiss with it.
    pub(crate) fn of_any() -> Self {
        Self {
            expires_uploads: true,
            ..Self::default()
        }
    }
}

/// One stored object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectSummary {
    /// The cloud whose storage holds it.
    pub cloud: Cloud,
    /// The region of its bucket, in the words of the cloud's compute API.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Format that its bytes tell.
    pub format: DiskFormat,
    /// Its ETag, without quotes.
    #[serde(default)]
    pub etag: String,
    /// How many parts it was made of; 0 when it was put at once.
    #[serde(default)]
    pub parts: u64,
    /// User metadata: names in lower case, without the vendor's prefix.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// The id of its version, where its bucket keeps them.
    #[serde(default)]
    pub version: Option<String>,
    /// It is an older or deleted version, which is not shown and is paid for.
    #[serde(default)]
    pub hidden: bool,
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenUpload {
    /// The cloud.
    pub cloud: Cloud,
    /// The region of its bucket, in the words of the cloud's compute API.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The key of the object that it would become.
    pub key: String,
    /// The id that the store gave it.
    pub upload_id: String,
    /// How many parts it has.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// An object as an import sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) size: u64,
    pub(crate) format: DiskFormat,
    pub(crate) virtual_size: u64,
}

impl Disk {
    pub(crate) fn new(size: u64, found: Sniffed) -> Self {
        Disk {
            size,
            format: found.format,
            virtual_size: found.virtual_size,
        }
    }

    /// Virtual size in GiB, rounded up.
    pub(crate) fn gib(&self) -> u64 {
        self.virtual_size.div_ceil(1 << 30)
    }
}

/// What a request says about an object beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) content_type: Option<String>,
    /// `None` is the bucket's class.
    pub(crate) storage_class: Option<String>,
    /// Names in lower case, without the vendor's prefix.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// One object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) content: Content,
    pub(crate) disk: Disk,
    pub(crate) etag: String,
    pub(crate) parts: u64,
    pub(crate) about: About,
    pub(crate) modified: OffsetDateTime,
    /// It came through the store, so that an import needs a good link to it.
    pub(crate) guarded: bool,
    /// The CRC-64 of a body that came whole, at the stores that tell it.
    pub(crate) crc64: Option<u64>,
    pub(crate) version: Option<String>,
}

impl Object {
    /// One that came through the store just now.
    pub(crate) fn stored(content: Content, disk: Disk, etag: String, parts: u64, about: About) -> Self {
        Object {
            content,
            disk,
            etag,
            parts,
            about,
            modified: Now::read().utc,
            guarded: true,
            crc64: None,
            version: None,
        }
    }
}

/// Something that is not shown: an older version, or the mark of a deletion.
#[derive(Debug)]
pub(crate) struct Hidden {
    pub(crate) id: String,
    /// `None` is a mark.
    pub(crate) object: Option<Object>,
}

/// One part of an upload.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) piece: Piece,
    pub(crate) raw: Vec<u8>,
    pub(crate) etag: String,
    pub(crate) modified: OffsetDateTime,
}

/// An upload in parts.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) initiated: OffsetDateTime,
    pub(crate) about: About,
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// A bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) settings: BucketSettings,
    /// Values by name.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) objects: BTreeMap<String, Object>,
    /// Older versions and marks of deletions by key, the newest last.
    pub(crate) hidden: BTreeMap<String, Vec<Hidden>>,
    /// By id.
    pub(crate) uploads: BTreeMap<String, Upload>,
}

impl Bucket {
    /// The upload, if it is one of this key.
    pub(crate) fn upload(&self, key: &str, id: &str) -> Result<&Upload, Missing> {
        let found = self.uploads.get(id).filter(|upload| upload.key == key);
        found.ok_or(Missing::Upload)
    }

    /// The upload for a change.
    pub(crate) fn upload_mut(&mut self, key: &str, id: &str) -> Result<&mut Upload, Missing> {
        let found = self.uploads.get_mut(id).filter(|upload| upload.key == key);
        found.ok_or(Missing::Upload)
    }

    /// Whether nothing is in it, hidden things and unfinished uploads included.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.hidden.values().all(Vec::is_empty) && self.uploads.is_empty()
    }

    pub(crate) fn object(&self, key: &str) -> Result<&Object, Missing> {
        self.objects.get(key).ok_or(Missing::Key)
    }
}
