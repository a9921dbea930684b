//! Whether a file holds its whole disk, so that no reader of its format opens anything else. Stricter than [`crate::inspect`], and
//! apart from it: what is not one of the shapes listed here is refused, also where it would be harmless. It must not guess, must
//! not skip what it does not understand, and must not open another file.
//!
//! The shapes are those of the formats' own texts (see the crate) with what QEMU 10.0 does with each field when it opens a file,
//! read in November 2026.

use std::{
    fmt,
    io::{Read, Seek},
};

use crate::{
    Format, InspectError,
    bytes::{array, be32, be64, le16, le32, le64},
    source::{Known, Limits, Source},
    vhdx::{self, Guid},
    vmdk_descriptor,
};

/// Why a file is not known to hold its whole disk.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotContained {
    /// It names, or says that it needs, something outside of it: this.
    Names(&'static str),
    /// It is not of a shape that is known to name nothing else, by this.
    Unknown(&'static str),
    /// It could not be read.
    Unreadable(InspectError),
}

impl fmt::Display for NotContained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Names(what) => write!(f, "it names {what}"),
            Self::Unknown(what) => write!(f, "it may name other files: {what}"),
            Self::Unreadable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotContained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InspectError> for NotContained {
    fn from(error: InspectError) -> Self {
        Self::Unreadable(error)
    }
}

type Checked = Result<(), NotContained>;

/// Checks that a file of this format holds its whole disk: no backing file, no parent, no extent or data file beside it, and
/// nothing that is not understood where a name could stand.
///
/// These shapes are known: raw; qcow2 of version 2 and 3 and qcow1, not encrypted; VMDK `monolithicSparse` and `streamOptimized`;
/// VHD fixed and dynamic; VHDX, VDI and QED without a parent; Parallels. The format is the one that the file will be read as,
/// whatever else its bytes could be taken for. Of the file as little is read as by [`inspect`](crate::inspect).
///
/// It says nothing of the guest's own data, nor of what a reader does that guesses the format.
///
/// # Errors
///
/// [`NotContained`] with the reason.
pub fn contained<R: Read + Seek>(mut file: R, format: Format) -> Checked {
    let mut known = Known::of(&mut file, Limits::default())?;
    let source = &mut known.with(&mut file);
    match format {
        // Without a header there is nothing that could name a file.
        Format::Raw => Ok(()),
        Format::Qcow2 => qcow2(source),
        Format::Qcow1 => qcow1(source),
        Format::Vmdk => sparse_vmdk(source),
        Format::Vhd => vhd(source),
        Format::Vhdx => vhdx(source),
        Format::Vdi => vdi(source),
        Format::Qed => qed(source),
        Format::Parallels => parallels(source),
        _ => Err(NotContained::Unknown("no shape of this format is known to stand alone")),
    }
}

/// Refuses where a condition does not hold.
fn must(holds: bool, otherwise: NotContained) -> Checked {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// Exactly so many bytes, which a file of a known shape has there.
fn whole(source: &mut Source<'_>, at: u64, len: usize) -> Result<Vec<u8>, NotContained> {
    let bytes = source.read_all(at, len)?;
    bytes.ok_or(NotContained::Unknown("it ends within its own header"))
}

const BACKING: NotContained = NotContained::Names("a backing file");
const PARENT: NotContained = NotContained::Names("a parent");
const ENCRYPTED: NotContained = NotContained::Unknown("it is encrypted");
const VERSION: NotContained = NotContained::Unknown("its version is not known");
const FEATURES: NotContained = NotContained::Unknown("it has features that are not known");

/// Incompatible features of qcow2 that name nothing: dirty, corrupt, compression type, extended tables.
const QCOW2_PLAIN: u64 = 0b1_1011;
const QCOW2_EXTERNAL_DATA: u64 = 1 << 2;
/// The one among the features that old readers may ignore: the data are in a raw file beside it.
const QCOW2_RAW_DATA: u64 = 1 << 1;

/// Extensions of a qcow2 header.
const EXTENSIONS_END: u32 = 0;
const FEATURE_NAMES: u32 = 0x6803_F857;
const BITMAPS: u32 = 0x2385_2875;
const BACKING_FORMAT: u32 = 0xE279_2ACA;
const DATA_FILE: u32 = 0x4441_5441;
const CRYPTO: u32 = 0x0537_BE77;

fn qcow2(source: &mut Source<'_>) -> Checked {
    let header = whole(source, 0, 72)?;
    must(be64(&header, 8) == 0, BACKING)?;
    must(be32(&header, 32) == 0, ENCRYPTED)?;
    let cluster_bits = be32(&header, 20);
    must(
        (9..=21).contains(&cluster_bits),
        NotContained::Unknown("its cluster size is none"),
    )?;
    let start = match be32(&header, 4) {
        2 => 72,
        3 => {
            let header = whole(source, 0, 104)?;
            let features = be64(&header, 72);
            let data_file = features & QCOW2_EXTERNAL_DATA != 0 || be64(&header, 88) & QCOW2_RAW_DATA != 0;
            must(!data_file, NotContained::Names("a data file"))?;
            must(features & !QCOW2_PLAIN == 0, FEATURES)?;
            u64::from(be32(&header, 100))
        }
        _ => return Err(VERSION),
    };
    let end = 1_u64 << cluster_bits;
    must(
        start >= 72 && start.is_multiple_of(8) && start <= end,
        NotContained::Unknown("the length of its header is none"),
    )?;
    qcow2_extensions(source, start, end)
}

/// All of them, up to the end of the list: each kind stands at most once, so that the number of reads is bounded.
fn qcow2_extensions(source: &mut Source<'_>, start: u64, end: u64) -> Checked {
    let (mut at, mut seen) = (start, Vec::new());
    while at < end {
        let head = whole(source, at, 8)?;
        let (kind, len) = (be32(&head, 0), u64::from(be32(&head, 4)));
        match kind {
            EXTENSIONS_END => return Ok(()),
            FEATURE_NAMES | BITMAPS if !seen.contains(&kind) => seen.push(kind),
            BACKING_FORMAT => return Err(BACKING),
            DATA_FILE => return Err(NotContained::Names("a data file")),
            CRYPTO => return Err(ENCRYPTED),
            _ => return Err(NotContained::Unknown("its header has an extension that is not known")),
        }
        at += 8 + len.next_multiple_of(8);
    }
    must(
        at == end,
        NotContained::Unknown("an extension of its header does not end"),
    )
}

fn qcow1(source: &mut Source<'_>) -> Checked {
    let header = whole(source, 0, 48)?;
    must(be32(&header, 4) == 1, VERSION)?;
    must(be64(&header, 8) == 0, BACKING)?;
    must(be32(&header, 36) == 0, ENCRYPTED)
}

const SECTOR: u64 = 512;
/// Where readers look for a parent's name, wherever the header says that the text is, and how far.
const VMDK_TEXT: (u64, usize) = (SECTOR, 20 * 512);
/// The longest text that is read, in sectors; the tools write twenty.
const VMDK_TEXT_SECTORS: u64 = 128;

/// A sparse file with a text inside that describes it as the whole disk. A text by itself names the files with the content, and an
/// older sparse file (`COWD`) or one without a text is a part of a disk.
fn sparse_vmdk(source: &mut Source<'_>) -> Checked {
    let header = whole(source, 0, 512)?;
    must(
        header.starts_with(b"KDMV"),
        NotContained::Names("the files with its content"),
    )?;
    must((1..=3).contains(&le32(&header, 4)), VERSION)?;
    // Without one, readers take the text inside for the description of other files.
    must(
        le64(&header, 12) > 0,
        NotContained::Names("the files with its content: its own size is zero"),
    )?;
    let (at, sectors) = (le64(&header, 28), le64(&header, 36));
    must(
        at > 0 && (1..=VMDK_TEXT_SECTORS).contains(&sectors),
        NotContained::Unknown("it has no descriptor, so it is part of a disk"),
    )?;
    let at = at
        .checked_mul(SECTOR)
        .ok_or(NotContained::Unknown("its descriptor lies nowhere"))?;
    let text = whole(source, at, (sectors * SECTOR) as usize)?;
    for text in [&text, &source.read_some(VMDK_TEXT.0, VMDK_TEXT.1)?] {
        must(!names_parent(text), PARENT)?;
    }
    let found = vmdk_descriptor::parse(&text);
    must(
        matches!(
            found.create_type.as_deref(),
            Some("monolithicSparse" | "streamOptimized")
        ),
        NotContained::Unknown("its descriptor is not that of one whole file"),
    )?;
    let is_one = matches!(&found.extents[..], [extent] if extent.kind == "SPARSE");
    must(is_one, NotContained::Names("the files with its content"))
}

/// Anywhere, in comments too: QEMU looks for the word alone.
fn names_parent(text: &[u8]) -> bool {
    const HINT: &[u8] = b"parentFileNameHint";
    text.windows(HINT.len()).any(|word| word.eq_ignore_ascii_case(HINT))
}

fn vhd(source: &mut Source<'_>) -> Checked {
    const COOKIE: &[u8] = b"conectix";
    let last = source.len().checked_sub(512);
    let ends = [Some(0), last].into_iter().flatten();
    let mut footers = 0;
    // Which of the two counts is for each reader to say.
    for at in ends {
        let footer = source.read_some(at, 512)?;
        if footer.starts_with(COOKIE) {
            match be32(&footer, 60) {
                2 | 3 => footers += 1,
                4 => return Err(PARENT),
                _ => return Err(NotContained::Unknown("its kind is not known")),
            }
        }
    }
    must(footers > 0, NotContained::Unknown("it has no footer"))
}

/// What the metadata of a VHDX holds beside its parameters and size: logical and physical size of a sector, and its own id.
const VHDX_PLAIN: [Guid; 3] = [
    [
        0x1D, 0xBF, 0x41, 0x81, 0x6F, 0xA9, 0x09, 0x47, 0xBA, 0x47, 0xF2, 0x33, 0xA8, 0xFA, 0xAB, 0x5F,
    ],
    [
        0xC7, 0x48, 0xA3, 0xCD, 0x5D, 0x44, 0x71, 0x44, 0x9C, 0xC9, 0xE9, 0x88, 0x52, 0x51, 0xC5, 0x56,
    ],
    [
        0xAB, 0x12, 0xCA, 0xBE, 0xE6, 0xB2, 0x23, 0x45, 0x93, 0xEF, 0xC3, 0x09, 0xE0, 0x00, 0xC7, 0x46,
    ],
];

fn vhdx(source: &mut Source<'_>) -> Checked {
    must(source.head().starts_with(b"vhdxfile"), VERSION)?;
    let mut tables = 0;
    for at in vhdx::REGION_TABLES {
        let table = source.read_some(at, 16 + vhdx::MAX_ENTRIES * 32)?;
        if !table.starts_with(b"regi") {
            continue;
        }
        for entry in entries(&table, 16, u64::from(le32(&table, 8)))? {
            match array(entry, 0) {
                vhdx::REGION_BLOCKS => {}
                vhdx::REGION_METADATA => {
                    vhdx_metadata(source, le64(entry, 16))?;
                    tables += 1;
                }
                _ => return Err(NotContained::Unknown("it has a region that is not known")),
            }
        }
    }
    must(tables > 0, NotContained::Unknown("it has no metadata"))
}

fn vhdx_metadata(source: &mut Source<'_>, at: u64) -> Checked {
    let table = source.read_some(at, 32 + vhdx::MAX_ENTRIES * 32)?;
    must(
        table.starts_with(b"metadata"),
        NotContained::Unknown("its metadata are not there"),
    )?;
    for entry in entries(&table, 32, u64::from(le16(&table, 10)))? {
        match array(entry, 0) {
            vhdx::ITEM_PARENT => return Err(PARENT),
            vhdx::ITEM_PARAMETERS => {
                let place = at.saturating_add(u64::from(le32(entry, 16)));
                let flags = le32(&whole(source, place, 8)?, 4);
                must(flags & vhdx::HAS_PARENT == 0, PARENT)?;
                must(flags & !vhdx::FIXED == 0, FEATURES)?;
            }
            vhdx::ITEM_SIZE => {}
            item if VHDX_PLAIN.contains(&item) => {}
            _ => return Err(NotContained::Unknown("its metadata have an item that is not known")),
        }
    }
    Ok(())
}

/// All the entries of a table, which the beginning that was read holds.
fn entries(table: &[u8], start: usize, count: u64) -> Result<std::slice::ChunksExact<'_, u8>, NotContained> {
    let held = usize::try_from(count)
        .ok()
        .and_then(|count| table.get(start..start.checked_add(count.checked_mul(32)?)?));
    let held = held.ok_or(NotContained::Unknown("it has a table of more entries than are read"))?;
    Ok(held.chunks_exact(32))
}

fn vdi(source: &mut Source<'_>) -> Checked {
    let header = whole(source, 0, 512)?;
    must(
        le32(&header, 64) == 0xBEDA_107F && le32(&header, 68) >> 16 == 1,
        VERSION,
    )?;
    must(matches!(le32(&header, 76), 1 | 2), PARENT)?;
    // The ids of a disk that this one is linked to, and of its parent.
    must(header.get(424..456) == Some(&[0; 32]), PARENT)
}

fn qed(source: &mut Source<'_>) -> Checked {
    const BACKING_FILE: u64 = 1;
    const NEEDS_CHECK: u64 = 2;
    let header = whole(source, 0, 64)?;
    must(header.starts_with(b"QED\0"), VERSION)?;
    let features = le64(&header, 16);
    must(features & BACKING_FILE == 0, BACKING)?;
    must(features & !NEEDS_CHECK == 0, FEATURES)
}

fn parallels(source: &mut Source<'_>) -> Checked {
    let header = whole(source, 0, 64)?;
    let is_known = header.starts_with(b"WithoutFreeSpace") || header.starts_with(b"WithouFreSpacExt");
    must(is_known && le32(&header, 16) == 2, VERSION)
}
