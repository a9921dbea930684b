//! What there is to know of a format; each has it in its own file.

use crate::{DiskInfo, InspectError, source::Source};

/// Reads the facts of a file of a known format.
pub(crate) type Read = fn(&mut Source<'_>) -> Result<DiskInfo, InspectError>;

/// A format: its name, its mark and its reader.
#[derive(Debug)]
pub(crate) struct Layout {
    /// In lower case, fit for output that programs read.
    pub(crate) name: &'static str,
    /// Whether it is a disk image, and not a disc, an archive or a compressed stream around one.
    pub(crate) is_disk: bool,
    /// Whether the file carries its mark.
    pub(crate) is_it: fn(&mut Source<'_>) -> Result<bool, InspectError>,
    pub(crate) read: Read,
}
