//! Keeps which file an exported object becomes, from the thread that makes it.

use std::sync::{Arc, Mutex, PoisonError};

use cloud_import_core::Result;

use super::store::Lease;

/// Keeps what became of an object in the record of its export. Blocks.
pub(super) struct Keeper(Arc<Mutex<Lease>>);

impl Keeper {
    pub(super) fn new(lease: Arc<Mutex<Lease>>) -> Self {
        Self(lease)
    }

    /// An object came whole, and is about to be this file.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(super) fn became(&self, key: &str, path: &str, sha256: &str) -> Result<()> {
        let mut lease = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lease.change(|record| {
            if let Some(export) = &mut record.export {
                export.became(key, path, sha256);
            }
        })
    }
}
