//! From a file on disk, or an object that already exists, to an image: inspect, validate, stage, start, wait, clean up.
//!
//! [`Publish`] does it for many destinations side by side and records every step in a [`State`] before it is done, so that the same
//! call again, after whatever interruption, goes on where it stands and never makes a second image of one order. What a cloud
//! does is not in here, nor is anything printed.
//!
//! ```no_run
//! use cloud_import::{Os, Settings, Target, connect, publish::*};
//!
//! # async fn web() -> cloud_import::Result<()> {
//! let target: Target = "aliyun/cn-hangzhou".parse()?;
//! let importer = connect(target.provider, Settings::new(&target.region))?;
//! let destination = Destination::new(importer)
//!     .name("web-2026-11")
//!     .os(Os::new("CentOS", "7.9"))
//!     .bucket_named("my-bucket")?;
//! let done = Publish::of(LocalImage::open("web.qcow2", None)?)
//!     .to(destination)
//!     .state(State::at("jobs"))
//!     .on_event(|_, event| println!("{event:?}"))
//!     .run()
//!     .await?;
//! for outcome in done.outcomes {
//!     match outcome.ended {
//!         Ended::Succeeded { image, .. } => println!("{image}"),
//!         other => println!("{}: {other:?}", outcome.target),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod attach;
mod bucket;
mod call;
mod cleanup;
mod content;
mod converted;
mod copies;
mod destination;
mod event;
mod export;
mod exporting;
mod findings;
mod finished;
mod gone;
mod image;
#[cfg(feature = "guest")]
mod inside;
mod keeper;
mod key;
mod leftovers;
mod link;
mod naming;
mod object;
mod options;
mod origin;
mod outcome;
mod parts;
mod plan;
mod preflight;
mod ranges;
mod refused;
mod release;
mod replace;
mod run;
mod settle;
mod source;
mod stage;
mod stopped;
mod store;
mod target;
mod upload_keeper;
mod wait;
mod web;

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use cloud_import_core::{
    Asking, Capabilities, DiskSource, Error, ErrorKind, ImportRequest, Pace, Problem, Provider, Result, Stop,
    WaitOptions,
};
use cloud_import_staging::Budget;
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

pub use cloud_import_disk as disk;
#[cfg(feature = "guest")]
pub use cloud_import_guest as guest;
pub use cloud_import_staging as staging;

use content::{Content, Ordered};
use event::Told;
use options::Options;
use preflight::Call;
use refused::refused;
use run::Work;
use store::Place;
use target::{Context, side_by_side, stopped};

pub use attach::{Reattach, Reattached, cancel};
pub use bucket::{BucketItem, Known, in_bucket};
pub use destination::{Destination, bucket_of};
pub use event::{Event, Listener};
pub use export::{Export, Exported, Fetched};
pub use finished::{Finished, finished};
pub use gone::{Look, look, note_gone};
pub use image::LocalImage;
#[cfg(feature = "guest")]
pub use inside::GuestSystem;
pub use key::{PREFIX, ending, object_key};
pub use leftovers::{Leftover, delete_object, leftovers, staged_by};
pub use naming::retire;
pub use object::ObjectImage;
pub use outcome::{Ended, Outcome, Phase};
pub use preflight::{Readiness, gate, look_at_bucket};
pub use source::Image;
#[cfg(any(test, feature = "testing"))]
pub use store::check_backend;
pub use store::{
    Asked, Damaged, ExportRecord, FetchedFile, FileRecord, Happened, History, Job, JobFacts, Reason, Record, Release,
    ReleaseStep, Remembered, ReplaceStep, Replacement, Retired, Role, StagedObject, State, StateBackend, StateLock,
    Step, Unsettled, What,
};
pub use web::WebImage;

/// Publishes one image at many destinations.
///
/// ```no_run
/// use cloud_import::{Stop, publish::{Destination, LocalImage, Phase, Publish, State}};
///
/// async fn publish(destinations: Vec<Destination>, stop: Stop) -> cloud_import::Result<bool> {
///     let image = LocalImage::open("web.qcow2", None)?;
///     let publish = Publish::of(image).state(State::at("jobs")).stop(stop);
///     let done = destinations.into_iter().fold(publish, Publish::to).run().await?;
///     Ok(done.outcomes.iter().all(|outcome| outcome.phase() == Phase::Succeeded))
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Publish {
    image: Image,
    destinations: Vec<Destination>,
    state: Option<State>,
    readiness: Vec<Readiness>,
    options: Options,
    listener: Arc<dyn Listener>,
    stop: Stop,
    order: Option<Value>,
    job: Option<JobFacts>,
}

/// What came of [`Publish`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Published {
    /// The job in which it is recorded.
    pub job: Job,
    /// How it ended, in the order of the destinations.
    pub outcomes: Vec<Outcome>,
}

impl Publish {
    /// Of this image. Unless told otherwise, it waits without limit and leaves nothing behind that was staged.
    pub fn of(image: impl Into<Image>) -> Self {
        let image = image.into();
        let options = match image {
            Image::Web(_) => Options::of_web(),
            Image::File(_) | Image::There(_) => Options::default(),
        };
        Self {
            image,
            destinations: Vec::new(),
            state: None,
            readiness: Vec::new(),
            options,
            listener: Arc::new(()),
            stop: Stop::default(),
            order: None,
            job: None,
        }
    }

    /// What is published.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What the job is called; by default as the image of the first destination. To be set where the names of the images differ, so
    /// that a call for other destinations of the same order finds the job.
    pub fn job_name(mut self, name: impl Into<String>) -> Self {
        self.options.job_name = Some(name.into());
        self
    }

    /// The SHA-256 of the file, in hex, that was published with it and that was found to be its own; the job keeps it. Of a file that
    /// was converted it is that of the original.
    pub fn expected_sha256(mut self, sha256: impl Into<String>) -> Self {
        self.options.expected_sha256 = Some(sha256.into());
        self
    }

    /// Adds a destination.
    pub fn to(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
        self
    }

    /// Where it is recorded. Needed.
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// Keeps with the job what was asked for, as far as all destinations have it in common, and with each record what
    /// [is its own](Destination::asked). It is given back as it is, so it must hold no secret.
    pub fn asked(mut self, order: Value) -> Self {
        self.order = Some(order);
        self
    }

    /// Goes on with this job: a file whose content is not what the job publishes is refused once it is hashed, before anything is
    /// sent.
    pub fn of_job(mut self, job: &Job) -> Self {
        self.options.job_name = Some(job.facts().name.clone());
        self.job = Some(job.facts().clone());
        self
    }

    /// What [`Self::preflight`] found, for each destination in their order: those that would be refused are not begun.
    pub fn after(mut self, readiness: Vec<Readiness>) -> Self {
        self.readiness = readiness;
        self
    }

    /// Whether the others are begun where one would be refused, which they are by default.
    pub fn best_effort(mut self, best_effort: bool) -> Self {
        self.options.best_effort = best_effort;
        self
    }

    /// Makes another image although one was made of this order before.
    pub fn again(mut self, again: bool) -> Self {
        self.options.again = again;
        self
    }

    /// Deletes the older images of that name when the new one is there and good; it takes waiting.
    pub fn replace(mut self, replace: bool) -> Self {
        self.options.replace = replace;
        self
    }

    /// Whether the verdicts are waited for, which they are by default; else it ends when the imports are started.
    pub fn wait(mut self, wait: bool) -> Self {
        self.options.wait = wait;
        self
    }

    /// How to wait.
    pub fn waiting(mut self, waiting: WaitOptions) -> Self {
        self.options.waiting = waiting;
        self
    }

    /// What the keys of staged objects begin with; `cloud-import/` by default.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.prefix = prefix.into();
        self
    }

    /// Leaves the staged objects.
    pub fn keep_object(mut self, keep: bool) -> Self {
        self.options.keep_object = keep;
        self
    }

    /// For how long a link to a staged object is signed; two days by default.
    pub fn link_valid_for(mut self, time: Duration) -> Self {
        self.options.link_valid_for = time;
        self
    }

    /// The file that clouds with a [side file](Capabilities::side_file) want beside the image; by default one of the same name with
    /// their suffix counts, if there is one that is of the same owner and no symbolic link.
    pub fn side_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.side_file = Some(path.into());
        self
    }

    /// Reads the file anew though its sum may be known from an earlier run.
    pub fn rehash(mut self, rehash: bool) -> Self {
        self.options.rehash = rehash;
        self
    }

    /// Memory for parts under way, of all destinations together: 64 MiB, or 15 MiB of a [`WebImage`]. A file of more than 10,000 parts
    /// of 5 MiB has larger ones, and one that is larger than the budget goes alone.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.options.budget = budget;
        self
    }

    /// Limits that the requests of all uploads keep together: how many are under way at once, and how many bytes they carry a second. For
    /// a [`WebImage`] give the same to its [`WebClient`](staging::WebClient::pace): what is fetched and what is sent count together.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.options.pace = pace;
        self
    }

    /// How many destinations in one cloud are worked on at a time, the waiting aside; 16 by default.
    pub fn side_by_side(mut self, many: usize) -> Self {
        self.options.side_by_side = many.max(1);
        self
    }

    /// Is told what happens, to the destination with this index or (`None`) to all. It must not block.
    pub fn on_event(self, told: impl Fn(Option<usize>, &Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener(Arc::new(Told(told)))
    }

    /// As [`Self::on_event`], for a listener that is shared.
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// What stops it: nothing new is begun, and what was sent is finished. Give the same to the settings of the importers
    /// ([`Settings::stop`](cloud_import_core::Settings::stop)), so that their requests are not sent again, and not waited for once it
    /// is pressed.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Whether what runs in the clouds is cancelled when it is stopped, where they can.
    pub fn cancel_on_stop(mut self, cancel: bool) -> Self {
        self.options.cancel_on_stop = cancel;
        self
    }

    /// The order of a destination as it will be sent, its disk where it is or will be staged. The content of a file that was not
    /// hashed yet stands as zeros, and a link to it is not signed; links to objects that are there are, where there are keys.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the file is too large for the object storage.
    pub async fn preview(&self, destination: &Destination) -> Result<ImportRequest> {
        let content = self.content(std::slice::from_ref(destination)).await?;
        let Ordered { mut request, links, .. } = content.order(destination, &self.options.prefix)?;
        for link in links {
            let Some(disk) = request.disks.get_mut(link.disk).filter(|disk| !disk.pending) else {
                continue;
            };
            // Unsigned, a cloud would be asked about a link that it cannot open.
            let signed = link
                .bucket
                .link(&link.key, link.bucket.now(), self.options.link_valid_for);
            if let Ok(signed) = signed.await {
                disk.source = DiskSource::Url(signed);
            }
        }
        Ok(request)
    }

    /// What was found in the file and beside it that stands in the way of the order of a destination, or that people should know.
    ///
    /// # Errors
    /// As [`Self::preview`].
    pub async fn findings(&self, destination: &Destination) -> Result<Vec<Problem>> {
        let content = self.content(std::slice::from_ref(destination)).await?;
        Ok(content.order(destination, &self.options.prefix)?.found)
    }

    /// Every problem of the order of a destination, of its bucket's name and of the file, without sending anything.
    ///
    /// # Errors
    /// As [`Self::preview`].
    pub async fn problems(&self, destination: &Destination) -> Result<Vec<Problem>> {
        let content = self.content(std::slice::from_ref(destination)).await?;
        Ok(content
            .order(destination, &self.options.prefix)?
            .problems(&*destination.importer))
    }

    /// What can be found out for each destination before anything is read beyond the header, sent or recorded, all of them side by side:
    /// keys, region, bucket, name, quota, role and system, as far as each cloud tells. What is the same in all regions of an account is
    /// asked for once. Of a destination whose record says that its order was sent, nothing is asked. Give the findings to
    /// [`Self::after`], or decide by [`gate`].
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file beside the image cannot be read; [`ErrorKind::Stopped`]. What a cloud says is
    /// in the findings.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn preflight(&self, asking: &Asking) -> Result<Vec<Readiness>> {
        if self.destinations.is_empty() {
            return Ok(Vec::new());
        }
        let content = self.content(&self.destinations).await?;
        preflight::all(self.call(&content), asking).await
    }

    fn call<'a>(&'a self, content: &'a Content) -> Call<'a> {
        Call {
            destinations: &self.destinations,
            content,
            options: &self.options,
            state: self.state.as_ref(),
            stop: &self.stop,
        }
    }

    async fn content(&self, destinations: &[Destination]) -> Result<Content> {
        let clouds: Vec<&Capabilities> = destinations.iter().map(|to| to.importer.capabilities()).collect();
        Content::of(self.image.clone(), self.options.side_file.as_deref(), &clouds).await
    }

    /// Which job this is: the file is read where its sum is not known yet. Nothing is recorded, and no cloud is asked.
    ///
    /// # Errors
    /// As [`Self::run`] of what concerns all destinations.
    pub async fn identified(&self) -> Result<JobFacts> {
        let state = self.checked()?;
        let mut content = self.content(&self.destinations).await?;
        let cache = state.hashes().rehash(self.options.rehash);
        content.hash(&cache, &self.listener, &self.stop).await?;
        Ok(self.facts(&content)?.0)
    }

    /// Publishes it. A destination that fails stops no other; one that would be refused does, where [`Self::best_effort`] is off.
    ///
    /// The same call again finds what was done, goes on with what was not, and makes no second image: see [`Self::again`]. A
    /// destination is found again by its place, whatever it is called; by its label, where its keys are others.
    ///
    /// # Errors
    /// What concerns all destinations: the file cannot be read or changed while it was hashed, the state directory cannot be
    /// written, or the stop came before any was begun ([`ErrorKind::Stopped`]). [`ErrorKind::Conflict`] when the file is not that
    /// of [the job](Self::of_job). [`ErrorKind::InvalidRequest`] when two
    /// destinations have one label or are one place, something needed is missing, or the order of every destination is refused,
    /// which is told before the file is read beyond its header.
    ///
    /// # Cancel safety
    /// When the future is dropped, nothing more is sent. What was recorded stays: imports go on in the clouds, and the same call
    /// again goes on with them, with parts of an upload that arrived, and with an order that may have been sent, which is settled
    /// before anything else. A [`Stop`] also lets what is under way finish.
    pub async fn run(self) -> Result<Published> {
        let state = self.checked()?;
        let mut content = self.content(&self.destinations).await?;
        content.tell(&*self.listener);
        let mut outcomes = refused(self.call(&content), &self.readiness, &*self.listener).await?;
        let accepted: Vec<usize> = (0..outcomes.len()).filter(|index| outcomes[*index].is_none()).collect();
        let places = self.places(&content, &accepted).await?;
        // Hashing may take an hour: what cannot be recorded is told before.
        state.check().await?;
        let cache = state.hashes().rehash(self.options.rehash);
        let hashed = content.hash(&cache, &self.listener, &self.stop).await?;
        let (facts, order) = self.facts(&content)?;
        let mut accepted: Vec<(usize, Place)> = accepted.into_iter().zip(places).collect();
        let records = state.records_of(&facts.id).await?;
        let refusals = preflight::decided(self.call(&content), &self.readiness, records, &accepted).await?;
        for (index, ended) in self.stopped_at_the_gate(&accepted, refusals) {
            accepted.retain(|(other, _)| *other != index);
            outcomes[index] = Some(ended);
        }
        if accepted.is_empty() {
            let labels = self.destinations.into_iter().map(|to| to.label).collect();
            return Ok(Published {
                job: Job::new(state, facts),
                outcomes: Outcome::all(outcomes, labels),
            });
        }
        let Self {
            destinations,
            options,
            listener,
            stop,
            readiness,
            ..
        } = self;
        let wanted = accepted
            .iter()
            .map(|(index, place)| (destinations[*index].record_name(), place.clone()));
        let opened = Job::open(&state, facts, wanted.collect(), &stop).await?;
        let (job, records) = opened.ok_or_else(stopped)?;
        let mut slots: HashMap<Provider, Arc<Semaphore>> = HashMap::new();
        let context = Arc::new(Context {
            job: job.clone(),
            options,
            listener,
            stop,
            hashed,
            naming: OnceCell::new(),
        });
        let indices: Vec<usize> = accepted.iter().map(|(index, _)| *index).collect();
        let mut links = copies::links(&destinations, &indices);
        let work = accepted.into_iter().zip(records).map(|((index, place), record)| {
            let destination = destinations[index].paced(&context.options.pace);
            let slot = slots.entry(destination.importer.provider());
            let slot = slot.or_insert_with(|| Arc::new(Semaphore::new(context.options.side_by_side)));
            let work = Box::new(Work {
                index,
                ordered: content.order(&destination, &context.options.prefix),
                asked: destination.kept(order.as_deref()),
                is_bucket_known: readiness.get(index).is_some_and(Readiness::knows_bucket),
                destination: Arc::new(destination),
                place,
                record,
                context: Arc::clone(&context),
                slot: Arc::clone(slot),
                link: links.remove(&index).unwrap_or_default(),
            });
            work.run()
        });
        for (index, outcome) in indices.into_iter().zip(side_by_side(work).await) {
            outcomes[index] = outcome;
        }
        let labels = destinations.into_iter().map(|to| to.label).collect();
        let outcomes = Outcome::all(outcomes, labels);
        Ok(Published { job, outcomes })
    }

    /// What the job publishes, and the key by which it keeps what was asked for.
    fn facts(&self, content: &Content) -> Result<(JobFacts, Option<String>)> {
        let first = &self.destinations[0].order;
        let name = self.options.job_name.as_ref().unwrap_or(&first.name);
        let mut facts = content.facts(name, first, self.job.as_ref())?;
        if self.options.expected_sha256.is_some() {
            facts.expected_sha256.clone_from(&self.options.expected_sha256);
        }
        let order = self.order.clone().map(|order| facts.keep(order));
        Ok((facts, order))
    }

    /// The destinations that are not begun after all, by why they or others would be refused, each told.
    fn stopped_at_the_gate(&self, accepted: &[(usize, Place)], refusals: Vec<Option<Error>>) -> Vec<(usize, Outcome)> {
        let labels: Vec<&str> = accepted
            .iter()
            .map(|(index, _)| self.destinations[*index].label.as_str())
            .collect();
        let ended = gate(&labels, refusals, self.options.best_effort);
        let stopped = accepted.iter().zip(labels.iter().zip(ended));
        let stopped = stopped.filter_map(|((index, _), (label, ended))| {
            let outcome = Outcome::new(*label, ended?);
            self.listener.on(Some(*index), &Event::Over { outcome: &outcome });
            Some((*index, outcome))
        });
        stopped.collect()
    }

    /// The places of these destinations.
    ///
    /// # Errors
    /// Two are one.
    async fn places(&self, content: &Content, accepted: &[usize]) -> Result<Vec<Place>> {
        let destinations: Vec<&Destination> = accepted.iter().map(|index| &self.destinations[*index]).collect();
        let work = destinations.iter().map(|to| {
            // That it can be made is known.
            let order = content.order(to, &self.options.prefix);
            let order = order.map_or_else(|_| to.order.clone(), |ordered| ordered.request);
            let to = Destination::clone(to);
            async move { to.place(&order).await }
        });
        let found = tokio::select! {
            found = side_by_side(work) => found,
            () = self.stop.requested() => return Err(stopped()),
        };
        let broke_off = || Error::new(ErrorKind::Local, "looking for credentials ended unexpectedly");
        let places: Vec<Place> = found
            .into_iter()
            .map(|place| place.ok_or_else(broke_off))
            .collect::<Result<_>>()?;
        for (index, place) in places.iter().enumerate() {
            // Whose keys cannot be had sends nothing.
            let can_send = place.account.is_some() || place.endpoint.is_none();
            if !can_send {
                continue;
            }
            if let Some(other) = places[..index].iter().position(|other| other == place) {
                let (one, two) = (&destinations[other].label, &destinations[index].label);
                let message = format!(
                    "the targets `{one}` and `{two}` are the same place: {}/{}, the same account, and the same image name `{}`",
                    place.provider, place.region, place.name
                );
                return Err(Error::new(ErrorKind::InvalidRequest, message)
                    .with_provider(place.provider)
                    .with_remedy(format!(
                        "Leave out `{one}` or `{two}`, or give one of them another account or image name."
                    )));
            }
        }
        Ok(places)
    }
}
