//! Recognises a disk image by its first and last bytes. Reads no file and judges nothing: the clouds decide what they take.

use serde::{Deserialize, Serialize};

/// The format that a file's own bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DiskFormat {
    /// QEMU copy on write.
    Qcow2,
    /// Virtual PC, fixed or dynamic.
    Vhd,
    /// VMware, sparse extent or descriptor.
    Vmdk,
    /// Huawei's compressed stream format, version 2.
    Zvhd2,
    /// Anything else.
    Raw,
}

impl DiskFormat {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DiskFormat::Qcow2 => "qcow2",
            DiskFormat::Vhd => "vhd",
            DiskFormat::Vmdk => "vmdk",
            DiskFormat::Zvhd2 => "zvhd2",
            DiskFormat::Raw => "raw",
        }
    }
}

/// Bytes that [`sniff`] looks at from the beginning and from the end.
pub(crate) const HEAD: usize = 512;
pub(crate) const TAIL: usize = 4096;

/// What the bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sniffed {
    pub(crate) format: DiskFormat,
    /// Size of the disk in bytes; the file's size where the header does not tell.
    pub(crate) virtual_size: u64,
}

/// `head` and `tail` are up to [`HEAD`] and [`TAIL`] bytes of a file of `size` bytes.
pub(crate) fn sniff(head: &[u8], tail: &[u8], size: u64) -> Sniffed {
    let footer = tail.len().checked_sub(512).and_then(|at| tail.get(at..));
    let of = |format, virtual_size: Option<u64>| Sniffed {
        format,
        virtual_size: virtual_size.unwrap_or(size),
    };
    if head.starts_with(b"QFI\xfb") {
        return of(DiskFormat::Qcow2, big_endian(head, 24));
    }
    if head.starts_with(b"z2strm\0\0") {
        // Only the footer, a 4096-byte block at the very end, is filled in.
        let whole = tail.len() == TAIL && tail.starts_with(b"z2strm\0\0");
        let from = if whole { tail } else { head };
        return of(DiskFormat::Zvhd2, little_endian(from, 48));
    }
    if head.starts_with(b"KDMV") {
        let sectors = little_endian(head, 12);
        return of(DiskFormat::Vmdk, sectors.and_then(|n| n.checked_mul(512)));
    }
    if head.starts_with(b"# Disk DescriptorFile") {
        return of(DiskFormat::Vmdk, None);
    }
    for place in [Some(head), footer].into_iter().flatten() {
        if place.starts_with(b"conectix") {
            return of(DiskFormat::Vhd, big_endian(place, 48));
        }
    }
    of(DiskFormat::Raw, None)
}

fn eight(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..at + 8)?.try_into().ok()
}

fn big_endian(bytes: &[u8], at: usize) -> Option<u64> {
    eight(bytes, at).map(u64::from_be_bytes)
}

fn little_endian(bytes: &[u8], at: usize) -> Option<u64> {
    eight(bytes, at).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> (DiskFormat, u64) {
        let head = &bytes[..bytes.len().min(HEAD)];
        let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
        let found = sniff(head, tail, bytes.len() as u64);
        (found.format, found.virtual_size)
    }

    fn with(size: usize, at: usize, magic: &[u8], number_at: usize, number: [u8; 8]) -> Vec<u8> {
        let mut bytes = vec![0; size];
        bytes[at..at + magic.len()].copy_from_slice(magic);
        bytes[at + number_at..at + number_at + 8].copy_from_slice(&number);
        bytes
    }

    #[test]
    fn formats_are_told_by_their_magic_and_sizes_by_their_headers() {
        let big = (40u64 << 30).to_be_bytes();
        let little = (40u64 << 30).to_le_bytes();
        let sectors = (2u64 << 20).to_le_bytes();
        let gib = 1u64 << 30;
        assert_eq!(of(&with(600, 0, b"QFI\xfb", 24, big)), (DiskFormat::Qcow2, 40 * gib));
        assert_eq!(of(&with(9000, 0, b"conectix", 48, big)), (DiskFormat::Vhd, 40 * gib));
        assert_eq!(
            of(&with(9000, 9000 - 512, b"conectix", 48, big)),
            (DiskFormat::Vhd, 40 * gib)
        );
        assert_eq!(of(&with(600, 0, b"KDMV", 12, sectors)), (DiskFormat::Vmdk, gib));
        let mut zvhd2 = with(12288, 12288 - 4096, b"z2strm\0\0", 48, little);
        zvhd2[..8].copy_from_slice(b"z2strm\0\0");
        assert_eq!(of(&zvhd2), (DiskFormat::Zvhd2, 40 * gib));
        assert_eq!(of(b"# Disk DescriptorFile\nversion=1").0, DiskFormat::Vmdk);
        assert_eq!(of(b"hello"), (DiskFormat::Raw, 5));
        assert_eq!(of(b""), (DiskFormat::Raw, 0));
    }

    #[test]
    fn a_cut_header_still_tells_the_format() {
        assert_eq!(of(b"QFI\xfb"), (DiskFormat::Qcow2, 4));
    }
}
