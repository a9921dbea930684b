//! The sum that OSS and COS tell of what they hold: CRC-64 of ECMA-182, reflected, as in XZ. Pure.

const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;

static TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = index as u64;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ POLYNOMIAL
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
}

/// The sum of bytes that go on where those of `sum` ended; 0 at the beginning.
pub(crate) fn update(sum: u64, bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8);
    !bytes.iter().fold(!sum, step)
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
    }
}
