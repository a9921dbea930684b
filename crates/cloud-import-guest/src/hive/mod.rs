//! A registry hive: keys by path and values by name, read where the path leads. It must not change anything, replay logs, or trust a
//! length: every cell lies inside the hive, and how many are looked at is counted.
//!
//! The layout is that of Microsoft's `regf` files since Windows NT 4 as hivex and libregf describe it.

use crate::{
    bytes::{le16, le32, le64},
    source::NotRead,
    utf16,
};

/// Cells begin behind the header of the file.
const HEADER: u64 = 4096;
/// The most cells that are looked at in one hive: a key of Windows has up to some ten thousand keys below it.
const MAX_CELLS: u32 = 1 << 17;
/// The longest list of keys or values: as many as its 16-bit count can tell, eight bytes each.
const MAX_LIST: usize = 4 + 8 * 0xFFFF;
/// The longest value that is taken.
const MAX_VALUE: usize = 64 << 10;
/// Bytes of a large value in each of its cells.
const SEGMENT: usize = 16344;
/// Fixed parts of the cells of a key and of a value: the name follows.
const KEY: usize = 76;
const VALUE: usize = 20;
/// The most bytes of a name: 255 units of UTF-16 for a key, 16,383 for a value.
const MAX_NAME: usize = 2 * 16_383;

/// Up to so many bytes from an offset of the hive's file; fewer at its end.
pub(crate) type ReadAt<'a> = dyn FnMut(u64, usize) -> Result<Vec<u8>, NotRead> + 'a;

/// An open hive.
pub(crate) struct Hive<'a> {
    read: Box<ReadAt<'a>>,
    /// Bytes of cells behind the header.
    len: u64,
    root: u32,
    is_dirty: bool,
    left: u32,
}

/// A key: where its lists are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    keys: u32,
    key_list: u32,
    values: u32,
    value_list: u32,
}

/// What stands in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// `REG_SZ`, `REG_EXPAND_SZ` as it stands there.
    Text(String),
    /// `REG_MULTI_SZ`.
    Texts(Vec<String>),
    /// `REG_DWORD` in either order of bytes, `REG_QWORD`.
    Number(u64),
    /// Everything else.
    Bytes(Vec<u8>),
}

/// One entry of a list of keys: a cell, and what the list itself tells of the name.
struct Listed {
    cell: u32,
    hint: Hint,
}

enum Hint {
    None,
    /// The first four characters.
    Begins([u8; 4]),
    /// A sum over the name in capitals.
    Sum(u32),
}

impl<'a> Hive<'a> {
    /// Opens what `read` reads.
    pub(crate) fn open(mut read: Box<ReadAt<'a>>) -> Result<Self, NotRead> {
        let header = read(0, 512)?;
        if header.len() < 512 || !header.starts_with(b"regf") {
            return Err(damaged("no mark of a hive"));
        }
        let sum = header
            .chunks_exact(4)
            .take(127)
            .fold(0, |sum, word| sum ^ le32(word, 0));
        let sum = match sum {
            0 => 1,
            u32::MAX => u32::MAX - 1,
            sum => sum,
        };
        if sum != le32(&header, 508) {
            return Err(damaged("the sum of the header is wrong"));
        }
        if le32(&header, 20) != 1 || le32(&header, 28) != 0 {
            return Err(damaged("another version of hives"));
        }
        Ok(Self {
            read,
            len: u64::from(le32(&header, 40)),
            root: le32(&header, 36),
            is_dirty: le32(&header, 4) != le32(&header, 8),
            left: MAX_CELLS,
        })
    }

    /// Whether it was not written to its end: the newest changes are in its logs alone.
    pub(crate) fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// The key at a path of names with `\` between them, in whatever case; the root for none.
    pub(crate) fn key(&mut self, path: &str) -> Result<Option<Key>, NotRead> {
        let mut key = self.key_at(self.root)?.0;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            match self.below(key, name)? {
                Some(found) => key = found,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// The value of that name, in whatever case; the empty name is the key's default value.
    pub(crate) fn value(&mut self, key: Key, name: &str) -> Result<Option<Value>, NotRead> {
        if key.values == 0 {
            return Ok(None);
        }
        let list = self.cell(key.value_list, MAX_LIST)?;
        let Some(list) = (key.values as usize).checked_mul(4).and_then(|len| list.get(..len)) else {
            return Err(damaged("a list of values is too short"));
        };
        for entry in list.chunks_exact(4) {
            let cell = self.cell(le32(entry, 0), VALUE + MAX_NAME)?;
            if cell.len() < VALUE || !cell.starts_with(b"vk") {
                return Err(damaged("a value without its mark"));
            }
            let named = name_in(&cell, VALUE, le16(&cell, 2), le16(&cell, 16) & 1 != 0)?;
            if is_named(&named, name) {
                return self.content(&cell).map(Some);
            }
        }
        Ok(None)
    }

    /// A text by the path of its key and its name. A value of another kind is none.
    pub(crate) fn text(&mut self, path: &str, name: &str) -> Result<Option<String>, NotRead> {
        Ok(match self.named(path, name)? {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// A number by the path of its key and its name. A value of another kind is none.
    pub(crate) fn number(&mut self, path: &str, name: &str) -> Result<Option<u64>, NotRead> {
        Ok(match self.named(path, name)? {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        })
    }

    fn named(&mut self, path: &str, name: &str) -> Result<Option<Value>, NotRead> {
        match self.key(path)? {
            Some(key) => self.value(key, name),
            None => Ok(None),
        }
    }

    /// The key of that name directly below.
    fn below(&mut self, key: Key, name: &str) -> Result<Option<Key>, NotRead> {
        if key.keys == 0 {
            return Ok(None);
        }
        for listed in self.list(key.key_list)? {
            if listed.hint.allows(name) {
                let (key, named) = self.key_at(listed.cell)?;
                if is_named(&named, name) {
                    return Ok(Some(key));
                }
            }
        }
        Ok(None)
    }

    /// A list of keys, which may be one of lists.
    fn list(&mut self, at: u32) -> Result<Vec<Listed>, NotRead> {
        let list = self.cell(at, MAX_LIST)?;
        if !list.starts_with(b"ri") {
            return leaf(&list);
        }
        let mut all = Vec::new();
        for entry in entries(&list, 4)? {
            let part = self.cell(le32(entry, 0), MAX_LIST)?;
            all.extend(leaf(&part)?);
            if all.len() > MAX_CELLS as usize {
                return Err(damaged("a list of keys has no end"));
            }
        }
        Ok(all)
    }

    fn key_at(&mut self, at: u32) -> Result<(Key, String), NotRead> {
        let cell = self.cell(at, KEY + MAX_NAME)?;
        if cell.len() < KEY || !cell.starts_with(b"nk") {
            return Err(damaged("a key without its mark"));
        }
        let name = name_in(&cell, KEY, le16(&cell, 72), le16(&cell, 2) & 0x20 != 0)?;
        let key = Key {
            keys: le32(&cell, 20),
            key_list: le32(&cell, 28),
            values: le32(&cell, 36),
            value_list: le32(&cell, 40),
        };
        Ok((key, name))
    }

    /// What a value's cell points to, or holds itself.
    fn content(&mut self, cell: &[u8]) -> Result<Value, NotRead> {
        let (len, at, kind) = (le32(cell, 4), le32(cell, 8), le32(cell, 12));
        let is_here = len & 0x8000_0000 != 0;
        let len = (len & 0x7FFF_FFFF) as usize;
        let bytes = if is_here {
            cell.get(8..8 + len.min(4)).unwrap_or_default().to_vec()
        } else if len == 0 {
            Vec::new()
        } else if len > MAX_VALUE {
            return Err(damaged("a value of more than 64 KiB"));
        } else {
            self.bytes(at, len)?
        };
        Ok(match (kind, bytes.len()) {
            (1 | 2, _) => Value::Text(utf16::until_nul(&bytes)),
            (7, _) => Value::Texts(texts(&bytes)),
            (4, 4..) => Value::Number(u64::from(le32(&bytes, 0))),
            (5, 4..) => Value::Number(u64::from(le32(&bytes, 0).swap_bytes())),
            (11, 8..) => Value::Number(le64(&bytes, 0)),
            _ => Value::Bytes(bytes),
        })
    }

    /// The bytes of a value, in one cell or, if there are many, in several.
    fn bytes(&mut self, at: u32, len: usize) -> Result<Vec<u8>, NotRead> {
        let mut bytes = self.cell(at, len.max(8))?;
        if bytes.len() < len && len > SEGMENT && bytes.starts_with(b"db") {
            let list = self.cell(le32(&bytes, 4), 4 * usize::from(le16(&bytes, 2)))?;
            bytes = Vec::new();
            for entry in list.chunks_exact(4) {
                if bytes.len() < len {
                    bytes.extend(self.cell(le32(entry, 0), SEGMENT)?);
                }
            }
        }
        if bytes.len() < len {
            return Err(damaged("a value is longer than its cell"));
        }
        bytes.truncate(len);
        Ok(bytes)
    }

    /// Up to `max` bytes of the cell at `at`.
    fn cell(&mut self, at: u32, max: usize) -> Result<Vec<u8>, NotRead> {
        self.left = self.left.checked_sub(1).ok_or_else(|| damaged("too many cells"))?;
        let at = u64::from(at);
        let size = match (self.read)(HEADER + at, 4)? {
            size if size.len() == 4 => le32(&size, 0).cast_signed(),
            _ => return Err(damaged("a cell is outside of it")),
        };
        // The size of a cell in use is negative.
        let len = u64::from(size.unsigned_abs());
        if size > -8 || at % 8 != 0 || at + len > self.len {
            return Err(damaged("a cell that is not in use"));
        }
        let want = usize::try_from(len - 4).map_or(max, |len| len.min(max));
        let bytes = (self.read)(HEADER + at + 4, want)?;
        if bytes.len() < want {
            return Err(damaged("a cell is outside of it"));
        }
        Ok(bytes)
    }
}

impl std::fmt::Debug for Hive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hive").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Hint {
    /// Whether the key may have that name, which is of ASCII.
    fn allows(&self, name: &str) -> bool {
        match self {
            Self::None => true,
            // A character that is not of Latin letters is a zero there.
            Self::Begins(begin) => begin
                .iter()
                .zip(name.bytes().chain([0; 4]))
                .all(|(one, other)| one.eq_ignore_ascii_case(&other)),
            Self::Sum(sum) => {
                let own = name.bytes().fold(0_u32, |sum, byte| {
                    sum.wrapping_mul(37).wrapping_add(u32::from(byte.to_ascii_uppercase()))
                });
                own == *sum
            }
        }
    }
}

/// The entries of a list that holds no lists.
fn leaf(list: &[u8]) -> Result<Vec<Listed>, NotRead> {
    let (size, hint): (usize, fn(&[u8]) -> Hint) = match list.get(..2) {
        Some(b"lf") => (8, |entry| Hint::Begins([entry[4], entry[5], entry[6], entry[7]])),
        Some(b"lh") => (8, |entry| Hint::Sum(le32(entry, 4))),
        Some(b"li") => (4, |_| Hint::None),
        _ => return Err(damaged("a list of keys without its mark")),
    };
    let listed = entries(list, size)?.map(|entry| Listed {
        cell: le32(entry, 0),
        hint: hint(entry),
    });
    Ok(listed.collect())
}

/// The entries of a list, each of that size.
fn entries(list: &[u8], size: usize) -> Result<std::slice::ChunksExact<'_, u8>, NotRead> {
    let entries = list.get(4..4 + usize::from(le16(list, 2)) * size);
    Ok(entries
        .ok_or_else(|| damaged("a list of keys is too short"))?
        .chunks_exact(size))
}

/// A name in a cell: Latin letters, a byte each, or UTF-16.
fn name_in(cell: &[u8], at: usize, len: u16, is_latin: bool) -> Result<String, NotRead> {
    let bytes = cell.get(at..at + usize::from(len));
    let bytes = bytes.ok_or_else(|| damaged("a name is longer than its cell"))?;
    Ok(if is_latin {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        utf16::text(bytes)
    })
}

fn is_named(found: &str, name: &str) -> bool {
    found.eq_ignore_ascii_case(name)
}

/// Texts with a NUL behind each, and an empty one at the end.
fn texts(bytes: &[u8]) -> Vec<String> {
    let units = utf16::units(bytes);
    let texts = units.split(|unit| *unit == 0).take_while(|text| !text.is_empty());
    texts.map(String::from_utf16_lossy).collect()
}

fn damaged(what: &str) -> NotRead {
    NotRead::new(format!("registry: {what}"))
}

#[cfg(test)]
mod tests;
