//! `import`: each target by itself and side by side; one that fails does not stop the others.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result, Stop, WaitOptions,
    publish::{self, Destination, Event, Image, Listener, LocalImage, Options, Phase},
};

use crate::{
    args::Import,
    connect::Clouds,
    convert, destination,
    events::Events,
    exit::Exit,
    interrupt, output,
    progress::Progress,
    report::{self, Lines, Outcome},
    simulate::Simulated,
    state::Remembered,
    targets::{self, Wanted},
};

pub(crate) async fn run(options: Import) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let stop = Stop::default();
    match interrupt::guarded(&stop, all(&options, &wanted, simulated.as_ref(), &state, &stop)).await {
        Some(exit) => exit,
        None => Ok(interrupt::left_at_once()),
    }
}

async fn all(
    options: &Import,
    wanted: &[Wanted],
    simulated: Option<&Simulated>,
    state: &Remembered,
    stop: &Stop,
) -> Result<Exit> {
    let clouds = Clouds::new(&options.reach, simulated)?;
    let mut image = destination::image(&options.order)?;
    // It goes, with its temporary file, when the import is over.
    let _converted = match options.staging.convert {
        Some(format) => Some(converted(&mut image, format).await?),
        None => None,
    };
    let progress: Arc<dyn Listener> = if options.events {
        Arc::new(Events::new(wanted.iter().map(|target| target.label.clone()).collect()))
    } else {
        Arc::new(Progress::new(
            wanted.iter().map(|target| target.label.clone()).collect(),
        ))
    };
    if let Some(file) = image.file() {
        for text in file.warnings() {
            progress.on(None, &Event::Warning { text: &text });
        }
    }
    let publishing = publishing(options, simulated.is_some());
    let (destinations, mut outcomes) = prepared(options, wanted, &image, &clouds, &publishing, &progress);
    let (indices, destinations): (Vec<usize>, Vec<Destination>) = destinations.into_iter().unzip();
    let listener = Arc::new(Renumbered::new(progress, indices.clone()));
    let mut job = None;
    if !destinations.is_empty() {
        let done = publish::publish(
            image,
            destinations,
            state.state().clone(),
            publishing,
            listener,
            stop.clone(),
        )
        .await?;
        job = Some(done.job.facts().id.clone());
        for (index, outcome) in indices.into_iter().zip(done.outcomes) {
            outcomes.push((index, Outcome::from(outcome)));
        }
    }
    outcomes.sort_by_key(|(index, _)| *index);
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
    let form = if options.events {
        report::Form::Event
    } else {
        options.reach.output.into()
    };
    let again = job.filter(|_| state.lasts()).map(|job| with_places(&job, options));
    let exit = report::write(&outcomes, form, lines, again.as_deref());
    Ok(if stop.is_requested() { Exit::Interrupted } else { exit })
}

/// A job with the options by which a later command finds it and its clouds.
fn with_places(job: &str, options: &Import) -> String {
    let mut words = job.to_owned();
    if let Some(folder) = &options.state.folder {
        words.push_str(&format!(" --state {}", folder.display()));
    }
    if let Some(Some(file)) = &options.reach.simulate {
        words.push_str(&format!(" --simulate={}", file.display()));
    }
    words
}

/// Destinations and outcomes, each by the place of its target among all that were named.
type Prepared = (Vec<(usize, Destination)>, Vec<(usize, Outcome)>);

/// The destinations whose orders have no errors, and the outcomes of the others. All problems are told before anything is sent.
fn prepared(
    options: &Import,
    wanted: &[Wanted],
    image: &Image,
    clouds: &Clouds<'_>,
    publishing: &Options,
    progress: &Arc<dyn Listener>,
) -> Prepared {
    let (mut destinations, mut outcomes) = (Vec::new(), Vec::new());
    for (index, wanted) in wanted.iter().enumerate() {
        let made =
            destination::destination(&options.order, &options.staging, wanted, image, clouds).and_then(|mut made| {
                made.order.dry_run = options.dry_run;
                made.order.no_validate = options.no_validate;
                let problems = made.problems(image, publishing)?;
                if !options.no_validate && problems.iter().any(|problem| problem.is_error()) {
                    return Err(Error::invalid(wanted.target.provider, problems));
                }
                for problem in problems {
                    progress.on(Some(index), &Event::Problem { problem: &problem });
                }
                Ok(made)
            });
        match made {
            Ok(destination) => destinations.push((index, destination)),
            Err(error) => {
                let outcome = publish::Outcome::not_started(&wanted.label, error);
                progress.on(Some(index), &Event::Over { outcome: &outcome });
                outcomes.push((index, outcome.into()));
            }
        }
    }
    (destinations, outcomes)
}

async fn converted(image: &mut Image, format: cloud_import::DiskFormat) -> Result<convert::Converted> {
    let Some(file) = image.file() else {
        return Err(
            Error::new(ErrorKind::InvalidRequest, "only a local file can be converted")
                .with_remedy("Name the file itself, or leave --convert out."),
        );
    };
    let shown = std::sync::atomic::AtomicU32::new(u32::MAX);
    let converted = convert::convert(file.path(), file.info(), format, None, |done| {
        let tens = (done * 10.0) as u32 * 10;
        if shown.swap(tens, std::sync::atomic::Ordering::Relaxed) != tens {
            output::say(&format!("converting to {format}: {tens}%"));
        }
    })
    .await?;
    *image = Image::File(LocalImage::open(converted.path(), None)?);
    Ok(converted)
}

fn publishing(options: &Import, simulated: bool) -> Options {
    Options {
        wait: !options.no_wait,
        waiting: waiting(options.waiting.timeout, simulated),
        keep_object: options.staging.keep_object,
        prefix: options.staging.prefix.clone(),
        again: options.again,
        replace: options.replace,
        cancel_on_stop: options.cancel_on_interrupt,
        bitmap: options.staging.bitmap.clone(),
        ..Options::default()
    }
}

/// How to wait: patiently for real clouds, briskly for simulated ones.
pub(crate) fn waiting(limit: Option<Duration>, simulated: bool) -> WaitOptions {
    let options = WaitOptions::default();
    let options = if simulated {
        options.intervals(Duration::from_millis(150), Duration::from_millis(500))
    } else {
        options
    };
    match limit {
        Some(limit) => options.limit(limit),
        None => options,
    }
}

/// Tells of targets by their place among all that were named, of which some may not have come to a start.
#[derive(Debug)]
pub(crate) struct Renumbered {
    to: Arc<dyn Listener>,
    indices: Vec<usize>,
}

impl Renumbered {
    pub(crate) fn new(to: Arc<dyn Listener>, indices: Vec<usize>) -> Self {
        Self { to, indices }
    }
}

impl Listener for Renumbered {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        self.to
            .on(target.and_then(|index| self.indices.get(index).copied()), event);
    }
}

impl From<publish::Outcome> for Outcome {
    fn from(outcome: publish::Outcome) -> Self {
        let exit = match (outcome.phase, &outcome.error) {
            (Phase::Succeeded, Some(error)) if error.kind() == ErrorKind::Credentials => Exit::Credentials,
            // The image is there, and so is what it was to replace.
            (Phase::Succeeded, Some(_)) => Exit::Mixed,
            (Phase::Succeeded | Phase::Checked, _) | (Phase::Running, None) => Exit::Done,
            (Phase::Running, Some(error)) => Exit::while_running(error),
            (Phase::Unknown, _) => Exit::OutcomeUnknown,
            (Phase::Failed, _) => Exit::Failed,
            (_, Some(error)) => Exit::of(error),
            (_, None) => Exit::NotStarted,
        };
        Self {
            target: outcome.target,
            status: outcome.phase.into(),
            exit,
            state: match outcome.phase {
                Phase::Checked => Some("checked".to_owned()),
                _ => None,
            },
            image: outcome.image,
            task: outcome.task,
            error: outcome.error,
        }
    }
}
