//! What a provider crate says of its cloud: an order in the vendor's words, the vendor's rows in ours. It decides nothing.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    future::{Future, ready},
    time::SystemTime,
};

use super::copy_order::CopyOrder;
use crate::{
    CancelOutcome, Capabilities, Error, ErrorKind, ExportTask, Failure, ImageAttributes, ImageChange, ImageMarks,
    ImportRequest, ImportTask, ImportedImage, Inspection, Problem, Provider, Result,
    client::Connection,
    engine::{
        check::Subject,
        export_order::{ExportKeys, ExportOrder, ExportProof},
        preflight::{self, Checks},
        presence::Presence,
    },
    model::{
        code::{StateClass, StateRow},
        id,
    },
    text::redact,
};

/// The vocabulary of one cloud, over its client. [`Importer`](crate::Importer) is the normalized import over it.
///
/// `project` is the one of the task that is asked after; `None` where none was named.
pub trait Cloud: Debug + Send + Sync + 'static {
    /// The vendor's request for an order, built once.
    type Order: Debug + Send + Sync + 'static;

    /// How an import that is found by its name is known to be the order's own.
    const PROOF: Proof;

    /// What shows an import whose ids are not known.
    const LISTING: Listing;

    /// How a copy that is found by its name is known to be the order's own.
    const COPY_PROOF: Proof = Proof::Source { must_show: true };

    /// How an export whose answer was lost is settled.
    const EXPORT_PROOF: ExportProof = ExportProof::Nothing;

    /// What shows an export: its task, or the image, which is busy as long as it runs.
    const EXPORT_LISTING: Listing = Listing::Tasks;

    /// Whether images are shared with what belongs to one region, so that it is another in each.
    const SHARES_WITHIN_REGIONS: bool = false;

    /// Whether lists begin with the newest, so that a search ends at the first match.
    const NEWEST_FIRST: bool = false;

    /// Pages that a search reads at the most. One that is not at the end by then is an error, unless the newest came first.
    const PAGES: u32 = 100;

    /// Whether a finished task is not yet a finished image: then the image has the last word.
    const IMAGE_DECIDES: bool = false;

    /// States of an image, in the vendor's words, by which it is deleted or being deleted.
    const DELETIONS: &'static [(&'static str, Presence)] = &[];

    /// What this cloud is never asked before an import, and why.
    const NEVER_ASKED: &'static [(Subject, &'static str)];

    /// What the cloud can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Where it sends, for which region and project, and how.
    fn connection(&self) -> &Connection;

    /// The project that an order goes to, where it counts in the order's token and marker.
    fn scope(&self, _request: &ImportRequest) -> Option<String> {
        None
    }

    /// Whether a task or image of this project can be asked after here.
    fn reaches(&self, project: &str) -> bool {
        let own = self.connection().project.as_deref();
        own.is_none_or(|own| own == project)
    }

    /// Every problem of an order, general ones included. No I/O.
    fn validate(&self, request: &ImportRequest, identity: &Identity) -> Vec<Problem>;

    /// The order in the vendor's words. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it cannot be written in them.
    fn translate(&self, request: &ImportRequest, identity: &Identity) -> Result<Self::Order>;

    /// Which of the vendor's import calls an order goes through, where there are several.
    fn route(_order: &Self::Order) -> Option<&'static str> {
        None
    }

    /// The project to ask in: as named, else as it is found out.
    fn resolve_project(&self, named: Option<&str>) -> impl Future<Output = Result<Option<String>>> + Send {
        ready(Ok(named.map(str::to_owned)))
    }

    /// Sends an order, once.
    fn send(&self, order: &Self::Order, project: Option<&str>) -> impl Future<Output = Result<Sent>> + Send;

    /// This client in another region, by the same keys.
    fn in_region(&self, _region: &str, _project: Option<&str>) -> Result<Self>
    where
        Self: Sized,
    {
        Err(unable(self.capabilities().provider, "copies images"))
    }

    /// Every problem of the order of a copy beside those that the tables hold. No I/O.
    fn validate_copy(&self, _order: &CopyOrder) -> Vec<Problem> {
        Vec::new()
    }

    /// Sends the order of a copy, once. `from` is this client in the region of the image, which has the project that is named or was
    /// found out there; the copy is made in the region of `self`.
    fn send_copy(
        &self,
        _from: &Self,
        _order: &CopyOrder,
        _project: Option<&str>,
    ) -> impl Future<Output = Result<Sent>> + Send {
        ready(Err(unable(self.capabilities().provider, "copies images")))
    }

    /// Every problem of changes to an image beside those that the tables hold. No I/O.
    fn validate_change(&self, _change: &ImageChange) -> Vec<Problem> {
        Vec::new()
    }

    /// Whose the images of this client are, as it would be named to share them; `None` where no call tells.
    fn owner(&self) -> impl Future<Output = Result<Option<String>>> + Send {
        ready(Ok(None))
    }

    /// What the cloud shows of an image: at least what a change is about. Its project is the one that was named or found out.
    fn attributes(
        &self,
        _image: &ImportedImage,
        _change: &ImageChange,
    ) -> impl Future<Output = Result<ImageAttributes>> + Send {
        ready(Err(unable(self.capabilities().provider, "changes images")))
    }

    /// Shares an image with these accounts, at most as many as one request takes.
    fn share(&self, _image: &ImportedImage, _accounts: &[String]) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "shares images")))
    }

    /// Takes an image from these accounts, at most as many as one request takes.
    fn unshare(&self, _image: &ImportedImage, _accounts: &[String]) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "shares images")))
    }

    /// Sets tags of an image. Others stay.
    fn tag(&self, _image: &ImportedImage, _tags: &BTreeMap<String, String>) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "tags images")))
    }

    /// Takes tags of an image away, by their keys.
    fn untag(&self, _image: &ImportedImage, _keys: &[String]) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "tags images")))
    }

    /// Puts an image into a family.
    fn set_family(&self, _image: &ImportedImage, _family: &str) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "puts images into families")))
    }

    /// The newest image of a family that can be used.
    fn newest_of(&self, _family: &str) -> impl Future<Output = Result<Option<Row>>> + Send {
        ready(Err(unable(
            self.capabilities().provider,
            "looks for images by their family",
        )))
    }

    /// Makes an image public, or takes that back.
    fn publish(&self, _image: &ImportedImage, _public: bool) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "makes images public")))
    }

    /// Marks an image as deprecated, or takes that back.
    fn deprecate(&self, _image: &ImportedImage, _deprecated: bool) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "deprecates images")))
    }

    /// Every problem of an export beside those that the tables hold. No I/O.
    fn validate_export(&self, _order: &ExportOrder) -> Vec<Problem> {
        Vec::new()
    }

    /// The keys of what an export writes, as far as they are known before it is sent. No I/O.
    fn export_keys(&self, order: &ExportOrder) -> ExportKeys {
        ExportKeys::beginning(&order.prefix)
    }

    /// Sends the order of an export, once.
    fn send_export(&self, _order: &ExportOrder, _project: Option<&str>) -> impl Future<Output = Result<Sent>> + Send {
        ready(Err(unable(self.capabilities().provider, "exports images")))
    }

    /// The exports of an image that the cloud lists, running and over.
    fn exports(&self, _image_id: &str, _project: Option<&str>) -> impl Future<Output = Result<Vec<Row>>> + Send {
        ready(Err(unable(self.capabilities().provider, "lists exports")))
    }

    /// How an export stands: its task, or its image; `None` when the cloud does not know it (any more).
    fn export(&self, task: &ExportTask, project: Option<&str>) -> impl Future<Output = Result<Option<Row>>> + Send {
        async move {
            match (&task.task_id, Self::EXPORT_LISTING) {
                (_, Listing::Images) => self.image(&task.image_id, project).await,
                (Some(id), Listing::Tasks) => self.task(id, project).await,
                (None, Listing::Tasks) => Ok(None),
            }
        }
    }

    /// The task with this id; `None` when the cloud has no tasks or does not know it (any more).
    fn task(&self, _id: &str, _project: Option<&str>) -> impl Future<Output = Result<Option<Row>>> + Send {
        ready(Ok(None))
    }

    /// A page of import tasks.
    fn tasks(&self, _query: &Query<'_>, _at: At) -> impl Future<Output = Result<Page>> + Send {
        ready(Ok(Page::default()))
    }

    /// A page of the account's own images, in whatever state.
    fn images(&self, query: &Query<'_>, at: At) -> impl Future<Output = Result<Page>> + Send;

    /// The image of this id, in whatever state; `None` when the cloud says that there is none.
    fn image(&self, id: &str, project: Option<&str>) -> impl Future<Output = Result<Option<Row>>> + Send {
        async move {
            let page = self.images(&Query::new(By::Id(id), project), At::default()).await?;
            page.one(id)
        }
    }

    /// The id of the task that makes an image, where the cloud tells.
    fn task_of(&self, _image_id: &str, _project: Option<&str>) -> impl Future<Output = Result<Option<String>>> + Send {
        ready(Ok(None))
    }

    /// Cancels an import. The task has its ids, as far as they can be found.
    fn cancel(&self, _task: &ImportTask) -> impl Future<Output = Result<CancelOutcome>> + Send {
        let cloud = self.capabilities().provider.name();
        ready(Ok(CancelOutcome::Unsupported(format!(
            "{cloud} has no call to cancel an import: wait for its end, then delete the image"
        ))))
    }

    /// Deletes an image and the snapshots behind it, where they are of no other use.
    fn delete(&self, image: &ImportedImage) -> impl Future<Output = Result<()>> + Send;

    /// Gives an image another name. Doing it twice does nothing more.
    fn rename(&self, _image: &ImportedImage, _name: &str) -> impl Future<Output = Result<()>> + Send {
        ready(Err(unable(self.capabilities().provider, "renames images")))
    }

    /// Accepts an image that another account shares with this one, or rejects it. Doing it twice does nothing more.
    fn answer_share(&self, _image: &ImportedImage, _accept: bool) -> impl Future<Output = Result<()>> + Send {
        let cloud = self.capabilities().provider;
        let message = format!(
            "{} asks no receiver of an image: what is shared may be used",
            cloud.name()
        );
        ready(Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(cloud)
            .with_remedy("Use the image; to have nothing of it, do not.")))
    }

    /// The regions that the cloud lists for these keys; `None` where no call tells.
    fn regions(&self) -> impl Future<Output = Result<Option<Vec<String>>>> + Send {
        ready(Ok(None))
    }

    /// Asks what can be asked about an order before it is sent: reads, and the vendor's dry run. It ends early with the reason
    /// why nothing more can be told. Of a copy, it is asked where that goes; its image may not be there yet, and has the system.
    fn check(
        &self,
        request: &ImportRequest,
        checks: &mut Checks,
    ) -> impl Future<Output = Result<(), &'static str>> + Send;
}

/// The error of a verb for which a cloud has no call.
pub(crate) fn unable(provider: Provider, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this importer has no call that {what}"))
        .with_provider(provider)
        .with_remedy("Do it in the vendor's console.")
}

/// How an import that is found by its name is known to be the order's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By its name alone, which no other image of the region may have: it was looked for before the order was sent, and was not
    /// there. One that is older than the order does not count.
    Name,
    /// By the marker in its description.
    Marker,
    /// By the file that it was made of, and that it is not older than the order.
    Source {
        /// Whether one that does not show its file and its date is refused. Where it is not, it counts if it came after an order
        /// that left, and never where no instant is known from which it can be the order's own.
        must_show: bool,
    },
}

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Import tasks.
    Tasks,
    /// Images.
    Images,
}

/// What an order is known by: a token where the cloud takes one, a marker where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The idempotency token.
    pub token: Option<String>,
    /// The text that the image carries.
    pub marker: Option<String>,
}

impl Identity {
    /// What an order is known by: the token where the cloud takes one, else the marker where it is what tells images apart.
    pub fn new<C: Cloud>(cloud: &C, request: &ImportRequest) -> Self {
        let capabilities = cloud.capabilities();
        let (provider, region) = (capabilities.provider, &cloud.connection().region);
        let scope = cloud.scope(request);
        let (takes_token, proof) = match request.is_copy() {
            true => (capabilities.after.copy_token.value, C::COPY_PROOF),
            false => (capabilities.client_token.value, C::PROOF),
        };
        if takes_token {
            let token = request.token(provider, region, scope.as_deref());
            return Self {
                token: Some(token),
                marker: None,
            };
        }
        let marker = || request.marker(provider, region, scope.as_deref());
        Self {
            token: None,
            marker: (proof == Proof::Marker).then(marker),
        }
    }

    /// What a task is known by.
    pub(crate) fn of(task: &ImportTask) -> Self {
        Self {
            token: task.token.clone(),
            marker: task.marker.clone(),
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Query<'a> {
    /// By what.
    pub by: By<'a>,
    /// In which project.
    pub project: Option<&'a str>,
}

/// By what something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// By its id: one page is enough.
    Id(&'a str),
    /// By its name; the cloud may list others too.
    Name(&'a str),
    /// All that are the account's own.
    All,
}

impl<'a> Query<'a> {
    /// What is looked for, in a project.
    pub fn new(by: By<'a>, project: Option<&'a str>) -> Self {
        Self { by, project }
    }

    /// The id that is looked for.
    pub fn id(&self) -> Option<String> {
        match self.by {
            By::Id(id) => Some(id.to_owned()),
            By::Name(_) | By::All => None,
        }
    }

    /// The name that is looked for.
    pub fn name(&self) -> Option<String> {
        match self.by {
            By::Id(_) | By::All => None,
            By::Name(name) => Some(name.to_owned()),
        }
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct At {
    /// Pages before it.
    pub page: u32,
    /// Rows before it.
    pub rows: i64,
}

/// A page of a list.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many the cloud listed, those included that are no row here.
    pub listed: i64,
    /// Whether there may be another page.
    pub more: bool,
    /// How many the list has in all, where the answer says it.
    pub total: Option<i64>,
    /// Whether the answer has a list, and nothing in it says that the list was cut.
    pub is_whole: bool,
}

impl Page {
    /// A page of all that the cloud listed, each entry as a row. One that is full may not be the last.
    pub fn of<T>(listed: Option<Vec<T>>, row: impl FnMut(T) -> Row, full: i64) -> Self {
        let is_whole = listed.is_some();
        let rows: Vec<Row> = listed.into_iter().flatten().map(row).collect();
        let listed = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        Self {
            rows,
            listed,
            more: listed >= full,
            total: None,
            is_whole,
        }
    }

    /// Of a list by its id, the image; `None` when the list has none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidResponse`] when the answer has no list.
    pub fn one(self, id: &str) -> Result<Option<Row>> {
        let is_whole = self.is_whole;
        let mut rows = self.rows.into_iter();
        match rows.find(|row| row.image_id.as_deref() == Some(id)) {
            None if !is_whole => Err(preflight::lacking("list of images")),
            found => Ok(found),
        }
    }

    /// Says how many the list has in all. Where there are none, an answer may leave the list out.
    #[must_use]
    pub fn of_total(mut self, total: Option<i64>) -> Self {
        self.is_whole |= total == Some(0);
        self.total = total;
        self
    }
}

/// An import task or an image, as the cloud shows it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Row {
    /// The task's id.
    pub task_id: Option<String>,
    /// The image's id.
    pub image_id: Option<String>,
    /// The image's name.
    pub name: Option<String>,
    /// The files that it is made of, each as [`ImportTask::source`]; empty where they are not shown.
    pub sources: Vec<String>,
    /// Its description.
    pub description: Option<String>,
    /// When it came to be.
    pub created: Option<SystemTime>,
    /// The same by a date of which no source tells the time zone: it is shown, and nothing is decided by it.
    pub dated: Option<SystemTime>,
    /// When the task ended.
    pub finished: Option<SystemTime>,
    /// The vendor's word for its state.
    pub raw: String,
    /// What that means; `None` for one that the tables do not hold, which counts as in progress.
    pub class: Option<StateClass>,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// Why it failed, where the cloud tells.
    pub failure: Option<Failure>,
    /// What the cloud's own check found.
    pub inspection: Option<Inspection>,
    /// The keys of the objects that an export wrote, where they are shown.
    pub objects: Vec<String>,
    /// Its state says that it is done, and the cloud says beside it that it cannot be used yet.
    pub is_unusable: bool,
    /// It was not made by an import: it may be a copy, and is no import's own.
    pub is_foreign: bool,
    /// Of an image, what the list shows beside its state.
    pub marks: ImageMarks,
    /// Of an image, the size of its system disk in GiB, where it is shown.
    pub disk_gib: Option<u32>,
}

impl Row {
    /// The row, if its ids are ids.
    pub(super) fn checked(self, provider: Provider) -> Result<Self> {
        Ok(Self {
            task_id: id::answered(provider, self.task_id)?,
            image_id: id::answered(provider, self.image_id)?,
            ..self
        })
    }

    /// With the size of an image's disk, as the cloud tells it; what is no size is none.
    #[must_use]
    pub fn of_gib(mut self, told: Option<i64>) -> Self {
        self.disk_gib = told.and_then(|gib| u32::try_from(gib).ok()).filter(|gib| *gib > 0);
        self
    }

    /// A row in this state.
    pub fn new(raw: Option<String>, states: &[StateRow]) -> Self {
        let raw = raw.map(|raw| redact::vendor_word(&raw)).filter(|raw| !raw.is_empty());
        let raw = raw.unwrap_or_else(|| "no state shown".to_owned());
        Self {
            class: StateRow::find(states, &raw),
            raw,
            ..Self::default()
        }
    }
}

/// What the cloud answered to an order.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sent {
    /// The task's id.
    pub task_id: Option<String>,
    /// The image's id.
    pub image_id: Option<String>,
    /// The answer says that the order was taken, though it names no id.
    pub is_taken: bool,
    /// The keys of the objects that an export writes, where they are told.
    pub objects: Vec<String>,
    /// The vendor's operation.
    pub operation: &'static str,
}

impl Sent {
    /// The answer of an operation, with its ids.
    pub fn new(operation: &'static str, task_id: Option<String>, image_id: Option<String>) -> Self {
        Self {
            task_id,
            image_id,
            is_taken: false,
            objects: Vec::new(),
            operation,
        }
    }

    /// The answer, if its ids are ids.
    pub(super) fn checked(self, provider: Provider) -> Result<Self> {
        let of_operation = |error: Error| error.with_operation(self.operation);
        Ok(Self {
            task_id: id::answered(provider, self.task_id).map_err(of_operation)?,
            image_id: id::answered(provider, self.image_id).map_err(of_operation)?,
            ..self
        })
    }

    /// The answer tells what an export writes.
    #[must_use]
    pub fn writes(mut self, objects: impl IntoIterator<Item = String>) -> Self {
        self.objects = objects.into_iter().collect();
        self
    }

    /// The answer says that the order was taken, whether or not it names an id.
    #[must_use]
    pub fn taken(mut self, is_taken: bool) -> Self {
        self.is_taken = is_taken;
        self
    }
}
