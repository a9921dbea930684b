//! Waiting for a verdict, in any process that holds the task.

use std::{fmt, future::Future, ops::ControlFlow, sync::Arc, time::Duration};

use tracing::{field::Empty, info_span};

use super::spans;
use crate::{
    Error, ErrorKind, ExportState, ExportTask, ExportedImage, ImageImporter, ImportTask, ImportedImage, Provider,
    Result, TaskState, net::env::Env,
};

/// A server's hint counts up to this: a longer one is more likely wrong than meant.
const LONGEST_HINT: Duration = Duration::from_secs(15 * 60);

/// How to wait.
///
/// ```
/// use std::time::Duration;
///
/// use cloud_import_core::{WaitEvent, WaitOptions};
///
/// let options = WaitOptions::default()
///     .limit(Duration::from_secs(2 * 3600))
///     .on_event(|task, event| match event {
///         WaitEvent::Polled { state, elapsed } => println!("{} after {elapsed:?}: {state:?}", task.name),
///         WaitEvent::PollFailed { error, in_a_row } => println!("{in_a_row} failed: {error}"),
///         _ => {}
///     });
/// ```
#[derive(Clone)]
#[must_use]
pub struct WaitOptions {
    limit: Option<Duration>,
    first_interval: Duration,
    longest_interval: Duration,
    tolerated_errors: u32,
    on_event: Option<Listener>,
    on_export_event: Option<ExportListener>,
}

/// Who is told what happens while waiting.
type Listener = Arc<dyn Fn(&ImportTask, WaitEvent<'_>) + Send + Sync>;

/// Who is told what happens while an export is waited for.
type ExportListener = Arc<dyn Fn(&ExportTask, WaitEvent<'_, ExportState>) + Send + Sync>;

/// What happened while waiting, for an import or with an [`ExportState`] for an export.
#[derive(Debug)]
#[non_exhaustive]
pub enum WaitEvent<'a, S = TaskState> {
    /// A poll came back.
    Polled {
        /// The state.
        state: &'a S,
        /// Since the wait began.
        elapsed: Duration,
    },
    /// A poll failed and is tolerated.
    PollFailed {
        /// Why.
        error: &'a Error,
        /// How many failed in a row.
        in_a_row: u32,
    },
}

impl<S> Clone for WaitEvent<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for WaitEvent<'_, S> {}

impl Default for WaitOptions {
    /// No limit; polls after 5 s at first and every 60 s at most; 20 failed polls in a row are tolerated.
    fn default() -> Self {
        Self {
            limit: None,
            first_interval: Duration::from_secs(5),
            longest_interval: Duration::from_secs(60),
            tolerated_errors: 20,
            on_event: None,
            on_export_event: None,
        }
    }
}

impl WaitOptions {
    /// Ends the wait after this time; the import goes on.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The interval between the first two polls, and the longest; in between it grows by half each time.
    pub fn intervals(mut self, first: Duration, longest: Duration) -> Self {
        self.first_interval = first;
        self.longest_interval = longest;
        self
    }

    /// How many polls in a row may fail.
    pub fn tolerated_errors(mut self, errors: u32) -> Self {
        self.tolerated_errors = errors;
        self
    }

    /// Is told of every poll. Called from the waiting task: it must not block.
    pub fn on_event(mut self, listener: impl Fn(&ImportTask, WaitEvent<'_>) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(listener));
        self
    }

    /// Is told of every poll of an export. Called from the waiting task: it must not block.
    pub fn on_export_event(
        mut self,
        listener: impl Fn(&ExportTask, WaitEvent<'_, ExportState>) + Send + Sync + 'static,
    ) -> Self {
        self.on_export_event = Some(Arc::new(listener));
        self
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions")
            .field("limit", &self.limit)
            .field("first_interval", &self.first_interval)
            .field("longest_interval", &self.longest_interval)
            .field("tolerated_errors", &self.tolerated_errors)
            .finish_non_exhaustive()
    }
}

/// Polls until the cloud gives its verdict.
///
/// A failed poll is tolerated: the import goes on behind it. `task` is kept up to date, so that after any error the wait
/// can be taken up again with it, here or elsewhere. Dropping the future ends the wait; the import goes on.
///
/// ```
/// use cloud_import_core::{ErrorKind, ImageImporter, ImportTask, Result, WaitOptions, wait};
///
/// async fn verdict(importer: &dyn ImageImporter, task: &mut ImportTask) -> Result<()> {
///     match wait(importer, task, &WaitOptions::default()).await {
///         Ok(image) => println!("{image}"),
///         Err(error) if error.kind() == ErrorKind::TaskFailed => println!("{error}"), // the vendor's reason
///         Err(error) => return Err(error), // not a verdict: wait again, here or elsewhere
///     }
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`ErrorKind::TaskFailed`] with the vendor's reason, [`ErrorKind::Canceled`], [`ErrorKind::WaitLimitReached`], or the
/// poll's own error when it is final (credentials, permission) or too many failed in a row.
pub async fn wait(importer: &dyn ImageImporter, task: &mut ImportTask, options: &WaitOptions) -> Result<ImportedImage> {
    if task.dry_run {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            "the order was only checked: there is no import to wait for",
        )
        .with_provider(task.provider)
        .with_remedy("Start it without dry run."));
    }
    let span = info_span!(
        "wait",
        cloud.provider = task.provider.id(),
        cloud.region = task.region,
        image.name = task.name,
        image.id = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    );
    let image = spans::recorded(span.clone(), until_verdict(Import { importer, task }, options)).await?;
    span.record("image.id", &image.id);
    Ok(image)
}

/// Polls until the cloud gives its verdict of an export, as [`wait`] does for an import.
///
/// ```
/// use cloud_import_core::{ExportRequest, ImageImporter, ImportedImage, Result, WaitOptions, wait_for_export};
///
/// async fn back_up(importer: &dyn ImageImporter, image: &ImportedImage) -> Result<()> {
///     let prepared = importer.prepare_export(&ExportRequest::new(image, "backups"))?;
///     let mut task = importer.submit_export(prepared).await?;
///     println!("{}", wait_for_export(importer, &mut task, &WaitOptions::default()).await?);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// As [`wait`].
pub async fn wait_for_export(
    importer: &dyn ImageImporter,
    task: &mut ExportTask,
    options: &WaitOptions,
) -> Result<ExportedImage> {
    let span = info_span!(
        "wait_for_export",
        cloud.provider = task.provider.id(),
        cloud.region = task.region,
        image.id = task.image_id,
        "error.type" = Empty,
        otel.status_code = Empty,
    );
    spans::recorded(span, until_verdict(Export { importer, task }, options)).await
}

/// What is waited for.
trait Waited: Send + Sync {
    /// What a poll says.
    type State: Send + Sync;
    /// What there is at the end.
    type Outcome;

    /// Clock and sleep.
    fn env(&self) -> &dyn Env;

    /// Asks once.
    fn poll(&mut self) -> impl Future<Output = Result<Self::State>> + Send;

    /// Tells who wants to know.
    fn tell(&self, options: &WaitOptions, event: WaitEvent<'_, Self::State>);

    /// The end, or the vendor's word for the state in which it goes on.
    fn verdict(&self, state: Self::State) -> ControlFlow<Result<Self::Outcome>, String>;

    /// The error of a wait that is over before that is.
    fn limit_reached(&self, limit: Duration, last_raw: &str) -> (Provider, String, &'static str);
}

struct Import<'a> {
    importer: &'a dyn ImageImporter,
    task: &'a mut ImportTask,
}

impl Waited for Import<'_> {
    type State = TaskState;
    type Outcome = ImportedImage;

    fn env(&self) -> &dyn Env {
        self.importer.env()
    }

    fn poll(&mut self) -> impl Future<Output = Result<TaskState>> + Send {
        self.importer.poll(self.task)
    }

    fn tell(&self, options: &WaitOptions, event: WaitEvent<'_>) {
        if let Some(listener) = &options.on_event {
            listener(self.task, event);
        }
    }

    fn verdict(&self, state: TaskState) -> ControlFlow<Result<ImportedImage>, String> {
        ControlFlow::Break(match state {
            TaskState::InProgress { raw, .. } => return ControlFlow::Continue(raw),
            TaskState::Succeeded { image } => Ok(image),
            TaskState::Failed(failure) => Err(failure.into_error(self.task)),
            TaskState::Canceled => Err(canceled(
                self.task.provider,
                &format!("the import of `{}`", self.task.name),
            )),
        })
    }

    fn limit_reached(&self, limit: Duration, last_raw: &str) -> (Provider, String, &'static str) {
        let (name, limit) = (&self.task.name, limit.as_secs());
        let message = format!("the import of `{name}` still runs after {limit} s (last state: {last_raw})");
        let remedy = "It goes on in the cloud: keep the object, and wait again with the same task.";
        (self.task.provider, message, remedy)
    }
}

struct Export<'a> {
    importer: &'a dyn ImageImporter,
    task: &'a mut ExportTask,
}

impl Waited for Export<'_> {
    type State = ExportState;
    type Outcome = ExportedImage;

    fn env(&self) -> &dyn Env {
        self.importer.env()
    }

    fn poll(&mut self) -> impl Future<Output = Result<ExportState>> + Send {
        self.importer.poll_export(self.task)
    }

    fn tell(&self, options: &WaitOptions, event: WaitEvent<'_, ExportState>) {
        if let Some(listener) = &options.on_export_event {
            listener(self.task, event);
        }
    }

    fn verdict(&self, state: ExportState) -> ControlFlow<Result<ExportedImage>, String> {
        ControlFlow::Break(match state {
            ExportState::InProgress { raw, .. } => return ControlFlow::Continue(raw),
            ExportState::Succeeded { export } => Ok(export),
            ExportState::Failed(failure) => Err(failure.into_export_error(self.task)),
            ExportState::Canceled => Err(canceled(
                self.task.provider,
                &format!("the export of {}", self.task.image_id),
            )),
        })
    }

    fn limit_reached(&self, limit: Duration, last_raw: &str) -> (Provider, String, &'static str) {
        let (image, limit) = (&self.task.image_id, limit.as_secs());
        let message = format!("the export of {image} still runs after {limit} s (last state: {last_raw})");
        let remedy = "It goes on in the cloud: keep the image, and wait again with the same task.";
        (self.task.provider, message, remedy)
    }
}

async fn until_verdict<W: Waited>(mut waited: W, options: &WaitOptions) -> Result<W::Outcome> {
    let started = waited.env().monotonic();
    let mut interval = options.first_interval;
    let mut failed = 0;
    let mut last_raw = String::from("none was shown");
    loop {
        let polled = waited.poll().await;
        let elapsed = waited.env().monotonic().saturating_sub(started);
        let mut pause = interval;
        let fault = match polled {
            Ok(state) => {
                failed = 0;
                waited.tell(options, WaitEvent::Polled { state: &state, elapsed });
                match waited.verdict(state) {
                    ControlFlow::Continue(raw) => last_raw = raw,
                    ControlFlow::Break(verdict) => return verdict,
                }
                None
            }
            Err(error) => {
                failed += 1;
                // What the vendor does not explain, or what passes, says nothing about what is waited for.
                let passes = error.is_retryable() || matches!(error.kind(), ErrorKind::Service | ErrorKind::Conflict);
                if !passes || failed > options.tolerated_errors {
                    return Err(error);
                }
                pause = pause.max(error.retry_after().unwrap_or_default().min(LONGEST_HINT));
                let event = WaitEvent::PollFailed {
                    error: &error,
                    in_a_row: failed,
                };
                waited.tell(options, event);
                Some(error)
            }
        };
        if let Some(limit) = options.limit {
            let left = limit.saturating_sub(elapsed);
            if left.is_zero() {
                return Err(limit_reached(waited.limit_reached(limit, &last_raw), fault));
            }
            pause = pause.min(left);
        }
        waited.env().sleep(pause).await;
        interval = interval.mul_f32(1.5).min(options.longest_interval);
    }
}

fn canceled(provider: Provider, what: &str) -> Error {
    Error::new(ErrorKind::Canceled, format!("{what} was cancelled")).with_provider(provider)
}

/// The wait is over before what is waited for is. A poll that failed last goes along: its code, status and request id are the
/// error's.
fn limit_reached((provider, message, remedy): (Provider, String, &'static str), fault: Option<Error>) -> Error {
    let error = match fault {
        Some(fault) => fault
            .clone()
            .with_kind(ErrorKind::WaitLimitReached)
            .map_message(|why| format!("{message}; the last poll failed: {why}"))
            .with_source(fault),
        None => Error::new(ErrorKind::WaitLimitReached, message),
    };
    error.with_provider(provider).with_remedy(remedy)
}
