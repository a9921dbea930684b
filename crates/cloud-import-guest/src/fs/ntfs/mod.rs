//! NTFS: files and folders by path, without what is compressed or encrypted. It must not replay the file system's log.
//!
//! Microsoft publishes no layout; this is the one that ntfs-3g and the kernel's `ntfs3` read.

mod index;
mod log;
mod record;

use std::{collections::HashMap, rc::Rc};

use self::record::{
    ATTRIBUTE_LIST, Attribute, Content, DATA, INDEX_ALLOCATION, INDEX_ROOT, MAX_RUNS, NUMBER, REPARSE_POINT, Record,
    VOLUME_INFORMATION, VOLUME_NAME, damaged,
};
use super::{Entry, FileSystem, Kind, MOST_ENTRIES};
use crate::{
    bytes::{has, le16, le32, le64, u8_at},
    facts::State,
    source::{NotRead, Part},
    utf16,
};

/// Records of the file system's own files.
const LOG: u64 = 2;
const VOLUME: u64 = 3;
const ROOT: u64 = 5;
/// The longest list of attributes, as Windows has it.
const MAX_LIST: usize = 256 << 10;
/// The most records that one attribute is scattered over.
const MAX_PIECES: usize = 1024;
/// The most nodes from the root of an index down to its leaves, and of a folder that is listed.
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 4096;
/// Records and paths that are kept.
const MAX_KEPT: usize = 512;
/// What a file points to instead of having content, or how another driver packed it.
const MOUNT_POINT: u32 = 0xA000_0003;
const SYMBOLIC_LINK: u32 = 0xA000_000C;
const PACKED: [u32; 2] = [0x8000_0017, 0x8000_0013];

/// A file system.
pub(crate) struct Ntfs {
    part: Part,
    cluster: u64,
    /// Bytes of a record, and of a node of an index.
    record: usize,
    node: usize,
    serial: u64,
    /// Where the records are.
    records: Content,
    label: Option<String>,
    is_dirty: Option<bool>,
    /// Whether nothing waits in its log.
    is_closed: Option<bool>,
    seen: HashMap<u64, Rc<Record>>,
    paths: HashMap<String, u64>,
    /// The file that was read last.
    last: Option<(u64, Rc<Content>)>,
}

impl Ntfs {
    /// Opens what begins with a boot sector of it.
    pub(crate) fn open(part: Part) -> Result<Self, NotRead> {
        let boot = part.bytes(0, 512)?;
        if !has(&boot, 3, b"NTFS    ") {
            return Err(damaged("no boot sector"));
        }
        let wrong = || damaged("the boot sector is damaged");
        let sector = u64::from(le16(&boot, 11));
        let cluster = match u8_at(&boot, 13) {
            count @ 1..=128 if count.is_power_of_two() => u64::from(count) * sector,
            // As a power of two: up to 2 MiB of the smallest sectors.
            count @ 0xF4..=0xFF => sector << (256 - u32::from(count)),
            _ => return Err(wrong()),
        };
        if !matches!(sector, 512 | 1024 | 2048 | 4096) || cluster > 2 << 20 {
            return Err(wrong());
        }
        let size = |at| size(u8_at(&boot, at), cluster).ok_or_else(wrong);
        let (record, node) = (size(64)?, size(68)?);
        let mut ntfs = Self {
            part,
            cluster,
            record,
            node,
            serial: le64(&boot, 72),
            records: Content::Here(Vec::new()),
            label: None,
            is_dirty: None,
            is_closed: None,
            seen: HashMap::new(),
            paths: HashMap::new(),
            last: None,
        };
        ntfs.find_records(le64(&boot, 48).checked_mul(cluster).ok_or_else(wrong)?)?;
        if let Ok(volume) = ntfs.record(VOLUME) {
            ntfs.label = here(&volume, VOLUME_NAME)
                .map(utf16::text)
                .filter(|label| !label.is_empty());
            let flags = here(&volume, VOLUME_INFORMATION).filter(|bytes| bytes.len() >= 12);
            ntfs.is_dirty = flags.map(|bytes| le16(bytes, 10) & 1 != 0);
        }
        ntfs.is_closed = ntfs.look_at_log().ok();
        Ok(ntfs)
    }

    /// Finds all records by the first one, at `at`, which is of them all.
    fn find_records(&mut self, at: u64) -> Result<(), NotRead> {
        let first = Record::read(self.part.bytes(at, self.record)?, 0)?;
        let own = first
            .attribute(DATA, "")
            .ok_or_else(|| damaged("the records are nowhere"))?;
        self.records = own.content.clone();
        if let Some(list) = first.attribute(ATTRIBUTE_LIST, "") {
            // The record of each piece lies in one of the pieces before.
            for piece in self.listed(list, DATA, "")? {
                let next = self.record(piece)?;
                if let Some(more) = next.attribute(DATA, "").filter(|more| more.first != 0) {
                    join(&mut self.records, more.content.clone())?;
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, reference: u64) -> Result<Rc<Record>, NotRead> {
        if let Some(known) = self.seen.get(&reference) {
            return Ok(known.clone());
        }
        let mut bytes = vec![0; self.record];
        let at = (reference & NUMBER).checked_mul(self.record as u64);
        let count = self.fill(&self.records, at.ok_or_else(|| damaged("no such record"))?, &mut bytes)?;
        if count < bytes.len() {
            return Err(damaged("no such record"));
        }
        let record = Rc::new(Record::read(bytes, (reference >> 48) as u16)?);
        if self.seen.len() >= MAX_KEPT {
            self.seen.clear();
        }
        self.seen.insert(reference, record.clone());
        Ok(record)
    }

    /// Records that hold the pieces of an attribute, the first one first.
    fn listed(&self, list: &Attribute, kind: u32, name: &str) -> Result<Vec<u64>, NotRead> {
        let mut bytes = vec![0; usize::try_from(list.content.size()).map_or(MAX_LIST, |len| len.min(MAX_LIST))];
        let count = self.fill(&list.content, 0, &mut bytes)?;
        bytes.truncate(count);
        let (mut rest, mut pieces) = (&*bytes, Vec::new());
        while rest.len() >= 26 {
            let len = usize::from(le16(rest, 4));
            let (entry, behind) = rest
                .split_at_checked(len)
                .filter(|_| len >= 26)
                .ok_or_else(|| damaged("a list of attributes is wrong"))?;
            let from = usize::from(u8_at(entry, 7));
            let named = entry.get(from..from + 2 * usize::from(u8_at(entry, 6)));
            let piece = le64(entry, 16);
            if le32(entry, 0) == kind && named.map(utf16::text).as_deref() == Some(name) && !pieces.contains(&piece) {
                pieces.push(piece);
            }
            if pieces.len() > MAX_PIECES {
                return Err(damaged("a file is scattered over too many records"));
            }
            rest = behind;
        }
        Ok(pieces)
    }

    /// An attribute of a file with all its pieces, and whether it is packed.
    fn attribute(&mut self, file: u64, kind: u32, name: &str) -> Result<Option<(Content, bool)>, NotRead> {
        let own = self.record(file)?;
        let Some(list) = own.attribute(ATTRIBUTE_LIST, "") else {
            let found = own.attribute(kind, name);
            return Ok(found.map(|found| (found.content.clone(), found.is_packed())));
        };
        let mut all: Option<(Content, bool)> = None;
        for piece in self.listed(list, kind, name)? {
            let part = self.record(piece)?;
            if part.base & NUMBER != file & NUMBER && piece & NUMBER != file & NUMBER {
                return Err(damaged("a record is of another file"));
            }
            for one in part.attributes.iter().filter(|one| one.is(kind, name)) {
                match &mut all {
                    None => all = Some((one.content.clone(), one.is_packed())),
                    Some((whole, _)) => join(whole, one.content.clone())?,
                }
            }
        }
        Ok(all)
    }

    /// Bytes of a content from `at` on; how many there were.
    fn fill(&self, content: &Content, at: u64, out: &mut [u8]) -> Result<usize, NotRead> {
        let (runs, size, valid) = match content {
            Content::Here(bytes) => {
                let there = usize::try_from(at)
                    .ok()
                    .and_then(|at| bytes.get(at..))
                    .unwrap_or_default();
                let count = there.len().min(out.len());
                out[..count].copy_from_slice(&there[..count]);
                return Ok(count);
            }
            Content::There { runs, size, valid } => (runs, *size, *valid),
        };
        let want = size.saturating_sub(at).min(out.len() as u64) as usize;
        let mut done = 0;
        while done < want {
            let at = at + done as u64;
            let (number, within) = (at / self.cluster, at % self.cluster);
            let behind = runs.partition_point(|run| run.at <= number);
            let run = behind.checked_sub(1).and_then(|last| runs.get(last));
            let run = run.filter(|run| number - run.at < run.len);
            let run = run.ok_or_else(|| damaged("a file has not all its clusters"))?;
            let skipped = number - run.at;
            let left = (run.len - skipped).saturating_mul(self.cluster) - within;
            let count = left.min((want - done) as u64) as usize;
            let piece = &mut out[done..done + count];
            match run.start.filter(|_| at < valid) {
                None => piece.fill(0),
                Some(start) => {
                    let place = start
                        .checked_add(skipped)
                        .and_then(|cluster| cluster.checked_mul(self.cluster));
                    let place = place.and_then(|place| place.checked_add(within));
                    let written = (valid - at).min(count as u64) as usize;
                    let (written, zeros) = piece.split_at_mut(written);
                    self.part
                        .read(place.ok_or_else(|| damaged("a cluster is nowhere"))?, written)?;
                    zeros.fill(0);
                }
            }
            done += count;
        }
        Ok(done)
    }

    /// The entries of a node of a folder's index; of its root without a number.
    fn node(&mut self, folder: u64, number: Option<u64>) -> Result<Vec<index::Entry>, NotRead> {
        let Some(number) = number else {
            return match self.attribute(folder, INDEX_ROOT, "$I30")? {
                Some((Content::Here(root), _)) => index::entries(root.get(16..).unwrap_or_default()),
                _ => Err(damaged("it is no folder")),
            };
        };
        let all = self.attribute(folder, INDEX_ALLOCATION, "$I30")?;
        let (all, _) = all.ok_or_else(|| damaged("the index of a folder is nowhere"))?;
        // Nodes that are smaller than a cluster are counted in sectors of 512 bytes.
        let unit = if (self.node as u64) < self.cluster {
            512
        } else {
            self.cluster
        };
        let at = number
            .checked_mul(unit)
            .ok_or_else(|| damaged("the index of a folder is wrong"))?;
        let mut bytes = vec![0; self.node];
        if self.fill(&all, at, &mut bytes)? < bytes.len() || !bytes.starts_with(b"INDX") {
            return Err(damaged("the index of a folder is wrong"));
        }
        record::mend(&mut bytes)?;
        index::entries(bytes.get(24..).unwrap_or_default())
    }

    /// The file of that name in a folder.
    fn child(&mut self, folder: u64, name: &str) -> Result<Option<u64>, NotRead> {
        let (name, mut number) = (index::capitals(name), None);
        for _ in 0..MAX_DEPTH {
            let entries = self.node(folder, number)?;
            // The last entry is behind all names.
            let behind = entries.partition_point(|entry| entry.order(&name).is_gt());
            match entries.get(behind) {
                Some(entry) if entry.order(&name).is_eq() => return Ok(Some(entry.file)),
                Some(entry) if entry.below.is_some() => number = entry.below,
                _ => return Ok(None),
            }
        }
        Err(damaged("the index of a folder has no end"))
    }

    /// The file that a path leads to, by the reference to its record.
    fn find(&mut self, path: &str) -> Result<Option<u64>, NotRead> {
        if let Some(known) = self.paths.get(path) {
            return Ok(Some(*known));
        }
        let mut file = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if !self.record(file)?.is_folder {
                return Ok(None);
            }
            match self.child(file, name)? {
                Some(found) => file = found,
                None => return Ok(None),
            }
        }
        if self.paths.len() >= MAX_KEPT {
            self.paths.clear();
        }
        self.paths.insert(path.to_owned(), file);
        Ok(Some(file))
    }

    /// What a file is instead of itself, by the number of that kind.
    fn tag(&mut self, file: u64) -> Result<Option<u32>, NotRead> {
        let mut tag = [0; 4];
        match self.attribute(file, REPARSE_POINT, "")? {
            Some((content, _)) if self.fill(&content, 0, &mut tag)? == 4 => Ok(Some(u32::from_le_bytes(tag))),
            _ => Ok(None),
        }
    }

    /// The content of a file, if it can be read.
    fn content(&mut self, file: u64) -> Result<Rc<Content>, NotRead> {
        if let Some((_, known)) = self.last.as_ref().filter(|(last, _)| *last == file) {
            return Ok(known.clone());
        }
        if self.tag(file)?.is_some_and(|tag| PACKED.contains(&tag)) {
            return Err(damaged("the file is compressed"));
        }
        let content = match self.attribute(file, DATA, "")? {
            None => return Err(damaged("it is no file")),
            Some((_, true)) => return Err(damaged("the file is compressed or encrypted")),
            Some((content, _)) => Rc::new(content),
        };
        self.last = Some((file, content.clone()));
        Ok(content)
    }

    /// Whether the memory of a sleeping system lies beside.
    fn is_hibernated(&mut self) -> Result<bool, NotRead> {
        // Zeros or `wake` are of one that was woken.
        let is_asleep = |head: Vec<u8>| head.eq_ignore_ascii_case(b"hibr") || head.eq_ignore_ascii_case(b"rstr");
        match self.find("/hiberfil.sys")? {
            Some(_) => self.read("/hiberfil.sys", 0, 4).map(is_asleep),
            None => Ok(false),
        }
    }

    /// Whether the log says that the volume was closed.
    fn look_at_log(&mut self) -> Result<bool, NotRead> {
        let content = self.content(LOG)?;
        let mut pages = [vec![0; log::PAGE], vec![0; log::PAGE]];
        for (number, page) in pages.iter_mut().enumerate() {
            self.fill(&content, (number * log::PAGE) as u64, page)?;
        }
        Ok(log::is_closed(&pages))
    }
}

impl FileSystem for Ntfs {
    fn kind(&self) -> &'static str {
        "ntfs"
    }

    fn uuid(&self) -> Option<String> {
        Some(format!("{:016X}", self.serial))
    }

    fn label(&self) -> Option<String> {
        self.label.clone()
    }

    fn state(&mut self) -> State {
        match (self.is_hibernated(), self.is_dirty, self.is_closed) {
            (Ok(true), ..) => State::Hibernated,
            (_, Some(true), _) | (.., Some(false)) => State::Dirty,
            (Ok(false), Some(false), Some(true)) => State::Clean,
            _ => State::Unknown,
        }
    }

    fn lost(&self) -> Option<&'static str> {
        (self.is_closed == Some(false)).then_some("its log is not replayed, so that the last changes are not seen")
    }

    fn features(&self) -> Vec<String> {
        Vec::new()
    }

    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
        let Some(file) = self.find(path)? else { return Ok(None) };
        let kind = match (self.record(file)?.is_folder, self.tag(file)?) {
            // Where it leads is written as Windows names volumes, which says nothing here.
            (_, Some(MOUNT_POINT | SYMBOLIC_LINK)) => Kind::Other,
            (true, _) => Kind::Folder,
            (false, _) => Kind::File,
        };
        let size = match kind {
            Kind::File => self.attribute(file, DATA, "")?.map_or(0, |(content, _)| content.size()),
            _ => 0,
        };
        Ok(Some(Entry {
            kind,
            size,
            target: None,
        }))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
        let file = self.find(folder)?.ok_or_else(|| damaged("no such folder"))?;
        let (mut open, mut nodes, mut names) = (vec![None], 0, Vec::new());
        while let Some(number) = open.pop() {
            nodes += 1;
            if names.len() > MOST_ENTRIES {
                break;
            }
            if nodes > MAX_NODES {
                return Err(damaged("the index of a folder has no end"));
            }
            for entry in self.node(file, number)? {
                names.extend(entry.shown());
                open.extend(entry.below.map(Some));
            }
        }
        names.sort_unstable();
        names.truncate(MOST_ENTRIES);
        Ok(names)
    }

    fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        let file = self.find(path)?.ok_or_else(|| damaged("no such file"))?;
        let content = self.content(file)?;
        let len = content.size().saturating_sub(offset).min(max as u64) as usize;
        let mut bytes = vec![0; len];
        let count = self.fill(&content, offset, &mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    }
}

/// A size in the boot sector: in clusters, or if it is negative a power of two.
fn size(told: u8, cluster: u64) -> Option<usize> {
    let told = told.cast_signed();
    let size = match told {
        1.. => u64::from(told.unsigned_abs()).checked_mul(cluster),
        _ => 1_u64.checked_shl(u32::from(told.unsigned_abs())),
    };
    let size = size.filter(|size| size.is_power_of_two() && (512..=65_536).contains(size))?;
    usize::try_from(size).ok()
}

/// Content that stands in the record itself.
fn here(record: &Record, kind: u32) -> Option<&[u8]> {
    match &record.attribute(kind, "")?.content {
        Content::Here(bytes) => Some(bytes),
        Content::There { .. } => None,
    }
}

/// Puts the next piece of an attribute behind what is there.
fn join(whole: &mut Content, piece: Content) -> Result<(), NotRead> {
    let (Content::There { runs, .. }, Content::There { runs: more, .. }) = (whole, piece) else {
        return Err(damaged("pieces of a file are in two forms"));
    };
    let end = runs.last().map_or(0, |run| run.at + run.len);
    if more.first().is_some_and(|run| run.at != end) || runs.len() + more.len() > MAX_RUNS {
        return Err(damaged("a piece of a file is missing"));
    }
    runs.extend(more);
    Ok(())
}

#[cfg(test)]
mod tests;
