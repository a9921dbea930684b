//! The part of a file that is asked for, into which what the file is made of is laid piece by piece. Knows no format.

/// Some bytes of a file.
pub(crate) struct Window<'a> {
    /// Where they begin in the file.
    at: u64,
    out: &'a mut [u8],
}

impl<'a> Window<'a> {
    pub(crate) fn new(at: u64, out: &'a mut [u8]) -> Self {
        Self { at, out }
    }

    /// What of the file's `len` bytes from `start` on is asked for: how many of them come before it, and the room for it.
    pub(crate) fn part(&mut self, start: u64, len: u64) -> Option<(u64, &mut [u8])> {
        let (from, end) = (start.max(self.at), start.saturating_add(len).min(self.end()));
        let room = self
            .out
            .get_mut(from.checked_sub(self.at)? as usize..end.checked_sub(self.at)? as usize)?;
        (!room.is_empty()).then_some((from - start, room))
    }

    /// Lays bytes that begin at `start` of the file.
    pub(crate) fn put(&mut self, start: u64, bytes: &[u8]) {
        if let Some((before, room)) = self.part(start, bytes.len() as u64) {
            let from = before as usize;
            room.copy_from_slice(&bytes[from..from + room.len()]);
        }
    }

    /// Lays the entries of a table of `count` entries of `N` bytes each that begins at `start`: those that are asked for.
    pub(crate) fn entries<const N: usize>(&mut self, start: u64, count: u64, entry: impl Fn(u64) -> [u8; N]) {
        let width = N as u64;
        let Some((before, room)) = self.part(start, count * width) else {
            return;
        };
        let last = (before + room.len() as u64).div_ceil(width);
        for number in before / width..last {
            self.put(start + number * width, &entry(number));
        }
    }

    /// Which of pieces that follow each other from `start` on, `count` of `len` bytes each, are asked for.
    pub(crate) fn pieces(&mut self, start: u64, len: u64, count: u64) -> std::ops::Range<u64> {
        match self.part(start, len.saturating_mul(count)) {
            Some((before, room)) => before / len..(before + room.len() as u64).div_ceil(len),
            None => 0..0,
        }
    }

    fn end(&self) -> u64 {
        self.at.saturating_add(self.out.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_laid() {
        let whole = |at: usize, len: usize| {
            let mut out = vec![0; len];
            let mut window = Window::new(at as u64, &mut out);
            window.put(3, b"abcdef");
            window.entries(10, 3, |number| [b'0' + number as u8; 2]);
            out
        };
        let all = whole(0, 20);
        assert_eq!(all, b"\0\0\0abcdef\x00001122\0\0\0\0");
        for at in 0..20 {
            for len in 0..20 - at {
                assert_eq!(whole(at, len), all[at..at + len], "{len} from {at}");
            }
        }
        let mut out = [0; 5];
        let mut window = Window::new(7, &mut out);
        assert_eq!(window.pieces(4, 4, 9), 0..2);
        assert_eq!(window.pieces(8, 4, 9), 0..1);
        assert_eq!(window.pieces(12, 4, 9), 0..0);
        assert_eq!(window.pieces(0, 4, 1), 0..0);
    }
}
