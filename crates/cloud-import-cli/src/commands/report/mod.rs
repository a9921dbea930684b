//! `report`: what became of jobs as something to look at or to hand on: a page, Markdown, JUnit. No cloud is asked.

mod causes;
mod gantt;
mod html;
mod junit;
#[cfg(feature = "fleet")]
pub(crate) mod live;
mod markdown;
mod page;

use std::{fs, path::Path};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
};

use crate::{
    advice, args,
    exit::Exit,
    jobs::{self, Remembered as Job},
    line,
    outcome::{Outcome, Status},
    output, phases, render,
    state::Remembered,
};

pub(crate) async fn run(options: args::Report) -> Result<Exit> {
    let state = Remembered::of(&options.state, false).await?;
    let (mut found, mut damaged) = (Vec::new(), Vec::new());
    for text in &options.jobs {
        let mut job = Job::of(&jobs::named(state.state(), text).await?, &state).await?;
        damaged.append(&mut job.damaged);
        job.line = line::of_job(&job.facts, &options.state);
        found.push(job);
    }
    let made_at = render::instant(SystemEnv.now());
    let forms = [
        (&options.form.html, page::render as fn(&[Job], &str) -> String),
        (&options.form.markdown, |jobs, _| markdown::render(jobs)),
        (&options.form.junit, |jobs, _| junit::render(jobs)),
    ];
    for (file, render) in forms {
        if let Some(file) = file {
            write(file, &render(&found, &made_at))?;
        }
    }
    Ok(output::damaged(&damaged))
}

/// Writes to a file, or for `-` to standard output.
fn write(file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        output::document_text(text);
        return Ok(());
    }
    fs::write(file, text).map_err(|error| {
        let message = format!("cannot write `{}`: {error}", file.display());
        Error::new(ErrorKind::Local, message)
            .with_remedy("Name a file in a directory that can be written.")
            .with_source(error)
    })
}

/// The command that goes on with a job, where something can be gone on with.
fn next_command(job: &Job) -> Option<String> {
    advice::next(&job.targets, &job.line).map(|advice| advice.line)
}

/// How long a target took so far, in seconds.
fn seconds(target: &Outcome) -> Option<u64> {
    let span = phases::span(target.record.as_deref()?);
    Some(span.ended?.duration_since(span.began?).ok()?.as_secs())
}

/// What the style of a page calls a status.
fn class(status: Status) -> &'static str {
    match status {
        Status::Succeeded | Status::Checked => "good",
        Status::Running | Status::CancelRequested => "open",
        Status::Unknown | Status::Damaged | Status::Gone => "odd",
        Status::Failed | Status::Canceled | Status::NotStarted => "bad",
    }
}
