//! `move`: an image of one cloud becomes one in others. An export that is fetched, and then an import, each with its own job: the same
//! command again goes on with both.

use std::{
    fs, io,
    path::{Path, PathBuf, absolute},
};

use cloud_import::{Error, ErrorKind, Result, Stop};
use serde_json::Value;

use super::{export::FetchedImage, import, wait};
use crate::{
    args::{Import, Move, Tasks, Wait},
    connect::Clouds,
    exit::Exit,
    interrupt,
    jobs::Remembered as Job,
    line, output,
    simulate::Simulated,
    state::Remembered,
    targets,
};

/// Where files are on their way, in the folder of the jobs.
const FOLDER: &str = "moved";

pub(crate) async fn run(mut options: Move) -> Result<Exit> {
    let import = &options.import;
    if import.dry_run || import.vendor_dry_run {
        let message = "an image cannot be moved as a trial: it is a file only once it is exported";
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Leave --dry-run out, or try the import with a file of the image."));
    }
    #[cfg(feature = "fleet")]
    if import.state.fleet.is_some() {
        return Err(
            Error::new(ErrorKind::InvalidRequest, "an image is moved by this machine alone")
                .with_remedy("Leave --fleet out."),
        );
    }
    let simulated = Simulated::of(&import.reach).await?;
    let state = Remembered::of(&import.state, simulated.is_some()).await?;
    let stop = Stop::default();
    let clouds = Clouds::new(&import.reach, simulated.as_ref())?.stopped_by(&stop);
    let folder = options.folder.clone().unwrap_or_else(|| state.folder().join(FOLDER));
    let export = options.export(made(folder)?);
    let mut fetched = None;
    let work = async {
        let done = FetchedImage::of(&export, &clouds, &state, &stop).await;
        fetched = Some(done.map_err(|error| in_words(error, &options))?);
        Ok(Exit::Done)
    };
    let exit = interrupt::guarded(&stop, work).await?;
    let fetched = match fetched.filter(|_| exit == Exit::Done) {
        Some(Ok(fetched)) => fetched,
        Some(Err((path, error))) => return moved_before(options.import, &state, &path, error).await,
        None => return Ok(exit),
    };
    if let Some(Value::Object(asked)) = &mut options.import.asked {
        asked.insert("image".to_owned(), Value::from(fetched.path.to_string_lossy()));
    }
    options.import.order.image = fetched.path.clone().into_os_string();
    let is_waited_for = !options.import.no_wait;
    let exit = import::run(options.import).await?;
    if options.tidy && is_waited_for && exit == Exit::Done {
        tidy(&fetched).await?;
    }
    Ok(exit)
}

/// Removes what was on the way: the object first, so that what is left is enough to go on with.
async fn tidy(fetched: &FetchedImage) -> Result<()> {
    let file = &fetched.path;
    fetched.remove_object().await?;
    fs::remove_file(file).map_err(|error| local("remove", file, &error))?;
    output::note(&format!(
        "{} and the object that it was fetched from are removed",
        file.display()
    ));
    Ok(())
}

/// What came of the imports of a file that is removed, object and all, because they were done.
///
/// # Errors
/// They were none, or not to all these targets: the error of the export.
async fn moved_before(import: Import, state: &Remembered, file: &Path, error: Error) -> Result<Exit> {
    let wanted = targets::wanted(&import.order, &import.staging, &import.reach)?;
    let file = file.to_string_lossy();
    let is_of_file = |job: &Job| job.facts.orders.values().any(|order| order["image"] == file.as_ref());
    let has_all = |job: &Job| {
        let has = |label: &str| job.targets.iter().any(|target| target.target == label);
        wanted.iter().all(|wanted| has(&wanted.label))
    };
    let (jobs, _) = Job::all(state).await?;
    let Some(job) = jobs.into_iter().find(|job| is_of_file(job) && has_all(job)) else {
        return Err(error);
    };
    output::note("it was moved before, and what was on the way is removed");
    wait::run(Wait {
        tasks: Tasks {
            tasks: vec![job.facts.id.into()],
            state: import.state,
            reach: import.reach,
            config: import.config,
        },
        waiting: import.waiting,
        events: import.events,
    })
    .await
}

/// The error of an export, in the words of this command.
fn in_words(error: Error, options: &Move) -> Error {
    let image = line::word(&options.import.order.image.to_string_lossy());
    let (from, through) = (line::word(&options.from), line::word(&options.through));
    match (error.kind(), error.code()) {
        (_, Some("FileExists")) => error.with_remedy("Remove it, or name another folder with --folder."),
        (ErrorKind::OutcomeUnknown, _) => error.with_remedy(format!(
            "Repeat the command: it looks again and sends nothing. If the vendor's console shows no such export, order it once more, and \
             then repeat: cloud-import export {image} --from {from} --bucket {through} --again."
        )),
        _ => error,
    }
}

/// The folder, made where it is not there, for its owner alone.
fn made(folder: PathBuf) -> Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(|error| local("make the folder", &folder, &error))?;
    // As its export remembers it.
    absolute(&folder).map_err(|error| local("find", &folder, &error))
}

fn local(what: &str, path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot {what} `{}`: {error}", path.display());
    Error::new(ErrorKind::Local, message).with_remedy("Name a folder that can be written with --folder.")
}
