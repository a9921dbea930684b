//! The two CRC-32 sums that headers carry. Bit by bit: a few KiB at most are summed.

/// CRC-32 of GPT headers (polynomial 0xEDB88320, reflected).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    sum(bytes, 0xEDB8_8320)
}

/// CRC-32C of VHDX headers (polynomial 0x82F63B78, reflected).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    sum(bytes, 0x82F6_3B78)
}

fn sum(bytes: &[u8], polynomial: u32) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    // Both answers are the check values that the catalogues of CRC parameters print for these nine digits.
    #[test]
    fn the_catalogued_check_values() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32c(b"123456789"), 0xE306_9283);
    }
}
