//! The disks of `tests/disks`, without the zeros that most of them are made of.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read, Seek, SeekFrom},
    rc::Rc,
};

const BLOCK: u64 = 4096;

/// A disk that is mostly zeros.
#[derive(Clone)]
pub(crate) struct Sparse {
    pub(crate) size: u64,
    pub(crate) blocks: Rc<BTreeMap<u64, Vec<u8>>>,
    at: u64,
}

/// One of the disks, by its name.
pub(crate) fn disk(name: &str) -> Sparse {
    let path = format!("{}/tests/disks/{name}.zst", env!("CARGO_MANIFEST_DIR"));
    let packed = std::fs::read(path).unwrap();
    let mut bytes = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(Cursor::new(packed)).unwrap();
    decoder.read_to_end(&mut bytes).unwrap();
    let (size, blocks) = bytes.split_at(8);
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let blocks = blocks.chunks_exact(8 + BLOCK as usize);
    Sparse::new(
        number(size),
        blocks.map(|block| (number(&block[..8]), block[8..].to_vec())).collect(),
    )
}

impl Sparse {
    pub(crate) fn new(size: u64, blocks: BTreeMap<u64, Vec<u8>>) -> Self {
        let (blocks, at) = (Rc::new(blocks), 0);
        Self { size, blocks, at }
    }
}

impl Read for Sparse {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (start, within) = (self.at / BLOCK * BLOCK, (self.at % BLOCK) as usize);
        let left = self.size.saturating_sub(self.at).min(BLOCK - within as u64) as usize;
        let count = left.min(out.len());
        match self.blocks.get(&start) {
            Some(block) => out[..count].copy_from_slice(&block[within..within + count]),
            None => out[..count].fill(0),
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(at) => self.size.saturating_add_signed(at),
            SeekFrom::Current(at) => self.at.saturating_add_signed(at),
        };
        Ok(self.at)
    }
}
