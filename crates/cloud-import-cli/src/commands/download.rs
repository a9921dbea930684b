//! `download`: an object of a bucket becomes a file of this machine. There is no job of it: what came so far lies beside the file, and the
//! same command again goes on with that.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cloud_import::{
    Error, ErrorKind, ExportTask, ImageImporter, Pace, Result, Stop, Target,
    publish::{
        State, Step,
        staging::{Download, DownloadOptions, DownloadProgress, Downloaded, OnDownload, Store},
    },
};
use serde::Serialize;

use crate::{
    args,
    clock::At,
    connect::Clouds,
    events::Events,
    exit::Exit,
    found, interrupt, jobs,
    output::{self, SCHEMA},
    progress::Progress,
    report,
    simulate::Simulated,
    source,
    state::Remembered,
    sums,
    targets::Wanted,
};

/// What a download came to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Fetched<'a> {
    schema: u32,
    /// `results`, behind events.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(flatten)]
    at: Option<At>,
    target: String,
    bucket: &'a str,
    key: &'a str,
    /// Where it is.
    file: String,
    size_bytes: u64,
    /// Of what is in the file.
    sha256: &'a str,
    /// What it was held against beside its size: `crc64` and `md5` of the store, `metadata_sha256` of who put it there,
    /// `expected_sha256`.
    checked_by: Vec<&'static str>,
    /// So many bytes were there from an earlier run.
    resumed_bytes: u64,
    /// The code with which the command ends.
    exit: u8,
}

pub(crate) async fn run(options: args::Download) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let stop = Stop::default();
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?.stopped_by(&stop);
    let Place {
        target,
        importer,
        bucket,
        key,
    } = place(&options, &clouds, simulated.is_some()).await?;
    let (bucket, key) = (bucket.as_str(), key.as_str());
    let store = clouds.store(&*importer, bucket)?;
    let problems = store.bucket().problems();
    if !problems.is_empty() {
        return Err(Error::invalid(target.provider, problems));
    }
    let form = report::form(options.events, options.reach.output);
    let work = async {
        let file = file_of(options.output_file.as_deref(), key)?;
        let pace = Pace::new(options.parallel, options.limit_rate);
        let mut how = DownloadOptions::default().within(&pace);
        how.overwrite = options.force;
        let expected = options.expect_sha256.as_deref();
        how.expected_sha256 = expected.map(|said| sums::expected(said, Path::new(key))).transpose()?;
        let store = store.paced(pace);
        enough_space(&store, key, &file).await?;
        let progress = heard(&target, options.events);
        let download = Download::new(store, key, &file).options(how);
        let downloaded = download.run(progress, &stop).await.map_err(in_words)?;
        written(&target, (bucket, key), &downloaded, form)
    };
    interrupt::guarded(&stop, work).await
}

/// Where an object is.
struct Place {
    target: Target,
    importer: Box<dyn ImageImporter>,
    bucket: String,
    key: String,
}

/// Where the object is that was named, by itself or by the job that exported it.
async fn place(options: &args::Download, clouds: &Clouds<'_>, is_simulated: bool) -> Result<Place> {
    if let Some(from) = &options.from {
        let target = found::target(from, &options.reach)?;
        let (bucket, key) = source::object(&options.object)?;
        return Ok(Place {
            importer: clouds.importer(&Wanted::of(target.clone()))?,
            target,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        });
    }
    let state = Remembered::of(&options.state, is_simulated).await?;
    let task = exported(&options.object, state.state()).await?;
    let target = Target::new(task.provider, &task.region);
    let key = match task.keys.as_slice() {
        [key] => key.clone(),
        _ => {
            let message = format!("`{}` wrote {}", options.object, task.place());
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(task.provider)
                .with_remedy(format!("Name one of them as BUCKET:KEY, with --from {target}.")));
        }
    };
    Ok(Place {
        importer: clouds.importer_of_export(&task)?,
        target,
        bucket: task.bucket,
        key,
    })
}

/// The export that `JOB` or `JOB/TARGET` names, if it is done.
async fn exported(text: &str, state: &State) -> Result<ExportTask> {
    let (job, target) = match text.split_once('/') {
        Some((job, target)) => (job, Some(target)),
        None => (text, None),
    };
    let Some(job) = jobs::find(state, job).await? else {
        let message = format!("where `{text}` is was not said, and it is no job");
        let error = Error::new(ErrorKind::InvalidRequest, message);
        return Err(error.with_remedy("Use --from PROVIDER/REGION, or name the job of an export: `cloud-import list`."));
    };
    let records = job.records().await?.into_iter().flatten();
    let mut exports = records.filter(|record| {
        let is_meant = target.is_none_or(|target| record.target == target);
        is_meant && record.export.is_some()
    });
    let (Some(record), None) = (exports.next(), exports.next()) else {
        let message = format!("`{text}` is not one export");
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Name an export as JOB/TARGET: `cloud-import list` shows the jobs."));
    };
    let task = record.export_task().cloned().filter(|_| record.step == Step::Succeeded);
    task.ok_or_else(|| {
        let message = format!("the export `{text}` is not done: it is {}", record.step.as_str());
        Error::new(ErrorKind::Conflict, message)
            .with_provider(record.provider)
            .with_remedy("Wait for it with `cloud-import wait`.")
    })
}

/// The file that an object of this key becomes.
pub(super) fn file_of(said: Option<&Path>, key: &str) -> Result<PathBuf> {
    if let Some(said) = said {
        return Ok(said.to_owned());
    }
    let name = key.rsplit('/').next().unwrap_or_default();
    let is_name = Path::new(name).file_name().is_some_and(|own| own == name);
    match is_name {
        true => Ok(PathBuf::from(name)),
        false => Err(
            Error::new(ErrorKind::InvalidRequest, format!("`{key}` ends in no name of a file"))
                .with_remedy("Name the file with --output-file FILE."),
        ),
    }
}

/// Refuses what has no room, as far as that can be told: a part that is there already takes none.
pub(super) async fn enough_space(store: &Store, key: &str, file: &Path) -> Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(free) = fs4::available_space(folder) else {
        return Ok(());
    };
    // What is wrong with the object is told by the download itself.
    let Some(head) = store.head(key).await? else {
        return Ok(());
    };
    let need = head.size.saturating_sub(taken(file));
    if free >= need {
        return Ok(());
    }
    let message = format!(
        "`{}` has {} MiB free, and {} MiB of `{key}` are to come",
        folder.display(),
        free >> 20,
        need.div_ceil(1 << 20)
    );
    Err(Error::new(ErrorKind::Local, message)
        .with_remedy("Free space there, or name a file elsewhere with --output-file FILE."))
}

/// How much of the disk the part takes that is there already: its end may be a hole.
#[cfg(unix)]
fn taken(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    part_of(file).map_or(0, |found| found.blocks().saturating_mul(512).min(found.len()))
}

#[cfg(not(unix))]
fn taken(file: &Path) -> u64 {
    part_of(file).map_or(0, |found| found.len())
}

fn part_of(file: &Path) -> Option<std::fs::Metadata> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    std::fs::symlink_metadata(part).ok()
}

/// Tells what goes on: to programs, or to people.
pub(super) fn heard(target: &Target, events: bool) -> OnDownload {
    let names = vec![target.to_string()];
    if events {
        let events = Events::new(names);
        return Arc::new(move |progress| events.on_download(&progress));
    }
    let shown = Progress::new(names);
    Arc::new(move |progress| match progress {
        DownloadProgress::Bytes { present, total } => shown.downloading(present, total),
        DownloadProgress::Checking { done, total } => shown.checking(done, total),
        DownloadProgress::Warning(text) => output::warning(&text),
        DownloadProgress::Retrying { first, reason } => {
            output::note(&format!("the part from byte {first} on is fetched again: {reason}"));
        }
        _ => {}
    })
}

/// The library's error, in the command's words.
fn in_words(error: Error) -> Error {
    match error.code() {
        Some("FileExists") => {
            error.with_remedy("Name another one with --output-file FILE, or add --force to replace it.")
        }
        _ => error,
    }
}

/// Writes what came of it: a line as `sha256sum` writes it.
fn written(
    target: &Target,
    (bucket, key): (&str, &str),
    downloaded: &Downloaded,
    form: report::OutputFormat,
) -> Result<Exit> {
    let exit = Exit::Done;
    let event = (form == report::OutputFormat::Event).then_some("results");
    let result = Fetched {
        schema: SCHEMA,
        event,
        at: event.map(|_| At::now()),
        target: target.to_string(),
        bucket,
        key,
        file: downloaded.path.display().to_string(),
        size_bytes: downloaded.size,
        sha256: &downloaded.sha256,
        checked_by: downloaded.checked_by.iter().map(|by| by.as_str()).collect(),
        resumed_bytes: downloaded.resumed_bytes,
        exit: exit.code(),
    };
    match form {
        report::OutputFormat::Event => output::last_line(&result)?,
        report::OutputFormat::Json => output::json(&result)?,
        report::OutputFormat::Text => {
            if downloaded.checked_by.is_empty() {
                output::note(
                    "the store tells no sum of the object, and none was expected: it was held against its size alone",
                );
            }
            output::result(&format!("{}  {}", downloaded.sha256, downloaded.path.display()));
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_the_end_of_the_key() {
        let name = |key| file_of(None, key).map(|file| file.display().to_string());
        assert_eq!(name("exports/web.qcow2").unwrap(), "web.qcow2");
        assert_eq!(name("web").unwrap(), "web");
        for none in ["exports/", "a/..", "a/.", ""] {
            let error = name(none).unwrap_err();
            assert!(error.remedy().unwrap().to_string().contains("--output-file"), "{none}");
        }
        assert_eq!(file_of(Some(Path::new("/x/y")), "a/..").unwrap(), Path::new("/x/y"));
    }
}
