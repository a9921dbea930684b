//! Unpacks what a format compressed piece by piece: one piece at a time, and never more of it than the format says it has.

/// The most bytes that one piece may have when it is unpacked: the largest cluster of qcow2.
pub(crate) const MAX_PIECE: usize = 2 << 20;

/// How a piece is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// A stream of deflate without a header (qcow2, qcow1).
    Deflate,
    /// The same with zlib's header (VMDK).
    Zlib,
    /// A Zstandard frame (qcow2, ZVHD2).
    Zstd,
}

/// The bytes of a piece, at most `size` of them; `None` where it is damaged. What stands behind its end is ignored.
#[cfg(feature = "codecs")]
pub(crate) fn unpack(codec: Codec, packed: &[u8], size: usize) -> Option<Vec<u8>> {
    use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

    match codec {
        Codec::Deflate => decompress_to_vec_with_limit(packed, size).ok(),
        Codec::Zlib => decompress_to_vec_zlib_with_limit(packed, size).ok(),
        Codec::Zstd => zstd(packed, size),
    }
}

#[cfg(feature = "codecs")]
fn zstd(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    use std::io::Read as _;

    // What every decoder must be able to keep, by RFC 8878, 3.1.1.1.2.
    const MAX_WINDOW: u64 = 8 << 20;
    let stream = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(packed, MAX_WINDOW).ok()?;
    let mut bytes = Vec::new();
    stream.take(size as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Without codecs nothing is unpacked.
#[cfg(not(feature = "codecs"))]
pub(crate) fn unpack(_: Codec, _: &[u8], _: usize) -> Option<Vec<u8>> {
    None
}
