//! The sum that OSS and COS tell of what they hold: CRC-64 of ECMA-182, reflected, as in XZ. Pure.

use crc_fast::{CrcAlgorithm::Crc64Xz, Digest, checksum_combine};

/// The sum of bytes that follow those of `sum`; 0 at the beginning.
pub(crate) fn update(sum: u64, bytes: &[u8]) -> u64 {
    // What it has in between is not negated.
    let mut digest = Digest::new_with_init_state(Crc64Xz, !sum);
    digest.update(bytes);
    digest.finalize()
}

/// The sum of two pieces one after the other, by the sum of each and the length of the second. It takes as long as that of 100 KiB.
pub(crate) fn joined(first: u64, second: u64, length: u64) -> u64 {
    checksum_combine(Crc64Xz, first, second, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the published catalogues.
    #[test]
    fn agrees_with_the_published_check_value() {
        assert_eq!(update(0, b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(update(update(0, b"1234"), b"56789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(update(0, b""), 0);
        assert_eq!(
            joined(update(0, b"123"), update(0, b"456789"), 6),
            update(0, b"123456789")
        );
        assert_eq!(joined(7, 0, 0), 7);
    }
}
