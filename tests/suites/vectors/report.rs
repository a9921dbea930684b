//! Counts and failures, and how they are shown. Shown in full also when everything passes.

use std::{collections::BTreeMap, fmt, path::Path};

use cloud_import_tests::vectors::{Directory, Vector};

use crate::{
    clouds,
    minimums::Minimum,
    outcome::{Outcome, Part, Reason, Unfit},
};

/// How many failures are shown with their differences.
const SHOWN_FAILURES: usize = 20;
/// How many differences of one failure are shown.
const SHOWN_DIFFERENCES: usize = 6;

#[derive(Debug, Default)]
struct Count {
    vectors: usize,
    passed: usize,
    failed: usize,
    left_out: usize,
    changes: usize,
}

/// What came out of a run.
#[derive(Debug)]
pub(crate) struct Report {
    directory: String,
    vectors: usize,
    counts: BTreeMap<(Part, String, String), Count>,
    reasons: BTreeMap<(Part, String, Reason), usize>,
    unfit: BTreeMap<(String, String, Unfit), usize>,
    failures: Vec<String>,
    failed_minimums: usize,
}

impl Report {
    pub(crate) fn new(directory: &Path, loaded: &Directory) -> Self {
        let shown = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        Self {
            directory: shown.display().to_string(),
            vectors: loaded.vectors.len() + loaded.storage.len(),
            counts: BTreeMap::new(),
            reasons: BTreeMap::new(),
            unfit: BTreeMap::new(),
            failures: Vec::new(),
            failed_minimums: 0,
        }
    }

    /// Counts what became of a vector.
    pub(crate) fn add(&mut self, part: Part, vector: &Vector, outcome: Outcome) {
        let row = (part, vector.provider.clone(), vector.algorithm.clone());
        let count = self.counts.entry(row).or_default();
        count.vectors += 1;
        match outcome {
            Outcome::Passed { changes, unfit } => {
                count.passed += 1;
                count.changes += changes;
                for unfit in unfit {
                    let row = (vector.provider.clone(), clouds::call_of(vector).to_owned(), unfit);
                    *self.unfit.entry(row).or_default() += 1;
                }
            }
            Outcome::LeftOut(reason) => {
                count.left_out += 1;
                *self.reasons.entry((part, vector.provider.clone(), reason)).or_default() += 1;
            }
            Outcome::Failed(differences) => {
                count.failed += 1;
                self.failures.push(failure(part, &vector.id, &differences));
            }
        }
    }

    /// Counts as failed every minimum that was not reached, and every parameter that a client's types lack, but for those
    /// that the vendor does not document either.
    pub(crate) fn require(&mut self, minimums: &[Minimum], undocumented: &[(&str, &str)]) {
        for (provider, part, minimum) in minimums {
            let rows = self.counts.iter();
            let rows = rows.filter(|((found, name, _), _)| found == part && name == provider);
            let passed: usize = rows.map(|(_, count)| count.passed).sum();
            if passed < *minimum {
                self.require_failed(format!("{part} {provider}: {passed} passed, at least {minimum} must"));
            }
        }
        let is_known = |call: &str, unfit: &Unfit| match unfit {
            Unfit::Name(name) => undocumented.contains(&(call, name)),
            Unfit::Type(_) => false,
        };
        let unknown = self.unfit.keys().filter(|(_, call, unfit)| !is_known(call, unfit));
        let unknown: Vec<String> = unknown
            .map(|(provider, call, unfit)| format!("produce {provider}: the type of {call} has no place for {unfit}"))
            .collect();
        for text in unknown {
            self.require_failed(text);
        }
    }

    fn require_failed(&mut self, text: String) {
        self.failed_minimums += 1;
        self.failures.insert(0, text);
    }

    fn sum(&self, of: impl Fn(&Count) -> usize) -> usize {
        self.counts.values().map(of).sum()
    }

    /// How much failed.
    pub(crate) fn failed(&self) -> usize {
        self.sum(|count| count.failed) + self.failed_minimums
    }
}

fn failure(part: Part, id: &str, differences: &[String]) -> String {
    let mut text = format!("{part} {id}");
    for difference in differences.iter().take(SHOWN_DIFFERENCES) {
        text = format!("{text}\n      {difference}");
    }
    let more = differences.len().saturating_sub(SHOWN_DIFFERENCES);
    if more > 0 {
        text = format!("{text}\n      and {more} more differences");
    }
    text
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nvectors: {} in {}", self.vectors, self.directory)?;
        writeln!(
            f,
            "\n{:8} {:15} {:21} {:>7} {:>7} {:>7} {:>8} {:>8}",
            "part", "provider", "algorithm", "vectors", "passed", "failed", "left out", "changed"
        )?;
        for ((part, provider, algorithm), count) in &self.counts {
            writeln!(
                f,
                "{part:8} {provider:15} {algorithm:21} {:7} {:7} {:7} {:8} {:8}",
                count.vectors, count.passed, count.failed, count.left_out, count.changes
            )?;
        }
        writeln!(
            f,
            "(changed: requests and keys with one value changed, each told from the recorded one)"
        )?;
        for ((part, provider, reason), count) in &self.reasons {
            writeln!(f, "left out: {part:8} {provider:15} {count:4} {reason}")?;
        }
        for ((provider, call, unfit), count) in &self.unfit {
            writeln!(f, "extra field: {provider:9} {count:4} {call}: {unfit}")?;
        }
        for failure in self.failures.iter().take(SHOWN_FAILURES) {
            writeln!(f, "\nFAILED {failure}")?;
        }
        let more = self.failures.len().saturating_sub(SHOWN_FAILURES);
        if more > 0 {
            writeln!(f, "\nand {more} more failures")?;
        }
        writeln!(
            f,
            "\n{} passed, {} failed",
            self.sum(|count| count.passed),
            self.failed()
        )
    }
}
