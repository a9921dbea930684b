//! The head of NTFS's log, which tells whether the volume was closed. It must not read the log itself.

use super::record;
use crate::bytes::{le16, le32, le64};

/// Bytes of each of the two pages at its beginning.
pub(super) const PAGE: usize = 4096;

/// Whether nothing waits in the log. A log that was never written is closed.
pub(super) fn is_closed(pages: &[Vec<u8>]) -> bool {
    // Both tell the same; the one that was written later counts.
    let areas = pages.iter().filter_map(|page| area(page.clone()));
    let newest = areas.max_by_key(|area| le64(area, 0));
    newest.is_none_or(|area| {
        let (clients_in_use, flags) = (le16(&area, 12), le16(&area, 14));
        clients_in_use == 0xFFFF || flags & 2 != 0
    })
}

/// What a page tells of the log's state.
fn area(mut page: Vec<u8>) -> Option<Vec<u8>> {
    let (is_head, len) = (page.starts_with(b"RSTR"), le32(&page, 16) as usize);
    if !is_head || len != PAGE || record::mend(&mut page).is_err() {
        return None;
    }
    let at = usize::from(le16(&page, 24));
    page.get(at..at + 16).map(<[u8]>::to_vec)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn page(number: u64, clients_in_use: u16, flags: u16) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[..4].copy_from_slice(b"RSTR");
        page[4..8].copy_from_slice(&[30, 0, 9, 0]);
        page[16..20].copy_from_slice(&(PAGE as u32).to_le_bytes());
        page[24..26].copy_from_slice(&48_u16.to_le_bytes());
        page[48..56].copy_from_slice(&number.to_le_bytes());
        page[60..62].copy_from_slice(&clients_in_use.to_le_bytes());
        page[62..64].copy_from_slice(&flags.to_le_bytes());
        page
    }

    #[test]
    fn the_newer_page_counts_and_one_that_is_empty_does_not() {
        let (open, closed) = (page(7, 0, 0), page(8, 0xFFFF, 0));
        assert!(!is_closed(&[open.clone(), vec![0xFF; PAGE]]));
        assert!(is_closed(&[open.clone(), closed.clone()]));
        assert!(!is_closed(&[page(9, 0, 0), closed.clone()]));
        assert!(is_closed(&[page(9, 0, 2), closed]));
        assert!(is_closed(&[vec![0xFF; PAGE], vec![0; PAGE]]));
        let mut torn = open;
        torn[510] = 1;
        assert!(is_closed(&[torn, vec![0xFF; PAGE]]));
    }
}
