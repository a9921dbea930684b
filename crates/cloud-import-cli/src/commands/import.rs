//! `import`: each target by itself and side by side; one that fails does not stop the others.

use std::sync::Arc;

use cloud_import::{
    DiskFormat, DiskPart, Error, ErrorKind, Field, Problem, Remedy, Result, Stop,
    publish::{self, Destination, Ended, Event, Image, Listener, LocalImage, Publish, disk::Format},
};

use crate::{
    args::Import,
    connect::Clouds,
    convert, destination,
    events::Events,
    exit::Exit,
    interrupt, output,
    progress::Progress,
    render,
    report::{self, Lines, Outcome},
    simulate::Simulated,
    state::Remembered,
    targets::{self, Wanted},
    waiting::{Renumbered, waiting},
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
    let mut publish = publishing(image, options, simulated.is_some()).stop(stop.clone());
    let (mut indices, mut outcomes) = (Vec::new(), Vec::new());
    let mut told = Vec::new();
    // All problems are told before anything is sent.
    for (index, wanted) in wanted.iter().enumerate() {
        match prepared(options, wanted, &publish, &clouds).await {
            Ok((destination, problems)) => {
                for problem in &problems {
                    tell(problem, index, &mut told, &*progress);
                }
                indices.push(index);
                publish = publish.to(destination);
            }
            Err(error) => {
                let outcome = publish::Outcome::new(&wanted.label, Ended::not_started(error));
                progress.on(Some(index), &Event::Over { outcome: &outcome });
                outcomes.push((index, outcome.into()));
            }
        }
    }
    let mut job = None;
    if !indices.is_empty() {
        let listener = Arc::new(Renumbered::new(progress, indices.clone()));
        let done = publish.state(state.state().clone()).listener(listener).run().await?;
        job = Some(done.job.facts().id.clone());
        for (index, outcome) in indices.into_iter().zip(done.outcomes) {
            outcomes.push((index, Outcome::from(outcome)));
        }
    }
    outcomes.sort_by_key(|(index, _)| *index);
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
    let form = if options.events {
        report::OutputFormat::Event
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

/// The destination of a target, with what the cloud may refuse.
///
/// # Errors
/// It could not be started.
async fn prepared(
    options: &Import,
    wanted: &Wanted,
    publish: &Publish,
    clouds: &Clouds<'_>,
) -> Result<(Destination, Vec<Problem>)> {
    let mut made = destination::destination(&options.order, &options.staging, wanted, publish.image(), clouds)?;
    made.order.dry_run = options.dry_run;
    made.order.no_validate = options.no_validate;
    let problems = publish.problems(&made).await?;
    if !options.no_validate && problems.iter().any(|problem| problem.is_error()) {
        return Err(Error::invalid(wanted.target.provider, problems));
    }
    Ok((made, problems))
}

async fn converted(image: &mut Image, format: DiskFormat) -> Result<convert::Converted> {
    let Some(file) = image.file() else {
        return Err(
            Error::new(ErrorKind::InvalidRequest, "only a local file can be converted")
                .with_remedy("Name the file itself, or leave --convert out."),
        );
    };
    // What is no disk would become a good image of nothing.
    if file.info().format == Format::Raw && !file.holds_a_disk() {
        let message = format!("`{}` holds nothing that looks like a disk", file.path().display());
        let format = Field::disk(0, DiskPart::Format);
        return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(
            Remedy::text("name the disk image itself").or(Remedy::set_to(format, DiskFormat::Raw.to_string())),
        ));
    }
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

fn publishing(image: Image, options: &Import, simulated: bool) -> Publish {
    let publish = Publish::of(image)
        .wait(!options.no_wait)
        .waiting(waiting(options.waiting.timeout, simulated))
        .keep_object(options.staging.keep_object)
        .prefix(&options.staging.prefix)
        .again(options.again)
        .replace(options.replace)
        .cancel_on_stop(options.cancel_on_interrupt);
    match &options.staging.bitmap {
        Some(bitmap) => publish.side_file(bitmap),
        None => publish,
    }
}
