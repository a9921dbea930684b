//! Tencent's words: refusals, states and how an import ends whose source cannot be read.

use serde_json::json;

use crate::{
    clouds::vendor::{Failure, Outcome, Reply},
    rules::{Params, Violation, Wrong},
    world::{Import, Stage, TencentDryRun, Verdict, World},
};

/// The state of an image. That a copy which failed is `CREATEFAILED` is unverified.
pub(super) fn image_state(import: &Import, stage: Stage) -> &'static str {
    match (stage, &import.copied_from) {
        (Stage::Queued | Stage::Running(_), None) => "IMPORTING",
        (Stage::Queued | Stage::Running(_), Some(_)) => "SYNCING",
        (Stage::Succeeded, _) => "NORMAL",
        (Stage::Failed | Stage::Canceled, None) => "IMPORTFAILED",
        (Stage::Failed | Stage::Canceled, Some(_)) => "CREATEFAILED",
    }
}

/// How a dry run ends that found nothing wrong.
pub(super) fn dry_run_passed(world: &World) -> Outcome {
    match world.config.tencent_dry_run {
        TencentDryRun::RequestIdOnly => Ok(Reply::ok(json!({}))),
        TencentDryRun::DryRunOperation => Err(error(
            "DryRunOperation",
            "The request would have succeeded, but the DryRun parameter was used.",
        )),
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

/// The texts of a list that has to be there.
pub(super) fn given<'p>(params: &'p Params, field: &str) -> Result<Vec<&'p str>, Failure> {
    let texts = params.texts(field);
    if texts.is_empty() {
        return Err(missing(field));
    }
    Ok(texts)
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
