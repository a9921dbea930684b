//! A header that lies elsewhere, read by ranges: what the reader of disks needs of a file, in bounded work. Knows neither stores nor
//! servers.

use std::io::{self, Read, Seek, SeekFrom};

use cloud_import_core::{BoxFuture, Bytes, Error, ErrorKind, Result};
use cloud_import_disk::{DiskInfo, InspectError, inspect};
use tokio::runtime::Handle;

use super::store::blocking;

/// So many bytes are fetched at a time.
const WINDOW: u64 = 64 << 10;

/// As many are fetched at most: as much as the header reader reads.
const WINDOWS: usize = 64;

/// Reads so many bytes from the first one on.
pub(crate) type Fetch = Box<dyn Fn(u64, u64) -> BoxFuture<'static, Result<Bytes>> + Send>;

/// What the header of something of this size says.
///
/// # Errors
/// The fetch's own; [`ErrorKind::Local`] when it is no disk image.
pub(crate) async fn inspect_by_ranges(size: u64, fetch: Fetch) -> Result<DiskInfo> {
    let ranges = Ranges {
        fetch,
        size,
        position: 0,
        windows: Vec::new(),
        runtime: Handle::current(),
    };
    blocking(move || {
        inspect(ranges).map_err(|error| match error {
            InspectError::Io { source, .. } => failed(source),
            other => Error::new(ErrorKind::Local, format!("it is not a readable disk image: {other}")),
        })
    })
    .await
}

/// The fetch's own error, where it is one.
fn failed(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::Local, format!("it cannot be read: {error}")),
    }
}

/// As a file, on a thread that may wait.
struct Ranges {
    fetch: Fetch,
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
        let read = (self.fetch)(number * WINDOW, WINDOW);
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
