//! The disk in an image file, to be read at any place. It must not write, and never opens another file.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use crate::{
    DiskInfo, InspectError, formats,
    guest::{Guest, Miss, Place},
    source::{Known, Limits},
};

/// The disk in an image file, as its guest sees it: read through the format's own tables, compressed clusters unpacked.
///
/// Besides the caller's buffer it keeps less than 16 MiB in memory, whatever the file claims, or less than 128 MiB where it reads
/// compressed blocks of more than 2 MiB (of ZVHD2 and VMDK, up to 32 MiB; larger ones are not read). Any format that
/// [`inspect`](crate::inspect) knows is read but encrypted content, and disks that lie in more than this file; of Huawei's first ZVHD,
/// which is one stream, only up to the end of the first block that is not all zeros. Compressed clusters take the feature `codecs`.
///
/// ```
/// use std::io::Cursor;
/// use cloud_import_disk::{Content, Limits};
///
/// let mut disk = Content::open(Cursor::new(vec![7; 1 << 20]), Limits::default())?;
/// let mut sector = [0; 512];
/// disk.read_at(disk.size() - 512, &mut sector)?;
/// assert_eq!(sector, [7; 512]);
/// # Ok::<(), cloud_import_disk::InspectError>(())
/// ```
#[derive(Debug)]
pub struct Content<R> {
    file: R,
    known: Known,
    guest: Guest,
    info: DiskInfo,
}

impl<R: Read + Seek> Content<R> {
    /// Opens the disk in `file`. What it costs to find out what the file is counts to `limits`.
    ///
    /// # Errors
    /// As [`inspect`](crate::inspect), and [`InspectError::Unreadable`] where the content cannot be read at all.
    pub fn open(mut file: R, limits: Limits) -> Result<Self, InspectError> {
        let mut known = Known::of(&mut file, limits)?;
        let (info, guest) = formats::open(&mut known.with(&mut file))?;
        let guest = guest.map_err(|reason| InspectError::Unreadable { reason })?;
        Ok(Self {
            file,
            known,
            guest,
            info,
        })
    }

    /// What the file is.
    pub const fn info(&self) -> &DiskInfo {
        &self.info
    }

    /// Size of the disk in bytes.
    pub fn size(&self) -> u64 {
        self.guest.size()
    }

    /// Fills `out` with the bytes of the disk from `offset` on.
    ///
    /// # Errors
    /// [`InspectError::Unreadable`] when some of them are not on the disk, lie outside of the file, or are damaged;
    /// [`InspectError::TooMuchWork`] when the limits are reached; [`InspectError::Io`] when reading fails. What `out` holds then is
    /// not defined.
    pub fn read_at(&mut self, offset: u64, out: &mut [u8]) -> Result<(), InspectError> {
        let size = self.size();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > size) {
            let reason = format!(
                "{} bytes from byte {offset} on are not on a disk of {size} bytes",
                out.len()
            );
            return Err(InspectError::Unreadable { reason });
        }
        self.guest
            .fill(&mut self.known.with(&mut self.file), offset, out)
            .map_err(unreadable)
    }

    /// The first range at or behind `from` that the file holds something for; all between such ranges is zeros. `None` where there
    /// is none. A plain copy is one range, as holes in a file are not seen.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    pub fn next_used(&mut self, from: u64) -> Result<Option<Range<u64>>, InspectError> {
        let used = self.guest.used(&mut self.known.with(&mut self.file), from);
        Ok(used.map_err(unreadable)?.map(|(start, end)| start..end))
    }

    /// Where the byte of the disk at `at` lies, and how many after it.
    pub(crate) fn place(&mut self, at: u64) -> Result<Place, InspectError> {
        let place = self.guest.place(&mut self.known.with(&mut self.file), at);
        place.map_err(unreadable)
    }
}

fn unreadable(miss: Miss) -> InspectError {
    match miss {
        Miss::Unknown(reason) => InspectError::Unreadable { reason },
        Miss::Failed(error) => error,
    }
}
