//! Tencent's words: refusals, states and how an import ends whose source cannot be read.

use crate::{
    clouds::vendor::Failure,
    rules::{Violation, Wrong},
    world::{Stage, Verdict},
};

/// The state of an image.
pub(super) fn image_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Running(_) => "IMPORTING",
        Stage::Succeeded => "NORMAL",
        Stage::Failed | Stage::Canceled => "IMPORTFAILED",
    }
}

/// How an import ends whose source cannot be read.
pub(super) fn unreadable() -> Verdict {
    Verdict::fail("InvalidUrl", "")
}

/// An error, delivered with HTTP 200 as all of them are.
pub(super) fn error(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(200, code, message)
}

pub(super) fn missing(field: &str) -> Failure {
    let message = format!("The request is missing a required parameter `{field}`.");
    error("MissingParameter", message)
}

pub(super) fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    match violation.wrong {
        Wrong::Missing => missing(&field),
        Wrong::Unknown => {
            let message = format!("The parameter `{field}` is not recognized.");
            error("UnknownParameter", message)
        }
        Wrong::Type(kind) => {
            let message = format!("The parameter `{field}` is not of type {kind}.");
            error("InvalidParameter", message)
        }
        Wrong::Malformed(reason) => error("InvalidParameter", format!("{field}: {reason}")),
        Wrong::Value(values) => {
            let code = match field.as_str() {
                "BootMode" => "InvalidParameterValue.InvalidBootMode",
                "LicenseType" => "InvalidParameterValue.InvalidLicenseType",
                _ => "InvalidParameterValue",
            };
            let message = format!("The parameter `{field}` must be one of {}.", values.join(", "));
            error(code, message)
        }
    }
}
