//! Alibaba's words: refusals, states and how an import ends whose source cannot be read.

use serde_json::json;

use crate::{
    clouds::vendor::{Failure, Reply},
    rules::{Violation, Wrong},
    world::{Import, Stage, Verdict},
};

/// The state of an image.
pub(super) fn image_state(image: &Import, stage: Stage) -> &'static str {
    match stage {
        Stage::Succeeded if image.publication.is_deprecated => "Deprecated",
        Stage::Queued => "Waiting",
        Stage::Running(_) => "Creating",
        Stage::Succeeded => "Available",
        Stage::Failed | Stage::Canceled => "CreateFailed",
    }
}

/// How an import ends whose source cannot be read.
pub(super) fn unreadable() -> Verdict {
    Verdict::fail("InvalidOSSObject.NotFound", "The specified OSS object does not exist.")
}

pub(super) fn bad(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

pub(super) fn forbidden(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(403, code, message)
}

pub(super) fn missing(field: &str) -> Failure {
    bad(
        "MissingParameter",
        format!("The input parameter \"{field}\" that is mandatory for processing this request is not supplied."),
    )
}

pub(super) fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    match violation.wrong {
        Wrong::Missing => missing(&field),
        Wrong::Unknown => bad(
            "UnsupportedParameter",
            format!("The parameter \"{field}\" is not supported."),
        ),
        Wrong::Type(kind) => bad(
            "InvalidParameter",
            format!("The parameter \"{field}\" is not of type {kind}."),
        ),
        Wrong::Malformed(reason) => bad("InvalidParameter", format!("The parameter \"{field}\": {reason}.")),
        Wrong::Value(values) => {
            let message = format!("The specified {field} must be one of {}.", values.join(", "));
            bad(value_code(&field), message)
        }
    }
}

fn value_code(field: &str) -> &'static str {
    match field {
        "Architecture" => "InvalidArchitecture.Malformed",
        "OSType" => "InvalidOSType.Malformed",
        "Platform" => "InvalidPlatform.Malformed",
        "BootMode" => "InvalidBootMode.Malformed",
        "LicenseType" => "InvalidLicenseType.NotSupported",
        "DetectionStrategy" => "InvalidParameter.DetectionStrategy",
        "Features.ImdsSupport" => "InvalidParameter.FeaturesImdsSupport",
        "ImageFormat" => "InvalidImageFormat.Malformed",
        _ if field.ends_with(".Format") => "InvalidImageFormat.Malformed",
        _ => "InvalidParameter",
    }
}

/// An answer that holds nothing but the request id.
pub(super) fn done() -> Reply {
    Reply::ok(json!({}))
}
