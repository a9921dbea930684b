//! Jobs: of imports and copies, of exports, and of members. A job is known to the project and region that ordered it.
//!
//! Unverified: what the documents call a part of it that failed (here `fail`),
//! and what an unknown job answers.

use serde_json::{Value, json};

use super::{
    account::{Account, MemberJob, Part},
    answer::is_data_disk,
    copies,
};
use crate::{
    clock::{Now, rfc3339_millis},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    world::{Export, Import, Scope, Stage, World},
};

/// A job the way every query answers it.
struct Shown<'a> {
    id: &'a str,
    job_type: &'a str,
    stage: Stage,
    begin_time: String,
    end_time: String,
    failure: Option<(&'a str, &'a str)>,
    entities: Value,
}

/// `ShowJob` and `ShowJobProgress`.
pub(super) fn show(
    world: &mut World,
    account: &Account,
    now: &Now,
    scope: &Scope,
    job_id: &str,
    operation: &str,
) -> Outcome {
    let import = imported(world, now, scope, job_id);
    let shown = if let Some(import) = &import {
        of_import(import, now)
    } else if let Some(job) = account.job(scope, job_id) {
        of_members(job, now)
    } else if let Some(export) = world
        .exports
        .iter()
        .find(|export| export.task_id == job_id && export.scope == *scope)
    {
        of_export(world, export, now)
    } else {
        return Err(Failure::new(404, "IMG.0061", format!("Job {job_id} not found")));
    };
    let mut answer = json!({
        "job_id": shown.id,
        "job_type": shown.job_type,
        "status": word(shown.stage),
        "begin_time": shown.begin_time,
        "end_time": shown.end_time,
        "error_code": shown.failure.map(|(code, _)| code),
        "fail_reason": shown.failure.map(|(_, reason)| reason),
        "entities": shown.entities,
    });
    if let Some(forced) = world.forced_state(Cloud::Huawei, operation) {
        answer["status"] = Value::from(forced);
    }
    Ok(Reply::ok(answer))
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "INIT",
        Stage::Running(_) => "RUNNING",
        Stage::Succeeded => "SUCCESS",
        Stage::Failed | Stage::Canceled => "FAIL",
    }
}

/// The import or copy with this job, if a query shows it now to who ordered it.
fn imported(world: &mut World, now: &Now, scope: &Scope, job_id: &str) -> Option<Import> {
    let ordered_in = |import: &Import| match &import.copied_from {
        Some(origin) if import.operation == copies::ACROSS => origin.scope.clone(),
        _ => import.scope.clone(),
    };
    let is_it = |import: &&Import| import.task_id == job_id && ordered_in(import) == *scope;
    let place = world.imports.iter().find(is_it)?.scope.clone();
    world.shown(now, &place, |import| import.task_id == job_id).pop()
}

fn of_import<'a>(import: &'a Import, now: &Now) -> Shown<'a> {
    let stage = import.stage(now);
    let job_type = match import.operation.as_str() {
        copies::ACROSS => "imsCrossRegionCopyImageJob",
        _ if import.copied_from.is_some() => "imsCopyImageInRegionJob",
        _ if is_data_disk(import) => "imsImportDataImageJob",
        _ => "imsImportImageJob",
    };
    let current = match &import.copied_from {
        _ if !stage.is_open() => "",
        Some(_) => "Copying image",
        None => "Importing image",
    };
    let mut entities = json!({"image_name": import.name, "current_task": current});
    // A copy to another region tells no progress.
    if import.operation != copies::ACROSS {
        entities["process_percent"] = Value::from(f64::from(stage.percent()) / 100.0);
    }
    if stage == Stage::Succeeded {
        entities["image_id"] = Value::from(import.image_id.as_str());
    }
    Shown {
        id: &import.task_id,
        job_type,
        stage,
        begin_time: rfc3339_millis(import.accepted.utc),
        end_time: import.ended(now).map_or_else(String::new, rfc3339_millis),
        failure: import.failure(stage),
        entities,
    }
}

fn of_members<'a>(job: &'a MemberJob, now: &Now) -> Shown<'a> {
    let stage = job.run.stage(now);
    let result = |part: &Part| {
        json!({
            "image_id": part.image_id,
            "project_id": part.member,
            "status": if part.refusal.is_some() { "fail" } else { "success" },
        })
    };
    let results: Vec<Value> = job.parts.iter().map(result).collect();
    Shown {
        job_type: job.job_type,
        entities: if stage.is_open() {
            json!({})
        } else {
            json!({"results": results})
        },
        ..of_import(&job.run, now)
    }
}

fn of_export<'a>(world: &World, export: &'a Export, now: &Now) -> Shown<'a> {
    let stage = export.stage(now);
    let ended = (!stage.is_open()).then(|| export.accepted.utc + world.config.import_time);
    Shown {
        id: &export.task_id,
        job_type: "imsNativeExportImageJob",
        stage,
        begin_time: rfc3339_millis(export.accepted.utc),
        end_time: ended.map_or_else(String::new, rfc3339_millis),
        failure: export.failure(now),
        entities: json!({
            "image_id": export.image_id,
            "process_percent": f64::from(stage.percent()) / 100.0,
            "current_task": if stage.is_open() { "Exporting image" } else { "" },
        }),
    }
}
