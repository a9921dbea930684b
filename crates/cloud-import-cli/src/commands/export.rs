//! `export`: an image that is there is written into a bucket of its region, and its end is waited for. There is no job of it: the same
//! command again writes the same object.

use std::{
    ffi::OsStr,
    fs,
    io::Read as _,
    sync::{Mutex, PoisonError},
};

use cloud_import::{
    CheckOutcome, Endpoint, Error, ErrorKind, ExportRequest, ExportState, ExportTask, ExportedImage, ImageImporter,
    ImageSource, Problem, Provider, Result, Stop, Target, WaitEvent, WaitOptions,
    publish::{Readiness, look_at_bucket},
    wait_for_export,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    args::{self, OneImage, OutputFormat, scope::own_options},
    connect::{self, Clouds},
    exit::Exit,
    findings::{self, Finding, Severity},
    found::{self, Found},
    interrupt, line,
    output::{self, SCHEMA},
    render,
    row::Reason,
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
    waiting::waiting,
};

/// A larger text is no task.
const LONGEST: u64 = 1 << 20;

/// Stands for an id that is looked for.
const SOUGHT: &str = "sought";

/// What an export came to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exported<'a> {
    schema: u32,
    target: String,
    status: Status,
    image_id: &'a str,
    bucket: &'a str,
    /// Keys of the objects, as far as they are known.
    keys: &'a [String],
    /// What the key of every object begins with.
    key_begins: &'a str,
    format: &'a str,
    #[cfg_attr(test, schemars(with = "crate::schema::ExportTask"))]
    task: &'a ExportTask,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    /// The code with which the command ends.
    exit: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Status {
    Succeeded,
    Running,
    Failed,
}

pub(crate) async fn run(options: args::Export) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let stop = Stop::default();
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?.stopped_by(&stop);
    let work = async {
        let (importer, mut task) = match &options.task {
            Some(text) => stored(text, &clouds, &options.reach.endpoint)?,
            None => begun(&options, &clouds, &state).await?,
        };
        if options.no_wait {
            return written(&task, Status::Running, None, Exit::Done, options.reach.output);
        }
        let waiting = waiting(options.timeout, simulated.is_some()).on_export_event(told());
        let ended = tokio::select! {
            ended = ended(&*importer, &mut task, &waiting, &clouds) => Some(ended),
            () = stop.requested() => None,
        };
        let form = options.reach.output;
        match ended {
            Some(Ok(_)) => written(&task, Status::Succeeded, None, Exit::Done, form),
            Some(Err(error)) if matches!(error.kind(), ErrorKind::TaskFailed | ErrorKind::Canceled) => {
                written(&task, Status::Failed, Some(&error), Exit::Failed, form)
            }
            Some(Err(error)) => {
                let exit = Exit::while_running(&error);
                written(&task, Status::Running, Some(&error), exit, form)
            }
            None => written(&task, Status::Running, None, Exit::StillRunning, form),
        }
    };
    interrupt::guarded(&stop, work).await
}

/// The export of the options, ordered.
async fn begun(
    options: &args::Export,
    clouds: &Clouds<'_>,
    state: &Remembered,
) -> Result<(Box<dyn ImageImporter>, ExportTask)> {
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
    let prepared = importer.prepare_export(&request)?;
    let task = importer.submit_export(prepared).await?;
    Ok((importer, task))
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

/// An export that was ordered before.
fn stored(
    text: &OsStr,
    clouds: &Clouds<'_>,
    typed: &[(Provider, Endpoint)],
) -> Result<(Box<dyn ImageImporter>, ExportTask)> {
    let json = match text.to_str().filter(|text| text.trim_start().starts_with('{')) {
        Some(json) => json.to_owned(),
        None => read(text)?,
    };
    let task: ExportTask = serde_json::from_str(&json).map_err(|error| {
        let message = format!("it is not the task of an export: {error}");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy("Give what `export --no-wait` printed.")
    })?;
    connect::known(task.provider)?;
    // It may come from anywhere: it does not choose who gets requests that are signed with the user's keys.
    let endpoint: Endpoint = task.endpoint.parse()?;
    let mut wanted = Wanted::of(place(&task));
    wanted.fields.endpoint = Some(endpoint.clone());
    let importer = clouds.importer(&wanted)?;
    clouds.is_trusted(&*importer, &endpoint, typed)?;
    Ok((importer, task))
}

fn read(place: &OsStr) -> Result<String> {
    let mut text = String::new();
    let read = match place == "-" {
        true => std::io::stdin().take(LONGEST).read_to_string(&mut text),
        false => fs::File::open(place).and_then(|file| file.take(LONGEST).read_to_string(&mut text)),
    };
    read.map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", place.display());
        Error::new(ErrorKind::Local, message)
            .with_remedy("Give a file, the JSON itself, or - for standard input.")
            .with_source(error)
    })?;
    Ok(text)
}

/// Tells people of each new state.
fn told() -> impl Fn(&ExportTask, WaitEvent<'_, ExportState>) + Send + Sync + 'static {
    let last = Mutex::new(String::new());
    move |task, event| {
        let WaitEvent::Polled {
            state: ExportState::InProgress { percent, raw },
            ..
        } = event
        else {
            return;
        };
        let percent = percent.map(|percent| format!(" {percent} %")).unwrap_or_default();
        let line = format!("{}: {raw}{percent}", place(task));
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != line {
            output::note(&line);
            *last = line;
        }
    }
}

/// The end of an export. Where the cloud does not tell it, the objects do.
async fn ended(
    importer: &dyn ImageImporter,
    task: &mut ExportTask,
    waiting: &WaitOptions,
    clouds: &Clouds<'_>,
) -> Result<ExportedImage> {
    let export = wait_for_export(importer, task, waiting).await?;
    if export.confirmed {
        return Ok(export);
    }
    let store = clouds.store_for_a_look(importer, &export.bucket)?;
    for key in &export.keys {
        match store.head(key).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                let message = format!(
                    "the image is free again, and there is no `{key}` in `{}`",
                    export.bucket
                );
                return Err(Error::new(ErrorKind::TaskFailed, message)
                    .with_provider(export.provider)
                    .with_remedy("See the tasks in the vendor's console; the same command exports it again."));
            }
            Err(error) => output::warning(&format!(
                "whether `{key}` is in `{}` is not known: {error}",
                export.bucket
            )),
        }
    }
    Ok(export)
}

fn place(task: &ExportTask) -> Target {
    Target::new(task.provider, &task.region)
}

/// Writes what came of it: `TARGET BUCKET:KEY` for each object, or the task while it runs.
fn written(task: &ExportTask, status: Status, error: Option<&Error>, exit: Exit, form: OutputFormat) -> Result<Exit> {
    if form == OutputFormat::Json {
        output::json(&Exported {
            schema: SCHEMA,
            target: place(task).to_string(),
            status,
            image_id: &task.image_id,
            bucket: &task.bucket,
            keys: &task.keys,
            key_begins: &task.key_begins,
            format: task.format.as_str(),
            task,
            error: error.map(Reason::of),
            exit: exit.code(),
        })?;
        return Ok(exit);
    }
    if let Some(error) = error {
        output::error(error);
    }
    match status {
        Status::Succeeded if task.keys.is_empty() => {
            output::result(&format!("{} {}:{}*", place(task), task.bucket, task.key_begins));
        }
        Status::Succeeded => {
            for key in &task.keys {
                output::result(&format!("{} {}:{key}", place(task), task.bucket));
                let object = line::word(&format!("{}:{key}", task.bucket));
                output::note(&format!(
                    "to fetch it: cloud-import download {object} --from {}",
                    place(task)
                ));
            }
        }
        Status::Running => {
            let json = serde_json::to_string(task).unwrap_or_default();
            match exit {
                Exit::Done => output::result(&json),
                _ => output::say(&format!(
                    "to continue: cloud-import export --task {}",
                    line::word(&json)
                )),
            }
        }
        Status::Failed => {}
    }
    Ok(exit)
}
