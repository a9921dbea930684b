//! Numbers and text out of what a disk holds. A field outside the bytes reads as zero or empty: callers ask for whole structures first.

/// The `N` bytes at `at`, zero where there are none.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(found) = at.checked_add(N).and_then(|end| bytes.get(at..end)) {
        out.copy_from_slice(found);
    }
    out
}

pub(crate) fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array(bytes, at))
}

pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// Whether `mark` stands at `at`.
pub(crate) fn has(bytes: &[u8], at: usize, mark: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

/// A UUID as people write it, its 16 bytes in their order.
pub(crate) fn uuid(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 0xF] {
            out.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    out
}

/// The longest text of a guest that leaves this crate, in characters.
pub(crate) const LONGEST: usize = 200;

/// A text of the guest as it may leave this crate: bounded, control characters escaped.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        // What turns the direction of writing is no control character, and hides text as well.
        let turns =
            matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        match c.is_control() || turns {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}
