//! What there is to know of a format; each has it in its own file.

use crate::{DiskInfo, Format, InspectError, guest::Mapping, source::Source};

/// Reads the facts of a file of a known format.
pub(crate) type Read = fn(&mut Source<'_>) -> Result<Image, InspectError>;

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

/// What a reader found in a header.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) info: DiskInfo,
    /// The way to the content, or why there is none.
    pub(crate) content: Result<Box<dyn Mapping>, String>,
}

impl Image {
    pub(crate) fn new(info: DiskInfo, mapping: impl Mapping + 'static) -> Self {
        Self {
            info,
            content: Ok(Box::new(mapping)),
        }
    }

    /// An archive or a stream, which is not unpacked.
    pub(crate) fn packed(format: Format, file_size_bytes: u64) -> Self {
        let reason = format!("partitions inside {format} are not inspected");
        Self::closed(DiskInfo::new(format, file_size_bytes), reason)
    }

    /// Of which nothing but the header can be read.
    pub(crate) fn closed(info: DiskInfo, reason: impl Into<String>) -> Self {
        Self {
            info,
            content: Err(reason.into()),
        }
    }
}
