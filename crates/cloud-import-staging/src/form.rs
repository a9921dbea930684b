//! What a file is read as where that is not what stands in it. Knows no format and no store.

use std::{fmt, sync::Arc, time::SystemTime};

use cloud_import_core::Result;

/// Bytes that can be read at any offset, in any order and again, and are the same each time.
pub trait Bytes: fmt::Debug + Send + Sync {
    /// How many there are.
    fn size(&self) -> u64;

    /// Fills the buffer with what stands from `offset` on. Blocks.
    ///
    /// # Errors
    /// As [`LocalFile::read_at`](crate::LocalFile::read_at).
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;
}

/// A file as other bytes, which are made of it and of nothing else: the same disk in another format, for one.
#[derive(Debug, Clone)]
pub struct Form {
    pub(crate) name: String,
    pub(crate) notes: Vec<u8>,
    pub(crate) began: SystemTime,
    pub(crate) bytes: Arc<dyn Bytes>,
}

impl Form {
    /// These bytes. The name tells the form from others that the same file can have, in letters, digits and hyphens, and is another
    /// one when the same file comes to give other bytes.
    pub fn new(name: impl Into<String>, bytes: Arc<dyn Bytes>) -> Self {
        Self {
            name: name.into(),
            notes: Vec::new(),
            began: SystemTime::UNIX_EPOCH,
            bytes,
        }
    }

    /// What was found in the file by a look at it that began then. It is remembered with the sum, as long as that is:
    /// [`HashCache::notes`](crate::HashCache::notes).
    #[must_use]
    pub fn with_notes(mut self, notes: Vec<u8>, began: SystemTime) -> Self {
        (self.notes, self.began) = (notes, began);
        self
    }
}
