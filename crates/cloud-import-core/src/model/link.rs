//! Links that may be signed, and therefore secret.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A link to an object. Its query may hold a signature, so `Debug`, `Display` and the `serde` form hide the query.
///
/// The full text goes only onto the wire, through [`Link::expose`].
///
/// ```
/// use cloud_import_core::Link;
///
/// let link = Link::new("https://images.example/web.qcow2?Signature=secret");
/// assert_eq!(link.to_string(), "https://images.example/web.qcow2?<hidden>");
/// assert!(link.expose().ends_with("secret"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(transparent)]
pub struct Link(String);

impl Link {
    /// Wraps a link as it is. It is not parsed nor re-encoded: what a vendor gets is this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text, query and all.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The link up to its query: what may be shown, compared and hashed.
    pub fn without_query(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or_default()
    }

    /// Serializes the whole text: for wire types only.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize_exposed<S: Serializer>(link: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        link.as_ref().map(Self::expose).serialize(serializer)
    }
}

impl From<&str> for Link {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Link {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.without_query())?;
        if self.without_query().len() < self.0.len() {
            f.write_str("?<hidden>")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_hidden_everywhere_but_on_the_wire() {
        let link = Link::new("https://b.example/k.raw?Signature=s3cret");
        for shown in [
            format!("{link}"),
            format!("{link:?}"),
            serde_json::to_string(&link).unwrap(),
        ] {
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains("https://b.example/k.raw"), "{shown}");
        }
        assert_eq!(link.expose(), "https://b.example/k.raw?Signature=s3cret");
    }
}
