//! What is found, as it is told: text for people, JSON for programs.

use cloud_import::Result;
use serde::Serialize;

use super::found::Row;
use crate::{
    args::OutputFormat,
    checked::{self, Status},
    exit::Exit,
    output::{self, SCHEMA},
};

/// How the clouds are set up.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report<'a> {
    schema: u32,
    results: &'a [Row],
    /// The code with which the command ends.
    exit: u8,
}

/// Writes what was found, and says how the command ends.
pub(super) fn write(rows: &[Row], form: OutputFormat) -> Result<Exit> {
    let exit = Exit::together(rows.iter().map(|row| row.exit));
    match form {
        OutputFormat::Json => output::json(&Report {
            schema: SCHEMA,
            results: rows,
            exit: exit.code(),
        })?,
        OutputFormat::Text => {
            rows.iter().flat_map(lines).for_each(|line| output::result(&line));
            let all: Vec<Status> = rows.iter().map(|row| row.status).collect();
            output::result(&checked::closing(&all, "for images"));
        }
    }
    Ok(exit)
}

fn lines(row: &Row) -> Vec<String> {
    let verdict = match row.status {
        Status::Passed => "is ready",
        Status::Failed => "is not ready",
    };
    let mut lines = vec![format!("{} {verdict}", row.target)];
    if let Some(source) = &row.credentials {
        let id = row.access_key_id.as_ref().map(|id| format!(", id {id}"));
        let owner = row.owner.as_ref().map(|owner| format!("; its images are of {owner}"));
        lines.push(format!(
            "  with {source}{}{}",
            id.unwrap_or_default(),
            owner.unwrap_or_default()
        ));
    }
    let checks = row.checks.iter().flat_map(|check| checked::lines(check, row.provider));
    lines.extend(checks);
    lines
}
