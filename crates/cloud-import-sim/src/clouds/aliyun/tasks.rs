//! `DescribeTasks` and `DescribeTaskAttribute`: imports and exports. A copy has no task.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    answer::{bad, missing},
    import::task_not_found,
    query::{commas, paging},
};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Outcome, Reply, page},
    rules::Params,
    world::{Export, Import, Scope, Stage, World},
};

/// A task, of whatever kind.
struct Task {
    id: String,
    action: &'static str,
    image_id: String,
    stage: Stage,
    created: OffsetDateTime,
    finished: Option<OffsetDateTime>,
    failure: Option<(String, String)>,
}

impl Task {
    fn of_import(import: &Import, now: &Now) -> Self {
        let stage = import.stage(now);
        Task {
            id: import.task_id.clone(),
            action: "ImportImage",
            image_id: import.image_id.clone(),
            stage,
            created: import.accepted.utc,
            finished: import.ended(now),
            failure: owned(import.failure(stage)),
        }
    }

    fn of_export(export: &Export, now: &Now) -> Self {
        Task {
            id: export.task_id.clone(),
            action: "ExportImage",
            image_id: export.image_id.clone(),
            stage: export.stage(now),
            created: export.accepted.utc,
            finished: export.ended(now),
            failure: owned(export.failure(now)),
        }
    }

    fn state(&self) -> &'static str {
        match self.stage {
            Stage::Queued => "Waiting",
            Stage::Running(_) => "Processing",
            Stage::Succeeded => "Finished",
            Stage::Failed => "Failed",
            Stage::Canceled => "Deleted",
        }
    }

    /// A text, as the SDKs read it.
    fn supports_cancel(&self) -> &'static str {
        if self.stage.is_open() { "true" } else { "false" }
    }

    fn finished(&self) -> String {
        self.finished.map_or_else(String::new, rfc3339)
    }
}

fn owned(failure: Option<(&str, &str)>) -> Option<(String, String)> {
    failure.map(|(code, reason)| (code.to_owned(), reason.to_owned()))
}

/// The tasks that a query shows now, oldest first.
fn shown(world: &mut World, now: &Now, scope: &Scope, wanted: impl Fn(&Task) -> bool) -> Vec<Task> {
    let imports = world.shown(now, scope, |import| {
        !import.task_id.is_empty() && wanted(&Task::of_import(import, now))
    });
    let mut tasks: Vec<Task> = imports.iter().map(|import| Task::of_import(import, now)).collect();
    let exports = world.exports.iter().filter(|export| export.scope == *scope);
    let exports = exports.map(|export| Task::of_export(export, now));
    tasks.extend(exports.filter(wanted));
    tasks.sort_by_key(|task| task.created);
    tasks
}

pub(super) fn list(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let (number, size) = paging(params)?;
    let ids: Vec<&str> = commas(params.given("TaskIds"));
    if ids.len() > 100 {
        return Err(bad("InvalidParameter", "At most 100 task ids are taken."));
    }
    let images = params.texts("ResourceIds");
    let found = shown(world, now, scope, |task| {
        let time = rfc3339(task.created);
        params.given("TaskAction").is_none_or(|wanted| wanted == task.action)
            && (ids.is_empty() || ids.contains(&task.id.as_str()))
            && (images.is_empty() || images.contains(&task.image_id.as_str()))
            && params.given("TaskStatus").is_none_or(|wanted| wanted == task.state())
            && params.given("StartTime").is_none_or(|from| time.as_str() >= from)
            && params.given("EndTime").is_none_or(|to| time.as_str() <= to)
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Aliyun, "DescribeTasks");
    let row = |task: Task| {
        json!({
            "TaskId": task.id,
            "TaskAction": task.action,
            "TaskStatus": forced.as_deref().unwrap_or(task.state()),
            "SupportCancel": task.supports_cancel(),
            "CreationTime": rfc3339(task.created),
            "FinishedTime": task.finished(),
            "ResourceId": task.image_id,
        })
    };
    let tasks: Vec<Value> = page(found, number, size).into_iter().map(row).collect();
    Ok(Reply::ok(json!({
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": total,
        "RegionId": scope.region,
        "TaskSet": {"Task": tasks},
    })))
}

pub(super) fn attribute(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let task_id = params.given("TaskId").ok_or_else(|| missing("TaskId"))?;
    let found = shown(world, now, scope, |task| task.id == task_id);
    let task = found.first().ok_or_else(task_not_found)?;
    let stage = task.stage;
    let forced = world.forced_state(Cloud::Aliyun, "DescribeTaskAttribute");
    let (code, reason) = task.failure.clone().unwrap_or_default();
    let operation = json!({
        "OperationStatus": match stage {
            Stage::Succeeded => "Success",
            Stage::Failed | Stage::Canceled => "Failed",
            Stage::Queued | Stage::Running(_) => "Processing",
        },
        "ErrorCode": code,
        "ErrorMsg": reason,
        "RelatedItemSet": {"RelatedItem": [{"Name": "ImageId", "Value": task.image_id}]},
    });
    Ok(Reply::ok(json!({
        "TaskId": task.id,
        "TaskAction": task.action,
        "TaskStatus": forced.as_deref().unwrap_or(task.state()),
        "TaskProcess": format!("{}%", stage.percent()),
        "SupportCancel": task.supports_cancel(),
        "CreationTime": rfc3339(task.created),
        "FinishedTime": task.finished(),
        "TotalCount": 1,
        "SuccessCount": u8::from(stage == Stage::Succeeded),
        "FailedCount": u8::from(matches!(stage, Stage::Failed | Stage::Canceled)),
        "RegionId": scope.region,
        "OperationProgressSet": {"OperationProgress": [operation]},
    })))
}
