//! The guest on a disk, looked at through whatever format the disk is in. Judges nothing.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use cloud_import_core::GuestFinding;
use cloud_import_disk::{Content, Limits};
use cloud_import_guest::{Guest, Options};

/// What is read of a file for it: more than of the disk in it, because what is compressed is read in whole pieces.
const LIMITS: Limits = Limits::new(256 << 20, 400_000);

/// The guest on the disk in a file; `None` where the file cannot be read as a disk, which others tell.
pub(super) fn look(path: &Path) -> Option<Guest> {
    let content = Content::open(File::open(path).ok()?, LIMITS).ok()?;
    let disk = OfContent { content, at: 0 };
    Some(cloud_import_guest::inspect(disk, &Options::default()))
}

/// What was found, in the words of an order.
pub(super) fn findings(guest: &Guest) -> Vec<GuestFinding> {
    let found = guest.findings.iter();
    found
        .map(|one| GuestFinding::new(&one.id, &one.place, &one.what))
        .collect()
}

/// The content of a disk as something that reads and seeks.
struct OfContent {
    content: Content<File>,
    at: u64,
}

impl Read for OfContent {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.content.size().saturating_sub(self.at);
        let length = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(out) = out.get_mut(..length).filter(|out| !out.is_empty()) else {
            return Ok(0);
        };
        self.content.read_at(self.at, out).map_err(io::Error::other)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for OfContent {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.content.size().checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
