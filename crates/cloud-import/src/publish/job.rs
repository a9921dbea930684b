//! The durable job: a directory with one small file per target, each written atomically under a lock. No cloud is met here.
//!
//! ```text
//! STATE/hashes/…                   SHA-256 of files, by device, inode, size and time of change
//! STATE/jobs/JOB/job.json          what is published
//! STATE/jobs/JOB/TARGET.json       how far one target has come
//! STATE/jobs/JOB/TARGET.lock       held by the process that works on it
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use cloud_import_core::{Error, ErrorKind, Field, Remedy, Result, Stop, ambient, ambient::Ambient};
use serde::{Deserialize, Serialize};

use super::Record;

/// The largest file of a job: a record of an upload of 10,000 parts is about a megabyte.
const LARGEST: u64 = 16 << 20;

/// How often a lock that another process holds is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The directory in which jobs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(PathBuf);

impl State {
    /// Jobs in this directory; it is made when the first job needs it.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where hashes of files are kept.
    pub fn hashes(&self) -> PathBuf {
        self.0.join("hashes")
    }

    /// The jobs that are there, by name.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory or a job in it cannot be read, or is of an unknown schema.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        let folder = self.0.join("jobs");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&folder, error)),
        };
        let mut jobs = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&folder, error))?.path();
            // A process may have been killed between making the folder and describing it.
            if let Some(facts) = read_json(&path.join("job.json"))? {
                jobs.push(Job { folder: path, facts });
            }
        }
        jobs.sort_by(|one, other| one.facts.id.cmp(&other.facts.id));
        Ok(jobs)
    }

    /// The job with this id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none; else as [`Self::jobs`].
    pub fn job(&self, id: &str) -> Result<Job> {
        let plain = !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let folder = self.0.join("jobs").join(id);
        let facts = if plain {
            read_json(&folder.join("job.json"))?
        } else {
            None
        };
        match facts {
            Some(facts) => Ok(Job { folder, facts }),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("there is no job `{id}` in {}", self.0.display()),
            )
            .with_remedy(Remedy::ListJobs)),
        }
    }
}

/// What a job publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacts {
    schema: u32,
    /// Its id: the image's name and a hash over name and content.
    pub id: String,
    /// Name of the image.
    pub name: String,
    /// The file or object, for people.
    pub source: String,
    /// SHA-256 of the file, where one is staged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl JobFacts {
    /// The facts of a job; `content` is what tells it from others of that name.
    pub(crate) fn new(name: &str, source: String, sha256: Option<String>, content: &str) -> Self {
        let digest =
            cloud_import_core::provider::digest::sha256_hex(format!("{}\n{name}\n{content}", name.len()).as_bytes());
        Self {
            schema: 1,
            id: format!("{}-{}", slug(name), &digest[..12]),
            name: name.to_owned(),
            source,
            sha256,
        }
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    folder: PathBuf,
    facts: JobFacts,
}

impl Job {
    /// Finds the job, or begins it.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be written.
    pub(crate) fn open(state: &State, facts: &JobFacts) -> Result<Self> {
        let folder = state.0.join("jobs").join(&facts.id);
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
        let file = folder.join("job.json");
        // Two processes may begin it at once: both would write the same, but not into the same temporary file.
        let lock = File::create(folder.join("job.lock")).map_err(|error| unwritable(&folder, error))?;
        lock.lock().map_err(|error| unwritable(&folder, error))?;
        let facts = match read_json(&file)? {
            Some(there) => there,
            None => {
                write_json(&file, facts)?;
                facts.clone()
            }
        };
        Ok(Self { folder, facts })
    }

    /// What it publishes.
    pub fn facts(&self) -> &JobFacts {
        &self.facts
    }

    /// What is recorded of its targets.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when a record cannot be read or is of an unknown schema.
    pub fn records(&self) -> Result<Vec<Record>> {
        let mut records: Vec<Record> = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|error| unreadable(&self.folder, error))? {
            let path = entry.map_err(|error| unreadable(&self.folder, error))?.path();
            let is_record = path.extension().is_some_and(|extension| extension == "json")
                && path.file_name().is_some_and(|name| name != "job.json");
            if is_record && let Some(record) = read_json(&path)? {
                records.push(record);
            }
        }
        records.sort_by(|one, other| one.target.cmp(&other.target));
        Ok(records)
    }

    /// The record of a target, held against every other process; `None` while another holds it.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be written, or the record is of an unknown schema.
    pub fn hold(&self, target: &str) -> Result<Option<Held>> {
        let base = self.folder.join(file_name(target));
        let lock_file = base.with_extension("lock");
        let lock = File::create(&lock_file).map_err(|error| unwritable(&lock_file, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(unwritable(&lock_file, error)),
        }
        let file = base.with_extension("json");
        let record = read_json(&file)?;
        Ok(Some(Held {
            file,
            record,
            _lock: lock,
        }))
    }

    /// As [`Self::hold`], but waits for another process; `None` when it is stopped meanwhile.
    pub(crate) async fn hold_when_free(
        &self,
        target: &str,
        ambient: &dyn Ambient,
        stop: &Stop,
        mut on_wait: impl FnMut(),
    ) -> Result<Option<Held>> {
        let mut told = false;
        loop {
            if let Some(held) = self.hold(target)? {
                return Ok(Some(held));
            }
            if !told {
                on_wait();
                told = true;
            }
            tokio::select! {
                () = ambient.sleep(ASK_AGAIN) => {}
                () = stop.requested() => return Ok(None),
            }
        }
    }
}

/// The record of a target that this process alone works on.
#[derive(Debug)]
pub struct Held {
    file: PathBuf,
    record: Option<Record>,
    // Released when it is dropped, or when the process ends in whatever way.
    _lock: File,
}

impl Held {
    /// What is recorded.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Records it durably.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be written; the old record is still there then.
    pub fn save(&mut self, record: &Record) -> Result<()> {
        if self.record.as_ref() != Some(record) {
            write_json(&self.file, record)?;
            self.record = Some(record.clone());
        }
        Ok(())
    }
}

/// A target's label as a file name: what is no letter, digit or dash is written as `_` and two hex digits.
fn file_name(label: &str) -> String {
    let mut name = String::new();
    for byte in label.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("_{byte:02x}"));
        }
    }
    name
}

/// A name as part of a file name, for people to know it again; what tells jobs apart is the hash behind it.
fn slug(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(40).map(fits).collect()
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    let Some(text) = ambient::read_file(path, LARGEST).map_err(|error| unreadable(path, error))? else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Error::new(
            ErrorKind::Local,
            format!("`{}` is no record that can be read: {error}", path.display()),
        )
        .with_remedy("Move it away if nothing of it is needed: what runs in the clouds is found again by its name.")
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Local, "the record cannot be written as JSON").with_source(error))?;
    text.push(b'\n');
    ambient::write_file(path, &text).map_err(|error| unwritable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Local,
        format!("`{}` cannot be read: {error}", path.display()),
    )
    .with_remedy(Remedy::text("check the state directory").or(Remedy::Another(Field::State)))
    .with_source(error)
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Local,
        format!("`{}` cannot be written: {error}", path.display()),
    )
    .with_remedy(Remedy::text("check space and permissions of the state directory").or(Remedy::Another(Field::State)))
    .with_source(error)
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Provider;

    use super::*;

    fn state() -> (tempdir::Folder, State) {
        let folder = tempdir::Folder::new();
        let state = State::at(folder.path());
        (folder, state)
    }

    mod tempdir {
        use std::path::{Path, PathBuf};

        use cloud_import_core::ambient::{Ambient as _, System};

        #[derive(Debug)]
        pub(super) struct Folder(PathBuf);

        impl Folder {
            pub(super) fn new() -> Self {
                let path = std::env::temp_dir().join(format!("cloud-import-job-{}", System.nonce().unwrap()));
                Self(path)
            }

            pub(super) fn path(&self) -> &Path {
                &self.0
            }
        }

        impl Drop for Folder {
            fn drop(&mut self) {
                let _ = std::fs::remove_dir_all(&self.0);
            }
        }
    }

    fn facts(content: &str) -> JobFacts {
        JobFacts::new("web server", "web.qcow2".to_owned(), None, content)
    }

    #[test]
    fn the_same_content_under_the_same_name_is_the_same_job() {
        let (_folder, state) = state();
        assert!(state.jobs().unwrap().is_empty());
        let one = Job::open(&state, &facts("a")).unwrap();
        assert_eq!(Job::open(&state, &facts("a")).unwrap(), one);
        let other = Job::open(&state, &facts("b")).unwrap();
        assert_ne!(one.facts().id, other.facts().id);
        assert!(one.facts().id.starts_with("web_server-"), "{}", one.facts().id);
        assert_eq!(state.jobs().unwrap().len(), 2);
        assert_eq!(state.job(&one.facts().id).unwrap(), one);
        for bad in ["", "../jobs", "nothing"] {
            assert_eq!(state.job(bad).unwrap_err().kind(), ErrorKind::NotFound, "{bad}");
        }
    }

    #[test]
    fn one_process_holds_a_target_and_finds_what_was_recorded() {
        let (_folder, state) = state();
        let job = Job::open(&state, &facts("a")).unwrap();
        let mut held = job.hold("aliyun/cn-hangzhou").unwrap().unwrap();
        assert!(held.record().is_none());
        assert!(job.hold("aliyun/cn-hangzhou").unwrap().is_none(), "it is held");
        assert!(
            job.hold("aliyun/cn-beijing").unwrap().is_some(),
            "another target is free"
        );
        let record = Record::new(
            "aliyun/cn-hangzhou",
            Provider::ALIYUN,
            "cn-hangzhou",
            "web",
            "o".to_owned(),
        );
        held.save(&record).unwrap();
        drop(held);
        let held = job.hold("aliyun/cn-hangzhou").unwrap().unwrap();
        assert_eq!(held.record(), Some(&record));
        assert_eq!(job.records().unwrap(), [record]);
    }

    #[test]
    fn labels_are_told_apart_as_file_names() {
        let names = ["a/b", "a_2fb", "a#b", "a-b"].map(file_name);
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name}");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let (folder, state) = state();
        let job = Job::open(&state, &facts("a")).unwrap();
        let record = folder.path().join("jobs").join(&job.facts().id).join("x.json");
        fs::write(&record, "{\"schema\": 9}").unwrap();
        for error in [job.records().unwrap_err(), job.hold("x").unwrap_err()] {
            assert!(
                error.message().contains("x.json") && error.remedy().is_some(),
                "{error}"
            );
        }
    }
}
