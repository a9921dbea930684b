//! btrfs, by `lambutter`: one subvolume, and those below it.

use lambutter::{BlockRead, Error, Path};

use super::{Entry, FileSystem, Kind, LONGEST_LINK, MOST_ENTRIES, guard::guarded};
use crate::{
    bytes::{le64, uuid},
    facts::State,
    source::{NotRead, Part},
};

/// Where the superblock stands.
const SUPERBLOCK: u64 = 64 << 10;

/// A subvolume that was opened.
pub(crate) struct Btrfs {
    part: Part,
    superblock: Vec<u8>,
    inner: lambutter::Btrfs<Reader>,
}

struct Reader(Part);

impl BlockRead for Reader {
    type Error = NotRead;

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> Result<(), NotRead> {
        self.0.read(at, out)
    }
}

/// Which subvolume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subvolume<'a> {
    /// The one that is mounted where nothing is said.
    Default,
    Path(&'a str),
    Id(u64),
}

impl Btrfs {
    pub(crate) fn open(part: &Part, subvolume: Subvolume<'_>) -> Result<Self, NotRead> {
        let superblock = part.bytes(SUPERBLOCK, 4096)?;
        let (reader, len) = (Reader(part.clone()), part.len());
        let inner = guarded(part, || match subvolume {
            Subvolume::Default => lambutter::Btrfs::open(reader, len),
            Subvolume::Id(id) => lambutter::Btrfs::open_subvol_id(reader, len, id),
            Subvolume::Path(name) => lambutter::Btrfs::open_subvol_path(reader, len, path(name)?),
        })?;
        Ok(Self {
            part: part.clone(),
            superblock,
            inner,
        })
    }
}

fn path(text: &str) -> Result<Path<'_>, Error> {
    Path::new(text.as_bytes()).ok_or(Error::NotFound)
}

fn absent<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

impl FileSystem for Btrfs {
    fn kind(&self) -> &'static str {
        "btrfs"
    }

    fn uuid(&self) -> Option<String> {
        self.superblock.get(0x20..0x30).map(uuid)
    }

    fn label(&self) -> Option<String> {
        let label = self.superblock.get(0x12B..0x22B).unwrap_or_default();
        let label = label.split(|byte| *byte == 0).next().unwrap_or_default();
        (!label.is_empty()).then(|| String::from_utf8_lossy(label).into_owned())
    }

    fn state(&mut self) -> State {
        // What was not yet written out stands in a log tree; everything else is whole at any time.
        match le64(&self.superblock, 0x60) {
            0 => State::Clean,
            _ => State::Dirty,
        }
    }

    fn features(&self) -> Vec<String> {
        Vec::new()
    }

    fn entry(&mut self, name: &str) -> Result<Option<Entry>, NotRead> {
        let inner = &mut self.inner;
        guarded(&self.part, || {
            let path = path(name)?;
            let Some(inode) = absent(inner.resolve(path))? else {
                return Ok(None);
            };
            let found = inner.metadata(&inode)?;
            let kind = match (found.is_file(), found.is_dir(), found.is_symlink()) {
                (true, ..) => Kind::File,
                (_, true, _) => Kind::Folder,
                (.., true) => Kind::Link,
                _ => Kind::Other,
            };
            let size = found.size;
            let target = match kind {
                Kind::Link if size > LONGEST_LINK => return Err(Error::NotASymlink),
                Kind::Link => Some(String::from_utf8_lossy(&inner.read_link(path)?).into_owned()),
                _ => None,
            };
            Ok(Some(Entry { kind, size, target }))
        })
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
        let inner = &mut self.inner;
        let entries = guarded(&self.part, || inner.read_dir(path(folder)?))?;
        let names = entries
            .iter()
            .take(MOST_ENTRIES)
            .map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
        Ok(names.filter(|name| name != "." && name != "..").collect())
    }

    fn read(&mut self, name: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        let inner = &mut self.inner;
        guarded(&self.part, || {
            let inode = inner.resolve(path(name)?)?;
            let there = inner.metadata(&inode)?.size.saturating_sub(offset);
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
