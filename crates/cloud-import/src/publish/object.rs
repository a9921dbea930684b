//! What an object in a bucket says of itself: its header, read by ranges as far as the keys allow it. Nothing is copied.

use cloud_import_core::{
    BoxFuture, Bytes, Capabilities, Disk, DiskFormat, Error, ErrorKind, ImportRequest, Problem, Result,
};
use cloud_import_staging::Store;

use super::{image::LocalImage, ranges::inspect_by_ranges};

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
        let (store, own) = (store.clone(), key.to_owned());
        let fetch = move |first, length| -> BoxFuture<'static, Result<Bytes>> {
            let (store, key) = (store.clone(), own.clone());
            Box::pin(async move { store.read(&key, first, length).await })
        };
        let info = inspect_by_ranges(head.size, Box::new(fetch)).await?;
        Ok(Self(LocalImage::of_object(name, info, declared)))
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
