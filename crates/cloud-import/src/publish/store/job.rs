//! The durable job: one image of one content, with a record per target.

use std::collections::BTreeMap;

use cloud_import_core::{Error, ErrorKind, Remedy, Result, Stop, provider::digest};
use serde::{Deserialize, Serialize};

use super::{assign::assign, files::Files, lease::Lease, place::Place, record::Record, state::State};

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
        let digest = digest::sha256_hex(format!("{}\n{name}\n{content}", name.len()).as_bytes());
        Self {
            schema: 1,
            id: format!("{}-{}", slug(name), &digest[..12]),
            name: name.to_owned(),
            source,
            sha256,
        }
    }
}

/// One job. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    state: State,
    facts: JobFacts,
}

impl State {
    /// The jobs that are there, by their ids.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory or a job in it cannot be read, or is of an unknown schema.
    pub async fn jobs(&self) -> Result<Vec<Job>> {
        let facts = self.with(|files| {
            let ids = files.list("jobs")?.into_iter();
            // A process may have been killed between making the folder and describing it.
            ids.filter_map(|id| files.read(&description(&id)).transpose()).collect()
        });
        let facts: Vec<JobFacts> = facts.await?;
        let job = |facts| Job {
            state: self.clone(),
            facts,
        };
        Ok(facts.into_iter().map(job).collect())
    }

    /// The job with this id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none; else as [`Self::jobs`].
    pub async fn job(&self, id: &str) -> Result<Job> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_plain = !id.is_empty() && id.chars().all(fits);
        let name = description(id);
        let facts = self.with(move |files| if is_plain { files.read(&name) } else { Ok(None) });
        let facts = facts.await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no job `{id}` in {self}")).with_remedy(Remedy::ListJobs)
        })?;
        Ok(Job {
            state: self.clone(),
            facts,
        })
    }
}

impl Job {
    /// Finds the job, or begins it, and which record each destination has, given by its label and its place; `None` when it is
    /// stopped meanwhile.
    ///
    /// No other process chooses at the same time, so that one place never has two records, whatever it is called.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the state directory cannot be written; [`ErrorKind::Conflict`] when several records of before
    /// may be of one place.
    pub(crate) async fn open(
        state: &State,
        facts: JobFacts,
        wanted: Vec<(String, Place)>,
        stop: &Stop,
    ) -> Result<Option<(Self, Vec<String>)>> {
        let opened = state
            .when_free(stop, || {}, move |files| open(files, &facts, &wanted))
            .await?;
        Ok(opened.map(|(facts, names)| {
            let state = state.clone();
            (Self { state, facts }, names)
        }))
    }

    /// What it publishes.
    pub fn facts(&self) -> &JobFacts {
        &self.facts
    }

    /// Where it is remembered.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// What is recorded of its targets, in the order of their names.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when a record cannot be read or is of an unknown schema.
    pub async fn records(&self) -> Result<Vec<Record>> {
        let folder = folder(&self.facts.id);
        self.state.with(move |files| records(files, &folder)).await
    }

    /// Holds the record of that name, or this new one where there is none, against every other process; `None` while another
    /// holds it.
    pub(crate) async fn try_hold(&self, name: &str) -> Result<Option<Lease>> {
        let (folder, name) = (folder(&self.facts.id), name.to_owned());
        self.state
            .with(move |files| Lease::take(files, &folder, &name, None))
            .await
    }

    /// Holds the record of that name, or this new one where there is none, as soon as no other process does; `None` when it is
    /// stopped meanwhile.
    pub(crate) async fn hold(
        &self,
        name: &str,
        new: Option<Record>,
        stop: &Stop,
        on_wait: impl FnOnce(),
    ) -> Result<Option<Lease>> {
        let (folder, name) = (folder(&self.facts.id), name.to_owned());
        let take = move |files: &Files| Lease::take(files, &folder, &name, new.clone());
        self.state.when_free(stop, on_wait, take).await
    }
}

fn open(files: &Files, facts: &JobFacts, wanted: &[(String, Place)]) -> Result<Option<(JobFacts, Vec<String>)>> {
    let folder = folder(&facts.id);
    let Some(lock) = files.lock(&format!("{folder}/job.lock"))? else {
        return Ok(None);
    };
    let write = |name: &str, document: serde_json::Result<String>| {
        let text = document
            .map_err(|error| Error::new(ErrorKind::Local, "the job cannot be written as JSON").with_source(error))?;
        lock.write(name, format!("{text}\n").as_bytes())
    };
    let description = description(&facts.id);
    let facts = match files.read(&description)? {
        Some(there) => there,
        None => {
            write(&description, serde_json::to_string_pretty(facts))?;
            facts.clone()
        }
    };
    let index = format!("{folder}/places");
    let mut known: BTreeMap<String, String> = files.read(&index)?.unwrap_or_default();
    let ids: Vec<String> = wanted.iter().map(|(_, place)| place.id()).collect();
    let new = ids.iter().any(|id| !known.contains_key(id));
    let records = if new { records(files, &folder)? } else { Vec::new() };
    let names = assign(&known, &records, wanted)?;
    if new {
        known.extend(ids.into_iter().zip(names.iter().cloned()));
        write(&index, serde_json::to_string_pretty(&known))?;
    }
    Ok(Some((facts, names)))
}

fn records(files: &Files, folder: &str) -> Result<Vec<Record>> {
    let names = files.list(folder)?.into_iter();
    let names = names.filter(|name| name.ends_with(".json") && name != "job.json");
    let records = names.filter_map(|name| files.read(&format!("{folder}/{name}")).transpose());
    let mut records = records.collect::<Result<Vec<Record>>>()?;
    records.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(records)
}

fn folder(id: &str) -> String {
    format!("jobs/{id}")
}

fn description(id: &str) -> String {
    format!("{}/job.json", folder(id))
}

/// A name as part of a file name, for people to know it again; what tells jobs apart is the hash behind it.
fn slug(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(40).map(fits).collect()
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Provider;

    use super::*;
    use crate::publish::store::files::scratch::Folder;

    fn state() -> (Folder, State) {
        let folder = Folder::new();
        let state = State::at(folder.path());
        (folder, state)
    }

    async fn open(state: &State, content: &str) -> Job {
        let facts = JobFacts::new("web server", "web.qcow2".to_owned(), None, content);
        Job::open(state, facts, Vec::new(), &Stop::default())
            .await
            .unwrap()
            .unwrap()
            .0
    }

    #[tokio::test]
    async fn the_same_content_under_the_same_name_is_the_same_job() {
        let (_folder, state) = state();
        assert!(state.jobs().await.unwrap().is_empty());
        let one = open(&state, "a").await;
        assert_eq!(open(&state, "a").await, one);
        let other = open(&state, "b").await;
        assert_ne!(one.facts().id, other.facts().id);
        assert!(one.facts().id.starts_with("web_server-"), "{}", one.facts().id);
        assert_eq!(state.jobs().await.unwrap().len(), 2);
        assert_eq!(state.job(&one.facts().id).await.unwrap(), one);
        for bad in ["", "../jobs", "nothing"] {
            assert_eq!(state.job(bad).await.unwrap_err().kind(), ErrorKind::NotFound, "{bad}");
        }
    }

    #[tokio::test]
    async fn one_process_holds_a_target_and_finds_what_was_recorded() {
        let (_folder, state) = state();
        let job = open(&state, "a").await;
        let (name, stop) = ("aliyun/cn-hangzhou", Stop::default());
        assert_eq!(job.try_hold(name).await.unwrap_err().kind(), ErrorKind::NotFound);
        let place = Place::new(Provider::ALIYUN, "cn-hangzhou", "web");
        let record = Record::new(name, &place, "o");
        let held = job.hold(name, Some(record.clone()), &stop, || {}).await.unwrap();
        held.unwrap().change(|_| {}).unwrap();
        let held = job.try_hold(name).await.unwrap().unwrap();
        assert!(job.try_hold(name).await.unwrap().is_none(), "it is held");
        assert_eq!(held.record(), &record);
        assert_eq!(job.records().await.unwrap(), [record]);
        stop.request();
        let mut waited = false;
        let stopped = job.hold(name, None, &stop, || waited = true).await.unwrap();
        assert!(stopped.is_none() && waited, "another process has it, and that is told");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let (folder, state) = state();
        let job = open(&state, "a").await;
        let record = folder.path().join("jobs").join(&job.facts().id).join("x.json");
        std::fs::write(&record, "{\"schema\": 9}").unwrap();
        for error in [job.records().await.unwrap_err(), job.try_hold("x").await.unwrap_err()] {
            assert!(
                error.message().contains("x.json") && error.remedy().is_some(),
                "{error}"
            );
        }
    }
}
