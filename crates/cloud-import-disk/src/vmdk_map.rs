//! The grain directory and its tables of a sparse VMDK.

use crate::{
    codec::Codec,
    guest::{Mapping, Miss, Place},
    piece::Piece,
    source::Source,
};

const SECTOR: u64 = 512;
/// What stands before each compressed grain: its first sector on the disk and its length.
const GRAIN_HEAD: u64 = 12;

#[derive(Debug)]
pub(crate) struct Grains {
    pub(crate) size: u64,
    /// Bytes of disk per grain.
    pub(crate) grain: u64,
    /// Entries of each table.
    pub(crate) per_table: u64,
    /// Offset of the directory in the file.
    pub(crate) directory: u64,
    /// Grains are compressed.
    pub(crate) packed: bool,
}

impl Grains {
    /// How many tables the disk takes.
    pub(crate) const fn tables(&self) -> u64 {
        self.size.div_ceil(self.grain * self.per_table)
    }
}

impl Mapping for Grains {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let outside = || Miss::Unknown(format!("the tables do not reach byte {guest} of the disk"));
        let span = self.grain * self.per_table;
        let at = self.directory.checked_add(guest / span * 4).ok_or_else(outside)?;
        let table = u64::from(u32::from_le_bytes(source.entry(at)?.ok_or_else(outside)?));
        if table == 0 {
            return Ok(Place::Zero {
                len: span - guest % span,
            });
        }
        let (index, within) = (guest % span / self.grain, guest % self.grain);
        let entry = source.entry(table * SECTOR + index * 4)?.ok_or_else(outside)?;
        let left = self.grain - within;
        match u64::from(u32::from_le_bytes(entry)) {
            // Absent, or a grain of zeros.
            0 | 1 => Ok(Place::Zero { len: left }),
            sector if self.packed => {
                let start = sector * SECTOR;
                let len = source.entry(start + GRAIN_HEAD - 4)?.ok_or_else(outside)?;
                Ok(Place::Packed(Piece {
                    codec: Codec::Zlib,
                    offset: start + GRAIN_HEAD,
                    stored: u64::from(u32::from_le_bytes(len)),
                    start: guest - within,
                    size: self.grain,
                }))
            }
            sector => Ok(Place::of_block(source, sector * SECTOR, within, left)),
        }
    }
}
