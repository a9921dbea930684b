//! CRC-64 with ECMA-182's polynomial, as Alibaba's and Tencent's stores tell it of a body.
//!
//! Source: "CRC-64" of the OSS documents (initial value and final XOR of all ones, reflected in and out).

/// The polynomial, its lowest bit first.
const REFLECTED: u64 = 0x42f0_e1eb_a9ea_3693_u64.reverse_bits();

/// A sum in the making.
#[derive(Clone, Debug)]
pub(crate) struct Crc64 {
    table: Vec<u64>,
    register: u64,
}

impl Crc64 {
    pub(crate) fn new() -> Self {
        let entry = |byte: u64| (0..8).fold(byte, |sum, _| (sum >> 1) ^ (REFLECTED * (sum & 1)));
        Crc64 {
            table: (0..256).map(entry).collect(),
            register: u64::MAX,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let index = (self.register ^ u64::from(*byte)) & 0xff;
            self.register = self.table[index as usize] ^ (self.register >> 8);
        }
    }

    pub(crate) fn finish(&self) -> u64 {
        self.register ^ u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum that the catalogues of CRCs publish for this one.
    #[test]
    fn the_published_sum_comes_out() {
        let mut sum = Crc64::new();
        sum.update(b"12345");
        sum.update(b"6789");
        assert_eq!(sum.finish(), 0x995d_c9bb_df19_39fa);
    }
}
