//! Nodes of a folder's index: a sorted tree of names. It must not read.

use std::cmp::Ordering;

use super::record::{NUMBER, damaged};
use crate::{
    bytes::{le16, le32, le64, u8_at},
    source::NotRead,
    utf16,
};

/// Numbers of records below this one are the file system's own files.
const FIRST_OF_USERS: u64 = 24;
/// The name is only there for programs that know names of 8 and 3.
const DOS: u8 = 2;

/// An entry of a node.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// UTF-16; the last entry of a node has none.
    name: Vec<u16>,
    kind: u8,
    /// Reference to the record of the file.
    pub(super) file: u64,
    /// The node with all names before this one.
    pub(super) below: Option<u64>,
    is_last: bool,
}

impl Entry {
    /// How a name, in capitals, stands to this one.
    pub(super) fn order(&self, name: &[u16]) -> Ordering {
        match self.is_last {
            true => Ordering::Less,
            false => name.iter().copied().cmp(self.name.iter().map(|unit| capital(*unit))),
        }
    }

    /// The name as it is shown to people, if it is.
    pub(super) fn shown(&self) -> Option<String> {
        let is_shown = !self.is_last && self.kind != DOS && self.file & NUMBER >= FIRST_OF_USERS;
        is_shown.then(|| String::from_utf16_lossy(&self.name))
    }
}

/// The entries of a node that begins with its head.
pub(super) fn entries(node: &[u8]) -> Result<Vec<Entry>, NotRead> {
    let wrong = || damaged("the index of a folder is wrong");
    let (mut at, end) = (le32(node, 0) as usize, node.len().min(le32(node, 4) as usize));
    let mut all = Vec::new();
    loop {
        let len = usize::from(le16(node, at + 8));
        let entry = at.checked_add(len).filter(|next| len >= 16 && *next <= end);
        let entry = entry.and_then(|next| node.get(at..next)).ok_or_else(wrong)?;
        let flags = le16(entry, 12);
        let below = (flags & 1 != 0).then(|| le64(entry, len - 8));
        let is_last = flags & 2 != 0;
        let key = match is_last {
            true => &[],
            false => entry.get(16..16 + usize::from(le16(entry, 10))).ok_or_else(wrong)?,
        };
        let name = key.get(66..66 + 2 * usize::from(u8_at(key, 64)));
        all.push(Entry {
            name: match name {
                Some(name) => utf16::units(name),
                None if is_last => Vec::new(),
                None => return Err(wrong()),
            },
            kind: u8_at(key, 65),
            file: le64(entry, 0),
            below,
            is_last,
        });
        if is_last {
            return Ok(all);
        }
        at += len;
    }
}

/// A name in capitals, as indexes are sorted.
pub(super) fn capitals(name: &str) -> Vec<u16> {
    name.encode_utf16().map(capital).collect()
}

/// The file system has a table of its own for this. It agrees wherever the names that are looked for have ASCII alone, as long as no
/// other character becomes one of ASCII.
fn capital(unit: u16) -> u16 {
    let Some(one) = char::from_u32(u32::from(unit)) else {
        return unit;
    };
    let mut capitals = one.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) if one.is_ascii() || !capital.is_ascii() => {
            u16::try_from(u32::from(capital)).unwrap_or(unit)
        }
        _ => unit,
    }
}
