//! An importer that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import_core::{
    BoxFuture, CancelOutcome, Capabilities, Credentials, Disk, Error, ErrorKind, Field, Grace, ImageImporter,
    ImportRequest, ImportTask, ImportedImage, Problem, Provider, Result, Settings, SourceForm, TaskState,
    builder::Connection,
    capabilities::{Fact, UniqueNames},
    credentials::EnvironmentNames,
    testing::{Frozen, Scripted},
};

const fn fact<T: Copy>(value: T) -> Fact<T> {
    Fact {
        value,
        source: "a test",
        verified: true,
        note: "",
    }
}

const fn cloud(token: bool, names: UniqueNames) -> Capabilities {
    Capabilities {
        provider: Provider::Ucloud,
        default_region: "r",
        formats: fact(&[]),
        sources: fact(&[SourceForm::Url]),
        architectures: fact(&[]),
        boot_modes: fact(&[]),
        license_types: fact(&[]),
        max_data_disks: fact(0),
        data_image: fact(false),
        tags: fact(false),
        description: fact(false),
        project: fact(""),
        client_token: fact(token),
        unique_names: fact(names),
        dry_run: fact(false),
        cancel: fact(false),
        progress: fact(false),
        failure_reason: fact(false),
        skip_guest_check: fact(false),
        nvme: fact(false),
        imds_v2: fact(false),
        likely_causes: &[],
        limits: &[],
    }
}

pub(crate) static PLAIN: Capabilities = cloud(false, UniqueNames::Unverified);
pub(crate) static TOKEN: Capabilities = Capabilities {
    dry_run: fact(true),
    ..cloud(true, UniqueNames::No)
};
pub(crate) static NAMES: Capabilities = cloud(false, UniqueNames::Refused);

/// Scripted answers; what is asked beyond them gets the last one's default.
#[derive(Debug)]
pub(crate) struct Fake {
    capabilities: &'static Capabilities,
    connection: Connection,
    pub(crate) ambient: Arc<Frozen>,
    pub(crate) submits: Mutex<VecDeque<Result<()>>>,
    pub(crate) lookups: Mutex<VecDeque<Result<bool>>>,
    pub(crate) polls: Mutex<VecDeque<Result<TaskState>>>,
    pub(crate) log: Mutex<Vec<&'static str>>,
}

impl Fake {
    pub(crate) fn new(capabilities: &'static Capabilities) -> Self {
        let ambient = Arc::new(Frozen::at("2026-01-02T03:04:05Z", "n"));
        let settings = Settings::new("r")
            .credentials(Credentials::new("AK", "SK"))
            .transport(Arc::new(Scripted::default()))
            .ambient(Arc::clone(&ambient) as _)
            .grace(Grace {
                period: Duration::from_secs(20),
                interval: Duration::from_secs(5),
            });
        let names = EnvironmentNames {
            access_key_id: &[],
            secret_access_key: &[],
            security_token: &[],
            region: &[],
            project_id: &[],
        };
        Self {
            capabilities,
            connection: Connection::new(settings, Provider::Ucloud, "h.example", &names).unwrap(),
            ambient,
            submits: Mutex::default(),
            lookups: Mutex::default(),
            polls: Mutex::default(),
            log: Mutex::default(),
        }
    }

    pub(crate) fn submits(self, answers: impl IntoIterator<Item = Result<()>>) -> Self {
        self.submits.lock().unwrap().extend(answers);
        self
    }

    pub(crate) fn lookups(self, answers: impl IntoIterator<Item = Result<bool>>) -> Self {
        self.lookups.lock().unwrap().extend(answers);
        self
    }

    pub(crate) fn polls(self, answers: impl IntoIterator<Item = Result<TaskState>>) -> Self {
        self.polls.lock().unwrap().extend(answers);
        self
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|entry| **entry == what).count()
    }

    fn did(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }
}

pub(crate) fn order() -> ImportRequest {
    ImportRequest::new("web", Disk::url("https://b/k"))
}

pub(crate) fn lost() -> Error {
    Error::new(ErrorKind::Transport, "cut")
}

impl ImageImporter for Fake {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    fn validate(&self, order: &ImportRequest) -> Vec<Problem> {
        let bad = order
            .name
            .is_empty()
            .then(|| Problem::error(Provider::Ucloud, Field::Name, "is empty"));
        bad.into_iter()
            .chain([Problem::warning(Provider::Ucloud, Field::Os, "is odd")])
            .collect()
    }

    fn prepare(&self, order: &ImportRequest) -> Result<ImportTask> {
        let mut task = self.connection.task(order);
        task.token = self.capabilities.client_token.value.then(|| "t".to_owned());
        Ok(task)
    }

    fn submit<'a>(&'a self, _: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>> {
        self.did("submit");
        let answer = self.submits.lock().unwrap().pop_front().unwrap_or_else(|| Err(lost()));
        if answer.is_ok() {
            task.image_id = Some("submitted".into());
        }
        Box::pin(std::future::ready(answer))
    }

    fn poll<'a>(&'a self, _: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        self.did("poll");
        let answer = self.polls.lock().unwrap().pop_front();
        Box::pin(std::future::ready(
            answer.unwrap_or_else(|| Ok(TaskState::in_progress("running", None))),
        ))
    }

    fn cancel<'a>(&'a self, _: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
        Box::pin(std::future::ready(Ok(CancelOutcome::Requested)))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        self.did("lookup");
        let answer = self.lookups.lock().unwrap().pop_front().unwrap_or(Ok(false));
        Box::pin(std::future::ready(answer.map(|found| {
            found.then(|| {
                let mut task = task.clone();
                task.image_id = Some("found".into());
                task
            })
        })))
    }

    fn delete<'a>(&'a self, _: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
