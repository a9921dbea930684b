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
    let (mut out, mut left) = (String::new(), LONGEST);
    for c in text.chars() {
        // What turns the direction of writing is no control character, and hides text as well.
        let turns =
            matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        let escaped: String = match c.is_control() || turns {
            true => c.escape_default().collect(),
            false => c.into(),
        };
        let Some(rest) = left.checked_sub(escaped.chars().count()) else {
            out.push('…');
            break;
        };
        left = rest;
        out.push_str(&escaped);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_leaves_is_bounded_and_tame() {
        assert_eq!(
            shown("a\u{1b}[31m\n\u{202e}ü\u{9b}"),
            "a\\u{1b}[31m\\n\\u{202e}ü\\u{9b}"
        );
        let long = shown(&"ü".repeat(LONGEST + 1));
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST + 1, true));
        assert_eq!(shown(&"ü".repeat(LONGEST)).chars().count(), LONGEST);
        // What is escaped grows, and stays bounded.
        assert!(shown(&"\0".repeat(1000)).chars().count() <= LONGEST + 1);
    }

    #[test]
    fn a_uuid_is_written_as_people_do() {
        let bytes: Vec<u8> = (0x10..0x20).collect();
        assert_eq!(uuid(&bytes), "10111213-1415-1617-1819-1a1b1c1d1e1f");
    }
}
