//! The normalized import of one cloud, as a trait that works as `dyn`.

use std::{fmt::Debug, time::Duration};

use crate::{
    BoxFuture, CancelOutcome, Capabilities, Check, Error, ErrorKind, Failure, ImportRequest, ImportTask, ImportedImage,
    Problem, Provider, Result, TaskState,
    ambient::Ambient,
    builder::Connection,
    preflight::{Checks, Namesake, SecondOfName},
    start,
};

/// Imports images into one cloud.
///
/// Use [`validate`](Self::validate), [`start`](Self::start), [`wait`](crate::wait()) and the verbs beside them.
/// [`prepare`](Self::prepare) and [`submit`](Self::submit) are the two halves of a start, for programs that record the
/// task before it is sent.
pub trait ImageImporter: Debug + Send + Sync {
    /// The cloud.
    fn provider(&self) -> Provider {
        self.capabilities().provider
    }

    /// Where it sends, for which region and project, and how.
    fn connection(&self) -> &Connection;

    /// The region.
    fn region(&self) -> &str {
        &self.connection().region
    }

    /// What the cloud can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Every problem of an order, at once and without I/O.
    fn validate(&self, request: &ImportRequest) -> Vec<Problem>;

    /// What can be found out about an order before it is started: its problems, then what the cloud says to reads and, where
    /// it has one, a dry run. It moves no bytes and changes nothing. An importer that does not ask says so.
    fn preflight<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
        let checks = Checks::new(self, request).finish(&[], "this importer does not ask the cloud");
        Box::pin(std::future::ready(checks))
    }

    /// Makes the role by which the cloud reads the image file, where it needs one and has none, and waits until it counts, for
    /// the grace period at the most. What is there already stays as it is. `say` is told what is done, a line at a time.
    ///
    /// The check says how the role is now; `None` where the cloud needs no role.
    fn create_role<'a>(
        &'a self,
        _request: &'a ImportRequest,
        _say: &'a (dyn Fn(&str) + Send + Sync),
    ) -> BoxFuture<'a, Option<Check>> {
        Box::pin(std::future::ready(None))
    }

    /// The task of an order before it is sent: name, source, token or marker, route. No I/O.
    ///
    /// # Errors
    /// When the order cannot be written in this cloud's words.
    fn prepare(&self, request: &ImportRequest) -> Result<ImportTask>;

    /// Sends a prepared order and fills in the ids. It does not settle a lost answer: use [`start`](Self::start).
    fn submit<'a>(&'a self, request: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>>;

    /// Starts an import: validates, sends, and if the answer was lost, finds out what became of it.
    ///
    /// Fails with [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) when that cannot be found out: never a
    /// guess, never a second image.
    fn start<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Result<ImportTask>> {
        Box::pin(start::start(self, request))
    }

    /// Asks once how an import stands. An error is a failed poll, not a failed import.
    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>>;

    /// Cancels an import where the cloud can. Most have no call for it; the importer of one that has says so here.
    fn cancel<'a>(&'a self, _task: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
        let why = format!(
            "{} has no call to cancel an import: wait for its end, then delete the image",
            self.provider().name()
        );
        Box::pin(std::future::ready(Ok(CancelOutcome::Unsupported(why))))
    }

    /// Looks for the import that a task stands for, by ids, token, or name and marker; `None` when it is not listed.
    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>>;

    /// Deletes an image and the snapshots behind it, where they are of no other use.
    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>>;

    /// What the cloud does with a second image of one name.
    fn second_of_name(&self) -> SecondOfName {
        SecondOfName::Undocumented
    }

    /// The account's own images of exactly this name, in the project of the client when none is named. No order.
    ///
    /// An importer that cannot look says so: [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    fn namesakes<'a>(&'a self, _name: &'a str, _project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(std::future::ready(Err(unable(
            self.provider(),
            "looks for images by their name",
        ))))
    }

    /// Gives a finished image another name. Doing it twice does nothing more.
    ///
    /// An importer whose cloud has no call for it says so: [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    fn rename<'a>(&'a self, _image: &'a ImportedImage, _name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Err(unable(self.provider(), "renames images"))))
    }

    /// Clock and sleep that waiting goes by.
    fn ambient(&self) -> &dyn Ambient {
        &*self.connection().pipeline.ambient
    }

    /// How long an import whose answer was lost is looked for.
    fn grace(&self) -> Grace {
        self.connection().grace
    }
}

fn unable(provider: Provider, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this importer has no call that {what}"))
        .with_provider(provider)
        .with_remedy("Do it in the vendor's console.")
}

/// How long and how often something is looked for that may not be listed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// For how long.
    pub period: Duration,
    /// At what interval.
    pub interval: Duration,
}

impl Default for Grace {
    /// Two minutes, every five seconds.
    fn default() -> Self {
        Self {
            period: Duration::from_secs(120),
            interval: Duration::from_secs(5),
        }
    }
}

/// What a poll says of an import that the cloud does not list: not listed yet while the grace period runs, gone and so
/// failed if it was listed before.
///
/// # Errors
/// [`ErrorKind::NotFound`] when it was never listed and the grace period is over.
pub fn not_listed<I: ImageImporter + ?Sized>(importer: &I, task: &ImportTask) -> Result<TaskState> {
    if task.first_seen_at.is_some() {
        return Ok(TaskState::Failed(Failure::new(
            None,
            "the cloud listed it before and does not any more: it failed or was deleted",
        )));
    }
    let age = importer
        .ambient()
        .now()
        .duration_since(task.started_at)
        .unwrap_or_default();
    if age < importer.grace().period {
        return Ok(TaskState::in_progress("not listed yet", None));
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!(
            "the import of `{}` is not listed {} s after its start",
            task.name,
            age.as_secs()
        ),
    )
    .with_provider(importer.provider())
    .with_remedy("Check region and project, and look for the image in the vendor's console."))
}

/// What became of a deletion: an image that is not there after an attempt that may have been executed was deleted by it.
///
/// # Errors
/// Every other error of the deletion.
pub fn deleted<T>(outcome: Result<T>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound && error.may_have_executed() => Ok(()),
        outcome => outcome.map(drop),
    }
}
