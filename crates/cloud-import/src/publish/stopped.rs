//! What a stop ends with.

use cloud_import_core::{Error, ErrorKind, Remedy, remedy::Change};

/// What a target ends with that was stopped before anything was sent.
pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "stopped before the import was started").with_remedy(Remedy::Repeat(Change::Nothing))
}
