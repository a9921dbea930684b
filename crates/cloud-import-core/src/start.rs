//! Starting an import so that a lost answer never becomes a second image.

use tracing::{debug, warn};

use crate::{Error, ErrorKind, ImageImporter, ImportRequest, ImportTask, Result, capabilities::UniqueNames};

/// Validates and sends an order; see [`ImageImporter::start`].
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with all problems before anything is sent; what the cloud refused; or
/// [`ErrorKind::OutcomeUnknown`].
pub async fn start<I: ImageImporter + ?Sized>(importer: &I, request: &ImportRequest) -> Result<ImportTask> {
    if !request.no_validate {
        let problems = importer.validate(request);
        if problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(importer.provider(), problems));
        }
    }
    let mut task = importer.prepare(request)?;
    send(importer, request, &mut task).await?;
    Ok(task)
}

/// Goes on with an order whose task another process recorded before it sent it. Whether it was sent is not known, so it is
/// settled like a start whose answer was lost: by its token, else by looking for it.
///
/// # Errors
/// As [`start`].
pub async fn resume<I: ImageImporter + ?Sized>(
    importer: &I,
    request: &ImportRequest,
    task: &mut ImportTask,
) -> Result<()> {
    if importer.capabilities().client_token.value && task.token.is_some() {
        return send(importer, request, task).await;
    }
    let lost = Error::new(
        ErrorKind::OutcomeUnknown,
        "the process that was about to send it ended before it had an answer",
    )
    .with_provider(importer.provider());
    settle(importer, request, task, lost).await
}

/// Sends a prepared order and settles a lost answer. For a task of a process that died, see [`resume`].
///
/// # Errors
/// As [`start`]; [`ErrorKind::Unsupported`] for a dry run where the cloud has none.
pub async fn send<I: ImageImporter + ?Sized>(
    importer: &I,
    request: &ImportRequest,
    task: &mut ImportTask,
) -> Result<()> {
    if request.dry_run && !importer.capabilities().dry_run.value {
        // Without validation this would be an import.
        let message = format!("{}'s import has no dry run", importer.provider().name());
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(importer.provider())
            .with_remedy("Check the order with `validate` alone."));
    }
    match importer.submit(request, task).await {
        Ok(()) => Ok(()),
        Err(error) if error.may_have_executed() => settle(importer, request, task, error).await,
        Err(error) => Err(error),
    }
}

/// What was tried in vain where only a lookup can settle a lost answer.
const NOT_LISTED: &str = "no image is listed that is known to be this one";

/// Finds out what became of a start that may have been executed.
async fn settle<I: ImageImporter + ?Sized>(
    importer: &I,
    request: &ImportRequest,
    task: &mut ImportTask,
    lost: Error,
) -> Result<()> {
    if request.dry_run {
        return Err(lost);
    }
    debug!(
        provider = importer.provider().id(),
        kind = lost.kind().as_str(),
        "the answer was lost"
    );
    let cloud = importer.capabilities();
    if cloud.client_token.value && task.token.is_some() {
        return repeat_with_token(importer, request, task, lost).await;
    }
    if find(importer, task).await {
        return Ok(());
    }
    if cloud.unique_names.value == UniqueNames::Refused {
        return match importer.submit(request, task).await {
            Err(error) if is_unsettled(&error) => Err(unknown(importer, task, error, NOT_LISTED)),
            outcome => outcome,
        };
    }
    Err(unknown(importer, task, lost, NOT_LISTED))
}

/// Sends the same order with the same token until the cloud answers: the token makes it the first order's answer.
async fn repeat_with_token<I: ImageImporter + ?Sized>(
    importer: &I,
    request: &ImportRequest,
    task: &mut ImportTask,
    mut lost: Error,
) -> Result<()> {
    let (ambient, grace) = (importer.ambient(), importer.grace());
    let started = ambient.monotonic();
    while ambient.monotonic().saturating_sub(started) < grace.period {
        ambient.sleep(grace.interval).await;
        match importer.submit(request, task).await {
            Ok(()) => return Ok(()),
            Err(error) if is_unsettled(&error) || error.is_retryable() => lost = error,
            Err(error) => return Err(error),
        }
    }
    let tried = "sending it again with its token brought no answer either";
    Err(unknown(importer, task, lost, tried).with_remedy(format!(
        "Repeat the same order: its token makes that safe. Or look for an image named `{}` in the console of {}.",
        task.name,
        importer.provider().name()
    )))
}

/// A taken name says nothing here: the image may be the one that the lost start made, or an older one.
fn is_unsettled(error: &Error) -> bool {
    error.may_have_executed() || error.kind() == ErrorKind::DuplicateName
}

/// Looks for the import until it is listed or the grace period is over, and takes over what is found. A failing lookup is
/// not an answer.
pub async fn find<I: ImageImporter + ?Sized>(importer: &I, task: &mut ImportTask) -> bool {
    let (ambient, grace) = (importer.ambient(), importer.grace());
    let started = ambient.monotonic();
    loop {
        match importer.lookup(task).await {
            Ok(Some(found)) => {
                *task = found;
                return true;
            }
            Ok(None) => {}
            Err(error) => {
                warn!(
                    provider = importer.provider().id(),
                    kind = error.kind().as_str(),
                    "the lookup failed"
                );
            }
        }
        if ambient.monotonic().saturating_sub(started) >= grace.period {
            return false;
        }
        ambient.sleep(grace.interval).await;
    }
}

fn unknown<I: ImageImporter + ?Sized>(importer: &I, task: &ImportTask, lost: Error, tried: &str) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "whether the import of `{}` in {} was started is not known: {}, and {tried}",
            task.name,
            task.region,
            lost.message(),
        ),
    )
    .with_provider(importer.provider())
    .with_request_id(lost.request_id().map(str::to_owned))
    .with_attempts(lost.attempts())
    .with_remedy(format!(
        "Look for an image named `{}` in the console of {}: if it is there, take it; if not, start again.",
        task.name,
        importer.provider().name()
    ))
    .with_source(lost)
}
