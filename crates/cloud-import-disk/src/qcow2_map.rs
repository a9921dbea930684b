//! The two levels of tables of a qcow2 file. Compressed clusters are found, not unpacked.

use crate::{
    InspectError,
    bytes::be64,
    guest::{Mapping, Miss, Place},
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
        let l1 = source.read_some(self.l1, (u64::from(self.l1_entries) * 8).min(SAMPLE) as usize)?;
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
            .read_some(first, self.cluster.min(SAMPLE) as usize)?
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
        let outside = || Miss::Unknown("the tables do not reach the partition table".to_owned());
        let (index, within) = (guest / self.cluster, guest % self.cluster);
        let at = (index / self.per_l2)
            .checked_mul(8)
            .and_then(|at| at.checked_add(self.l1))
            .ok_or_else(outside)?;
        let l2 = be64(&source.read_all(at, 8)?.ok_or_else(outside)?, 0) & OFFSET;
        let left = self.cluster - within;
        if l2 == 0 {
            return self.absent(guest, left);
        }
        let width: usize = if self.extended { 16 } else { 8 };
        let at = l2 + index % self.per_l2 * width as u64;
        let entry = source.read_all(at, width)?.ok_or_else(outside)?;
        let (word, bitmap) = (be64(&entry, 0), be64(&entry, 8));
        if word & COMPRESSED != 0 {
            return Err(Miss::Unknown(format!("byte {guest} of the disk is compressed")));
        }
        let offset = word & OFFSET;
        if self.extended {
            let part = self.cluster / 32;
            let (number, left) = (within / part, part - within % part);
            return match (bitmap >> number & 1 == 1, bitmap >> (number + 32) & 1 == 1) {
                (_, true) => Ok(Place::Zero { len: left }),
                (true, false) => Ok(Place::Host {
                    offset: offset + within,
                    len: left,
                }),
                (false, false) => self.absent(guest, left),
            };
        }
        if self.zero_flag && word & ZERO != 0 {
            return Ok(Place::Zero { len: left });
        }
        if offset == 0 {
            return self.absent(guest, left);
        }
        Ok(Place::Host {
            offset: offset + within,
            len: left,
        })
    }
}
