//! For tests: the disks that `tests/disks/make-windows` made, changed copies of them, and what another's reader saw there.

use std::{
    fs,
    io::{Cursor, Read, Result, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::source::{Budget, Device, Part};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/disks/windows")
        .join(name)
}

/// The disk of that name.
pub(crate) fn disk(name: &str) -> Vec<u8> {
    let packed = fs::read(path(&format!("{name}.zst"))).unwrap();
    let mut bytes = Vec::new();
    let mut reader = ruzstd::decoding::StreamingDecoder::new(&*packed).unwrap();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A file as another's reader saw it.
pub(crate) struct Seen {
    pub(crate) size: u64,
    pub(crate) sum: u32,
    pub(crate) path: String,
}

/// The list of that name.
pub(crate) fn seen(name: &str) -> Vec<Seen> {
    let text = fs::read_to_string(path(&format!("{name}.list"))).unwrap();
    let rows = text.lines().map(|row| {
        let mut fields = row.splitn(3, '\t');
        let mut next = || fields.next().unwrap();
        Seen {
            size: next().parse().unwrap(),
            sum: u32::from_str_radix(next(), 16).unwrap(),
            path: next().to_owned(),
        }
    });
    rows.collect()
}

/// The CRC-32 of the lists.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    });
    !sum
}

/// These bytes as a whole part, of which 64 MiB may be read.
pub(crate) fn part_of(bytes: impl Read + Seek + 'static) -> Part {
    let budget = Budget {
        bytes: 64 << 20,
        reads: 200_000,
        is_over: Box::new(|| false),
    };
    Part::whole(&Device::open(bytes, budget).unwrap())
}

pub(crate) fn part(bytes: Vec<u8>) -> Part {
    part_of(Cursor::new(bytes))
}

/// A disk with some other bytes, which is not copied for each change.
#[derive(Clone)]
pub(crate) struct Changed {
    disk: Arc<Vec<u8>>,
    at: u64,
    changes: Vec<(u64, u8)>,
    /// Blocks of 512 bytes that were read.
    pub(crate) read: Arc<Mutex<Vec<u64>>>,
}

impl Changed {
    pub(crate) fn new(disk: Arc<Vec<u8>>, changes: Vec<(u64, u8)>) -> Self {
        let read = Arc::default();
        Self {
            disk,
            at: 0,
            changes,
            read,
        }
    }
}

impl Read for Changed {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let there = self.disk.get(self.at as usize..).unwrap_or_default();
        let count = there.len().min(out.len());
        out[..count].copy_from_slice(&there[..count]);
        for (at, byte) in &self.changes {
            if let Some(place) = at.checked_sub(self.at).and_then(|at| out[..count].get_mut(at as usize)) {
                *place = *byte;
            }
        }
        self.read
            .lock()
            .unwrap()
            .extend(self.at / 512..(self.at + count as u64).div_ceil(512));
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Changed {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(0) => self.disk.len() as u64,
            _ => unreachable!("the device seeks to places alone"),
        };
        Ok(self.at)
    }
}

/// Runs `look` on a disk, then on so many changed copies, each with one to 24 other bytes in the blocks that the first run reads.
pub(crate) fn mutate(disk: &[u8], copies: u64, look: impl Fn(Changed)) {
    let disk = Arc::new(disk.to_vec());
    let whole = Changed::new(disk.clone(), Vec::new());
    let read = whole.read.clone();
    look(whole);
    let mut blocks = read.lock().unwrap().clone();
    blocks.sort_unstable();
    blocks.dedup();
    // Zeros say nothing of what is built there.
    blocks.retain(|block| disk[*block as usize * 512..].iter().take(512).any(|byte| *byte != 0));
    for seed in 0..copies {
        let mut random = Random(seed);
        let changes = (0..=random.below(24)).map(|_| {
            let block = blocks[random.below(blocks.len() as u64) as usize];
            let byte = match random.below(4) {
                0 => 0,
                1 => 0xFF,
                2 => 1 << random.below(8),
                _ => random.below(256) as u8,
            };
            (block * 512 + random.below(512), byte)
        });
        look(Changed::new(disk.clone(), changes.collect()));
    }
}

/// Runs `look` on a disk that ends at every 4 KiB.
pub(crate) fn truncate(disk: &[u8], look: impl Fn(Changed)) {
    for len in (4096..disk.len()).step_by(4096) {
        look(Changed::new(Arc::new(disk[..len].to_vec()), Vec::new()));
    }
}

/// Numbers that look random (SplitMix64), the same for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
