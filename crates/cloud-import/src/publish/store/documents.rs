//! What is remembered as documents: their form and its version, wherever they lie. What a document says is not known here.

use std::{fmt, sync::Arc};

use cloud_import_core::{Error, ErrorKind, Result};
use serde::{Deserialize, de::DeserializeOwned};

use super::backend::{StateBackend, StateLock};

/// The version of all documents that say one.
const SCHEMA: u64 = 1;

/// The code of an error of a document that a later version wrote: it is not damaged, and nothing may take its place.
pub(super) const LATER: &str = "LaterVersion";

/// The documents of a backend. All that is asked of them blocks. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Documents(Arc<dyn StateBackend>);

/// Where they lie.
impl fmt::Display for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Documents {
    pub(super) fn new(backend: Arc<dyn StateBackend>) -> Self {
        Self(backend)
    }

    /// A document; `None` when there is none.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let text = self.0.read(name)?;
        text.map(|text| self.parse(&text, name)).transpose()
    }

    /// The documents of these names in a folder, in this order; `None` where one is gone by now.
    pub(super) fn read_all<'a, T: DeserializeOwned>(
        &'a self,
        folder: &'a str,
        names: &'a [String],
    ) -> impl Iterator<Item = Result<Option<T>>> + 'a {
        let texts = self.0.read_all(folder, names).zip(names);
        texts.map(move |(text, name)| {
            let text = text?;
            text.map(|text| self.parse(&text, &format!("{folder}/{name}")))
                .transpose()
        })
    }

    /// The names in a folder, in order; none when there is no such folder.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<String>> {
        self.0.list(folder)
    }

    /// Takes the lock of this name; `None` while another has it.
    pub(super) fn lock(&self, name: &str) -> Result<Option<Lock>> {
        let held = self.0.lock(name)?;
        Ok(held.map(|held| Lock {
            documents: self.clone(),
            held,
        }))
    }

    /// The one place where the version of a document is looked at.
    fn parse<T: DeserializeOwned>(&self, text: &str, name: &str) -> Result<T> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: Option<u64>,
        }
        let shown = format!("{self}/{name}");
        let version = match begins_with_version(text) {
            true => Some(SCHEMA),
            false => serde_json::from_str(text).ok().and_then(|Versioned { schema }| schema),
        };
        if let Some(later) = version.filter(|version| *version > SCHEMA) {
            let message = format!("`{shown}` was written by a later version (schema {later}, this one knows {SCHEMA})");
            return Err(Error::new(ErrorKind::Local, message)
                .with_code(LATER)
                .with_remedy("Use the version of cloud-import that wrote it, or a later one."));
        }
        serde_json::from_str(text).map_err(|error| {
            let message = format!("`{shown}` is damaged: {error}");
            Error::new(ErrorKind::Local, message).with_remedy(
                "Move it away if nothing of it is needed: what runs in the clouds is found again by its name.",
            )
        })
    }
}

/// A lock that is held until this is dropped, or the process ends in whatever way. What it guards is changed through it alone.
#[derive(Debug)]
pub(super) struct Lock {
    documents: Documents,
    held: Box<dyn StateLock>,
}

impl Lock {
    pub(super) fn documents(&self) -> &Documents {
        &self.documents
    }

    /// Replaces a document, wholly and durably. When it cannot be written, the old one is still there.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<()> {
        self.held.write(name, text)
    }

    /// Removes a document for good.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        self.held.remove(name)
    }

    /// Removes a folder with all that is in it.
    pub(super) fn remove_folder(&self, name: &str) -> Result<()> {
        self.held.remove_folder(name)
    }
}

/// Whether a document begins with the version of today, as those do that are written here: it is not read twice for it.
fn begins_with_version(text: &str) -> bool {
    let words = ["{", "\"schema\"", ":", "1", ","];
    let mut rest = text;
    words
        .into_iter()
        .all(|word| match rest.trim_start().strip_prefix(word) {
            Some(behind) => {
                rest = behind;
                true
            }
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::store::directory::{Directory, scratch};

    #[test]
    fn a_document_of_a_later_version_is_told_from_a_damaged_one() {
        let folder = scratch::Folder::new();
        let documents = Documents::new(Arc::new(Directory::at(folder.path().to_owned())));
        let lock = documents.lock("lock").unwrap().unwrap();
        let told = |text: &str| {
            lock.write("a/b", text).unwrap();
            let error = documents
                .read::<std::collections::BTreeMap<String, u8>>("a/b")
                .unwrap_err();
            assert!(error.message().contains("a/b`") && error.remedy().is_some(), "{error}");
            (error.code().map(str::to_owned), error.message().to_owned())
        };
        let (code, message) = told(r#"{"schema": 99, "new": {}}"#);
        assert_eq!(code.as_deref(), Some(LATER));
        assert!(message.contains("schema 99, this one knows 1"), "{message}");
        for damaged in [
            "",
            "{",
            "[]",
            "null",
            r#"{"schema": 1, "a": "x"}"#,
            r#"{"schema": "99"}"#,
            &"[".repeat(100_000),
        ] {
            let (code, message) = told(damaged);
            assert!(
                code.is_none() && message.contains("is damaged"),
                "{damaged:.40}: {message}"
            );
        }
    }
}
