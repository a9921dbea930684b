//! Disks and files that are mostly as another program made them: a base, and what was changed of it. A base is not copied for a change.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{Cursor, Read, Result, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::sums::{self, Sum};

/// What is kept and changed is kept in blocks of this many bytes.
pub(super) const BLOCK: usize = 4096;
/// What is known to be read or not is known by sectors.
pub(super) const SECTOR: usize = 512;

/// A disk without the blocks that are zeros.
pub(super) struct Sparse {
    pub(super) size: u64,
    pub(super) blocks: HashMap<u64, Vec<u8>>,
}

impl Sparse {
    /// The blocks of what is here as a whole.
    pub(super) fn of(whole: &[u8]) -> Self {
        let blocks = (0_u64..).step_by(BLOCK).zip(whole.chunks(BLOCK));
        let blocks = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
        let blocks = blocks.map(|(at, block)| (at, padded(block))).collect();
        let size = whole.len() as u64;
        Self { size, blocks }
    }

    /// Only the blocks whose place and content are wanted; the others become zeros.
    pub(super) fn only(mut self, wanted: impl Fn(u64, &[u8]) -> bool) -> Self {
        self.blocks.retain(|at, block| wanted(*at, block));
        self
    }

    /// Its sectors that are not zeros, with their places, in order.
    pub(super) fn sectors(&self) -> BTreeMap<u64, &[u8]> {
        let sectors = self
            .blocks
            .iter()
            .flat_map(|(at, block)| (*at..).step_by(SECTOR).zip(block.chunks(SECTOR)));
        sectors
            .filter(|(_, sector)| sector.iter().any(|byte| *byte != 0))
            .collect()
    }
}

fn padded(block: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    block.resize(BLOCK, 0);
    block
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A file of the repository, from the folder of the tests on.
pub(super) fn file(path: &str) -> Vec<u8> {
    fs::read(folder(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn decoded(path: &str) -> Vec<u8> {
    let packed = file(&format!("../crates/cloud-import-guest/tests/disks/{path}.zst"));
    let mut bytes = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(Cursor::new(packed)).unwrap();
    decoder.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A disk of `tests/disks` of the guests' crate, where it is kept without its zeros, but those of Windows as they are.
pub(super) fn guest(name: &str) -> Sparse {
    let bytes = decoded(name);
    if name.starts_with("windows/") {
        return Sparse::of(&bytes);
    }
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let (size, blocks) = bytes.split_at(8);
    let blocks = blocks.chunks_exact(8 + BLOCK);
    Sparse {
        size: number(size),
        blocks: blocks.map(|block| (number(&block[..8]), block[8..].to_vec())).collect(),
    }
}

/// An image of `tests/images/formats`: a row is an offset and bytes, what stands in no row is zero, and the last row is the length.
pub(super) fn image(name: &str) -> Vec<u8> {
    let rows = file(&format!("images/formats/{name}.hex"));
    let mut image = Vec::new();
    for row in String::from_utf8_lossy(&rows).lines() {
        let (offset, bytes) = row.split_once(' ').unwrap_or((row, ""));
        image.resize(usize::from_str_radix(offset, 16).unwrap(), 0);
        let pairs = (0..bytes.len()).step_by(2).map(|at| &bytes[at..at + 2]);
        image.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    image
}

/// What is changed, and where.
pub(super) struct Base {
    pub(super) sparse: Arc<Sparse>,
    /// Sectors that changes go to, and up to which of their bytes.
    pub(super) places: Vec<(u64, usize)>,
    pub(super) sums: Vec<Sum>,
    /// Words are put there rather than numbers.
    pub(super) is_text: bool,
}

impl Base {
    /// Changes go to those sectors that `look` reads and `wanted` takes.
    pub(super) fn new(sparse: Sparse, look: impl Fn(Disk) -> u64, wanted: impl Fn(u64, &[u8]) -> bool) -> Self {
        let sparse = Arc::new(sparse);
        let seen: Arc<Mutex<BTreeSet<u64>>> = Arc::default();
        let mut disk = Disk::new(sparse.clone());
        disk.seen = Some(seen.clone());
        let _answer = look(disk);
        let seen = seen.lock().unwrap();
        let places = sparse
            .sectors()
            .into_iter()
            .filter(|(at, sector)| seen.contains(at) && wanted(*at, sector));
        let places = places.map(|(at, _)| (at, SECTOR)).collect();
        Self {
            sums: sums::find(&sparse),
            places,
            is_text: false,
            sparse,
        }
    }

    /// Changes go to the text of files alone.
    pub(super) fn of_text(mut self) -> Self {
        let sectors = self.sparse.sectors();
        self.places.retain_mut(|(at, used)| {
            *used = sectors.get(at).map_or(0, |sector| text(sector));
            *used > 0
        });
        self.is_text = true;
        self
    }

    /// The disk as it is.
    pub(super) fn disk(&self) -> Disk {
        Disk::new(self.sparse.clone())
    }
}

/// How much of a sector is text, if nothing but zeros follows; 0 where it is none.
pub(super) fn text(sector: &[u8]) -> usize {
    let used = sector.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let is_text = |byte: &u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    if sector[..used].iter().all(is_text) { used } else { 0 }
}

/// A base with some other blocks, and perhaps another length.
pub(super) struct Disk {
    sparse: Arc<Sparse>,
    pub(super) changed: BTreeMap<u64, Vec<u8>>,
    pub(super) size: u64,
    at: u64,
    /// Sectors that were read.
    seen: Option<Arc<Mutex<BTreeSet<u64>>>>,
}

impl Disk {
    pub(super) fn new(sparse: Arc<Sparse>) -> Self {
        Self {
            size: sparse.size,
            sparse,
            changed: BTreeMap::new(),
            at: 0,
            seen: None,
        }
    }

    /// A block, to be changed.
    pub(super) fn block(&mut self, at: u64) -> &mut Vec<u8> {
        let at = at / BLOCK as u64 * BLOCK as u64;
        let sparse = &self.sparse;
        let original = || sparse.blocks.get(&at).cloned().unwrap_or_else(|| vec![0; BLOCK]);
        self.changed.entry(at).or_insert_with(original)
    }

    /// Bytes as they are now, zeros behind the end.
    pub(super) fn bytes(&self, at: u64, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        self.fill(at, &mut out);
        out
    }

    pub(super) fn put(&mut self, at: u64, bytes: &[u8]) {
        for (at, byte) in (at..).zip(bytes) {
            self.block(at)[(at % BLOCK as u64) as usize] = *byte;
        }
    }

    fn fill(&self, mut at: u64, mut out: &mut [u8]) {
        while !out.is_empty() {
            let within = (at % BLOCK as u64) as usize;
            let start = at - within as u64;
            let count = out.len().min(BLOCK - within);
            let (now, rest) = out.split_at_mut(count);
            match self.changed.get(&start).or_else(|| self.sparse.blocks.get(&start)) {
                Some(block) => now.copy_from_slice(&block[within..within + count]),
                None => now.fill(0),
            }
            (at, out) = (at + count as u64, rest);
        }
    }
}

impl Read for Disk {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let left = self.size.saturating_sub(self.at);
        let count = usize::try_from(left).map_or(out.len(), |left| left.min(out.len()));
        self.fill(self.at, &mut out[..count]);
        if let Some(seen) = &self.seen {
            let first = self.at / SECTOR as u64 * SECTOR as u64;
            seen.lock()
                .unwrap()
                .extend((first..self.at + count as u64).step_by(SECTOR));
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(at) => self.size.saturating_add_signed(at),
            SeekFrom::Current(at) => self.at.saturating_add_signed(at),
        };
        Ok(self.at)
    }
}
