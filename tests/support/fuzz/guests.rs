//! What is inside a disk: small disks of `crates/cloud-import-guest/tests/disks` with bytes changed where they are not zero.
//!
//! An input names the disk by its first byte; each five bytes behind it are one change: which of the blocks that hold something (two
//! bytes), where in it (two bytes), and the new byte.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Result, Seek, SeekFrom},
    sync::LazyLock,
};

use cloud_import_guest::{Guest, Options, facts::FINDINGS, inspect};

use super::Random;

const BLOCK: usize = 4096;

macro_rules! disks {
    ($($name:literal),*) => {
        &[$(include_bytes!(concat!("../../../crates/cloud-import-guest/tests/disks/", $name, ".zst"))),*]
    };
}

const PACKED: &[&[u8]] = disks!(
    "codec-gzip",
    "codec-zstd",
    "codec-xz",
    "codec-lz4",
    "codec-bzip2",
    "codec-lzma",
    "debian-good",
    "debian-bad",
    "centos-lvm",
    "rocky-uefi",
    "suse-btrfs"
);

/// Packed as they are.
const WHOLE: &[&[u8]] = disks!("windows/good", "windows/uefi", "windows/client", "windows/ntfs-4k");

type Blocks = Vec<(u64, Vec<u8>)>;

static DISKS: LazyLock<Vec<(u64, Blocks)>> = LazyLock::new(|| {
    let whole = WHOLE.iter().map(|packed| cut(&decoded(packed)));
    PACKED.iter().map(|packed| unpack(packed)).chain(whole).collect()
});

/// The blocks that are not zeros.
fn cut(disk: &[u8]) -> (u64, Blocks) {
    let blocks = (0_u64..).step_by(BLOCK).zip(disk.chunks(BLOCK));
    let blocks = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
    let blocks = blocks.map(|(at, block)| {
        let mut block = block.to_vec();
        block.resize(BLOCK, 0);
        (at, block)
    });
    (disk.len() as u64, blocks.collect())
}

fn decoded(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(Cursor::new(packed)) {
        drop(decoder.read_to_end(&mut bytes));
    }
    bytes
}

fn unpack(packed: &[u8]) -> (u64, Blocks) {
    let bytes = decoded(packed);
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let (size, blocks) = bytes.split_at(8.min(bytes.len()));
    let blocks = blocks.chunks_exact(8 + BLOCK);
    (
        number(size),
        blocks.map(|block| (number(&block[..8]), block[8..].to_vec())).collect(),
    )
}

/// A disk, mostly of zeros.
struct Disk {
    size: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    at: u64,
}

impl Read for Disk {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let within = (self.at % BLOCK as u64) as usize;
        let left = self.size.saturating_sub(self.at).min((BLOCK - within) as u64) as usize;
        let count = left.min(out.len());
        match self.blocks.get(&(self.at - within as u64)) {
            Some(block) => out[..count].copy_from_slice(&block[within..within + count]),
            None => out[..count].fill(0),
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

/// The whole look at a disk.
pub(super) fn guest(input: &[u8]) {
    let Some((first, changes)) = input.split_first() else {
        return;
    };
    let (size, blocks) = &DISKS[usize::from(*first) % DISKS.len()];
    let mut changed = blocks.clone();
    for change in changes.chunks_exact(5) {
        let number = |at: usize| usize::from(u16::from_le_bytes([change[at], change[at + 1]]));
        let (block, within) = (number(0) % changed.len().max(1), number(2) % BLOCK);
        changed[block].1[within] = change[4];
    }
    let disk = Disk {
        size: *size,
        blocks: changed.into_iter().collect(),
        at: 0,
    };
    let options = Options::default();
    let guest = inspect(disk, &options);
    assert!(
        guest.bytes_read <= options.bytes,
        "{} bytes were read",
        guest.bytes_read
    );
    assert!(guest.findings.iter().all(|own| FINDINGS.contains(&own.id.as_str())));
    let text = serde_json::to_string(&guest).unwrap_or_default();
    // No control character but those of JSON itself, escaped twice as they are.
    assert!(
        !text.contains(char::is_control) && !text.contains("\\u0") && !text.contains("Planted"),
        "{text}"
    );
    assert!(serde_json::from_str::<Guest>(&text).is_ok_and(|again| again == guest));
}

/// Each disk as it is, and with a few bytes changed.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut random = Random::new(1);
    let mut seeds = Vec::new();
    for disk in 0..DISKS.len() as u8 {
        for changes in [0, 1, 8, 24] {
            let bytes = (0..changes * 5).map(|_| random.number().to_le_bytes()[0]);
            seeds.push(std::iter::once(disk).chain(bytes).collect());
        }
    }
    seeds
}
