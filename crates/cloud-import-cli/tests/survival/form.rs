//! How long the cases are to take, and the randomness in them.

use std::path::PathBuf;

/// What was asked for on the command line.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) long: bool,
    /// Kills at random moments.
    pub(crate) kills: usize,
    pub(crate) seed: u64,
    /// Only cases with one of these in their name.
    pub(crate) only: Vec<String>,
    /// An image that is staged by one request.
    pub(crate) small: PathBuf,
    /// An image of some parts.
    pub(crate) parts: PathBuf,
    /// An image of many parts.
    pub(crate) large: PathBuf,
}

/// SplitMix64: the same seed, the same moments.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}
