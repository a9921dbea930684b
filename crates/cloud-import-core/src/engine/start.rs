//! Sending an order so that a lost answer never becomes a second image.

use std::time::Duration;

use tracing::{debug, warn};

use super::{
    cloud::{Cloud, Proof, Sent},
    copy_order::CopyOrder,
    image_importer::{ImageImporter, Prepared},
    search,
};
use crate::{
    Error, ErrorKind, Grace, ImportTask, Provider, Remedy, Result, Stop,
    client::Connection,
    net::{env::Env, stop::unless},
    remedy::Change,
};

/// Sends a prepared order and settles a lost answer.
pub(crate) async fn submit<C: Cloud>(cloud: &C, prepared: Prepared) -> Result<ImportTask> {
    send_and_settle(cloud, prepared, Error::may_have_executed).await
}

async fn send_and_settle<C: Cloud>(
    cloud: &C,
    prepared: Prepared,
    is_open: impl Fn(&Error) -> bool,
) -> Result<ImportTask> {
    if prepared.task.dry_run && !cloud.capabilities().dry_run.value {
        // Without validation this would be an import.
        let message = format!("{}'s import has no dry run", prepared.task.provider.name());
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(prepared.task.provider)
            .with_remedy("Check the order with `validate` alone."));
    }
    match send(cloud, &prepared).await {
        Err(error) if is_open(&error) => settle(cloud, prepared, error).await,
        outcome => outcome,
    }
}

/// Goes on with an order that may have been sent: by its token, else by looking for it.
pub(crate) async fn resume<C: Cloud>(cloud: &C, prepared: Prepared) -> Result<ImportTask> {
    if prepared.task.token.is_some() {
        return send_and_settle(cloud, prepared, is_unsettled).await;
    }
    let lost = ended_unanswered(prepared.task.provider);
    settle(cloud, prepared, lost).await
}

/// What stands for the answer to an order that another process may have sent.
pub(super) fn ended_unanswered(provider: Provider) -> Error {
    let message = "the process that was about to send it ended before it had an answer";
    Error::new(ErrorKind::OutcomeUnknown, message).with_provider(provider)
}

/// Sends a prepared order once.
async fn send<C: Cloud>(cloud: &C, prepared: &Prepared) -> Result<ImportTask> {
    let mut task = prepared.task.clone();
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let sent = match task.is_copy() {
        true => send_copy(cloud, prepared.order()?).await?,
        false => cloud.send(prepared.order()?, project.as_deref()).await?,
    };
    let sent = sent.checked(task.provider)?;
    if sent.task_id.is_none() && sent.image_id.is_none() && !sent.is_taken && !task.dry_run {
        let message = "the answer has neither task id nor image id";
        return Err(Error::new(ErrorKind::InvalidResponse, message)
            .with_provider(task.provider)
            .with_operation(sent.operation));
    }
    task.project = project;
    (task.task_id, task.image_id) = (sent.task_id, sent.image_id);
    Ok(task)
}

/// Sends the order of a copy once, from where the image is.
async fn send_copy<C: Cloud>(cloud: &C, order: &CopyOrder) -> Result<Sent> {
    let image = &order.image;
    let before = |error: Error| error.with_may_have_executed(false);
    let from = cloud.in_region(&image.region, image.project.as_deref())?;
    let project = from.resolve_project(image.project.as_deref()).await.map_err(before)?;
    if C::COPY_PROOF == Proof::Name {
        let own = cloud.resolve_project(None).await.map_err(before)?;
        let name = &order.request.name;
        let there = search::named(cloud, name, own.as_deref(), 1).await.map_err(before)?;
        if let Some(other) = there.first() {
            let region = &cloud.connection().region;
            let message = format!("{region} has an image named `{name}` already: {}", other.id);
            return Err(Error::new(ErrorKind::DuplicateName, message)
                .with_provider(cloud.capabilities().provider)
                .with_remedy("Give the copy another name, or delete that image if it is not needed."));
        }
    }
    cloud.send_copy(&from, order, project.as_deref()).await
}

/// Finds out what became of a start that may have been executed.
async fn settle<C: Cloud>(cloud: &C, prepared: Prepared, lost: Error) -> Result<ImportTask> {
    if prepared.task.dry_run {
        return Err(lost);
    }
    debug!(
        provider = prepared.task.provider.id(),
        kind = lost.kind().as_str(),
        "the answer was lost"
    );
    if prepared.task.token.is_some() {
        return repeat_with_token(cloud, prepared, lost).await;
    }
    let connection = cloud.connection();
    let look = || search::lookup(cloud, &prepared.task, |_| true);
    match look_for(
        &*connection.pipeline.env,
        connection.grace,
        &connection.pipeline.stop,
        look,
    )
    .await
    {
        Ok(task) => Ok(task),
        Err(None) => Err(unknown(&prepared.task, lost, "no listed image is known to be this one")),
        Err(Some(failed)) => {
            let tried = format!("looking for it failed: {}", failed.message());
            Err(unknown(&prepared.task, lost, &tried))
        }
    }
}

/// Sends the same order with the same token until the cloud answers: the token makes it the first order's answer.
async fn repeat_with_token<C: Cloud>(cloud: &C, prepared: Prepared, lost: Error) -> Result<ImportTask> {
    let send = || send(cloud, &prepared);
    let Unanswered(lost) = match until_answered(cloud.connection(), lost, is_unsettled, send).await {
        Ok(answer) => return answer,
        Err(unanswered) => unanswered,
    };
    let tried = "sending it again with its token brought no answer either";
    let task = &prepared.task;
    Err(unknown(task, lost, tried).with_remedy(format!(
        "Repeat the same order: its token makes that safe. Or look for an image named `{}` in the console of {}.",
        task.name,
        task.provider.name()
    )))
}

/// Nothing but this came back in the grace period.
pub(super) struct Unanswered(pub(super) Error);

/// Sends again what may be sent again, until the cloud answers.
pub(super) async fn until_answered<T, F>(
    connection: &Connection,
    mut lost: Error,
    is_unsettled: impl Fn(&Error) -> bool,
    send: impl Fn() -> F,
) -> Result<Result<T>, Unanswered>
where
    F: Future<Output = Result<T>>,
{
    let (pipeline, grace) = (&connection.pipeline, connection.grace);
    let env = &*pipeline.env;
    let started = env.monotonic();
    while env.monotonic().saturating_sub(started) < grace.period {
        if !slept(env, grace.interval, &pipeline.stop).await {
            break;
        }
        match send().await {
            Err(error) if is_unsettled(&error) || error.is_retryable() => lost = error,
            settled => return Ok(settled),
        }
    }
    Err(Unanswered(lost))
}

/// A taken name says nothing here: the image may be the one that the lost start made, or an older one.
fn is_unsettled(error: &Error) -> bool {
    error.may_have_executed() || error.kind() == ErrorKind::DuplicateName
}

/// Looks for the import of a task until it is listed, the grace period is over, or it is stopped. A failing lookup is no answer.
///
/// # Cancel safety
/// Call it again.
pub async fn find(importer: &dyn ImageImporter, task: &ImportTask) -> Option<ImportTask> {
    let stop = importer.connection().map(|connection| connection.pipeline.stop.clone());
    let look = || importer.lookup(task);
    let found = look_for(importer.env(), importer.grace(), &stop.unwrap_or_default(), look).await;
    found.ok()
}

/// What is looked for, or why the last look failed if it did.
pub(super) async fn look_for<T, F>(
    env: &dyn Env,
    grace: Grace,
    stop: &Stop,
    look: impl Fn() -> F,
) -> Result<T, Option<Error>>
where
    F: Future<Output = Result<Option<T>>>,
{
    let started = env.monotonic();
    loop {
        let failed = match look().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => None,
            Err(error) => {
                warn!(kind = error.kind().as_str(), "the lookup failed");
                Some(error)
            }
        };
        let is_over = env.monotonic().saturating_sub(started) >= grace.period;
        if is_over || !slept(env, grace.interval, stop).await {
            return Err(failed);
        }
    }
}

/// Waits; whether that was not broken off by a stop.
async fn slept(env: &dyn Env, time: Duration, stop: &Stop) -> bool {
    !stop.is_requested() && unless(stop.requested(), env.sleep(time)).await.is_some()
}

/// Nobody knows what became of it. What the lost answer told (code, HTTP status, request id) is kept.
fn unknown(task: &ImportTask, lost: Error, tried: &str) -> Error {
    let (name, cloud) = (&task.name, task.provider.name());
    let absent = format!("the console of {cloud} shows no image named `{name}`");
    let repeat = Remedy::Repeat(Change::Nothing);
    let remedy = match lost.kind() {
        ErrorKind::Stopped => repeat,
        _ => repeat.then(Remedy::when(absent, Remedy::Repeat(Change::Generation))),
    };
    lost.clone()
        .with_kind(ErrorKind::OutcomeUnknown)
        .map_message(|why| {
            let region = &task.region;
            let noun = task.noun();
            format!("whether the {noun} of `{name}` in {region} was started is not known: {why}, and {tried}")
        })
        .with_provider(task.provider)
        .with_remedy(remedy)
        .with_source(lost)
}
