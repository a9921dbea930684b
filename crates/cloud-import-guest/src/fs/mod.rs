//! One face for all file systems. Paths are absolute, name no link on their way, and are text: bytes that are none are replaced.
//!
//! What could not be read is an error and never an absence: who asks decides nothing by it. Readers of other people stand behind this
//! trait alone.

pub(crate) mod btrfs;
pub(crate) mod ext;
mod ext_flags;
pub(crate) mod fat;
mod guard;
pub(crate) mod ntfs;
pub(crate) mod open;
pub(crate) mod xfs;

use crate::{facts::State, source::NotRead};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    /// Where a link leads.
    pub(crate) target: Option<String>,
}

/// The longest target of a link, as in Linux.
pub(crate) const LONGEST_LINK: u64 = 4096;
/// The most entries of a folder that are listed.
pub(crate) const MOST_ENTRIES: usize = 20_000;

/// A file system that only reads.
pub(crate) trait FileSystem {
    /// Its name in lower case, as `mount` has it (`ext4`, `xfs`, `vfat`, `ntfs`).
    fn kind(&self) -> &'static str;

    /// As `/etc/fstab` writes it.
    fn uuid(&self) -> Option<String>;

    fn label(&self) -> Option<String>;

    /// How it was left.
    fn state(&mut self) -> State;

    /// What of it is not seen, as a clause: a journal that was not replayed.
    fn lost(&self) -> Option<&'static str> {
        None
    }

    /// Those that somebody minds, by their own tools' names (`64bit`).
    fn features(&self) -> Vec<String>;

    /// `None` where there is nothing of that name.
    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead>;

    /// Names in a folder, without `.` and `..`, at most [`MOST_ENTRIES`].
    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead>;

    /// Whether nobody may change it (`chattr +i`); no, where the file system has no such flag or this reader does not know it.
    fn is_immutable(&mut self, _path: &str) -> Result<bool, NotRead> {
        Ok(false)
    }

    /// Up to `max` bytes from `offset`: fewer only at the end of the file.
    fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead>;
}
