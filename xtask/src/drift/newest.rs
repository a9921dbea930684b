//! The newest packages, by the registries' own clients: fetched into a folder of their own, read as text by
//! `xtask/drift/vendor.py`, compared.
//!
//! Nothing of a package is installed, imported or run. What was read is left in `target/drift`, where `--accept` takes it
//! from.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::{
    compare::{self, Row},
    facts::{Lock, Operations, Read},
    failure::{Failure, text},
    report::Report,
    sources::{self, Registry, Source},
};
use crate::spec::Spec;

/// What the reader prints.
#[derive(Deserialize)]
struct Answer {
    version: String,
    sha256: String,
    read: String,
    operations: Operations,
}

/// Fetches, reads and compares: the locks with the newest packages, then the specs with them.
pub(crate) fn run(root: &Path, clouds: &[&str], git: &[(&str, &str)]) -> Result<String, Failure> {
    let scratch = Scratch::new()?;
    let mut report = Report::default();
    for cloud in clouds {
        let folder = root.join("xtask/specs").join(cloud);
        let spec = Spec::load(&folder).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        let locked = if folder.join(Lock::FILE).is_file() {
            Lock::read(&folder)?
        } else {
            Lock::default()
        };
        let mut newest = Lock::default();
        for source in sources::of(cloud) {
            let (read, operations) = match (source.registry, git.iter().find(|(name, _)| *name == source.package)) {
                (Registry::Git, None) => kept(&locked, source)?,
                (_, git) => read_package(root, &scratch.0, source, git.map(|(_, folder)| *folder), &spec)?,
            };
            if let Some(before) = locked.facts.get(source.package) {
                same_layout(source, before, &operations)?;
                changes(&mut report, cloud, source, &locked, before, &read, &operations);
            }
            newest.sources.push(read);
            newest.facts.insert(source.package.to_owned(), operations);
        }
        let kept = root.join("target/drift");
        write(&kept.join(format!("{cloud}.json")), &newest)?;
        report.compare(&folder, &spec, &newest)?;
    }
    report.end()
}

/// Makes what the last `--newest` read the lock.
pub(crate) fn accept(root: &Path, clouds: &[&str]) -> Result<String, Failure> {
    let mut taken = Vec::new();
    for cloud in clouds {
        let path = root.join("target/drift").join(format!("{cloud}.json"));
        let invalid = |error| Failure::Other(format!("{}: {error}", path.display()));
        let newest: Lock = serde_json::from_str(&text(&path)?).map_err(invalid)?;
        sources::check(cloud, &newest)?;
        write(&root.join("xtask/specs").join(cloud).join(Lock::FILE), &newest)?;
        taken.push(*cloud);
    }
    Ok(format!("locked: {}; read the diff as you read code", taken.join(", ")))
}

fn write(path: &Path, lock: &Lock) -> Result<(), Failure> {
    let failed = |error: String| Failure::Other(format!("{}: {error}", path.display()));
    let json = lock.to_json().map_err(|error| failed(error.to_string()))?;
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, json))
        .map_err(|error| failed(error.to_string()))
}

/// What is locked of a source that no registry has.
fn kept(locked: &Lock, source: &Source) -> Result<(Read, Operations), Failure> {
    let read = locked.sources.iter().find(|read| read.name == source.package);
    let (read, facts) = read.zip(locked.facts.get(source.package)).ok_or_else(|| {
        Failure::Package(format!(
            "{0}: no registry has it; add --git {0}=FOLDER, a clone of its repository",
            source.package
        ))
    })?;
    Ok((read.clone(), facts.clone()))
}

/// A reader that finds less than before met a new layout, whatever it found: every operation must be there, with four fifths
/// of its fields.
pub(crate) fn same_layout(source: &Source, before: &Operations, now: &Operations) -> Result<(), Failure> {
    for (name, old) in before {
        let count = |own: &super::facts::Operation| own.request.len() + own.response.len();
        let found = now.get(name).map_or(0, count);
        if found * 5 < count(old) * 4 {
            return Err(Failure::Package(format!(
                "{}: {name} has {found} fields, and had {}: the layout of the package changed, or the vendor removed it",
                source.package,
                count(old)
            )));
        }
    }
    Ok(())
}

/// Lines on what the newest package says otherwise than the locked one. They count as drift but for prose alone.
fn changes(
    report: &mut Report,
    cloud: &str,
    source: &Source,
    locked: &Lock,
    before: &Operations,
    read: &Read,
    now: &Operations,
) {
    let rows = compare::lock_with(source.package, before, now);
    let old = locked.version(source.package);
    if old != read.version || !rows.is_empty() {
        report.lines.push(format!(
            "newer  {cloud:<8} {} {old} → {}: {} rows",
            source.package,
            read.version,
            rows.len()
        ));
    }
    for row in &rows {
        let mark = if row.kind == "reworded" { "doc" } else { "drift" };
        report.drift += 1;
        report.lines.push(Row::line(row, mark, cloud, locked));
    }
}

fn read_package(
    root: &Path,
    scratch: &Path,
    source: &Source,
    git: Option<&str>,
    spec: &Spec,
) -> Result<(Read, Operations), Failure> {
    let failed = |error: String| Failure::Package(format!("{}: {error}", source.package));
    let folder = scratch.join(source.package);
    fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
    let (path, commit) = match git {
        Some(clone) => from_git(clone, &folder),
        None => fetch(root, source, &folder).map(|path| (path, None)),
    }
    .map_err(failed)?;
    let mut reader = Command::new("python3");
    reader
        .arg("-B")
        .arg(root.join("xtask/drift/vendor.py"))
        .arg(source.reader)
        .arg(path);
    let own = spec.api.operations.iter();
    let own = own.filter(|own| source.is_of(own.host.as_deref()));
    reader.args(own.map(|own| own.name.as_str()));
    let answer: Answer =
        serde_json::from_str(&output(&mut reader).map_err(failed)?).map_err(|error| failed(error.to_string()))?;
    if answer.operations.is_empty() {
        return Err(failed(
            "none of our operations is in it: the layout of the package changed".to_owned(),
        ));
    }
    let read = Read {
        name: source.package.to_owned(),
        registry: source.registry.name().to_owned(),
        version: commit.unwrap_or(answer.version),
        sha256: if git.is_some() { String::new() } else { answer.sha256 },
        read: answer.read,
    };
    Ok((read, answer.operations))
}

/// What git has at its newest commit, as a tarball, with that commit and its date.
fn from_git(clone: &str, folder: &Path) -> Result<(PathBuf, Option<String>), String> {
    let path = folder.join("services.tar");
    let git = |arguments: &[&str]| output(Command::new("git").arg("-C").arg(clone).args(arguments));
    let commit = git(&["log", "-1", "--format=%h of %cs"])?;
    git(&[
        "archive",
        "--format=tar",
        "-o",
        &path.display().to_string(),
        "HEAD",
        "services",
    ])?;
    Ok((path, Some(commit.trim().to_owned())))
}

/// Has the registry's client fetch a package, and gives its file or folder.
fn fetch(root: &Path, source: &Source, folder: &Path) -> Result<PathBuf, String> {
    match source.registry {
        Registry::Pypi => {
            let mut pip = Command::new("python3");
            pip.args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ]);
            // No build script of a source package runs, not even for its name.
            pip.args(["--use-pep517", "--no-build-isolation"])
                .env("PYTHONPATH", root.join("xtask/drift/no-build"));
            output(
                pip.env("PYTHONDONTWRITEBYTECODE", "1")
                    .arg("--dest")
                    .arg(folder)
                    .arg(source.package),
            )?;
            let mut files = fs::read_dir(folder).map_err(|error| error.to_string())?.flatten();
            files
                .next()
                .map(|entry| entry.path())
                .ok_or_else(|| "pip left no file".to_owned())
        }
        Registry::Crates => {
            let name = source.package;
            let manifest = format!(
                "[package]\nname = \"drift\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{name} = \"*\"\n"
            );
            let failed = |error: std::io::Error| error.to_string();
            fs::create_dir_all(folder.join("src")).map_err(failed)?;
            fs::write(folder.join("src/lib.rs"), "").map_err(failed)?;
            fs::write(folder.join("Cargo.toml"), manifest).map_err(failed)?;
            output(
                Command::new(env!("CARGO"))
                    .args(["vendor", "--quiet", "vendor"])
                    .current_dir(folder),
            )?;
            Ok(folder.join("vendor").join(name))
        }
        Registry::Git => Err("no registry has it".to_owned()),
    }
}

/// Standard output of a program that ends well; else what it says.
fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!(
        "{program}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

/// A folder of this run, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("cloud-import-drift-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
