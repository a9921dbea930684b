//! Copies of images in Alibaba Cloud's words.
//!
//! A copy is ordered in the region of its image and has an id at once, but no task: it is followed as an image of the region that it
//! goes to. Source: CopyImage and CancelCopyImage, alibabacloud_ecs20140526 for Python 7.11.8 (2026-10).

use cloud_import_core::{
    CancelOutcome, Encryption, ImageSource, ImportRequest, ImportTask, Result,
    provider::{CopyOrder, Sent, words},
};

use crate::{Client, generated as wire};

impl Client {
    /// Orders a copy in the region of this client, into another or the same.
    pub(crate) async fn order_copy(&self, to: &str, order: &CopyOrder) -> Result<Sent> {
        let request = wire::CopyImageRequest {
            destination_description: order.description.clone(),
            client_token: order.token.clone(),
            ..request(to, &order.request, &order.image)
        };
        let answer = self.copy_image(&request).await?;
        Ok(Sent::new("CopyImage", None, answer.image_id))
    }

    /// Cancels a copy into the region of this client: the service deletes the unfinished image.
    pub(crate) async fn end_copy(&self, task: &ImportTask) -> Result<CancelOutcome> {
        let Some(id) = &task.image_id else {
            return Ok(CancelOutcome::Unsupported(
                "Alibaba Cloud cancels a copy by its image's id, which is not known: wait for its end, then delete the image"
                    .to_owned(),
            ));
        };
        let request = wire::CancelCopyImageRequest {
            image_id: Some(id.clone()),
            ..Default::default()
        };
        match self.cancel_copy_image(&request).await {
            Err(error) if error.code() == Some("CancelNotSupported") => Ok(CancelOutcome::Unsupported(
                "this copy cannot be cancelled: wait for its end, then delete the image".to_owned(),
            )),
            answer => answer.map(|_| CancelOutcome::Requested),
        }
    }
}

/// The vendor's request for a copy into a region, without a token.
pub(crate) fn request(to: &str, order: &ImportRequest, image: &ImageSource) -> wire::CopyImageRequest {
    wire::CopyImageRequest {
        image_id: Some(image.id.clone()),
        destination_region_id: Some(to.to_owned()),
        destination_image_name: Some(order.name.clone()),
        destination_description: order.description.clone(),
        encrypted: order.encryption.is_some().then_some(true),
        kms_key_id: match &order.encryption {
            Some(Encryption::Key(key)) => Some(key.clone()),
            _ => None,
        },
        resource_group_id: order.project.clone(),
        tag: words::tags(order, |key, value| wire::Tag {
            key: Some(key),
            value: Some(value),
            ..Default::default()
        }),
        dry_run: order.dry_run.then_some(true),
        ..Default::default()
    }
}
