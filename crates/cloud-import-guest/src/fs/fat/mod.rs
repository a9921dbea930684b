//! FAT12, FAT16 and FAT32 with long names: enough for the file system that firmware starts from. It must not follow a chain without
//! counting it.
//!
//! The layout is that of Microsoft's FAT32 specification 1.03.

use super::{Entry, FileSystem, Kind, MOST_ENTRIES};
use crate::{
    bytes::{le16, le32, u8_at},
    facts::State,
    source::{NotRead, Part},
};

/// The most bytes of a folder: 65,536 entries, which is what the specification allows.
const MAX_FOLDER: u64 = 65_536 * 32;
/// So much of a folder is read at once.
const PIECE: usize = 16 << 10;
/// The most units of a long name, in pieces of 13.
const MAX_NAME: usize = 20 * 13;
const FOLDER: u8 = 0x10;
const LABEL: u8 = 0x08;
/// Read-only, hidden, system and label at once: a piece of a long name.
const LONG: u8 = 0x0F;

/// A file system.
pub(crate) struct Fat {
    part: Part,
    /// Bits of an entry in the table: 12, 16 or 32, of which 28 count.
    width: u64,
    /// Offset of the first table, in bytes.
    table: u64,
    /// Where the root folder is.
    root: Place,
    /// Offset of the first cluster, which has the number 2.
    data: u64,
    cluster: u64,
    clusters: u64,
    serial: u32,
    is_dirty: bool,
    label: Option<String>,
}

/// Where bytes are.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Between the tables and the clusters.
    Fixed { at: u64, len: u64 },
    /// In clusters from this one on.
    Chain { first: u64 },
}

/// What a folder has of one of its files.
#[derive(Debug, Clone)]
struct Found {
    name: String,
    /// In the form of 8 and 3.
    short: String,
    kind: u8,
    first: u64,
    size: u64,
}

impl Fat {
    /// Opens what begins with a boot sector of it.
    pub(crate) fn open(part: Part) -> Result<Self, NotRead> {
        let boot = part.bytes(0, 512)?;
        let sector = u64::from(le16(&boot, 11));
        let (per_cluster, tables) = (u64::from(u8_at(&boot, 13)), u64::from(u8_at(&boot, 16)));
        if !matches!(sector, 512 | 1024 | 2048 | 4096) || !per_cluster.is_power_of_two() || !matches!(tables, 1..=4) {
            return Err(NotRead::new("fat: the boot sector is damaged"));
        }
        let or = |short: u16, long: u32| if short == 0 { u64::from(long) } else { u64::from(short) };
        let table_len = or(le16(&boot, 22), le32(&boot, 36));
        let table = u64::from(le16(&boot, 14)) * sector;
        let fixed = table + tables * table_len * sector;
        let fixed_len = (u64::from(le16(&boot, 17)) * 32).next_multiple_of(sector);
        let data = fixed + fixed_len;
        let len = or(le16(&boot, 19), le32(&boot, 32)) * sector;
        let cluster = per_cluster * sector;
        let clusters = len.saturating_sub(data) / cluster;
        // By the specification it is the number of clusters that tells, and nothing else.
        let width = match clusters {
            0 => return Err(NotRead::new("fat: the boot sector tells of no clusters")),
            1..4085 => 12,
            4085..65_525 => 16,
            _ => 32,
        };
        let root = match width {
            32 => Place::Chain {
                first: u64::from(le32(&boot, 44)),
            },
            _ => Place::Fixed {
                at: fixed,
                len: fixed_len,
            },
        };
        let own = if width == 32 { 64 } else { 36 };
        let mut fat = Self {
            part,
            width,
            table,
            root,
            data,
            cluster,
            clusters,
            serial: le32(&boot, own + 3),
            is_dirty: u8_at(&boot, own + 1) & 1 != 0,
            label: None,
        };
        fat.is_dirty |= !fat.was_closed()?;
        let label = fat.folder(root)?.into_iter().find(|found| found.kind & LABEL != 0);
        fat.label = label.map(|found| found.short.replace('.', ""));
        Ok(fat)
    }

    /// Whether the second entry of the table says that it was left in order.
    fn was_closed(&self) -> Result<bool, NotRead> {
        Ok(match self.width {
            32 => self.entry_of(1)? & 0x0800_0000 != 0,
            16 => self.entry_of(1)? & 0x8000 != 0,
            _ => true,
        })
    }

    /// The entry of a cluster in the table.
    fn entry_of(&self, cluster: u64) -> Result<u64, NotRead> {
        let at = self.table + cluster * self.width / 8;
        let bytes = self.part.bytes(at, if self.width == 32 { 4 } else { 2 })?;
        Ok(match self.width {
            32 => u64::from(le32(&bytes, 0) & 0x0FFF_FFFF),
            16 => u64::from(le16(&bytes, 0)),
            _ if cluster % 2 == 1 => u64::from(le16(&bytes, 0) >> 4),
            _ => u64::from(le16(&bytes, 0) & 0xFFF),
        })
    }

    /// Up to `max` bytes from `offset` on of what has `len`; a chain that ends before is shorter.
    fn bytes(&self, place: Place, len: u64, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        let want = len.saturating_sub(offset).min(max as u64);
        let first = match place {
            Place::Fixed { at, .. } => return self.part.bytes(at + offset, want as usize),
            Place::Chain { first } => first,
        };
        let (mut cluster, mut at, mut out) = (first, 0, Vec::new());
        // Each cluster at most once: a chain that is longer is a circle.
        for _ in 0..self.clusters {
            let end = offset + want;
            if at >= end || !(2..self.clusters + 2).contains(&cluster) {
                break;
            }
            let (from, to) = (offset.max(at), end.min(at + self.cluster));
            if from < to {
                let start = self.data + (cluster - 2) * self.cluster + (from - at);
                out.extend(self.part.bytes(start, (to - from) as usize)?);
            }
            at += self.cluster;
            if at < end {
                cluster = self.entry_of(cluster)?;
            }
        }
        Ok(out)
    }

    fn folder(&self, place: Place) -> Result<Vec<Found>, NotRead> {
        let len = match place {
            Place::Fixed { len, .. } => len,
            Place::Chain { .. } => MAX_FOLDER,
        };
        let (mut all, mut long) = (Vec::new(), Long::default());
        // Most folders are short, and end long before their clusters do.
        let mut at = 0;
        loop {
            let piece = self.bytes(place, len, at, PIECE)?;
            for entry in piece.chunks_exact(32) {
                match (u8_at(entry, 0), u8_at(entry, 11)) {
                    (0, _) => return Ok(all),
                    (0xE5, _) => long = Long::default(),
                    (_, LONG) => long.add(entry),
                    _ => all.push(found(entry, std::mem::take(&mut long))),
                }
            }
            at += PIECE as u64;
            if piece.len() < PIECE {
                return Ok(all);
            }
        }
    }

    /// Where a path leads; the root has no entry of its own.
    fn find(&self, path: &str) -> Result<Option<Found>, NotRead> {
        let mut at = Found {
            name: String::new(),
            short: String::new(),
            kind: FOLDER,
            first: 0,
            size: 0,
        };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if at.kind & FOLDER == 0 {
                return Ok(None);
            }
            let named = |found: &Found| {
                found.kind & LABEL == 0 && [&found.name, &found.short].iter().any(|own| is_same(own, name))
            };
            match self.folder(self.place(&at))?.into_iter().find(named) {
                Some(found) => at = found,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    fn place(&self, found: &Found) -> Place {
        match found.first {
            // What leads back to the root has no cluster.
            0 if found.kind & FOLDER != 0 => self.root,
            first => Place::Chain { first },
        }
    }
}

impl FileSystem for Fat {
    fn kind(&self) -> &'static str {
        "vfat"
    }

    fn uuid(&self) -> Option<String> {
        Some(format!("{:04X}-{:04X}", self.serial >> 16, self.serial & 0xFFFF))
    }

    fn label(&self) -> Option<String> {
        self.label.clone()
    }

    fn state(&mut self) -> State {
        if self.is_dirty { State::Dirty } else { State::Clean }
    }

    fn features(&self) -> Vec<String> {
        Vec::new()
    }

    fn entry(&mut self, path: &str) -> Result<Option<Entry>, NotRead> {
        let found = self.find(path)?;
        Ok(found.map(|found| Entry {
            kind: if found.kind & FOLDER == 0 {
                Kind::File
            } else {
                Kind::Folder
            },
            size: found.size,
            target: None,
        }))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, NotRead> {
        match self.find(folder)? {
            Some(found) if found.kind & FOLDER != 0 => {
                let all = self.folder(self.place(&found))?.into_iter();
                let all = all.filter(|found| found.kind & LABEL == 0 && !matches!(&*found.name, "." | ".."));
                Ok(all.map(|found| found.name).take(MOST_ENTRIES).collect())
            }
            _ => Err(NotRead::new("fat: it is no folder")),
        }
    }

    fn read(&mut self, path: &str, offset: u64, max: usize) -> Result<Vec<u8>, NotRead> {
        match self.find(path)? {
            Some(found) if found.kind & FOLDER == 0 => {
                let bytes = self.bytes(self.place(&found), found.size, offset, max)?;
                if (bytes.len() as u64) < found.size.saturating_sub(offset).min(max as u64) {
                    return Err(NotRead::new("fat: a file is longer than its clusters"));
                }
                Ok(bytes)
            }
            _ => Err(NotRead::new("fat: it is no file")),
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.chars()
        .flat_map(char::to_lowercase)
        .eq(other.chars().flat_map(char::to_lowercase))
}

/// The entry itself, with the long name before it if that is its own.
fn found(entry: &[u8], long: Long) -> Found {
    // Windows NT keeps in two bits that a part is of small letters. What is not ASCII depends on the machine that wrote it.
    let field = |from: usize, to: usize, small: u8| {
        let bytes = entry.get(from..to).unwrap_or_default();
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        match u8_at(entry, 12) & small {
            0 => text.trim_end().to_owned(),
            _ => text.trim_end().to_ascii_lowercase(),
        }
    };
    let (base, extension) = (field(0, 8, 0x08), field(8, 11, 0x10));
    let short = match extension.is_empty() {
        true => base,
        false => format!("{base}.{extension}"),
    };
    Found {
        name: long.name_of(entry).unwrap_or_else(|| short.clone()),
        short,
        kind: u8_at(entry, 11),
        first: u64::from(le16(entry, 20)) << 16 | u64::from(le16(entry, 26)),
        size: u64::from(le32(entry, 28)),
    }
}

/// Pieces of a long name, which stand before their entry, the last one first.
#[derive(Debug, Default)]
struct Long {
    units: Vec<u16>,
    /// Number of the piece that comes next.
    next: u8,
    sum: u8,
}

impl Long {
    fn add(&mut self, entry: &[u8]) {
        let (number, sum) = (u8_at(entry, 0), u8_at(entry, 13));
        let is_first = number & 0x40 != 0;
        let number = number & 0x3F;
        if !is_first && (number != self.next || sum != self.sum) || number == 0 {
            *self = Self::default();
            return;
        }
        let mut units: Vec<u16> = [(1, 5), (14, 6), (28, 2)]
            .iter()
            .flat_map(|(at, count)| (0..*count).map(move |one| le16(entry, at + 2 * one)))
            .collect();
        if !is_first {
            units.append(&mut self.units);
        }
        units.truncate(MAX_NAME);
        *self = Self {
            units,
            next: number - 1,
            sum,
        };
    }

    fn name_of(&self, entry: &[u8]) -> Option<String> {
        let sum = entry
            .iter()
            .take(11)
            .fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
        let units = self.units.split(|unit| *unit == 0).next()?;
        (self.next == 0 && sum == self.sum && !units.is_empty()).then(|| String::from_utf16_lossy(units))
    }
}

#[cfg(test)]
mod tests;
