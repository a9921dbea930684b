//! What a run came to in numbers, for who watches many of them: `--metrics-file` writes them for node_exporter's textfile collector.
//! They hold no secret. A file that cannot be written fails no import.

pub(crate) mod family;
mod file;
mod recorder;
mod requests;
mod run;

#[cfg(feature = "fleet")]
use std::sync::{Mutex, PoisonError};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use cloud_import::{
    Result,
    env::{self, Env as _, SystemEnv},
    publish::{Event, Listener},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

#[cfg(feature = "fleet")]
use self::run::Upload;
use self::{family::Family, recorder::Recorder, requests::Requests, run::Run};
use crate::exit::Exit;

/// The file is written this often.
const EVERY: Duration = Duration::from_secs(15);

/// A larger file is none of ours.
const LARGEST: u64 = 1 << 20;

/// That of this process, where it is measured.
static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Begins to measure, where a file is asked for or a collector is told (`is_exported`).
///
/// # Errors
/// The file cannot be written.
pub(crate) fn begin(file: Option<&Path>, is_exported: bool) -> Result<()> {
    if file.is_none() && !is_exported {
        return Ok(());
    }
    let mut run = Run::new(SystemEnv.now(), SystemEnv.monotonic());
    // What cannot be read is told when it cannot be written.
    let before = file.and_then(|file| env::read_file(file, LARGEST).ok().flatten());
    run.remember(&before.unwrap_or_default());
    let recorder = RECORDER.get_or_init(|| Recorder::new(run, file));
    recorder.write()
}

/// What counts the requests, for the log's subscriber.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<impl Layer<S>> {
    let recorder = RECORDER.get()?;
    Some(Requests(recorder).with_filter(FilterFn::new(requests::is_request)))
}

/// A listener whose events are measured too. `labels`: what the targets are called.
pub(crate) fn measured(labels: Vec<String>, listener: Arc<dyn Listener>) -> Arc<dyn Listener> {
    let Some(recorder) = RECORDER.get() else {
        return listener;
    };
    recorder.run().has_targets(labels, SystemEnv.monotonic());
    Arc::new(Measured(listener, recorder))
}

/// A listener of a worker's order, whose uploads are measured too.
#[cfg(feature = "fleet")]
pub(crate) fn uploading(provider: &str, listener: Arc<dyn Listener>) -> Arc<dyn Listener> {
    match RECORDER.get() {
        Some(to) => Arc::new(Uploading {
            provider: provider.to_owned(),
            upload: Mutex::default(),
            listener,
            to,
        }),
        None => listener,
    }
}

/// Does the work, and writes the file every few seconds meanwhile.
pub(crate) async fn kept<T>(work: impl Future<Output = T>) -> T {
    let Some(recorder) = RECORDER.get() else {
        return work.await;
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = SystemEnv.sleep(EVERY) => recorder.write_or_say(),
        }
    }
}

/// All that is measured, as of now; `None` where nothing is.
#[cfg_attr(
    not(any(feature = "otel", feature = "fleet")),
    expect(dead_code, reason = "only a collector is told so, or who asks a worker")
)]
pub(crate) fn families() -> Option<Vec<Family>> {
    let recorder = RECORDER.get()?;
    Some(recorder.run().families(SystemEnv.monotonic()))
}

/// The command ends like this.
pub(crate) fn end(exit: Exit) {
    if let Some(recorder) = RECORDER.get() {
        recorder.run().ended(exit.code(), SystemEnv.monotonic());
        recorder.write_or_say();
    }
}

/// Measures the upload of what it passes on.
#[cfg(feature = "fleet")]
#[derive(Debug)]
struct Uploading {
    provider: String,
    upload: Mutex<Upload>,
    listener: Arc<dyn Listener>,
    to: &'static Recorder,
}

#[cfg(feature = "fleet")]
impl Listener for Uploading {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        if let Event::Staging { done, total } = event {
            let mut upload = self.upload.lock().unwrap_or_else(PoisonError::into_inner);
            let new = upload.present(*done, *total);
            self.to.run().uploaded(&self.provider, new);
        }
        self.listener.on(target, event);
    }
}

/// Measures what it passes on.
#[derive(Debug)]
struct Measured(Arc<dyn Listener>, &'static Recorder);

impl Listener for Measured {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        let (now, date) = (SystemEnv.monotonic(), SystemEnv.now());
        self.1.run().on(target, event, now, date);
        self.0.on(target, event);
    }
}
