//! Waiting for a verdict, in any process that holds the task.

use std::{fmt, sync::Arc, time::Duration};

use tracing::{field::Empty, info_span};

use super::spans;
use crate::{Error, ErrorKind, ImageImporter, ImportTask, ImportedImage, Result, TaskState};

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
}

/// Who is told what happens while waiting.
type Listener = Arc<dyn Fn(&ImportTask, WaitEvent<'_>) + Send + Sync>;

/// What happened while waiting.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum WaitEvent<'a> {
    /// A poll came back.
    Polled {
        /// The state.
        state: &'a TaskState,
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

impl Default for WaitOptions {
    /// No limit; polls after 5 s at first and every 60 s at most; 20 failed polls in a row are tolerated.
    fn default() -> Self {
        Self {
            limit: None,
            first_interval: Duration::from_secs(5),
            longest_interval: Duration::from_secs(60),
            tolerated_errors: 20,
            on_event: None,
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
    let image = spans::recorded(span.clone(), until_verdict(importer, task, options)).await?;
    span.record("image.id", &image.id);
    Ok(image)
}

async fn until_verdict(
    importer: &dyn ImageImporter,
    task: &mut ImportTask,
    options: &WaitOptions,
) -> Result<ImportedImage> {
    let env = importer.env();
    let started = env.monotonic();
    let mut interval = options.first_interval;
    let mut failed = 0;
    let mut last_raw = String::from("none was shown");
    let tell = |task: &ImportTask, event: WaitEvent<'_>| {
        if let Some(listener) = &options.on_event {
            listener(task, event);
        }
    };
    loop {
        let polled = importer.poll(task).await;
        let elapsed = env.monotonic().saturating_sub(started);
        let mut pause = interval;
        let fault = match polled {
            Ok(state) => {
                failed = 0;
                tell(task, WaitEvent::Polled { state: &state, elapsed });
                match state {
                    TaskState::InProgress { raw, .. } => last_raw = raw,
                    TaskState::Succeeded { image } => return Ok(image),
                    TaskState::Failed(failure) => return Err(failure.into_error(task)),
                    TaskState::Canceled => return Err(canceled(task)),
                }
                None
            }
            Err(error) => {
                failed += 1;
                // What the vendor does not explain, or what passes, says nothing about the import.
                let passes = error.is_retryable() || matches!(error.kind(), ErrorKind::Service | ErrorKind::Conflict);
                if !passes || failed > options.tolerated_errors {
                    return Err(error);
                }
                pause = pause.max(error.retry_after().unwrap_or_default().min(LONGEST_HINT));
                tell(
                    task,
                    WaitEvent::PollFailed {
                        error: &error,
                        in_a_row: failed,
                    },
                );
                Some(error)
            }
        };
        if let Some(limit) = options.limit {
            let left = limit.saturating_sub(elapsed);
            if left.is_zero() {
                return Err(limit_reached(task, limit, &last_raw, fault));
            }
            pause = pause.min(left);
        }
        env.sleep(pause).await;
        interval = interval.mul_f32(1.5).min(options.longest_interval);
    }
}

fn canceled(task: &ImportTask) -> Error {
    Error::new(
        ErrorKind::Canceled,
        format!("the import of `{}` was cancelled", task.name),
    )
    .with_provider(task.provider)
}

/// The wait is over before the import is. A poll that failed last goes along: its code, status and request id are the error's.
fn limit_reached(task: &ImportTask, limit: Duration, last_raw: &str, fault: Option<Error>) -> Error {
    let (name, limit) = (&task.name, limit.as_secs());
    let message = format!("the import of `{name}` still runs after {limit} s (last state: {last_raw})");
    let error = match fault {
        Some(fault) => fault
            .clone()
            .with_kind(ErrorKind::WaitLimitReached)
            .map_message(|why| format!("{message}; the last poll failed: {why}"))
            .with_source(fault),
        None => Error::new(ErrorKind::WaitLimitReached, message),
    };
    error
        .with_provider(task.provider)
        .with_remedy("It goes on in the cloud: keep the object, and wait again with the same task.")
}
