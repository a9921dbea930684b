//! An importer that needs no cloud: its polls answer from a list.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::Frozen;
use crate::{
    BoxFuture, CancelOutcome, Capabilities, ImageImporter, ImportRequest, ImportTask, ImportedImage, Prepared, Problem,
    Provider, Result, TaskState, net::env::Env,
};

/// An importer for tests of programs: it takes every order and makes the image `image-1`, unless it is told otherwise. It
/// stands still between polls, so that a wait takes no time.
///
/// ```
/// # use cloud_import_core::{Disk, Failure, ImageImporter as _, ImportRequest, TaskState, WaitOptions, testing::FakeImporter, wait};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let failed = TaskState::Failed(Failure::new(None, "no virtio driver"));
/// let importer = FakeImporter::new([TaskState::in_progress("running", Some(40)), failed]);
/// let mut task = importer.start(&ImportRequest::new("web", Disk::object("b", "k"))).await.unwrap();
/// let error = wait(&importer, &mut task, &WaitOptions::default()).await.unwrap_err();
/// assert!(error.message().contains("no virtio driver"));
/// assert_eq!(importer.calls(), ["start", "poll", "poll"]);
/// # }
/// ```
#[derive(Debug)]
pub struct FakeImporter {
    capabilities: &'static Capabilities,
    region: String,
    env: Frozen,
    polls: Mutex<VecDeque<Result<TaskState>>>,
    starts: Mutex<VecDeque<Result<ImportTask>>>,
    problems: Vec<Problem>,
    calls: Mutex<Vec<&'static str>>,
}

static OPEN: Capabilities = Capabilities::new(Provider::ALIYUN, "region-1");

impl FakeImporter {
    /// Polls answer with these states, one after another, then with the image.
    pub fn new(states: impl IntoIterator<Item = TaskState>) -> Self {
        Self {
            capabilities: &OPEN,
            region: OPEN.default_region.to_owned(),
            env: Frozen::new(SystemTime::UNIX_EPOCH, "nonce"),
            polls: Mutex::new(states.into_iter().map(Ok).collect()),
            starts: Mutex::default(),
            problems: Vec::new(),
            calls: Mutex::default(),
        }
    }

    /// It is of this cloud and region.
    #[must_use]
    pub fn of(mut self, capabilities: &'static Capabilities, region: impl Into<String>) -> Self {
        self.capabilities = capabilities;
        self.region = region.into();
        self
    }

    /// Further polls answer with these, failing ones among them.
    #[must_use]
    pub fn polls(self, answers: impl IntoIterator<Item = Result<TaskState>>) -> Self {
        locked(&self.polls).extend(answers);
        self
    }

    /// Starts answer with these first.
    #[must_use]
    pub fn starts(self, answers: impl IntoIterator<Item = Result<ImportTask>>) -> Self {
        locked(&self.starts).extend(answers);
        self
    }

    /// Validation finds these.
    #[must_use]
    pub fn problems(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// What was called, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        locked(&self.calls).clone()
    }

    fn call<T: Send + 'static>(&self, name: &'static str, answer: Result<T>) -> BoxFuture<'_, Result<T>> {
        locked(&self.calls).push(name);
        Box::pin(std::future::ready(answer))
    }
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ImageImporter for FakeImporter {
    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    fn region(&self) -> &str {
        &self.region
    }

    fn env(&self) -> &dyn Env {
        &self.env
    }

    fn validate(&self, _: &ImportRequest) -> Vec<Problem> {
        self.problems.clone()
    }

    fn prepare(&self, request: &ImportRequest) -> Result<Prepared> {
        let source = request.first_disk().map(|disk| disk.source.identity());
        let (name, source) = (&request.name, source.unwrap_or_default());
        let now = self.env.now();
        let mut task = ImportTask::new(self.provider(), "https://fake.example", &self.region, name, source, now);
        task.generation = request.generation;
        task.dry_run = request.dry_run;
        Ok(Prepared::new(task, ()))
    }

    fn submit(&self, prepared: Prepared) -> BoxFuture<'_, Result<ImportTask>> {
        let answer = locked(&self.starts).pop_front();
        let mut task = prepared.task().clone();
        task.task_id.get_or_insert_with(|| "task-1".to_owned());
        self.call("start", answer.unwrap_or(Ok(task)))
    }

    fn resume<'a>(&'a self, _: &'a ImportRequest, task: ImportTask) -> BoxFuture<'a, Result<ImportTask>> {
        self.call("resume", Ok(task))
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        let answer = locked(&self.polls).pop_front();
        let answer = answer.unwrap_or_else(|| {
            let id = task.image_id.get_or_insert_with(|| "image-1".to_owned()).clone();
            let image = ImportedImage::of(task, id);
            Ok(TaskState::Succeeded { image })
        });
        self.call("poll", answer)
    }

    fn cancel<'a>(&'a self, _: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
        self.call("cancel", Ok(CancelOutcome::Requested))
    }

    fn lookup<'a>(&'a self, _: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        self.call("lookup", Ok(None))
    }

    fn delete<'a>(&'a self, _: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        self.call("delete", Ok(()))
    }
}
