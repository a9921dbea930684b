//! What is remembered of one target, so that any later process can go on with it. Plain data; nothing secret.

use std::{collections::BTreeMap, time::SystemTime};

use cloud_import_core::{
    ImportTask, Provider,
    provider::{Schema, datetime},
};
use cloud_import_staging::{Staged, UploadRecord};
use serde::{Deserialize, Serialize};

use super::Replacement;

/// How far one target has come. A step is recorded before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The file is inspected and hashed, and being staged.
    Staging,
    /// Everything is where the cloud can read it.
    Staged,
    /// The order is about to leave, or has left: what became of it is not known yet.
    Starting,
    /// The cloud took the order.
    Started,
    /// The image is there.
    Succeeded,
    /// The cloud ended the import as failed.
    Failed,
    /// The import was cancelled.
    Canceled,
    /// What became of the order could not be found out.
    Unknown,
}

impl Step {
    /// Whether the cloud has given its verdict, so that nothing reads the staged object any more.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Staged => "staged",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}

/// What a file of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The disk image.
    Disk,
    /// The bitmap beside a raw image (Huawei).
    Bitmap,
}

/// What is remembered of a file of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileRecord {
    /// The upload under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadRecord>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<Staged>,
}

/// What is remembered of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    schema: Schema<1>,
    /// What people call the target.
    pub target: String,
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
    /// Name of the image.
    pub name: String,
    /// What was ordered, but for its generation, as a hash: the same order again has the same one.
    pub order: String,
    /// Generation of the order.
    pub generation: u32,
    /// How far it has come.
    pub step: Step,
    /// The files of the order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<Role, FileRecord>,
    /// The instant of which the link to the staged object is signed: the same instant makes the same link.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub link_signed_at: Option<SystemTime>,
    /// The import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ImportTask>,
    /// The image that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The vendor's reason, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it replaces, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<Replacement>,
}

impl Record {
    /// The record of an order of which nothing was done yet.
    pub(crate) fn new(target: &str, provider: Provider, region: &str, name: &str, order: String) -> Self {
        Self {
            schema: Schema,
            target: target.to_owned(),
            provider,
            region: region.to_owned(),
            name: name.to_owned(),
            order,
            generation: 0,
            step: Step::Staging,
            files: BTreeMap::new(),
            link_signed_at: None,
            task: None,
            image_id: None,
            reason: None,
            replace: None,
        }
    }

    /// Whether there is anything to go on with: an import that was sent and has no verdict, or a replacement that waits.
    pub fn is_open(&self) -> bool {
        let replaces = self.step == Step::Succeeded && self.replace.as_ref().is_some_and(Replacement::is_open);
        self.task.is_some() && (!self.step.is_settled() || replaces)
    }

    /// Begins the next generation of the order: a new image, on purpose. What is staged stays known.
    pub(crate) fn next_generation(&mut self) {
        self.generation += 1;
        self.step = Step::Staging;
        self.link_signed_at = None;
        self.task = None;
        self.image_id = None;
        self.reason = None;
        self.replace = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_storage_and_another_schema_is_refused() {
        let mut record = Record::new(
            "aliyun/cn-hangzhou",
            Provider::ALIYUN,
            "cn-hangzhou",
            "web",
            "o".to_owned(),
        );
        record.link_signed_at = datetime::parse_rfc3339("2026-01-02T03:04:05Z");
        record.files.insert(Role::Disk, FileRecord::default());
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains(r#""schema":1"#) && text.contains(r#""disk":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        let other = text.replace(r#""schema":1"#, r#""schema":2"#);
        let error = serde_json::from_str::<Record>(&other).unwrap_err().to_string();
        assert!(error.contains("schema 2 is not known"), "{error}");
    }

    #[test]
    fn a_record_of_an_older_version_is_read() {
        let text = r#"{"schema":1,"target":"t","provider":"aliyun","region":"r","name":"n","order":"o","generation":0,"step":"staged",
            "files":{"disk":{"staged":{"bucket":"b","key":"k","size":1,"sha256":"s","put_by_us":true,"etag":"e"}}},
            "link_signed_at":"2026-01-02T03:04:05Z"}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record.files[&Role::Disk].staged.as_ref().unwrap().key, "k");
        assert_eq!(record.link_signed_at, datetime::parse_rfc3339("2026-01-02T03:04:05Z"));
    }

    #[test]
    fn a_new_generation_forgets_the_verdict() {
        let mut record = Record::new("t", Provider::ALIYUN, "r", "n", "o".to_owned());
        record.step = Step::Succeeded;
        record.image_id = Some("i".to_owned());
        record.next_generation();
        assert_eq!((record.generation, record.step), (1, Step::Staging));
        assert!(record.image_id.is_none());
    }
}
