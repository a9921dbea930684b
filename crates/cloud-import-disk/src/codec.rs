//! Unpacks what a format compressed piece by piece: one piece at a time, and never more of it than is asked for.

/// The most bytes that one piece may have when it is unpacked: the largest block of ZVHD2. The largest cluster of qcow2 has 2 MiB.
pub(crate) const MAX_PIECE: usize = 32 << 20;

/// How a piece is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// A stream of deflate without a header (qcow2, qcow1).
    Deflate,
    /// The same with zlib's header (VMDK).
    Zlib,
    /// The beginning of such a stream, which goes on in another piece (the first ZVHD).
    ZlibBegun,
    /// A Zstandard frame (qcow2, ZVHD2).
    Zstd,
}

/// The first `want` bytes of a piece of `size`; `None` where it is damaged. What stands behind its end is ignored. Where not all is
/// wanted, `packed` may be only its beginning, and there may be fewer.
#[cfg(feature = "codecs")]
pub(crate) fn unpack(codec: Codec, packed: &[u8], want: usize, size: usize) -> Option<Vec<u8>> {
    use miniz_oxide::inflate::{
        TINFLStatus::{FailedCannotMakeProgress, HasMoreOutput, NeedsMoreInput},
        decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit,
    };

    let inflated = match codec {
        Codec::Deflate => decompress_to_vec_with_limit(packed, want),
        Codec::Zlib | Codec::ZlibBegun => decompress_to_vec_zlib_with_limit(packed, want),
        Codec::Zstd => return zstd(packed, want, size),
    };
    let goes_on = want < size || codec == Codec::ZlibBegun;
    match inflated {
        Ok(bytes) => Some(bytes),
        Err(error) => match error.status {
            HasMoreOutput | NeedsMoreInput | FailedCannotMakeProgress if goes_on => Some(error.output),
            _ => None,
        },
    }
}

#[cfg(feature = "codecs")]
fn zstd(packed: &[u8], want: usize, size: usize) -> Option<Vec<u8>> {
    use std::{borrow::Cow, io::Read as _};

    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    // What every decoder must be able to keep, by RFC 8878, 3.1.1.1.2. A frame of one segment wants to keep its whole content.
    const MAX_WINDOW: u64 = 8 << 20;
    let mut frame = match want < size {
        true => Cow::Owned(ended(packed)?),
        false => Cow::Borrowed(packed),
    };
    for _ in 0..2 {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW.max(size as u64));
        let mut left = &*frame;
        decoder.reset(&mut left).ok()?;
        // No block behind one that goes beyond the piece: a few bytes can stand for any number of them. The last may hold nothing.
        let enough = BlockDecodingStrategy::UptoBytes(size + 1);
        if decoder.decode_blocks(&mut left, enough).ok()? {
            let mut bytes = vec![0; want];
            let len = decoder.read(&mut bytes).ok()?;
            bytes.truncate(len);
            return Some(bytes);
        }
        // It holds more than the piece. A decoder gives out what a frame holds when that has ended.
        let here = frame.len() - left.len();
        frame = Cow::Owned(ended(frame.get(..here)?)?);
    }
    None
}

/// A frame that was cut, with its end behind the last block that is whole: of one that has no end, a decoder gives nothing that
/// later blocks may refer to. The form is that of RFC 8878, 3.1.1.
#[cfg(feature = "codecs")]
fn ended(packed: &[u8]) -> Option<Vec<u8>> {
    const CHECKSUM: u8 = 1 << 2;
    let descriptor = *packed.get(4)?;
    let is_one_segment = descriptor >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_one_segment),
        power => 1 << power,
    };
    let mut at = 5 + usize::from(!is_one_segment) + dictionary + content_size;
    let mut last = None;
    while let Some(&[a, b, c]) = packed.get(at..at + 3) {
        let word = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, is_run) = (word & 1 == 1, word >> 1 & 3 == 1);
        let end = at + 3 + if is_run { 1 } else { (word >> 3) as usize };
        if end > packed.len() {
            break;
        }
        last = Some((at, end));
        if is_last {
            break;
        }
        at = end;
    }
    let (block, end) = last?;
    let mut frame = packed.get(..end)?.to_vec();
    *frame.get_mut(4)? &= !CHECKSUM;
    *frame.get_mut(block)? |= 1;
    Some(frame)
}

/// Without codecs nothing is unpacked.
#[cfg(not(feature = "codecs"))]
pub(crate) fn unpack(_: Codec, _: &[u8], _: usize, _: usize) -> Option<Vec<u8>> {
    None
}
