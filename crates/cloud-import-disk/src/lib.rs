#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! [`inspect`] takes anything that reads and seeks and tells format, size, partitions, and what stands in the way of an import;
//! [`Content`] reads the disk itself, at any place and within the caller's [`Limits`]. `inspect` reads at most 4 MiB in at most
//! 1024 reads, whatever the file claims (of an ordinary image some 30 KiB), keeps less than 16 MiB in memory (of compressed blocks
//! of more than 2 MiB less than 128), and never opens another file: backing and extent files are named, not followed. Nothing here writes, looks at the file's name, or judges:
//! whether a cloud takes the file is decided elsewhere.
//!
//! [`contained`] tells whether a file holds its whole disk, so that a reader of its format opens nothing else. It is for who hands
//! files of others to such a reader, and refuses whatever it does not understand.
//!
//! [`Survey`] looks through a disk once, and [`Converted`] is then a file of another format, byte by byte, without being one: for who
//! sends it somewhere, or writes it.
//!
//! Layouts are those that the formats' owners publish (the qcow2 and QED texts of QEMU, Microsoft's VHD and VHDX
//! specifications, VMware's virtual disk format 5.0, UEFI for GPT) and, where there is no text (VDI, qcow1, Parallels,
//! ZVHD), of files written by the formats' own tools; read in November 2026.
//!
//! ```
//! use std::io::Cursor;
//!
//! let info = cloud_import_disk::inspect(Cursor::new(vec![0; 1 << 20]))?;
//! assert_eq!(info.format, cloud_import_disk::Format::Raw);
//! assert_eq!(info.virtual_size_bytes, Some(1 << 20));
//! # Ok::<(), cloud_import_disk::InspectError>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
mod abreast;
mod bytes;
mod codec;
mod contained;
mod content;
mod convert;
mod crc;
mod error;
mod foreign;
mod formats;
mod gpt;
mod guest;
mod info;
mod layout;
mod luks;
mod mbr;
mod parallels;
mod partition;
mod piece;
mod qcow1;
mod qcow2;
mod qcow2_map;
mod qcow2_refcount;
mod qed;
mod raw;
mod reader;
mod source;
mod stream;
mod tar;
mod vdi;
mod vhd;
mod vhd_map;
mod vhdx;
mod vhdx_parent;
mod vmdk;
mod vmdk_descriptor;
mod vmdk_map;
mod volume;
mod zvhd;

use std::io::{Read, Seek};

pub use contained::{NotContained, contained};
pub use content::Content;
pub use convert::{Converted, Map, Survey, Target};
pub use error::InspectError;
pub use info::{Compression, Contents, DiskInfo, Encryption, Format, PartitionTable};
pub use reader::ContentReader;
pub use source::Limits;

/// Reads the facts of one disk image file.
///
/// The file is read from its beginning, wherever it stands, and left at no particular place. A file without a known mark
/// is raw, and its [`contents`](DiskInfo::contents) tell whether that may be so. Pass a regular file: a directory fails to read, a pipe fails to seek. A file that grows or shrinks meanwhile
/// gives the facts of some mixture of both states.
///
/// # Errors
///
/// [`InspectError::Io`] when reading fails, [`InspectError::Empty`] for no bytes, [`InspectError::Damaged`] when the mark
/// of a format stands before a header that cannot be true, [`InspectError::TooMuchWork`] when the limits are reached.
pub fn inspect<R: Read + Seek>(mut file: R) -> Result<DiskInfo, InspectError> {
    let mut known = source::Known::of(&mut file, Limits::default())?;
    let (info, _) = formats::open(&mut known.with(&mut file))?;
    Ok(info)
}
