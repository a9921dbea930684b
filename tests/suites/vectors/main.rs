//! Holds simulator and clients against recorded requests of the vendors' SDKs, in three parts.
//!
//! - *verify*: the simulator accepts each recorded request, and refuses it when one signed value or the secret is changed;
//! - *re-sign*: the client's signer, given the recorded bytes, yields the recorded signature;
//! - *produce*: the client, given what was asked for, sends a request that means the same, and the simulator accepts it.
//!
//! The five import APIs and the five object stores ([`storage`]) alike.
//!
//! `CLOUD_IMPORT_VECTORS` names another directory of the same format, absolute or from the workspace root. Minimum counts
//! hold for the default directory only; in any other, a scheme or method that a client does not offer is left out, for a
//! reason from a closed list, and counted. A call that it does not offer fails.

mod clouds;
mod minimums;
mod outcome;
mod produce;
mod report;
mod resign;
mod storage;
mod typed;
mod verify;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use cloud_import_tests::vectors;

use outcome::Part;
use report::Report;

const VARIABLE: &str = "CLOUD_IMPORT_VECTORS";
const DEFAULT: &str = "tests/vectors";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = root.join(asked_for().unwrap_or_else(|| PathBuf::from(DEFAULT)));
    let (text, success) = match run(&root, &directory) {
        Ok(report) => (report.to_string(), report.failed() == 0),
        Err(why) => (format!("vectors: {why}\n0 passed, 1 failed\n"), false),
    };
    if io::stdout().write_all(text.as_bytes()).is_ok() && success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::disallowed_methods, reason = "the directory is told by the environment")]
fn asked_for() -> Option<PathBuf> {
    let value = std::env::var_os(VARIABLE)?;
    (!value.is_empty()).then(|| PathBuf::from(value))
}

fn run(root: &Path, directory: &Path) -> Result<Report, String> {
    let loaded = vectors::load(directory)?;
    let mut report = Report::new(directory, &loaded);
    for vector in &loaded.vectors {
        report.add(Part::Verify, vector, verify::check(vector));
        report.add(Part::Resign, vector, resign::check(vector));
        report.add(Part::Produce, vector, produce::check(vector));
    }
    for vector in &loaded.storage {
        for (part, outcome) in storage::check(vector) {
            report.add(part, vector, outcome);
        }
    }
    if is_default(root, directory) {
        report.require(minimums::MINIMUMS, minimums::UNDOCUMENTED);
    }
    Ok(report)
}

fn is_default(root: &Path, directory: &Path) -> bool {
    match (directory.canonicalize(), root.join(DEFAULT).canonicalize()) {
        (Ok(directory), Ok(default)) => directory == default,
        _ => false,
    }
}
