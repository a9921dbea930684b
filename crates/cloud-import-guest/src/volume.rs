//! Partitions, and what stands in each: a file system, a volume of a volume manager, swap, or something encrypted.
//!
//! Tables are believed as far as the disk reaches. What only looks like a table (the boot sector of NTFS or FAT on the whole disk carries
//! the same mark) is none.

use crate::{
    bytes::{has, le16, le32, le64, u8_at},
    source::{NotRead, Part},
};

/// Bytes of a sector where nothing says otherwise.
const SECTOR: u64 = 512;
/// The most partitions that are looked at.
const MOST: usize = 128;
/// Kinds of a partition that holds others.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// GUIDs of kinds of partitions, as they stand on the disk.
const ESP: [u8; 16] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
];
const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";

/// Marks at their places: the names are those that `blkid` gives.
const MARKS: &[(usize, &[u8], &str)] = &[
    (0, b"XFSB", "xfs"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0, b"LABELONE", "lvm"),
    (512, b"LABELONE", "lvm"),
    (1024, b"LABELONE", "lvm"),
    (1536, b"LABELONE", "lvm"),
    (3, b"-FVE-FS-", "bitlocker"),
    (3, b"NTFS    ", "ntfs"),
    (3, b"EXFAT   ", "exfat"),
    (3, b"ReFS\0\0\0\0", "refs"),
    (0, b"hsqs", "squashfs"),
    (0, b"bcachefs", "bcachefs"),
    (1024 + 56, &[0x53, 0xEF], "ext"),
    (1024, &[0xE2, 0xE1, 0xF5, 0xE0], "erofs"),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], "f2fs"),
    (4096, &[0xFC, 0x4E, 0x2B, 0xA9], "mdraid"),
    (0, &[0xFC, 0x4E, 0x2B, 0xA9], "mdraid"),
    (4086, b"SWAPSPACE2", "swap"),
    (4086, b"S1SUSPEND\0", "swsuspend"),
];
/// Far from the beginning.
const FAR_MARKS: &[(u64, &[u8], &str)] = &[
    (65536 + 64, b"_BHRfS_M", "btrfs"),
    (65526, b"SWAPSPACE2", "swap"),
    (65536 + 52, b"ReIsEr", "reiserfs"),
    (32768, b"JFS1", "jfs"),
];

/// A partition, a logical volume, or the whole disk.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) part: Part,
    /// What was recognised in it.
    pub(crate) content: Option<&'static str>,
    /// It is for loaders that UEFI starts.
    pub(crate) is_esp: bool,
    /// GPT's own id of the partition, for `PARTUUID`.
    pub(crate) partuuid: Option<String>,
    pub(crate) is_lvm: bool,
}

/// The table of a disk.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// `mbr`, `gpt` or `none`.
    pub(crate) kind: &'static str,
    pub(crate) slots: Vec<Slot>,
    /// Partitions that the disk does not hold as a whole, and volumes that were not read.
    pub(crate) cut: Vec<String>,
    /// A BIOS finds code to start.
    pub(crate) bios: bool,
}

impl Slot {
    pub(crate) fn of(name: String, part: Part) -> Result<Self, NotRead> {
        let content = content(&part)?;
        Ok(Self {
            name,
            part,
            content,
            is_esp: false,
            partuuid: None,
            is_lvm: false,
        })
    }
}

/// What stands in a part; `None` where nothing is recognised.
pub(crate) fn content(part: &Part) -> Result<Option<&'static str>, NotRead> {
    let head = part.bytes(0, part.len().min(4104) as usize)?;
    if let Some((.., name)) = MARKS.iter().find(|(at, mark, _)| has(&head, *at, mark)) {
        return Ok(Some(name));
    }
    if is_fat(&head) {
        return Ok(Some("vfat"));
    }
    for (at, mark, name) in FAR_MARKS {
        if part.len() >= at + mark.len() as u64 && part.bytes(*at, mark.len())? == *mark {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// FAT has its name at one of two places, by its size; numbers that only a FAT has keep a text there from being taken for it.
fn is_fat(head: &[u8]) -> bool {
    let sector = le16(head, 11);
    has(head, 510, &[0x55, 0xAA])
        && (has(head, 54, b"FAT1") || has(head, 82, b"FAT32"))
        && matches!(sector, 512 | 1024 | 2048 | 4096)
        && u8_at(head, 13).is_power_of_two()
}

/// Reads the table of the whole disk.
pub(crate) fn table(disk: &Part) -> Result<Table, NotRead> {
    if disk.len() < SECTOR {
        return whole(disk, &[]);
    }
    let first = disk.bytes(0, SECTOR as usize)?;
    let is_file_system = matches!(
        content(disk)?,
        Some("ntfs" | "vfat" | "bitlocker" | "exfat" | "refs" | "luks")
    );
    let flags = [446, 462, 478, 494].map(|at| u8_at(&first, at));
    if is_file_system || !has(&first, 510, &[0x55, 0xAA]) || flags.iter().any(|flag| flag & 0x7F != 0) {
        return whole(disk, &first);
    }
    let kinds = [450, 466, 482, 498].map(|at| u8_at(&first, at));
    if kinds.contains(&0xEE) {
        return gpt(disk, &first);
    }
    if kinds == [0; 4] {
        return whole(disk, &first);
    }
    mbr(disk, &first)
}

/// A disk without a table is one volume.
fn whole(disk: &Part, first: &[u8]) -> Result<Table, NotRead> {
    Ok(Table {
        kind: "none",
        slots: vec![Slot::of("disk".to_owned(), disk.clone())?],
        cut: Vec::new(),
        bios: has(first, 510, &[0x55, 0xAA]) && has_code(first, true),
    })
}

/// Whether a boot record has code. GRUB's starts what it likes, any other starts the partition that is marked.
fn has_code(first: &[u8], is_marked: bool) -> bool {
    let code = first.get(..440).unwrap_or_default();
    let is_grub = code.windows(4).any(|word| word == b"GRUB");
    code.iter().any(|byte| *byte != 0) && (is_grub || is_marked)
}

fn mbr(disk: &Part, first: &[u8]) -> Result<Table, NotRead> {
    let is_marked = [446, 462, 478, 494].iter().any(|at| u8_at(first, *at) == 0x80);
    let mut table = Table {
        kind: "mbr",
        bios: has_code(first, is_marked),
        ..Table::default()
    };
    let mut number = 0;
    for at in [446, 462, 478, 494] {
        number += 1;
        let (kind, start, count) = entry(first, at);
        if kind != 0 && count != 0 && !EXTENDED.contains(&kind) {
            add(disk, &mut table, number, start, count, kind == 0xEF)?;
        }
    }
    for at in [446, 462, 478, 494] {
        let (kind, start, _) = entry(first, at);
        if EXTENDED.contains(&kind) {
            logical(disk, &mut table, start)?;
        }
    }
    // Partitions of an MBR have ids that are made of its own.
    let id = le32(first, 440);
    for slot in &mut table.slots {
        let number: u32 = slot.name.trim_start_matches("part").parse().unwrap_or(0);
        slot.partuuid = Some(format!("{id:08x}-{number:02x}"));
    }
    Ok(table)
}

/// Kind, first byte and number of bytes. Two numbers of 32 bits times 512 always fit.
fn entry(sector: &[u8], at: usize) -> (u8, u64, u64) {
    let bytes = |at| u64::from(le32(sector, at)) * SECTOR;
    (u8_at(sector, at + 4), bytes(at + 8), bytes(at + 12))
}

/// Follows the chain of an extended partition: each link is behind the one before.
fn logical(disk: &Part, table: &mut Table, base: u64) -> Result<(), NotRead> {
    let (mut at, mut number) = (base, 4);
    while number < MOST {
        let Some(link) = disk.cut(at, SECTOR) else {
            return Ok(());
        };
        let sector = link.bytes(0, SECTOR as usize)?;
        if !has(&sector, 510, &[0x55, 0xAA]) {
            return Ok(());
        }
        let (kind, start, count) = entry(&sector, 446);
        if kind != 0 && count != 0 {
            number += 1;
            add(disk, table, number, at + start, count, kind == 0xEF)?;
        }
        let (kind, next, _) = entry(&sector, 462);
        if kind == 0 || base + next <= at {
            return Ok(());
        }
        at = base + next;
    }
    Ok(())
}

/// A partition that lies on the disk as a whole is looked at; of another it is only said that it is there.
fn add(disk: &Part, table: &mut Table, number: usize, start: u64, len: u64, is_esp: bool) -> Result<(), NotRead> {
    let name = format!("part{number}");
    if table.slots.len() + table.cut.len() >= MOST {
        return Ok(());
    }
    let Some(part) = disk.cut(start, len) else {
        table.cut.push(name);
        return Ok(());
    };
    let slot = Slot::of(name, part)?;
    table.slots.push(Slot { is_esp, ..slot });
    Ok(())
}

fn gpt(disk: &Part, first: &[u8]) -> Result<Table, NotRead> {
    let mut table = Table {
        kind: "gpt",
        ..Table::default()
    };
    let sizes = [512, 4096].into_iter();
    let found = sizes.filter_map(|sector| {
        let header = disk.bytes(sector, 512).ok()?;
        has(&header, 0, b"EFI PART").then_some((sector, header))
    });
    let Some((sector, header)) = found.into_iter().next() else {
        // The table says where the header should be, so that what is behind it is not known.
        return Err(NotRead::new("the GUID partition table has no header"));
    };
    let (start, count, size) = (le64(&header, 72), le32(&header, 80).min(MOST as u32), le32(&header, 84));
    if !(128..=4096).contains(&size) {
        return Err(NotRead::new(
            "the entries of the GUID partition table have an impossible size",
        ));
    }
    let start = start
        .checked_mul(sector)
        .ok_or_else(|| NotRead::new("the GUID partition table is nowhere"))?;
    let entries = disk.bytes(start, count as usize * size as usize)?;
    let mut is_marked = [446, 462, 478, 494].iter().any(|at| u8_at(first, *at) == 0x80);
    for (number, entry) in (1..).zip(entries.chunks_exact(size as usize)) {
        let kind = entry.get(..16).unwrap_or_default();
        let (from, to) = (le64(entry, 32), le64(entry, 40));
        if kind.iter().all(|byte| *byte == 0) || to < from {
            continue;
        }
        // GRUB's second half, or a partition that a BIOS may start.
        is_marked |= kind == BIOS_BOOT || le64(entry, 48) & 4 != 0;
        let run = from
            .checked_mul(sector)
            .zip((to - from).checked_add(1).and_then(|count| count.checked_mul(sector)));
        if let Some((at, len)) = run {
            let before = table.slots.len();
            add(disk, &mut table, number, at, len, kind == ESP)?;
            let id = guid(entry.get(16..32).unwrap_or_default());
            table
                .slots
                .iter_mut()
                .skip(before)
                .for_each(|slot| slot.partuuid = Some(id.clone()));
        }
    }
    table.bios = is_marked && has_code(first, true);
    Ok(table)
}

/// A GUID as people write it: its first three numbers stand the other way round.
fn guid(bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    for range in [0..4, 4..6, 6..8] {
        if let Some(number) = bytes.get_mut(range) {
            number.reverse();
        }
    }
    crate::bytes::uuid(&bytes)
}
