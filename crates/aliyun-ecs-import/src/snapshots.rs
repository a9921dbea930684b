//! The snapshots behind an image: they stay, and are billed, when it is deleted, unless they are deleted, too.

use cloud_import_core::{Error, ErrorKind, ImportedImage, Provider, Result, provider::id};

use crate::{Client, generated as wire};

impl Client {
    /// Deletes an image and then the snapshots that were behind it.
    ///
    /// # Errors
    /// That of the image, or the first refusal of a snapshot: both name the snapshots that stay.
    pub(crate) async fn delete_with_snapshots(&self, image: &ImportedImage) -> Result<()> {
        let snapshots = self.snapshots_of(image).await?;
        let request = wire::DeleteImageRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        match self.delete_image(&request).await {
            // Gone by an earlier attempt of this call.
            Err(error) if error.kind() == ErrorKind::NotFound && error.may_have_executed() => {}
            Err(error) => return Err(in_doubt(error, &snapshots)),
            Ok(_) => {}
        }
        self.delete_snapshots(image, snapshots).await
    }

    /// Ids of the snapshots that an image is made of; none when the image is not listed.
    ///
    /// # Errors
    /// When the image cannot be inspected. Nothing was deleted then.
    async fn snapshots_of(&self, image: &ImportedImage) -> Result<Vec<String>> {
        let request = wire::DescribeImagesRequest {
            image_id: Some(image.id.clone()),
            ..Self::images_in_every_status()
        };
        let listed = self.describe_images(&request).await;
        let listed = listed.map_err(|error| error.with_may_have_executed(false))?.images;
        let shown = listed
            .into_iter()
            .flatten()
            .find(|shown| shown.image_id.as_ref() == Some(&image.id));
        let disks = shown.and_then(|shown| shown.disk_device_mappings).unwrap_or_default();
        let ids = disks
            .into_iter()
            .map(|disk| id::answered(Provider::ALIYUN, disk.snapshot_id));
        let ids = ids.filter_map(Result::transpose).collect::<Result<_>>();
        ids.map_err(|error| error.with_may_have_executed(false))
    }

    /// Deletes the snapshots of an image that was deleted, never by force. The vendor may take a while to see that the
    /// image is gone: what it refuses until then is tried again within the grace period.
    ///
    /// # Errors
    /// The first refusal, naming every snapshot that stays.
    async fn delete_snapshots(&self, image: &ImportedImage, ids: Vec<String>) -> Result<()> {
        let (env, grace) = (&self.connection.pipeline.env, self.connection.grace);
        let started = env.monotonic();
        let mut pending = ids;
        let mut refused = Vec::new();
        while !pending.is_empty() {
            let is_over = env.monotonic().saturating_sub(started) >= grace.period;
            let mut later = Vec::new();
            for id in pending {
                match self.delete_one(&id).await {
                    Ok(()) => {}
                    Err(error) if is_passing(&error) && !is_over => later.push(id),
                    Err(error) => refused.push((id, error)),
                }
            }
            pending = later;
            if !pending.is_empty() {
                env.sleep(grace.interval).await;
            }
        }
        still_there(image, refused).map_or(Ok(()), Err)
    }

    /// Deletes a snapshot. One that does not exist is deleted.
    async fn delete_one(&self, id: &str) -> Result<()> {
        let request = wire::DeleteSnapshotRequest {
            region_id: Some(self.region().to_owned()),
            snapshot_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.delete_snapshot(&request).await {
            Err(error) if error.code() == Some("InvalidSnapshotId.NotFound") => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

/// The error of an image's deletion. If the image may be gone for all that, its snapshots are told: nobody else can.
fn in_doubt(error: Error, snapshots: &[String]) -> Error {
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
    let told = first.map_message(|why| {
        let (id, stay) = (&image.id, ids.join(", "));
        format!("the image {id} is deleted, but snapshots behind it stay and are billed: {stay}; {why}")
    });
    Some(told.with_may_have_executed(true).with_remedy(
        "Delete these snapshots in the vendor's console or by DeleteSnapshot: the image is gone, and deleting it again does not reach them.",
    ))
}
