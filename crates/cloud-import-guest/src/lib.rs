#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! [`inspect`] takes anything that reads and seeks as a disk, such as the content of an image that another crate maps, and answers with
//! [`facts`]. It opens no other file, writes nothing, knows no cloud, and neither fails nor panics: what it cannot read is told as not
//! read.

mod bytes;
pub mod bzip2;
#[cfg(test)]
mod disks;
pub mod facts;
mod fs;
mod fstab;
mod hive;
mod initramfs;
mod linux;
mod look;
mod lvm;
mod source;
mod tree;
mod utf16;
mod volume;
mod windows;

use std::{
    fmt,
    io::{Read, Seek},
    sync::Arc,
};

pub use facts::Guest;
use source::{Budget, Device};

/// How much work a look at a disk may be.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Bytes that are read of the disk at most.
    pub bytes: u64,
    /// Read calls at most.
    pub reads: u64,
    /// Bytes of an initramfs that are unpacked at most; 0 leaves it closed, and what is in it is not read.
    pub unpacked: u64,
    is_over: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Options {
    /// Asks this before each read and while it unpacks; whatever is left is not read once it says that time is over.
    #[must_use]
    pub fn until(mut self, is_over: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.is_over = Arc::new(is_over);
        self
    }
}

/// 64 MiB in 100,000 reads, 512 MiB unpacked, and all the time that takes.
impl Default for Options {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            reads: 100_000,
            unpacked: 512 << 20,
            is_over: Arc::new(|| false),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Options");
        shown.field("bytes", &self.bytes).field("reads", &self.reads);
        shown.field("unpacked", &self.unpacked).finish_non_exhaustive()
    }
}

/// Tells what is inside a disk.
pub fn inspect(disk: impl Read + Seek + 'static, options: &Options) -> Guest {
    let mut guest = Guest::default();
    let is_over = options.is_over.clone();
    let budget = Budget {
        bytes: options.bytes,
        reads: options.reads,
        is_over: Box::new(move || is_over()),
    };
    let device = match Device::open(disk, budget) {
        Ok(device) => device,
        Err(error) => {
            guest.missed("the disk", &error.reason);
            return guest;
        }
    };
    look::look(&device, options.unpacked, &mut guest);
    guest.bytes_read = device.borrow().bytes_read();
    guest
}
