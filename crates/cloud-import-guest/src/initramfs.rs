//! Names of the files in an initramfs: archives of cpio one behind the other, each plain or compressed as a whole.
//!
//! Plain ones come first (microcode; on some systems modules, too), a compressed one is the last. Only names are looked at.

use std::{
    io::{self, BufRead, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    bzip2,
    source::{NotRead, Shared},
};

/// The most memory that a decoder of LZMA may take for its window, in KiB. The kernel's own make 8 MiB of it, `xz -9` makes 64.
const LZMA_WINDOW: u32 = 80 << 10;
/// Bytes that are read ahead, before and behind a decoder.
const PIECE: usize = 128 << 10;
/// The longest name in an archive.
const LONGEST_NAME: u64 = 4096;
/// The most archives in one initramfs.
const MOST: usize = 64;

/// What of it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How its archives are compressed, in their order.
    pub(crate) pieces: Vec<&'static str>,
    /// Bytes of archives.
    pub(crate) unpacked: u64,
}

/// What the work is bounded by.
pub(crate) struct Bounds<'a> {
    /// Bytes of archives that are read at most.
    pub(crate) unpacked: u64,
    /// Asked for time.
    pub(crate) device: &'a Shared,
}

/// Calls `each` with every name until it says that it has seen enough.
pub(crate) fn names(file: impl Read, bounds: &Bounds<'_>, mut each: impl FnMut(&str) -> bool) -> Result<Seen, NotRead> {
    // The decoders are other people's.
    let read = AssertUnwindSafe(|| pieces(file, bounds, &mut each));
    match catch_unwind(read) {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(error)) => Err(match bounds.device.borrow().ended() {
            Some(reason) => NotRead {
                reason: reason.to_owned(),
                ended: true,
            },
            None => NotRead::new(error.to_string()),
        }),
        Err(_) => Err(NotRead::new("its reader failed on it")),
    }
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

fn pieces(file: impl Read, bounds: &Bounds<'_>, each: &mut impl FnMut(&str) -> bool) -> io::Result<Seen> {
    let mut file = BufReader::with_capacity(PIECE, file);
    let mut seen = Seen::default();
    while skip_zeros(&mut file)? && seen.pieces.len() < MOST {
        let mark: Vec<u8> = file.fill_buf()?.iter().copied().take(16).collect();
        let (name, is_enough) = match mark.as_slice() {
            [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => ("cpio", archive(&mut file, bounds, &mut seen, each)?),
            mark => {
                let (name, decoder) = decoder(mark, &mut file)?;
                let mut decoder = BufReader::with_capacity(PIECE, decoder);
                // What is compressed may hold several archives, too.
                let mut is_enough = false;
                while !is_enough && skip_zeros(&mut decoder)? {
                    is_enough = archive(&mut decoder, bounds, &mut seen, each)?;
                }
                (name, is_enough)
            }
        };
        seen.pieces.push(name);
        // Decoders read ahead, so that what may be behind a compressed archive is not found. Nothing makes such.
        if is_enough || name != "cpio" {
            return Ok(seen);
        }
    }
    match seen.pieces.is_empty() {
        true => Err(wrong("there is no archive in it")),
        false => Ok(seen),
    }
}

/// The decoder for what begins like this.
fn decoder<'a>(mark: &[u8], file: &'a mut (impl BufRead + 'a)) -> io::Result<(&'static str, Box<dyn Read + 'a>)> {
    Ok(match mark {
        [0x1F, 0x8B, ..] => ("gzip", Box::new(flate2::bufread::MultiGzDecoder::new(file))),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(file).map_err(|error| wrong(error.to_string()))?;
            ("zstd", Box::new(decoder))
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => (
            "xz",
            Box::new(lzma_rust2::XzReader::new_mem_limit(file, false, LZMA_WINDOW)),
        ),
        [0x02, 0x21, 0x4C, 0x18, ..] => ("lz4", Box::new(Lz4::new(file))),
        [b'B', b'Z', b'h', ..] => ("bzip2", Box::new(bzip2::Decoder::new(file))),
        // LZMA has no mark: usual properties, a window of whole bits, an unknown length or one that is not absurd.
        [0x5D, 0, 0, _, _, rest @ ..] if rest.starts_with(&[0xFF; 8]) || rest.get(5..8) == Some(&[0; 3]) => {
            let decoder = lzma_rust2::LzmaReader::new_mem_limit(file, LZMA_WINDOW, None)?;
            ("lzma", Box::new(decoder))
        }
        [0x89, b'L', b'Z', b'O', ..] => return Err(wrong("it is compressed with LZO, for which there is no reader")),
        [b'M', b'Z', ..] => return Err(wrong("it is a program that holds it, which is not taken apart")),
        _ => return Err(wrong("it is compressed in an unknown way")),
    })
}

/// Whether something is there behind zeros.
fn skip_zeros(file: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_there = zeros < bytes.len();
        file.consume(zeros);
        if is_there {
            return Ok(true);
        }
    }
}

fn skip(file: &mut impl BufRead, mut count: u64) -> io::Result<()> {
    while count > 0 {
        let there = file.fill_buf()?.len();
        if there == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let now = count.min(there as u64);
        file.consume(now as usize);
        count -= now;
    }
    Ok(())
}

/// Reads one archive to its end, or until enough was seen.
fn archive(
    file: &mut impl BufRead,
    bounds: &Bounds<'_>,
    seen: &mut Seen,
    each: &mut impl FnMut(&str) -> bool,
) -> io::Result<bool> {
    let mut header = [0; 110];
    loop {
        file.read_exact(&mut header)?;
        let number = |at: usize| {
            let text = header.get(at..at + 8).and_then(|text| std::str::from_utf8(text).ok());
            text.and_then(|text| u32::from_str_radix(text, 16).ok()).map(u64::from)
        };
        let is_archive = header.starts_with(b"070701") || header.starts_with(b"070702");
        let (size, name) = match (number(54), number(94)) {
            (Some(size), Some(name)) if is_archive && (1..=LONGEST_NAME).contains(&name) => (size, name),
            _ => return Err(wrong("an archive in it is damaged")),
        };
        let mut text = vec![0; name as usize];
        file.read_exact(&mut text)?;
        text.pop();
        let text = String::from_utf8_lossy(&text);
        let (before, padded) = (110 + name, (110 + name).next_multiple_of(4));
        seen.unpacked += padded + size;
        if text == "TRAILER!!!" {
            return Ok(false);
        }
        if each(&text) {
            return Ok(true);
        }
        if seen.unpacked > bounds.unpacked {
            return Err(wrong("it holds more than is unpacked of one"));
        }
        bounds.device.borrow_mut().check().map_err(io::Error::other)?;
        skip(file, padded - before + size.next_multiple_of(4))?;
    }
}

/// The frame of `lz4 -l`, which the kernel takes: a mark, then blocks of up to 8 MiB, each behind its length.
struct Lz4<R> {
    file: R,
    block: Vec<u8>,
    used: usize,
}

impl<R: BufRead> Lz4<R> {
    const MARK: u32 = 0x184C_2102;
    const BLOCK: usize = 8 << 20;

    fn new(file: R) -> Self {
        Self {
            file,
            block: Vec::new(),
            used: 0,
        }
    }

    /// The next block; none at the end.
    fn next(&mut self) -> io::Result<()> {
        self.block.clear();
        self.used = 0;
        let mut length = [0; 4];
        // One stream may follow another, so that the mark may stand anywhere.
        loop {
            if self.file.fill_buf()?.is_empty() {
                return Ok(());
            }
            self.file.read_exact(&mut length)?;
            match u32::from_le_bytes(length) {
                Self::MARK => {}
                0 => return Ok(()),
                length if length as usize > Self::BLOCK + Self::BLOCK / 128 => {
                    return Err(wrong("a block of LZ4 is too long"));
                }
                length => {
                    let mut packed = vec![0; length as usize];
                    self.file.read_exact(&mut packed)?;
                    self.block =
                        lz4_flex::block::decompress(&packed, Self::BLOCK).map_err(|error| wrong(error.to_string()))?;
                    return Ok(());
                }
            }
        }
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.block.len() {
            self.next()?;
        }
        let left = self.block.get(self.used..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}
