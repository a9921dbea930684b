//! A cloud that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import_core::{
    CancelOutcome, Capabilities, Credentials, Disk, Error, ErrorKind, Field, Grace, ImportRequest, ImportTask,
    ImportedImage, Importer, Problem, Provider, Result, Settings, SourceForm, Subject, WarningId,
    credentials::EnvironmentNames,
    provider::{
        At, Cloud, Connection, Hosts, Identity, Listing, Page, Proof, Query, Row, Sent, StateClass,
        capabilities::{Fact, UniqueNames},
        preflight::Checks,
    },
    testing::{Frozen, Scripted},
};

const fn cloud(token: bool, names: UniqueNames) -> Capabilities {
    Capabilities::new(Provider::UCLOUD, "r")
        .sources(Fact::unsourced(&[SourceForm::Url]))
        .client_token(Fact::unsourced(token))
        .unique_names(Fact::unsourced(names))
}

pub(crate) static PLAIN: Capabilities = cloud(false, UniqueNames::Unverified);
pub(crate) static CANCELS: Capabilities = PLAIN.cancel(Fact::unsourced(true));
pub(crate) static TOKEN: Capabilities = cloud(true, UniqueNames::No).dry_run(Fact::unsourced(true));
pub(crate) static NAMES: Capabilities = cloud(true, UniqueNames::Refused);

/// Scripted answers. What is asked beyond them: an order is lost, and nothing is listed.
#[derive(Debug)]
pub(crate) struct Fake {
    capabilities: &'static Capabilities,
    connection: Connection,
    sends: Mutex<VecDeque<Result<()>>>,
    lists: Mutex<VecDeque<Result<bool>>>,
    pages: Mutex<VecDeque<Page>>,
    log: Mutex<Vec<&'static str>>,
    /// An order hangs here until the test lets it go on.
    throttle: Option<Arc<tokio::sync::Semaphore>>,
}

impl Fake {
    pub(crate) fn new(capabilities: &'static Capabilities) -> Self {
        let settings = Settings::new("r")
            .credentials(Credentials::new("AK", "SK"))
            .transport(Arc::new(Scripted::default()))
            .env(Arc::new(Frozen::at("2026-01-02T03:04:05Z", "n")))
            .grace(Grace::new(Duration::from_secs(20), Duration::from_secs(5)));
        let names = EnvironmentNames {
            access_key_id: &[],
            secret_access_key: &[],
            security_token: &[],
            region: &[],
            project_id: &[],
        };
        Self {
            capabilities,
            connection: Connection::new(settings, Provider::UCLOUD, Hosts::new("h.example", &[], &[]), &names).unwrap(),
            sends: Mutex::default(),
            lists: Mutex::default(),
            pages: Mutex::default(),
            log: Mutex::default(),
            throttle: None,
        }
    }

    pub(crate) fn sends(self, answers: impl IntoIterator<Item = Result<()>>) -> Self {
        self.sends.lock().unwrap().extend(answers);
        self
    }

    /// Whether a list shows the import.
    pub(crate) fn lists(self, answers: impl IntoIterator<Item = Result<bool>>) -> Self {
        self.lists.lock().unwrap().extend(answers);
        self
    }

    /// Pages of a list, before what `lists` says.
    pub(crate) fn pages(self, pages: impl IntoIterator<Item = Page>) -> Self {
        self.pages.lock().unwrap().extend(pages);
        self
    }

    pub(crate) fn hanging(mut self, throttle: &Arc<tokio::sync::Semaphore>) -> Self {
        self.throttle = Some(Arc::clone(throttle));
        self
    }

    pub(crate) fn importer(self) -> Importer<Self> {
        Importer::new(self)
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

/// The order's import as a list shows it.
pub(crate) fn row() -> Row {
    let mut row = Row::default();
    row.image_id = Some("found".to_owned());
    row.name = Some("web".to_owned());
    row.description = Some(format!("[{}]", order().marker(Provider::UCLOUD, "r", None)));
    row.class = Some(StateClass::InProgress);
    row
}

pub(crate) fn lost() -> Error {
    Error::new(ErrorKind::Transport, "cut")
}

impl Cloud for Fake {
    type Order = Identity;

    const PROOF: Proof = Proof::Marker;
    const LISTING: Listing = Listing::Images;
    const NEVER_ASKED: &'static [(Subject, &'static str)] = &[];

    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn validate(&self, request: &ImportRequest, _: &Identity) -> Vec<Problem> {
        let bad = request
            .name
            .is_empty()
            .then(|| Problem::error(Provider::UCLOUD, Field::Name, "is empty"));
        bad.into_iter()
            .chain([Problem::warning(
                WarningId::OS_NEAREST,
                Provider::UCLOUD,
                Field::Os,
                "is odd",
            )])
            .collect()
    }

    fn translate(&self, _: &ImportRequest, identity: &Identity) -> Result<Identity> {
        Ok(identity.clone())
    }

    async fn send(&self, _: &Identity, _: Option<&str>) -> Result<Sent> {
        self.did("send");
        if let Some(throttle) = &self.throttle {
            throttle.acquire().await.unwrap().forget();
        }
        let answer = self.sends.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Err(lost()))?;
        Ok(Sent::new("Import", None, Some("sent".to_owned())))
    }

    async fn images(&self, _: &Query<'_>, _: At) -> Result<Page> {
        self.did("list");
        if let Some(page) = self.pages.lock().unwrap().pop_front() {
            return Ok(page);
        }
        let answer = self.lists.lock().unwrap().pop_front();
        let listed = answer.unwrap_or(Ok(false))?.then(|| vec![row()]);
        Ok(Page::of(listed, |row| row, 100))
    }

    async fn cancel(&self, task: &ImportTask) -> Result<CancelOutcome> {
        self.did(if task.image_id.is_some() {
            "cancel by id"
        } else {
            "cancel"
        });
        Ok(CancelOutcome::Requested)
    }

    async fn delete(&self, _: &ImportedImage) -> Result<()> {
        Ok(())
    }

    async fn check(&self, _: &ImportRequest, _: &mut Checks) -> Result<(), &'static str> {
        Ok(())
    }
}
