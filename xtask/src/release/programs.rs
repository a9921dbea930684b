//! The programs that a release is made with: run, and what they say.

use std::{path::Path, process::Command};

/// What a program writes to standard output, without the end of its last line.
pub(super) fn text(root: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| format!("release: {program}: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
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
