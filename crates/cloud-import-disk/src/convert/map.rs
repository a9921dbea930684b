//! Which units of a disk hold anything, in the order in which a converted file has them. Reads nothing.

use crate::bytes::le64;

/// Units of a span: as many as a second table of qcow2 has entries, where a unit is one of its clusters.
pub(crate) const SPAN: u64 = 8192;
/// Words of a span.
const WORDS: usize = 128;
/// The most spans that are kept, of a KiB each.
const MAX_SPANS: usize = 16 * 1024;

/// What a map begins with when it is kept somewhere.
const MARK: &[u8; 8] = b"diskmap\x01";
/// Bytes of that, of the unit and of the size.
const HEAD: usize = 24;
/// Bytes of a span with its number.
const KEPT: usize = 8 + WORDS * 8;

/// Which units of a disk may hold something: of all others it is known that they are zeros.
///
/// It takes a KiB for each 8192 units that lie beside each other and of which one is in use: 2 KiB for each GiB of a disk in clusters
/// of qcow2, and nothing where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    unit: u64,
    size: u64,
    /// Those with a unit in use, in their order.
    spans: Vec<Span>,
    count: u64,
}

/// Units that lie beside each other, one of which at least is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its number on the disk.
    pub(crate) number: u64,
    /// How many units are in use before it.
    pub(crate) before: u64,
    /// A bit for each unit, from the lowest of the first word on.
    pub(crate) words: Box<[u64; WORDS]>,
}

impl Span {
    fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether its unit of this number is in use.
    pub(crate) fn has(&self, within: u64) -> bool {
        self.words
            .get((within / 64) as usize)
            .is_some_and(|word| word >> (within % 64) & 1 == 1)
    }

    /// How many of its units are in use before that of this number.
    pub(crate) fn rank(&self, within: u64) -> u64 {
        let (full, bits) = ((within / 64) as usize, within % 64);
        let whole = self.words.iter().take(full).map(|word| u64::from(word.count_ones()));
        let part = self.words.get(full).map_or(0, |word| word & ((1 << bits) - 1));
        whole.sum::<u64>() + u64::from(part.count_ones())
    }

    /// The number of its unit that is the `k`th in use, from 0.
    fn nth(&self, mut k: u64) -> Option<u64> {
        for (number, word) in self.words.iter().enumerate() {
            let ones = u64::from(word.count_ones());
            if k < ones {
                let rest = (0..k).fold(*word, |rest, _| rest & (rest - 1));
                return Some(number as u64 * 64 + u64::from(rest.trailing_zeros()));
            }
            k -= ones;
        }
        None
    }
}

impl Map {
    /// Of a disk of `size` bytes in units of `unit`, none of which is in use.
    pub(crate) fn new(unit: u64, size: u64) -> Self {
        Self {
            unit,
            size,
            spans: Vec::new(),
            count: 0,
        }
    }

    /// Bytes of a unit.
    pub(crate) const fn unit(&self) -> u64 {
        self.unit
    }

    /// Bytes of the disk.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// How many units there are.
    pub(crate) const fn units(&self) -> u64 {
        self.size.div_ceil(self.unit)
    }

    /// How many of them are in use.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Those with a unit in use, in their order.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Notes that a unit is in use, none before the last one that was noted. `None` where the map would be too large.
    pub(crate) fn mark(&mut self, unit: u64) -> Option<()> {
        let (number, within) = (unit / SPAN, unit % SPAN);
        if self.spans.last().is_none_or(|last| last.number != number) {
            if self.spans.len() == MAX_SPANS {
                return None;
            }
            self.spans.push(Span {
                number,
                before: self.count,
                words: Box::new([0; WORDS]),
            });
        }
        let word = self.spans.last_mut()?.words.get_mut((within / 64) as usize)?;
        let bit = 1 << (within % 64);
        self.count += u64::from(*word & bit == 0);
        *word |= bit;
        Some(())
    }

    /// Whether a unit is in use.
    pub(crate) fn has(&self, unit: u64) -> bool {
        let found = self.spans.binary_search_by_key(&(unit / SPAN), |span| span.number);
        let span = found.ok().and_then(|at| self.spans.get(at));
        span.is_some_and(|span| span.has(unit % SPAN))
    }

    /// The unit that is the `k`th in use, from 0.
    pub(crate) fn nth(&self, k: u64) -> Option<u64> {
        let behind = self.spans.partition_point(|span| span.before <= k);
        let span = self.spans.get(behind.checked_sub(1)?)?;
        Some(span.number * SPAN + span.nth(k - span.before)?)
    }

    /// The map as bytes, to be kept for [`Self::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.spans.len() * KEPT);
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&self.unit.to_le_bytes());
        bytes.extend_from_slice(&self.size.to_le_bytes());
        for span in &self.spans {
            bytes.extend_from_slice(&span.number.to_le_bytes());
            for word in span.words.iter() {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        bytes
    }

    /// The map that these bytes were made of; `None` where they were not, or by another version of this crate.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, kept) = bytes.split_at_checked(HEAD)?;
        let (unit, size) = (le64(head, 8), le64(head, 16));
        let is_whole = kept.len().is_multiple_of(KEPT) && kept.len() / KEPT <= MAX_SPANS;
        if !head.starts_with(MARK) || !unit.is_power_of_two() || !is_whole {
            return None;
        }
        let mut map = Self::new(unit, size);
        for span in kept.chunks_exact(KEPT) {
            let mut words = Box::new([0; WORDS]);
            for (number, word) in words.iter_mut().enumerate() {
                *word = le64(span, 8 + number * 8);
            }
            let span = Span {
                number: le64(span, 0),
                before: map.count,
                words,
            };
            let is_next = map.spans.last().is_none_or(|last| last.number < span.number);
            let highest = span.words.iter().rposition(|word| *word != 0)?;
            let last = (highest as u64 * 64 + 63).saturating_sub(u64::from(span.words[highest].leading_zeros()));
            let unit = span.number.checked_mul(SPAN)?.checked_add(last)?;
            if !is_next || unit >= map.units() {
                return None;
            }
            map.count += span.count();
            map.spans.push(span);
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(units: &[u64]) -> Map {
        let mut map = Map::new(65536, 65536 * 100_000);
        units.iter().for_each(|unit| map.mark(*unit).unwrap());
        map
    }

    #[test]
    fn units_are_found_by_their_number_and_by_their_order() {
        let units = [0, 1, 63, 64, 8191, 8192, 30_000, 30_001, 99_999];
        let map = of(&units);
        assert_eq!(map.count(), units.len() as u64);
        for (k, unit) in units.iter().enumerate() {
            assert_eq!(map.nth(k as u64), Some(*unit));
            assert!(map.has(*unit));
            let span = map.spans().iter().find(|span| span.number == unit / SPAN).unwrap();
            assert_eq!(span.before + span.rank(unit % SPAN), k as u64);
        }
        assert_eq!(map.nth(units.len() as u64), None);
        assert!(
            [2, 62, 65, 8190, 8193, 29_999, 50_000, 200_000]
                .iter()
                .all(|unit| !map.has(*unit))
        );
        // A unit that is noted again is one.
        let mut twice = map.clone();
        twice.mark(99_999).unwrap();
        assert_eq!(twice, map);
    }

    #[test]
    fn a_map_that_was_kept_is_the_same_and_no_other_bytes_are_one() {
        let map = of(&[0, 8191, 8192, 99_999]);
        let bytes = map.to_bytes();
        assert_eq!(Map::from_bytes(&bytes).as_ref(), Some(&map));
        let empty = of(&[]);
        assert_eq!(Map::from_bytes(&empty.to_bytes()), Some(empty));
        let put = |at: usize, new: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + new.len()].copy_from_slice(new);
            bytes
        };
        // Another version, a unit that is none, a unit behind the end, spans out of order, a span of nothing, a cut.
        let mut empty_span = put(0, &[]);
        empty_span[HEAD + 8..HEAD + KEPT].fill(0);
        for (broken, what) in [
            (put(7, &[2]), "version"),
            (put(8, &3_u64.to_le_bytes()), "unit"),
            (put(16, &(65536_u64 * 99_999).to_le_bytes()), "size"),
            (put(HEAD + KEPT, &0_u64.to_le_bytes()), "order"),
            (put(HEAD + KEPT, &u64::MAX.to_le_bytes()), "number"),
            (empty_span, "empty"),
            (bytes[..bytes.len() - 1].to_vec(), "cut"),
            (bytes[..20].to_vec(), "head"),
        ] {
            assert_eq!(Map::from_bytes(&broken), None, "{what}");
        }
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut map = Map::new(65536, u64::MAX);
        let marked = (0..).take_while(|span| map.mark(span * SPAN).is_some()).count();
        assert_eq!(marked, MAX_SPANS);
    }
}
