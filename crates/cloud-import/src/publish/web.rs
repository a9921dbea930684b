//! What a file on a web server says of itself: its header, read by ranges. Nothing is copied.

use cloud_import_core::{
    BoxFuture, Bytes, Capabilities, Disk, DiskFormat, Error, ErrorKind, ImportRequest, Problem, Result,
};
use cloud_import_staging::WebFile;

use super::{image::LocalImage, ranges::inspect_by_ranges};

/// A disk image on a web server, by its own header. It is sent from there into the bucket of each destination, and no copy of it is made
/// on this machine.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use cloud_import::{
///     Link, Result,
///     publish::{Publish, WebImage, staging::{WebClient, WebFile}},
///     transport::HttpTransport,
/// };
///
/// # async fn fetched(sha256: &str) -> Result<Publish> {
/// let client = WebClient::new(Arc::new(HttpTransport::new()?));
/// let file = WebFile::open(client, &Link::new("https://images.example/web.qcow2"), sha256).await?;
/// Ok(Publish::of(WebImage::look(file, None).await?))
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct WebImage(pub(super) LocalImage);

impl WebImage {
    /// Reads the header in bounded work. A format that is declared counts instead of the file's own.
    ///
    /// # Errors
    /// Those of [`WebFile::read`]; [`ErrorKind::Local`] when it is no disk image.
    pub async fn look(file: WebFile, declared: Option<DiskFormat>) -> Result<Self> {
        let read = file.clone();
        let fetch = move |first, length| -> BoxFuture<'static, Result<Bytes>> {
            let read = read.clone();
            Box::pin(async move { read.read(first, length).await })
        };
        let info = inspect_by_ranges(file.size(), Box::new(fetch))
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Local => {
                    Error::new(ErrorKind::Local, format!("`{}`: {}", file.stamp().url, error.message()))
                }
                _ => error,
            })?;
        Ok(Self(LocalImage::of_web(file, info, declared)))
    }

    /// What its header says.
    pub fn format(&self) -> Option<DiskFormat> {
        self.0.format()
    }

    /// Its size in bytes.
    pub fn length(&self) -> Option<u64> {
        self.0.length()
    }

    /// The SHA-256 that its content must have, in lower-case hex.
    pub fn sha256(&self) -> &str {
        self.0.sha256().unwrap_or_default()
    }

    /// Everything that stands in the way of importing it by this order at this cloud, or that people should know before; as of
    /// [a file](LocalImage::problems).
    pub fn problems(&self, cloud: &Capabilities, order: &ImportRequest) -> Vec<Problem> {
        self.0.problems(cloud, order)
    }

    /// A disk with what the file says of itself.
    pub fn described(&self, disk: Disk) -> Disk {
        self.0.described(disk)
    }
}
