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

/// What a vendor's error code means.
#[derive(Debug, Clone, Copy)]
pub struct CodeRule {
    /// The code, or its beginning.
    pub code: &'static str,
    /// Whether every code that begins with it is meant.
    pub prefix: bool,
    /// HTTP status that usually comes with it; 0 where none is documented.
    pub http: u16,
    /// What it means; `None` for the code by which a dry run reports success.
    pub kind: Option<ErrorKind>,
    /// Whether a request that ends with it may have been executed.
    pub may_have_executed: bool,
    /// What the user does.
    pub remedy: &'static str,
    /// Where that was read.
    pub source: &'static str,
}

impl CodeRule {
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
pub struct StateRow {
    /// The vendor's word.
    pub raw: &'static str,
    /// What it means.
    pub class: StateClass,
}

impl StateRow {
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

    const fn rule(code: &'static str, prefix: bool, kind: ErrorKind) -> CodeRule {
        CodeRule {
            code,
            prefix,
            http: 0,
            kind: Some(kind),
            may_have_executed: false,
            remedy: "",
            source: "",
        }
    }

    #[test]
    fn the_most_exact_rule_wins() {
        let rules = [
            rule("InvalidParameter", false, ErrorKind::InvalidRequest),
            rule("Throttling", true, ErrorKind::RateLimited),
            rule("InvalidParameter.Url", false, ErrorKind::NotFound),
        ];
        let kind = |code| CodeRule::find(&rules, code).and_then(|rule| rule.kind);
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
