//! What a destination whose image is copied and its copies tell each other.

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, ImportedImage, Remedy, Result, Stop, remedy::Change};
use tokio::sync::{Semaphore, watch};

use super::{
    outcome::{Ended, Outcome},
    stopped::stopped,
};

/// What became of the image that copies wait for.
type Source = Option<Result<ImportedImage, Error>>;

/// Tells copies of their image.
#[derive(Debug)]
pub(crate) struct Made(watch::Sender<Source>);

/// The image that a copy waits for, and what bounds how many copies run at once.
#[derive(Debug)]
pub(crate) struct Awaited {
    from: String,
    made: watch::Receiver<Source>,
    pub(crate) lane: Arc<Semaphore>,
}

/// What a destination has to do with the others of its call.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Its image is copied.
    pub(crate) made: Option<Arc<Made>>,
    /// Its image is a copy.
    pub(crate) awaited: Option<Awaited>,
}

impl Made {
    pub(crate) fn new() -> Self {
        Self(watch::channel(None).0)
    }

    /// What a copy waits for.
    pub(crate) fn awaited(&self, from: &str, lane: Arc<Semaphore>) -> Awaited {
        Awaited {
            from: from.to_owned(),
            made: self.0.subscribe(),
            lane,
        }
    }

    /// The image is there.
    pub(crate) fn there(&self, image: &ImportedImage) {
        self.0.send_replace(Some(Ok(image.clone())));
    }

    /// The work on it is over: where its image is not there, that is why there are no copies.
    pub(crate) fn is_over(&self, outcome: &Outcome) {
        self.0.send_if_modified(|made| {
            let is_open = made.is_none();
            if is_open {
                let unknown = || Error::new(ErrorKind::Conflict, "it is not there yet");
                *made = Some(match &outcome.ended {
                    Ended::Succeeded { image, .. } => Ok(image.clone()),
                    other => Err(other.error().cloned().unwrap_or_else(unknown)),
                });
            }
            is_open
        });
    }

    /// Waits until the work on all copies is over.
    pub(crate) async fn are_copied(&self) {
        self.0.closed().await;
    }
}

impl Awaited {
    /// The image, as soon as it is there.
    ///
    /// # Errors
    /// It is not made; or it is stopped.
    pub(crate) async fn image(&mut self, stop: &Stop) -> Result<ImportedImage> {
        let made = tokio::select! {
            made = self.made.wait_for(Option::is_some) => made.ok().and_then(|made| made.clone()),
            () = stop.requested() => return Err(stopped()),
        };
        match made {
            Some(Ok(image)) => Ok(image),
            Some(Err(error)) if error.kind() == ErrorKind::Stopped => Err(stopped()),
            Some(Err(error)) => Err(self.without(error.message()).with_source(error)),
            None => Err(self.without("work on it is not begun")),
        }
    }

    /// The label of the destination that makes it.
    pub(crate) fn of(&self) -> &str {
        &self.from
    }

    fn without(&self, why: &str) -> Error {
        let message = format!(
            "not copied, because there is no image at `{}` to be copied: {why}",
            self.from
        );
        Error::new(ErrorKind::Conflict, message).with_remedy(Remedy::Repeat(Change::Nothing))
    }
}
