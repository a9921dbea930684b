//! What programs are told of a target: one row, the same by every command.

use std::collections::BTreeMap;

use cloud_import::{
    Error, ImportTask, Inspection, Problem, Remedy,
    publish::{Happened, ReleaseStep, ReplaceStep, Retired},
};
use serde::Serialize;

use crate::{
    outcome::{Outcome, Status},
    phases, render,
};

/// A target.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row<'a> {
    target: &'a str,
    status: Status,
    /// How far it is, as it is remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    /// When its image was deleted by this program, and by which job, if by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Retired>"))]
    retired: Option<&'a Retired>,
    /// Since when at the latest its image is gone by another hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    gone_at: Option<String>,
    /// What the cloud's own check of the image found, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Inspection>"))]
    inspection: Option<&'a Inspection>,
    /// What was exported, where it is of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<ExportRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    /// In words, why it is not better.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The vendor's code of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// Since when it is not known whether the order was started, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    unknown_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    began_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    ended_at: Option<String>,
    /// Seconds of each phase that is over, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    seconds: BTreeMap<&'static str, u64>,
    /// How far the replacement of older images has come, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::ReplaceStep>"))]
    replacement: Option<ReplaceStep>,
    /// How far what is done with the image after that has come: shared, tagged, offered, the one of before deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::ReleaseStep>"))]
    release: Option<ReleaseStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Task>"))]
    task: Option<&'a ImportTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    /// What happened to it, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<Vec<crate::schema::Happened>>"))]
    history: Option<&'a [Happened]>,
    /// The code with which a command about it alone would end.
    exit: u8,
}

/// What was exported.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExportRow<'a> {
    image_id: &'a str,
    bucket: &'a str,
    /// Keys of the objects, as far as they are known.
    keys: &'a [String],
    /// What the key of every object begins with.
    key_begins: &'a str,
    format: &'a str,
}

/// An error.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reason<'a> {
    kind: &'static str,
    message: &'a str,
    code: Option<&'a str>,
    remedy: Option<String>,
    /// Before this instant it helps nothing to repeat the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    repeat_from: Option<String>,
    operation: Option<&'a str>,
    http_status: Option<u16>,
    request_id: Option<&'a str>,
    attempts: u32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Problem>"))]
    problems: &'a [Problem],
}

impl<'a> Reason<'a> {
    pub(crate) fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            message: error.message(),
            code: error.code(),
            remedy: render::remedy_in_json(error),
            repeat_from: error.remedy().and_then(Remedy::not_before).map(render::instant),
            operation: error.operation(),
            http_status: error.http_status(),
            request_id: error.request_id(),
            attempts: error.attempts(),
            problems: error.problems(),
        }
    }
}

impl<'a> Row<'a> {
    pub(crate) fn of(outcome: &'a Outcome) -> Self {
        let record = outcome.record.as_deref();
        let error = outcome.error.as_ref();
        let unclear = || record?.vendor_code();
        let span = record.map(phases::span).unwrap_or_default();
        Self {
            target: &outcome.target,
            status: outcome.status,
            step: match (outcome.status, record) {
                (Status::Damaged, _) => Some("damaged"),
                (_, record) => record.map(|record| record.step.as_str()),
            },
            generation: record.map(|record| record.generation),
            image_id: outcome.image.as_ref().map(|image| image.id.as_str()),
            retired: record.and_then(|record| record.retired.as_ref()),
            gone_at: record.and_then(|record| record.gone_at).map(render::instant),
            inspection: outcome.inspection(),
            export: outcome.export.as_ref().map(|export| ExportRow {
                image_id: &export.image_id,
                bucket: &export.bucket,
                keys: &export.keys,
                key_begins: &export.key_begins,
                format: export.format.as_str(),
            }),
            state: outcome.state.as_deref(),
            reason: error.map(Error::message),
            code: error.and_then(Error::code).or_else(unclear),
            unknown_since: record.and_then(|record| record.unknown_since()).map(render::instant),
            began_at: span.began.map(render::instant),
            ended_at: span.ended.map(render::instant),
            seconds: record.map(phases::seconds).unwrap_or_default(),
            replacement: record.and_then(|record| record.replace.as_ref()).map(|plan| plan.step),
            release: record
                .and_then(|record| record.release.as_ref())
                .map(|release| release.step),
            task: outcome.task.as_ref(),
            error: error.map(Reason::of),
            history: None,
            exit: outcome.exit.code(),
        }
    }

    /// With what happened to it.
    pub(crate) fn with_history(outcome: &'a Outcome) -> Self {
        let record = outcome.record.as_deref();
        Self {
            history: record.map(|record| record.history.events()),
            ..Self::of(outcome)
        }
    }
}
