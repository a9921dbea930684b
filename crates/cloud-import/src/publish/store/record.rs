//! What is remembered of one target, so that any later process can go on with it. Plain data; nothing secret.

use std::{collections::BTreeMap, time::SystemTime};

use cloud_import_core::{
    Error, ErrorKind, ImportTask, Provider,
    provider::{Schema, datetime},
};
use cloud_import_staging::{Staged, UploadRecord};
use serde::{Deserialize, Serialize};

use super::{
    asked::Asked,
    export::ExportRecord,
    history::{Happened, History, Reason, Retired, What},
    place::{DRY_RUN, Place},
    release::Release,
    step::Step,
    unsettled::Unsettled,
};

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
#[non_exhaustive]
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
    /// A short hash of each option of the order, by the option's name. Records of before have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
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
    /// That this program deleted that image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<Retired>,
    /// Since when at the latest the cloud does not have that image any more, which nobody here deleted.
    #[serde(default, with = "datetime::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<SystemTime>,
    /// The vendor's reason, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The vendor's code of that reason, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is known of an order that may have been sent, until it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<Unsettled>,
    /// What it replaces, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<Replacement>,
    /// What is done with the image once it is there, where something was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// The export, where it is of one and not of an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportRecord>,
    /// Where the cloud's API is. Records of before say it, and the project, in their task alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The project, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// A hash of what the keys tell of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What was asked for, in the words of the program that asked. Records of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Why it is not better, where something went wrong since it came to its step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// What happened to it. Records of before have none.
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: History,
}

/// How far the replacement of older images has come. A step is recorded before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplaceStep {
    /// It waits for the new image.
    Planned,
    /// The older images are being deleted.
    Retiring,
    /// They are gone, and the new image gets its name.
    Renaming,
    /// It is done.
    Done,
    /// The cloud refused to delete older images: they stay, and so does the temporary name, until the import is repeated.
    Kept,
}

impl ReplaceStep {
    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Retiring => "retiring",
            Self::Renaming => "renaming",
            Self::Done => "done",
            Self::Kept => "kept",
        }
    }
}

/// What is remembered of a replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replacement {
    /// How far it has come.
    pub step: ReplaceStep,
    /// The name that the new image has until the older ones are gone, where the cloud refuses a second one of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<String>,
    /// The ids of the older images that are still to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<String>,
}

impl Replacement {
    pub(crate) fn planned(temporary: Option<String>, older: Vec<String>) -> Self {
        Self {
            step: ReplaceStep::Planned,
            temporary,
            older,
        }
    }

    /// Whether it goes on by itself once the new image is there.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.step,
            ReplaceStep::Planned | ReplaceStep::Retiring | ReplaceStep::Renaming
        )
    }
}

impl Record {
    /// The record of an order of which nothing was done yet.
    pub(crate) fn new(target: &str, place: &Place, order: &str) -> Self {
        let mut record = Self {
            schema: Schema,
            target: target.to_owned(),
            provider: place.provider,
            region: place.region.clone(),
            name: place.name.clone(),
            order: order.to_owned(),
            options: BTreeMap::new(),
            generation: 0,
            step: Step::Staging,
            files: BTreeMap::new(),
            link_signed_at: None,
            task: None,
            image_id: None,
            retired: None,
            gone_at: None,
            reason: None,
            code: None,
            unsettled: None,
            replace: None,
            release: None,
            export: None,
            endpoint: None,
            project: None,
            account: None,
            asked: None,
            error: None,
            history: History::default(),
        };
        record.is_at(place);
        record
    }

    /// Where it is, as far as the record says.
    pub(super) fn place(&self) -> Place {
        Place {
            endpoint: self.endpoint.clone(),
            project: self.project.clone(),
            account: self.account.clone(),
            is_dry_run: self.is_dry_run(),
            ..Place::new(self.provider, &self.region, &self.name)
        }
    }

    /// Whether it may be of a place, whoever's the keys are: nothing that it says is against it. No project may be any.
    pub(super) fn may_be_at(&self, place: &Place) -> bool {
        let own = self.place();
        let task = self.task.as_ref();
        let endpoint = own.endpoint.as_ref().or(task.map(|task| &task.endpoint));
        let project = match (&own.endpoint, task) {
            (None, Some(task)) => task.project.as_ref(),
            _ => own.project.as_ref(),
        };
        (own.provider, &own.region, &own.name, own.is_dry_run)
            == (place.provider, &place.region, &place.name, place.is_dry_run)
            && endpoint.is_none_or(|endpoint| Some(endpoint) == place.endpoint.as_ref())
            && project.is_none_or(|project| place.project.as_ref().is_none_or(|other| other == project))
    }

    /// Whether it may be that of a destination: its place fits, and so does the account, or else the label, as where keys were rotated.
    pub(crate) fn is_of(&self, label: &str, place: &Place) -> bool {
        let is_another = |own: &String| place.account.as_ref().is_some_and(|account| account != own);
        self.may_be_at(place) && (self.target == label || !self.account.as_ref().is_some_and(is_another))
    }

    /// Says where it is, as far as the keys of today tell.
    pub(crate) fn is_at(&mut self, place: &Place) {
        self.endpoint.clone_from(&place.endpoint);
        self.project.clone_from(&place.project);
        if place.account.is_some() {
            self.account.clone_from(&place.account);
        }
    }

    /// Whether it is of an order that was only checked: nothing is started by it, and it says nothing of an image.
    pub fn is_dry_run(&self) -> bool {
        self.target.contains(DRY_RUN)
    }

    /// Whether it is of an order that was only tried, and its cloud would take it by the last answer.
    pub fn was_checked(&self) -> bool {
        let told = |event: &&Happened| {
            let prepares = [What::Hashing, What::Hashed, What::Staging, What::Tidied];
            !prepares.contains(&event.what)
        };
        let last = self.history.events().iter().rev().find(told);
        self.is_dry_run() && self.error.is_none() && last.is_some_and(|event| event.what == What::Checked)
    }

    /// Whether there is anything to go on with: an import or an export that was sent and has no verdict, or a replacement or a release that
    /// waits.
    pub fn is_open(&self) -> bool {
        if self.export.is_some() {
            return self.export_task().is_some() && !self.step.is_settled();
        }
        let replaces = self.replace.as_ref().is_some_and(Replacement::is_open);
        let is_released = self.release.as_ref().is_none_or(Release::is_done);
        let is_left = self.step == Step::Succeeded && (replaces || !is_released);
        self.task.is_some() && (!self.step.is_settled() || is_left)
    }

    /// When something last happened to it. Records of before tell no more than when the order was sent.
    pub fn last_at(&self) -> Option<SystemTime> {
        let events = self.history.events().iter().map(|event| event.at);
        events.chain(self.task.as_ref().map(|task| task.started_at)).max()
    }

    /// Since when it is not known whether the order was started, where that is so: it was first about to leave then.
    pub fn unknown_since(&self) -> Option<SystemTime> {
        if !matches!(self.step, Step::Starting | Step::Unknown) {
            return None;
        }
        let sent = self.unsettled.as_ref().map(|unsettled| unsettled.first_sent_at);
        // Records of before say it in their task alone, and those of exports always.
        let task = || Some(self.task.as_ref()?.started_at);
        sent.or_else(task).or_else(|| Some(self.export_task()?.started_at))
    }

    /// The vendor's code of the reason for which it failed, or of the answer by which it became unclear, where there was one.
    pub fn vendor_code(&self) -> Option<&str> {
        let unclear = || self.unsettled.as_ref()?.code.as_deref();
        self.code.as_deref().or_else(unclear)
    }

    /// Why it is not better, where something went wrong since it came to its step. Records of before keep a verdict's reason and
    /// code alone.
    pub fn why(&self) -> Option<Error> {
        if let Some(reason) = &self.error {
            return Some(reason.error(self.provider));
        }
        let kind = match self.step {
            Step::Canceled => ErrorKind::Canceled,
            _ => ErrorKind::TaskFailed,
        };
        let error = Error::new(kind, self.reason.as_ref()?).with_provider(self.provider);
        Some(match &self.code {
            Some(code) => error.with_code(code),
            None => error,
        })
    }

    /// Begins the next generation of the order: a new image, on purpose. What is staged stays known.
    pub(crate) fn next_generation(&mut self) {
        self.generation += 1;
        self.step = Step::Staging;
        self.link_signed_at = None;
        self.task = None;
        self.image_id = None;
        self.retired = None;
        self.gone_at = None;
        self.reason = None;
        self.code = None;
        self.unsettled = None;
        self.replace = None;
        self.error = None;
        if let Some(release) = &mut self.release {
            // The same is to be done with another image.
            *release = Release::planned(std::mem::take(&mut release.change), release.deprecate_previous);
        }
    }

    /// Something happened to it.
    pub(crate) fn happened(&mut self, what: What, detail: impl Into<Option<String>>) {
        self.history.add(self.generation, what, detail.into());
    }

    /// Something went wrong.
    pub(crate) fn went_wrong(&mut self, error: &Error) {
        let code = error.code().unwrap_or_else(|| error.kind().as_str());
        let reason = Reason::of(error);
        let is_news = self.error.as_ref().is_none_or(|earlier| {
            (earlier.kind, &earlier.code, &earlier.message) != (reason.kind, &reason.code, &reason.message)
        });
        if is_news {
            self.happened(What::Error, code.to_owned());
        }
        self.error = Some(reason);
    }

    /// It was changed from what it was before: notes the step that it came to, and what is not true of that any more.
    pub(super) fn changed_from(&mut self, before: &Self) {
        if (before.generation, before.step) == (self.generation, self.step) {
            return;
        }
        let detail = match self.step {
            Step::Succeeded => self.image_id.clone(),
            Step::Failed | Step::Canceled => self.code.clone(),
            _ => None,
        };
        self.history.came_to(self.generation, before.step, self.step, detail);
        if matches!(self.step, Step::Started | Step::Succeeded) && self.error == before.error {
            self.error = None;
        }
    }

    /// When this call hashed the file for it, where it had to.
    pub(crate) fn was_hashed(&mut self, hashed: Option<(SystemTime, SystemTime)>) {
        if let Some((began, ended)) = hashed {
            self.history.add_at(began, self.generation, What::Hashing, None);
            self.history.add_at(ended, self.generation, What::Hashed, None);
        }
    }

    /// An order that may have been sent is found at this instant. Records of before do not say when it left, nor with whose keys.
    pub(crate) fn is_found(&mut self, at: SystemTime) {
        if let (Step::Starting | Step::Unknown, None, Some(task)) = (self.step, &self.unsettled, &self.task) {
            let mut unsettled = Unsettled::of(task, self.account.clone());
            unsettled.sent(at);
            self.unsettled = Some(unsettled);
        }
    }

    /// What became of the order whose task this is is not known: it had left by this instant, if it ever did.
    pub(crate) fn is_lost(&mut self, task: ImportTask, error: &Error, by: SystemTime) {
        let account = self.account.clone();
        let unsettled = self.unsettled.get_or_insert_with(|| Unsettled::of(&task, account));
        // By its token it is the same order whenever it is sent: what did not show it counts all the same.
        if task.token.is_none() {
            unsettled.sent(by);
        }
        unsettled.answered(error);
        self.step = Step::Unknown;
        self.task = Some(task);
    }

    /// The order is settled as not sent, so that it can be sent: the answer refused it, or no listing showed it.
    pub(crate) fn is_unsent(&mut self) {
        self.step = Step::Staged;
        self.task = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let place = Place::new(Provider::ALIYUN, "cn-hangzhou", "web");
        Record::new("aliyun/cn-hangzhou", &place, "o")
    }

    #[test]
    fn a_record_survives_storage_and_another_schema_is_refused() {
        let mut record = record();
        record.link_signed_at = datetime::parse_rfc3339("2026-01-02T03:04:05Z");
        record.files.insert(Role::Disk, FileRecord::default());
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains(r#""schema":1"#) && text.contains(r#""disk":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        let other = text.replace(r#""schema":1"#, r#""schema":2"#);
        let error = serde_json::from_str::<Record>(&other).unwrap_err().to_string();
        assert!(error.contains("schema 2 is not known"), "{error}");
    }

    /// Written before records said endpoint, project and account, by a process that was killed while it waited.
    const EARLIER: &str = r#"{
  "schema": 1,
  "target": "tencent/ap-guangzhou",
  "provider": "tencent",
  "region": "ap-guangzhou",
  "name": "web",
  "order": "ci-ec8110a6fe07e3562dd66f87f49d7a585a8ed7dc",
  "generation": 0,
  "step": "started",
  "files": {
    "disk": {
      "staged": {
        "bucket": "simulated-images-1250000000",
        "key": "cloud-import/9fb50eb1.qcow2",
        "size": 335873,
        "sha256": "9fb50eb1",
        "etag": "16f5e57812fc5af6c9352fa90a865bec"
      }
    }
  },
  "link_signed_at": "2026-11-29T16:08:11Z",
  "task": {
    "version": 1,
    "provider": "tencent",
    "endpoint": "https://cvm.tencentcloudapi.com",
    "region": "ap-guangzhou",
    "image_id": "img-1dfcd00e",
    "name": "web-ec8110a6",
    "source": "https://simulated-images-1250000000.cos.ap-guangzhou.myqcloud.com/cloud-import/9fb50eb1.qcow2",
    "marker": "ci-dde5e9da90ddee15",
    "generation": 0,
    "started_at": "2026-11-29T16:08:11Z",
    "first_seen_at": "2026-11-29T16:08:11Z"
  },
  "replace": {
    "step": "planned",
    "temporary": "web-ec8110a6",
    "older": [
      "img-c4d41cef"
    ]
  }
}"#;

    #[test]
    fn a_record_of_an_earlier_version_is_read_and_written_as_it_was() {
        let record: Record = serde_json::from_str(EARLIER).unwrap();
        assert!(record.step == Step::Started && record.is_open());
        assert_eq!(record.files[&Role::Disk].staged.as_ref().unwrap().size, 335_873);
        assert_eq!(record.link_signed_at, datetime::parse_rfc3339("2026-11-29T16:08:11Z"));
        assert_eq!(record.replace.as_ref().unwrap().older, ["img-c4d41cef"]);
        assert_eq!(serde_json::to_string_pretty(&record).unwrap(), EARLIER);
        // Older still: it said who had put the object there.
        let staged = EARLIER.replace(r#""etag": "16"#, r#""put_by_us": true, "etag": "16"#);
        assert_eq!(serde_json::from_str::<Record>(&staged).unwrap(), record);
    }

    #[test]
    fn a_new_generation_forgets_the_verdict() {
        let mut record = record();
        record.step = Step::Succeeded;
        record.image_id = Some("i".to_owned());
        record.next_generation();
        assert_eq!((record.generation, record.step), (1, Step::Staging));
        assert!(record.image_id.is_none());
    }
}
