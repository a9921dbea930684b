//! Text of Windows as it lies on disks: UTF-16, the lower byte first.

use crate::bytes::le16;

/// The units; a byte too many is left out.
pub(crate) fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|unit| le16(unit, 0)).collect()
}

/// All of it; what is no text is replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf16_lossy(&units(bytes))
}

/// Up to the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> String {
    let units = units(bytes);
    let text = units.split(|unit| *unit == 0).next().unwrap_or_default();
    String::from_utf16_lossy(text)
}
