//! What must be remembered of an upload so that another process can go on with it. Plain data; nothing secret.

use std::{collections::BTreeMap, time::SystemTime};

use cloud_import_core::provider::{Schema, datetime};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{file::FileStamp, web::WebStamp};

/// An upload under way. Written before it is begun, before the first part is sent and after each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadRecord {
    /// The shape of this record. Another one is refused when it is read.
    #[serde(deserialize_with = "schema")]
    pub schema: RecordSchema,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The store's id of the upload; empty for an object that is put in one piece, and while no id is known.
    pub upload_id: String,
    /// The file as it was when the upload began; of a web file the size alone.
    pub file: FileStamp,
    /// SHA-256 of the file in hex.
    pub sha256: String,
    /// Size of every part but the last, in bytes.
    pub part_size: u64,
    /// The parts that the store has acknowledged, by number.
    pub parts: BTreeMap<u32, PartRecord>,
    /// Whether the request that makes the object may have been sent.
    pub completing: bool,
    /// Since when uploads of this key may be open of which no id is known: a request that begins one left, and its answer was not
    /// seen. They hold no data. `None` once the store has listed what is open.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub unanswered_since: Option<SystemTime>,
    /// What is known of a web file, whose sum is made on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<WebRecord>,
}

impl UploadRecord {
    /// What stays to be remembered when this upload is over: that others may be open of which no id is known.
    pub fn left(mut self) -> Option<Self> {
        self.unanswered_since?;
        self.upload_id.clear();
        self.parts.clear();
        self.web = None;
        self.completing = false;
        Some(self)
    }
}

/// How far a web file was read and summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebRecord {
    /// The file as it was when the upload began.
    pub stamp: WebStamp,
    /// The number of the first part that is not in the sum.
    pub next: u32,
    /// The state of SHA-256 over the parts before it, in base64: that of the crate `sha2` 0.11.
    pub state: String,
    /// MD5 in hex of parts that are in the sum and that the store had not acknowledged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed: BTreeMap<u32, String>,
}

/// A part that the store has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartRecord {
    /// The store's ETag, without quotes.
    pub etag: String,
    /// The CRC-64 of its bytes, where the store acknowledged that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc64: Option<u64>,
}

/// The shape of an [`UploadRecord`]: the number 1.
pub type RecordSchema = Schema<1>;

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecordSchema, D::Error> {
    Schema::read(deserializer, |other| {
        format!("upload record of version {other}; this program knows version 1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_json_and_refuses_another_version() {
        let record = UploadRecord {
            schema: Schema,
            bucket: "images".to_owned(),
            key: "a/b".to_owned(),
            upload_id: "id".to_owned(),
            file: FileStamp {
                device: 1,
                inode: 2,
                size: 3,
                modified_seconds: -4,
                modified_nanos: 5,
                changed_seconds: 6,
                changed_nanos: 7,
            },
            sha256: "00".to_owned(),
            part_size: 6,
            parts: BTreeMap::from([(
                1,
                PartRecord {
                    etag: "e".to_owned(),
                    crc64: None,
                },
            )]),
            completing: false,
            unanswered_since: None,
            web: None,
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<UploadRecord>(&text).unwrap(), record);
        assert!(!text.contains("unanswered"), "{text}");
        let earlier = text.replace(r#","changed_seconds":6,"changed_nanos":7"#, "");
        let read: UploadRecord = serde_json::from_str(&earlier).unwrap();
        assert_eq!(
            (read.file.modified_nanos, read.file.changed_seconds),
            (5, 0),
            "{earlier}"
        );
        let newer = text.replace(r#""schema":1"#, r#""schema":2"#);
        let error = serde_json::from_str::<UploadRecord>(&newer).unwrap_err();
        assert!(error.to_string().contains("version 2"), "{error}");
    }

    #[test]
    fn what_may_be_open_outlives_the_upload() {
        let text = r#"{"schema":1,"bucket":"b","key":"k","upload_id":"u","file":{"device":1,"inode":2,"size":3,
            "modified_seconds":4,"modified_nanos":5},"sha256":"00","part_size":6,"parts":{"1":{"etag":"e"}},"completing":true}"#;
        let mut record: UploadRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.clone().left(), None, "older records say nothing of it");
        record.unanswered_since = Some(SystemTime::UNIX_EPOCH);
        let left = record.left().unwrap();
        assert_eq!(
            (left.upload_id.as_str(), left.parts.len(), left.completing),
            ("", 0, false)
        );
        let text = serde_json::to_string(&left).unwrap();
        assert!(text.contains(r#""unanswered_since":"1970-01-01T00:00:00Z""#), "{text}");
        assert_eq!(serde_json::from_str::<UploadRecord>(&text).unwrap(), left);
    }
}
