//! The disk as the guest sees it: where a format keeps each byte.

use crate::{InspectError, source::Source};

/// Where a run of the guest's bytes lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this file from `offset`, for `len` bytes.
    Host { offset: u64, len: u64 },
    /// Nowhere: `len` bytes of zeros.
    Zero { len: u64 },
}

/// Why the guest's bytes could not be read.
#[derive(Debug)]
pub(crate) enum Miss {
    /// They are not to be had from this file alone, for this reason.
    Unknown(String),
    /// Reading failed.
    Failed(InspectError),
}

impl From<InspectError> for Miss {
    fn from(error: InspectError) -> Self {
        Self::Failed(error)
    }
}

/// The way from the guest's offsets to those of the file.
pub(crate) trait Mapping {
    /// Size of the guest's disk in bytes.
    fn size(&self) -> u64;

    /// Where the byte at `guest` lies, and how many after it.
    fn place(&mut self, source: &mut Source<'_>, guest: u64) -> Result<Place, Miss>;
}

/// Reads `want` bytes of the guest's disk; `None` where the disk is too small.
pub(crate) fn read(
    source: &mut Source<'_>,
    mapping: &mut impl Mapping,
    guest: u64,
    want: usize,
) -> Result<Option<Vec<u8>>, Miss> {
    if guest.checked_add(want as u64).is_none_or(|end| end > mapping.size()) {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(want);
    while out.len() < want {
        let left = want - out.len();
        let at = guest + out.len() as u64;
        match mapping.place(source, at)? {
            Place::Host { len: 0, .. } | Place::Zero { len: 0 } => {
                return Err(Miss::Unknown(format!(
                    "the image does not say where byte {at} of the disk lies"
                )));
            }
            Place::Zero { len } => {
                let run = usize::try_from(len).map_or(left, |len| len.min(left));
                out.resize(out.len() + run, 0);
            }
            Place::Host { offset, len } => {
                let run = usize::try_from(len).map_or(left, |len| len.min(left));
                let Some(bytes) = source.read_all(offset, run)? else {
                    return Err(Miss::Unknown(format!(
                        "byte {at} of the disk should lie at byte {offset} of the file, beyond its end"
                    )));
                };
                out.extend_from_slice(&bytes);
            }
        }
    }
    Ok(Some(out))
}
