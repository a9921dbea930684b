//! The two levels of tables of a qcow2 file.

use crate::{
    InspectError,
    bytes::be64,
    codec::Codec,
    guest::{Mapping, Miss, Place},
    piece::Piece,
    source::Source,
};

const OFFSET: u64 = 0x00FF_FFFF_FFFF_FE00;
const COMPRESSED: u64 = 1 << 62;
const ZERO: u64 = 1;
/// Bytes of each table that the sample looks at.
const SAMPLE: u64 = 4096;

#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) size: u64,
    pub(crate) cluster: u64,
    pub(crate) l1: u64,
    pub(crate) l1_entries: u32,
    /// Entries of a second table.
    pub(crate) per_l2: u64,
    /// Second tables have entries of 16 bytes, with a bitmap for 32 parts of the cluster.
    pub(crate) extended: bool,
    /// Bit 0 of an entry means zeros (version 3).
    pub(crate) zero_flag: bool,
    /// What is not allocated lies in a backing file.
    pub(crate) backed: bool,
    /// How compressed clusters are packed.
    pub(crate) codec: Codec,
}

/// What a look at the first entries tells.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// A compressed cluster was among them.
    pub(crate) compressed: bool,
    /// The highest start of a table or a plain cluster, in the file.
    pub(crate) highest: Option<u64>,
}

impl Tables {
    /// Looks at the beginning of the first table and of the first second table in use.
    pub(crate) fn sample(&self, source: &mut Source<'_>) -> Result<Sample, InspectError> {
        let mut out = Sample::default();
        let l1 = source.table(self.l1, (u64::from(self.l1_entries) * 8).min(SAMPLE) as usize)?;
        let mut first = None;
        for entry in l1.chunks_exact(8) {
            let at = be64(entry, 0) & OFFSET;
            if at != 0 {
                first = first.or(Some(at));
                out.highest = out.highest.max(Some(at));
            }
        }
        let Some(first) = first else {
            return Ok(out);
        };
        let step = if self.extended { 16 } else { 8 };
        for entry in source
            .table(first, self.cluster.min(SAMPLE) as usize)?
            .chunks_exact(step)
        {
            let entry = be64(entry, 0);
            if entry & COMPRESSED != 0 {
                out.compressed = true;
            } else if entry & OFFSET != 0 {
                out.highest = out.highest.max(Some(entry & OFFSET));
            }
        }
        Ok(out)
    }

    /// A run that this file does not hold.
    fn absent(&self, guest: u64, len: u64) -> Result<Place, Miss> {
        if self.backed {
            return Err(Miss::Unknown(format!(
                "byte {guest} of the disk lies in the backing file"
            )));
        }
        Ok(Place::Zero { len })
    }
}

impl Mapping for Tables {
    fn size(&self) -> u64 {
        self.size
    }

    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss> {
        let outside = || Miss::Unknown(format!("the tables do not reach byte {guest} of the disk"));
        let (index, within) = (guest / self.cluster, guest % self.cluster);
        let at = (index / self.per_l2)
            .checked_mul(8)
            .and_then(|at| at.checked_add(self.l1))
            .ok_or_else(outside)?;
        let l2 = u64::from_be_bytes(source.entry(at)?.ok_or_else(outside)?) & OFFSET;
        if l2 == 0 {
            let span = self.per_l2.saturating_mul(self.cluster);
            return self.absent(guest, span - guest % span);
        }
        let left = self.cluster - within;
        if self.extended {
            let entry: [u8; 16] = source.entry(l2 + index % self.per_l2 * 16)?.ok_or_else(outside)?;
            return self.part(source, guest, be64(&entry, 0), be64(&entry, 8));
        }
        let entry = source.entry(l2 + index % self.per_l2 * 8)?.ok_or_else(outside)?;
        let word = u64::from_be_bytes(entry);
        if word & COMPRESSED != 0 {
            return Ok(self.packed(guest, word));
        }
        let start = word & OFFSET;
        if self.zero_flag && word & ZERO != 0 {
            return Ok(Place::Zero { len: left });
        }
        if start == 0 {
            return self.absent(guest, left);
        }
        Ok(Place::of_block(source, start, within, left))
    }
}

impl Tables {
    /// A cluster with a bitmap for its 32 parts.
    fn part(&self, source: &Source<'_>, guest: u64, word: u64, bitmap: u64) -> Result<Place, Miss> {
        if word & COMPRESSED != 0 {
            return Ok(self.packed(guest, word));
        }
        let (within, part) = (guest % self.cluster, self.cluster / 32);
        let (number, left) = (within / part, part - within % part);
        match (bitmap >> number & 1 == 1, bitmap >> (number + 32) & 1 == 1) {
            (_, true) => Ok(Place::Zero { len: left }),
            (true, false) => Ok(Place::of_block(source, word & OFFSET, within, left)),
            (false, false) => self.absent(guest, left),
        }
    }

    /// The offset has fewer bits the larger a cluster is, so that more are left for the number of sectors behind the first.
    fn packed(&self, guest: u64, word: u64) -> Place {
        let width = 70 - self.cluster.trailing_zeros();
        let offset = word & ((1 << width) - 1);
        let sectors = (word & (COMPRESSED - 1)) >> width;
        Place::Packed(Piece {
            codec: self.codec,
            offset,
            stored: (sectors + 1) * 512 - offset % 512,
            start: guest / self.cluster * self.cluster,
            size: self.cluster,
        })
    }
}
