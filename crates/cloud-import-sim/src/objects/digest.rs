//! What is computed over a body while it arrives: the ETag, and the SHA-256 if the request asks for its comparison.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::crc64::Crc64;
use crate::{cloud::Cloud, text::hex};

/// The size of US3's blocks.
pub(crate) const BLOCK: u64 = 4 << 20;

/// How a store makes its ETags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EtagKind {
    /// MD5 in hexadecimal; of an object made of parts the MD5 of the parts' MD5s and their number.
    Md5,
    /// UCloud's: a count of blocks of 4 MiB and a SHA-1 over theirs. Unverified: its documents only say that it is no MD5.
    Blocks,
}

impl EtagKind {
    pub(crate) fn of(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Ucloud => EtagKind::Blocks,
            _ => EtagKind::Md5,
        }
    }

    /// The ETag of a body with these raw digests, without quotes.
    fn single(self, raw: &[u8]) -> String {
        match self {
            EtagKind::Md5 => hex(raw),
            EtagKind::Blocks => blocks(raw),
        }
    }

    /// The ETag of an object made of parts with these raw digests, without quotes.
    pub(crate) fn composed<'r>(self, raws: impl ExactSizeIterator<Item = &'r [u8]>) -> String {
        let count = raws.len();
        let mut all = Vec::new();
        for raw in raws {
            all.extend_from_slice(raw);
        }
        match self {
            EtagKind::Md5 => format!("{}-{count}", hex(&Md5::digest(&all))),
            EtagKind::Blocks => blocks(&all),
        }
    }
}

fn blocks(raw: &[u8]) -> String {
    const SHA1: usize = 20;
    let count = u32::try_from(raw.len() / SHA1).unwrap_or(u32::MAX);
    let mut text = count.to_le_bytes().to_vec();
    if count > 1 {
        text.extend_from_slice(&Sha1::digest(raw));
    } else {
        text.extend_from_slice(raw);
    }
    URL_SAFE.encode(text)
}

/// The digests of a whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digests {
    /// The MD5, or the SHA-1 of each block.
    pub(crate) raw: Vec<u8>,
    /// Without quotes.
    pub(crate) etag: String,
    /// In lower-case hexadecimal, if it was asked for.
    pub(crate) sha256: Option<String>,
    /// If it was asked for.
    pub(crate) crc64: Option<u64>,
}

/// Digests in the making.
pub(crate) struct Digester {
    kind: EtagKind,
    md5: Md5,
    block: Sha1,
    in_block: u64,
    blocks: Vec<u8>,
    sha256: Option<Sha256>,
    crc64: Option<Crc64>,
}

impl Digester {
    pub(crate) fn new(kind: EtagKind, sha256: bool) -> Self {
        Digester {
            kind,
            md5: Md5::new(),
            block: Sha1::new(),
            in_block: 0,
            blocks: Vec::new(),
            sha256: sha256.then(Sha256::new),
            crc64: None,
        }
    }

    /// Computes the CRC-64, too.
    pub(crate) fn with_crc64(mut self, wanted: bool) -> Self {
        self.crc64 = wanted.then(Crc64::new);
        self
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
        if self.kind == EtagKind::Md5 {
            self.md5.update(bytes);
            return;
        }
        while !bytes.is_empty() {
            let room = usize::try_from(BLOCK - self.in_block).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.update(now);
            self.in_block += now.len() as u64;
            if self.in_block == BLOCK {
                self.end_block();
            }
            bytes = later;
        }
    }

    pub(crate) fn finish(mut self) -> Digests {
        let raw = match self.kind {
            EtagKind::Md5 => self.md5.finalize().to_vec(),
            EtagKind::Blocks => {
                if self.in_block > 0 || self.blocks.is_empty() {
                    self.end_block();
                }
                self.blocks
            }
        };
        Digests {
            etag: self.kind.single(&raw),
            raw,
            sha256: self.sha256.map(|sha256| hex(&sha256.finalize())),
            crc64: self.crc64.map(|crc64| crc64.finish()),
        }
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        self.blocks.extend_from_slice(&block.finalize());
        self.in_block = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(kind: EtagKind, chunks: &[&[u8]]) -> Digests {
        let mut digester = Digester::new(kind, true);
        for chunk in chunks {
            digester.update(chunk);
        }
        digester.finish()
    }

    #[test]
    fn an_etag_is_the_md5_and_of_parts_the_md5_of_md5s() {
        let found = digests(EtagKind::Md5, &[b"ab", b"", b"c"]);
        assert_eq!(found.etag, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            found.sha256.as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        let other = digests(EtagKind::Md5, &[b"abc"]);
        assert_eq!(found, other);
        let raws = [found.raw.as_slice(), other.raw.as_slice()];
        let both = EtagKind::Md5.composed(raws.into_iter());
        assert_eq!(
            both,
            format!("{}-2", hex(&Md5::digest([found.raw, other.raw].concat())))
        );
    }

    #[test]
    fn blocks_count_the_same_whether_they_came_as_parts_or_at_once() {
        let block = vec![7; BLOCK as usize];
        let rest = [1_u8; 10];
        let whole = digests(EtagKind::Blocks, &[&block[..100], &block[100..], &rest]);
        let first = digests(EtagKind::Blocks, &[&block]);
        let second = digests(EtagKind::Blocks, &[&rest]);
        let raws = [first.raw.as_slice(), second.raw.as_slice()];
        assert_eq!(EtagKind::Blocks.composed(raws.into_iter()), whole.etag);
        assert_ne!(first.etag, whole.etag);
        assert_eq!(digests(EtagKind::Blocks, &[]).raw.len(), 20);
    }
}
