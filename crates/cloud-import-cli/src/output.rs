//! The two streams: results on standard output, everything for people on standard error.

use std::{
    io::Write as _,
    sync::{Mutex, PoisonError},
};

use cloud_import::{Error, ErrorKind, Result};
use indicatif::MultiProgress;
use serde::Serialize;

use crate::render;

/// The version of each JSON form. It is raised when a field changes its meaning or goes; fields and events may be added.
pub(crate) const SCHEMA: u32 = 1;

/// The bars that are on the terminal, if there are any.
static BARS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// From now on lines stand above these bars, or where the cursor is when there are none.
pub(crate) fn stand_above(bars: Option<MultiProgress>) {
    *BARS.lock().unwrap_or_else(PoisonError::into_inner) = bars;
}

/// A line for people.
pub(crate) fn say(line: &str) {
    let write = || {
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    };
    let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bars {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// A result line.
pub(crate) fn result(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A result as one JSON object over several lines.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Local, "the result cannot be written as JSON").with_source(error))?;
    result(&text);
    Ok(())
}

/// An error with what to do about it.
pub(crate) fn error(error: &Error) {
    told("", error);
}

/// An error of one target, or of several that have the same to tell.
pub(crate) fn error_of(targets: &[&str], error: &Error) {
    let whose = targets.join(", ");
    if targets.len() > 1 && error.problems().is_empty() {
        say(&format!("error: {whose}: {}", error.message()));
        render::remedy_of(error)
            .into_iter()
            .for_each(|remedy| say(&format!("       {remedy}")));
    } else {
        told(&format!("{whose}: "), error);
    }
}

fn told(whose: &str, error: &Error) {
    if error.problems().is_empty() {
        say(&format!("error: {whose}{}", render::error(error)));
        if let Some(remedy) = render::remedy_of(error) {
            say(&format!("       {remedy}"));
        }
        return;
    }
    for problem in error.problems() {
        let severity = if problem.is_error() { "error" } else { "warning" };
        say(&format!("{severity}: {whose}{}", render::problem(problem)));
    }
}
