//! The long forms of what shows that work survives: hundreds of kills, every fault of every request, a thousand targets.

use std::{path::Path, process::Command};

use crate::Outcome;

/// Kills of the whole command; those of staging alone come on top.
const KILLS: &str = "500";

/// What a soak is told.
pub(crate) const USAGE: &str = "usage: cargo xtask soak [--kills N] [--seed S]";

/// Runs them in release mode, one after the other; their figures go to standard output.
pub(crate) fn run(root: &Path, options: &[&str]) -> Outcome {
    let (mut kills, mut seed) = (KILLS, None);
    let mut options = options.iter().copied();
    while let Some(name) = options.next() {
        let value = options
            .next()
            .filter(|value| value.parse::<u64>().is_ok())
            .ok_or(USAGE)?;
        match name {
            "--kills" => kills = value,
            "--seed" => seed = Some(value),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let mut survival: Vec<&str> = "test --release --locked -p cloud-import-cli --test survival -- --long --kills"
        .split(' ')
        .collect();
    survival.push(kills);
    survival.extend(seed.iter().flat_map(|seed| ["--seed", seed]));
    let staging: Vec<&str> =
        "test --release --locked -p cloud-import-tests --test staging -- kill:: --nocapture --test-threads=1"
            .split(' ')
            .collect();
    timed(root, "survival", &survival, &[])?;
    timed(
        root,
        "staging",
        &staging,
        &[("CLOUD_IMPORT_KILLS", "60"), ("CLOUD_IMPORT_KILL_MIB", "1024")],
    )
}

fn timed(root: &Path, name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    crate::say(&format!("soak: {name}: cargo {}", arguments.join(" ")));
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(root)
        .status()
        .map_err(|error| format!("soak: {name}: cargo: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("soak: {name} failed; its figures and the seed stand above"))
}
