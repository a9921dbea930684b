//! What was found in the guest on a disk, and what each finding is worth to a cloud. Plain data: who looks into disks is elsewhere.

use serde::{Deserialize, Serialize};

use crate::OsFamily;

/// Something in the guest that may matter in a cloud.
///
/// ```
/// use cloud_import_core::{Disk, GuestFinding};
///
/// let finding = GuestFinding::new("guest.lvm", "part2", "it is a physical volume of LVM");
/// let disk = Disk::object("images", "web.qcow2").guest([finding]);
/// assert_eq!(disk.guest[0].id, "guest.lvm");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestFinding {
    /// Which one, such as `guest.virtio_missing`.
    pub id: String,
    /// The file, partition or volume that shows it.
    #[serde(rename = "where")]
    pub place: String,
    /// What it is, as a clause.
    pub what: String,
}

impl GuestFinding {
    /// A finding of that id at that place.
    pub fn new(id: impl Into<String>, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            place: place.into(),
            what: what.into(),
        }
    }
}

/// What a finding is worth to a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GuestSeverity {
    /// The cloud itself refuses such a guest, and its sources agree.
    Error,
    /// The guest may not start there, or not as it is meant to.
    Warning,
    /// Good to know; no order is told of it.
    Note,
}

/// What one finding is worth to one cloud. A finding that a cloud has no rule for means nothing to it.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct GuestRule {
    /// The finding.
    pub id: &'static str,
    /// What it is worth.
    pub severity: GuestSeverity,
    /// What the user can do, as a whole sentence.
    pub remedy: &'static str,
    /// Document or SDK, with its date.
    pub source: &'static str,
    /// `false` where no source settles it.
    pub verified: bool,
    /// The only family of systems that it is for; `None` for all.
    pub only: Option<OsFamily>,
    /// Only findings that name one of these; none for all.
    pub naming: &'static [&'static str],
}

impl GuestRule {
    /// A finding for which an order is refused.
    pub const fn error(id: &'static str, source: &'static str, remedy: &'static str) -> Self {
        Self {
            id,
            severity: GuestSeverity::Error,
            remedy,
            source,
            verified: true,
            only: None,
            naming: &[],
        }
    }

    /// A finding that an order is warned of.
    pub const fn warning(id: &'static str, source: &'static str, remedy: &'static str) -> Self {
        Self {
            severity: GuestSeverity::Warning,
            ..Self::error(id, source, remedy)
        }
    }

    /// A finding that is good to know.
    pub const fn note(id: &'static str, source: &'static str, remedy: &'static str) -> Self {
        Self {
            severity: GuestSeverity::Note,
            ..Self::error(id, source, remedy)
        }
    }

    /// The same rule, which no source settles.
    #[must_use]
    pub const fn unverified(mut self) -> Self {
        self.verified = false;
        self
    }

    /// The same rule, for one family of systems alone.
    #[must_use]
    pub const fn only(mut self, family: OsFamily) -> Self {
        self.only = Some(family);
        self
    }

    /// The same rule, for findings alone that name one of these.
    #[must_use]
    pub const fn naming(mut self, words: &'static [&'static str]) -> Self {
        self.naming = words;
        self
    }

    /// Whether it is about this finding in a guest of that family.
    pub fn covers(&self, finding: &GuestFinding, family: Option<OsFamily>) -> bool {
        let is_family = self.only.is_none_or(|only| family.is_none_or(|family| family == only));
        let is_named = self.naming.is_empty() || self.naming.iter().any(|word| finding.what.contains(word));
        self.id == finding.id && is_family && is_named
    }
}
