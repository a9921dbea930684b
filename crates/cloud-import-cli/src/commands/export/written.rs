//! What came of an export, for programs and for people.

use std::path::Path;

use cloud_import::{Error, ErrorKind, ExportTask, Result, publish::Fetched};
use serde::Serialize;

use super::told::place;
use crate::{
    args::{self, OutputFormat},
    exit::Exit,
    line,
    output::{self, SCHEMA},
    row::Reason,
};

/// What an export came to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exported<'a> {
    schema: u32,
    /// The job that remembers it, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
    target: String,
    status: Status,
    /// An earlier command had exported it: nothing was sent.
    found: bool,
    image_id: &'a str,
    bucket: &'a str,
    /// Keys of the objects, as far as they are known.
    keys: &'a [String],
    /// What the key of every object begins with.
    key_begins: &'a str,
    format: &'a str,
    /// Files that objects became, where that was asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    files: &'a [FileRow],
    #[cfg_attr(test, schemars(with = "crate::schema::ExportTask"))]
    task: &'a ExportTask,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    /// The code with which the command ends.
    exit: u8,
}

/// A file that an object became.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FileRow {
    pub(super) key: String,
    file: String,
    size_bytes: u64,
    /// Of what is in the file.
    sha256: String,
    /// What it was held against beside its size, where it was fetched now.
    checked_by: Vec<&'static str>,
    /// So many bytes were there from an earlier run.
    resumed_bytes: u64,
    /// Whether the object was removed from the bucket.
    pub(super) removed: bool,
}

impl FileRow {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        Path::new(&self.file)
    }

    pub(super) fn of(key: &str, fetched: &Fetched) -> Option<Self> {
        let row = |path: &Path, size, sha256: &str| Self {
            key: key.to_owned(),
            file: path.display().to_string(),
            size_bytes: size,
            sha256: sha256.to_owned(),
            checked_by: Vec::new(),
            resumed_bytes: size,
            removed: false,
        };
        match fetched {
            Fetched::Now(now) => Some(Self {
                checked_by: now.checked_by.iter().map(|by| by.as_str()).collect(),
                resumed_bytes: now.resumed_bytes,
                ..row(&now.path, now.size, &now.sha256)
            }),
            Fetched::Before { path, size, sha256 } => Some(row(path, *size, sha256)),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Status {
    Succeeded,
    Running,
    Failed,
}

/// What there is to tell of an export.
pub(super) struct Told<'a> {
    pub(super) task: &'a ExportTask,
    pub(super) status: Status,
    pub(super) exit: Exit,
    pub(super) error: Option<&'a Error>,
    /// The job, where a later command finds it.
    pub(super) job: Option<&'a str>,
    pub(super) is_found: bool,
    pub(super) files: &'a [FileRow],
}

impl<'a> Told<'a> {
    pub(super) fn of(task: &'a ExportTask, status: Status, exit: Exit) -> Self {
        Self {
            task,
            status,
            exit,
            error: None,
            job: None,
            is_found: false,
            files: &[],
        }
    }

    pub(super) fn because(mut self, error: Option<&'a Error>) -> Self {
        self.error = error;
        self
    }

    /// Writes it: `TARGET BUCKET:KEY` for each object and `SHA256  FILE` for each file, or the task while it runs.
    pub(super) fn written(&self, options: &args::Export) -> Result<Exit> {
        if options.reach.output == OutputFormat::Json {
            self.json()?;
            return Ok(self.exit);
        }
        if let Some(error) = self.error {
            output::error(error);
        }
        match self.status {
            Status::Succeeded => self.objects(options),
            Status::Running if self.exit == Exit::Done => {
                output::result(&serde_json::to_string(self.task).unwrap_or_default());
            }
            Status::Running => output::say(&format!("to continue: {}", self.to_continue(options))),
            Status::Failed => {}
        }
        Ok(self.exit)
    }

    fn json(&self) -> Result<()> {
        let task = self.task;
        output::json(&Exported {
            schema: SCHEMA,
            job: self.job,
            target: place(task).to_string(),
            status: self.status,
            found: self.is_found,
            image_id: &task.image_id,
            bucket: &task.bucket,
            keys: &task.keys,
            key_begins: &task.key_begins,
            format: task.format.as_str(),
            files: self.files,
            task,
            error: self.error.map(Reason::of),
            exit: self.exit.code(),
        })
    }

    /// The objects, and the files that they became or how they become files.
    fn objects(&self, options: &args::Export) {
        let (task, target) = (self.task, place(self.task));
        if self.is_found {
            output::note("it was exported before: nothing is sent");
        }
        if task.keys.is_empty() {
            output::result(&format!("{target} {}:{}*", task.bucket, task.key_begins));
        }
        for key in &task.keys {
            output::result(&format!("{target} {}:{key}", task.bucket));
            let Some(file) = self.files.iter().find(|file| file.key == *key) else {
                output::note(&format!("to fetch it: {}", self.to_fetch(key, options)));
                continue;
            };
            output::result(&format!("{}  {}", file.sha256, file.file));
            let object = format!("{}:{key}", task.bucket);
            match file.removed {
                true => output::note(&format!("{object} is removed from the bucket")),
                false => output::note(&format!(
                    "{object} stays in the bucket; with --remove-object it is removed once the file is whole"
                )),
            }
        }
    }

    fn to_fetch(&self, key: &str, options: &args::Export) -> String {
        let object = line::word(&format!("{}:{key}", self.task.bucket));
        let words = format!("cloud-import download {object} --from {}", place(self.task));
        line::at_places(&words, &options.reach, &options.reach.endpoint)
    }

    fn to_continue(&self, options: &args::Export) -> String {
        let (reach, endpoints) = (&options.reach, &options.reach.endpoint);
        match self.job {
            Some(_) if options.download.is_some() => "repeat the command: it goes on with what is there".to_owned(),
            Some(job) => format!(
                "cloud-import wait {}",
                line::with_places(job, &options.state, reach, endpoints)
            ),
            None => {
                let json = serde_json::to_string(self.task).unwrap_or_default();
                let words = format!("cloud-import export --task {}", line::word(&json));
                line::at_places(&words, reach, endpoints)
            }
        }
    }
}

/// The library's error of an export, in the command's words.
pub(super) fn in_words(error: Error, task: Option<&ExportTask>) -> Error {
    let again = "Add --again to export it once more.";
    match (error.kind(), error.code(), task) {
        (_, Some("FileExists"), _) => {
            error.with_remedy("Name another one with --download FILE, or add --force to replace it.")
        }
        (ErrorKind::OutcomeUnknown, _, Some(task)) => {
            let place = task.place();
            error.with_remedy(format!(
                "Look for {place}. Repeat the command: it looks again and sends nothing. If the vendor's console shows no such export, \
                 add --again."
            ))
        }
        (ErrorKind::NotFound, None | Some("ObjectRemoved"), Some(_)) => error.with_remedy(again),
        _ => error,
    }
}
