//! `export`: an image that is there is written into a bucket of its region, its end is waited for, and with `--download` what was
//! written becomes a file. It is a job like an import: the same command again goes on with it, and sends nothing twice.

mod fetching;
mod task;
mod told;
mod written;

use std::{path::PathBuf, sync::Arc};

use cloud_import::{
    CheckOutcome, Error, ErrorKind, ExportRequest, ImageImporter, ImageSource, Problem, Result, Stop, Target,
    publish::{self, Ended, Readiness, look_at_bucket},
};
use serde_json::Value;

use self::{
    told::Notes,
    written::{FileRow, Status, Told, in_words},
};
use crate::{
    args::{self, OneImage, scope::own_options},
    connect::Clouds,
    exit::Exit,
    findings::{self, Finding, Severity},
    found::{self, Found},
    interrupt, output, render,
    simulate::Simulated,
    state::Remembered,
    waiting::waiting,
};

#[cfg(test)]
pub(crate) use written::Exported;

/// Stands for an id that is looked for.
const SOUGHT: &str = "sought";

pub(crate) async fn run(options: args::Export) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let stop = Stop::default();
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?.stopped_by(&stop);
    let work = async {
        match &options.task {
            Some(text) => {
                let waiting = waiting(options.timeout, simulated.is_some());
                task::waited(text, &options, waiting, &clouds, &stop).await
            }
            None => exported(&options, &clouds, &state, &stop).await,
        }
    };
    interrupt::guarded(&stop, work).await
}

/// What came of an export, and of fetching what it wrote.
struct Came {
    exported: publish::Exported,
    files: Vec<FileRow>,
    /// What went wrong with the files.
    error: Option<Error>,
}

/// An exported image as a file of this machine. The record of the export is held as long as this is there.
pub(crate) struct FetchedImage {
    pub(crate) path: PathBuf,
    key: String,
    exported: publish::Exported,
}

impl FetchedImage {
    /// Exports the image of these options and fetches it into the folder that they name, or goes on with that; the path that the file
    /// had where it was removed since, and its object before it.
    ///
    /// # Errors
    /// As the command ends; [`ErrorKind::Unsupported`] where it is several objects.
    pub(crate) async fn of(
        options: &args::Export,
        clouds: &Clouds<'_>,
        state: &Remembered,
        stop: &Stop,
    ) -> Result<Result<Self, (PathBuf, Error)>> {
        let Came { exported, files, error } = came(options, clouds, state, stop).await?;
        if let Some(error) = error.or_else(|| exported.outcome.error().cloned()) {
            let record = exported.outcome.record.as_deref();
            let file = record.and_then(|record| record.export.as_ref()?.files.first());
            return match file {
                Some(file) if error.code() == Some("ObjectRemoved") => Ok(Err((PathBuf::from(&file.path), error))),
                _ => Err(error),
            };
        }
        match files.as_slice() {
            [file] => Ok(Ok(Self {
                path: file.path().to_owned(),
                key: file.key.clone(),
                exported,
            })),
            files => {
                let message = format!(
                    "the export wrote {} objects, and one disk is imported at a time",
                    files.len()
                );
                Err(Error::new(ErrorKind::Unsupported, message).with_remedy(
                    "They are fetched: import the one that the system starts from, with the others as data disks.",
                ))
            }
        }
    }

    /// Removes the object from the bucket.
    pub(crate) async fn remove_object(&self) -> Result<()> {
        self.exported.remove(&self.key).await
    }
}

/// Exports the image, or goes on with that, and fetches what was written where that is asked for.
async fn came(options: &args::Export, clouds: &Clouds<'_>, state: &Remembered, stop: &Stop) -> Result<Came> {
    let (importer, name, request) = ordered(options, clouds, state).await?;
    let store = clouds
        .store(&*importer, &request.bucket)?
        .paced(fetching::pace(options));
    let mut export = publish::Export::new(Arc::from(importer), store.clone(), request, state.state().clone())
        .image_name(name)
        .again(options.again)
        .wait(!options.no_wait)
        .waiting(waiting(options.timeout, clouds.are_simulated()))
        .listener(Arc::new(Notes::new()))
        .stop(stop.clone());
    if let Some(file) = &options.download {
        export = export.into_file(file, options.force);
    }
    let exported = export.run().await.map_err(|error| in_words(error, None))?;
    let (files, done) = match (&exported.outcome.ended, &options.download) {
        (Ended::Exported { .. }, Some(to)) => fetching::fetched(&exported, &store, to, options).await,
        _ => (Vec::new(), Ok(())),
    };
    let error = done.err().map(|error| match &exported.outcome.ended {
        Ended::Exported { task, .. } => in_words(error, Some(task)),
        _ => error,
    });
    Ok(Came { exported, files, error })
}

/// Exports the image, or goes on with that, and says what came of it.
async fn exported(options: &args::Export, clouds: &Clouds<'_>, state: &Remembered, stop: &Stop) -> Result<Exit> {
    let Came { exported, files, error } = came(options, clouds, state, stop).await?;
    let record = exported.outcome.record.as_deref();
    let known = record.and_then(|record| record.export_task().cloned());
    let job = state.lasts().then(|| exported.job.facts().id.as_str());
    let told = |task, status, exit| Told {
        job,
        ..Told::of(task, status, exit)
    };
    match &exported.outcome.ended {
        Ended::Exported { task, found, .. } => {
            let exit = error.as_ref().map_or(Exit::Done, Exit::of);
            let told = Told {
                is_found: *found,
                files: &files,
                ..told(task, Status::Succeeded, exit)
            };
            told.because(error.as_ref()).written(options)
        }
        Ended::Exporting { task, error } => {
            let exit = match error {
                Some(error) => Exit::while_running(error),
                None => Exit::Done,
            };
            // That it was interrupted is what its user did.
            let error = error.as_ref().filter(|error| error.kind() != ErrorKind::Stopped);
            told(task, Status::Running, exit).because(error).written(options)
        }
        Ended::Failed { error, .. } => match &known {
            Some(task) => told(task, Status::Failed, Exit::Failed)
                .because(Some(error))
                .written(options),
            None => Err(error.clone()),
        },
        other => Err(match other.error() {
            Some(error) => in_words(error.clone(), known.as_ref()),
            None => Error::new(ErrorKind::Local, "this version does not know how it ended"),
        }),
    }
}

/// The order of the options, for an image that is there, and the image's name.
async fn ordered(
    options: &args::Export,
    clouds: &Clouds<'_>,
    state: &Remembered,
) -> Result<(Box<dyn ImageImporter>, String, ExportRequest)> {
    let named = OneImage {
        image: options.image.clone().unwrap_or_default(),
        to: options.from.clone(),
        project: options.project.clone(),
    };
    let place = found::place(&named, "--from", &options.reach, clouds, state.state()).await?;
    let provider = place.importer.provider();
    let own = own_options(&options.set, provider)?;
    let order = |image| {
        let mut request = ExportRequest::new(image, options.bucket.as_deref().unwrap_or_default());
        request.prefix.clone_from(&options.prefix);
        request.format = options.format;
        match own.is_empty() {
            true => Ok(request),
            false => request.vendor(provider, &Value::Object(own.clone())),
        }
    };
    // Its id may not be known yet. What the cloud does not do is refused before it is asked for the image.
    let region = place.importer.region();
    let problems = place
        .importer
        .validate_export(&order(ImageSource::new(region, SOUGHT))?);
    if problems.iter().any(Problem::is_error) {
        return Err(Error::invalid(provider, problems));
    }
    for problem in &problems {
        output::warning(&render::problem(problem));
    }
    let Found { importer, image, .. } = place.find().await?;
    let request = order(ImageSource::from(&image))?;
    if !options.no_preflight {
        preflight(&*importer, &request, clouds).await?;
    }
    Ok((importer, image.name, request))
}
/// Looks at the bucket before anything is written into it.
///
/// # Errors
/// It is surely not one that the cloud could write into. What is not answered is a warning.
async fn preflight(importer: &dyn ImageImporter, request: &ExportRequest, clouds: &Clouds<'_>) -> Result<()> {
    let provider = importer.provider();
    let store = clouds.store_for_a_look(importer, &request.bucket)?;
    let asked = Readiness::new(provider, look_at_bucket(&store, true).await);
    let told = asked
        .checks
        .iter()
        .filter(|check| check.outcome == CheckOutcome::Warning || check.is_unanswered());
    let target = Target::new(provider, importer.region()).to_string();
    let found = told.map(|check| (target.as_str(), Finding::of_check(check, provider, Severity::Warning)));
    findings::say(&found.collect::<Vec<_>>());
    match asked.refusal() {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}
