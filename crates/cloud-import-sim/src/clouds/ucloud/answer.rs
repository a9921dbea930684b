//! UCloud's words: refusals, states, and lengths that several actions share.

use crate::{
    clouds::vendor::{Failure, length},
    rules::{Params, Violation, Wrong},
    world::{Import, Stage},
};

/// The state of an image. Only a copy that is being made has a word of its own.
pub(super) fn image_state(import: &Import, stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Running(_) if import.copied_from.is_some() => "Copying",
        Stage::Queued | Stage::Running(_) => "Making",
        Stage::Succeeded => "Available",
        Stage::Failed | Stage::Canceled => "Unavailable",
    }
}

/// An error, delivered with HTTP 200 as all of them are.
pub(super) fn error(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(200, code, message)
}

/// A wrong parameter. The code is what practice shows; the vendor's table does not have it.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    error("230", message)
}

pub(super) fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    invalid(match violation.wrong {
        Wrong::Missing => format!("Missing params [{field}]"),
        Wrong::Unknown => format!("Params [{field}] unknown"),
        Wrong::Type(kind) => format!("Params [{field}] must be {kind}"),
        Wrong::Malformed(reason) => format!("Params [{field}] not available: {reason}"),
        Wrong::Value(values) => format!("Params [{field}] must be one of {}", values.join(", ")),
    })
}

/// Refuses a text that is longer than its field allows.
pub(super) fn check_lengths(params: &Params, limits: &[(&str, usize)]) -> Result<(), Failure> {
    for (field, most) in limits {
        if length(params.text(field).unwrap_or_default()) > *most {
            return Err(invalid(format!("Params [{field}] has more than {most} characters")));
        }
    }
    Ok(())
}

pub(super) fn quota() -> Failure {
    error("8095", "Quota of custom images is used up")
}

pub(super) fn absent() -> Failure {
    error("8956", "Resource is missing or is no custom image")
}
