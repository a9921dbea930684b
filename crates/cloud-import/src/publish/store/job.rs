//! The durable job: one image of one content, with a record per target.

use std::collections::BTreeMap;

use cloud_import_core::{
    Error, ErrorKind, Remedy, Result, Stop,
    provider::{Schema, digest},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    asked,
    assign::assign,
    damaged::Damaged,
    documents::{Documents, LATER},
    lease::{Lease, label},
    objects::forget_user,
    place::Place,
    record::Record,
    state::State,
};

/// So many digits of a hash tell jobs of one name apart.
const TOLD_BY: usize = 12;

/// What a job publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacts {
    schema: Schema<1>,
    /// Its id: the image's name and a hash over name and content.
    pub id: String,
    /// Name of the image.
    pub name: String,
    /// The file or object, for people.
    pub source: String,
    /// SHA-256 of the file, where one is staged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size of the file in bytes, where one is staged. Jobs of before do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 that was expected of the file, in lower-case hex, and that it had when the job was begun or a later call expected it. Of a
    /// file that was converted it is that of the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_sha256: Option<String>,
    /// What was asked for, in the words of the program that asked, by the keys in its records ([`Asked::order`](super::Asked::order)).
    /// Jobs of before have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub orders: BTreeMap<String, Value>,
}

impl JobFacts {
    /// The facts of a job; `content` is what tells it from others of that name.
    pub(crate) fn new(name: &str, source: String, sha256: Option<String>, content: &str) -> Self {
        let digest = digest::sha256_hex(format!("{}\n{name}\n{content}", name.len()).as_bytes());
        Self {
            schema: Schema,
            id: format!("{}-{}", slug(name), &digest[..TOLD_BY]),
            name: name.to_owned(),
            source,
            sha256,
            size: None,
            expected_sha256: None,
            orders: BTreeMap::new(),
        }
    }

    /// With the size of the file.
    pub(crate) fn of_size(mut self, size: Option<u64>) -> Self {
        self.size = size;
        self
    }

    /// Keeps what was asked for, and returns the key of it.
    pub(crate) fn keep(&mut self, order: Value) -> String {
        let key = asked::key(&order);
        self.orders.insert(key.clone(), order);
        key
    }
}

/// One job. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    state: State,
    facts: JobFacts,
}

impl State {
    /// The jobs that are there, by their ids, and what stands in the place of those that cannot be read.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be read.
    pub async fn jobs(&self) -> Result<Vec<Result<Job, Damaged>>> {
        let found = self.with(|documents| {
            let ids = documents.list("jobs")?.into_iter();
            Ok(ids
                .filter_map(|id| described(documents, &id).transpose())
                .collect::<Vec<_>>())
        });
        let job = |facts| Job::new(self.clone(), facts);
        Ok(found.await?.into_iter().map(|facts| facts.map(job)).collect())
    }

    /// The job with this id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none; [`ErrorKind::Local`] when it cannot be read.
    pub async fn job(&self, id: &str) -> Result<Job> {
        let own = id.to_owned();
        let facts = self.with(move |documents| match is_plain(&own) {
            true => described(documents, &own).map_err(|damaged| damaged.error),
            false => Ok(None),
        });
        Ok(Job::new(self.clone(), facts.await?.ok_or_else(|| no_job(id, self))?))
    }

    /// Records a job of which nothing is begun yet: it is found by its name from then on.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be written.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be recorded or not.
    pub async fn announce(&self, facts: &JobFacts) -> Result<()> {
        Job::open(self, facts.clone(), Vec::new(), &Stop::default())
            .await
            .map(drop)
    }

    /// What is recorded of a job's targets, as far as it can be read; nothing where there is no such job.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be read.
    pub async fn records_of(&self, id: &str) -> Result<Vec<Record>> {
        let id = id.to_owned();
        self.with(move |documents| records(documents, &id).map(|(records, _)| records))
            .await
    }

    /// What is recorded of the targets of all jobs of this name, each with whether its file may be one of this size.
    pub(crate) async fn records_named(&self, name: &str, size: Option<u64>) -> Result<Vec<(Record, bool)>> {
        let begins = format!("{}-", slug(name));
        let found = self.with(move |documents| {
            let mut found = Vec::new();
            let ids = documents.list("jobs")?.into_iter();
            for id in ids.filter(|id| id.strip_prefix(&begins).is_some_and(|hash| hash.len() == TOLD_BY)) {
                let own = described(documents, &id).ok().flatten().and_then(|facts| facts.size);
                let may_be = own.is_none() || size.is_none() || own == size;
                let records = records(documents, &id)?.0.into_iter();
                found.extend(records.map(|record| (record, may_be)));
            }
            Ok(found)
        });
        found.await
    }

    /// Forgets a job and the records of its targets, whatever they say. What runs in the clouds goes on. Objects that were staged for
    /// it alone stay where they are, and are nobody's here from then on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none; [`ErrorKind::Conflict`] while a process works on it; [`ErrorKind::Local`] when
    /// the directory cannot be written.
    pub async fn forget(&self, id: &str) -> Result<()> {
        let own = id.to_owned();
        let is_forgotten = self.with(move |documents| {
            if !is_plain(&own) || !documents.list("jobs")?.contains(&own) {
                return Ok(false);
            }
            let folder = folder(&own);
            let lock = documents.lock(&format!("{folder}/job.lock"))?.ok_or_else(at_work)?;
            let records = documents.list(&folder)?.into_iter();
            let names = records.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
            let held = names.filter(|name| name != "job");
            let held = held.map(|name| documents.lock(&format!("{folder}/{name}.lock"))?.ok_or_else(at_work));
            // Until all is gone no process begins to work on any of it.
            let _held = held.collect::<Result<Vec<_>>>()?;
            forget_user(documents, &format!("{own}+"))?;
            lock.remove_folder(&folder).map(|()| true)
        });
        match is_forgotten.await? {
            true => Ok(()),
            false => Err(no_job(id, self)),
        }
    }
}

pub(super) fn is_plain(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    id.chars().all(fits) && id.starts_with(|c| c != '.')
}

fn no_job(id: &str, state: &State) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no job `{id}` in {state}")).with_remedy(Remedy::ListJobs)
}

fn at_work() -> Error {
    Error::new(ErrorKind::Conflict, "another process works on this job").with_remedy("Wait for its end, or end it.")
}

/// What a job publishes; `None` where a process was killed between making the folder and describing it.
pub(super) fn described(documents: &Documents, id: &str) -> Result<Option<JobFacts>, Damaged> {
    documents
        .read(&description(id))
        .map_err(|error| Damaged::job(id, error))
}

impl Job {
    /// One of these facts, whether it is recorded yet or not.
    pub(crate) fn new(state: State, facts: JobFacts) -> Self {
        Self { state, facts }
    }

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
            .when_free(stop, || {}, move |documents| open(documents, &facts, &wanted))
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

    /// What is recorded of its targets, in the order of their names, and behind it what stands in the place of records that cannot
    /// be read.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the directory cannot be read.
    pub async fn records(&self) -> Result<Vec<Result<Record, Damaged>>> {
        let id = self.facts.id.clone();
        let (records, damaged) = self.state.with(move |documents| records(documents, &id)).await?;
        Ok(records
            .into_iter()
            .map(Ok)
            .chain(damaged.into_iter().map(Err))
            .collect())
    }

    /// Holds the record of that name, or this new one where there is none, against every other process; `None` while another
    /// holds it.
    pub(crate) async fn try_hold(&self, name: &str) -> Result<Option<Lease>> {
        let (folder, name) = (folder(&self.facts.id), name.to_owned());
        self.state
            .with(move |documents| Lease::take(documents, &folder, &name, None))
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
        let take = move |documents: &Documents| Lease::take(documents, &folder, &name, new.clone());
        self.state.when_free(stop, on_wait, take).await
    }
}

fn open(
    documents: &Documents,
    facts: &JobFacts,
    wanted: &[(String, Place)],
) -> Result<Option<(JobFacts, Vec<String>)>> {
    let folder = folder(&facts.id);
    let Some(lock) = documents.lock(&format!("{folder}/job.lock"))? else {
        return Ok(None);
    };
    let write = |name: &str, document: serde_json::Result<String>| {
        let text = document
            .map_err(|error| Error::new(ErrorKind::Local, "the job cannot be written as JSON").with_source(error))?;
        lock.write(name, &format!("{text}\n"))
    };
    let description = description(&facts.id);
    let there: Option<JobFacts> = match documents.read(&description) {
        Err(error) if error.code() == Some(LATER) => return Err(error),
        // All that a damaged one said is in the order.
        there => there.unwrap_or_default(),
    };
    let mut known_facts = there.clone().unwrap_or_else(|| facts.clone());
    known_facts.orders.extend(facts.orders.clone());
    if facts.expected_sha256.is_some() {
        known_facts.expected_sha256.clone_from(&facts.expected_sha256);
    }
    if there.as_ref() != Some(&known_facts) {
        write(&description, serde_json::to_string_pretty(&known_facts))?;
    }
    let index = format!("{folder}/places");
    let mut known: BTreeMap<String, String> = documents.read(&index)?.unwrap_or_default();
    let ids: Vec<String> = wanted.iter().map(|(_, place)| place.id()).collect();
    let new = ids.iter().any(|id| !known.contains_key(id));
    let records = if new {
        known_records(documents, &facts.id, &known)?
    } else {
        Vec::new()
    };
    let names = assign(&known, &records, wanted)?;
    if new {
        known.extend(ids.into_iter().zip(names.iter().cloned()));
        write(&index, serde_json::to_string_pretty(&known))?;
    }
    Ok(Some((known_facts, names)))
}

/// The records among which a place finds its own. A damaged one whose place is known is that place's; of another it cannot be told
/// whose it is.
fn known_records(documents: &Documents, id: &str, known: &BTreeMap<String, String>) -> Result<Vec<Record>> {
    let (records, damaged) = records(documents, id)?;
    let is_known = |damaged: &Damaged| known.values().any(|name| Some(name) == damaged.target.as_ref());
    match damaged.into_iter().find(|damaged| !is_known(damaged)) {
        Some(damaged) => Err(damaged.error),
        None => Ok(records),
    }
}

/// The records of a job in the order of their targets, and those that cannot be read.
pub(super) fn records(documents: &Documents, id: &str) -> Result<(Vec<Record>, Vec<Damaged>)> {
    let (mut records, mut damaged) = (Vec::<Record>::new(), Vec::new());
    let folder = folder(id);
    let mut names = documents.list(&folder)?;
    names.retain(|name| name.ends_with(".json") && name != "job.json");
    for (name, record) in names.iter().zip(documents.read_all(&folder, &names)) {
        match record {
            Ok(record) => records.extend::<Option<Record>>(record),
            Err(error) => {
                let own = name.strip_suffix(".json").unwrap_or(name);
                damaged.push(Damaged::record(id, label(own), error));
            }
        }
    }
    records.sort_by(|one, other| one.target.cmp(&other.target));
    Ok((records, damaged))
}

fn folder(id: &str) -> String {
    format!("jobs/{id}")
}

fn description(id: &str) -> String {
    format!("{}/job.json", folder(id))
}

/// A name as part of a file name, for people to know it again; what tells jobs apart is the hash behind it.
pub(super) fn slug(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(40).map(fits).collect()
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Provider;

    use super::*;
    use crate::publish::store::{directory::scratch::Folder, history::What};

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
        for bad in ["", ".", "..", "../jobs", "nothing"] {
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
        let held = job.hold(name, Some(record), &stop, || {}).await.unwrap();
        let mut held = held.unwrap();
        held.change(|_| {}).unwrap();
        let record = held.record().clone();
        assert_eq!(
            record.history.events()[0].what,
            What::Staging,
            "from here on it is known"
        );
        drop(held);
        let held = job.try_hold(name).await.unwrap().unwrap();
        assert!(job.try_hold(name).await.unwrap().is_none(), "it is held");
        assert_eq!(held.record(), &record);
        assert_eq!(job.records().await.unwrap()[0].as_ref().unwrap(), &record);
        stop.request();
        let mut waited = false;
        let stopped = job.hold(name, None, &stop, || waited = true).await.unwrap();
        assert!(stopped.is_none() && waited, "another process has it, and that is told");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named_and_the_rest_is_there() {
        let (folder, state) = state();
        let job = open(&state, "a").await;
        let place = Place::new(Provider::ALIYUN, "cn-hangzhou", "web");
        let record = Record::new("y", &place, "o");
        let held = job.hold("y", Some(record), &Stop::default(), || {}).await;
        let mut held = held.unwrap().unwrap();
        held.change(|_| {}).unwrap();
        let record = held.record().clone();
        let own = folder.path().join("jobs").join(&job.facts().id);
        std::fs::write(own.join("x_2fz.json"), r#"{"schema": 9}"#).unwrap();
        let found = job.records().await.unwrap();
        assert_eq!(found[0].as_ref().unwrap(), &record);
        let damaged = found[1].as_ref().unwrap_err();
        assert_eq!(
            (damaged.job.as_ref(), damaged.target.as_deref()),
            (Some(&job.facts().id), Some("x/z"))
        );
        for error in [damaged.error.clone(), job.try_hold("x/z").await.unwrap_err()] {
            assert!(
                error.message().contains("x_2fz.json") && error.remedy().is_some(),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_damaged_record_stands_in_the_way_only_where_it_may_be_meant() {
        let (folder, state) = state();
        let job = open(&state, "a").await;
        let own = folder.path().join("jobs").join(&job.facts().id);
        let opened = async |label: &str, region: &str| {
            let facts = JobFacts::new("web server", "web.qcow2".to_owned(), None, "a");
            let wanted = vec![(label.to_owned(), Place::new(Provider::ALIYUN, region, "web"))];
            let opened = Job::open(&state, facts, wanted, &Stop::default()).await;
            opened.map(|opened| opened.unwrap().1)
        };
        assert_eq!(opened("x/z", "cn-hangzhou").await.unwrap(), ["x/z"]);
        std::fs::write(own.join("x_2fz.json"), "{").unwrap();
        assert_eq!(
            opened("x/z", "cn-hangzhou").await.unwrap(),
            ["x/z"],
            "which then tells why not"
        );
        assert_eq!(opened("aside", "cn-beijing").await.unwrap(), ["aside"]);
        std::fs::remove_file(own.join("places")).unwrap();
        assert!(
            opened("aside", "cn-beijing").await.is_err(),
            "whose it is cannot be told"
        );
    }

    #[tokio::test]
    async fn a_damaged_description_is_one_job_and_written_anew_unless_a_later_version_wrote_it() {
        let (folder, state) = state();
        let (job, other) = (open(&state, "a").await, open(&state, "b").await);
        let id = &job.facts().id;
        let description = folder.path().join("jobs").join(id).join("job.json");
        for (text, is_repeated) in [("{", true), (r#"{"schema": 99, "id": {}}"#, false)] {
            std::fs::write(&description, text).unwrap();
            let jobs = state.jobs().await.unwrap();
            assert_eq!(jobs.iter().filter(|job| job.is_ok()).count(), 1, "{jobs:?}");
            let damaged = jobs.iter().find_map(|job| job.as_ref().err()).unwrap();
            assert_eq!((damaged.job.as_ref(), &damaged.target), (Some(id), &None));
            assert!(state.job(id).await.is_err() && state.job(&other.facts().id).await.is_ok());
            let facts = JobFacts::new("web server", "web.qcow2".to_owned(), None, "a");
            let repeated = Job::open(&state, facts, Vec::new(), &Stop::default()).await;
            assert_eq!(repeated.is_ok(), is_repeated, "{repeated:?}");
            assert_eq!(state.job(id).await.is_ok(), is_repeated);
        }
    }

    #[tokio::test]
    async fn a_job_is_forgotten_with_all_that_it_has_unless_it_is_worked_on() {
        let (folder, state) = state();
        let (job, other) = (open(&state, "a").await, open(&state, "b").await);
        let id = job.facts().id.clone();
        let record = Record::new("y", &Place::new(Provider::ALIYUN, "cn-hangzhou", "web"), "o");
        let mut held = job.hold("y", Some(record), &Stop::default(), || {}).await.unwrap();
        held.as_mut().unwrap().change(|_| {}).unwrap();
        assert_eq!(state.forget(&id).await.unwrap_err().kind(), ErrorKind::Conflict);
        drop(held);
        let own = folder.path().join("jobs").join(&id);
        std::fs::write(own.join("y.json"), "{").unwrap();
        std::fs::remove_file(own.join("job.json")).unwrap();
        std::fs::create_dir(own.join("job.json")).unwrap();
        state.forget(&id).await.unwrap();
        assert!(!own.exists());
        assert_eq!(state.jobs().await.unwrap().len(), 1);
        for bad in [&id, "..", ".", "", "a/b"] {
            assert_eq!(
                state.forget(bad).await.unwrap_err().kind(),
                ErrorKind::NotFound,
                "{bad}"
            );
        }
        assert!(state.job(&other.facts().id).await.is_ok());
    }
}
