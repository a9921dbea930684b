//! One system in a cloud's own words: what the tables of the clouds are made of. It holds facts and judges none.

use super::system::{Distribution, System};

/// What a cloud calls a system.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Listed {
    /// The system.
    pub distribution: Distribution,
    /// The cloud's text; `{version}` stands where it has the version.
    pub form: &'static str,
    /// The versions in the cloud's list, oldest first, as it writes them; empty where none are known.
    pub versions: &'static [&'static str],
    /// Whether the source settles that the cloud's API spells it so.
    pub verified: bool,
}

impl Listed {
    /// A system by its text, with the versions that are listed.
    pub const fn new(distribution: Distribution, form: &'static str, versions: &'static [&'static str]) -> Self {
        Self {
            distribution,
            form,
            versions,
            verified: true,
        }
    }

    /// No source settles it.
    #[must_use]
    pub const fn unverified(self) -> Self {
        Self {
            verified: false,
            ..self
        }
    }

    /// The text for a version.
    pub fn text(&self, version: &str) -> String {
        self.form.replace("{version}", version)
    }

    /// The rows of a system in a table.
    pub fn rows<'a>(table: &'a [Self], system: &System) -> impl Iterator<Item = &'a Self> + use<'a> {
        let distribution = system.distribution;
        table.iter().filter(move |row| Some(row.distribution) == distribution)
    }
}
