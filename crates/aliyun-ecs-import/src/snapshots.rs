//! The snapshots behind an image: they stay, and are billed, when it is deleted, unless they are deleted, too.

use cloud_import_core::{Error, ErrorKind, ImageImporter as _, ImportedImage, Provider, Result};

use crate::{Importer, generated as wire};

impl Importer {
    /// Ids of the snapshots that an image is made of; none when the image is not listed.
    ///
    /// # Errors
    /// When the image cannot be looked at. Nothing was deleted then.
    pub(crate) async fn snapshots_of(&self, image: &ImportedImage) -> Result<Vec<String>> {
        let image = self
            .image_by_id(&image.id)
            .await
            .map_err(|error| error.with_may_have_executed(false))?;
        let disks = image.and_then(|image| image.disk_device_mappings).unwrap_or_default();
        let ids = disks.into_iter().filter_map(|disk| disk.snapshot_id);
        Ok(ids.filter(|id| !id.is_empty()).collect())
    }

    /// Deletes the snapshots of an image that was deleted, never by force. The vendor may take a while to see that the
    /// image is gone: what it refuses until then is tried again within the grace period.
    ///
    /// # Errors
    /// The first refusal, naming every snapshot that stays.
    pub(crate) async fn delete_snapshots(&self, image: &ImportedImage, ids: Vec<String>) -> Result<()> {
        let (ambient, grace) = (self.ambient(), self.grace());
        let started = ambient.monotonic();
        let mut pending = ids;
        let mut refused = Vec::new();
        while !pending.is_empty() {
            let is_over = ambient.monotonic().saturating_sub(started) >= grace.period;
            let mut later = Vec::new();
            for id in pending {
                match self.delete_snapshot(&id).await {
                    Ok(()) => {}
                    Err(error) if is_passing(&error) && !is_over => later.push(id),
                    Err(error) => refused.push((id, error)),
                }
            }
            pending = later;
            if !pending.is_empty() {
                ambient.sleep(grace.interval).await;
            }
        }
        still_there(image, refused).map_or(Ok(()), Err)
    }

    /// Deletes a snapshot. One that does not exist is deleted.
    async fn delete_snapshot(&self, id: &str) -> Result<()> {
        let request = wire::DeleteSnapshotRequest {
            region_id: Some(self.region().to_owned()),
            snapshot_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.client().delete_snapshot(&request).await {
            Err(error) if error.code() == Some("InvalidSnapshotId.NotFound") => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// The error of an image's deletion. If the image may be gone for all that, its snapshots are told: nobody else can.
pub(crate) fn in_doubt(error: Error, snapshots: &[String]) -> Error {
    if snapshots.is_empty() || !error.may_have_executed() {
        return error;
    }
    error.with_remedy(format!(
        "Delete the image again. If it is gone by then, delete the snapshots that were behind it and are billed: {}.",
        snapshots.join(", ")
    ))
}

/// Whether a refusal may pass: the image is still being deleted, or something fails that may work later.
fn is_passing(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict || error.is_retryable()
}

fn still_there(image: &ImportedImage, refused: Vec<(String, Error)>) -> Option<Error> {
    let ids: Vec<String> = refused.iter().map(|(id, _)| id.clone()).collect();
    let (_, first) = refused.into_iter().next()?;
    let message = format!(
        "the image {} is deleted, but snapshots behind it stay and are billed: {}; {}",
        image.id,
        ids.join(", "),
        first.message()
    );
    let error = Error::new(first.kind(), message)
        .with_provider(Provider::Aliyun)
        .with_operation("DeleteSnapshot")
        .with_request_id(first.request_id().map(str::to_owned))
        .with_attempts(first.attempts())
        .with_may_have_executed(true)
        .with_remedy("Delete these snapshots in the vendor's console or by DeleteSnapshot: the image is gone, and deleting it again does not reach them.");
    let error = match first.code() {
        Some(code) => error.with_code(code.to_owned()),
        None => error,
    };
    let error = match first.http_status() {
        Some(status) => error.with_http_status(status),
        None => error,
    };
    Some(error.with_source(first))
}
