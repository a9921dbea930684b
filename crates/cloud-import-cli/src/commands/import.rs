//! `import`: each target by itself and side by side; one that fails does not stop the others.

use std::sync::Arc;

use cloud_import::{
    DiskFormat, Error, Field, Problem, Result, Stop,
    publish::{self, Destination, Ended, Event, Image, Listener, LocalImage, Publish},
};

use crate::{
    args::Import,
    connect::{self, Clouds},
    convert, destination,
    events::Events,
    exit::Exit,
    interrupt, line,
    on_end::OnEnd,
    outcome::Outcome,
    progress::{One, Progress},
    render,
    report::{self, Lines},
    simulate::Simulated,
    sparse,
    state::Remembered,
    targets::{self, Wanted},
    waiting::{Renumbered, waiting},
};

pub(crate) async fn run(options: Import) -> Result<Exit> {
    let on_end = OnEnd::of(&options.waiting);
    let ended = ended(&options, &on_end).await;
    on_end.run(ended).await
}

async fn ended(options: &Import, on_end: &OnEnd) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let stop = Stop::default();
    let work = all(options, &wanted, simulated.as_ref(), &state, &stop, on_end);
    interrupt::guarded(&stop, work).await
}

async fn all(
    options: &Import,
    wanted: &[Wanted],
    simulated: Option<&Simulated>,
    state: &Remembered,
    stop: &Stop,
    on_end: &OnEnd,
) -> Result<Exit> {
    let clouds = Clouds::new(&options.reach, simulated)?.stopped_by(stop);
    let targets = Targets {
        options,
        wanted,
        clouds: &clouds,
        stop,
    };
    let mut image = destination::image(&options.order)?;
    if let (Image::File(file), None) = (&image, options.staging.convert) {
        sparse::tell(file);
    }
    // It goes, with its temporary file, when the import is over.
    let mut converted = None;
    let mut prepared = match options.staging.convert {
        None => targets.prepared(image.clone()).await,
        // Hours may go into it: what is wrong already is told before.
        Some(format) => targets.prepared(destination::planned(&image, format)?).await,
    };
    if let Some(format) = options.staging.convert
        && prepared.found.iter().any(Result::is_ok)
    {
        state.state().check().await?;
        let new = convert(destination::local(&image)?, format, options, stop).await?;
        image = Image::File(LocalImage::open(new.path(), Some(format))?);
        prepared = targets.prepared(image.clone()).await;
        converted = Some(new);
    }
    let progress = listener(options, wanted);
    let Prepared { mut publish, found } = prepared;
    let (mut indices, mut outcomes) = (Vec::new(), Vec::new());
    let mut told = Vec::new();
    // All problems are told before anything is sent.
    for (index, found) in found.into_iter().enumerate() {
        match found {
            Ok((destination, problems)) => {
                // What stands beside the image is told once for all, when it is known what goes with it.
                for problem in problems.iter().filter(|problem| problem.field != Field::Bitmap) {
                    tell(problem, index, &mut told, &*progress);
                }
                indices.push(index);
                publish = publish.to(destination);
            }
            Err(error) => {
                let outcome = publish::Outcome::new(&wanted[index].label, Ended::not_started(error));
                progress.on(Some(index), &Event::Over { outcome: &outcome });
                outcomes.push((index, outcome.into()));
            }
        }
    }
    let mut job = None;
    if !indices.is_empty() {
        let listener = Arc::new(Renumbered::new(progress, indices.clone()));
        let done = publish.state(state.state().clone()).listener(listener).run().await?;
        job = Some(done.job);
        for (index, outcome) in indices.into_iter().zip(done.outcomes) {
            outcomes.push((index, Outcome::from(outcome)));
        }
    }
    drop(converted);
    outcomes.sort_by_key(|(index, _)| *index);
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let job = job.filter(|_| state.lasts());
    on_end.keep(job.as_ref().map(|job| job.facts().id.as_str()), &outcomes);
    let again = job.map(|job| with_places(&job.facts().id, options, wanted));
    Ok(written(&outcomes, options, again.as_deref()))
}

/// Writes what came of the targets.
fn written(outcomes: &[Outcome], options: &Import, again: Option<&str>) -> Exit {
    let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
    let form = if options.events {
        report::OutputFormat::Event
    } else {
        options.reach.output.into()
    };
    report::write(outcomes, form, lines, again, options.waiting.fail_if)
}

/// A job with the options by which a later command finds it and its clouds.
fn with_places(job: &str, options: &Import, wanted: &[Wanted]) -> String {
    // A task's own endpoint counts only when it is repeated.
    let endpoints = wanted.iter().filter_map(|wanted| {
        let endpoint = connect::endpoint(wanted, &options.reach)?;
        Some(format!(" --endpoint {}={endpoint}", wanted.target.provider))
    });
    line::with_places(job, &options.state, &options.reach, &endpoints.collect())
}

/// Tells a problem of a target; what is wrong with the file, once for all of them.
fn tell(problem: &Problem, index: usize, told: &mut Vec<String>, progress: &dyn Listener) {
    if !render::of_the_file(problem) {
        return progress.on(Some(index), &Event::Problem { problem });
    }
    let text = render::problem(problem);
    if !told.contains(&text) {
        progress.on(None, &Event::Warning { text: &text });
        told.push(text);
    }
}

/// The targets of a call, which can be prepared for more than one image.
struct Targets<'a> {
    options: &'a Import,
    wanted: &'a [Wanted],
    clouds: &'a Clouds<'a>,
    stop: &'a Stop,
}

/// What is to be published, and what each target comes to: its destination with what the cloud may refuse, or why it cannot be
/// started.
struct Prepared {
    publish: Publish,
    found: Vec<Result<(Destination, Vec<Problem>)>>,
}

impl Targets<'_> {
    async fn prepared(&self, image: Image) -> Prepared {
        let publish = publishing(image, self.options, self.clouds.are_simulated()).stop(self.stop.clone());
        let mut found = Vec::new();
        for wanted in self.wanted {
            found.push(self.one(wanted, &publish).await);
        }
        Prepared { publish, found }
    }

    async fn one(&self, wanted: &Wanted, publish: &Publish) -> Result<(Destination, Vec<Problem>)> {
        let Self { options, clouds, .. } = self;
        let (order, staging) = (&options.order, &options.staging);
        let (mut made, mut problems) =
            destination::destination(order, staging, wanted, publish.image(), clouds).await?;
        made.order.dry_run = options.dry_run;
        made.order.no_validate = options.no_validate;
        problems.extend(publish.problems(&made).await?);
        if !options.no_validate && problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(wanted.target.provider, problems));
        }
        Ok((made, problems))
    }
}

async fn convert(file: &LocalImage, format: DiskFormat, options: &Import, stop: &Stop) -> Result<convert::Converted> {
    let conversion = convert::Conversion {
        file: file.path(),
        info: file.info(),
        to: format,
        is_trusted: options.staging.trust_image,
    };
    let progress = One::new(format!("converting to {format}"));
    conversion.run(stop, |done| progress.at(done)).await
}

fn listener(options: &Import, wanted: &[Wanted]) -> Arc<dyn Listener> {
    let labels = wanted.iter().map(|target| target.label.clone()).collect();
    match options.events {
        true => Arc::new(Events::new(labels)),
        false => Arc::new(Progress::new(labels)),
    }
}

fn publishing(image: Image, options: &Import, simulated: bool) -> Publish {
    let publish = Publish::of(image)
        .wait(!options.no_wait)
        .waiting(waiting(options.waiting.timeout, simulated))
        .keep_object(options.staging.keep_object)
        .rehash(options.rehash)
        .prefix(&options.staging.prefix)
        .again(options.again)
        .replace(options.replace)
        .cancel_on_stop(options.cancel_on_interrupt);
    match &options.staging.bitmap {
        Some(bitmap) => publish.side_file(bitmap),
        None => publish,
    }
}
