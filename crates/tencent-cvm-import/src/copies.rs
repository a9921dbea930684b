//! Copies of images in Tencent Cloud's words.
//!
//! A copy is ordered in the region of its image and has no task: it is followed as an image of the region that it goes to, where no
//! other may have its name. Source: SyncImages, tccli 3.1.189.1 (2026) and the document of 2024-10-22.

use cloud_import_core::{
    Encryption, Field, ImageSource, ImportRequest, Problem, Provider, Remedy, Result,
    provider::{CopyOrder, Sent},
};

use crate::{Client, Options, generated as wire};

impl Client {
    /// Orders a copy in the region of this client, into another, or into the same if it is encrypted.
    ///
    /// Without an id in it, an answer shows all the same that the order was taken.
    pub(crate) async fn order_copy(&self, to: &str, order: &CopyOrder) -> Result<Sent> {
        let answer = self.sync_images(&request(to, &order.request, &order.image)).await?;
        let mut copies = answer.image_set.into_iter().flatten();
        let copy = copies.find(|copy| copy.region.as_deref() == Some(to));
        let id = copy.and_then(|copy| copy.image_id).filter(|id| !id.is_empty());
        Ok(Sent::new("SyncImages", None, id).taken(answer.request_id.is_some()))
    }
}

/// The vendor's request for a copy into a region. The ids of copies are told only where they are asked for.
pub(crate) fn request(to: &str, order: &ImportRequest, image: &ImageSource) -> wire::SyncImagesRequest {
    wire::SyncImagesRequest {
        image_ids: Some(vec![image.id.clone()]),
        destination_regions: Some(vec![to.to_owned()]),
        dry_run: order.dry_run.then_some(true),
        image_name: Some(order.name.clone()),
        image_set_required: Some(true),
        encrypt: order.encryption.is_some().then_some(true),
        kms_key_id: match &order.encryption {
            Some(Encryption::Key(key)) => Some(key.clone()),
            _ => None,
        },
        ..Default::default()
    }
}

/// What an import can be told and a copy cannot.
pub(crate) fn problems(order: &ImportRequest) -> Vec<Problem> {
    let options: Options = match order.vendor_options() {
        Ok(options) => options,
        Err(error) => return error.problems().to_vec(),
    };
    let family = options.image_family.map(|_| {
        let field = Field::VendorOption("ImageFamily".into());
        Problem::error(Provider::TENCENT, field.clone(), "cannot be set as a copy is made")
            .source("tccli 3.1.189.1 (2026)")
            .remedy(Remedy::Unset(field).or("put the copy into the family afterwards"))
    });
    family.into_iter().collect()
}
