//! Runs every example: each asserts what it claims and ends by itself.
//!
//! `cargo test` builds the examples before it runs this. With `--test examples` alone they are not built anew.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

/// Where cargo puts the examples that it builds: beside the folder of this program.
fn built() -> PathBuf {
    let here = env::current_exe().unwrap();
    here.parent().and_then(Path::parent).unwrap().join("examples")
}

fn run(source: &Path) -> Result<(), String> {
    let name = source.file_stem().unwrap().to_str().unwrap();
    let program = built().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let changed = |file: &Path| fs::metadata(file).and_then(|facts| facts.modified()).ok();
    if changed(&program) < changed(source) {
        return Err(format!(
            "{name} is not built from its present source: run `cargo test` without `--test`"
        ));
    }
    let output = Command::new(program)
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} ended with {}:\n{said}", output.status))
}

#[test]
fn every_example_does_what_it_claims() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let runs: Vec<_> = sources.map(|source| thread::spawn(move || run(&source))).collect();
    assert!(runs.len() >= 8, "{} examples", runs.len());
    let failed: Vec<String> = runs.into_iter().filter_map(|run| run.join().unwrap().err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
