//! The disk in what is compressed or an archive, from its bytes to those of the disk. It names no file, so that tests reach it without one.

use std::io::{self, BufRead, BufReader, Read};

use cloud_import::publish::guest::bzip2;

use super::{archive, frames::Frames, refusal::wrong, sparse::Sparse};

/// The most memory that a decoder of xz may take for its window, in KiB: `xz -9` makes 64 MiB of it.
const XZ_WINDOW: u32 = 80 << 10;
/// Bytes that are read at a time.
pub(super) const PIECE: usize = 256 << 10;
/// Where tar has its mark, and what it is.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");

/// What a file is, in the words of people, by its first 512 bytes.
pub(super) fn kind(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1F, 0x8B, 8, ..] => Some("gzip"),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some("zstd"),
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if rest.starts_with(b"1AY&SY") => Some("bzip2"),
        head if head.get(TAR_MARK.0..).is_some_and(|rest| rest.starts_with(TAR_MARK.1)) => Some("tar"),
        _ => None,
    }
}

/// Writes the disk in what is read; its name, where it has one there.
pub(super) fn copied(file: impl BufRead, out: &mut Sparse<'_>) -> io::Result<Option<String>> {
    let mut plain = BufReader::with_capacity(PIECE, decoded(file)?);
    match kind(&head(&mut plain)?) {
        Some("tar") => archive::disk(plain, out).map(Some),
        Some(other) => Err(wrong(format!("what is in it is {other} again"))),
        None => io::copy(&mut plain, out).map(|_| None),
    }
}

/// What is compressed, or the file as it is.
fn decoded<'a>(mut file: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let kind = kind(&head(&mut file)?);
    Ok(match kind {
        Some("gzip") => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Some("xz") => Box::new(lzma_rust2::XzReader::new_mem_limit(file, true, XZ_WINDOW)),
        Some("zstd") => Box::new(Frames::new(file)),
        Some("bzip2") => Box::new(bzip2::Decoder::new(file)),
        _ => Box::new(file),
    })
}

/// The first bytes of what is read, of which none is taken.
fn head(file: &mut impl BufRead) -> io::Result<Vec<u8>> {
    Ok(file.fill_buf()?.iter().copied().take(512).collect())
}
