//! What a comparison of several clouds comes to: lines for people, figures, and how it ends.

use std::path::Path;

use super::{
    accepted::Accepted,
    compare,
    facts::{self, Codes, Lock},
    failure::Failure,
};
use crate::spec::Spec;

/// What is told of several clouds: lines, figures, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) lines: Vec<String>,
    stale: Vec<String>,
    operations: usize,
    fields: usize,
    accepted: usize,
    pub(crate) drift: usize,
}

impl Report {
    /// Compares one cloud's spec with facts, minus what is accepted.
    pub(crate) fn compare(&mut self, folder: &Path, spec: &Spec, lock: &Lock) -> Result<(), Failure> {
        let ours = facts::of_spec(spec);
        let mut rows = compare::spec_with(&ours, lock);
        if let Some(codes) = Codes::read(folder)? {
            rows.extend(compare::codes(spec, &codes));
        }
        let accepted = Accepted::read(folder)?;
        let (drift, stale) = accepted.split(rows.clone());
        self.operations += ours.len();
        self.fields += ours
            .values()
            .map(|own| own.request.len() + own.response.len())
            .sum::<usize>();
        self.accepted += rows.len() - drift.len();
        self.drift += drift.len();
        self.lines
            .extend(drift.iter().map(|row| row.line("drift", &spec.provider.id, lock)));
        let cloud = &spec.provider.id;
        self.stale
            .extend(stale.into_iter().map(|row| format!("stale  {cloud:<8} {row}")));
        Ok(())
    }

    /// All lines and the figures, as what they amount to.
    pub(crate) fn end(mut self) -> Result<String, Failure> {
        self.lines.append(&mut self.stale.clone());
        self.lines.push(format!(
            "{} operations, {} fields: {} drift, {} accepted, {} acceptances that match nothing",
            self.operations,
            self.fields,
            self.drift,
            self.accepted,
            self.stale.len()
        ));
        let told = self.lines.join("\n");
        match (self.drift, self.stale.is_empty()) {
            (0, true) => Ok(told),
            (0, false) => Err(Failure::Stale(told)),
            _ => Err(Failure::Drift(told)),
        }
    }
}
