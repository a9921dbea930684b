//! A file on a web server, read by ranges and known by its SHA-256 before a byte of it is read. It must not keep anything on this
//! machine, send credentials, or know a store.

mod address;
mod answer;
mod client;
mod server;
mod stamp;

use std::{fmt, sync::Arc};

use cloud_import_core::{Bytes, Error, ErrorKind, Link, Result};

use server::Server;

pub use client::WebClient;
pub use stamp::WebStamp;
pub(crate) use stamp::{changed, difference};

/// A file on a web server. Cheap to clone.
///
/// Each range is asked for with `If-Range`, and what the server says of the file is compared each time: a file that changes is an error
/// and never a mixture. Its content is whatever has that SHA-256: an [`Upload`](crate::Upload) sums all bytes, in their order, before
/// it makes an object of them.
///
/// Up to five redirects are followed, and from https to nothing but https. No credentials are sent, and a URL that holds some is
/// refused. So is plain http, but to this machine itself, for tests.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use cloud_import_core::{Link, Result, Stop};
/// use cloud_import_staging::{FileRecordStore, RecordStore, Staged, Store, Upload, WebClient, WebFile};
///
/// async fn copy(client: WebClient, store: Store, sha256: &str, stop: &Stop) -> Result<Staged> {
///     let file = WebFile::open(client, &Link::new("https://images.example/web.qcow2"), sha256).await?;
///     let records = Arc::new(FileRecordStore::new("web.upload.json"));
///     let upload = Upload::of_web(store, file, format!("images/{sha256}.qcow2"));
///     upload.run(records.load()?, records, Arc::new(|_| {}), stop).await
/// }
/// ```
#[derive(Clone)]
pub struct WebFile(Arc<Inner>);

struct Inner {
    server: Server,
    stamp: WebStamp,
    sha256: String,
}

impl fmt::Debug for WebFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebFile")
            .field("stamp", &self.0.stamp)
            .field("sha256", &self.0.sha256)
            .finish_non_exhaustive()
    }
}

impl WebFile {
    /// Asks for the first byte, which tells the size and whether the server sends parts of files.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a URL that is not fetched, a digest that is none, and redirects that are not followed;
    /// [`ErrorKind::Unsupported`] when the server sends no parts of a file, or the file is empty; [`ErrorKind::NotFound`],
    /// [`ErrorKind::PermissionDenied`] and others as the server answers, or the transport fails.
    pub async fn open(client: WebClient, link: &Link, sha256: &str) -> Result<Self> {
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!("`{}` is not a SHA-256", sha256.escape_debug());
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_remedy("Write the 64 hexadecimal digits that the file's publisher names."));
        }
        let server = Server::new(client, link)?;
        let stamp = server.fill(None, 0, &mut [0]).await?;
        Ok(Self(Arc::new(Inner {
            server,
            stamp,
            sha256: sha256.to_ascii_lowercase(),
        })))
    }

    /// What its server says of it.
    pub fn stamp(&self) -> &WebStamp {
        &self.0.stamp
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.0.stamp.size
    }

    /// The SHA-256 that its content must have, in lower-case hex.
    pub fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// So many bytes from the first one on; fewer where it ends. Ask for no more than a few MiB.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with code `FileChanged` when the server has another file by now; every other kind that a request can end
    /// with.
    pub async fn read(&self, first: u64, length: u64) -> Result<Bytes> {
        let length = length.min(self.size().saturating_sub(first));
        let mut buffer = vec![0; usize::try_from(length).unwrap_or_default()];
        self.fill(first, &mut buffer).await?;
        Ok(buffer.into())
    }

    /// Fills the buffer with what stands from `first` on.
    pub(crate) async fn fill(&self, first: u64, buffer: &mut [u8]) -> Result<()> {
        self.0.server.fill(Some(&self.0.stamp), first, buffer).await.map(drop)
    }
}
