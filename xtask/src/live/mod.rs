//! `cargo xtask live`: one small image through a real account, and what its answers say about the facts that no source settles.
//! See docs/live.md.
//!
//! What talks to the cloud is the program `live` of `tests`; here its answers are held against the specs.

mod answers;
mod judge;
mod report;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use answers::Answers;

use crate::{Outcome, spec::Spec, spec_store};

/// Runs it, and judges what came of it; or, with `--judge FOLDER`, only judges what an earlier run wrote.
pub(crate) fn run(root: &Path, options: &[&str]) -> Outcome {
    if let ["--judge", folder] = options {
        return judge(root, Path::new(folder));
    }
    let out = match options.iter().position(|option| *option == "--out") {
        Some(at) => options.get(at + 1).map(PathBuf::from).ok_or("--out wants a folder")?,
        None => free_folder(&root.join("target/live")),
    };
    let status = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--locked",
            "-p",
            "cloud-import-tests",
            "--bin",
            "live",
            "--",
        ])
        .args(options)
        .args(options.iter().all(|option| *option != "--out").then_some("--out"))
        .args(options.iter().all(|option| *option != "--out").then_some(&out))
        .status()
        .map_err(|error| format!("live: cargo: {error}"))?;
    // A run that failed on its way has answers all the same.
    if out.join("answers.json").exists() {
        judge(root, &out)?;
    }
    match status.success() {
        true => Ok(()),
        false => Err("live: it did not end as it should".to_owned()),
    }
}

/// Writes `report.md` beside the answers.
fn judge(root: &Path, folder: &Path) -> Outcome {
    let answers = Answers::read(&folder.join("answers.json"))?;
    let cloud = &answers.facts.cloud;
    let spec = Spec::load(&root.join("xtask/specs").join(cloud))?;
    let (shared, stores) = spec_store::load(root)?;
    let store = stores.iter().find(|store| store.id == *cloud);
    let store = store.ok_or_else(|| format!("live: no cloud `{cloud}`"))?;
    let judged = judge::judge(&spec, store, &shared, &answers);
    let report = folder.join("report.md");
    let text = report::render(&spec, &answers, &judged);
    fs::write(&report, text).map_err(|error| format!("{}: {error}", report.display()))?;
    crate::say(&format!(
        "{}\n{}\nRead both before you send them to anyone.",
        report.display(),
        folder.join("answers.json").display()
    ));
    Ok(())
}

/// The first of `1`, `2`, ... that is not there.
fn free_folder(parent: &Path) -> PathBuf {
    let mut number = 1;
    while parent.join(number.to_string()).exists() {
        number += 1;
    }
    parent.join(number.to_string())
}
