//! Markdown, as for `$GITHUB_STEP_SUMMARY`.

use std::fmt::Write as _;

use cloud_import::Shown;

use super::{causes, next_command, seconds};
use crate::{jobs::Remembered as Job, outcome::totals, render};

pub(super) fn render(jobs: &[Job]) -> String {
    let mut out = String::new();
    for job in jobs {
        let totals = totals(job.targets.iter());
        let totals: Vec<String> = totals
            .iter()
            .map(|(status, count)| format!("{count} {}", status.words()))
            .collect();
        let _ = write!(out, "## Import of {}: {}\n\n", cell(&job.facts.name), totals.join(", "));
        if let Some(command) = next_command(job) {
            let _ = write!(out, "To continue: `{command}`\n\n");
        }
        out.push_str("| target | status | image | took | code | request id |\n|---|---|---|---|---|---|\n");
        for target in &job.targets {
            let error = target.error.as_ref();
            let row = [
                target.target.as_str(),
                target.status.words(),
                target.image.as_ref().map_or("", |image| &image.id),
                &seconds(target).map(render::seconds).unwrap_or_default(),
                error.map_or("", causes::code),
                error.and_then(|error| error.request_id()).unwrap_or_default(),
            ];
            let _ = writeln!(out, "| {} |", row.map(cell).join(" | "));
        }
        out.push('\n');
    }
    let causes = causes::causes(jobs);
    if !causes.is_empty() {
        out.push_str("### What went wrong\n\n");
    }
    for cause in causes {
        let targets: Vec<String> = cause.targets.iter().map(|target| cell(&target.target)).collect();
        let _ = writeln!(out, "- **{}**: {}", cell(cause.code), cell(cause.message));
        if let Some(remedy) = &cause.remedy {
            let _ = writeln!(out, "  - {}", cell(remedy));
        }
        let _ = writeln!(out, "  - {}", targets.join(", "));
    }
    out
}

/// Text that is nothing but text in a table's cell.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in Shown::of(text).to_string().chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
