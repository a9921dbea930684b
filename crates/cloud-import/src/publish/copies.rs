//! Destinations whose image is a copy of another destination's: what they wait for, and how many run at once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cloud_import_core::{
    DiskSource, Error, ErrorKind, Field, ImageSource, ImportRequest, ImportTask, ImportedImage, Prepared, Provider,
    Remedy, Result, Stop, remedy::Change,
};
use tokio::sync::{Semaphore, watch};

use super::{
    destination::Destination,
    outcome::{Ended, Outcome},
    target::{Target, stopped},
};

/// Copies that run at once where no source tells how many a cloud allows.
const AT_ONCE: u32 = 5;

/// For how long a copy is ordered again that a cloud refuses because the image is busy, and how often.
const BUSY_FOR: Duration = Duration::from_secs(15 * 60);
const BUSY_EVERY: Duration = Duration::from_secs(15);

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

/// What those destinations that are begun, by their indices, have to do with each other. A copy whose image is not begun waits for
/// nothing, and is told so.
pub(crate) fn links(destinations: &[Destination], begun: &[usize]) -> HashMap<usize, Link> {
    let mut links: HashMap<usize, Link> = HashMap::new();
    let mut lanes: HashMap<Provider, Arc<Semaphore>> = HashMap::new();
    for index in begun {
        let destination = &destinations[*index];
        let Some(from) = destination.copied_from() else {
            continue;
        };
        let source = begun.iter().find(|other| destinations[**other].label == from);
        let made = match source {
            Some(source) => {
                let made = &mut links.entry(*source).or_default().made;
                let made = made.get_or_insert_with(|| Arc::new(Made(watch::channel(None).0)));
                made.0.subscribe()
            }
            None => watch::channel(None).1,
        };
        let capabilities = destination.importer.capabilities();
        let many = capabilities.after.copies_at_once.value.unwrap_or(AT_ONCE);
        let lane = lanes.entry(capabilities.provider);
        let lane = lane.or_insert_with(|| Arc::new(Semaphore::new(usize::try_from(many).unwrap_or(1))));
        links.entry(*index).or_default().awaited = Some(Awaited {
            from: from.to_owned(),
            made,
            lane: Arc::clone(lane),
        });
    }
    links
}

/// # Errors
/// [`ErrorKind::InvalidRequest`] for a copy of what is no image of the call, of another cloud, or itself a copy; and for one that is
/// not waited for.
pub(crate) fn checked(destinations: &[Destination], waits: bool) -> Result<()> {
    for destination in destinations {
        let Some(origin) = &destination.copied_from else {
            continue;
        };
        let (label, provider) = (&destination.label, destination.importer.provider());
        let refuse = |why: String, remedy: Remedy| {
            let message = format!("the image of `{label}` cannot be a copy: {why}");
            let error = Error::new(ErrorKind::InvalidRequest, message).with_provider(provider);
            Err(error.with_remedy(remedy))
        };
        let from = &origin.label;
        let Some(other) = destinations.iter().find(|other| other.label == *from) else {
            return refuse(
                format!("no target of this call is called `{from}`"),
                "Add that target.".into(),
            );
        };
        if other.copied_from.is_some() || other.label == *label {
            return refuse(
                format!("that of `{from}` is a copy itself"),
                "Copy the image that is imported.".into(),
            );
        }
        if other.importer.provider() != provider {
            return refuse(
                format!("`{from}` is in another cloud"),
                "Import the file there too.".into(),
            );
        }
        if !waits {
            let why = format!("it begins when the image of `{from}` is there, and that is not waited for");
            return refuse(why, Remedy::Unset(Field::Wait));
        }
    }
    Ok(())
}

/// Puts the image into the order of its copy.
pub(crate) fn place(request: &mut ImportRequest, image: ImageSource) {
    if let Some(disk) = request.disks.first_mut() {
        disk.source = DiskSource::Image(image);
        disk.pending = false;
    }
}

/// Whether an order counts as one that cannot be sent now and can be later: the image is busy, which ends by itself.
fn is_busy(sent: &Result<ImportTask>) -> bool {
    let refused = sent.as_ref().err();
    refused.is_some_and(|error| error.kind() == ErrorKind::Conflict && !error.may_have_executed())
}

/// Sends the order of a copy; again for a while where the cloud says that the image is busy.
pub(crate) async fn submit(target: &Target, prepared: Prepared) -> Result<ImportTask> {
    let env = target.importer.env();
    let begun = env.monotonic();
    let mut is_told = false;
    loop {
        let sent = target.importer.submit(prepared.clone()).await;
        let is_over = env.monotonic().saturating_sub(begun) >= BUSY_FOR;
        if !is_busy(&sent) || is_over || target.context.stop.is_requested() {
            return sent;
        }
        if let (Err(error), false) = (&sent, is_told) {
            is_told = true;
            target.warn(&format!("the copy is ordered again in a while: {}", error.message()));
        }
        tokio::select! {
            () = env.sleep(BUSY_EVERY) => {}
            () = target.context.stop.requested() => return sent,
        }
    }
}
