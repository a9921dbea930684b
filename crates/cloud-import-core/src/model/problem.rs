//! Something in an order that a cloud will or may refuse, as data.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Field, Provider, WarningId,
    remedy::{LibraryWording, Phrase, Remedy, Wording},
};

/// Something in an order that a cloud will or may refuse.
///
/// `Display` is one line in the library's words. Another front end renders the parts through its own [`Wording`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// Whether the order is refused for it.
    pub severity: Severity,
    /// What kind of warning it is, or would be if it were no error; a warning has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WarningId>,
    /// It is a warning, and the order accepts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledged: bool,
    /// The cloud.
    pub provider: Provider,
    /// The field of the order.
    pub field: Field,
    /// What is wrong with it, as a clause that goes on behind the field: "has 70 characters; 2 to 64 are allowed".
    #[serde(rename = "message")]
    pub rule: Phrase,
    /// Where the rule was read, several parted by `; `; empty for rules of this crate.
    #[serde(default)]
    pub source: Cow<'static, str>,
    /// What the user can do.
    #[serde(flatten, with = "crate::remedy::shown")]
    pub remedy: Option<Remedy>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The order is refused.
    Error,
    /// The order is sent; the cloud may refuse it.
    Warning,
}

impl Problem {
    /// Something for which the order is refused.
    pub fn error(provider: Provider, field: Field, rule: impl Into<Phrase>) -> Self {
        Self {
            severity: Severity::Error,
            id: None,
            acknowledged: false,
            provider,
            field,
            rule: rule.into(),
            source: Cow::Borrowed(""),
            remedy: None,
        }
    }

    /// Something that the cloud may refuse.
    pub fn warning(id: WarningId, provider: Provider, field: Field, rule: impl Into<Phrase>) -> Self {
        Self::of(Severity::Warning, id, provider, field, rule)
    }

    /// Something that is as bad as its cloud's facts are sure.
    pub fn of(severity: Severity, id: WarningId, provider: Provider, field: Field, rule: impl Into<Phrase>) -> Self {
        let problem = Self::error(provider, field, rule).id(id);
        Self { severity, ..problem }
    }

    /// Says what kind of warning it would be elsewhere.
    #[must_use]
    pub fn id(mut self, id: WarningId) -> Self {
        self.id = Some(id);
        self
    }

    /// Names where the rule was read.
    #[must_use]
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = source.into();
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Whether the order is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The first of the sources, which is enough to look the rule up.
    pub fn first_source(&self) -> Option<&str> {
        self.source.split("; ").next().filter(|first| !first.is_empty())
    }

    /// The name of a warning, where it is not told by the text; empty for an error.
    fn shown_id(&self, told: &str) -> String {
        let id = self
            .id
            .as_ref()
            .filter(|id| !self.is_error() && !told.contains(id.as_str()));
        id.map_or_else(String::new, |id| format!(" ({id})"))
    }

    /// Field, rule, remedy, first source and the warning's name in one line, in a front end's words and without the cloud.
    pub fn render(&self, wording: &dyn Wording) -> String {
        let mut line = format!("{} {}", wording.field(&self.field), self.rule.render(wording));
        if let Some(remedy) = &self.remedy {
            line.push_str(&format!(". {}", remedy.render(wording)));
        }
        if let Some(source) = self.first_source() {
            line.push_str(&format!(" [{}]", wording.source(source)));
        }
        let id = self.shown_id(&line);
        line + &id
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.provider.name(), self.render(&LibraryWording))
    }
}
