//! Compressed streams, by the marks at their beginning. They are not unpacked.

use crate::{
    Format,
    layout::{Image, Layout},
};

pub(crate) const GZIP: Layout = Layout {
    name: "gzip",
    is_disk: false,
    is_it: |source| Ok(source.head().starts_with(&[0x1F, 0x8B, 8])),
    read: |source| Ok(Image::packed(Format::Gzip, source.len())),
};

pub(crate) const XZ: Layout = Layout {
    name: "xz",
    is_disk: false,
    is_it: |source| Ok(source.head().starts_with(&[0xFD, b'7', b'z', b'X', b'Z', 0])),
    read: |source| Ok(Image::packed(Format::Xz, source.len())),
};

pub(crate) const ZSTD: Layout = Layout {
    name: "zstd",
    is_disk: false,
    is_it: |source| Ok(is_zstd(source.head())),
    read: |source| Ok(Image::packed(Format::Zstd, source.len())),
};

pub(crate) const BZIP2: Layout = Layout {
    name: "bzip2",
    is_disk: false,
    is_it: |source| Ok(is_bzip2(source.head())),
    read: |source| Ok(Image::packed(Format::Bzip2, source.len())),
};

/// A frame, or one of the sixteen kinds of frame to be skipped, which parallel compressors begin with.
fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD])
        || (head.first().is_some_and(|b| b & 0xF0 == 0x50) && head.get(1..4) == Some(&[0x2A, 0x4D, 0x18]))
}

/// The level, then the mark of a block or that of the end.
fn is_bzip2(head: &[u8]) -> bool {
    head.starts_with(b"BZh")
        && head.get(3).is_some_and(|level| (b'1'..=b'9').contains(level))
        && matches!(
            head.get(4..10),
            Some([0x31, 0x41, 0x59, 0x26, 0x53, 0x59] | [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
        )
}
