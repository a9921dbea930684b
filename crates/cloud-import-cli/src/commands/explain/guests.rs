//! Findings in the guest on a disk, and what each is worth to a cloud: rows of the generated tables.

use cloud_import::{
    OsFamily, Provider, Result,
    provider::capabilities::{GuestRule, GuestSeverity},
};
use serde::Serialize;

/// What a finding is worth to one cloud.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GuestRow {
    #[cfg_attr(test, schemars(with = "String"))]
    provider: Provider,
    id: &'static str,
    #[cfg_attr(test, schemars(with = "crate::schema::GuestSeverity"))]
    severity: GuestSeverity,
    /// Whether a source settles it.
    verified: bool,
    /// The only family of systems that it is for.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    only: Option<OsFamily>,
    /// Only findings that name one of these; none for all.
    naming: &'static [&'static str],
    remedy: &'static str,
    source: &'static str,
}

impl GuestRow {
    fn of(provider: Provider, rule: &GuestRule) -> Self {
        Self {
            provider,
            id: rule.id,
            severity: rule.severity,
            verified: rule.verified,
            only: rule.only,
            naming: rule.naming,
            remedy: rule.remedy,
            source: rule.source,
        }
    }

    /// In full.
    pub(super) fn text(&self) -> String {
        let severity = match self.severity {
            GuestSeverity::Error => "an error",
            GuestSeverity::Warning => "a warning",
            _ => "a note",
        };
        let only = self
            .only
            .map_or(String::new(), |family| format!(", for {family} alone"));
        let naming = match self.naming {
            [] => String::new(),
            words => format!(", for {}", words.join(" and ")),
        };
        let unverified = if self.verified { "" } else { " (no source settles it)" };
        format!(
            "{}: {}\n  what it is  {severity}{only}{naming}{unverified}\n  what to do  {}\n  source      {}",
            self.provider.name(),
            self.id,
            self.remedy,
            self.source
        )
    }
}

/// What the finding of that id is worth, to each cloud that minds it.
pub(super) fn find(id: &str, only: Option<Provider>) -> Result<Vec<GuestRow>> {
    let mut found = Vec::new();
    for provider in Provider::all().filter(|provider| only.is_none_or(|only| only == *provider)) {
        let rules = cloud_import::capabilities(provider)?.guest.iter();
        let own = rules.filter(|rule| rule.id.eq_ignore_ascii_case(id));
        found.extend(own.map(|rule| GuestRow::of(provider, rule)));
    }
    Ok(found)
}
