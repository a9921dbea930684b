//! Huawei's words: refusals, states and how an import ends whose source cannot be read.

use crate::{
    clock::Now,
    clouds::vendor::Failure,
    rules::{Violation, Wrong},
    world::{Import, Stage, Verdict},
};

/// What an image shows that was registered and waits for its file.
pub(super) const REGISTERED: &str = "GlanceCreateImageMetadata";

/// The state of an image.
pub(super) fn image_state(import: &Import, stage: Stage) -> &'static str {
    match stage {
        _ if import.operation == REGISTERED => "queued",
        Stage::Queued => "queued",
        Stage::Running(_) => "saving",
        Stage::Succeeded => "active",
        Stage::Failed | Stage::Canceled => "killed",
    }
}

/// Whether it can be used.
pub(super) fn is_active(import: &Import, now: &Now) -> bool {
    import.operation != REGISTERED && import.stage(now) == Stage::Succeeded
}

/// Whether it is an image of a data disk.
pub(super) fn is_data_disk(import: &Import) -> bool {
    import.operation == "CreateDataImage" || import.params.given("type") == Some("DataImage")
}

/// How an import ends whose source cannot be read.
pub(super) fn unreadable() -> Verdict {
    Verdict::fail("IMG.0057", "The image file does not exist, is empty or cannot be read.")
}

/// A refusal of the service itself.
pub(super) fn invalid(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(400, code, message)
}

pub(super) fn violated(violation: Violation) -> Failure {
    let field = violation.field;
    let last = field.rsplit('.').find(|piece| piece.parse::<u32>().is_err());
    let code = match (last.unwrap_or_default(), &violation.wrong) {
        (_, Wrong::Malformed(reason)) if reason.ends_with("empty") => "IMG.0007",
        (_, Wrong::Malformed(_) | Wrong::Unknown) => "IMG.0001",
        ("name", _) => "IMG.0003",
        ("description", _) => "IMG.0054",
        ("image_url" | "bucket_url", _) => "IMG.0017",
        ("file_format", _) => "IMG.0072",
        ("images", _) => "IMG.0066",
        ("projects" | "project_id" | "member", _) => "IMG.0067",
        ("project_name", Wrong::Missing) => "IMG.0104",
        ("project_name", _) => "IMG.0145",
        ("region", _) => "IMG.0147",
        ("agency_name", _) => "IMG.0151",
        ("min_disk", _) => "IMG.0111",
        ("os_version", Wrong::Missing) => "IMG.0159",
        ("os_type" | "os_version", _) => "IMG.0056",
        ("type", _) => "IMG.0157",
        ("architecture", _) => "IMG.0212",
        ("hw_firmware_type", _) => "IMG.0141",
        ("tag" | "tags" | "image_tags" | "key" | "value", _) => "IMG.0115",
        _ => "IMG.0001",
    };
    let message = match violation.wrong {
        Wrong::Malformed(reason) => format!("The request is invalid: {field} {reason}."),
        Wrong::Unknown => format!("The parameter {field} is unknown."),
        Wrong::Type(kind) => format!("The parameter {field} must be of type {kind}."),
        Wrong::Missing => format!("The parameter {field} is required."),
        Wrong::Value(values) => {
            format!("The parameter {field} must be one of {}.", values.join(", "))
        }
    };
    invalid(code, message)
}

pub(super) fn not_found(image_id: &str) -> Failure {
    Failure::new(404, "IMG.0027", format!("No image found with ID {image_id}"))
}
