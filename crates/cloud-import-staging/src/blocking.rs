//! Runs what would hold a thread of the runtime up on one that may wait.

use cloud_import_core::{Error, ErrorKind, Result};

/// Runs it to its end, even when nobody waits for the outcome any more.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::new(ErrorKind::Local, "work on a file was interrupted").with_source(error)),
    }
}
