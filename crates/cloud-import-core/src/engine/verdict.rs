//! What a row says of an import: in progress, the image, or why it failed.

use std::time::{Duration, SystemTime};

use super::{
    cloud::{Cloud, Listing, Row},
    search,
};
use crate::{
    Error, ErrorKind, Failure, ImportTask, ImportedImage, Result, TaskState, client::Connection,
    model::code::StateClass,
};

/// How long a finished image that cannot be used yet counts as in progress. Alibaba's provider for Terraform waits so for an
/// image to become usable (pull request 10176, 2026-08); for how long it may take is documented nowhere.
const SETTLES_WITHIN: Duration = Duration::from_secs(30 * 60);

/// The state that a task's own row shows. A finished task is asked for its image where the id is not known yet, or where the
/// image has the last word.
pub(crate) async fn of_task<C: Cloud>(
    cloud: &C,
    task: &mut ImportTask,
    project: Option<&str>,
    row: Row,
) -> Result<TaskState> {
    let lists_images = search::listing::<C>(task) == Listing::Images;
    // A copy counts when its image is usable, not when its task is finished.
    let image_decides = C::IMAGE_DECIDES || task.is_copy();
    if row.class != Some(StateClass::Succeeded) || !lists_images || !(image_decides || task.image_id.is_none()) {
        return Ok(of_row(cloud, task, row, ""));
    }
    match search::listed(cloud, task, project).await? {
        Some(image) if image_decides => {
            let before = format!("{}, image ", row.raw);
            search::adopt(cloud, task, &image);
            let finished = row.finished.or(image.finished);
            Ok(of_row(cloud, task, Row { finished, ..image }, &before))
        }
        Some(image) => {
            search::adopt(cloud, task, &image);
            Ok(of_row(cloud, task, row, ""))
        }
        None if image_decides => not_listed_yet(cloud.connection(), task, &row),
        None => Ok(of_row(cloud, task, row, "")),
    }
}

/// The state that a row shows; `before` goes in front of a state in progress.
pub(crate) fn of_row<C: Cloud>(cloud: &C, task: &ImportTask, row: Row, before: &str) -> TaskState {
    match (row.class, &task.image_id) {
        (Some(StateClass::Succeeded), Some(_)) if is_settling(cloud, task, &row) => {
            TaskState::in_progress(format!("{before}{}, not usable yet", row.raw), row.percent)
        }
        (Some(StateClass::Succeeded), Some(id)) => TaskState::Succeeded {
            image: ImportedImage::of(task, id).with_inspection(row.inspection),
        },
        (Some(StateClass::Succeeded), None) => {
            TaskState::in_progress(format!("{}, image id not shown yet", row.raw), row.percent)
        }
        (Some(StateClass::Failed), _) => TaskState::Failed(row.failure.unwrap_or_else(|| {
            let capabilities = cloud.capabilities();
            let causes = match capabilities.failure_reason.value || task.is_copy() {
                true => &[],
                false => capabilities.likely_causes,
            };
            Failure::new(None, row.raw).with_likely_causes(causes)
        })),
        (Some(StateClass::Canceled), _) => TaskState::Canceled,
        _ => TaskState::in_progress(format!("{before}{}", row.raw), row.percent),
    }
}

/// Whether a finished image may still become usable.
fn is_settling<C: Cloud>(cloud: &C, task: &ImportTask, row: &Row) -> bool {
    let since = row.finished.or(row.created).unwrap_or(task.started_at);
    row.is_unusable && age(cloud.connection(), since) < SETTLES_WITHIN
}

/// What a poll says of an import that the cloud does not list: not listed yet while the grace period runs, gone and so failed
/// if it was listed before. A copy has no task that would tell its end: one that the cloud took a request to cancel is cancelled.
pub(crate) fn not_listed<C: Cloud>(cloud: &C, task: &ImportTask) -> Result<TaskState> {
    if task.is_copy() && task.image_id.is_some() && task.cancel_requested_at.is_some() {
        return Ok(TaskState::Canceled);
    }
    if task.first_seen_at.is_some() {
        return Ok(TaskState::Failed(Failure::new(
            None,
            "the cloud no longer lists it: it failed or was deleted",
        )));
    }
    let connection = cloud.connection();
    let age = age(connection, task.started_at);
    if age < connection.grace.period {
        return Ok(TaskState::in_progress("not listed yet", None));
    }
    let message = format!(
        "the {} of `{}` is not listed {} s after its start",
        task.noun(),
        task.name,
        age.as_secs()
    );
    Err(Error::new(ErrorKind::NotFound, message)
        .with_provider(task.provider)
        .with_remedy("Check region and project, and look for the image in the vendor's console."))
}

/// The state of an import whose task is finished and whose image is not listed.
fn not_listed_yet(connection: &Connection, task: &ImportTask, row: &Row) -> Result<TaskState> {
    if age(connection, row.finished.unwrap_or(task.started_at)) < connection.grace.period {
        let raw = format!("{}, image not listed yet", row.raw);
        return Ok(TaskState::in_progress(raw, Some(100)));
    }
    let (noun, name) = (task.noun(), &task.name);
    let message = format!("the {noun} of `{name}` is finished, but its image is not listed");
    Err(Error::new(ErrorKind::NotFound, message)
        .with_provider(task.provider)
        .with_remedy("It may have been deleted: look for it in the vendor's console."))
}

fn age(connection: &Connection, since: SystemTime) -> Duration {
    let now = connection.pipeline.env.now();
    now.duration_since(since).unwrap_or_default()
}
