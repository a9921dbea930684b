//! An image as a file in a bucket: the order, the running export as plain data, and what a poll says of it.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::vendor;
use crate::{
    DiskFormat, Error, ErrorKind, Failure, ImageSource, Provider, Result, VendorOptions, text::datetime,
    text::schema::Schema,
};

/// The version of the task format that this crate writes and reads.
const VERSION: u32 = 1;

/// An order to write an image that is there into a bucket of its region.
///
/// What a cloud cannot do is reported by [`ImageImporter::validate_export`](crate::ImageImporter::validate_export), never dropped.
///
/// ```
/// use cloud_import_core::{DiskFormat, ExportRequest, ImageSource};
///
/// let image = ImageSource::new("cn-hangzhou", "m-bp1abc");
/// let request = ExportRequest::new(image, "backups").format(DiskFormat::Raw);
/// let json = serde_json::to_string(&request)?;
/// assert_eq!(serde_json::from_str::<ExportRequest>(&json)?, request);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportRequest {
    /// The image.
    pub image: ImageSource,
    /// The bucket, in the region of the image.
    pub bucket: String,
    /// What the keys of the objects begin with. Where none is named, it is made of the order, so that the same order writes the
    /// same object, and another order another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The file's format; the cloud's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DiskFormat>,
    /// Raised when the user asks for another export of the same order.
    #[serde(default)]
    pub generation: u32,
    /// Options in one vendor's own words: an object per provider, written by that crate's `ExportOptions`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vendor: BTreeMap<Provider, Map<String, Value>>,
}

impl ExportRequest {
    /// An image, into this bucket.
    pub fn new(image: impl Into<ImageSource>, bucket: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            bucket: bucket.into(),
            prefix: None,
            format: None,
            generation: 0,
            vendor: BTreeMap::new(),
        }
    }

    /// Sets what the keys of the objects begin with.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: DiskFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Makes it another order of the same: without a prefix of its own, a higher number writes another object.
    #[must_use]
    pub fn generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// Sets options in one vendor's words, as they stand in a file; see the `ExportOptions` of its crate. Nothing is checked here.
    ///
    /// # Errors
    /// When the options are no JSON object.
    pub fn vendor(mut self, provider: Provider, options: &impl Serialize) -> Result<Self> {
        self.vendor.insert(provider, super::object::fields(options)?);
        Ok(self)
    }

    /// Sets options in one vendor's words.
    ///
    /// # Errors
    /// When the options are no JSON object.
    pub fn options<T: VendorOptions>(self, options: &T) -> Result<Self> {
        self.vendor(T::PROVIDER, options)
    }

    /// One vendor's options, parsed strictly: an unknown one is an error. Defaults when there are none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the problem.
    pub fn vendor_options<T: VendorOptions>(&self) -> Result<T> {
        vendor::options(&self.vendor)
    }
}

/// An export, as plain data: store it as JSON, and poll or wait for it from any process.
///
/// It holds no secret. Fields that this version does not know are kept; a task of another version is refused, not guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportTask {
    #[serde(deserialize_with = "version")]
    version: Schema<VERSION>,
    /// The cloud.
    pub provider: Provider,
    /// Where its API is.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// The project, where the cloud has projects and one was named or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The image's id.
    pub image_id: String,
    /// The bucket.
    pub bucket: String,
    /// The prefix, as the order names it or as it was made.
    pub prefix: String,
    /// The file's format.
    pub format: DiskFormat,
    /// What the key of every object begins with, as far as it is known before the cloud tells it.
    pub key_begins: String,
    /// Keys of the objects, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// The idempotency token, where the cloud takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The vendor's task or job id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Generation of the order.
    #[serde(default)]
    pub generation: u32,
    /// When the order was first sent.
    #[serde(with = "datetime::rfc3339")]
    pub started_at: SystemTime,
    /// When the cloud first showed the export.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<SystemTime>,
    /// Fields of a later version of this crate.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ExportTask {
    /// A task of an order that has not been sent yet. Its instants are whole seconds, as they are in its JSON.
    pub fn new(
        provider: Provider,
        endpoint: impl Into<String>,
        request: &ExportRequest,
        prefix: impl Into<String>,
        format: DiskFormat,
        started_at: SystemTime,
    ) -> Self {
        let prefix = prefix.into();
        Self {
            version: Schema,
            provider,
            endpoint: endpoint.into(),
            region: request.image.region.clone(),
            project: request.image.project.clone(),
            image_id: request.image.id.clone(),
            bucket: request.bucket.clone(),
            key_begins: prefix.clone(),
            prefix,
            format,
            keys: Vec::new(),
            token: None,
            task_id: None,
            generation: request.generation,
            started_at: datetime::whole_seconds(started_at),
            first_seen_at: None,
            extra: Map::new(),
        }
    }

    /// Notes that the cloud shows the export.
    pub fn seen(&mut self, at: SystemTime) {
        self.first_seen_at.get_or_insert(datetime::whole_seconds(at));
    }

    /// Where to look for what it writes, in words.
    pub fn place(&self) -> String {
        match self.keys.as_slice() {
            [] => format!(
                "objects in `{}` whose keys begin with `{}`",
                self.bucket, self.key_begins
            ),
            [key] => format!("`{key}` in `{}`", self.bucket),
            keys => format!("`{}` in `{}`", keys.join("`, `"), self.bucket),
        }
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Schema<VERSION>, D::Error> {
    Schema::read(deserializer, |other| {
        format!(
            "export task version {other} is not known (this build knows {VERSION}): use the version of cloud-import that wrote it"
        )
    })
}

/// What a poll says of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[non_exhaustive]
pub enum ExportState {
    /// It goes on.
    InProgress {
        /// 0 to 100, where the cloud shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percent: Option<u8>,
        /// The vendor's word for the state.
        raw: String,
    },
    /// It is done.
    Succeeded {
        /// What it wrote.
        export: ExportedImage,
    },
    /// It is over and failed.
    Failed(Failure),
    /// It is over and was cancelled.
    Canceled,
}

impl ExportState {
    /// In progress, as the vendor calls it.
    pub fn in_progress(raw: impl Into<String>, percent: Option<u8>) -> Self {
        Self::InProgress {
            percent: percent.map(|percent| percent.min(100)),
            raw: raw.into(),
        }
    }
}

/// An image that was written into a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportedImage {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
    /// The image's id.
    pub image_id: String,
    /// The bucket.
    pub bucket: String,
    /// What the key of every object begins with.
    pub key_begins: String,
    /// Keys of the objects, as far as they are known. Of an image with data disks there may be more.
    pub keys: Vec<String>,
    /// The file's format.
    pub format: DiskFormat,
    /// Whether the cloud says that the export is done. Where it does not, it only shows the image as busy no longer: whether the
    /// objects are there is to be looked at.
    pub confirmed: bool,
}

impl ExportedImage {
    /// What the export of a task wrote.
    pub fn of(task: &ExportTask, confirmed: bool) -> Self {
        Self {
            provider: task.provider,
            region: task.region.clone(),
            image_id: task.image_id.clone(),
            bucket: task.bucket.clone(),
            key_begins: task.key_begins.clone(),
            keys: task.keys.clone(),
            format: task.format,
            confirmed,
        }
    }
}

impl fmt::Display for ExportedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}:", self.provider, self.region, self.bucket)?;
        match self.keys.as_slice() {
            [] => write!(f, "{}*", self.key_begins),
            keys => f.write_str(&keys.join(" ")),
        }
    }
}

impl Failure {
    /// The failure as the error of an export, with the vendor's code.
    pub fn into_export_error(self, task: &ExportTask) -> Error {
        let (image, bucket) = (&task.image_id, &task.bucket);
        let message = format!("the export of {image} to `{bucket}` failed: {}", self.reason);
        let error = Error::new(ErrorKind::TaskFailed, message).with_provider(task.provider);
        match self.code {
            Some(code) => error.with_code(code),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> ExportTask {
        let at = datetime::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        let request = ExportRequest::new(ImageSource::new("cn-north-4", "i-1"), "b");
        ExportTask::new(Provider::HUAWEI, "https://ims", &request, "p", DiskFormat::Qcow2, at)
    }

    #[test]
    fn a_task_survives_storage_with_unknown_fields() {
        let mut task = task();
        task.first_seen_at = Some(task.started_at);
        task.keys = vec!["p_i-1.qcow2".to_owned()];
        task.extra.insert("later".into(), Value::Bool(true));
        let text = serde_json::to_string(&task).unwrap();
        assert!(
            text.contains(r#""version":1"#) && text.contains(r#""later":true"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<ExportTask>(&text).unwrap(), task);
        let other = text.replacen(r#""version":1"#, r#""version":2"#, 1);
        let error = serde_json::from_str::<ExportTask>(&other).unwrap_err();
        assert!(
            error.to_string().contains("export task version 2 is not known"),
            "{error}"
        );
    }

    #[test]
    fn what_is_known_of_the_keys_is_told() {
        let mut task = task();
        assert_eq!(task.place(), "objects in `b` whose keys begin with `p`");
        assert_eq!(ExportedImage::of(&task, true).to_string(), "huawei/cn-north-4 b:p*");
        task.keys = vec!["p_1".to_owned(), "p_2".to_owned()];
        assert_eq!(task.place(), "`p_1`, `p_2` in `b`");
        assert_eq!(
            ExportedImage::of(&task, true).to_string(),
            "huawei/cn-north-4 b:p_1 p_2"
        );
    }
}
