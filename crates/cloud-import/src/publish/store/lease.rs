//! The record of a target, held against every other process. What is not changed through it is not changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cloud_import_core::{Error, ErrorKind, Remedy, Result};

use super::{
    documents::{Documents, Lock},
    history::What,
    record::Record,
};

/// The record of a target that this process alone works on.
#[derive(Debug)]
pub(crate) struct Lease {
    lock: Lock,
    document: String,
    record: Record,
    is_written: bool,
}

impl Lease {
    /// Takes the record of that name, or this new one where there is none; `None` while another process holds it. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none, nor a new one.
    pub(super) fn take(documents: &Documents, job: &str, name: &str, new: Option<Record>) -> Result<Option<Self>> {
        let base = format!("{job}/{}", file_name(name));
        let Some(lock) = documents.lock(&format!("{base}.lock"))? else {
            return Ok(None);
        };
        let document = format!("{base}.json");
        let written = documents.read(&document)?;
        let is_written = written.is_some();
        let record = written.or(new).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("nothing is recorded of `{name}`")).with_remedy(Remedy::ListJobs)
        })?;
        Ok(Some(Self {
            lock,
            document,
            record,
            is_written,
        }))
    }

    /// The record as it is.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Changes the record and writes it durably. What cannot be written is not changed. Blocks.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let mut record = self.record.clone();
        change(&mut record);
        if !self.is_written {
            record.happened(What::Staging, None);
        }
        record.changed_from(&self.record);
        if !self.is_written || record != self.record {
            let text = serde_json::to_string_pretty(&record).map_err(|error| {
                Error::new(ErrorKind::Local, "the record cannot be written as JSON").with_source(error)
            })?;
            self.lock.write(&self.document, &format!("{text}\n"))?;
            (self.record, self.is_written) = (record, true);
        }
        Ok(())
    }
}

/// A record that several tasks of this process change in turn.
pub(crate) fn held(lease: &Mutex<Lease>) -> MutexGuard<'_, Lease> {
    lease.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name of a record as a file name: what is no letter, digit or dash is written as `_` and two hex digits.
fn file_name(label: &str) -> String {
    let mut name = String::new();
    for byte in label.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("_{byte:02x}"));
        }
    }
    name
}

/// The name of a record by its file's name.
pub(super) fn label(file_name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = file_name;
    while let Some((before, escaped)) = rest.split_once('_') {
        bytes.extend(before.bytes());
        let byte = escaped.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        // It is nobody's name then, and shown as it is.
        let Some(byte) = byte else { return file_name.to_owned() };
        bytes.push(byte);
        rest = &escaped[2..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| file_name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_apart_as_file_names() {
        let labels = ["a/b", "a_2fb", "a#b", "a-b", "é"];
        for other in ["a_2", "a_zz", "_ff"] {
            assert_eq!(label(other), other, "no label has this name");
        }
        let names = labels.map(file_name);
        assert_eq!(names.each_ref().map(|name| label(name)), labels);
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name}");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            );
        }
    }
}
