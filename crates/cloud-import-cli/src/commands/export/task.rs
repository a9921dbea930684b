//! An export of which nothing is remembered here: its task, as it was printed, is waited for.

use std::{ffi::OsStr, fs, io::Read as _};

use cloud_import::{
    Error, ErrorKind, ExportTask, ExportedImage, ImageImporter, Result, Stop, WaitOptions, wait_for_export,
};

use super::{
    told::noted,
    written::{Status, Told},
};
use crate::{
    args,
    connect::{self, Clouds},
    exit::Exit,
    output,
};

/// A larger text is no task.
const LONGEST: u64 = 1 << 20;

/// Waits for the task that was given.
pub(super) async fn waited(
    text: &OsStr,
    options: &args::Export,
    waiting: WaitOptions,
    clouds: &Clouds<'_>,
    stop: &Stop,
) -> Result<Exit> {
    let (importer, mut task) = stored(text, clouds)?;
    let waiting = waiting.on_export_event(noted());
    let ended = tokio::select! {
        ended = ended(&*importer, &mut task, &waiting, clouds) => Some(ended),
        () = stop.requested() => None,
    };
    let (status, error, exit) = match ended {
        Some(Ok(_)) => (Status::Succeeded, None, Exit::Done),
        Some(Err(error)) if matches!(error.kind(), ErrorKind::TaskFailed | ErrorKind::Canceled) => {
            (Status::Failed, Some(error), Exit::Failed)
        }
        Some(Err(error)) => {
            let exit = Exit::while_running(&error);
            (Status::Running, Some(error), exit)
        }
        None => (Status::Running, None, Exit::StillRunning),
    };
    Told::of(&task, status, exit).because(error.as_ref()).written(options)
}

/// An export that was ordered before.
fn stored(text: &OsStr, clouds: &Clouds<'_>) -> Result<(Box<dyn ImageImporter>, ExportTask)> {
    let json = match text.to_str().filter(|text| text.trim_start().starts_with('{')) {
        Some(json) => json.to_owned(),
        None => read(text)?,
    };
    let task: ExportTask = serde_json::from_str(&json).map_err(|error| {
        let message = format!("it is not the task of an export: {error}");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy("Give what `export --no-wait` printed.")
    })?;
    connect::known(task.provider)?;
    let importer = clouds.importer_of_export(&task)?;
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
