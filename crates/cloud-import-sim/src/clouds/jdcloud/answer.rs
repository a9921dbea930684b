//! JD Cloud's words: refusals, states, and limits that several operations share.

use crate::{
    clock::Now,
    clouds::vendor::{Failure, length},
    rules::{Params, Violation, Wrong},
    world::{Import, Scope, Stage, World},
};

/// The account of whoever has the keys, by which an image's owner is told.
pub(super) const OWN_PIN: &str = "simulated-owner";

/// The regions, of which one must be named where a copy goes.
pub(super) const REGIONS: [&str; 4] = ["cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1"];

pub(super) fn image_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Running(_) => "pending",
        Stage::Succeeded => "ready",
        Stage::Failed | Stage::Canceled => "error",
    }
}

pub(super) fn task_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "pending",
        Stage::Running(_) => "running",
        Stage::Succeeded => "finished",
        Stage::Failed | Stage::Canceled => "failed",
    }
}

pub(super) fn access(message: String) -> Failure {
    Failure::new(401, "ACCESS_ERROR", message)
}

pub(super) fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    invalid(match violation.wrong {
        Wrong::Malformed(reason) if field.is_empty() => reason,
        Wrong::Malformed(reason) => format!("Parameter '{field}': {reason}"),
        Wrong::Unknown => format!("Parameter '{field}' is unknown"),
        Wrong::Type(kind) => format!("Parameter '{field}' must be of type {kind}"),
        Wrong::Missing => format!("Parameter '{field}' missing"),
        Wrong::Value(values) => {
            format!("Parameter '{field}' must be one of {}", values.join(", "))
        }
    })
}

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "INVALID_ARGUMENT", message)
}

/// Refused as things are: the message alone tells "never" from "not now".
pub(super) fn precondition(message: impl Into<String>) -> Failure {
    Failure::new(400, "FAILED_PRECONDITION", message)
}

/// Not now: a task runs on the image.
pub(super) fn busy(task: &str) -> Failure {
    precondition(format!("Conflict with underlay image task '{task}'"))
}

pub(super) fn quota(message: &str) -> Failure {
    Failure::new(429, "QUOTA_EXCEEDED", message)
}

pub(super) fn out_of_range(message: &str) -> Failure {
    Failure::new(400, "OUT_OF_RANGE", message)
}

pub(super) fn not_found(id: &str) -> Failure {
    Failure::new(404, "NOT_FOUND", format!("Image '{id}' not found"))
}

pub(super) fn conflict(found: &str, wanted: &str) -> Failure {
    let message = format!("OssRegion '{found}' not match current region '{wanted}'");
    Failure::new(400, "CONFLICT", message)
}

pub(super) fn check_lengths(params: &Params, limits: &[(&str, usize)]) -> Result<(), Failure> {
    for (field, most) in limits {
        if length(params.text(field).unwrap_or_default()) > *most {
            return Err(invalid(format!("Parameter '{field}' has more than {most} characters")));
        }
    }
    Ok(())
}

/// An image of this account.
pub(super) fn own<'w>(world: &'w mut World, scope: &Scope, id: &str) -> Result<&'w mut Import, Failure> {
    world.image_mut(scope, id).ok_or_else(|| not_found(id))
}

/// An image of this account that is ready. A wrong state is documented for copies; for all else it is an inference.
pub(super) fn ready<'w>(world: &'w mut World, now: &Now, scope: &Scope, id: &str) -> Result<&'w mut Import, Failure> {
    let image = own(world, scope, id)?;
    match image.stage(now) {
        Stage::Succeeded => Ok(image),
        _ => Err(precondition("Invalid image status")),
    }
}
