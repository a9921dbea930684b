//! What an object in a bucket says of itself: its header, read by ranges as far as the keys allow it. Nothing is copied.

use std::io::{self, Read, Seek, SeekFrom};

use cloud_import_core::{Bytes, Capabilities, Disk, DiskFormat, Error, ErrorKind, ImportRequest, Problem, Result};
use cloud_import_disk::inspect;
use cloud_import_staging::Store;
use tokio::runtime::Handle;

use super::{image::LocalImage, store::blocking};

/// So many bytes are fetched at a time.
const WINDOW: u64 = 64 << 10;

/// As many are fetched at most: as much as the header reader reads.
const WINDOWS: usize = 64;

/// A disk image that is in a bucket already, by its own header.
#[derive(Debug)]
pub struct ObjectImage(LocalImage);

impl ObjectImage {
    /// Reads the header in bounded work. A format that is declared counts instead of the object's own.
    ///
    /// # Errors
    /// The store's own; [`ErrorKind::NotFound`] when there is no such object, [`ErrorKind::Local`] when it is no disk image.
    pub async fn look(store: &Store, key: &str, declared: Option<DiskFormat>) -> Result<Self> {
        let name = format!("{}:{key}", store.bucket().name);
        let head = store.head(key).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "nothing of that name exists").with_provider(store.bucket().provider)
        })?;
        let ranges = Ranges {
            store: store.clone(),
            key: key.to_owned(),
            size: head.size,
            position: 0,
            windows: Vec::new(),
            runtime: Handle::current(),
        };
        let info = blocking(move || {
            inspect(ranges).map_err(|error| match error {
                cloud_import_disk::InspectError::Io { source, .. } => failed(source),
                other => Error::new(ErrorKind::Local, format!("it is not a readable disk image: {other}")),
            })
        });
        Ok(Self(LocalImage::of_object(name, info.await?, declared)))
    }

    /// What its header says.
    pub fn format(&self) -> Option<DiskFormat> {
        self.0.format()
    }

    /// Everything that stands in the way of importing it by this order at this cloud, or that people should know before; as of
    /// [a file](LocalImage::problems).
    pub fn problems(&self, cloud: &Capabilities, order: &ImportRequest) -> Vec<Problem> {
        self.0.problems(cloud, order)
    }

    /// A disk with what the object says of itself.
    pub fn described(&self, disk: Disk) -> Disk {
        self.0.described(disk)
    }
}

/// The store's own error, where it is one.
fn failed(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::Local, format!("it cannot be read: {error}")),
    }
}

/// An object as a file, on a thread that may wait.
struct Ranges {
    store: Store,
    key: String,
    size: u64,
    position: u64,
    /// What was fetched, by its number.
    windows: Vec<(u64, Bytes)>,
    runtime: Handle,
}

impl Ranges {
    fn window(&mut self, number: u64) -> io::Result<Bytes> {
        if let Some((_, bytes)) = self.windows.iter().find(|(known, _)| *known == number) {
            return Ok(bytes.clone());
        }
        if self.windows.len() == WINDOWS {
            return Err(io::Error::other("its header is spread over too many places"));
        }
        let read = self.store.read(&self.key, number * WINDOW, WINDOW);
        let bytes = self.runtime.block_on(read).map_err(io::Error::other)?;
        self.windows.push((number, bytes.clone()));
        Ok(bytes)
    }
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let window = self.window(self.position / WINDOW)?;
        let inside = usize::try_from(self.position % WINDOW).map_err(io::Error::other)?;
        let rest = window.get(inside..).unwrap_or_default();
        if rest.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
