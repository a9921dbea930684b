//! How a file is cut into parts. Pure.

use cloud_import_core::{Error, ErrorKind, Result};

use crate::spec::Limits;

const MIB: u64 = 1 << 20;

/// Of a part, in bytes, where nothing asks for another: 8 MiB.
pub(crate) const USUAL_PART: u64 = 8 * MIB;

/// Size of every part but the last, in bytes, for a file of this size.
///
/// It is what the store fixes, where it does; else `wanted` or 8 MiB, raised until the store's smallest part and its largest
/// number of parts hold, in whole MiB, and never above the store's largest part.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the store takes no object of that size; names both sizes, not the cloud.
pub fn part_size(size: u64, limits: &Limits, wanted: Option<u64>) -> Result<u64> {
    let too_large = |most: u64| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the file has {size} bytes, and this object storage takes at most {most} in one object"),
        )
        .with_remedy("Make the file smaller: convert the image to compressed qcow2, or shrink its disk.")
    };
    let most = |part: u64| part.saturating_mul(u64::from(limits.max_parts)).min(limits.max_object);
    if let Some(fixed) = limits.fixed_part {
        return if size <= most(fixed) {
            Ok(fixed)
        } else {
            Err(too_large(most(fixed)))
        };
    }
    if size > most(limits.max_part) {
        return Err(too_large(most(limits.max_part)));
    }
    let needed = size.div_ceil(u64::from(limits.max_parts.max(1)));
    let least = wanted.unwrap_or(USUAL_PART).max(needed).max(limits.min_part).max(1);
    Ok(least
        .checked_next_multiple_of(MIB)
        .unwrap_or(least)
        .min(limits.max_part))
}

/// A file cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Size of the file.
    pub(crate) size: u64,
    /// Size of every part but the last.
    pub(crate) part_size: u64,
    /// Number of the first part.
    pub(crate) first: u32,
    /// How many parts there are.
    pub(crate) count: u32,
}

impl Plan {
    /// `None` when there would be more parts than can be numbered.
    pub(crate) fn new(size: u64, part_size: u64, limits: &Limits) -> Option<Self> {
        let count = u32::try_from(size.div_ceil(part_size.max(1))).ok()?;
        (count <= limits.max_parts).then_some(Self {
            size,
            part_size: part_size.max(1),
            first: limits.first_part,
            count,
        })
    }

    /// The numbers of the parts.
    pub(crate) fn numbers(&self) -> std::ops::Range<u32> {
        self.first..self.first.saturating_add(self.count)
    }

    /// Offset and length of a part; `None` when there is no part of that number.
    pub(crate) fn range(&self, number: u32) -> Option<(u64, u64)> {
        if !self.numbers().contains(&number) {
            return None;
        }
        let offset = u64::from(number - self.first) * self.part_size;
        Some((offset, self.part_size.min(self.size - offset)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        min_part: 100 << 10,
        max_part: 5 << 30,
        fixed_part: None,
        max_parts: 10_000,
        first_part: 1,
        max_put: 5 << 30,
        max_object: 48 << 40,
        lists_parts: true,
        lists_uploads: true,
        etag_is_md5: true,
        longest_link: Duration::from_secs(1),
    };

    #[test]
    fn the_part_grows_with_the_file() {
        for (gigabytes, mib) in [(1, 8), (78, 8), (79, 9), (1024, 105)] {
            assert_eq!(
                part_size(gigabytes << 30, &LIMITS, None).unwrap(),
                mib * MIB,
                "{gigabytes}"
            );
        }
        assert_eq!(part_size(1 << 30, &LIMITS, Some(MIB)).unwrap(), MIB);
        assert_eq!(part_size(1 << 30, &LIMITS, Some(1)).unwrap(), MIB);
    }

    #[test]
    fn a_store_that_fixes_the_part_is_obeyed_up_to_its_end() {
        let fixed = Limits {
            fixed_part: Some(4 * MIB),
            ..LIMITS
        };
        assert_eq!(part_size(1, &fixed, Some(MIB)).unwrap(), 4 * MIB);
        assert!(part_size(40_000 * MIB, &fixed, None).is_ok());
        let error = part_size(40_000 * MIB + 1, &fixed, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("41943040001"), "{error}");
        assert!(error.message().contains("41943040000"), "{error}");
    }

    #[test]
    fn an_object_that_no_store_takes_is_refused() {
        assert!(part_size(48 << 40, &LIMITS, None).is_ok());
        assert!(part_size((48 << 40) + 1, &LIMITS, None).is_err());
        assert!(part_size(u64::MAX, &LIMITS, None).is_err());
    }

    proptest! {
        #[test]
        fn every_part_is_within_the_limits_and_none_is_left_out(
            size in 1_u64..(60 << 40),
            min_part in 1_u64..(16 << 20),
            room in 0_u64..(5 << 30),
            max_parts in 1_u32..20_000,
            max_object in 1_u64..(60 << 40),
            first_part in 0_u32..2,
            wanted in proptest::option::of(0_u64..(6 << 30)),
        ) {
            let limits = Limits { min_part, max_part: min_part + room, max_parts, max_object, first_part, ..LIMITS };
            let most = limits.max_part.saturating_mul(u64::from(max_parts)).min(max_object);
            let part = part_size(size, &limits, wanted);
            prop_assert_eq!(part.is_ok(), size <= most);
            let Ok(part) = part else { return Ok(()) };
            prop_assert!(part >= min_part && part <= limits.max_part);
            prop_assert!(part % MIB == 0 || part == limits.max_part);
            let plan = Plan::new(size, part, &limits).unwrap();
            prop_assert!(plan.count <= max_parts);
            // The ends are enough: all others have the same length.
            let (offset, length) = plan.range(plan.numbers().end - 1).unwrap();
            prop_assert_eq!(offset + length, size);
            prop_assert!(length >= 1);
            prop_assert_eq!(plan.range(first_part).unwrap().0, 0);
            prop_assert_eq!(u64::from(plan.count - 1) * part, offset);
            prop_assert!(plan.range(plan.numbers().end).is_none());
        }
    }
}
