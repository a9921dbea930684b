//! Which records name which images, so that an image that is deleted is marked in all of them. Asks no cloud.

use std::collections::HashMap;

use cloud_import_core::ImportedImage;

use super::store::{ImageName, Job, Remembered, State, blocking};

/// Says in the records that name an image that it was deleted because that was asked for, by no job. Whoever repeats its import makes
/// it anew. What cannot be read or is held by another process is found by the next look at the image.
pub async fn retire(state: &State, image: &ImportedImage) {
    let name = ImageName {
        provider: image.provider,
        region: image.region.clone(),
        id: image.id.clone(),
    };
    Naming::of(state).await.mark(&name, "").await;
}

/// The records of a state directory by the images that they name.
#[derive(Debug, Default)]
pub(crate) struct Naming(HashMap<ImageName, Vec<(Job, String)>>);

impl Naming {
    /// As far as it can be read: what is not found is found by the next look at the image.
    pub(crate) async fn of(state: &State) -> Self {
        let mut naming = Self::default();
        for Remembered { job, records } in state.all().await.into_iter().flatten().flatten() {
            for record in records.into_iter().flatten() {
                if let Some(name) = record.image_name() {
                    naming.0.entry(name).or_default().push((job.clone(), record.target));
                }
            }
        }
        naming
    }

    /// Says in the records that name an image that a job deleted it. One that another process holds is not waited for: whoever
    /// tells the id again looks at the image.
    pub(crate) async fn mark(&self, image: &ImageName, by: &str) {
        for (job, target) in self.0.get(image).into_iter().flatten() {
            let Ok(Some(mut lease)) = job.try_hold(target).await else {
                continue;
            };
            if lease.record().image_name().as_ref() == Some(image) {
                let (id, by) = (image.id.clone(), by.to_owned());
                let marked = blocking(move || lease.change(|record| record.is_retired(&id, &by))).await;
                if let Err(error) = marked {
                    tracing::warn!(job = job.facts().id, target, %error, "a deleted image is not marked");
                }
            }
        }
    }
}
