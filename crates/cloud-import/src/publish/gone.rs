//! Whether an image of before is still there: a success on record is a statement about the past, so the cloud is asked before its id
//! is told again. Deletes nothing.

use std::time::Duration;

use cloud_import_core::{
    Error, ImageImporter, ImportedImage, Presence, Result, Stop,
    env::{Env as _, SystemEnv},
};

use super::{
    destination::account_of,
    event::Event,
    naming::Naming,
    outcome::Ended,
    store::{ImageName, Job, Record, blocking, gone},
    target::Target,
};

/// So long after the first look comes the second, at the most: a list may lag behind for a moment.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// What a look at an image of before found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Look {
    /// The cloud shows it.
    There,
    /// The cloud said twice, to keys of the account that made it as far as that is known, that it is deleted or being deleted.
    /// The error says so without its id, which is no result.
    Gone(Error),
    /// It could not be found out: why.
    Unclear(String),
}

/// Looks whether an image that was made before is still there; `account` is what a record says of the keys that made it. What is refused, cannot be reached or is asked with keys of another account
/// is not gone. One request; a second, two seconds later at the most, where the image is not shown.
///
/// # Cancel safety
/// Call it again.
pub async fn look(image: &ImportedImage, account: Option<&str>, importer: &dyn ImageImporter, stop: &Stop) -> Look {
    let mut is_second = false;
    loop {
        match importer.presence(image).await {
            Ok(Presence::There) => return Look::There,
            Ok(Presence::Deleted | Presence::Deleting) if is_second => {
                return Look::Gone(gone(image.provider, SystemEnv.now()));
            }
            Ok(Presence::Deleted | Presence::Deleting) => {}
            Ok(_) => return Look::Unclear("this importer does not ask".to_owned()),
            Err(error) => return Look::Unclear(error.message().to_owned()),
        }
        let asked = account_of(importer).await;
        if let (Some(made), Some(asked)) = (account, asked.as_deref())
            && made != asked
        {
            return Look::Unclear("the keys are others than those that made it, and do not show it".to_owned());
        }
        is_second = true;
        tokio::select! {
            () = importer.env().sleep(importer.grace().interval.min(SECOND_LOOK)) => {}
            () = stop.requested() => return Look::Unclear("it was stopped before a second look".to_owned()),
        }
    }
}

/// Notes in the record of a target that its image is gone by another hand, so that nothing tells its id again. A record that another
/// process holds is not waited for: whoever tells the id next looks at the image.
///
/// # Errors
/// [`cloud_import_core::ErrorKind::Local`] when the record cannot be written.
///
/// # Cancel safety
/// Call it again.
pub async fn note_gone(job: &Job, target: &str, image: &ImportedImage) -> Result<()> {
    let Some(mut lease) = job.try_hold(target).await? else {
        return Ok(());
    };
    if lease.record().image_id.as_deref() != Some(&image.id) {
        return Ok(());
    }
    blocking(move || lease.change(Record::is_gone)).await
}

impl Target {
    /// How it ends where the image on record is gone; `None` where it is there, or where that cannot be found out, which is told.
    pub(crate) async fn gone(&self) -> Result<Option<Ended>> {
        let record = self.with_record(Record::clone);
        let Some(image) = record.image() else { return Ok(None) };
        if record.retired.is_none() {
            match look(&image, record.account.as_deref(), &*self.importer, &self.context.stop).await {
                Look::There => {
                    self.change(|record| record.gone_at = None).await?;
                    return Ok(None);
                }
                Look::Gone(_) => self.change(Record::is_gone).await?,
                // What two looks have shown once is not told as a result for want of a third.
                Look::Unclear(_) if record.gone_at.is_some() => {}
                Look::Unclear(why) => {
                    self.warn(&format!(
                        "whether the image {} is still there is not known: {why}",
                        image.id
                    ));
                    return Ok(None);
                }
            }
        }
        self.clean_up().await;
        let error = self.with_record(Record::why_gone);
        Ok(error.map(|error| Ended::Gone { image, error }))
    }

    /// Marks an older image that was deleted for this target in every record that names it.
    pub(crate) async fn retired(&self, id: &str) {
        self.tell(&Event::Retired { image_id: id });
        let (state, by) = (self.context.job.state(), &self.context.job.facts().id);
        let image = self.with_record(|record| ImageName {
            provider: record.provider,
            region: record.region.clone(),
            id: id.to_owned(),
        });
        let naming = self.context.naming.get_or_init(|| Naming::of(state)).await;
        naming.mark(&image, by).await;
    }
}
