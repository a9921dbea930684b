//! What is done of a run, kept in a file between two runs of the program.

use std::{
    collections::BTreeMap,
    fs, mem,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What came of a target so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) executions: u64,
    pub(crate) findings: u64,
    /// Executions whose answer is another than without changes.
    pub(crate) differed: u64,
    /// It has answers that can be compared.
    pub(crate) compared: bool,
    pub(crate) slowest_us: u64,
    /// Bytes of memory.
    pub(crate) peak: u64,
    pub(crate) caught: u64,
    pub(crate) seconds: f64,
    /// It is over.
    pub(crate) is_told: bool,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.executions += other.executions;
        self.findings += other.findings;
        self.differed += other.differed;
        self.slowest_us = self.slowest_us.max(other.slowest_us);
        self.peak = self.peak.max(other.peak);
        self.caught += other.caught;
        self.seconds += other.seconds;
    }

    pub(crate) fn told(&self, seed: u64) -> String {
        let share = match self.compared {
            true => format!(
                "{:.1} % differed, ",
                self.differed as f64 * 100.0 / self.executions.max(1) as f64
            ),
            false => String::new(),
        };
        format!(
            "{} executions, seed {seed}, {} findings, {share}slowest {:.1} ms, peak {:.1} MiB, {} panics caught, {:.1} s",
            self.executions,
            self.findings,
            self.slowest_us as f64 / 1000.0,
            self.peak as f64 / f64::from(1 << 20),
            self.caught,
            self.seconds
        )
    }
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    #[serde(skip)]
    path: Option<PathBuf>,
    seed: u64,
    executions: Option<u64>,
    targets: BTreeMap<String, Figures>,
}

impl Progress {
    /// What an earlier run with the same seed and number left there; nothing else.
    pub(crate) fn open(path: Option<&Path>, seed: u64, executions: Option<u64>) -> Self {
        let left = path.and_then(|path| fs::read(path).ok());
        let left: Option<Self> = left.and_then(|left| serde_json::from_slice(&left).ok());
        let left = left.filter(|left| (left.seed, left.executions) == (seed, executions));
        Self {
            path: path.map(Path::to_owned),
            seed,
            executions,
            targets: left.map(|mut left| mem::take(&mut left.targets)).unwrap_or_default(),
        }
    }

    pub(crate) fn of(&self, name: &str) -> Figures {
        self.targets.get(name).cloned().unwrap_or_default()
    }

    /// A file that is there is a whole one, whenever this is killed.
    pub(crate) fn keep(&mut self, name: &str, figures: &Figures) {
        self.targets.insert(name.to_owned(), figures.clone());
        let Some(path) = &self.path else { return };
        let new = path.with_extension("new");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(&new, serde_json::to_vec_pretty(self).unwrap()).unwrap();
        fs::rename(&new, path).unwrap();
    }

    /// The next run begins anew.
    pub(crate) fn close(self) {
        if let Some(path) = self.path {
            drop(fs::remove_file(path));
        }
    }
}
