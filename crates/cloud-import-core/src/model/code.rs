//! What a vendor's error codes and states mean: rows of generated tables.

use crate::ErrorKind;

/// What a vendor's state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateClass {
    /// It goes on.
    InProgress,
    /// It is done.
    Succeeded,
    /// It is over and failed.
    Failed,
    /// It is over and was cancelled.
    Canceled,
}

/// What a vendor's error code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The request failed.
    Failure(ErrorKind),
    /// The request was a dry run, and the vendor would have accepted it.
    DryRunPassed,
}

/// What a vendor's error code means.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeRule {
    /// The code, or its beginning.
    pub code: &'static str,
    /// Whether every code that begins with it is meant.
    pub prefix: bool,
    /// HTTP status that usually comes with it; 0 where none is documented.
    pub http: u16,
    /// What it means.
    pub meaning: Meaning,
    /// Whether a request that ends with it may have been executed.
    pub may_have_executed: bool,
    /// What the user does.
    pub remedy: &'static str,
    /// Where that was read.
    pub source: &'static str,
}

impl CodeRule {
    /// The rule for a code by which a request fails. Whether it may have been executed is as its kind usually is.
    pub const fn failure(
        code: &'static str,
        http: u16,
        kind: ErrorKind,
        remedy: &'static str,
        source: &'static str,
    ) -> Self {
        Self {
            code,
            prefix: false,
            http,
            meaning: Meaning::Failure(kind),
            may_have_executed: kind.may_have_executed(),
            remedy,
            source,
        }
    }

    /// The rule for a code by which a dry run reports success.
    pub const fn dry_run_passed(code: &'static str, http: u16, remedy: &'static str, source: &'static str) -> Self {
        Self {
            meaning: Meaning::DryRunPassed,
            ..Self::failure(code, http, ErrorKind::InvalidRequest, remedy, source)
        }
    }

    /// The same for every code that begins with it.
    #[must_use]
    pub const fn for_prefix(mut self) -> Self {
        self.prefix = true;
        self
    }

    /// The same, but whether the request may have been executed is not as its kind usually is.
    #[must_use]
    pub const fn executed(mut self, may_have_executed: bool) -> Self {
        self.may_have_executed = may_have_executed;
        self
    }

    /// The kind of failure; `None` where it is none.
    pub const fn kind(&self) -> Option<ErrorKind> {
        match self.meaning {
            Meaning::Failure(kind) => Some(kind),
            Meaning::DryRunPassed => None,
        }
    }

    /// The rule for a code: the whole code, else the longest prefix rule, else the part before the first dot.
    pub fn find<'a>(rules: &'a [Self], code: &str) -> Option<&'a Self> {
        let exact = |code: &str| {
            rules
                .iter()
                .find(|rule| !rule.prefix && rule.code.eq_ignore_ascii_case(code))
        };
        exact(code)
            .or_else(|| {
                rules
                    .iter()
                    .filter(|rule| rule.prefix && code.starts_with(rule.code))
                    .max_by_key(|rule| rule.code.len())
            })
            .or_else(|| code.split_once('.').and_then(|(top, _)| exact(top)))
    }
}

/// A vendor's state and what it means.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StateRow {
    /// The vendor's word.
    pub raw: &'static str,
    /// What it means.
    pub class: StateClass,
}

impl StateRow {
    /// A row.
    pub const fn new(raw: &'static str, class: StateClass) -> Self {
        Self { raw, class }
    }

    /// What a raw state means; `None` for one that the table does not hold, which is to be shown as in progress.
    pub fn find(rows: &[Self], raw: &str) -> Option<StateClass> {
        rows.iter()
            .find(|row| row.raw.eq_ignore_ascii_case(raw))
            .map(|row| row.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_rule_wins() {
        let rule = |code, kind| CodeRule::failure(code, 0, kind, "", "");
        let rules = [
            rule("InvalidParameter", ErrorKind::InvalidRequest),
            rule("Throttling", ErrorKind::RateLimited).for_prefix(),
            rule("InvalidParameter.Url", ErrorKind::NotFound),
        ];
        let kind = |code| CodeRule::find(&rules, code).and_then(CodeRule::kind);
        assert_eq!(kind("InvalidParameter.Url"), Some(ErrorKind::NotFound));
        assert_eq!(kind("InvalidParameter.Else"), Some(ErrorKind::InvalidRequest));
        assert_eq!(kind("Throttling.User"), Some(ErrorKind::RateLimited));
        assert_eq!(kind("Nothing"), None);
    }
}
