//! Hashes, keyed hashes and the comparison of signatures.

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::{text::hex, verify::Refusal};

/// Both hashes work on blocks of 64 bytes.
const BLOCK: usize = 64;

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

/// SHA-1 in lower-case hexadecimal.
pub(super) fn sha1_hex(data: &[u8]) -> String {
    hex(&Sha1::digest(data))
}

/// HMAC-SHA256.
pub(super) fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new(&key_block(key, |key| Sha256::digest(key).to_vec()).into());
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA1.
pub(super) fn hmac_sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new(&key_block(key, |key| Sha1::digest(key).to_vec()).into());
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// The chain of keyed hashes by which a signing key is derived: each step is the key of the next.
pub(super) fn hmac_sha256_chain(seed: &str, steps: &[&str]) -> Vec<u8> {
    steps
        .iter()
        .fold(seed.as_bytes().to_vec(), |key, step| hmac_sha256(&key, step.as_bytes()))
}

/// Whether two texts are equal, in a time that depends on their lengths only.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

/// Compares a signature as sent with the one computed; a mismatch shows `string_to_sign`.
pub(super) fn compare(sent: &str, computed: &str, string_to_sign: impl Into<String>) -> Result<(), Refusal> {
    if same(sent.as_bytes(), computed.as_bytes()) {
        return Ok(());
    }
    Err(Refusal::SignatureMismatch {
        string_to_sign: string_to_sign.into(),
    })
}

/// Compares a signature as sent with the HMAC-SHA256 in lower-case hexadecimal.
pub(super) fn compare_hmac_sha256(sent: &str, key: &[u8], string_to_sign: String) -> Result<(), Refusal> {
    compare(sent, &hex(&hmac_sha256(key, string_to_sign.as_bytes())), string_to_sign)
}

/// A key of any length as one block (RFC 2104: a longer key is hashed first). A whole block is the form of key that the
/// hash takes without a length error to handle.
fn key_block(key: &[u8], hash: impl Fn(&[u8]) -> Vec<u8>) -> [u8; BLOCK] {
    let short = if key.len() > BLOCK { hash(key) } else { key.to_vec() };
    let mut block = [0; BLOCK];
    block[..short.len()].copy_from_slice(&short);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 and RFC 4231: test cases 2 (short key) and 6 (key longer than a block).
    #[test]
    fn keyed_hashes_follow_the_rfcs() {
        let data = b"what do ya want for nothing?";
        assert_eq!(
            hex(&hmac_sha1(b"Jefe", data)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(&hmac_sha1(&[0xaa; 80], long)),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        );
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], long)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn only_equal_texts_are_the_same() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
