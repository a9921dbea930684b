//! The two streams: results on standard output, everything for people on standard error.

use std::io::Write as _;

use cloud_import::Error;

/// A line for people.
pub(crate) fn say(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A result line.
pub(crate) fn result(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// An error with what to do about it.
pub(crate) fn error(error: &Error) {
    told("", error);
}

/// An error of one target.
pub(crate) fn error_of(target: &str, error: &Error) {
    told(&format!("{target}: "), error);
}

fn told(whose: &str, error: &Error) {
    if error.problems().is_empty() {
        say(&format!("error: {whose}{error}"));
        if let Some(remedy) = error.remedy() {
            say(&format!("       {remedy}"));
        }
        return;
    }
    for problem in error.problems() {
        say(&format!(
            "{}: {whose}{problem}",
            if problem.is_error() { "error" } else { "warning" }
        ));
    }
}
