//! Exports of images: sent so that a lost answer never becomes an export under another key, and followed to their end.

use std::time::Duration;

use tracing::debug;

use super::{
    cloud::{Cloud, Listing, Row, Sent},
    export_order::{ExportProof, PreparedExport},
    start::{Unanswered, ended_unanswered, look_for, until_answered},
};
use crate::{
    Error, ErrorKind, ExportState, ExportTask, ExportedImage, Failure, Remedy, Result, model::code::StateClass,
    remedy::Change,
};

/// What an answer calls a key and is longer, in bytes, is none: no store has such keys.
const LONGEST_KEY: usize = 4096;

/// Sends a prepared export and settles a lost answer.
pub(super) async fn submit<C: Cloud>(cloud: &C, prepared: PreparedExport) -> Result<ExportTask> {
    let before = match C::EXPORT_PROOF {
        ExportProof::Task => known(cloud, &prepared)
            .await
            .map_err(|error| error.with_may_have_executed(false))?,
        ExportProof::Token | ExportProof::Nothing => None,
    };
    match send(cloud, &prepared).await {
        Err(error) if error.may_have_executed() => settle(cloud, prepared, before, error).await,
        outcome => outcome,
    }
}

/// Goes on with an export that may have been sent.
pub(super) async fn resume<C: Cloud>(cloud: &C, prepared: PreparedExport) -> Result<ExportTask> {
    if prepared.task.token.is_some() {
        return submit(cloud, prepared).await;
    }
    let lost = ended_unanswered(prepared.task.provider);
    settle(cloud, prepared, None, lost).await
}

/// Tasks of exports that the cloud showed of the image before this one was sent. Keys that may not look do not keep it from being sent.
async fn known<C: Cloud>(cloud: &C, prepared: &PreparedExport) -> Result<Option<Vec<Row>>> {
    let task = &prepared.task;
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    match cloud.exports(&task.image_id, project.as_deref()).await {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
        rows => rows.map(Some),
    }
}

/// Sends a prepared export once.
async fn send<C: Cloud>(cloud: &C, prepared: &PreparedExport) -> Result<ExportTask> {
    let mut task = prepared.task.clone();
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let sent = cloud.send_export(&prepared.order, project.as_deref()).await?;
    let Sent { objects, operation, .. } = sent.clone();
    let sent = sent.checked(task.provider)?;
    if sent.task_id.is_none() && !sent.is_taken {
        return Err(Error::new(ErrorKind::InvalidResponse, "the answer has no task id")
            .with_provider(task.provider)
            .with_operation(operation));
    }
    task.project = project;
    task.task_id = sent.task_id;
    wrote(&mut task, objects);
    Ok(task)
}

/// Takes over what the cloud tells of the keys.
fn wrote(task: &mut ExportTask, objects: Vec<String>) {
    let is_key = |key: &String| (1..=LONGEST_KEY).contains(&key.len()) && !key.chars().any(char::is_control);
    let told: Vec<String> = objects.into_iter().filter(is_key).collect();
    if !told.is_empty() {
        task.keys = told;
    }
}

/// Finds out what became of an export that may have been sent.
async fn settle<C: Cloud>(
    cloud: &C,
    prepared: PreparedExport,
    before: Option<Vec<Row>>,
    lost: Error,
) -> Result<ExportTask> {
    let (connection, task) = (cloud.connection(), &prepared.task);
    debug!(
        provider = task.provider.id(),
        kind = lost.kind().as_str(),
        "the answer to an export was lost"
    );
    match C::EXPORT_PROOF {
        ExportProof::Token => {
            let send = || send(cloud, &prepared);
            match until_answered(connection, lost, Error::may_have_executed, send).await {
                Ok(answer) => answer,
                Err(Unanswered(lost)) => {
                    let tried = "sending it again with its token brought no answer either";
                    Err(unknown(task, lost, tried).with_remedy("Repeat the same order: its token makes that safe."))
                }
            }
        }
        ExportProof::Task => {
            let (env, stop) = (&*connection.pipeline.env, &connection.pipeline.stop);
            let look = || find(cloud, task, before.as_deref());
            match look_for(env, connection.grace, stop, look).await {
                Ok(found) => Ok(found),
                Err(None) => Err(unknown(task, lost, "no listed export is known to be this one")),
                Err(Some(failed)) => {
                    let tried = format!("looking for it failed: {}", failed.message());
                    Err(unknown(task, lost, &tried))
                }
            }
        }
        ExportProof::Nothing => Err(unknown(task, lost, "this cloud shows nothing that would tell")),
    }
}

/// The task with the id of the only export that can be its own: one that was not there before, or where that is not known, that is
/// not older. Which object an export writes is not shown.
async fn find<C: Cloud>(cloud: &C, task: &ExportTask, before: Option<&[Row]>) -> Result<Option<ExportTask>> {
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let rows = cloud.exports(&task.image_id, project.as_deref()).await?;
    let is_new = |row: &Row| match before {
        Some(before) => before.iter().all(|older| older.task_id != row.task_id),
        None => row.created.is_some_and(|created| created >= task.started_at),
    };
    let mut own = rows.into_iter().filter(is_new);
    let (Some(row), None) = (own.next(), own.next()) else {
        return Ok(None);
    };
    let row = row.checked(task.provider)?;
    let mut found = task.clone();
    found.project = project;
    found.task_id = row.task_id;
    wrote(&mut found, row.objects);
    Ok(found.task_id.is_some().then_some(found))
}

/// Nobody knows what became of it. What the lost answer told (code, HTTP status, request id) is kept.
fn unknown(task: &ExportTask, lost: Error, tried: &str) -> Error {
    let repeat = "Repeating the same order is safe: it writes the same object, and a cloud that exports the image already refuses it.";
    let remedy = Remedy::text(format!(
        "Look for {}: if it is there, the export is done.",
        task.place()
    ));
    let remedy = match lost.kind() {
        ErrorKind::Stopped => Remedy::Repeat(Change::Nothing),
        _ => remedy.then(Remedy::text(repeat)),
    };
    lost.clone()
        .with_kind(ErrorKind::OutcomeUnknown)
        .map_message(|why| {
            let (image, bucket) = (&task.image_id, &task.bucket);
            format!("whether the export of {image} to `{bucket}` was started is not known: {why}, and {tried}")
        })
        .with_provider(task.provider)
        .with_remedy(remedy)
        .with_source(lost)
}

/// How an export stands.
pub(super) async fn poll<C: Cloud>(cloud: &C, task: &mut ExportTask) -> Result<ExportState> {
    let project = cloud.resolve_project(task.project.as_deref()).await?;
    let Some(row) = cloud.export(task, project.as_deref()).await? else {
        return not_listed(cloud, task);
    };
    let row = row.checked(task.provider)?;
    let shows_image = C::EXPORT_LISTING == Listing::Images;
    let is_over = row.class == Some(StateClass::Succeeded);
    if !shows_image || !is_over {
        task.seen(cloud.connection().pipeline.env.now());
    }
    if shows_image && is_over && task.first_seen_at.is_none() && !is_past_grace(cloud, task) {
        let raw = format!("{}, not shown as exported yet", row.raw);
        return Ok(ExportState::in_progress(raw, None));
    }
    wrote(task, row.objects);
    Ok(match row.class {
        Some(StateClass::Succeeded) => ExportState::Succeeded {
            export: ExportedImage::of(task, !shows_image),
        },
        Some(StateClass::Failed) => {
            let raw = || Failure::new(None, format!("the vendor's state is `{}`", row.raw));
            ExportState::Failed(row.failure.unwrap_or_else(raw))
        }
        Some(StateClass::Canceled) => ExportState::Canceled,
        _ => ExportState::in_progress(row.raw, row.percent),
    })
}

fn age<C: Cloud>(cloud: &C, task: &ExportTask) -> Duration {
    let now = cloud.connection().pipeline.env.now();
    now.duration_since(task.started_at).unwrap_or_default()
}

fn is_past_grace<C: Cloud>(cloud: &C, task: &ExportTask) -> bool {
    age(cloud, task) >= cloud.connection().grace.period
}

/// What a poll says of an export that the cloud does not list: clouds forget tasks that are over.
fn not_listed<C: Cloud>(cloud: &C, task: &ExportTask) -> Result<ExportState> {
    if task.first_seen_at.is_none() && !is_past_grace(cloud, task) {
        return Ok(ExportState::in_progress("not listed yet", None));
    }
    let (image, seconds) = (&task.image_id, age(cloud, task).as_secs());
    let message = format!("the export of {image} is not listed {seconds} s after its start");
    Err(Error::new(ErrorKind::NotFound, message)
        .with_provider(task.provider)
        .with_remedy(format!(
            "Look for {}: if it is there, the export is done.",
            task.place()
        )))
}
