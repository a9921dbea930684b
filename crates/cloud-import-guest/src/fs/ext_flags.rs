//! The flags of a file on ext2, ext3 and ext4, which `ext4-view` does not tell: a walk of its own from folder to folder.

use crate::{
    bytes::{has, le16, le32, u8_at},
    source::{NotRead, Part},
};

/// The bit of a file that nobody may change.
const IMMUTABLE: u32 = 0x10;
/// The bit of a file whose blocks are told by extents.
const EXTENTS: u32 = 0x8_0000;
/// The most blocks of a folder that are gone through.
const MOST: u64 = 256;

/// What is needed of a superblock to find an inode. It was looked at before.
struct Walk<'a> {
    part: &'a Part,
    superblock: &'a [u8],
    block: u64,
}

/// Whether the file at a path without links is one that nobody may change; no, where there is none.
pub(super) fn is_immutable(part: &Part, superblock: &[u8], path: &str) -> Result<bool, NotRead> {
    let walk = Walk {
        part,
        superblock,
        block: 1024 << le32(superblock, 0x18).min(6),
    };
    let mut inode = walk.inode(2)?;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let Some(number) = walk.find(&inode, name)? else {
            return Ok(false);
        };
        inode = walk.inode(number)?;
    }
    Ok(le32(&inode, 0x20) & IMMUTABLE != 0)
}

impl Walk<'_> {
    fn inode(&self, number: u32) -> Result<Vec<u8>, NotRead> {
        let word = |at| le32(self.superblock, at);
        let (group, index) = (
            number.saturating_sub(1) / word(0x28).max(1),
            number.saturating_sub(1) % word(0x28).max(1),
        );
        let is_64bit = word(0x60) & 0x80 != 0;
        let size = if is_64bit {
            u64::from(le16(self.superblock, 0xFE))
        } else {
            32
        };
        let groups = (u64::from(word(0x14)) + 1) * self.block;
        let entry = self.part.bytes(groups + u64::from(group) * size, 64)?;
        let high = if is_64bit && size >= 64 {
            u64::from(le32(&entry, 0x28)) << 32
        } else {
            0
        };
        let table = u64::from(le32(&entry, 8)) | high;
        let size = if word(0x4C) > 0 {
            u64::from(le16(self.superblock, 0x58))
        } else {
            128
        };
        let at = table
            .checked_mul(self.block)
            .and_then(|at| at.checked_add(u64::from(index) * size));
        self.part
            .bytes(at.ok_or_else(|| NotRead::new("an inode is nowhere"))?, 128)
    }

    /// The number of the file of a name in a folder.
    fn find(&self, folder: &[u8], name: &str) -> Result<Option<u32>, NotRead> {
        let count = u64::from(le32(folder, 4)).div_ceil(self.block).min(MOST);
        for number in 0..count {
            let Some(block) = self.place(folder, number)? else {
                continue;
            };
            let bytes = self.part.bytes(block.saturating_mul(self.block), self.block as usize)?;
            let mut at = 0;
            // An index of names looks like entries without a file.
            while at + 8 <= bytes.len() {
                let (inode, len) = (le32(&bytes, at), usize::from(le16(&bytes, at + 4)));
                if inode != 0
                    && usize::from(u8_at(&bytes, at + 6)) == name.len()
                    && has(&bytes, at + 8, name.as_bytes())
                {
                    return Ok(Some(inode));
                }
                if len < 8 {
                    break;
                }
                at += len;
            }
        }
        Ok(None)
    }

    /// Where a block of a file stands; `None` for a hole, and for what only tables of blocks tell.
    fn place(&self, inode: &[u8], number: u64) -> Result<Option<u64>, NotRead> {
        let mut node = inode.get(0x28..0x64).unwrap_or_default().to_vec();
        if le32(inode, 0x20) & EXTENTS == 0 {
            let block = (number < 12).then(|| u64::from(le32(&node, number as usize * 4)));
            return Ok(block.filter(|block| *block != 0));
        }
        for _ in 0..6 {
            let entries = (1..=usize::from(le16(&node, 2)))
                .map(|entry| entry * 12)
                .take_while(|at| at + 12 <= node.len());
            let Some(at) = entries.filter(|at| u64::from(le32(&node, *at)) <= number).last() else {
                return Ok(None);
            };
            let first = u64::from(le32(&node, at));
            if le16(&node, 6) == 0 {
                let (len, high, low) = (le16(&node, at + 4), le16(&node, at + 6), le32(&node, at + 8));
                let start = u64::from(high) << 32 | u64::from(low);
                return Ok((number - first < u64::from(len)).then(|| start + (number - first)));
            }
            let next = u64::from(le16(&node, at + 8)) << 32 | u64::from(le32(&node, at + 4));
            node = self.part.bytes(next.saturating_mul(self.block), self.block as usize)?;
        }
        Err(NotRead::new("the extents of a folder have no end"))
    }
}
