//! Differences that are wanted: each row to the letter, with a reason and a date.
//!
//! No pattern is taken, as a pattern accepts what nobody has seen.

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;

use super::{
    compare::Row,
    failure::{Failure, text},
};
use crate::house;

/// The file of a cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    #[serde(default)]
    pub(crate) accepted: Vec<Group>,
}

/// Rows that are accepted for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) reason: String,
    pub(crate) date: String,
    pub(crate) rows: Vec<String>,
}

impl Accepted {
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("accepted.toml");
        let invalid = |error: String| Failure::Other(format!("{}: {error}", path.display()));
        let own: Self = toml::from_str(&text(&path)?).map_err(|error| invalid(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for group in &own.accepted {
            if group.reason.is_empty() || house::days(&group.date).is_none() {
                return Err(invalid(format!("no reason, or no date, for {:?}", group.rows)));
            }
            if let Some(row) = group.rows.iter().find(|row| !seen.insert(row.as_str())) {
                return Err(invalid(format!("twice: {row}")));
            }
        }
        Ok(own)
    }

    /// The rows that nobody accepted, and the acceptances that no row needs.
    pub(crate) fn split(&self, rows: Vec<Row>) -> (Vec<Row>, Vec<String>) {
        let accepted: BTreeSet<&str> = self
            .accepted
            .iter()
            .flat_map(|group| &group.rows)
            .map(String::as_str)
            .collect();
        let found: BTreeSet<String> = rows.iter().map(Row::exact).collect();
        let stale = accepted
            .iter()
            .filter(|row| !found.contains(**row))
            .map(|row| (*row).to_owned())
            .collect();
        (
            rows.into_iter()
                .filter(|row| !accepted.contains(row.exact().as_str()))
                .collect(),
            stale,
        )
    }
}
