//! Files with holes: what of a file takes room on this disk. Reads none of it.

use cloud_import::publish::LocalImage;

use crate::{output, render};

/// What of a file is not empty, where it is a plain copy of a disk and most of it is holes, which are uploaded as zeros all the same.
pub(crate) fn allocated(file: &LocalImage) -> Option<u64> {
    let size = file.info().file_size_bytes;
    allocated_bytes(file.path()).filter(|allocated| is_plain(file) && *allocated < size / 2)
}

/// Whether a file holds all of its disk, zeros too, as a raw one does.
pub(crate) fn is_plain(file: &LocalImage) -> bool {
    let info = file.info();
    info.virtual_size_bytes.is_some_and(|disk| disk <= info.file_size_bytes)
}

/// Says what a conversion would save, if anything.
pub(crate) fn tell(file: &LocalImage) {
    if let Some(allocated) = allocated(file) {
        let (all, some) = (render::size(file.info().file_size_bytes), render::size(allocated));
        output::note(&format!(
            "{some} of the file's {all} are not empty: with --convert qcow2 about that much is uploaded"
        ));
    }
}

#[cfg(unix)]
fn allocated_bytes(path: &std::path::Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    // By POSIX's `stat`, whatever the size of the file system's own blocks.
    const BLOCK: u64 = 512;
    let blocks = path.metadata().ok()?.blocks();
    blocks.checked_mul(BLOCK)
}

#[cfg(not(unix))]
fn allocated_bytes(_: &std::path::Path) -> Option<u64> {
    None
}
