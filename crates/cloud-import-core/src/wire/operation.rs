//! What is known of an operation before it is called. Filled in by generated code; no behaviour of a cloud is here.

use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

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
    /// Its name in the scope of a signature; empty where the vendor's scopes name no service.
    pub service: &'static str,
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
    pub placed: &'static [(&'static str, Placement)],
}

impl Operation {
    /// An operation, in the order of the fields.
    pub const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        repeat: Repeat,
        placed: &'static [(&'static str, Placement)],
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
    pub(crate) fn place(&self, field: &str, usual: Placement) -> Placement {
        self.placed
            .iter()
            .find(|(name, _)| *name == field)
            .map_or(usual, |(_, place)| *place)
    }
}

/// Where a field of a REST request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
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

#[cfg(test)]
mod tests {
    use super::*;

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
