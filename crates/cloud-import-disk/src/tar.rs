//! Tar archives, and among them the appliances of the Open Virtualization Format. Members are not unpacked.

use crate::{
    Format,
    bytes::text,
    layout::{Image, Layout},
};

pub(crate) const OVA: Layout = Layout {
    name: "ova",
    is_disk: false,
    is_it: |source| Ok(first_member(source.head()).is_some_and(|name| name.ends_with(".ovf"))),
    read: |source| Ok(Image::packed(Format::Ova, source.len())),
};

/// Any other archive.
pub(crate) const TAR: Layout = Layout {
    name: "tar",
    is_disk: false,
    is_it: |source| Ok(first_member(source.head()).is_some()),
    read: |source| Ok(Image::packed(Format::Tar, source.len())),
};

/// The name of the first member, in lower case; `None` where it is no tar archive.
fn first_member(head: &[u8]) -> Option<String> {
    let block = head.get(..512)?;
    if block.get(257..262) != Some(b"ustar") || !checksum_holds(block) {
        return None;
    }
    Some(text(block.get(..100)?).to_ascii_lowercase())
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
