//! Tar archives, and among them the appliances of the Open Virtualization Format. Members are not unpacked.

use crate::{Format, bytes::text};

/// The format of an archive that begins with `head`; `None` where it is no tar archive.
pub(crate) fn recognise(head: &[u8]) -> Option<Format> {
    let block = head.get(..512)?;
    if block.get(257..262) != Some(b"ustar") || !checksum_holds(block) {
        return None;
    }
    let name = text(block.get(..100)?).to_ascii_lowercase();
    Some(if name.ends_with(".ovf") {
        Format::Ova
    } else {
        Format::Tar
    })
}

fn checksum_holds(block: &[u8]) -> bool {
    let digits = text(block.get(148..156).unwrap_or_default());
    let Ok(claimed) = u32::from_str_radix(digits.trim(), 8) else {
        return false;
    };
    // The field itself counts as blanks.
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            if (148..156).contains(&at) {
                u32::from(b' ')
            } else {
                u32::from(*byte)
            }
        })
        .sum();
    sum == claimed
}
