//! Raw disks and ISO discs: no header, so what is on the disk is all there is.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::round_up,
    guest::{Mapping, Miss, Place},
    layout::{Image, Layout},
    source::Source,
};

pub(crate) const ISO: Layout = Layout {
    name: "iso",
    is_disk: false,
    is_it: |source| Ok(source.read_some(ISO_AT, ISO_MARK.len())? == ISO_MARK),
    read: |source| read(source, Format::Iso),
};

/// What carries no known mark.
pub(crate) const RAW: Layout = Layout {
    name: "raw",
    is_disk: true,
    is_it: |_| Ok(true),
    read: |source| read(source, Format::Raw),
};

const SECTOR: u64 = 512;

/// Where ISO 9660 keeps the first volume descriptor, and the word in it.
const ISO_AT: u64 = 32 * 1024 + 1;
const ISO_MARK: &[u8] = b"CD001";

/// The bytes of the disk, one after the other from the beginning of the file.
#[derive(Debug)]
pub(crate) struct Plain {
    /// Size of the disk.
    pub(crate) size: u64,
    /// Bytes of it that the file has; the rest reads as zeros.
    pub(crate) stored: u64,
}

impl Mapping for Plain {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, _: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        Ok(match self.stored.checked_sub(guest) {
            None | Some(0) => Place::Zero {
                len: self.size.saturating_sub(guest),
            },
            Some(len) => Place::Host { offset: guest, len },
        })
    }
}

pub(crate) fn read(source: &mut Source<'_>, format: Format) -> Result<Image, InspectError> {
    let mut info = DiskInfo::new(format, source.len());
    let Some(size) = round_up(source.len(), SECTOR) else {
        return Err(InspectError::damaged(Format::Raw, "length", "it does not fit 64 bits"));
    };
    info.virtual_size_bytes = Some(size);
    let plain = Plain {
        size,
        stored: source.len(),
    };
    Ok(Image::new(info, plain))
}
