//! The reader for what was recognised in a part.

use super::{
    FileSystem,
    btrfs::{Btrfs, Subvolume},
    ext::Ext,
    fat::Fat,
    ntfs::Ntfs,
    xfs::Xfs,
};
use crate::source::{NotRead, Part};

/// Opens a file system; `None` for what is none, such as swap or something encrypted.
pub(crate) fn open(part: &Part, content: &str) -> Result<Option<Box<dyn FileSystem>>, NotRead> {
    Ok(Some(match content {
        "ext" => Box::new(Ext::open(part)?),
        "xfs" => Box::new(Xfs::open(part)?),
        "btrfs" => Box::new(Btrfs::open(part, Subvolume::Default)?),
        "vfat" => Box::new(Fat::open(part.clone())?),
        "ntfs" => Box::new(Ntfs::open(part.clone())?),
        "swap" | "swsuspend" | "luks" | "bitlocker" | "lvm" => return Ok(None),
        other => return Err(NotRead::new(format!("there is no reader for {other}"))),
    }))
}
