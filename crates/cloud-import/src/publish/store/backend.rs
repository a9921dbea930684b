//! Where what is remembered lies: a directory of this machine, or any store that many machines reach. Knows no document.

use std::fmt;

use cloud_import_core::Result;

/// A store of small texts by name, such as `jobs/web-0123/aliyun_2fcn-hangzhou.json`: read by anybody, and changed only by who holds a
/// lock.
///
/// Every call may block: it is made on a thread that may wait, inside a runtime of tokio. Its [`Display`](fmt::Display) says where the
/// texts lie, for people, and holds no secret. An error is of kind [`ErrorKind::Local`](cloud_import_core::ErrorKind::Local); one that
/// may pass says so by [`Error::is_retryable`](cloud_import_core::Error::is_retryable).
///
/// [`State::at`](super::State::at) has a directory. With the feature `testing`, `check_backend` holds a backend against these rules.
pub trait StateBackend: fmt::Debug + fmt::Display + Send + Sync {
    /// A text; `None` when there is none of this name.
    ///
    /// # Errors
    /// It cannot be found out whether there is one, or it is no text.
    fn read(&self, name: &str) -> Result<Option<String>>;

    /// The texts of these names directly below a folder, in this order: as [`Self::read`] for each, and fewer requests where the store
    /// can. After an error there may be no more.
    fn read_all<'a>(
        &'a self,
        folder: &str,
        names: &'a [String],
    ) -> Box<dyn Iterator<Item = Result<Option<String>>> + 'a> {
        let folder = folder.to_owned();
        Box::new(names.iter().map(move |name| self.read(&format!("{folder}/{name}"))))
    }

    /// The names of texts and folders directly below a folder, each once and sorted; none when there is no such folder.
    ///
    /// # Errors
    /// It cannot be found out.
    fn list(&self, folder: &str) -> Result<Vec<String>>;

    /// Takes the lock of this name, which is given back when the value is dropped and when the process ends in whatever way; `None`
    /// while another has it. Which texts a lock guards, its users know.
    ///
    /// # Errors
    /// It cannot be found out whether another has it.
    fn lock(&self, name: &str) -> Result<Option<Box<dyn StateLock>>>;
}

/// A lock that is held. *What it guards is not changed any more once it is lost*: after the process stood still, the store was away or
/// somebody took the lock off, each of these is an error and changes nothing.
pub trait StateLock: fmt::Debug + Send + Sync {
    /// Replaces a text, wholly and durably, before it returns.
    ///
    /// # Errors
    /// It could not be written, and the one that was there still is; or it cannot be told whether it was, and a later read shows it.
    fn write(&self, name: &str, text: &str) -> Result<()>;

    /// Removes a text, if there is one, for good.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn remove(&self, name: &str) -> Result<()>;

    /// Removes all that is below a folder, which is there.
    ///
    /// # Errors
    /// As [`Self::write`]; some of it may be gone.
    fn remove_folder(&self, name: &str) -> Result<()>;
}
