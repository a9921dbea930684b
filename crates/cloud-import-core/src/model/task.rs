//! A running import as plain data, and what a poll says of it.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{Error, ErrorKind, ImageSource, Provider, Remedy, text::datetime, text::redact, text::schema::Schema};

/// The version of the task format that this crate writes and reads.
const VERSION: u32 = 1;

/// An import, as plain data: store it as JSON, and poll, wait for or cancel it from any process.
///
/// It holds no secret. Fields that this version does not know are kept; a task of another version is refused, not
/// guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportTask {
    #[serde(deserialize_with = "version")]
    version: Schema<VERSION>,
    /// The cloud.
    pub provider: Provider,
    /// Where its API is.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// The project, where the cloud has projects and one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Which of the cloud's import calls it went through, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The vendor's task or job id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The image's id, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The image's name.
    pub name: String,
    /// The source, without secrets: `bucket:key`, the link without its query, or `image,REGION,ID` of a copy.
    pub source: String,
    /// The image that it makes a copy of, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<ImageSource>,
    /// Text that the importer put on the image to know it again, where names alone are not enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// The idempotency token, where the cloud takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Generation of the order.
    #[serde(default)]
    pub generation: u32,
    /// Whether the order was only checked; there is nothing to poll then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// When the order was first sent.
    #[serde(with = "datetime::rfc3339")]
    pub started_at: SystemTime,
    /// When the cloud first showed the import.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<SystemTime>,
    /// When the cloud took a request to cancel it.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<SystemTime>,
    /// Fields of a later version of this crate.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ImportTask {
    /// A task that has not been sent yet. Its instants are whole seconds, as they are in its JSON.
    pub fn new(
        provider: Provider,
        endpoint: impl Into<String>,
        region: impl Into<String>,
        name: impl Into<String>,
        source: impl Into<String>,
        started_at: SystemTime,
    ) -> Self {
        Self {
            version: Schema,
            provider,
            endpoint: endpoint.into(),
            region: region.into(),
            project: None,
            route: None,
            task_id: None,
            image_id: None,
            name: name.into(),
            source: source.into(),
            copied_from: None,
            marker: None,
            token: None,
            generation: 0,
            dry_run: false,
            started_at: datetime::whole_seconds(started_at),
            first_seen_at: None,
            cancel_requested_at: None,
            extra: Map::new(),
        }
    }
}

impl ImportTask {
    /// Whether it makes a copy of an image, and not an image of a file.
    pub fn is_copy(&self) -> bool {
        self.copied_from.is_some()
    }

    /// What it is called in a sentence.
    pub(crate) fn noun(&self) -> &'static str {
        if self.is_copy() { "copy" } else { "import" }
    }

    /// Notes that the cloud lists the import.
    pub fn seen(&mut self, at: SystemTime) {
        self.first_seen_at.get_or_insert(datetime::whole_seconds(at));
    }

    /// Notes that the cloud took a request to cancel it: a copy that it does not list from then on was cancelled.
    pub fn cancel_requested(&mut self, at: SystemTime) {
        self.cancel_requested_at.get_or_insert(datetime::whole_seconds(at));
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Schema<VERSION>, D::Error> {
    Schema::read(deserializer, |other| {
        format!(
            "task version {other} is not known (this build knows {VERSION}): use the version of cloud-import that wrote it"
        )
    })
}

/// What a poll says of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[non_exhaustive]
pub enum TaskState {
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
        /// The image.
        image: ImportedImage,
    },
    /// It is over and failed.
    Failed(Failure),
    /// It is over and was cancelled.
    Canceled,
}

impl TaskState {
    /// In progress, as the vendor calls it.
    pub fn in_progress(raw: impl Into<String>, percent: Option<u8>) -> Self {
        Self::InProgress {
            percent: percent.map(|percent| percent.min(100)),
            raw: raw.into(),
        }
    }
}

/// An image that is there.
///
/// ```
/// use cloud_import_core::{ImportedImage, Provider};
///
/// let image = ImportedImage::new(Provider::ALIYUN, "cn-hangzhou", "m-bp1", "web-2026-11");
/// assert_eq!(image.to_string(), "aliyun/cn-hangzhou m-bp1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportedImage {
    /// The cloud.
    pub provider: Provider,
    /// The region.
    pub region: String,
    /// The project, where the cloud has projects and one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The image's id.
    pub id: String,
    /// The image's name.
    pub name: String,
    /// What the cloud's own check of the image found, where it has one that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
}

impl From<&ImportedImage> for ImageSource {
    fn from(image: &ImportedImage) -> Self {
        Self {
            region: image.region.clone(),
            id: image.id.clone(),
            project: image.project.clone(),
        }
    }
}

/// What a cloud's own check of an image found, in the cloud's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inspection {
    /// How far the check is: it may go on after the image is there.
    pub state: String,
    /// What it found so far.
    pub findings: Vec<Finding>,
}

/// One thing that a check looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at.
    pub name: String,
    /// How it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// How bad that is; empty where nothing is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub risk_level: String,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub risk_code: String,
}

impl Inspection {
    /// A check in this state, with nothing found.
    pub fn new(state: impl AsRef<str>) -> Self {
        Self {
            state: redact::vendor_text(state.as_ref(), []),
            findings: Vec::new(),
        }
    }

    /// Adds a finding: what was looked at, how it is, how bad that is and what is wrong. Links in it lose their queries.
    #[must_use]
    pub fn finding(mut self, parts: [&str; 4]) -> Self {
        let [name, value, risk_level, risk_code] = parts.map(|part| redact::vendor_text(part, []));
        self.findings.push(Finding {
            name,
            value,
            risk_level,
            risk_code,
        });
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.value.is_empty() {
            write!(f, ": {}", self.value)?;
        }
        match (self.risk_level.as_str(), self.risk_code.as_str()) {
            ("", "") => Ok(()),
            (level, "") => write!(f, " (risk: {level})"),
            ("", code) => write!(f, " (risk: {code})"),
            (level, code) => write!(f, " (risk: {level}, {code})"),
        }
    }
}

impl ImportedImage {
    /// An image of which no task is known, such as one from a list.
    pub fn new(provider: Provider, region: impl Into<String>, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            provider,
            region: region.into(),
            project: None,
            id: id.into(),
            name: name.into(),
            inspection: None,
        }
    }

    /// Names the project.
    #[must_use]
    pub fn with_project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// The image of a task.
    pub fn of(task: &ImportTask, id: impl Into<String>) -> Self {
        Self {
            provider: task.provider,
            region: task.region.clone(),
            project: task.project.clone(),
            id: id.into(),
            name: task.name.clone(),
            inspection: None,
        }
    }

    /// Adds what the cloud's own check of it found.
    #[must_use]
    pub fn with_inspection(mut self, inspection: Option<Inspection>) -> Self {
        self.inspection = inspection;
        self
    }
}

impl fmt::Display for ImportedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.provider, self.region, self.id)
    }
}

/// Why an import failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The vendor's code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The vendor's reason; where its API gives none, the raw state.
    pub reason: String,
    /// Documented likely causes, where the API gives no reason. They are not the vendor's verdict on this import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely_causes: Vec<String>,
}

impl Failure {
    /// A failure with the vendor's code and reason, in which the queries of links are hidden: they may be signed.
    pub fn new(code: Option<String>, reason: impl AsRef<str>) -> Self {
        Self {
            code: code
                .map(|code| redact::vendor_word(&code))
                .filter(|code| !code.is_empty()),
            reason: redact::vendor_text(reason.as_ref(), []),
            likely_causes: Vec::new(),
        }
    }

    /// The failure as the error of a task, with the vendor's code; likely causes are its remedy, labelled as such.
    pub fn into_error(self, task: &ImportTask) -> Error {
        let image = task.image_id.as_deref().unwrap_or(&task.name);
        let message = format!("the {} of {image} failed: {}", task.noun(), self.reason);
        let error = Error::new(ErrorKind::TaskFailed, message).with_provider(task.provider);
        let error = match self.code {
            Some(code) => error.with_code(code),
            None => error,
        };
        if self.likely_causes.is_empty() {
            return error;
        }
        error.with_remedy(Remedy::LikelyCauses(self.likely_causes))
    }

    /// Adds documented likely causes.
    #[must_use]
    pub fn with_likely_causes(mut self, causes: &[&str]) -> Self {
        self.likely_causes = causes.iter().map(ToString::to_string).collect();
        self
    }
}

/// What came of a cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelOutcome {
    /// The cloud accepted it; a later poll says when it is over.
    Requested,
    /// The cloud has no way to cancel an import; the text says what can be done instead.
    Unsupported(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_survives_storage_with_unknown_fields() {
        let at = datetime::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        let mut task = ImportTask::new(Provider::HUAWEI, "https://ims", "cn-north-4", "n", "b:k", at);
        task.first_seen_at = Some(at);
        task.extra.insert("later".into(), Value::Bool(true));
        let text = serde_json::to_string(&task).unwrap();
        assert!(
            text.contains(r#""version":1"#) && text.contains(r#""later":true"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<ImportTask>(&text).unwrap(), task);
    }

    #[test]
    fn a_finding_says_what_is_wrong_only_where_something_is() {
        let inspection = Inspection::new("Finished")
            .finding(["a", "fine", "", ""])
            .finding(["b", "https://x/?sig=s3cret", "High", "NoDriver"])
            .finding(["c", "", "Low", ""]);
        let shown: Vec<String> = inspection.findings.iter().map(ToString::to_string).collect();
        assert_eq!(shown[0], "a: fine");
        assert!(
            shown[1].ends_with(" (risk: High, NoDriver)") && !shown[1].contains("s3cret"),
            "{shown:?}"
        );
        assert_eq!(shown[2], "c (risk: Low)");
        let text = serde_json::to_string(&inspection).unwrap();
        assert!(text.contains(r#"{"name":"a","value":"fine"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Inspection>(&text).unwrap(), inspection);
    }

    #[test]
    fn another_version_is_refused() {
        let text = r#"{"version":2,"provider":"aliyun","endpoint":"e","region":"r","name":"n","source":"s","started_at":"2026-01-02T03:04:05Z"}"#;
        let error = serde_json::from_str::<ImportTask>(text).unwrap_err();
        assert!(error.to_string().contains("task version 2 is not known"), "{error}");
    }
}
