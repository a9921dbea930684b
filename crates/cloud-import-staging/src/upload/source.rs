//! Where the bytes of an upload come from: a file of this machine, which was summed before, or one on the web, which is summed on its
//! way. Knows no store.

use cloud_import_core::{Error, ErrorKind, Result, Stop};
use md5::{Digest as _, Md5};

use super::{
    options::stopped,
    piece::{FilePart, Piece, md5_of},
};
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

/// How a range is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Its MD5 goes along, for the store to compare.
    pub(super) md5: bool,
    /// It may be read while it is sent.
    pub(super) streamed: bool,
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

    /// A range, within the budget.
    pub(super) async fn read(
        &self,
        (budget, stop): (&Budget, &Stop),
        range: (u64, u64),
        wanted: Wanted,
    ) -> Result<Piece> {
        match self {
            // What is made of a file is made once.
            Self::File { file, .. } if wanted.streamed && file.form().is_none() => {
                let room = unless_stopped(stop, budget.reserve(STREAMED)).await?;
                let part = FilePart::new(file.clone(), range, !wanted.md5);
                let (file, md5) = (file.clone(), wanted.md5);
                let md5 = blocking::run(move || md5.then(|| md5_of(&file, range)).transpose()).await?;
                Ok(Piece::streamed(part, room, md5))
            }
            Self::File { file, .. } => {
                let mut buffer = room(budget, stop, range.1).await?;
                let file = file.clone();
                blocking::run(move || {
                    file.read_at(range.0, buffer.as_mut())?;
                    file.unchanged()?;
                    let md5 = wanted.md5.then(|| Md5::digest(buffer.as_ref()).into());
                    Ok(Piece::held(buffer.into_bytes(), md5))
                })
                .await
            }
            Self::Web(file) => {
                let mut buffer = room(budget, stop, range.1).await?;
                unless_stopped(stop, file.fill(range.0, buffer.as_mut())).await??;
                // Its parts are known by their MD5 when they are fetched again.
                blocking::run(move || {
                    let md5 = Md5::digest(buffer.as_ref()).into();
                    Ok(Piece::held(buffer.into_bytes(), Some(md5)))
                })
                .await
            }
        }
    }
}

/// What a part that is read while it is sent takes of the budget, in bytes.
const STREAMED: u64 = 1 << 20;

async fn room(budget: &Budget, stop: &Stop, length: u64) -> Result<Buffer> {
    let length = usize::try_from(length).map_err(|_| {
        let message = format!("a part of {length} bytes does not fit into this machine's memory");
        Error::new(ErrorKind::Local, message)
    })?;
    unless_stopped(stop, budget.take(length)).await
}

async fn unless_stopped<T>(stop: &Stop, work: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        done = work => Ok(done),
        () = stop.requested() => Err(stopped()),
    }
}
