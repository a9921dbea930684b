//! XFS, by `lamxfs`. What a log still holds is applied in memory there.

use lamxfs::{BlockRead, Error, Path};

use super::{Entry, FileSystem, Kind, LONGEST_LINK, MOST_ENTRIES, guard::guarded};
use crate::{
    bytes::{be32, u8_at, uuid},
    facts::State,
    source::{NotRead, Part},
};

/// A file system that was opened.
pub(crate) struct Xfs {
    part: Part,
    inner: lamxfs::Xfs<Reader>,
}

struct Reader(Part);

impl BlockRead for Reader {
    type Error = NotRead;

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> Result<(), NotRead> {
        self.0.read(at, out)
    }
}

impl Xfs {
    pub(crate) fn open(part: &Part) -> Result<Self, NotRead> {
        let inner = guarded(part, || lamxfs::Xfs::open(Reader(part.clone()), part.len()))?;
        Ok(Self {
            part: part.clone(),
            inner,
        })
    }
}

impl FileSystem for Xfs {
    fn kind(&self) -> &'static str {
        "xfs"
    }

    fn uuid(&self) -> Option<String> {
        Some(uuid(&self.inner.uuid()))
    }

    fn label(&self) -> Option<String> {
        self.inner.label().map(str::to_owned)
    }

    fn state(&mut self) -> State {
        match is_clean(&self.part) {
            Ok(Some(true)) => State::Clean,
            Ok(Some(false)) => State::Dirty,
            Ok(None) | Err(_) => State::Unknown,
        }
    }

    fn features(&self) -> Vec<String> {
        Vec::new()
    }

    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
        let inner = &mut self.inner;
        guarded(&self.part, || {
            let path = Path::new(path.as_bytes());
            let inode = match inner.resolve(path) {
                Ok(inode) => inode,
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            let found = inner.metadata(&inode)?;
            let (kind, size) = (kind(&found), found.size());
            let target = match kind {
                Kind::Link if size > LONGEST_LINK => {
                    return Err(Error::FileTooLarge {
                        size,
                        max: LONGEST_LINK,
                    });
                }
                Kind::Link => Some(String::from_utf8_lossy(&inner.read_link(path)?).into_owned()),
                _ => None,
            };
            Ok(Some(Entry { kind, size, target }))
        })
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
        let inner = &mut self.inner;
        let entries = guarded(&self.part, || inner.read_dir(Path::new(folder.as_bytes())))?;
        let names = entries
            .iter()
            .take(MOST_ENTRIES)
            .map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
        Ok(names.filter(|name| name != "." && name != "..").collect())
    }

    fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        let inner = &mut self.inner;
        guarded(&self.part, || {
            let inode = inner.resolve(Path::new(path.as_bytes()))?;
            let there = inner.metadata(&inode)?.size().saturating_sub(offset);
            let mut out = vec![0; usize::try_from(there).map_or(max, |there| max.min(there))];
            let mut filled = 0;
            while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match inner.read_file_at(&inode, offset + filled as u64, rest)? {
                    0 => break,
                    count => filled += count,
                }
            }
            out.truncate(filled);
            Ok::<_, Error>(out)
        })
    }
}

/// Whether the last record of the log is that of an unmount. `None` where the log is not as it should be.
///
/// The log is a ring of blocks of 512 bytes, each of which begins with the number of the round in which it was written; in the header
/// of a record it is the second word.
fn is_clean(part: &Part) -> Result<Option<bool>, NotRead> {
    const BLOCK: u64 = 512;
    const RECORD: u32 = 0xFEED_BABE;
    // A record has up to 256 KiB, and headers before it.
    const LONGEST: u64 = 520;
    let superblock = part.bytes(0, 512)?;
    let word = |at| u64::from(be32(&superblock, at));
    let (size, group, log, shift) = (word(4), word(0x54), word(0x60), u32::from(u8_at(&superblock, 0x7C)));
    let start = word(0x30) << 32 | word(0x34);
    let number = (start.checked_shr(shift).unwrap_or(0)).saturating_mul(group);
    let at = number
        .saturating_add(start & ((1 << shift.min(40)) - 1))
        .saturating_mul(size);
    let Some(log) = part
        .cut(at, log.saturating_mul(size))
        .filter(|log| log.len() >= 2 * BLOCK)
    else {
        return Ok(None);
    };
    let count = log.len() / BLOCK;
    let round = |block: u64| -> Result<u32, NotRead> {
        let words = log.bytes(block * BLOCK, 8)?;
        Ok(if be32(&words, 0) == RECORD {
            be32(&words, 4)
        } else {
            be32(&words, 0)
        })
    };
    // The first block that is not of the round of the first one is where writing goes on.
    let first = round(0)?;
    let (mut low, mut head) = (0, count);
    while low + 1 < head {
        let middle = low + (head - low) / 2;
        if round(middle)? == first {
            low = middle
        } else {
            head = middle
        }
    }
    for back in 1..=LONGEST.min(count) {
        let at = (head + count - back) % count;
        let header = log.bytes(at * BLOCK, BLOCK as usize)?;
        if be32(&header, 0) != RECORD {
            continue;
        }
        let headers = u64::from(be32(&header, 320)).div_ceil(32 << 10).max(1);
        let record = log.bytes((at + headers) % count * BLOCK, BLOCK as usize)?;
        let is_last = headers + u64::from(be32(&header, 12)).div_ceil(BLOCK) == back;
        let is_unmount = be32(&header, 40) == 1 && u8_at(&record, 9) & 0x20 != 0;
        return Ok(Some(is_last && is_unmount));
    }
    Ok(None)
}

fn kind(found: &lamxfs::Metadata) -> Kind {
    match (found.is_file(), found.is_dir(), found.is_symlink()) {
        (true, ..) => Kind::File,
        (_, true, _) => Kind::Folder,
        (.., true) => Kind::Link,
        _ => Kind::Other,
    }
}
