//! Unpacks bzip2. There is no reader of it in Rust alone that is looked after and of a licence like ours.

use std::{
    fmt,
    io::{self, BufRead, Read},
};

/// Symbols of one table: 256 bytes, the run symbols in place of one, the end.
const SYMBOLS: usize = 258;
/// The longest code.
const LONGEST: u32 = 20;
/// Symbols that are coded with one table before the next is chosen.
const GROUP: usize = 50;
const BLOCK_MARK: u64 = 0x3141_5926_5359;
const END_MARK: u64 = 0x1772_4538_5090;

/// Reads what is compressed: all streams of it, one behind the other, each with its checksums. It takes some MiB of memory.
///
/// ```
/// use std::io::Read;
///
/// let packed = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0"; // of nothing
/// let mut unpacked = Vec::new();
/// cloud_import_guest::bzip2::Decoder::new(&packed[..]).read_to_end(&mut unpacked)?;
/// assert!(unpacked.is_empty());
/// # std::io::Result::Ok(())
/// ```
pub struct Decoder<R> {
    bits: Bits<R>,
    /// Bytes that a block has at most; 0 before the header of a stream.
    size: usize,
    is_over: bool,
    block: Vec<u8>,
    used: usize,
    /// Of the blocks of this stream so far.
    sum: u32,
}

impl<R> fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl<R: BufRead> Decoder<R> {
    /// Of what begins with `BZh`.
    pub fn new(file: R) -> Self {
        let bits = Bits {
            file,
            held: 0,
            count: 0,
        };
        let (size, is_over, block, used) = (0, false, Vec::new(), 0);
        Self {
            bits,
            size,
            is_over,
            block,
            used,
            sum: 0,
        }
    }

    fn next(&mut self) -> io::Result<()> {
        self.block.clear();
        self.used = 0;
        if self.size == 0 {
            let header = self.bits.take(32)?;
            match header.to_be_bytes() {
                [b'B', b'Z', b'h', level @ b'1'..=b'9'] => self.size = usize::from(level - b'0') * 100_000,
                _ => return Err(wrong()),
            }
        }
        let mark = u64::from(self.bits.take(24)?) << 24 | u64::from(self.bits.take(24)?);
        match mark {
            BLOCK_MARK => {
                let sum = self.bits.take(32)?;
                self.block = unrun(&block(&mut self.bits, self.size)?, self.size)?;
                self.sum = self.sum.rotate_left(1) ^ sum;
                match checksum(&self.block) == sum {
                    true => Ok(()),
                    false => Err(wrong()),
                }
            }
            END_MARK => {
                let is_whole = self.bits.take(32)? == self.sum;
                (self.sum, self.size) = (0, 0);
                // Each stream begins with a whole byte.
                self.bits.count -= self.bits.count % 8;
                self.is_over = !self.bits.file.fill_buf()?.starts_with(b"BZh");
                match is_whole {
                    true => Ok(()),
                    false => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.used == self.block.len() && !self.is_over {
            self.next()?;
        }
        let left = self.block.get(self.used..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a block of bzip2 is damaged")
}

/// The CRC-32 of a block, the highest bit first.
fn checksum(block: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let (mut table, mut at) = ([0; 256], 0);
        while at < 256 {
            let (mut value, mut bit) = ((at as u32) << 24, 0);
            while bit < 8 {
                value = (value << 1) ^ ((value >> 31) * 0x04C1_1DB7);
                bit += 1;
            }
            table[at] = value;
            at += 1;
        }
        table
    };
    let step = |sum: u32, byte: &u8| (sum << 8) ^ TABLE[((sum >> 24) as u8 ^ byte) as usize];
    !block.iter().fold(u32::MAX, step)
}

/// Bits, the highest of each byte first.
struct Bits<R> {
    file: R,
    held: u64,
    count: u32,
}

impl<R: BufRead> Bits<R> {
    /// Up to 32 bits.
    fn take(&mut self, count: u32) -> io::Result<u32> {
        while self.count < count {
            let byte = *self.file.fill_buf()?.first().ok_or(io::ErrorKind::UnexpectedEof)?;
            self.file.consume(1);
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
        self.count -= count;
        Ok((self.held >> self.count & ((1 << count) - 1)) as u32)
    }

    fn is_set(&mut self) -> io::Result<bool> {
        Ok(self.take(1)? == 1)
    }
}

/// Codes of one table, as the numbers that are needed to read one.
struct Codes {
    /// For each length: the first code of it, and how many there are.
    lengths: [(u32, u32); LONGEST as usize + 1],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Codes {
    fn new(lengths: &[u32]) -> Self {
        let mut codes = Self {
            lengths: [(0, 0); LONGEST as usize + 1],
            symbols: Vec::new(),
        };
        let mut code = 0;
        for length in 1..=LONGEST {
            code <<= 1;
            let own = (0..)
                .zip(lengths)
                .filter(|(_, own)| **own == length)
                .map(|(symbol, _)| symbol);
            let before = codes.symbols.len();
            codes.symbols.extend(own);
            let count = (codes.symbols.len() - before) as u32;
            codes.lengths[length as usize] = (code, count);
            code += count;
        }
        codes
    }

    fn read<R: BufRead>(&self, bits: &mut Bits<R>) -> io::Result<u16> {
        let (mut code, mut behind) = (0, 0);
        for (first, count) in &self.lengths[1..] {
            code = code << 1 | bits.take(1)?;
            if let Some(own) = code.checked_sub(*first).filter(|own| own < count) {
                return self.symbols.get((behind + own) as usize).copied().ok_or_else(wrong);
            }
            behind += count;
        }
        Err(wrong())
    }
}

/// One block as it was before it was sorted, with its runs.
fn block<R: BufRead>(bits: &mut Bits<R>, size: usize) -> io::Result<Vec<u8>> {
    if bits.is_set()? {
        // The randomized blocks of versions before 0.9.5.
        return Err(wrong());
    }
    let origin = bits.take(24)? as usize;
    let used = bytes_in_use(bits)?;
    let tables = bits.take(3)? as usize;
    let chosen = selectors(bits, tables)?;
    let symbols = used.len() + 2;
    let codes: Vec<Codes> = (0..tables).map(|_| codes(bits, symbols)).collect::<io::Result<_>>()?;
    let mut front = used;
    let (mut out, mut run, mut weight): (Vec<u8>, usize, usize) = (Vec::new(), 0, 1);
    'groups: for table in chosen {
        let codes = codes.get(table).ok_or_else(wrong)?;
        for _ in 0..GROUP {
            let symbol = usize::from(codes.read(bits)?);
            if symbol < 2 {
                run += weight << symbol;
                weight <<= 1;
                if run > size || weight > size * 2 {
                    return Err(wrong());
                }
                continue;
            }
            let first = *front.first().ok_or_else(wrong)?;
            out.extend(std::iter::repeat_n(first, run));
            (run, weight) = (0, 1);
            if symbol + 1 == symbols {
                break 'groups;
            }
            if symbol > front.len() || out.len() >= size {
                return Err(wrong());
            }
            let byte = front.remove(symbol - 1);
            front.insert(0, byte);
            out.push(byte);
        }
    }
    match out.len() > size || origin >= out.len() {
        true => Err(wrong()),
        false => Ok(unsort(&out, origin)),
    }
}

/// The bytes that occur, in their order: a map of 16 maps.
fn bytes_in_use<R: BufRead>(bits: &mut Bits<R>) -> io::Result<Vec<u8>> {
    let (ranges, mut used) = (bits.take(16)?, Vec::new());
    for high in (0..16_u8).filter(|high| ranges & 0x8000 >> high != 0) {
        let range = bits.take(16)?;
        used.extend(
            (0..16_u8)
                .filter(|low| range & 0x8000 >> low != 0)
                .map(|low| high << 4 | low),
        );
    }
    match used.is_empty() {
        true => Err(wrong()),
        false => Ok(used),
    }
}

/// Which table each group is coded with.
fn selectors<R: BufRead>(bits: &mut Bits<R>, tables: usize) -> io::Result<Vec<usize>> {
    let count = bits.take(15)?;
    if !(2..=6).contains(&tables) || count == 0 {
        return Err(wrong());
    }
    let mut front: Vec<usize> = (0..tables).collect();
    let mut chosen = Vec::new();
    for _ in 0..count {
        let mut at = 0;
        while bits.is_set()? {
            at += 1;
            if at == tables {
                return Err(wrong());
            }
        }
        let table = front.remove(at);
        front.insert(0, table);
        chosen.push(table);
    }
    Ok(chosen)
}

fn codes<R: BufRead>(bits: &mut Bits<R>, symbols: usize) -> io::Result<Codes> {
    let (mut length, mut lengths) = (bits.take(5)?, Vec::with_capacity(SYMBOLS));
    for _ in 0..symbols {
        loop {
            if !(1..=LONGEST).contains(&length) {
                return Err(wrong());
            }
            if !bits.is_set()? {
                break;
            }
            length = if bits.is_set()? { length - 1 } else { length + 1 };
        }
        lengths.push(length);
    }
    Ok(Codes::new(&lengths))
}

/// Takes the sorting back: each byte leads to the one that stood behind it.
fn unsort(sorted: &[u8], origin: usize) -> Vec<u8> {
    let mut starts = [0_usize; 256];
    sorted.iter().for_each(|byte| starts[usize::from(*byte)] += 1);
    let mut sum = 0;
    for start in &mut starts {
        (*start, sum) = (sum, sum + *start);
    }
    let mut next = vec![0_u32; sorted.len()];
    for (at, byte) in (0..).zip(sorted) {
        let start = &mut starts[usize::from(*byte)];
        next[*start] = at;
        *start += 1;
    }
    let mut at = next[origin];
    let bytes = sorted.iter().map(|_| {
        let byte = sorted[at as usize];
        at = next[at as usize];
        byte
    });
    bytes.collect()
}

/// Four bytes alike are followed by the number of more of them.
fn unrun(bytes: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut alike, mut last) = (0, None);
    for byte in bytes {
        if alike == 4 {
            out.extend(
                last.into_iter()
                    .flat_map(|last| std::iter::repeat_n(last, usize::from(*byte))),
            );
            (alike, last) = (0, None);
        } else {
            alike = if last == Some(*byte) { alike + 1 } else { 1 };
            last = Some(*byte);
            out.push(*byte);
        }
        // 255 of four and a number at the most.
        if out.len() > size * 64 {
            return Err(wrong());
        }
    }
    Ok(out)
}
