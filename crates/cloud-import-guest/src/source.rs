//! Bytes of the disk within a budget, and parts of it. Nothing else in this crate touches the reader.
//!
//! The budget is the device's and not the parsers': whatever a damaged file system leads to ends here.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt,
    io::{ErrorKind, Read, Seek, SeekFrom},
    rc::Rc,
};

/// What is kept is kept in blocks of this many bytes.
const BLOCK: u64 = 4096;
/// From this many bytes on a read goes past the cache. Nodes of btrfs and clusters are smaller, pieces of large files are not.
const LARGE: usize = 128 << 10;
/// Blocks that are read at once where block follows block.
const AHEAD: u64 = 16;
/// Blocks of one half of the cache: 16 MiB in both.
const HALF: usize = 2048;

/// Why something was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotRead {
    /// As a clause.
    pub(crate) reason: String,
    /// The budget is at its end, so that nothing else will be read either.
    pub(crate) ended: bool,
}

impl NotRead {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        let (reason, ended) = (reason.into(), false);
        Self { reason, ended }
    }
}

impl fmt::Display for NotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NotRead {}

/// How much may be read of a disk.
pub(crate) struct Budget {
    /// Bytes in all.
    pub(crate) bytes: u64,
    /// Read calls in all.
    pub(crate) reads: u64,
    /// Asked before each read call: whether time is up.
    pub(crate) is_over: Box<dyn Fn() -> bool>,
}

/// What reads and seeks.
trait File: Read + Seek {}

impl<T: Read + Seek> File for T {}

/// The disk.
pub(crate) struct Device {
    file: Box<dyn File>,
    len: u64,
    left: Budget,
    read: u64,
    ended: Option<&'static str>,
    /// The block behind what was read last: who goes on there reads a large file in small pieces.
    next: u64,
    /// Blocks in use, and those that were in use before; what is found there moves here.
    young: HashMap<u64, Vec<u8>>,
    old: HashMap<u64, Vec<u8>>,
}

/// The device as file systems share it.
pub(crate) type Shared = Rc<RefCell<Device>>;

impl Device {
    pub(crate) fn open(mut file: impl Read + Seek + 'static, budget: Budget) -> Result<Shared, NotRead> {
        let len = file
            .seek(SeekFrom::End(0))
            .map_err(|error| NotRead::new(format!("the length of the disk is not known: {error}")))?;
        Ok(Rc::new(RefCell::new(Self {
            file: Box::new(file),
            len,
            left: budget,
            read: 0,
            ended: None,
            next: u64::MAX,
            young: HashMap::new(),
            old: HashMap::new(),
        })))
    }

    /// Bytes that were read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Why nothing is read any more.
    pub(crate) fn ended(&self) -> Option<&'static str> {
        self.ended
    }

    /// Whether work may go on that reads nothing, such as to unpack what was read.
    pub(crate) fn check(&mut self) -> Result<(), NotRead> {
        if self.ended.is_none() && (self.left.is_over)() {
            self.ended = Some("time is up");
        }
        self.ended.map_or(Ok(()), |reason| {
            let (reason, ended) = (reason.to_owned(), true);
            Err(NotRead { reason, ended })
        })
    }

    fn read(&mut self, at: u64, out: &mut [u8]) -> Result<(), NotRead> {
        if at.checked_add(out.len() as u64).is_none_or(|end| end > self.len) {
            return Err(NotRead::new("it lies behind the end of the disk"));
        }
        if out.len() >= LARGE {
            return self.fetch(at, out);
        }
        let (mut at, mut out) = (at, out);
        while !out.is_empty() {
            let (number, within) = (at / BLOCK, (at % BLOCK) as usize);
            if !self.has(number) {
                self.fill(number, (at + out.len() as u64).div_ceil(BLOCK))?;
            }
            let there = self.young.get(&number).and_then(|block| block.get(within..));
            let there = there
                .filter(|there| !there.is_empty())
                .ok_or_else(|| NotRead::new("a block is short"))?;
            let count = there.len().min(out.len());
            let (now, rest) = out.split_at_mut(count);
            now.copy_from_slice(&there[..count]);
            (at, out) = (at + count as u64, rest);
        }
        Ok(())
    }

    /// Whether a block is at hand; it is among the young ones then.
    fn has(&mut self, number: u64) -> bool {
        if self.young.contains_key(&number) {
            return true;
        }
        let found = self.old.remove(&number);
        found.map(|block| self.keep(number, block)).is_some()
    }

    fn keep(&mut self, number: u64, block: Vec<u8>) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(number, block);
    }

    /// Reads in one go the blocks from `first` on that are not at hand, as far as before `end`.
    fn fill(&mut self, first: u64, end: u64) -> Result<(), NotRead> {
        let missing = |number: &u64| !self.young.contains_key(number) && !self.old.contains_key(number);
        let end = if first == self.next {
            end.max(first + AHEAD)
        } else {
            end
        };
        let count = (first..end.min(self.len.div_ceil(BLOCK))).take_while(missing).count() as u64;
        self.next = first + count;
        let (start, stop) = (first * BLOCK, ((first + count) * BLOCK).min(self.len));
        let mut bytes = vec![0; (stop - start) as usize];
        self.fetch(start, &mut bytes)?;
        // The first one last, as it is the one that is taken next.
        let blocks: Vec<(u64, &[u8])> = (first..).zip(bytes.chunks(BLOCK as usize)).collect();
        for (number, block) in blocks.into_iter().rev() {
            self.keep(number, block.to_vec());
        }
        Ok(())
    }

    fn fetch(&mut self, at: u64, out: &mut [u8]) -> Result<(), NotRead> {
        self.check()?;
        match self.left.bytes.checked_sub(out.len() as u64) {
            Some(left) => self.left.bytes = left,
            None => self.ended = Some("it takes more bytes than are read of one disk"),
        }
        self.check()?;
        let failed = |error| NotRead::new(format!("reading the disk failed: {error}"));
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.left.reads.checked_sub(1) {
                Some(left) => self.left.reads = left,
                None => self.ended = Some("it takes more reads than are made of one disk"),
            }
            self.check()?;
            match self.file.read(rest) {
                Ok(0) => return Err(NotRead::new("the file ends before its disk")),
                Ok(count) => {
                    filled += count;
                    self.read += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}

/// A run of the device's bytes inside a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// Where it stands in the part.
    at: u64,
    /// Where it stands on the device.
    start: u64,
    len: u64,
}

/// A partition or a volume: one or several runs of the device, one behind the other.
#[derive(Clone)]
pub(crate) struct Part {
    device: Shared,
    segments: Rc<[Segment]>,
    len: u64,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?})", self.segments)
    }
}

impl Part {
    /// The whole device.
    pub(crate) fn whole(device: &Shared) -> Self {
        let len = device.borrow().len;
        Self::of(device.clone(), [(0, len)])
    }

    fn of(device: Shared, runs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut end: u64 = 0;
        let segments = runs.into_iter().map(|(start, len)| {
            let at = end;
            end = end.saturating_add(len);
            Segment { at, start, len }
        });
        let segments = segments.collect();
        let len = end;
        Self { device, segments, len }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// `len` bytes of it from `start` on, as a part of their own; `None` where it has not so many.
    pub(crate) fn cut(&self, start: u64, len: u64) -> Option<Self> {
        let end = start.checked_add(len).filter(|end| *end <= self.len)?;
        let runs = self.segments.iter().filter_map(|segment| {
            let (first, last) = (start.max(segment.at), end.min(segment.at + segment.len));
            (first < last).then(|| (segment.start + (first - segment.at), last - first))
        });
        Some(Self::of(self.device.clone(), runs))
    }

    /// Several parts as one; `None` for none.
    pub(crate) fn join(parts: &[Self]) -> Option<Self> {
        let device = parts.first()?.device.clone();
        let runs = parts.iter().flat_map(|part| part.segments.iter());
        Some(Self::of(device, runs.map(|segment| (segment.start, segment.len))))
    }

    /// Fills `out` from `offset` on.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), NotRead> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.len) {
            return Err(NotRead::new("it lies behind the end of the part"));
        }
        let (mut offset, mut out) = (offset, out);
        let behind = self.segments.partition_point(|segment| segment.at <= offset);
        for segment in self.segments.get(behind.saturating_sub(1)..).unwrap_or_default() {
            let skipped = offset - segment.at;
            let count = segment.len.saturating_sub(skipped).min(out.len() as u64) as usize;
            let (now, rest) = out.split_at_mut(count);
            self.device.borrow_mut().read(segment.start + skipped, now)?;
            (offset, out) = (offset + count as u64, rest);
            if out.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// `len` bytes from `offset` on. For structures of a known and small size.
    pub(crate) fn bytes(&self, offset: u64, len: usize) -> Result<Vec<u8>, NotRead> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(NotRead::new("it lies behind the end of the part"));
        }
        let mut out = vec![0; len];
        self.read(offset, &mut out)?;
        Ok(out)
    }

    /// What another's reader of this part says failed. It is ours if the budget ended it.
    pub(crate) fn failed(&self, reason: impl fmt::Display) -> NotRead {
        match self.device.borrow().ended {
            Some(ended) => NotRead {
                reason: ended.to_owned(),
                ended: true,
            },
            None => NotRead::new(reason.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, io::Cursor};

    use super::*;

    fn budget(bytes: u64, reads: u64) -> Budget {
        Budget {
            bytes,
            reads,
            is_over: Box::new(|| false),
        }
    }

    fn disk(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at / 7) as u8).collect()
    }

    #[test]
    fn reads_of_any_size_and_place_give_the_bytes_there() {
        let bytes = disk(300_001);
        let device = Device::open(Cursor::new(bytes.clone()), budget(1 << 30, 10_000)).unwrap();
        let part = Part::whole(&device);
        for (at, len) in [
            (0, 1),
            (4095, 2),
            (1, 140_000),
            (299_999, 2),
            (8192, 4096),
            (5, 0),
            (100, 131_072),
        ] {
            assert_eq!(part.bytes(at, len).unwrap(), bytes[at as usize..][..len], "{at} {len}");
        }
        assert!(part.bytes(300_000, 2).is_err());
        assert!(part.bytes(u64::MAX, 2).is_err());
    }

    #[test]
    fn a_part_of_several_runs_reads_as_one() {
        let bytes = disk(100_000);
        let device = Device::open(Cursor::new(bytes.clone()), budget(1 << 20, 1000)).unwrap();
        let whole = Part::whole(&device);
        let runs = [(50_000, 5000), (100, 1), (0, 9000)].map(|(at, len)| whole.cut(at, len).unwrap());
        let part = Part::join(&runs).unwrap();
        let wanted: Vec<u8> = [&bytes[50_000..55_000], &bytes[100..101], &bytes[..9000]].concat();
        assert_eq!(part.len(), 14_001);
        assert_eq!(part.bytes(0, 14_001).unwrap(), wanted);
        assert_eq!(part.bytes(4999, 3).unwrap(), wanted[4999..5002]);
        let inner = part.cut(4990, 100).unwrap();
        assert_eq!(inner.bytes(5, 50).unwrap(), wanted[4995..5045]);
        assert!(part.cut(14_000, 2).is_none());
    }

    #[test]
    fn what_is_near_costs_one_read_and_the_budget_ends_all() {
        let device = Device::open(Cursor::new(disk(1 << 20)), budget(1 << 20, 3)).unwrap();
        let part = Part::whole(&device);
        for at in [8192, 8200, 12_000, 8192] {
            part.bytes(at, 64).unwrap();
        }
        part.bytes(0, 20_000).unwrap();
        assert_eq!(device.borrow().bytes_read(), 5 * 4096);
        let ended = part.bytes(100_000, 1).unwrap_err();
        assert!(ended.ended && device.borrow().ended().is_some(), "{ended}");
        assert!(part.failed("another word").ended);
    }

    #[test]
    fn time_is_asked_before_each_read() {
        let over = Rc::new(Cell::new(false));
        let asked = over.clone();
        let budget = Budget {
            is_over: Box::new(move || asked.get()),
            ..budget(1 << 20, 100)
        };
        let part = Part::whole(&Device::open(Cursor::new(disk(1 << 20)), budget).unwrap());
        part.bytes(0, 1).unwrap();
        over.set(true);
        // What is at hand costs nothing.
        part.bytes(1, 1).unwrap();
        assert!(part.bytes(1 << 19, 1).unwrap_err().ended);
    }
}
