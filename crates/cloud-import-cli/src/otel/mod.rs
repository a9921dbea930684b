//! Exports the run's spans and metrics by OpenTelemetry (OTLP, JSON over HTTP), where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. It is written
//! here, over core's transport, because a bounded queue and two documents are all of it. A collector that is down fails nothing, and
//! keeps the command for five seconds at most.

mod otlp;
mod settings;
mod spans;

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use cloud_import::{
    Bytes, Error, ErrorKind, Result,
    env::{self, Env as _, SystemEnv},
    http::{Request, Uri, header},
    transport::{HttpTransport, Transport as _},
};
use serde_json::Value;
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

use self::{
    settings::Settings,
    spans::{Attribute, Span, Spans},
};
use crate::{exit::Exit, metrics, output};

/// While the command works, what there is is sent this often.
const EVERY: Duration = Duration::from_secs(10);

/// Spans that wait to be sent are at most so many; what comes then is dropped.
const MOST_WAITING: usize = 4096;

/// So many go in one request.
const BATCH: usize = 512;

/// How long the command waits at its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// That of this process.
static EXPORTER: OnceLock<Exporter> = OnceLock::new();

struct Exporter {
    settings: Settings,
    trace: u128,
    /// Whether spans are taken: not where the caller's trace is not recorded.
    is_sampled: bool,
    /// The command itself, the parent of what has none.
    root: Mutex<Span>,
    ids: AtomicU64,
    began: SystemTime,
    waiting: Mutex<VecDeque<Span>>,
    dropped: AtomicU64,
}

/// Begins, where an endpoint is set. `command`: what the command is called.
///
/// # Errors
/// A variable is set that means nothing.
pub(crate) fn begin(command: &str) -> Result<()> {
    let Some(settings) = Settings::of(env::variable)? else {
        return Ok(());
    };
    let random = u128::from_be_bytes(SystemEnv.random()?);
    let (parent, root_id) = (settings.parent, (random >> 64) as u64 | 1);
    let root = Span::new(
        root_id,
        parent.map(|parent| parent.span),
        &format!("cloud-import {command}"),
    );
    EXPORTER.get_or_init(|| Exporter {
        settings,
        trace: parent.map_or(random | 1, |parent| parent.trace),
        is_sampled: parent.is_none_or(|parent| parent.is_sampled),
        root: Mutex::new(root),
        ids: AtomicU64::new(root_id),
        began: SystemEnv.now(),
        waiting: Mutex::default(),
        dropped: AtomicU64::new(0),
    });
    Ok(())
}

pub(crate) fn is_on() -> bool {
    EXPORTER.get().is_some()
}

/// What takes the spans, for the log's subscriber.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<impl Layer<S>> {
    let exporter = EXPORTER.get().filter(|exporter| exporter.is_sampled)?;
    Some(Spans(exporter).with_filter(FilterFn::new(spans::is_ours)))
}

/// Does the work, and sends what there is every few seconds meanwhile.
pub(crate) async fn kept<T>(work: impl Future<Output = T>) -> T {
    let Some(exporter) = EXPORTER.get() else {
        return work.await;
    };
    let sending = async {
        let transport = transport().ok();
        loop {
            SystemEnv.sleep(EVERY).await;
            if let Some(transport) = &transport {
                // What is not taken goes with the next.
                let _ = exporter.send(transport).await;
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = sending => std::future::pending().await,
    }
}

/// The command ends like this: what is left is sent, as far as the collector takes it in time.
pub(crate) fn end(exit: Exit) {
    let Some(exporter) = EXPORTER.get() else { return };
    exporter.close(exit);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let sent = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        let sent = runtime.block_on(async {
            tokio::select! {
                sent = exporter.send_all() => sent.map_err(|error| error.message().to_owned()),
                () = SystemEnv.sleep(PATIENCE) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            }
        });
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        sent
    });
    if let Err(why) = sent {
        output::say(&format!("warning: the telemetry was not taken by its collector: {why}"));
    }
    match exporter.dropped.load(Ordering::Relaxed) {
        0 => {}
        many => output::say(&format!(
            "warning: {many} spans were dropped: their collector was too slow"
        )),
    }
}

fn transport() -> Result<HttpTransport> {
    HttpTransport::builder()
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .build()
}

impl Exporter {
    fn root_id(&self) -> u64 {
        self.root.lock().unwrap_or_else(PoisonError::into_inner).id
    }

    /// Another one each time, and never zero: it goes by an odd step.
    fn next_id(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        self.ids.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP).max(1)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, span: Span) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST_WAITING {
            waiting.push_back(span);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The command is over.
    fn close(&self, exit: Exit) {
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner).clone();
        root.ended = SystemEnv.now();
        root.is_error = exit != Exit::Done;
        root.set("process.exit.code", Attribute::Number(exit.code().into()));
        if self.is_sampled {
            self.waiting().push_back(root);
        }
    }

    async fn send_all(&self) -> Result<()> {
        self.send(&transport()?).await
    }

    /// Sends all that waits, and how the metrics stand. A batch is forgotten only when the collector has answered for it.
    async fn send(&self, transport: &HttpTransport) -> Result<()> {
        loop {
            let batch: Vec<Span> = self.waiting().iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                break;
            }
            let body = otlp::traces(&batch, self.trace, &self.settings.service);
            let sent = self.post(transport, &self.settings.traces, &body).await;
            // What is refused for good would be refused again.
            if !sent.as_ref().is_err_and(is_passing) {
                self.waiting().drain(..batch.len());
            }
            sent?;
        }
        let Some(families) = metrics::families() else {
            return Ok(());
        };
        let body = otlp::metrics(&families, self.began, SystemEnv.now(), &self.settings.service);
        self.post(transport, &self.settings.metrics, &body).await
    }

    async fn post(&self, transport: &HttpTransport, place: &Uri, body: &Value) -> Result<()> {
        let mut request = Request::post(place.clone()).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        let local = |why: String| Error::new(ErrorKind::Local, why);
        let request = request
            .body(Bytes::from(body.to_string()))
            .map_err(|error| local(error.to_string()))?;
        let answer = transport
            .send(request)
            .await
            .map_err(|error| local(error.to_string()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(local(format!("it answered {status}")).with_http_status(status.as_u16())),
        }
    }
}

/// Whether the same may be taken later.
fn is_passing(error: &Error) -> bool {
    error.http_status().is_none_or(|status| status == 429 || status >= 500)
}
