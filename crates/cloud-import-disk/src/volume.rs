//! What a disk without a partition table begins with: a file system, a volume of a volume manager, swap, or nothing but zeros.
//! Only marks that leave little to chance: four bytes or more, or two in a place of their own.

use crate::{
    Contents,
    guest::{Guest, Miss},
    source::Source,
};

/// A mark at its place on the disk.
type Mark = (u64, &'static [u8], &'static str);

/// In the order of their places.
const MARKS: &[Mark] = &[
    (0, b"XFSB", "xfs"),
    (0, b"bcachefs", "bcachefs"),
    (0, &[0xFC, 0x4E, 0x2B, 0xA9], "mdraid"),
    (0, &[0xC9, 0xC2, 0xD4, 0xC1], "aix"),
    (0, b"bluestore block device", "bluestore"),
    (0, b"LABELONE", "lvm"),
    (0, &[0x0B, 0xE5, 0xA9, 0x41], "sgi disk label"),
    (3, b"NTFS    ", "ntfs"),
    (3, b"ReFS\0\0\0\0", "refs"),
    (3, b"EXFAT   ", "exfat"),
    (3, b"-FVE-FS-", "bitlocker"),
    (32, b"NXSB", "apfs"),
    (32, b"ORCLDISK", "oracle asm"),
    (54, b"FAT12   ", "fat"),
    (54, b"FAT16   ", "fat"),
    (54, b"FAT     ", "fat"),
    (82, b"FAT32   ", "fat"),
    (508, &[0xDA, 0xBE], "sun disk label"),
    (512, &[0x57, 0x45, 0x56, 0x82], "bsd disk label"),
    (512, b"LABELONE", "lvm"),
    (512, b"PM\0\0", "apple partition map"),
    (516, b"!Stra0tis\x86\xFF\x02^\x41rh", "stratis"),
    (1024, b"LABELONE", "lvm"),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], "f2fs"),
    (1024, b"H+\0\x04", "hfs"),
    (1024, b"HX\0\x05", "hfs"),
    (1024, b"OCFSV2", "ocfs2"),
    (1024 + 56, &[0x53, 0xEF], "ext"),
    (1536, b"LABELONE", "lvm"),
    (2048, b"OCFSV2", "ocfs2"),
    (4086, b"SWAPSPACE2", "swap"),
    (4086, b"SWAP-SPACE", "swap"),
    (4096, &[0xFC, 0x4E, 0x2B, 0xA9], "mdraid"),
    (4096, b"OCFSV2", "ocfs2"),
    (4096 + 24, &[0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA], "bcache"),
    (4096 + 24, &[0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9], "bcachefs"),
    (8192, b"OCFSV2", "ocfs2"),
    (8192 + 1372, &[0x54, 0x19, 0x01, 0x00], "ufs"),
    (16384 + 16, b"\0\0\0\x07version\0", "zfs"),
    (32768, b"JFS1", "jfs"),
    (65526, b"SWAPSPACE2", "swap"),
    (65536, &[0x01, 0x16, 0x19, 0x70], "gfs2"),
    (65536 + 52, b"ReIsEr", "reiserfs"),
    (65536 + 64, b"_BHRfS_M", "btrfs"),
    (65536 + 1372, &[0x19, 0x01, 0x54, 0x19], "ufs"),
    (1 << 20, &[0x0D, 0xD0, 0x01, 0xC0], "vmfs"),
];

/// How much is looked at in one go.
const PAGE: u64 = 4096;
/// Pages looked at all over the disk before it is called empty.
const SAMPLES: u64 = 16;

/// What stands at the beginning of the disk.
pub(crate) fn find(source: &mut Source<'_>, guest: &mut Guest) -> Result<Contents, Miss> {
    let (mut page, mut zeros) = (None, true);
    for (at, mark, name) in MARKS {
        let start = at / PAGE * PAGE;
        let bytes = match page.take() {
            Some((known, bytes)) if known == start => bytes,
            _ => read(source, guest, start)?,
        };
        if bytes
            .get((at - start) as usize..)
            .is_some_and(|rest| rest.starts_with(mark))
        {
            return Ok(Contents::Volume(name));
        }
        zeros &= is_zero(&bytes);
        page = Some((start, bytes));
    }
    let step = guest.size() / SAMPLES;
    for number in 0..SAMPLES {
        if !zeros {
            return Ok(Contents::Unrecognized);
        }
        zeros = is_zero(&read(source, guest, number * step / PAGE * PAGE)?);
    }
    Ok(if zeros { Contents::Zeros } else { Contents::Unrecognized })
}

/// A page, or what there is of the last one.
fn read(source: &mut Source<'_>, guest: &mut Guest, at: u64) -> Result<Vec<u8>, Miss> {
    let len = guest.size().saturating_sub(at).min(PAGE);
    Ok(guest.read(source, at, len as usize)?.unwrap_or_default())
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
