//! The two streams: results on standard output, everything for people on standard error. Text that a cloud, a file or a path
//! brought may be in any of it, so nothing leaves but as [`Shown`], or as JSON in which the same is escaped.

mod json;
mod out;
mod style;
mod wrap;

use std::{
    io::{IsTerminal as _, Write as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use cloud_import::{
    Error, ErrorKind, Result, Shown,
    env::{Env as _, SystemEnv},
    publish::Damaged,
};
use indicatif::{MultiProgress, ProgressBar};
use serde::Serialize;

pub(crate) use self::style::{Tone, begin, colours_of, has_colours, wants_notes, wants_progress};
pub(crate) use self::wrap::lines as wrapped;
use crate::{clock, exit::Exit, render};

/// The version of each JSON form. It is raised when a field changes its meaning or goes; fields and events may be added.
pub(crate) const SCHEMA: u32 = 1;

/// The bars that are on the terminal, if there are any.
static BARS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Whether a program has its answer, behind which nothing is written.
static IS_ANSWERED: AtomicBool = AtomicBool::new(false);

/// Whether what is wrong, or may be, is told with the time of day.
static IS_TIMED: AtomicBool = AtomicBool::new(false);

/// Work has begun, and what is told of it stands in lines: from now on each of them has the time of day, errors at the end, too.
pub(crate) fn begin_to_tell_the_time() {
    IS_TIMED.store(true, Ordering::Relaxed);
}

/// From now on lines stand above these bars, or where the cursor is when there are none.
pub(crate) fn stand_above(bars: Option<MultiProgress>) {
    *BARS.lock().unwrap_or_else(PoisonError::into_inner) = bars;
}

/// A line for people, whatever else they want to be spared.
pub(crate) fn say(line: &str) {
    say_words(&[(Tone::Plain, line)]);
}

/// A line for people that they may want to be spared: nothing is wrong, and nothing is to be done.
pub(crate) fn note(line: &str) {
    if wants_notes() {
        say(line);
    }
}

/// A line of progress.
pub(crate) fn progress(line: &str) {
    if wants_progress() {
        say(line);
    }
}

/// Something that may be wrong.
pub(crate) fn warning(text: &str) {
    trouble(Tone::Warning, "warning", text);
}

/// What may have been meant by a line that was refused.
pub(crate) fn tip(text: &str) {
    say(&format!("  tip: {text}"));
}

/// A line for people, of words with colours.
pub(crate) fn say_words(words: &[(Tone, &str)]) {
    let line = style::painted(words, &std::io::stderr());
    // A closed standard error leaves nobody to tell.
    above_bars(|| drop(writeln!(std::io::stderr().lock(), "{line}")));
}

/// What went wrong or may: on a terminal in as many lines as it takes.
fn trouble(tone: Tone, word: &str, text: &str) {
    let begin = format!("{word}: ");
    let text = match IS_TIMED.load(Ordering::Relaxed) {
        true => &format!("{} {text}", clock::local(SystemEnv.now())),
        false => text,
    };
    let mut lines = in_lines(text, &begin).into_iter();
    let first = lines.next().unwrap_or_default();
    say_words(&[(tone, word), (Tone::Plain, ": "), (Tone::Plain, &first)]);
    lines.for_each(|line| say(&format!("{:1$}{line}", "", begin.len())));
}

/// What the user can do about it, below it. The lines of a list's item stand below one another.
pub(crate) fn advice(lines: &[String]) {
    for line in lines {
        let hang = if line.starts_with("- ") { "  " } else { "" };
        for (index, part) in in_lines(line, ADVICE).iter().enumerate() {
            say(&format!("{ADVICE}{}{part}", if index > 0 { hang } else { "" }));
        }
    }
}

/// What stands before advice.
pub(crate) const ADVICE: &str = "       ";

/// How many characters a line of a table has at the most: as many as the terminal, else 100.
pub(crate) fn width() -> usize {
    const ELSEWHERE: usize = 100;
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(ELSEWHERE, |(width, _)| usize::from(width.0))
}

/// A text behind a beginning, in lines that fit the terminal, if there is one.
fn in_lines(text: &str, begin: &str) -> Vec<String> {
    const NARROWEST: usize = 40;
    let size = terminal_size::terminal_size_of(std::io::stderr());
    match size.map(|(width, _)| usize::from(width.0)) {
        Some(width) if width >= NARROWEST => wrap::lines(text, width - begin.len()),
        _ => vec![text.to_owned()],
    }
}

/// A part of the log, which has been escaped where it was made.
pub(crate) fn log(bytes: &[u8]) -> std::io::Result<usize> {
    let mut written = Ok(0);
    above_bars(|| written = std::io::stderr().lock().write(bytes));
    written
}

fn above_bars(write: impl FnOnce()) {
    let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bars {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// What a bar says.
pub(crate) fn message(bar: &ProgressBar, text: &str) {
    bar.set_message(Shown::of(text).to_string());
}

/// What several lines of one bar say.
pub(crate) fn message_lines(bar: &ProgressBar, lines: &[String]) {
    let lines: Vec<String> = lines.iter().map(|line| Shown::of(line).to_string()).collect();
    bar.set_message(lines.join("\n"));
}

/// Whether results and words for people meet on a terminal.
pub(crate) fn is_one_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// A result line.
pub(crate) fn result(line: &str) {
    result_words(&[(Tone::Plain, line)]);
}

/// A result line of words with colours.
pub(crate) fn result_words(words: &[(Tone, &str)]) {
    out::write(&format!("{}\n", style::painted(words, &std::io::stdout())));
}

/// The answer to a program: one JSON object over several lines.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    IS_ANSWERED.store(true, Ordering::Relaxed);
    document(serde_json::to_string_pretty(value))
}

/// The answer to a program that was told events: the last line.
pub(crate) fn last_line(value: &impl Serialize) -> Result<()> {
    IS_ANSWERED.store(true, Ordering::Relaxed);
    document(serde_json::to_string(value))
}

/// One JSON object on a line. Behind the last line nothing is told.
pub(crate) fn json_line(value: &impl Serialize) -> Result<()> {
    if is_answered() {
        return Ok(());
    }
    document(serde_json::to_string(value))
}

/// Whether a program has its answer.
pub(crate) fn is_answered() -> bool {
    IS_ANSWERED.load(Ordering::Relaxed)
}

/// A result that is a document of its own, whose writer has escaped what has to be.
pub(crate) fn document_text(text: &str) {
    out::write(text);
}

fn document(text: serde_json::Result<String>) -> Result<()> {
    let text =
        text.map_err(|error| Error::new(ErrorKind::Local, "the result cannot be written as JSON").with_source(error))?;
    out::write(&format!("{}\n", json::safe(&text)));
    Ok(())
}

/// What the parser of the command line has to say: help, or what is wrong with the line.
pub(crate) fn usage(told: &clap::Error) -> Exit {
    let text = told.render();
    if told.use_stderr() {
        for line in text.to_string().lines() {
            match line.strip_prefix("error: ") {
                Some(what) => trouble(Tone::Bad, "error", what),
                None => say(line),
            }
        }
        return Exit::Usage;
    }
    match has_colours(&std::io::stdout()) {
        true => out::write(&text.ansi().to_string()),
        false => out::write(&text.to_string()),
    }
    Exit::Done
}

/// Whether results were lost on their way.
pub(crate) fn is_lost() -> bool {
    out::failure().is_some()
}

/// How the command ends after all: not well when its results were lost.
pub(crate) fn finished(exit: Exit) -> Exit {
    match out::failure() {
        Some(why) => {
            wrong(&format!("the results cannot be written to standard output: {why}"));
            Exit::NotWritten
        }
        None => exit,
    }
}

/// Something that is wrong.
pub(crate) fn wrong(text: &str) {
    trouble(Tone::Bad, "error", text);
}

/// An error with what to do about it.
pub(crate) fn error(error: &Error) {
    if error.problems().is_empty() {
        wrong(&render::error(error));
        advice(&render::remedy_lines_of(error));
        return;
    }
    for problem in render::told_problems(error) {
        let text = render::problem(problem);
        if problem.is_error() {
            wrong(&text);
        } else {
            warning(&text);
        }
    }
}

/// What cannot be read, each with what to do about it, and the exit of a command that went on without it.
pub(crate) fn damaged(found: &[Damaged]) -> Exit {
    for one in found {
        wrong(&format!("{one} cannot be read: {}", one.error.message()));
        advice(&render::remedy_lines_of(&one.error));
    }
    if found.is_empty() { Exit::Done } else { Exit::Mixed }
}
