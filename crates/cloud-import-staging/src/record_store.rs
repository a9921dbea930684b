//! Where the record of an upload is kept. Knows nothing of what the record says.

use std::{fmt, path::PathBuf};

use cloud_import_core::{Error, ErrorKind, Result, env};

use crate::record::UploadRecord;

/// Keeps the record of one upload so that it survives the process and the machine.
pub trait RecordStore: fmt::Debug + Send + Sync {
    /// Replaces what was kept, wholly and durably, before it returns; `None` forgets it. Called on a thread that may block,
    /// and never twice at once.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be kept; what was kept before is still there.
    fn keep(&self, record: Option<&UploadRecord>) -> Result<()>;
}

/// Keeps the record in a JSON file of its own. One process at a time may use it.
///
/// ```
/// use cloud_import_staging::FileRecordStore;
///
/// let kept = FileRecordStore::new("no-such-folder/web.upload.json").load()?;
/// assert!(kept.is_none());
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileRecordStore {
    path: PathBuf,
}

/// Room for the largest file at UCloud, which is more than a million parts.
const RECORD_BYTES: u64 = 256 << 20;

impl FileRecordStore {
    /// Keeps it at this path, in a folder that is there; beside it a file with `.new` behind its name comes and goes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What was kept, by this or another process.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when there is something that cannot be read, or is of a version that this program does not know.
    pub fn load(&self) -> Result<Option<UploadRecord>> {
        let text = env::read_private_file(&self.path, RECORD_BYTES).map_err(|error| self.failed("read", &error))?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| self.failed("understood", &error)))
            .transpose()
    }

    fn failed(&self, what: &str, error: &dyn fmt::Display) -> Error {
        Error::new(
            ErrorKind::Local,
            format!("the upload record `{}` cannot be {what}: {error}", self.path.display()),
        )
        .with_remedy("Repair or remove that file; without it the upload starts from the beginning.")
    }
}

impl RecordStore for FileRecordStore {
    fn keep(&self, record: Option<&UploadRecord>) -> Result<()> {
        let Some(record) = record else {
            return env::remove_file(&self.path).map_err(|error| self.failed("removed", &error));
        };
        let text = serde_json::to_vec(record).map_err(|error| self.failed("written", &error))?;
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".new");
        env::replace_file(&self.path, temporary.as_ref(), &text).map_err(|error| self.failed("written", &error))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;
    use crate::{file::LocalFile, scratch::Scratch};

    #[test]
    fn what_is_kept_is_there_again_until_it_is_forgotten() {
        let folder = Scratch::new();
        let record_store = FileRecordStore::new(folder.path().join("upload.json"));
        assert_eq!(record_store.load().unwrap(), None);
        let record = UploadRecord {
            schema: cloud_import_core::provider::Schema,
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            upload_id: "u".to_owned(),
            file: LocalFile::open(folder.file("image", b"x")).unwrap().stamp(),
            sha256: String::new(),
            part_size: 1,
            parts: BTreeMap::new(),
            completing: true,
            unanswered_since: None,
            web: None,
        };
        record_store.keep(Some(&record)).unwrap();
        assert_eq!(record_store.load().unwrap(), Some(record));
        record_store.keep(None).unwrap();
        assert_eq!(record_store.load().unwrap(), None);
    }

    #[test]
    fn what_cannot_be_understood_is_named_and_left() {
        let folder = Scratch::new();
        let path = folder.file("upload.json", br#"{"schema":7}"#);
        let error = FileRecordStore::new(&path).load().unwrap_err();
        assert!(error.message().contains("version 7"), "{error}");
        assert!(error.message().contains("upload.json"), "{error}");
        assert!(fs::exists(&path).unwrap());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = Scratch::new();
        let error = FileRecordStore::new(folder.path().join("absent/upload.json")).keep(None);
        assert!(error.is_ok());
    }
}
