//! ext2, ext3 and ext4, by `ext4-view`. It makes room for what a superblock claims, so that the claim is looked at first.

use ext4_view::{Ext4, Ext4Error, Ext4Read, File, FileType};

use super::{Entry, FileSystem, Kind, LONGEST_LINK, MOST_ENTRIES, ext_flags::is_immutable, guard::guarded};
use crate::{
    bytes::{le16, le32, uuid},
    facts::State,
    source::{NotRead, Part},
};

/// Names that somebody minds, by the word of the superblock and the bit. `needs_recovery` is part of the state.
const FEATURES: &[(usize, u32, &str)] = &[
    (0x60, 0x80, "64bit"),
    (0x60, 0x8000, "inline_data"),
    (0x60, 0x1_0000, "encrypt"),
    (0x64, 0x100, "quota"),
    (0x64, 0x200, "bigalloc"),
    (0x64, 0x2000, "project"),
];

/// Where the superblock stands.
const SUPERBLOCK: u64 = 1024;
/// The bit of the word at 0x60 that says that the journal must be replayed.
const RECOVER: u32 = 4;

/// A file system that was opened.
pub(crate) struct Ext {
    part: Part,
    superblock: Vec<u8>,
    inner: Ext4,
    /// Its journal was left out.
    is_stale: bool,
    /// The file that was read last: its blocks are found by going through them.
    open: Option<(String, File)>,
}

/// The part, with another superblock where one is given.
struct Reader(Part, Option<Vec<u8>>);

impl Ext4Read for Reader {
    fn read(&mut self, at: u64, out: &mut [u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'static>> {
        self.0.read(at, out)?;
        for (at_own, own) in (SUPERBLOCK..).zip(self.1.iter().flatten()) {
            let place = at_own.checked_sub(at).and_then(|place| usize::try_from(place).ok());
            if let Some(byte) = place.and_then(|place| out.get_mut(place)) {
                *byte = *own;
            }
        }
        Ok(())
    }
}

impl Ext {
    pub(crate) fn open(part: &Part) -> Result<Self, NotRead> {
        let superblock = part.bytes(SUPERBLOCK, 1024)?;
        look(&superblock, part.len()).map_err(|what| NotRead::new(format!("its superblock cannot be true: {what}")))?;
        let load = |other| guarded(part, || Ext4::load(Box::new(Reader(part.clone(), other))));
        let (inner, is_stale) = match load(None) {
            // Journals of older kernels are not understood. What is behind them is better than nothing, and is told to be that.
            Err(error) if le32(&superblock, 0x60) & RECOVER != 0 && !error.ended => {
                (load(Some(recovered(&superblock)))?, true)
            }
            inner => (inner?, false),
        };
        Ok(Self {
            part: part.clone(),
            superblock,
            inner,
            is_stale,
            open: None,
        })
    }

    fn word(&self, at: usize) -> u32 {
        le32(&self.superblock, at)
    }
}

/// The superblock without the word that its journal must be replayed, and with the checksum of that.
fn recovered(superblock: &[u8]) -> Vec<u8> {
    let mut bytes = superblock.to_vec();
    put(&mut bytes, 0x60, le32(superblock, 0x60) & !RECOVER);
    // CRC-32C, as the file system has it: without the last negation.
    let bit = |sum: u32, _| sum >> 1 ^ (0x82F6_3B78 & (sum & 1).wrapping_neg());
    let sum = bytes
        .iter()
        .take(0x3FC)
        .fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit));
    put(&mut bytes, 0x3FC, sum);
    bytes
}

fn put(bytes: &mut [u8], at: usize, word: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// Looks at what the reader makes room for.
fn look(superblock: &[u8], len: u64) -> Result<(), &'static str> {
    let word = |at| u64::from(le32(superblock, at));
    let is_64bit = word(0x60) & 0x80 != 0;
    let size: u64 = match word(0x18) {
        log @ 0..=6 => 1024 << log,
        _ => return Err("its blocks are too large"),
    };
    // The reader takes both halves, whether or not the features say that there is an upper one.
    let blocks = word(0x4) | word(0x150) << 32;
    if blocks.checked_mul(size).is_none_or(|bytes| bytes > len) {
        return Err("it is larger than its part");
    }
    // A group has no more blocks than bits in one, clusters of up to 2^16 blocks apart.
    let (per_group, inodes) = (word(0x20), word(0x28));
    if per_group < 256 || inodes == 0 || inodes > 8 * size {
        return Err("its groups have an impossible size");
    }
    let entry = if is_64bit {
        u64::from(le16(superblock, 0xFE))
    } else {
        32
    };
    if entry > 1024 || (blocks / per_group + 1).saturating_mul(entry) > len / 8 {
        return Err("it has too many groups");
    }
    // Before revision 1 there was no field for it.
    let inode = u64::from(le16(superblock, 0x58));
    if word(0x4C) > 0 && !(128..=size).contains(&inode) {
        return Err("its inodes have an impossible size");
    }
    Ok(())
}

/// A thing that is not there is an answer.
fn absent<T>(result: Result<T, Ext4Error>) -> Result<Option<T>, Ext4Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Ext4Error::NotFound | Ext4Error::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

impl FileSystem for Ext {
    fn kind(&self) -> &'static str {
        let is_ext4 = self.word(0x60) & 0x2C0 != 0 || self.word(0x64) & 0x578 != 0;
        match (is_ext4, self.word(0x5C) & 4 != 0) {
            (true, _) => "ext4",
            (false, true) => "ext3",
            (false, false) => "ext2",
        }
    }

    fn uuid(&self) -> Option<String> {
        self.superblock.get(0x68..0x78).map(uuid)
    }

    fn label(&self) -> Option<String> {
        let label = self.superblock.get(0x78..0x88).unwrap_or_default();
        let label = label.split(|byte| *byte == 0).next().unwrap_or_default();
        (!label.is_empty()).then(|| String::from_utf8_lossy(label).into_owned())
    }

    fn state(&mut self) -> State {
        let state = le16(&self.superblock, 0x3A);
        match self.word(0x60) & RECOVER == 0 && state & 1 != 0 && state & 2 == 0 {
            true => State::Clean,
            false => State::Dirty,
        }
    }

    fn lost(&self) -> Option<&'static str> {
        self.is_stale
            .then_some("its journal is of a kind that is not replayed, so that the last changes are not seen")
    }

    fn features(&self) -> Vec<String> {
        let has = FEATURES.iter().filter(|(at, bit, _)| self.word(*at) & bit != 0);
        has.map(|(.., name)| (*name).to_owned()).collect()
    }

    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
        let inner = &self.inner;
        guarded(&self.part, || {
            let Some(found) = absent(inner.symlink_metadata(path))? else {
                return Ok(None);
            };
            let kind = match found.file_type() {
                FileType::Regular => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            };
            let size = found.len();
            // The reader makes room for as many bytes as a link claims to have.
            let target = match kind {
                Kind::Link if size > LONGEST_LINK => return Err(Ext4Error::PathTooLong),
                Kind::Link => Some(String::from_utf8_lossy(inner.read_link(path)?.as_ref()).into_owned()),
                _ => None,
            };
            Ok(Some(Entry { kind, size, target }))
        })
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
        let inner = &self.inner;
        guarded(&self.part, || {
            let mut names = Vec::new();
            for entry in inner.read_dir(folder)?.take(MOST_ENTRIES) {
                let entry = entry?;
                let name = String::from_utf8_lossy(entry.file_name().as_ref()).into_owned();
                if name != "." && name != ".." {
                    names.push(name);
                }
            }
            Ok::<_, Ext4Error>(names)
        })
    }

    fn is_immutable(&mut self, path: &str) -> Result<bool, NotRead> {
        is_immutable(&self.part, &self.superblock, path)
    }

    fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        let (part, inner, kept) = (&self.part, &self.inner, self.open.take());
        let (file, out) = guarded(part, || {
            let mut file = match kept {
                Some((name, file)) if name == path => file,
                _ => inner.open(path)?,
            };
            if file.position() != offset {
                file.seek_to(offset)?;
            }
            let there = file.metadata().len().saturating_sub(offset);
            let mut out = vec![0; usize::try_from(there).map_or(max, |there| max.min(there))];
            let mut filled = 0;
            while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match file.read_bytes(rest)? {
                    0 => break,
                    count => filled += count,
                }
            }
            out.truncate(filled);
            Ok::<_, Ext4Error>((file, out))
        })?;
        self.open = Some((path.to_owned(), file));
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16 MiB in blocks of 1 KiB, without the feature `64bit`.
    fn superblock() -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        for (at, word) in [(0x4, 16 << 10), (0x20, 8192), (0x28, 1024), (0x4C, 1)] {
            put(&mut bytes, at, word);
        }
        put(&mut bytes, 0x58, 256);
        bytes
    }

    #[test]
    fn what_the_reader_makes_room_for_is_bounded_by_the_part() {
        let mut bytes = superblock();
        assert_eq!(look(&bytes, 16 << 20), Ok(()));
        assert_eq!(look(&bytes, 8 << 20), Err("it is larger than its part"));
        // It takes the upper half of the number of blocks, whatever the features say of it.
        put(&mut bytes, 0x150, 1);
        assert_eq!(look(&bytes, 16 << 20), Err("it is larger than its part"));
    }
}
