//! The parent locator of a differencing VHDX: names and values in UTF-16.

use crate::{
    InspectError,
    bytes::{le16, le32, utf16},
    source::Source,
};

/// The most of the locator that is read; a path has at most 32767 units on Windows, in practice far fewer.
const MAX_LEN: usize = 16 * 1024;
const MAX_ENTRIES: usize = 32;
/// The keys that name a file, the one that survives a move first.
const KEYS: [&str; 3] = ["relative_path", "absolute_win32_path", "volume_path"];

/// The parent's path, or `None` where the locator holds none.
pub(crate) fn path(source: &mut Source<'_>, at: u64, len: u32) -> Result<Option<String>, InspectError> {
    let locator = source.read_some(at, MAX_LEN.min(len as usize))?;
    let count = usize::from(le16(&locator, 18)).min(MAX_ENTRIES);
    let pairs: Vec<(String, String)> = locator
        .get(20..)
        .unwrap_or_default()
        .chunks_exact(12)
        .take(count)
        .map(|entry| {
            let key = piece(&locator, le32(entry, 0), le16(entry, 8));
            let value = piece(&locator, le32(entry, 4), le16(entry, 10));
            (key, value)
        })
        .collect();
    let find = |key: &str| {
        pairs
            .iter()
            .find(|(k, v)| k == key && !v.is_empty())
            .map(|(_, v)| v.clone())
    };
    Ok(KEYS.iter().find_map(|key| find(key)))
}

fn piece(locator: &[u8], at: u32, len: u16) -> String {
    let start = at as usize;
    let bytes = start
        .checked_add(usize::from(len))
        .and_then(|end| locator.get(start..end));
    utf16(bytes.unwrap_or_default(), u16::from_le_bytes)
}
