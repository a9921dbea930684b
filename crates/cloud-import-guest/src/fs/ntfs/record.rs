//! Records of NTFS's table of files: their attributes, and where the content of each is. It must not read.

use crate::{
    bytes::{le16, le32, le64, u8_at},
    source::NotRead,
    utf16,
};

/// Kinds of attributes.
pub(super) const ATTRIBUTE_LIST: u32 = 0x20;
pub(super) const VOLUME_NAME: u32 = 0x60;
pub(super) const VOLUME_INFORMATION: u32 = 0x70;
pub(super) const DATA: u32 = 0x80;
pub(super) const INDEX_ROOT: u32 = 0x90;
pub(super) const INDEX_ALLOCATION: u32 = 0xA0;
pub(super) const REPARSE_POINT: u32 = 0xC0;

/// The last two bytes of each of these stand in the record's head, and a number of this write in their place. That is so whatever
/// the size of sectors.
const STRIDE: usize = 512;
/// The most runs of one attribute.
pub(super) const MAX_RUNS: usize = 1 << 16;
/// What a reference has of the number of a record; the rest is how often it was used.
pub(super) const NUMBER: u64 = (1 << 48) - 1;

/// Clusters that lie one behind the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The first one's number in the content.
    pub(super) at: u64,
    pub(super) len: u64,
    /// The first one's number on the disk; a hole has none.
    pub(super) start: Option<u64>,
}

/// Content of an attribute.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// In the record itself.
    Here(Vec<u8>),
    /// In clusters.
    There {
        runs: Vec<Run>,
        size: u64,
        /// So much was written; behind it are zeros.
        valid: u64,
    },
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Here(bytes) => bytes.len() as u64,
            Self::There { size, .. } => *size,
        }
    }
}

/// An attribute, or the piece of one that lies in this record.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) kind: u32,
    name: String,
    flags: u16,
    /// Number of its first cluster in the content.
    pub(super) first: u64,
    pub(super) content: Content,
}

impl Attribute {
    pub(super) fn is(&self, kind: u32, name: &str) -> bool {
        self.kind == kind && self.name == name
    }

    /// Compressed or encrypted: the clusters are not the content.
    pub(super) fn is_packed(&self) -> bool {
        self.flags & 0x40FF != 0 && matches!(self.content, Content::There { .. })
    }
}

/// A record in use.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) is_folder: bool,
    /// Reference to the record that this one continues, or 0.
    pub(super) base: u64,
    pub(super) attributes: Vec<Attribute>,
}

impl Record {
    /// Reads the bytes of a record. A `sequence` that is not 0 must be its own: it counts how often the record was used.
    pub(super) fn read(mut bytes: Vec<u8>, sequence: u16) -> Result<Self, NotRead> {
        if !bytes.starts_with(b"FILE") {
            return Err(damaged("a record has not its mark"));
        }
        mend(&mut bytes)?;
        let flags = le16(&bytes, 22);
        if flags & 1 == 0 || sequence != 0 && sequence != le16(&bytes, 16) {
            return Err(damaged("a record is not in use any more"));
        }
        Ok(Self {
            is_folder: flags & 2 != 0,
            base: le64(&bytes, 32),
            attributes: attributes(&bytes)?,
        })
    }

    pub(super) fn attribute(&self, kind: u32, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.is(kind, name))
    }
}

/// Puts the bytes that stand in the head of a record back to their places, and sees whether it was written to its end.
pub(super) fn mend(bytes: &mut [u8]) -> Result<(), NotRead> {
    let (at, count) = (usize::from(le16(bytes, 4)), usize::from(le16(bytes, 6)));
    let is_whole = count >= 2 && (count - 1) * STRIDE == bytes.len() && at + count * 2 <= STRIDE - 2;
    if !is_whole {
        return Err(damaged("a record has not the length that it should"));
    }
    let number = le16(bytes, at);
    for one in 1..count {
        let kept = le16(bytes, at + 2 * one).to_le_bytes();
        let end = one * STRIDE - 2;
        if le16(bytes, end) != number {
            return Err(damaged("a record was not written to its end"));
        }
        if let Some(place) = bytes.get_mut(end..end + 2) {
            place.copy_from_slice(&kept);
        }
    }
    Ok(())
}

fn attributes(bytes: &[u8]) -> Result<Vec<Attribute>, NotRead> {
    let end = bytes.len().min(le32(bytes, 24) as usize);
    let (mut at, mut all) = (usize::from(le16(bytes, 20)), Vec::new());
    // Each of them takes some bytes, so that this ends.
    while at + 8 <= end && le32(bytes, at) != u32::MAX {
        let len = le32(bytes, at + 4) as usize;
        let one = at.checked_add(len).filter(|next| len >= 24 && *next <= end);
        let one = one.and_then(|next| bytes.get(at..next));
        all.push(attribute(
            one.ok_or_else(|| damaged("an attribute is longer than its record"))?,
        )?);
        at += len;
    }
    Ok(all)
}

fn attribute(bytes: &[u8]) -> Result<Attribute, NotRead> {
    let range = |at: usize, len: usize| {
        let found = at.checked_add(len).and_then(|end| bytes.get(at..end));
        found.ok_or_else(|| damaged("something is longer than its attribute"))
    };
    let name = range(usize::from(le16(bytes, 10)), 2 * usize::from(u8_at(bytes, 9)))?;
    let (first, content) = if u8_at(bytes, 8) == 0 {
        let content = range(usize::from(le16(bytes, 20)), le32(bytes, 16) as usize)?;
        (0, Content::Here(content.to_vec()))
    } else {
        range(0, 64)?;
        let first = le64(bytes, 16);
        // Only the first piece tells how long the whole is.
        let told = |at| if first == 0 { le64(bytes, at) } else { 0 };
        let (size, valid) = (told(48), told(56));
        let packed = bytes.get(usize::from(le16(bytes, 32))..).unwrap_or_default();
        let runs = runs(packed, first)?;
        (first, Content::There { runs, size, valid })
    };
    Ok(Attribute {
        kind: le32(bytes, 0),
        name: utf16::text(name),
        flags: le16(bytes, 12),
        first,
        content,
    })
}

/// Runs as they are packed: lengths of both numbers in one byte, how many clusters, how far from the one before.
fn runs(bytes: &[u8], first: u64) -> Result<Vec<Run>, NotRead> {
    let wrong = || damaged("the list of a file's clusters is wrong");
    let (mut rest, mut at, mut start, mut all) = (bytes, first, 0_i64, Vec::new());
    while let Some((head, behind)) = rest.split_first().filter(|(head, _)| **head != 0) {
        let (count, distance) = (usize::from(head & 15), usize::from(head >> 4));
        if !(1..=8).contains(&count) || distance > 8 || all.len() >= MAX_RUNS {
            return Err(wrong());
        }
        let (len, behind) = behind.split_at_checked(count).ok_or_else(wrong)?;
        let (moved, behind) = behind.split_at_checked(distance).ok_or_else(wrong)?;
        let len = len.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let run = Run {
            at,
            len,
            start: match moved.last() {
                None => None,
                Some(top) => {
                    let sign = if top & 0x80 == 0 { 0 } else { -1 };
                    let moved = moved
                        .iter()
                        .rev()
                        .fold(sign, |number, byte| number << 8 | i64::from(*byte));
                    start = start.checked_add(moved).ok_or_else(wrong)?;
                    Some(u64::try_from(start).map_err(|_| wrong())?)
                }
            },
        };
        at = at.checked_add(len).filter(|_| len > 0).ok_or_else(wrong)?;
        all.push(run);
        rest = behind;
    }
    Ok(all)
}

pub(super) fn damaged(what: &str) -> NotRead {
    NotRead::new(format!("ntfs: {what}"))
}
