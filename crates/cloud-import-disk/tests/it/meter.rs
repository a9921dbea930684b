//! A file in memory that counts what is read from it, with bytes changed and any length claimed.

use std::{
    io::{Read, Result, Seek, SeekFrom},
    sync::Arc,
};

use cloud_import_disk::{DiskInfo, InspectError};

/// The limits that the crate promises.
const MAX_BYTES: u64 = 4 << 20;
const MAX_READS: u32 = 1024;

pub(crate) struct Meter {
    pub(crate) bytes: Arc<Vec<u8>>,
    /// Zeros behind `bytes` up to this length.
    pub(crate) len: u64,
    pub(crate) changes: Vec<(u64, u8)>,
    position: u64,
    pub(crate) read: u64,
    pub(crate) reads: u32,
}

impl Meter {
    pub(crate) fn new(bytes: Arc<Vec<u8>>) -> Self {
        let len = bytes.len() as u64;
        Self {
            bytes,
            len,
            changes: Vec::new(),
            position: 0,
            read: 0,
            reads: 0,
        }
    }

    /// Inspects, and asserts that the promised limits held.
    pub(crate) fn inspect(&mut self) -> std::result::Result<DiskInfo, InspectError> {
        let answer = cloud_import_disk::inspect(&mut *self);
        assert!(self.read <= MAX_BYTES, "{} bytes were read", self.read);
        assert!(self.reads <= MAX_READS, "{} reads were made", self.reads);
        answer
    }
}

impl Read for Meter {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let out = &mut out[..n];
        out.fill(0);
        let start = usize::try_from(self.position).unwrap().min(self.bytes.len());
        let stored = &self.bytes[start..self.bytes.len().min(start + n)];
        out[..stored.len()].copy_from_slice(stored);
        for (at, byte) in &self.changes {
            if let Some(at) = at.checked_sub(self.position).filter(|at| *at < n as u64) {
                out[at as usize] = *byte;
            }
        }
        self.position += n as u64;
        self.read += n as u64;
        self.reads += 1;
        Ok(n)
    }
}

impl Seek for Meter {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(0) => self.len,
            other => panic!("nobody should seek to {other:?}"),
        };
        Ok(self.position)
    }
}
