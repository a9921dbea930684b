//! Copies of images in JD Cloud's words.
//!
//! A copy is ordered in the region of its image and has an id at once, but no task: it is followed as an image of the region that it
//! goes to. There is neither a token nor a call to cancel: a copy whose answer was lost is known by the marker in its description.
//! Source: copyImages, jdcloud-sdk-go services/vm revision 1.6.1 (2024-11).

use cloud_import_core::{
    Result,
    provider::{CopyOrder, Sent},
};

use crate::{Client, generated as wire};

impl Client {
    /// Orders a copy in the region of this client, into another or the same.
    pub(crate) async fn order_copy(&self, to: &str, order: &CopyOrder) -> Result<Sent> {
        let answer = self
            .copy_images(&wire::CopyImagesRequest {
                source_image_ids: Some(vec![order.image.id.clone()]),
                destination_region: Some(to.to_owned()),
                name: Some(order.request.name.clone()),
                description: order.description.clone(),
                ..Default::default()
            })
            .await?;
        let mut copies = answer.copy_images.into_iter().flatten();
        let own = copies.find(|copy| copy.source_image_id.as_ref() == Some(&order.image.id));
        Ok(Sent::new(
            "copyImages",
            None,
            own.and_then(|copy| copy.destination_image_id),
        ))
    }
}
