//! `imageTasks`: imports and exports, each by its own action.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::answer::{invalid, out_of_range, task_state};
use crate::{
    clock::{Now, china, parse_china},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply, page},
    rules::Params,
    world::{Export, Import, Scope, Stage, World},
};

/// What narrows a list of tasks down.
struct Wanted<'p> {
    ids: Vec<&'p str>,
    status: Option<&'p str>,
    from: Option<OffsetDateTime>,
    to: Option<OffsetDateTime>,
}

impl<'p> Wanted<'p> {
    fn of(params: &'p Params) -> Result<Self, Failure> {
        Ok(Wanted {
            ids: params.texts("taskIds"),
            status: params.given("taskStatus"),
            from: instant(params, "startTime")?,
            to: instant(params, "endTime")?,
        })
    }

    fn holds(&self, task_id: &str, stage: Stage, accepted: &Now) -> bool {
        (self.ids.is_empty() || self.ids.contains(&task_id))
            && self.status.is_none_or(|wanted| wanted == task_state(stage))
            && self.from.is_none_or(|from| accepted.utc >= from)
            && self.to.is_none_or(|to| accepted.utc <= to)
    }
}

fn instant(params: &Params, field: &str) -> Result<Option<OffsetDateTime>, Failure> {
    match params.given(field) {
        None => Ok(None),
        Some(text) => parse_china(&text.replace('T', " ").replace('Z', ""))
            .map(Some)
            .ok_or_else(|| invalid(format!("Parameter '{field}' is no time"))),
    }
}

/// Without an action, imports are listed.
pub(super) fn image_tasks(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let number = params.integer("pageNumber").unwrap_or(1);
    let size = params.integer("pageSize").unwrap_or(10);
    // Three sources give three ranges; only what none of them allows is refused.
    if number < 1 || !(1..=100).contains(&size) {
        return Err(out_of_range("PageSize out of range"));
    }
    let wanted = Wanted::of(params)?;
    let mut tasks: Vec<Value> = match params.given("taskAction").unwrap_or("ImportImage") {
        "ImportImage" => imports(world, now, scope, &wanted),
        "ExportImage" => exports(world, now, scope, &wanted),
        _ => Vec::new(),
    };
    if let Some(forced) = world.forced_state(Cloud::Jdcloud, "imageTasks") {
        tasks
            .iter_mut()
            .for_each(|task| task["taskStatus"] = Value::from(forced.as_str()));
    }
    let total = tasks.len();
    Ok(Reply::ok(
        json!({"taskSet": page(tasks, number, size), "totalCount": total}),
    ))
}

fn imports(world: &mut World, now: &Now, scope: &Scope, wanted: &Wanted<'_>) -> Vec<Value> {
    let found = world.shown(now, scope, |import| {
        import.copied_from.is_none() && wanted.holds(&import.task_id, import.stage(now), &import.accepted)
    });
    let task = |import: &Import| {
        let stage = import.stage(now);
        let failure = import.failure(stage);
        json!({
            "taskId": import.task_id,
            // The vendor's list says ImportImage and its example this.
            "action": "ImportImageTask",
            "taskStatus": task_state(stage),
            "progress": stage.percent(),
            "errorInfo": failure.map_or("", |(_, reason)| reason),
            "message": failure.map_or("", |(code, _)| code),
            "createdTime": china(import.accepted.utc),
            "finishedTime": import.ended(now).map_or_else(String::new, china),
            "imageId": import.image_id,
            "imageName": import.name,
            "imageUrl": import.sources.first(),
        })
    };
    found.iter().map(task).collect()
}

fn exports(world: &World, now: &Now, scope: &Scope, wanted: &Wanted<'_>) -> Vec<Value> {
    let takes = world.config.import_time;
    let name = |id: &str| {
        let mut images = world.imports.iter();
        images
            .find(|import| import.image_id == id)
            .map_or("", |import| import.name.as_str())
    };
    let task = |export: &Export| {
        let stage = export.stage(now);
        let failure = export.failure(now);
        let is_over = !stage.is_open();
        json!({
            "taskId": export.task_id,
            "action": "ExportImageTask",
            "taskStatus": task_state(stage),
            "progress": stage.percent(),
            "errorInfo": failure.map_or("", |(_, reason)| reason),
            "message": failure.map_or("", |(code, _)| code),
            "createdTime": china(export.accepted.utc),
            "finishedTime": if is_over { china(export.accepted.utc + takes) } else { String::new() },
            "imageId": export.image_id,
            "imageName": name(&export.image_id),
            "ossUrl": format!("https://{}.s3.{}.jdcloud-oss.com", export.bucket, scope.region),
            "ossObject": export.key,
            "ossObjects": [export.key],
        })
    };
    world
        .exports
        .iter()
        .filter(|export| export.scope == *scope && wanted.holds(&export.task_id, export.stage(now), &export.accepted))
        .map(task)
        .collect()
}
