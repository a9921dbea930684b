//! `show`: what happened to each target of a job, with instants and reasons. No cloud is asked.

use std::time::SystemTime;

use cloud_import::{
    Result,
    publish::{Happened, JobFacts, Record, What},
};
use serde::Serialize;

use crate::{
    advice,
    args::{self, OutputFormat},
    exit::Exit,
    jobs::{self, Remembered as Job},
    line,
    outcome::{Outcome, objects},
    output::{self, SCHEMA, Tone},
    phases, render,
    row::Row,
    state::Remembered,
};

/// A job on record.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Shown<'a> {
    schema: u32,
    #[cfg_attr(test, schemars(with = "crate::schema::Job"))]
    job: &'a JobFacts,
    targets: Vec<Row<'a>>,
}

pub(crate) async fn run(options: args::Show) -> Result<Exit> {
    let state = Remembered::of(&options.state, false).await?;
    let job = Job::of(&jobs::named(state.state(), &options.job).await?, &state).await?;
    match options.output {
        OutputFormat::Json => output::json(&Shown {
            schema: SCHEMA,
            job: &job.facts,
            targets: job.targets.iter().map(Row::with_history).collect(),
        })?,
        OutputFormat::Text => text(&job),
    }
    if let Some(advice) = advice::next(&job.targets, &line::of_job(&job.facts, &options.state)) {
        output::say(&format!("{}: {}", advice.what_for, advice.line));
    }
    Ok(output::damaged(&job.damaged))
}

fn text(job: &Job) {
    let facts = &job.facts;
    output::result(&format!("{}  {}  {}", facts.id, facts.name, facts.source));
    if let Some(sha256) = &facts.sha256 {
        output::result(&format!("sha256 {sha256}"));
    }
    if let Some(expected) = &facts.expected_sha256 {
        output::result(&format!("sha256 {expected} of the file, as expected"));
    }
    for target in &job.targets {
        output::result("");
        let (before, after) = (format!("{}  ", target.target), format!("  {}", result(target)));
        let status = (target.status.tone(), target.status.words());
        output::result_words(&[(Tone::Plain, &before), status, (Tone::Plain, after.trim_end())]);
        if let Some(record) = &target.record {
            timeline(record);
            after_the_import(record);
        }
        if let Some(error) = &target.error {
            output::result(&format!("  {}", render::error(error)));
            for line in render::remedy_lines_of(error) {
                output::result(&format!("    {line}"));
            }
        }
    }
}

fn result(target: &Outcome) -> String {
    match (&target.image, &target.export) {
        (Some(image), _) => image.id.clone(),
        (None, Some(export)) => objects(export),
        // What waits for a worker says so.
        (None, None) => target.state.clone().filter(|_| target.is_aside).unwrap_or_default(),
    }
}

/// A line for each event: when, how long after the one before it, what.
fn timeline(record: &Record) {
    let mut last = None;
    for event in record.history.events() {
        let after = last.map_or_else(String::new, |last| format!("+{}", took(last, event.at)));
        last = Some(event.at);
        output::result(&happened(event, &after));
    }
    let seconds = phases::seconds(record);
    if !seconds.is_empty() {
        let phases: Vec<String> = seconds
            .iter()
            .map(|(name, seconds)| format!("{name} {}", render::seconds(*seconds)))
            .collect();
        output::result(&format!("  in all: {}", phases.join(", ")));
    }
}

/// What the image is a copy of, and how far what is done with it has come.
fn after_the_import(record: &Record) {
    if let Some(image) = record.task.as_ref().and_then(|task| task.copied_from.as_ref()) {
        output::result(&format!("  a copy of {} in {}", image.id, image.region));
    }
    let Some(release) = &record.release else { return };
    let how_far = if release.is_done() {
        "released"
    } else {
        "to be released"
    };
    let change = &release.change;
    let mut parts: Vec<String> = Vec::new();
    if !change.share.is_empty() {
        let accounts: Vec<&str> = change.share.iter().map(String::as_str).collect();
        parts.push(format!("shared with {}", accounts.join(", ")));
    }
    parts.extend(
        change
            .public
            .map(|public| if public { "public" } else { "not public" }.to_owned()),
    );
    parts.extend(change.family.as_ref().map(|family| format!("of the family {family}")));
    parts.extend(change.tags.iter().map(|(key, value)| format!("tagged {key}={value}")));
    match &release.previous {
        Some(id) => parts.push(format!("instead of {id}, which is deprecated")),
        None if release.deprecate_previous => parts.push("the first of its family".to_owned()),
        None => {}
    }
    output::result(&format!("  {how_far}: {}", parts.join("; ")));
}

fn happened(event: &Happened, after: &str) -> String {
    let what = match (event.what, event.generation) {
        (What::Staging, generation @ 1..) => format!("staging (generation {generation})"),
        (what, _) => what.as_str().replace('_', " "),
    };
    let detail = event.detail.as_deref().unwrap_or_default();
    format!("  {}  {after:>8}  {what} {detail}", render::instant(event.at))
        .trim_end()
        .to_owned()
}

fn took(from: SystemTime, to: SystemTime) -> String {
    render::seconds(to.duration_since(from).unwrap_or_default().as_secs())
}
