//! Where the bytes of an upload come from: a file of this machine, which was summed before, or one on the web, which is summed on its
//! way. Knows no store.

use std::fmt;

use cloud_import_core::{Error, ErrorKind, Result, Stop, provider::digest};
use md5::{Digest as _, Md5};

use super::options::stopped;
use crate::{
    blocking,
    budget::{Budget, Buffer},
    crc64,
    file::{self, FileStamp, LocalFile},
    hash::Hashed,
    objects::Receipt,
    web::WebFile,
};

/// What is uploaded.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File { file: LocalFile, hashed: Hashed },
    Web(WebFile),
}

/// A range of it in memory, and its sum.
pub(super) struct Piece {
    pub(super) buffer: Buffer,
    pub(super) sum: PieceSum,
}

/// What a piece is held against when the store has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceSum {
    /// It goes along with the piece, and the store refuses another one.
    Md5([u8; 16]),
    /// The store answers with its own: a fraction of the work.
    Crc64(u64),
}

impl PieceSum {
    /// What is sent along.
    pub(super) fn md5(self) -> Option<[u8; 16]> {
        match self {
            Self::Md5(md5) => Some(md5),
            Self::Crc64(_) => None,
        }
    }

    pub(super) fn md5_of(bytes: &[u8]) -> Self {
        Self::Md5(Md5::digest(bytes).into())
    }

    pub(super) fn crc64(self) -> Option<u64> {
        match self {
            Self::Md5(_) => None,
            Self::Crc64(sum) => Some(sum),
        }
    }

    /// Whether the store says that it has other bytes than these.
    pub(super) fn is_denied_by(self, receipt: &Receipt, bytes: &[u8]) -> bool {
        let md5 = || digest::hex(&self.md5().unwrap_or_else(|| Md5::digest(bytes).into()));
        receipt.denies(md5, || self.crc64().unwrap_or_else(|| crc64::update(0, bytes)))
    }
}

impl fmt::Display for PieceSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Md5(md5) => write!(f, "MD5 is {}", digest::hex(md5)),
            Self::Crc64(sum) => write!(f, "CRC-64 is {sum}"),
        }
    }
}

impl Source {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File { file, .. } => file.size(),
            Self::Web(file) => file.size(),
        }
    }

    /// The SHA-256 that its content has, or must have.
    pub(super) fn sha256(&self) -> &str {
        match self {
            Self::File { hashed, .. } => &hashed.sha256,
            Self::Web(file) => file.sha256(),
        }
    }

    pub(super) fn stamp(&self) -> FileStamp {
        match self {
            Self::File { file, .. } => file.stamp(),
            Self::Web(file) => FileStamp::of_size(file.size()),
        }
    }

    pub(super) fn web(&self) -> Option<&WebFile> {
        match self {
            Self::File { .. } => None,
            Self::Web(file) => Some(file),
        }
    }

    /// Its name for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::File { file, .. } => file.path().display().to_string(),
            Self::Web(file) => file.stamp().url.clone(),
        }
    }

    /// Whether it is still what was summed. Of a web file each range that is read says so.
    pub(super) async fn check(&self) -> Result<()> {
        let Self::File { file, hashed } = self else {
            return Ok(());
        };
        let now = file.clone();
        blocking::run(move || now.unchanged()).await?;
        match hashed.stamp == file.stamp() {
            true => Ok(()),
            false => Err(file::changed(file.path(), "it is not the file that was hashed")),
        }
    }

    /// A range, in memory of the budget. `answers_crc64`: the store tells that sum of what it took.
    pub(super) async fn read(
        &self,
        (budget, stop): (&Budget, &Stop),
        (offset, length): (u64, u64),
        answers_crc64: bool,
    ) -> Result<Piece> {
        let length = usize::try_from(length).map_err(|_| {
            Error::new(
                ErrorKind::Local,
                format!("a part of {length} bytes does not fit into this machine's memory"),
            )
        })?;
        let mut buffer = tokio::select! {
            buffer = budget.take(length) => buffer,
            () = stop.requested() => return Err(stopped()),
        };
        let file = match self {
            Self::File { file, .. } => Some(file.clone()),
            Self::Web(file) => {
                tokio::select! {
                    filled = file.fill(offset, buffer.as_mut()) => filled?,
                    () = stop.requested() => return Err(stopped()),
                }
                None
            }
        };
        // A web file's parts are known by their MD5 when they are fetched again.
        let sums_crc64 = answers_crc64 && file.is_some();
        blocking::run(move || {
            if let Some(file) = file {
                file.read_at(offset, buffer.as_mut())?;
                file.unchanged()?;
            }
            let sum = match sums_crc64 {
                true => PieceSum::Crc64(crc64::update(0, buffer.as_mut())),
                false => PieceSum::md5_of(buffer.as_mut()),
            };
            Ok(Piece { buffer, sum })
        })
        .await
    }
}
