//! Results: one per target, as text or as JSON with a stable schema.

use std::time::Duration;

use cloud_import::{Error, ErrorKind, ImportTask, Result};
use serde::Serialize;

use crate::{
    advice::{self, Advice},
    args::{self, FailIf},
    clock::{self, At},
    exit::Exit,
    findings::{self, Finding},
    line,
    outcome::{Outcome, Status, objects, totals},
    output::{self, SCHEMA, Tone},
    render,
    row::{Reason, Row},
};

/// What imports or copies, or a command about them, came to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report<'a> {
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
    /// Empty where no target was come to.
    results: Vec<Row<'a>>,
    /// Why no target was come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    /// The code with which the command ends.
    exit: u8,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// A line per image.
    Text,
    /// One JSON object over several lines.
    Json,
    /// One JSON object on a line, behind those of the events.
    Event,
}

impl From<args::OutputFormat> for OutputFormat {
    fn from(form: args::OutputFormat) -> Self {
        match form {
            args::OutputFormat::Text => Self::Text,
            args::OutputFormat::Json => Self::Json,
        }
    }
}

/// How a command writes its results that may also write events.
pub(crate) fn form(events: bool, output: args::OutputFormat) -> OutputFormat {
    match events {
        true => OutputFormat::Event,
        false => output.into(),
    }
}

/// What text output has on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// `TARGET IMAGE-ID` for each image that is there.
    Images,
    /// A task's JSON for each that was started.
    Tasks,
    /// `TARGET STATE` for each.
    States,
}

/// Writes the results and says how the command ends. `job` is the job by which a later command goes on, if there is one.
pub(crate) fn write(
    outcomes: &[Outcome],
    form: OutputFormat,
    lines: Lines,
    job: Option<&str>,
    fail_if: FailIf,
) -> Exit {
    reasons(outcomes, job.is_some());
    for outcome in outcomes {
        if let Some(inspection) = outcome.inspection() {
            output::say(&format!(
                "{}: the cloud's check of the image: {}",
                outcome.target, inspection.state
            ));
            inspection
                .findings
                .iter()
                .for_each(|finding| output::say(&format!("  {finding}")));
        }
    }
    // What was not to be waited for goes on as it was asked to.
    let tell = match outcomes.iter().all(|outcome| outcome.exit == Exit::Done) {
        true => output::note,
        false => output::say,
    };
    if let Some(job) = job {
        let advice = advice::next(outcomes, job)
            .into_iter()
            .chain(advice::anew(outcomes, job));
        advice.for_each(|Advice { what_for, line }| tell(&format!("{what_for}: {line}")));
    }
    // Where nothing is remembered, the task itself is all that there is to go on with.
    outcomes
        .iter()
        .filter(|outcome| outcome.status == Status::Running && lines == Lines::Images)
        .filter(|outcome| job.is_none() || outcome.record.is_none())
        .filter_map(|outcome| serde_json::to_string(outcome.task.as_ref()?).ok())
        .for_each(|line| tell(&format!("to continue: cloud-import wait {}", line::word(&line))));
    let exit = exit_of(outcomes, fail_if);
    match form {
        OutputFormat::Json | OutputFormat::Event => json(outcomes.iter().map(Row::of).collect(), None, exit, form),
        OutputFormat::Text if lines == Lines::Tasks => tasks(outcomes),
        OutputFormat::Text => texts(outcomes, lines).for_each(|(target, tone, text)| {
            output::result_words(&[(Tone::Plain, &target), (tone, &text)]);
        }),
    }
    if output::is_lost() {
        texts(outcomes, lines).for_each(|(target, _, text)| output::say(&format!("not written: {target}{text}")));
    }
    if let Some(closing) = closing(outcomes, lines, clock::elapsed()) {
        output::note(&closing);
    }
    exit
}

/// The results of a command that had nothing to do: what became of images that are gone, and for programs all; and how it ends. `job`:
/// the jobs by which a later command goes on.
pub(crate) fn found(outcomes: &[Outcome], form: OutputFormat, job: &str, fail_if: FailIf) -> Exit {
    let gone = outcomes.iter().filter(|outcome| outcome.status == Status::Gone);
    let gone = gone.flat_map(|outcome| {
        let found = outcome.error.iter().flat_map(Finding::of_error);
        found.map(|finding| (outcome.target.as_str(), finding))
    });
    findings::say(&gone.collect::<Vec<_>>());
    for Advice { what_for, line } in advice::anew(outcomes, job) {
        output::say(&format!("{what_for}: {line}"));
    }
    let exit = exit_of(outcomes, fail_if);
    if form != OutputFormat::Text {
        json(outcomes.iter().map(Row::of).collect(), None, exit, form);
    }
    exit
}

/// How a command ends for these results.
pub(crate) fn exit_of(outcomes: &[Outcome], fail_if: FailIf) -> Exit {
    let count = outcomes.iter().filter(|outcome| !outcome.is_aside);
    Exit::of_those(fail_if, count.map(|outcome| outcome.exit))
}

/// Why it is not better, each reason once with its targets, where it was not told before.
fn reasons(outcomes: &[Outcome], has_job: bool) {
    let untold = outcomes.iter().filter(|outcome| !outcome.is_told);
    // That was asked for, and how to go on is told once for all.
    let (left, wrong): (Vec<_>, Vec<_>) = untold.partition(|outcome| has_job && advice::was_left(outcome));
    let left = left.into_iter().filter_map(|outcome| {
        let note = Finding::note(outcome.error.as_ref()?.message());
        Some((outcome.target.as_str(), note))
    });
    let wrong = wrong.into_iter().flat_map(|outcome| {
        let found = outcome.error.iter().flat_map(Finding::of_error);
        found.map(|finding| (outcome.target.as_str(), finding))
    });
    findings::say(&left.chain(wrong).collect::<Vec<_>>());
}

/// How many targets are in which state: `3 succeeded, 1 failed`.
pub(crate) fn counts<'a>(targets: impl IntoIterator<Item = &'a Outcome>) -> String {
    listed(&totals(targets), None)
}

/// The same of these totals, but for one state.
fn listed(totals: &[(Status, usize)], but: Option<Status>) -> String {
    let others = totals.iter().filter(|(status, _)| Some(*status) != but);
    let others: Vec<String> = others
        .map(|(status, many)| format!("{many} {}", status.words()))
        .collect();
    others.join(", ")
}

/// How many came to what, and in what time; `None` where that is said already.
fn closing(outcomes: &[Outcome], lines: Lines, took: Duration) -> Option<String> {
    let totals = totals(outcomes);
    let many = |wanted: Status| {
        totals
            .iter()
            .find(|(status, _)| *status == wanted)
            .map_or(0, |(_, many)| *many)
    };
    let all = outcomes.len();
    let (good, one, several) = match lines {
        Lines::States => return (all > 1).then(|| format!("{all} targets: {}", listed(&totals, None))),
        Lines::Tasks if are_copies(outcomes) => (Status::Running, "copy started", "copies started"),
        Lines::Tasks => (Status::Running, "import started", "imports started"),
        Lines::Images if are_exports(outcomes) => (Status::Succeeded, "export", "exports"),
        Lines::Images if many(Status::Checked) > 0 => (Status::Checked, "order checked", "orders checked"),
        Lines::Images => (Status::Succeeded, "image", "images"),
    };
    let found = outcomes.iter().filter(|outcome| outcome.is_found).count();
    let found = match found {
        0 => String::new(),
        found if found == all => ", made before".to_owned(),
        found => format!(", {found} of them made before"),
    };
    let (noun, took) = (if all == 1 { one } else { several }, render::seconds(took.as_secs()));
    match many(good) {
        // What is wrong with the only one is said above.
        0 if all < 2 => None,
        done if done == all => Some(format!("{all} {noun} in {took}{found}")),
        done => Some(format!(
            "{done} of {all} {noun} in {took}{found}: {}",
            listed(&totals, Some(good))
        )),
    }
}

/// Whether all that was started makes copies.
fn are_copies(outcomes: &[Outcome]) -> bool {
    let mut tasks = outcomes.iter().filter_map(|outcome| outcome.task.as_ref()).peekable();
    tasks.peek().is_some() && tasks.all(ImportTask::is_copy)
}

/// Whether all of it is of exports.
fn are_exports(outcomes: &[Outcome]) -> bool {
    let is_export = |outcome: &Outcome| outcome.record.as_ref().is_some_and(|record| record.export.is_some());
    outcomes.iter().all(is_export)
}

/// What text output has of each: the target, and what came of it.
fn texts(outcomes: &[Outcome], lines: Lines) -> impl Iterator<Item = (String, Tone, String)> {
    outcomes.iter().filter_map(move |outcome| {
        let target = format!("{} ", outcome.target);
        Some(match lines {
            Lines::Images => match (&outcome.image, &outcome.export) {
                (Some(image), _) => (target, Tone::Plain, image.id.clone()),
                (None, export) => (target, Tone::Plain, objects(export.as_ref()?)),
            },
            Lines::Tasks => (
                String::new(),
                Tone::Plain,
                serde_json::to_string(outcome.task.as_ref()?).ok()?,
            ),
            Lines::States => (target, outcome.status.tone(), outcome.summary()),
        })
    })
}

fn tasks(outcomes: &[Outcome]) {
    let tasks = outcomes.iter().filter_map(|outcome| outcome.task.as_ref());
    tasks.for_each(|task| told(output::json_line(task)));
}

impl<'a> Report<'a> {
    fn of(results: Vec<Row<'a>>, error: Option<Reason<'a>>, exit: Exit, event: Option<&'a str>) -> Self {
        Self {
            schema: SCHEMA,
            event,
            at: event.map(|_| At::now()),
            results,
            error,
            exit: exit.code(),
        }
    }
}

/// The results as JSON on one line.
pub(crate) fn as_json(outcomes: &[Outcome], exit: Exit) -> String {
    let report = Report::of(outcomes.iter().map(Row::of).collect(), None, exit, None);
    // Text and numbers are always JSON.
    serde_json::to_string(&report).unwrap_or_default()
}

/// The same for an error for which there are none.
pub(crate) fn nothing_as_json(error: &Error) -> String {
    let report = Report::of(Vec::new(), Some(Reason::of(error)), Exit::of(error), None);
    serde_json::to_string(&report).unwrap_or_default()
}

fn json(results: Vec<Row<'_>>, error: Option<Reason<'_>>, exit: Exit, form: OutputFormat) {
    let event = (form == OutputFormat::Event).then_some("results");
    let report = Report::of(results, error, exit, event);
    told(match event {
        Some(_) => output::last_line(&report),
        None => output::json(&report),
    });
}

fn told(written: Result<()>) {
    if let Err(error) = written {
        output::error(&error);
    }
}

/// An error for which a command ended before it came to any result, and how it ends.
pub(crate) fn nothing_done(error: &Error, form: OutputFormat) -> Exit {
    output::error(error);
    let exit = Exit::of(error);
    no_results(error, exit, form);
    exit
}

/// What the parser of the command line has to say, and how the command ends. Help needs no form.
pub(crate) fn usage(told: &clap::Error, form: impl FnOnce() -> OutputFormat) -> Exit {
    let exit = output::usage(told);
    if exit != Exit::Done {
        no_results(&refused(told), exit, form());
    }
    exit
}

/// How a command ends that was interrupted, whether it came to results or not.
pub(crate) fn interrupted(form: OutputFormat) -> Exit {
    let exit = Exit::Interrupted;
    no_results(&Error::new(ErrorKind::Stopped, "interrupted"), exit, form);
    exit
}

/// For programs: why there are no results, unless they were written.
fn no_results(error: &Error, exit: Exit, form: OutputFormat) {
    if form != OutputFormat::Text && !output::is_answered() {
        json(Vec::new(), Some(Reason::of(error)), exit, form);
    }
}

/// What the parser refused: its first paragraph, and its tip.
fn refused(told: &clap::Error) -> Error {
    let text = told.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let words = words.join(" ");
    let error = Error::new(
        ErrorKind::InvalidRequest,
        match told.kind() {
            clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given",
            _ => words.strip_prefix("error: ").unwrap_or(&words),
        },
    );
    match text.lines().find_map(|line| line.trim().strip_prefix("tip: ")) {
        Some(tip) => error.with_remedy(tip.to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(of: &[(Status, usize)]) -> Vec<Outcome> {
        let each = |(status, many): &(Status, usize)| {
            (0..*many)
                .map(|_| Outcome::new("t", *status, Exit::Done))
                .collect::<Vec<_>>()
        };
        of.iter().flat_map(each).collect()
    }

    #[test]
    fn it_closes_with_how_many_came_to_what() {
        use Status::{Checked, Failed, NotStarted, Running, Succeeded};
        let told =
            |of: &[(Status, usize)], lines| closing(&outcomes(of), lines, Duration::from_secs(724)).unwrap_or_default();
        assert_eq!(told(&[(Succeeded, 5)], Lines::Images), "5 images in 12m04s");
        assert_eq!(told(&[(Succeeded, 1)], Lines::Images), "1 image in 12m04s");
        assert_eq!(
            told(&[(Succeeded, 3), (Failed, 2)], Lines::Images),
            "3 of 5 images in 12m04s: 2 failed"
        );
        for said in [&[][..], &[(NotStarted, 1)]] {
            assert_eq!(told(said, Lines::Images), "");
        }
        assert_eq!(told(&[(Succeeded, 1)], Lines::States), "");
        assert_eq!(told(&[(Running, 2)], Lines::Tasks), "2 imports started in 12m04s");
        assert_eq!(
            told(&[(Checked, 1), (NotStarted, 2)], Lines::Images),
            "1 of 3 orders checked in 12m04s: 2 not started"
        );
        assert_eq!(
            told(&[(Succeeded, 2), (Running, 1)], Lines::States),
            "3 targets: 2 succeeded, 1 still running"
        );
        let mut found = outcomes(&[(Succeeded, 2)]);
        found[0].is_found = true;
        assert_eq!(
            closing(&found, Lines::Images, Duration::ZERO).unwrap(),
            "2 images in 0s, 1 of them made before"
        );
        found[1].is_found = true;
        assert_eq!(
            closing(&found, Lines::Images, Duration::ZERO).unwrap(),
            "2 images in 0s, made before"
        );
    }
}
