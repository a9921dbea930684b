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

/// The image that a copy waits for.
#[derive(Debug, Clone)]
pub(crate) struct Awaited {
    from: String,
    made: watch::Receiver<Source>,
}

impl Made {
    pub(crate) fn new(label: &str) -> (Self, Awaited) {
        let (sender, made) = watch::channel(None);
        let from = label.to_owned();
        (Self(sender), Awaited { from, made })
    }

    /// Says how the import of the image ended.
    pub(crate) fn tell(self, outcome: &Outcome) {
        let made = match &outcome.ended {
            Ended::Succeeded { image, .. } => Ok(image.clone()),
            other => Err(other
                .error()
                .cloned()
                .unwrap_or_else(|| Error::new(ErrorKind::Conflict, "it is not there yet"))),
        };
        self.0.send_replace(Some(made));
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
            None => Err(self.without("work on it ended unexpectedly")),
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

/// The destinations of a call whose images are copied, and what bounds how many copies run at once in each cloud.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    made: HashMap<usize, Made>,
    awaited: HashMap<String, Awaited>,
    lanes: HashMap<Provider, Arc<Semaphore>>,
}

impl Sources {
    /// Those among the destinations that are begun, by their indices.
    pub(crate) fn of(destinations: &[Destination], begun: &[usize]) -> Self {
        let mut sources = Self::default();
        for index in begun {
            let label = &destinations[*index].label;
            let is_copied = |other: &usize| destinations[*other].copied_from() == Some(label);
            if begun.iter().any(is_copied) {
                let (made, awaited) = Made::new(label);
                sources.made.insert(*index, made);
                sources.awaited.insert(label.clone(), awaited);
            }
        }
        sources
    }

    /// What tells the copies of this destination's image.
    pub(crate) fn made(&mut self, index: usize) -> Option<Made> {
        self.made.remove(&index)
    }

    /// What a copy waits for, and its lane; `None` for what is no copy. One whose image is not begun waits for nothing and is told so.
    pub(crate) fn awaited(&mut self, destination: &Destination) -> Option<(Awaited, Arc<Semaphore>)> {
        let from = destination.copied_from()?;
        let awaited = self.awaited.get(from).cloned();
        let awaited = awaited.unwrap_or_else(|| Made::new(from).1);
        let capabilities = destination.importer.capabilities();
        let many = capabilities.after.copies_at_once.value.unwrap_or(AT_ONCE);
        let lane = self.lanes.entry(capabilities.provider);
        let lane = lane.or_insert_with(|| Arc::new(Semaphore::new(usize::try_from(many).unwrap_or(1))));
        Some((awaited, Arc::clone(lane)))
    }
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
    loop {
        let sent = target.importer.submit(prepared.clone()).await;
        let is_over = env.monotonic().saturating_sub(begun) >= BUSY_FOR;
        if !is_busy(&sent) || is_over || target.context.stop.is_requested() {
            return sent;
        }
        if let Err(error) = &sent {
            target.warn(&format!("the copy is ordered again in a while: {}", error.message()));
        }
        tokio::select! {
            () = env.sleep(BUSY_EVERY) => {}
            () = target.context.stop.requested() => return sent,
        }
    }
}
