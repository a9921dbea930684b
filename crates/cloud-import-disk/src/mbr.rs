//! Boot records: the entries of one, and the logical partitions, which are a chain of such records inside an extended partition.
//! Knows nothing of what a partition holds.

use crate::{
    InspectError,
    bytes::{array, le32, u8_at},
    guest::{Guest, Miss},
    source::Source,
};

/// Bytes of a sector: a boot record has no field for another size.
pub(crate) const SECTOR: u64 = 512;
/// Kinds of a partition that holds others: by cylinders, by sectors, and Linux's own.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Where the four entries stand.
const ENTRIES: [usize; 4] = [446, 462, 478, 494];
/// The most links that are followed: fdisk makes at most 56 logical partitions, Linux gives up after 100 empty ones.
const MAX_LINKS: usize = 128;

/// An entry in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) kind: u8,
    /// First sector.
    start: u64,
    /// First byte behind it.
    pub(crate) end: u64,
}

impl Partition {
    fn is_extended(&self) -> bool {
        EXTENDED.contains(&self.kind)
    }
}

/// Whether a sector carries the mark of a boot record.
pub(crate) fn is_record(sector: &[u8]) -> bool {
    array(sector, 510) == [0x55, 0xAA]
}

/// The entries in use; none when the sector is not a boot record (a file system's own boot sector has text there).
pub(crate) fn primary(sector: &[u8]) -> Vec<Partition> {
    match is_record(sector) && ENTRIES.iter().all(|at| u8_at(sector, *at) & 0x7F == 0) {
        true => entries(sector),
        false => Vec::new(),
    }
}

fn entries(sector: &[u8]) -> Vec<Partition> {
    let entry = |at| {
        let (kind, start, count) = (u8_at(sector, at + 4), le32(sector, at + 8), le32(sector, at + 12));
        // Two numbers of 32 bits times 512 always fit.
        (kind != 0 && count != 0).then(|| Partition {
            kind,
            start: u64::from(start),
            end: (u64::from(start) + u64::from(count)) * SECTOR,
        })
    };
    ENTRIES.into_iter().filter_map(entry).collect()
}

/// The logical partitions.
#[derive(Debug, Default)]
pub(crate) struct Logical {
    pub(crate) partitions: Vec<Partition>,
    /// Why there may be more of them.
    pub(crate) broken: Option<String>,
}

/// Follows the chain of each extended partition as far as it goes.
///
/// # Errors
/// Reading the file failed, but not for its limits: those end the chain.
pub(crate) fn logical(
    source: &mut Source<'_>,
    guest: &mut Guest,
    primary: &[Partition],
) -> Result<Logical, InspectError> {
    let mut found = Logical::default();
    let mut seen = Vec::new();
    for extended in primary.iter().filter(|partition| partition.is_extended()) {
        let mut next = Some(extended.start);
        while let Some(at) = next {
            if seen.contains(&at) {
                found.broken = Some(format!("it comes back to sector {at}"));
                break;
            }
            if seen.len() == MAX_LINKS {
                found.broken = Some(format!("it has more than {MAX_LINKS} links"));
                break;
            }
            seen.push(at);
            let record = match guest.read(source, at * SECTOR, SECTOR as usize) {
                Ok(Some(record)) if is_record(&record) => record,
                Ok(Some(_)) => {
                    found.broken = Some(format!("sector {at} is no boot record"));
                    break;
                }
                Ok(None) => {
                    found.broken = Some(format!("sector {at} lies behind the end of the disk"));
                    break;
                }
                Err(Miss::Unknown(reason)) => {
                    found.broken = Some(reason);
                    break;
                }
                Err(Miss::Failed(InspectError::TooMuchWork)) => {
                    found.broken = Some("it lies in too many pieces to be read within the limits".to_owned());
                    break;
                }
                Err(Miss::Failed(error)) => return Err(error),
            };
            let (links, parts): (Vec<_>, Vec<_>) = entries(&record).into_iter().partition(Partition::is_extended);
            // A partition counts from its own record, a link from the first.
            found.partitions.extend(parts.into_iter().map(|part| Partition {
                end: part.end + at * SECTOR,
                ..part
            }));
            next = links.first().map(|link| link.start + extended.start);
        }
    }
    Ok(found)
}
