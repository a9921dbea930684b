//! The programs that a release is made with: run, and what they say.

use std::{path::Path, process::Command};

/// The variable by which programs are told when something was made.
pub(super) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// What a program writes to standard output, without the end of its last line.
pub(super) fn text(root: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    told(root, Command::new(program).args(arguments))
}

/// The same of a program that is told which time counts as now, in seconds since 1970.
pub(super) fn dated(root: &Path, epoch: &str, program: &str, arguments: &[&str]) -> Result<String, String> {
    told(root, Command::new(program).args(arguments).env(EPOCH, epoch))
}

fn told(root: &Path, command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .current_dir(root)
        .output()
        .map_err(|error| format!("release: {program}: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        return Err(format!("release: {program} {} failed:\n{told}", arguments.join(" ")));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| format!("release: {program}: {error}"))?;
    Ok(text.trim_end().to_owned())
}

/// Whether a program is on this machine.
pub(super) fn has(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}
