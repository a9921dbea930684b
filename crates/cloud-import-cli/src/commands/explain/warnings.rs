//! Warnings that can be accepted, and what each says. Those of guests stand beside their findings.

use cloud_import::WarningId;
use serde::Serialize;

/// A kind of warning.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WarningRow {
    id: &'static str,
    /// What it says; empty for a finding in a guest, which each cloud judges by itself.
    what: &'static str,
}

impl WarningRow {
    pub(super) fn line(&self) -> String {
        match self.what {
            "" => format!("{:24} see `cloud-import explain {}`", self.id, self.id),
            what => format!("{:24} {what}", self.id),
        }
    }
}

/// All of them.
pub(super) fn all() -> Vec<WarningRow> {
    let own = WarningId::ALL
        .iter()
        .map(|(id, what)| WarningRow { id: id.as_str(), what });
    let guests = cloud_import::guest_warnings().into_iter();
    own.chain(guests.map(|id| WarningRow { id, what: "" })).collect()
}

/// The one of this name, where it is none of a guest.
pub(super) fn find(name: &str) -> Vec<WarningRow> {
    let own = WarningId::ALL
        .iter()
        .filter(|(id, _)| id.as_str().eq_ignore_ascii_case(name));
    own.map(|(id, what)| WarningRow { id: id.as_str(), what }).collect()
}
