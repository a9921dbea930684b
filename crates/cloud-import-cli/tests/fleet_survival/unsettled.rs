//! The kills bite: a command that does not find out what became of an order, and sends it again, makes more images than orders.
//! It is built from a copy of the sources with that one change.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Form, kills::killed};

/// The file with the one place where an order that may have been sent is settled; what stands there, and what instead.
const PLACE: &str = "crates/cloud-import/src/publish/run.rs";
const SETTLED: &str = "Decision::Settle { name } => Box::pin(self.settle(name)).await,";
const SENT_AGAIN: &str = "Decision::Settle { .. } => Box::pin(self.start()).await,";

/// What the workspace is made of.
const SOURCES: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "crates",
    "tests",
    "xtask",
];

/// Not every seed kills a worker at the one moment that counts.
const SEEDS: u64 = 4;

pub(crate) fn run(form: &Form) -> Result<String, String> {
    let program = built()?;
    let mut told = Vec::new();
    for seed in form.seed..form.seed + SEEDS {
        let standing = killed(&program, seed, false)?;
        told.push(format!("seed {seed}: {standing}"));
        if standing.imports > standing.orders as u64 && !standing.doubled.is_empty() {
            return Ok(format!("with the settling off, {}", told.join("; ")));
        }
    }
    Err(format!(
        "it makes no image twice, so that the kills show nothing: {}",
        told.join("; ")
    ))
}

/// The command without its settling.
fn built() -> Result<PathBuf, String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unsettled");
    let copy = folder.join("sources");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).unwrap();
    for name in SOURCES {
        // With their times: what has not changed is not built again.
        let copied = Command::new("cp")
            .args(["-a", "--"])
            .arg(root.join(name))
            .arg(&copy)
            .status();
        assert!(copied.unwrap().success(), "{name}");
    }
    let place = copy.join(PLACE);
    let text = fs::read_to_string(&place).unwrap();
    if text.matches(SETTLED).count() != 1 {
        return Err(format!(
            "the one place where an order is settled is not in {PLACE}: {SETTLED}"
        ));
    }
    fs::write(&place, text.replace(SETTLED, SENT_AGAIN)).unwrap();
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--quiet",
        "--locked",
        "-p",
        "cloud-import-cli",
        "--features",
        "fleet",
    ]);
    build.current_dir(&copy).env("CARGO_TARGET_DIR", folder.join("target"));
    // What became unused by the change is warned of, and no matter.
    let built = build.output().unwrap();
    match built.status.success() {
        true => Ok(folder.join("target/debug/cloud-import")),
        false => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
    }
}
