//! Where the bytes of an upload come from: a file of this machine, which was summed before, or one on the web, which is summed on its
//! way. Knows no store.

use cloud_import_core::{Error, ErrorKind, Result, Stop};
use md5::{Digest as _, Md5};

use super::options::stopped;
use crate::{
    blocking,
    budget::{Budget, Buffer},
    file::{self, FileStamp, LocalFile},
    hash::Hashed,
    web::WebFile,
};

/// What is uploaded.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File { file: LocalFile, hashed: Hashed },
    Web(WebFile),
}

/// A range of it in memory, and its MD5.
pub(super) struct Piece {
    pub(super) buffer: Buffer,
    pub(super) md5: [u8; 16],
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

    /// A range, in memory of the budget.
    pub(super) async fn read(&self, budget: &Budget, stop: &Stop, offset: u64, length: u64) -> Result<Piece> {
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
        blocking::run(move || {
            if let Some(file) = file {
                file.read_at(offset, buffer.as_mut())?;
                file.unchanged()?;
            }
            let md5 = Md5::digest(buffer.as_mut()).into();
            Ok(Piece { buffer, md5 })
        })
        .await
    }
}
