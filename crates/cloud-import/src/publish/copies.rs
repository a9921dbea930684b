//! Destinations whose image is a copy of another destination's: what they wait for, and how many run at once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cloud_import_core::{
    DiskSource, Error, ErrorKind, Field, ImageSource, ImportRequest, ImportTask, Prepared, Provider, Remedy, Result,
};
use tokio::sync::Semaphore;

use super::{
    destination::Destination,
    link::{Link, Made},
    target::Target,
};

/// Copies that run at once where no source tells how many a cloud allows.
const AT_ONCE: u32 = 5;

/// For how long a copy is ordered again that a cloud refuses because the image is busy, and how often.
const BUSY_FOR: Duration = Duration::from_secs(15 * 60);
const BUSY_EVERY: Duration = Duration::from_secs(15);

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
        let capabilities = destination.importer.capabilities();
        let many = capabilities.after.copies_at_once.value.unwrap_or(AT_ONCE);
        let lane = lanes.entry(capabilities.provider);
        let lane = lane.or_insert_with(|| Arc::new(Semaphore::new(usize::try_from(many).unwrap_or(1))));
        let source = begun.iter().find(|other| destinations[**other].label == from);
        let awaited = match source {
            Some(source) => {
                let made = &mut links.entry(*source).or_default().made;
                let made = made.get_or_insert_with(|| Arc::new(Made::new()));
                made.awaited(from, Arc::clone(lane))
            }
            None => Made::new().awaited(from, Arc::clone(lane)),
        };
        links.entry(*index).or_default().awaited = Some(awaited);
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
