//! The long forms of what shows that work survives: guests on disks that others made, hundreds of kills, every fault of every
//! request, a thousand targets, and the fuzz targets.

use std::path::Path;

use crate::{Outcome, step::Step};

/// Kills of the whole command at random moments. Twice as many around the moment when an order leaves come on top, and those of
/// staging alone.
const KILLS: &str = "500";

/// Fuzz targets that read what a disk or a file holds, and how often each is run: more than two million changes in all.
const READERS: &str = "50000 --resume readers.json guest image convert unpack cut";

/// The other ones: answers of clouds and stores, and small files.
const OTHERS: &str = "100000 --resume others.json disk api store profiles keys order task record job upload";

/// What a soak is told.
pub(crate) const USAGE: &str = "usage: cargo xtask soak [--kills N] [--seed S]";

/// Runs them in release mode, one after the other; their figures go to standard output. Fuzz targets that were killed go on where they
/// were, by what they keep in `target/fuzz`.
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
    let survival = "cargo test --release --locked -p cloud-import-cli --test survival -- --long --kills";
    let mut survival = Step::new("survival", survival).word(kills);
    let fuzz = "cargo test --release --locked -p cloud-import-tests --test fuzz -- --executions";
    let mut readers = Step::new("readers", &format!("{fuzz} {READERS}"));
    let mut others = Step::new("fuzz", &format!("{fuzz} {OTHERS}"));
    if let Some(seed) = seed {
        survival = survival.word("--seed").word(seed);
        readers = readers.word("--seed").word(seed);
        others = others.word("--seed").word(seed);
    }
    let staging =
        "cargo test --release --locked -p cloud-import-tests --test staging -- kill:: --nocapture --test-threads=1";
    let staging = Step::new("staging", staging)
        .variable("CLOUD_IMPORT_KILLS", "60")
        .variable("CLOUD_IMPORT_KILL_MIB", "1024");
    // It asks for root, and gives up at once without it.
    Step::new("guests", "tests/guests/run").run("soak", root)?;
    survival.run("soak", root)?;
    staging.run("soak", root)?;
    readers.run("soak", root)?;
    others.run("soak", root)
}
