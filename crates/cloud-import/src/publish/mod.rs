//! From a file on disk, or an object that is there already, to an image: inspect, validate, stage, start, wait, tidy up.
//!
//! [`publish`] does it for many targets side by side and records every step in a [`State`] before it is done, so that the same
//! call again, after whatever interruption, goes on where it stands and never makes a second image of one order. What a cloud
//! does is not in here, nor is anything printed.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use cloud_import::{Disk, ImportRequest, Os, Provider, Result, Settings, Stop, connect, publish::*};
//!
//! async fn web() -> Result<()> {
//!     let importer: Arc<dyn cloud_import::ImageImporter> =
//!         Arc::from(connect(Provider::ALIYUN, Settings::new("cn-hangzhou"))?);
//!     let bucket = staging::Bucket::new(Provider::ALIYUN, "cn-hangzhou", "my-bucket")?;
//!     let destination = Destination {
//!         label: "aliyun/cn-hangzhou".to_owned(),
//!         // Parts of a large file may take longer than calls of an API: give the store a transport of its own for them.
//!         place: Place::Stage(staging::Store::new(bucket, importer.connection().pipeline.clone())?),
//!         importer,
//!         // Where the file is staged, its format, sizes and hash are filled in.
//!         order: ImportRequest::new("web-2026-11", Disk::object("my-bucket", "")).os(Os::new("CentOS", "7.9")),
//!     };
//!     let image = Image::File(LocalImage::open("web.qcow2", None)?);
//!     let state = State::at("jobs");
//!     let done = publish(image, vec![destination], state, Options::default(), Arc::new(()), Stop::default()).await?;
//!     for outcome in done.outcomes {
//!         println!("{} {:?}", outcome.target, outcome.phase);
//!     }
//!     Ok(())
//! }
//! ```

mod attend;
mod event;
mod image;
mod job;
mod objects;
mod outcome;
mod reattach;
mod record;
mod replace;
mod stage;
mod target;
mod tidy;

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use cloud_import_core::{
    Error, ErrorKind, ImageImporter, ImportRequest, Problem, Provider, Remedy, Result, Stop, WaitOptions,
    remedy::Change,
};
use cloud_import_staging::{Budget, Store};
use tokio::{sync::Semaphore, task::JoinSet};

pub use cloud_import_disk as disk;
pub use cloud_import_staging as staging;

use attend::Context;
use target::Content;

pub use event::{Event, Listener};
pub use image::{Image, LocalImage};
pub use job::{Held, Job, JobFacts, State};
pub use objects::StagedObject;
pub use outcome::{Outcome, Phase};
pub use reattach::{Reattached, cancel, reattach};
pub use record::{FileRecord, Record, Role, Step};
pub use replace::{ReplaceStep, Replacement};
pub use tidy::{Leftover, delete_object, leftovers};

/// Where one image goes.
#[derive(Debug)]
pub struct Destination {
    /// What people call it, such as `aliyun/cn-hangzhou`; the job's file is named by it, so it is unique within a call.
    pub label: String,
    /// The cloud.
    pub importer: Arc<dyn ImageImporter>,
    /// Where the cloud reads the disk from.
    pub place: Place,
    /// The order. Of a file, source, format, sizes and content hash of its first disk are filled in here.
    pub order: ImportRequest,
}

/// Where a cloud reads the first disk of an order from.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large kind")]
pub enum Place {
    /// The file is put into this bucket first.
    Stage(Store),
    /// The order names a source that is there already.
    There,
}

impl Place {
    fn into_store(self) -> Option<Store> {
        match self {
            Self::Stage(store) => Some(store),
            Self::There => None,
        }
    }
}

/// How to go about it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Options {
    /// Waits for the verdicts; else ends when the imports are started.
    pub wait: bool,
    /// How to wait.
    pub waiting: WaitOptions,
    /// Leaves the staged objects.
    pub keep_object: bool,
    /// What the keys of staged objects begin with.
    pub prefix: String,
    /// Makes another image although one was made of this order before.
    pub again: bool,
    /// Deletes the older images of that name when the new one is there and good; takes [`Self::wait`].
    pub replace: bool,
    /// For how long a link to a staged object is signed.
    pub link_valid_for: Duration,
    /// Cancels what runs in the clouds when it is stopped, where they can.
    pub cancel_on_stop: bool,
    /// The bitmap beside a raw file that Huawei's quick import reads.
    pub bitmap: Option<PathBuf>,
    /// Memory for parts under way, of all targets together.
    pub budget: Budget,
    /// How many targets of one cloud are worked on at a time, the waiting aside.
    pub side_by_side: usize,
}

impl Default for Options {
    /// Waits without limit, tidies up, signs links for two days.
    fn default() -> Self {
        Self {
            wait: true,
            waiting: WaitOptions::default(),
            keep_object: false,
            prefix: "cloud-import/".to_owned(),
            again: false,
            replace: false,
            link_valid_for: Duration::from_secs(48 * 3600),
            cancel_on_stop: false,
            bitmap: None,
            budget: Budget::default(),
            side_by_side: 16,
        }
    }
}

impl Destination {
    /// The order as it will be sent, its disk where it is or will be staged. A link in it is not signed, and the content of a
    /// file that was not hashed yet stands as zeros.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when no cloud could import the file.
    pub fn preview(&self, image: &Image, options: &Options) -> Result<ImportRequest> {
        self.described(image, options).map(|(order, _)| order)
    }

    /// Every problem of the order, without sending anything.
    ///
    /// # Errors
    /// As [`Self::preview`].
    pub fn problems(&self, image: &Image, options: &Options) -> Result<Vec<Problem>> {
        Ok(self.importer.validate(&self.preview(image, options)?))
    }

    fn described(&self, image: &Image, options: &Options) -> Result<(ImportRequest, Option<String>)> {
        let bitmap = image.bitmap(std::slice::from_ref(self), options.bitmap.as_deref())?;
        image.order(self, options, bitmap.is_some())
    }
}

/// What came of [`publish`].
#[derive(Debug)]
pub struct Published {
    /// The job in which it is recorded.
    pub job: Job,
    /// How it ended, in the order of the destinations.
    pub outcomes: Vec<Outcome>,
}

/// Publishes one image at each destination. One that fails stops no other; the outcomes are in the order given.
///
/// # Errors
/// What concerns all targets: the file cannot be read or changed while it was hashed, the state directory cannot be written,
/// or the stop came before any target was begun. [`ErrorKind::InvalidRequest`] when two destinations have one label.
pub async fn publish(
    image: Image,
    destinations: Vec<Destination>,
    state: State,
    options: Options,
    listener: Arc<dyn Listener>,
    stop: Stop,
) -> Result<Published> {
    if options.replace && !options.wait {
        let message = "older images are replaced when the new one is there, and that is not waited for";
        return Err(
            Error::new(ErrorKind::InvalidRequest, message).with_remedy("Wait for the verdict, or do not replace.")
        );
    }
    for (index, destination) in destinations.iter().enumerate() {
        if destinations[..index]
            .iter()
            .any(|other| other.label == destination.label)
        {
            let message = format!("the target `{}` is named twice", destination.label);
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Name it once."));
        }
    }
    let bitmap = image.bitmap(&destinations, options.bitmap.as_deref())?;
    let image = image.with_hash(&state, &listener, &stop).await?;
    let bitmap = match bitmap {
        Some(bitmap) => Some(bitmap.with_hash(&state, &listener, &stop).await?),
        None => None,
    };
    let name = destinations
        .first()
        .map(|first| first.order.name.clone())
        .unwrap_or_default();
    let job = Job::open(&state, &image.facts(&name, destinations.first()))?;
    let mut slots: HashMap<Provider, Arc<Semaphore>> = HashMap::new();
    let side_by_side = options.side_by_side.max(1);
    let content = Arc::new(Content { image, bitmap });
    let opened = job.clone();
    let context = Arc::new(Context {
        state,
        job,
        options,
        listener,
        stop,
    });
    let labels: Vec<String> = destinations
        .iter()
        .map(|destination| destination.label.clone())
        .collect();
    let mut set = JoinSet::new();
    for (index, destination) in destinations.into_iter().enumerate() {
        let slot = slots
            .entry(destination.importer.provider())
            .or_insert_with(|| Arc::new(Semaphore::new(side_by_side)));
        let work = target::run(
            index,
            destination,
            Arc::clone(&content),
            Arc::clone(&context),
            Arc::clone(slot),
        );
        set.spawn(async move { (index, work.await) });
    }
    let mut outcomes: Vec<Option<Outcome>> = labels.iter().map(|_| None).collect();
    while let Some(joined) = set.join_next().await {
        if let Ok((index, outcome)) = joined {
            outcomes[index] = Some(outcome);
        }
    }
    let filled = outcomes.into_iter().zip(&labels);
    Ok(Published {
        job: opened,
        outcomes: filled
            .map(|(outcome, label)| outcome.unwrap_or_else(|| Outcome::unknown(label, None, broke_off())))
            .collect(),
    })
}

/// What is left to say of a target whose task ended without an outcome.
fn broke_off() -> Error {
    Error::new(ErrorKind::OutcomeUnknown, "this target's work broke off").with_remedy(Remedy::Repeat(Change::Nothing))
}
