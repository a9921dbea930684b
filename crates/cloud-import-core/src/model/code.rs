//! What a vendor's error codes and states mean: rows of generated tables.

use std::time::Duration;

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
    /// Of the codes that begin with it, only those that contain this are meant; empty: all.
    pub containing: &'static str,
    /// HTTP status that usually comes with it; 0 where none is documented.
    pub http: u16,
    /// What it means.
    pub meaning: Meaning,
    /// Whether a request that ends with it may have been executed.
    pub may_have_executed: bool,
    /// How long the vendor's documents say to wait before the next request; zero where they say nothing.
    pub pause: Duration,
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
            containing: "",
            http,
            meaning: Meaning::Failure(kind),
            may_have_executed: kind.may_have_executed(),
            pause: Duration::ZERO,
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

    /// The same for those codes only that contain this behind their beginning.
    #[must_use]
    pub const fn containing(mut self, part: &'static str) -> Self {
        self.prefix = true;
        self.containing = part;
        self
    }

    /// The same, and the next request has to wait so many seconds.
    #[must_use]
    pub const fn pause(mut self, seconds: u64) -> Self {
        self.pause = Duration::from_secs(seconds);
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

    /// The rule for a code: the one for the whole code, else that of the smallest family that it is in. A family is told by a
    /// beginning, or by the part before the first dot; the longer, the smaller it is, and what is further in tells twice as
    /// much. Letter case does not count.
    pub fn find<'a>(rules: &'a [Self], code: &str) -> Option<&'a Self> {
        let exact = rules
            .iter()
            .find(|rule| !rule.prefix && rule.code.eq_ignore_ascii_case(code));
        exact.or_else(|| {
            let families = rules.iter().filter(|rule| rule.covers(code));
            families.max_by_key(|rule| rule.code.len() + 2 * rule.containing.len())
        })
    }

    /// Whether a code is in the family of this rule.
    fn covers(&self, code: &str) -> bool {
        let begins = |text: &str| {
            text.get(..self.code.len())
                .is_some_and(|own| own.eq_ignore_ascii_case(self.code))
        };
        match (self.prefix, code.split_once('.')) {
            (true, _) => begins(code) && code[self.code.len()..].contains(self.containing),
            (false, Some((top, _))) => top.eq_ignore_ascii_case(self.code),
            (false, None) => false,
        }
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
            rule("Invalid", ErrorKind::Conflict).for_prefix(),
            rule("Failed.", ErrorKind::Service).for_prefix(),
            rule("Failed.", ErrorKind::Timeout).containing("Timeout"),
        ];
        let kind = |code| CodeRule::find(&rules, code).and_then(CodeRule::kind);
        assert_eq!(kind("InvalidParameter.Url"), Some(ErrorKind::NotFound));
        assert_eq!(kind("InvalidParameter.Else"), Some(ErrorKind::InvalidRequest));
        assert_eq!(kind("Throttling.User"), Some(ErrorKind::RateLimited));
        assert_eq!(kind("InvalidRegion"), Some(ErrorKind::Conflict));
        assert_eq!(kind("Failed.Query"), Some(ErrorKind::Service));
        assert_eq!(kind("Failed.QueryTimeout"), Some(ErrorKind::Timeout));
        assert_eq!(kind("Failed"), None);
        assert_eq!(kind("Nothing"), None);
        assert_eq!(kind("\u{56fe}"), None, "no letter is cut");
    }
}
