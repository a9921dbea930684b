//! A large file of which only what is in use is in memory, with its holes, that counts what is read from it.

use std::{
    collections::BTreeMap,
    io::{Read, Result, Seek, SeekFrom},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

#[derive(Debug, Clone)]
pub(crate) struct Sparse {
    pub(crate) len: u64,
    /// What is in use, by where it begins.
    pieces: Arc<BTreeMap<u64, Vec<u8>>>,
    position: u64,
    pub(crate) read: Arc<AtomicU64>,
}

impl Sparse {
    pub(crate) fn new(len: u64, pieces: impl IntoIterator<Item = (u64, Vec<u8>)>) -> Self {
        Self {
            len,
            pieces: Arc::new(pieces.into_iter().collect()),
            position: 0,
            read: Arc::default(),
        }
    }

    /// A disk of 1.5 GiB with content in a hundred places, some of it across the ends of what is kept together, and at both ends.
    pub(crate) fn scattered() -> Self {
        const GIB: u64 = 1 << 30;
        let mut random = Random(7);
        let mut pieces = vec![(0, random.bytes(100_000)), (GIB + GIB / 2 - 700, random.bytes(700))];
        // Where a second table of qcow2 ends.
        pieces.push(((512 << 20) - 5000, random.bytes(10_000)));
        for number in 1..100 {
            let at = number * (14 << 20) + random.below(1 << 20);
            let len = random.below(300_000) as usize + 1;
            pieces.push((at, random.bytes(len)));
        }
        Self::new(GIB + GIB / 2, pieces)
    }

    /// The first range at or behind this offset that is no hole.
    pub(crate) fn next_data(&self, from: u64) -> Option<Range<u64>> {
        let before = self.pieces.range(..=from).next_back();
        let behind = self.pieces.range(from..).next();
        let mut ranges = before
            .into_iter()
            .chain(behind)
            .map(|(at, bytes)| *at..at + bytes.len() as u64);
        let next = ranges.find(|range| range.end > from)?;
        Some(next.start.max(from)..next.end)
    }

    #[allow(dead_code, reason = "not all who make one ask that")]
    pub(crate) fn was_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// What stands there.
    #[allow(dead_code, reason = "not all who make one ask that")]
    pub(crate) fn at(&self, at: u64, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        self.lay(at, &mut out);
        out
    }

    fn lay(&self, at: u64, out: &mut [u8]) {
        let end = at + out.len() as u64;
        out.fill(0);
        let first = self.pieces.range(..=at).next_back().map_or(at, |(start, _)| *start);
        for (start, bytes) in self.pieces.range(first..end) {
            let (from, to) = (at.max(*start), end.min(start + bytes.len() as u64));
            if from < to {
                let piece = &bytes[(from - start) as usize..(to - start) as usize];
                out[(from - at) as usize..(to - at) as usize].copy_from_slice(piece);
            }
        }
    }
}

impl Read for Sparse {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        self.lay(self.position, &mut out[..n]);
        self.position += n as u64;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(0) => self.len,
            other => panic!("nobody should seek to {other:?}"),
        };
        Ok(self.position)
    }
}

/// Numbers that are the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) % end
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(255) as u8 + 1).collect()
    }
}
