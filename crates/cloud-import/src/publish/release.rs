//! What is done with an image once it is there: shared, tagged, put into its family, made public; and then the one of before is
//! deprecated. Each step is recorded, and doing it again does nothing more.

use std::time::SystemTime;

use cloud_import_core::{
    Error, ImageChange, ImportedImage, OwnImage, Remedy, Result, provider::StateClass, remedy::Change,
};

use super::{
    event::Event,
    store::{Record, Release, ReleaseStep, What},
    target::{Target, stopped},
};

impl Target {
    /// Notes what is to be done with the image, where that is another thing than on record.
    pub(crate) async fn plans(&self, release: Option<Release>) -> Result<()> {
        let known = self.with_record(|record| record.release.clone());
        let is_known = match (&known, &release) {
            (Some(known), Some(wanted)) => known.is_same(wanted),
            (None, None) => true,
            _ => false,
        };
        if is_known {
            return Ok(());
        }
        let release = release.map(|release| match &known {
            Some(known) => release.following(known),
            None => release,
        });
        self.change(move |record| record.release = release).await
    }

    /// Does what is left to be done with an image that is there, when its copies are made: what is public or deprecated is not copied.
    ///
    /// # Errors
    /// It is not done: the image is there all the same.
    pub(crate) async fn release(&self, image: &ImportedImage) -> Result<()> {
        if let Some(made) = &self.made {
            made.there(image);
            tokio::select! {
                () = made.are_copied() => {}
                () = self.context.stop.requested() => {}
            }
        }
        let Some(release) = self.with_record(|record| record.release.clone()) else {
            return Ok(());
        };
        if release.is_done() {
            return Ok(());
        }
        self.release_as(image, release).await.map_err(|error| {
            let repeat = Remedy::Repeat(Change::Nothing);
            let remedy = match error.remedy() {
                Some(own) => own.clone().then(repeat),
                None => repeat,
            };
            let context = format!("{} is there, and not released yet", image.id);
            error.context(context).with_remedy(remedy)
        })
    }

    async fn release_as(&self, image: &ImportedImage, mut release: Release) -> Result<()> {
        if self.context.stop.is_requested() {
            return Err(stopped());
        }
        if release.step < ReleaseStep::Looked {
            release.previous = self.previous(image, &release).await?;
            let previous = release.previous.clone();
            self.comes_to(ReleaseStep::Looked, move |release| release.previous = previous)
                .await?;
        }
        if release.step < ReleaseStep::Changed {
            self.change_image(image, &release.change).await?;
        }
        if let Some(id) = release.previous {
            self.deprecate(image, id).await?;
        }
        self.comes_to(ReleaseStep::Done, |_| {}).await
    }

    async fn change_image(&self, image: &ImportedImage, change: &ImageChange) -> Result<()> {
        if !change.is_empty() {
            let shown = self.importer.change(image, change).await?;
            for account in shown.not_accepted.intersection(&change.share) {
                self.warn(&format!("{account} has to accept {} before it lists it", image.id));
            }
            self.change(|record| record.happened(What::Changed, None)).await?;
            self.tell(&Event::Changed { change });
        }
        self.comes_to(ReleaseStep::Changed, |_| {}).await
    }

    async fn deprecate(&self, image: &ImportedImage, id: String) -> Result<()> {
        let mut previous = image.clone();
        previous.id = id;
        let retire = match self.importer.capabilities().after.deprecate_unshared.value {
            true => ImageChange::default().unshare_others(),
            false => ImageChange::default(),
        };
        self.importer.change(&previous, &retire.deprecated(true)).await?;
        let id = previous.id.clone();
        self.change(move |record| record.happened(What::Deprecated, id)).await?;
        self.tell(&Event::Deprecated { image_id: &previous.id });
        Ok(())
    }

    /// The image that is the newest of the family before this one joins it. Where it is in it already, or a later one is, that is the
    /// newest of those that are older.
    async fn previous(&self, image: &ImportedImage, release: &Release) -> Result<Option<String>> {
        let Some(family) = release.change.family.as_ref().filter(|_| release.deprecate_previous) else {
            return Ok(None);
        };
        let Some(newest) = self.importer.newest_of(family).await? else {
            return Ok(None);
        };
        let project = image.project.as_deref();
        let own = self.importer.image(&image.id, project).await?;
        let own = own.and_then(|own| own.created);
        if newest.id != image.id {
            let other = self.importer.image(&newest.id, project).await?;
            let other = other.and_then(|other| other.created);
            // What shows no date is taken for older, as it was there before.
            if own.zip(other).is_none_or(|(own, other)| other <= own) {
                return Ok(Some(newest.id));
            }
        }
        let Some(own) = own else {
            self.warn(&format!(
                "{} is the newest of `{family}` and shows no date: which image was before it is not known, and none is deprecated",
                image.id
            ));
            return Ok(None);
        };
        let listed = self.importer.images(project).await?;
        let is_complete = listed.is_complete;
        let older = newest_before(listed.images, family, own, &image.id);
        if older.is_none() && !is_complete {
            self.warn(&format!(
                "no older image of `{family}` is on the pages that were read of the list: none is deprecated"
            ));
        }
        Ok(older)
    }

    async fn comes_to(
        &self,
        step: ReleaseStep,
        change: impl FnOnce(&mut Release) + Send + 'static,
    ) -> Result<(), Error> {
        let come = move |record: &mut Record| {
            if let Some(release) = &mut record.release {
                release.step = step;
                change(release);
            }
            if step == ReleaseStep::Done {
                // What stood in the way of it does not any more.
                record.error = None;
            }
        };
        self.change(come).await
    }
}

/// Of a family, the newest usable image that is older than this instant and not deprecated.
fn newest_before(images: Vec<OwnImage>, family: &str, before: SystemTime, own: &str) -> Option<String> {
    let is_of = |image: &OwnImage| {
        image.marks.family.as_deref() == Some(family)
            && image.id != own
            && image.marks.deprecated != Some(true)
            && image.class == Some(StateClass::Succeeded)
    };
    let dated = images.into_iter().filter(is_of);
    let dated = dated.filter_map(|image| Some((image.created?, image.id)));
    let older = dated.filter(|(created, id)| *created < before && !id.is_empty());
    older.max_by_key(|(created, _)| *created).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn image(id: &str, created: u64, family: &str) -> OwnImage {
        let mut image = OwnImage::default();
        image.id = id.to_owned();
        image.created = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(created));
        image.class = Some(StateClass::Succeeded);
        image.marks.family = Some(family.to_owned());
        image
    }

    #[test]
    fn the_one_of_before_is_the_newest_that_is_older_and_in_use() {
        let mut retired = image("retired", 4, "web");
        retired.marks.deprecated = Some(true);
        let mut failed = image("failed", 4, "web");
        failed.class = Some(StateClass::Failed);
        let mut undated = image("undated", 0, "web");
        undated.created = None;
        let images = vec![
            image("first", 1, "web"),
            image("second", 3, "web"),
            image("other", 4, "db"),
            retired,
            failed,
            undated,
            image("own", 5, "web"),
            image("later", 6, "web"),
        ];
        let at = |created| SystemTime::UNIX_EPOCH + Duration::from_secs(created);
        let before = |images: &[OwnImage], created| newest_before(images.to_vec(), "web", at(created), "own");
        assert_eq!(before(&images, 5).as_deref(), Some("second"));
        assert_eq!(before(&images, 1), None, "what is as old is not older");
        assert_eq!(before(&images[..1], 5).as_deref(), Some("first"));
    }
}
