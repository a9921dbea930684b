//! Whether bytes are zeros. A disk may be nothing else for hours.

/// Bytes that are looked at together.
const STRIDE: usize = 128;

/// Whether all of them are zeros. It ends soon behind the first that is not.
pub(crate) fn are_zeros(bytes: &[u8]) -> bool {
    let (strides, rest) = bytes.as_chunks::<STRIDE>();
    // By words, and without a way out within a stride: so the compiler takes several at once.
    let is_zero = |stride: &[u8; STRIDE]| {
        let words = stride.as_chunks::<8>().0.iter();
        words.fold(0, |all, word| all | u64::from_ne_bytes(*word)) == 0
    };
    strides.iter().all(is_zero) && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_anywhere_is_seen() {
        for len in [0, 1, 7, 127, 128, 129, 300] {
            let mut bytes = vec![0; len];
            assert!(are_zeros(&bytes), "{len}");
            for at in 0..len {
                bytes[at] = 1;
                assert!(!are_zeros(&bytes), "{at} of {len}");
                bytes[at] = 0;
            }
        }
    }
}
