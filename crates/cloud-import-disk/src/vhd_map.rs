//! The block table of a dynamic VHD. The sector bitmaps are not read: sectors of a block that were never written are zeros
//! in the file as well.

use crate::{
    guest::{Mapping, Miss, Place},
    source::Source,
};

/// An entry for a block that was never written.
const UNUSED: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct BlockTable {
    pub(crate) size: u64,
    /// Offset of the table in the file.
    pub(crate) table: u64,
    /// Bytes of disk per block.
    pub(crate) block: u64,
    /// Bytes of the bitmap before each block.
    pub(crate) bitmap: u64,
}

impl Mapping for BlockTable {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let unknown = || Miss::Unknown(format!("the block table does not reach byte {guest} of the disk"));
        let (index, within) = (guest / self.block, guest % self.block);
        let at = index
            .checked_mul(4)
            .and_then(|at| at.checked_add(self.table))
            .ok_or_else(unknown)?;
        let entry = source.entry(at)?.ok_or_else(unknown)?;
        let len = self.block - within;
        match u32::from_be_bytes(entry) {
            UNUSED => Ok(Place::Zero { len }),
            // Below 2^32 sectors, a bitmap of at most 512 KiB and a block of at most 2 GiB: the sum fits.
            sector => Ok(Place::of_block(
                source,
                u64::from(sector) * 512 + self.bitmap,
                within,
                len,
            )),
        }
    }
}
