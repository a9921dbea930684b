//! What is known of an operation before it is called. Filled in by generated code; no behaviour of a cloud is here.

use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{ErrorKind, StateClass};

/// A typed request of a vendor's API.
pub trait Call: Serialize + Send + Sync {
    /// What it answers with, below the vendor's envelope.
    type Answer: DeserializeOwned + Send;
    /// The operation.
    const OPERATION: Operation;
    /// The API that it is of, where that is not the client's own.
    const API: Option<OtherApi> = None;
    /// Fields that the client fills in with what it has, where the request leaves them out.
    const FILLS: &'static [(&'static str, Fill)] = &[];
}

/// What of the client goes into a field that a request leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fill {
    /// Its region.
    Region,
    /// Its project, where it has one.
    Project,
}

/// Another API of the vendor's, which is signed for as the client's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherApi {
    /// Its host, the same for every region.
    pub host: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// An operation of a vendor's API.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The vendor's name for it.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with parameters in braces; `/` for APIs with one path.
    pub path: &'static str,
    /// Whether it may be sent again when it may have been executed.
    pub repeat: Repeat,
    /// Fields that are not where the method would put them.
    pub placed: &'static [(&'static str, Place)],
}

impl Operation {
    /// An operation, in the order of the fields.
    pub const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        repeat: Repeat,
        placed: &'static [(&'static str, Place)],
    ) -> Self {
        Self {
            name,
            method,
            path,
            repeat,
            placed,
        }
    }

    /// Where a field goes.
    pub(crate) fn place(&self, field: &str, usual: Place) -> Place {
        self.placed
            .iter()
            .find(|(name, _)| *name == field)
            .map_or(usual, |(_, place)| *place)
    }
}

/// Where a field of a REST request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The query.
    Query,
    /// The JSON body.
    Body,
    /// It is the JSON body, alone and without its name.
    WholeBody,
}

/// Whether an operation may be sent again when an earlier attempt may have been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It changes nothing, or changes nothing more when done twice.
    Safe,
    /// Only when the named field carries an idempotency token.
    WithToken(&'static str),
    /// Never.
    Unsafe,
}

impl Repeat {
    /// Whether a request with these fields may be sent again.
    pub fn allows(self, fields: &Map<String, Value>) -> bool {
        match self {
            Self::Safe => true,
            Self::WithToken(field) => fields
                .get(field)
                .and_then(Value::as_str)
                .is_some_and(|token| !token.is_empty()),
            Self::Unsafe => false,
        }
    }
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

    #[test]
    fn only_a_token_that_is_there_makes_a_repeat_safe() {
        let repeat = Repeat::WithToken("clientToken");
        let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        assert!(repeat.allows(&fields(r#"{"clientToken":"t"}"#)));
        assert!(!repeat.allows(&fields(r#"{"clientToken":""}"#)));
        assert!(!repeat.allows(&fields("{}")));
        assert!(!Repeat::Unsafe.allows(&fields("{}")));
    }
}
