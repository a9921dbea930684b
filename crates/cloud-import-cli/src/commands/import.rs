//! `import`: each target by itself and side by side; one that fails does not stop the others.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use cloud_import::{
    DiskFormat, Error, ErrorKind, Field, Problem, Result, Stop,
    publish::{self, Destination, Ended, Event, Image, Listener, LocalImage, Publish},
};

use crate::{
    args::Import,
    connect::{self, Clouds},
    convert, destination,
    events::Events,
    exit::Exit,
    interrupt, line,
    outcome::Outcome,
    output,
    progress::Progress,
    render,
    report::{self, Lines},
    simulate::Simulated,
    state::Remembered,
    sums,
    targets::{self, Wanted},
    template,
    waiting::{Renumbered, waiting},
};

pub(crate) async fn run(options: Import) -> Result<Exit> {
    let wanted = targets::wanted(&options.order, &options.staging, &options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let stop = Stop::default();
    let work = all(&options, &wanted, simulated.as_ref(), &state, &stop);
    interrupt::guarded(&stop, work).await
}

async fn all(
    options: &Import,
    wanted: &[Wanted],
    simulated: Option<&Simulated>,
    state: &Remembered,
    stop: &Stop,
) -> Result<Exit> {
    let clouds = Clouds::new(&options.reach, simulated)?.stopped_by(stop);
    let mut image = destination::image(&options.order, wanted)?;
    let mut targets = Targets {
        options,
        wanted,
        clouds: &clouds,
        stop,
        expected: expected(options, &image)?,
        sha256: None,
    };
    // It goes, with its temporary file, when the import is over.
    let mut converted = None;
    let mut prepared = targets.planned(&image).await?;
    let progress = listener(options, wanted);
    let can_be_sent = prepared.found.iter().any(Result::is_ok);
    if can_be_sent && targets.read_the_sum(&mut image, state, &progress).await? {
        prepared = targets.planned(&image).await?;
    }
    if let Some(format) = options.staging.convert.filter(|_| can_be_sent) {
        state.state().check().await?;
        let original = destination::local(&image)?;
        let new = convert(original, format, options, stop).await?;
        original.unchanged()?;
        image = Image::File(LocalImage::open(new.path(), Some(format))?);
        prepared = targets.prepared(image.clone()).await;
        converted = Some(new);
    }
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
    let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
    let form = if options.events {
        report::OutputFormat::Event
    } else {
        options.reach.output.into()
    };
    let again = job
        .filter(|_| state.lasts())
        .map(|job| with_places(&job.facts().id, options, wanted));
    Ok(report::write(&outcomes, form, lines, again.as_deref()))
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
    /// The sum that the file must have.
    expected: Option<String>,
    /// The sum of the file, once it was read.
    sha256: Option<String>,
}

/// What is to be published, and what each target comes to: its destination with what the cloud may refuse, or why it cannot be
/// started.
struct Prepared {
    publish: Publish,
    found: Vec<Result<(Destination, Vec<Problem>)>>,
}

impl Targets<'_> {
    /// Prepares the image as it will be sent. Hours may go into converting it: what is wrong already is told before.
    async fn planned(&self, image: &Image) -> Result<Prepared> {
        let image = match self.options.staging.convert {
            None => image.clone(),
            Some(format) => destination::planned(image, format)?,
        };
        Ok(self.prepared(image).await)
    }

    /// Reads the sum of the file where that decides on what is sent, and says whether it does.
    ///
    /// # Errors
    /// It is not the one that was expected.
    async fn read_the_sum(
        &mut self,
        image: &mut Image,
        state: &Remembered,
        progress: &Arc<dyn Listener>,
    ) -> Result<bool> {
        let Image::File(file) = image else { return Ok(false) };
        if self.expected.is_none() && !self.wanted.iter().any(template::needs_content) {
            return Ok(false);
        }
        state.state().check().await?;
        file.hash(state.state(), self.options.rehash, progress, self.stop)
            .await?;
        let found = file.sha256().unwrap_or_default();
        if let Some(expected) = self.expected.as_deref().filter(|expected| *expected != found) {
            let message = format!(
                "`{}` has the SHA-256 {found}, and {expected} is expected",
                file.path().display()
            );
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_remedy("Nothing was sent. Get the file again, or correct what is expected of it."));
        }
        self.sha256 = Some(found.to_owned());
        Ok(true)
    }

    async fn prepared(&self, image: Image) -> Prepared {
        let content = destination::content(&image, self.sha256.as_deref());
        let mut publish = publishing(image, self.options, self.clouds.are_simulated()).stop(self.stop.clone());
        let mut names = self
            .wanted
            .iter()
            .flat_map(|wanted| [&wanted.common_name, &wanted.fields.name]);
        let name = names.find_map(Option::as_deref);
        // One that cannot be made is each target's own error.
        if let Some(Ok(name)) = name.map(|name| template::job_name(name, content)) {
            publish = publish.job_name(name);
        }
        if let Some(expected) = &self.expected {
            publish = publish.expected_sha256(expected);
        }
        let mut found = Vec::new();
        for wanted in self.wanted {
            found.push(self.one(wanted, &publish).await);
        }
        Prepared { publish, found }
    }

    async fn one(&self, wanted: &Wanted, publish: &Publish) -> Result<(Destination, Vec<Problem>)> {
        let Self { options, clouds, .. } = self;
        let sha256 = self.sha256.as_deref();
        let (mut made, mut problems) =
            destination::destination(&options.order, wanted, publish.image(), sha256, clouds).await?;
        made.order.dry_run = options.dry_run;
        made.order.no_validate = options.no_validate;
        problems.extend(publish.problems(&made).await?);
        if !options.no_validate && problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(wanted.target.provider, problems));
        }
        Ok((made, problems))
    }
}

/// The sum that the file must have, where one is told.
///
/// # Errors
/// It cannot be had, or the image is no file of this machine.
fn expected(options: &Import, image: &Image) -> Result<Option<String>> {
    let Some(expected) = &options.expect_sha256 else {
        return Ok(None);
    };
    let file = image.file().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidRequest,
            "only the sum of a file of this machine can be read",
        )
        .with_remedy("Leave --expect-sha256 out, or name the file itself.")
    })?;
    sums::expected(expected, file.path()).map(Some)
}

async fn convert(file: &LocalImage, format: DiskFormat, options: &Import, stop: &Stop) -> Result<convert::Converted> {
    let conversion = convert::Conversion {
        file: file.path(),
        info: file.info(),
        to: format,
        is_trusted: options.staging.trust_image,
    };
    let shown = AtomicU32::new(u32::MAX);
    let tell = |done: f32| {
        let tens = (done * 10.0) as u32 * 10;
        if shown.swap(tens, Ordering::Relaxed) != tens {
            output::say(&format!("converting to {format}: {tens}%"));
        }
    };
    conversion.run(stop, tell).await
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
        .rehash(options.rehash)
        .again(options.again)
        .replace(options.replace)
        .cancel_on_stop(options.cancel_on_interrupt);
    match &options.staging.bitmap {
        Some(bitmap) => publish.side_file(bitmap),
        None => publish,
    }
}
