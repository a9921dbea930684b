//! The normalized import of one cloud, as a trait that works as `dyn`.

use std::{any::Any, fmt::Debug, sync::Arc};

use super::{
    changes,
    cloud::unable,
    export_order::{self, PreparedExport},
    presence::Presence,
    search::Sighting,
};
use crate::{
    Asking, BoxFuture, CancelOutcome, Capabilities, Check, Error, ErrorKind, ExportRequest, ExportState, ExportTask,
    Grace, ImageAttributes, ImageChange, ImportRequest, ImportTask, ImportedImage, OwnImage, OwnImages, Problem,
    Provider, Result, TaskState,
    client::Connection,
    engine::preflight::{Checks, NamedImage},
    net::env::{Env, SystemEnv},
};

/// Imports images into one cloud.
///
/// [`validate`](Self::validate), [`start`](Self::start), [`wait`](crate::wait()) and the verbs beside them are what a program
/// needs. One that must survive its own end takes the two halves of a start: [`prepare`](Self::prepare), store the task,
/// [`submit`](Self::submit); and after a crash [`resume`](Self::resume) with the stored task.
///
/// A task or an image of another provider, region, project or endpoint is refused
/// ([`ErrorKind::InvalidRequest`]) before anything is asked.
///
/// The importers of the provider crates are [`Importer`](crate::Importer). Methods with a default may be added.
pub trait ImageImporter: Debug + Send + Sync {
    /// What the cloud can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// The region.
    fn region(&self) -> &str;

    /// The cloud.
    fn provider(&self) -> Provider {
        self.capabilities().provider
    }

    /// Where it sends, for which region and project, and how; `None` for an importer that sends nothing.
    fn connection(&self) -> Option<&Connection> {
        None
    }

    /// The project, where one was named.
    fn project(&self) -> Option<&str> {
        self.connection()?.project.as_deref()
    }

    /// Clock and sleep that waiting goes by.
    fn env(&self) -> &dyn Env {
        self.connection()
            .map_or(&SystemEnv, |connection| &*connection.pipeline.env)
    }

    /// How long an import whose answer was lost is looked for.
    fn grace(&self) -> Grace {
        self.connection().map(|connection| connection.grace).unwrap_or_default()
    }

    /// This importer as its own type, for what only one vendor's importer can do.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Every problem of an order, at once and without I/O.
    fn validate(&self, request: &ImportRequest) -> Vec<Problem>;

    /// What can be found out about an order before it is started: its problems, then what the cloud says to reads and, where
    /// it has one, a dry run. It moves no bytes and changes nothing. An importer that does not ask says so.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    fn preflight<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async move { self.preflight_with(request, &Asking::with_dry_run()).await })
    }

    /// As [`preflight`](Self::preflight), asking as it is told to: with reads alone, or sharing answers with other importers.
    fn preflight_with<'a>(&'a self, request: &'a ImportRequest, _asking: &'a Asking) -> BoxFuture<'a, Vec<Check>> {
        let endpoint = self.connection().map(|connection| connection.endpoint.to_string());
        let checks = Checks::new(
            self.provider(),
            endpoint.unwrap_or_default(),
            &self.validate(request),
            request,
        );
        let checks = checks.finish(&[], "this importer does not ask the cloud");
        Box::pin(std::future::ready(checks))
    }

    /// An order in the vendor's words, and its task before it is sent: name, source, token or marker, route. No I/O.
    ///
    /// # Errors
    /// When the order cannot be written in this cloud's words.
    fn prepare(&self, request: &ImportRequest) -> Result<Prepared>;

    /// Sends a prepared order, and if the answer was lost, finds out what became of it. Nothing is looked up before.
    ///
    /// # Errors
    /// What the cloud refused; [`ErrorKind::OutcomeUnknown`] when it cannot be found out: never a guess, never a second image.
    ///
    /// # Cancel safety
    /// When the future is dropped, the order may have been sent: go on with [`resume`](Self::resume) and the task that was
    /// stored, not with another `submit`.
    fn submit(&self, prepared: Prepared) -> BoxFuture<'_, Result<ImportTask>>;

    /// Goes on with an order whose task was recorded before it was sent, by this process or another. Whether it was sent is not
    /// known, so it is settled like a lost answer: by its token, else by looking for it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    ///
    /// # Cancel safety
    /// Call it again.
    fn resume<'a>(&'a self, request: &'a ImportRequest, task: ImportTask) -> BoxFuture<'a, Result<ImportTask>>;

    /// Starts an import: validates, looks whether it runs already where a lost answer could not be settled by a token, sends,
    /// and if the answer was lost, finds out what became of it.
    ///
    /// The same order again gives the same import: raise its [`generation`](ImportRequest::generation) for another image.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with every problem before anything is sent; what the cloud refused; or
    /// [`ErrorKind::OutcomeUnknown`]: never a guess, never a second image.
    ///
    /// # Cancel safety
    /// When the future is dropped, the order may have been sent. The importer and its clones remember that: the same call
    /// again settles it. Another process, or another importer, does not know of it; for that, see [`prepare`](Self::prepare).
    fn start<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Result<ImportTask>> {
        Box::pin(async move { self.submit(self.prepare(request)?).await })
    }

    /// Asks once how an import stands. An error is a failed poll, not a failed import.
    ///
    /// # Cancel safety
    /// Call it again.
    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>>;

    /// Cancels an import where the cloud can.
    ///
    /// # Cancel safety
    /// Call it again: cancelling twice does nothing more.
    fn cancel<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>>;

    /// Looks for the import that a task stands for, by ids, token, or name and marker; `None` when it is not listed.
    ///
    /// # Cancel safety
    /// Call it again.
    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>>;

    /// Looks for an order that may have been sent, as [`lookup`](Self::lookup) does, and says whether a list that does not show
    /// it is complete. An importer that cannot tell says [`Sighting::Unclear`].
    ///
    /// # Errors
    /// The cloud's own: a list that was refused or cut says nothing.
    ///
    /// # Cancel safety
    /// Call it again.
    fn sight<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Sighting>> {
        Box::pin(async move {
            let found = self.lookup(task).await?;
            Ok(found.map_or(Sighting::Unclear, |found| Sighting::Listed(Box::new(found))))
        })
    }

    /// The regions that the cloud lists for these keys; `None` where no call of the cloud tells, or of this importer.
    ///
    /// # Cancel safety
    /// Call it again.
    fn regions(&self) -> BoxFuture<'_, Result<Option<Vec<String>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What the cloud says of an image, by its id. An importer that does not ask says [`Presence::Unclear`].
    ///
    /// What was made or deleted a moment ago may be shown as it was: who would act on a deletion looks twice.
    ///
    /// # Errors
    /// The cloud's own: a look that was refused says nothing.
    ///
    /// # Cancel safety
    /// Call it again.
    fn presence<'a>(&'a self, _image: &'a ImportedImage) -> BoxFuture<'a, Result<Presence>> {
        Box::pin(std::future::ready(Ok(Presence::Unclear)))
    }

    /// Deletes an image and the snapshots behind it, where they are of no other use. An image that is not there after an attempt
    /// that may have been executed was deleted by it.
    ///
    /// # Cancel safety
    /// When the future is dropped, the image may be gone. Call it again; what is not there is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>>;

    /// The account's own images of exactly this name, in the project of the client when none is named. No order.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where there are more images than are looked through, or the
    /// importer cannot look.
    fn images_named<'a>(&'a self, _name: &'a str, _project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<NamedImage>>> {
        let error = unable(self.provider(), "looks for images by their name");
        Box::pin(std::future::ready(Err(error)))
    }

    /// The account's own images, in whatever state, in the project of the client when none is named. A list that is longer than is
    /// read, or that changed while it was read, says so.
    ///
    /// # Errors
    /// The cloud's own: a list that was refused says nothing.
    fn images<'a>(&'a self, _project: Option<&'a str>) -> BoxFuture<'a, Result<OwnImages>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "lists images"))))
    }

    /// The image of this id, in whatever state, in the project of the client when none is named; `None` when the cloud says that
    /// there is none, or the text can be no id.
    ///
    /// # Errors
    /// The cloud's own: a look that was refused says nothing.
    fn image<'a>(&'a self, _id: &'a str, _project: Option<&'a str>) -> BoxFuture<'a, Result<Option<OwnImage>>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "shows images"))))
    }

    /// Accepts an image that another account shares with this one, or rejects it, where the cloud asks its receivers. The image is named
    /// by the id that it has there; its project is the receiving one, where that is not the one of the keys.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where a cloud asks no receiver; the cloud's own, also where it shows
    /// another answer than was given.
    ///
    /// # Cancel safety
    /// Call it again: the same answer twice does nothing more.
    fn answer_share<'a>(&'a self, _image: &'a ImportedImage, _accept: bool) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "answers shares"))))
    }

    /// Every problem that changes to an image have with what the cloud can do, at once and without I/O.
    fn validate_change(&self, change: &ImageChange) -> Vec<Problem> {
        changes::problems(change, self.capabilities())
    }

    /// What can be found out about changes before there is an image: whether one of the accounts that are named is its owner. What
    /// the cloud has no call for is not among the checks.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    fn preflight_change<'a>(&'a self, _change: &'a ImageChange, _asking: &'a Asking) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Whose the images of this importer are, as an account or project is named to share an image with it; `None` where no call tells.
    ///
    /// # Errors
    /// The cloud's own.
    ///
    /// # Cancel safety
    /// Call it again.
    fn owner(&self) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Makes a usable image what it is to be: shares it, tags it, puts it into a family, makes it public, deprecates it. What is
    /// so already is not sent. It says what the cloud shows of the image at the end, which was compared with what was asked for:
    /// some clouds drop a part and answer that all is done.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with every problem before anything is sent; what the cloud refused; [`ErrorKind::Conflict`]
    /// when it took everything and does not show all of it.
    ///
    /// # Cancel safety
    /// Call it again: what is done stays done.
    fn change<'a>(
        &'a self,
        _image: &'a ImportedImage,
        _change: &'a ImageChange,
    ) -> BoxFuture<'a, Result<ImageAttributes>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "changes images"))))
    }

    /// The newest image of a family that can be used, where the cloud has families.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where it has none.
    fn newest_of<'a>(&'a self, _family: &'a str) -> BoxFuture<'a, Result<Option<ImportedImage>>> {
        let error = unable(self.provider(), "looks for images by their family");
        Box::pin(std::future::ready(Err(error)))
    }

    /// Every problem that an export has with what the cloud can do, at once and without I/O.
    fn validate_export(&self, request: &ExportRequest) -> Vec<Problem> {
        export_order::problems(request, self.region(), self.capabilities())
    }

    /// An export of an image to a bucket of its region, and its task before it is sent. No I/O. Store the task, then
    /// [`submit_export`](Self::submit_export), and [`wait_for_export`](crate::wait_for_export()) for its end.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with every problem; [`ErrorKind::Unsupported`] where there is no call for it.
    fn prepare_export(&self, _request: &ExportRequest) -> Result<PreparedExport> {
        Err(unable(self.provider(), "exports images"))
    }

    /// Sends a prepared export, and if the answer was lost, finds out what became of it where the cloud shows that.
    ///
    /// # Errors
    /// What the cloud refused; [`ErrorKind::OutcomeUnknown`] when it cannot be found out, with the objects to look for. The same
    /// order again writes the same objects.
    ///
    /// # Cancel safety
    /// When the future is dropped, the order may have been sent: go on with [`resume_export`](Self::resume_export).
    fn submit_export(&self, _prepared: PreparedExport) -> BoxFuture<'_, Result<ExportTask>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "exports images"))))
    }

    /// Goes on with an export whose task was recorded before it was sent, by this process or another: by its token, else by
    /// looking for it.
    ///
    /// # Errors
    /// As [`submit_export`](Self::submit_export).
    ///
    /// # Cancel safety
    /// Call it again.
    fn resume_export<'a>(
        &'a self,
        _request: &'a ExportRequest,
        _task: ExportTask,
    ) -> BoxFuture<'a, Result<ExportTask>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "exports images"))))
    }

    /// Asks once how an export stands. An error is a failed poll, not a failed export.
    ///
    /// # Cancel safety
    /// Call it again.
    fn poll_export<'a>(&'a self, _task: &'a mut ExportTask) -> BoxFuture<'a, Result<ExportState>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "exports images"))))
    }

    /// Gives a finished image another name. Doing it twice does nothing more.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the cloud has no call for it.
    fn rename<'a>(&'a self, _image: &'a ImportedImage, _name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "renames images"))))
    }
}

/// An order that is ready to be sent: its task, and the vendor's request, which belong together.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) task: ImportTask,
    pub(crate) order: Arc<dyn Any + Send + Sync>,
}

impl Prepared {
    /// A task with the order that makes it, for those who implement [`ImageImporter`].
    pub fn new(task: ImportTask, order: impl Any + Send + Sync) -> Self {
        Self {
            task,
            order: Arc::new(order),
        }
    }

    /// The task: store it before the order is submitted.
    pub fn task(&self) -> &ImportTask {
        &self.task
    }

    /// The task alone, for a program that only looks for it.
    pub fn into_task(self) -> ImportTask {
        self.task
    }

    /// The order in the vendor's words, as the importer's own type.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it was prepared by an importer of another cloud.
    pub fn order<T: Any>(&self) -> Result<&T> {
        self.order.downcast_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the order was prepared by the importer of another cloud",
            )
            .with_provider(self.task.provider)
            .with_remedy("Submit it with the importer that prepared it.")
        })
    }
}

/// Everything behind a pointer is an importer too.
macro_rules! pointer {
    ($($pointer:ty),+) => { $(
        impl<T: ImageImporter + ?Sized> ImageImporter for $pointer {
            fn capabilities(&self) -> &'static Capabilities {
                (**self).capabilities()
            }

            fn region(&self) -> &str {
                (**self).region()
            }

            fn provider(&self) -> Provider {
                (**self).provider()
            }

            fn connection(&self) -> Option<&Connection> {
                (**self).connection()
            }

            fn project(&self) -> Option<&str> {
                (**self).project()
            }

            fn env(&self) -> &dyn Env {
                (**self).env()
            }

            fn grace(&self) -> Grace {
                (**self).grace()
            }

            fn as_any(&self) -> Option<&dyn Any> {
                (**self).as_any()
            }

            fn validate(&self, request: &ImportRequest) -> Vec<Problem> {
                (**self).validate(request)
            }

            fn preflight<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
                (**self).preflight(request)
            }

            fn preflight_with<'a>(&'a self, request: &'a ImportRequest, asking: &'a Asking) -> BoxFuture<'a, Vec<Check>> {
                (**self).preflight_with(request, asking)
            }

            fn prepare(&self, request: &ImportRequest) -> Result<Prepared> {
                (**self).prepare(request)
            }

            fn submit(&self, prepared: Prepared) -> BoxFuture<'_, Result<ImportTask>> {
                (**self).submit(prepared)
            }

            fn resume<'a>(&'a self, request: &'a ImportRequest, task: ImportTask) -> BoxFuture<'a, Result<ImportTask>> {
                (**self).resume(request, task)
            }

            fn start<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Result<ImportTask>> {
                (**self).start(request)
            }

            fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
                (**self).poll(task)
            }

            fn cancel<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
                (**self).cancel(task)
            }

            fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
                (**self).lookup(task)
            }

            fn sight<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Sighting>> {
                (**self).sight(task)
            }

            fn presence<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<Presence>> {
                (**self).presence(image)
            }

            fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
                (**self).delete(image)
            }

            fn images_named<'a>(&'a self, name: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<NamedImage>>> {
                (**self).images_named(name, project)
            }

            fn images<'a>(&'a self, project: Option<&'a str>) -> BoxFuture<'a, Result<OwnImages>> {
                (**self).images(project)
            }

            fn image<'a>(&'a self, id: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Option<OwnImage>>> {
                (**self).image(id, project)
            }

            fn answer_share<'a>(&'a self, image: &'a ImportedImage, accept: bool) -> BoxFuture<'a, Result<()>> {
                (**self).answer_share(image, accept)
            }

            fn validate_change(&self, change: &ImageChange) -> Vec<Problem> {
                (**self).validate_change(change)
            }

            fn preflight_change<'a>(
                &'a self,
                change: &'a ImageChange,
                asking: &'a Asking,
            ) -> BoxFuture<'a, Vec<Check>> {
                (**self).preflight_change(change, asking)
            }

            fn change<'a>(
                &'a self,
                image: &'a ImportedImage,
                change: &'a ImageChange,
            ) -> BoxFuture<'a, Result<ImageAttributes>> {
                (**self).change(image, change)
            }

            fn newest_of<'a>(&'a self, family: &'a str) -> BoxFuture<'a, Result<Option<ImportedImage>>> {
                (**self).newest_of(family)
    }

            fn validate_export(&self, request: &ExportRequest) -> Vec<Problem> {
                (**self).validate_export(request)
            }

            fn prepare_export(&self, request: &ExportRequest) -> Result<PreparedExport> {
                (**self).prepare_export(request)
            }

            fn submit_export(&self, prepared: PreparedExport) -> BoxFuture<'_, Result<ExportTask>> {
                (**self).submit_export(prepared)
            }

            fn resume_export<'a>(
                &'a self,
                request: &'a ExportRequest,
                task: ExportTask,
            ) -> BoxFuture<'a, Result<ExportTask>> {
                (**self).resume_export(request, task)
            }

            fn poll_export<'a>(&'a self, task: &'a mut ExportTask) -> BoxFuture<'a, Result<ExportState>> {
                (**self).poll_export(task)
            }

            fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
                (**self).rename(image, name)
            }
        }
    )+ };
}

pointer!(&T, Box<T>, Arc<T>);
