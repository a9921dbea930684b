//! A bounded queue of spans, and how it goes to the collector with the metrics. It decides no moment.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    Bytes, Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    http::{Request, Uri, header},
    transport::{HttpTransport, Transport as _},
};
use serde_json::Value;

use super::{
    otlp,
    settings::Settings,
    span::{Attribute, Span},
};
use crate::{exit::Exit, metrics};

/// Spans that wait to be sent are at most so many; what comes then is dropped.
const MOST_WAITING: usize = 4096;

/// So many go in one request.
const BATCH: usize = 512;

/// How long the command waits at its end.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps what is to be sent, and sends it.
pub(super) struct Exporter {
    settings: Settings,
    trace: u128,
    /// Whether spans are taken: not where the caller's trace is not recorded.
    is_sampled: bool,
    /// The command itself, the parent of what has none.
    root: Span,
    ids: AtomicU64,
    waiting: Mutex<VecDeque<Span>>,
    dropped: AtomicU64,
}

pub(super) fn transport() -> Result<HttpTransport> {
    HttpTransport::builder()
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .build()
}

impl Exporter {
    /// For a command that begins now.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(super) fn new(settings: Settings, command: &str) -> Result<Self> {
        let random = u128::from_be_bytes(SystemEnv.random()?);
        let (parent, root_id) = (settings.parent, (random >> 64) as u64 | 1);
        let name = format!("cloud-import {command}");
        Ok(Self {
            settings,
            trace: parent.map_or(random | 1, |parent| parent.trace),
            is_sampled: parent.is_none_or(|parent| parent.is_sampled),
            root: Span::new(root_id, parent.map(|parent| parent.span), &name),
            ids: AtomicU64::new(root_id),
            waiting: Mutex::default(),
            dropped: AtomicU64::new(0),
        })
    }

    pub(super) fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    /// How many spans were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn root_id(&self) -> u64 {
        self.root.id
    }

    /// Another one each time, and never zero: it goes by an odd step.
    pub(super) fn next_id(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        self.ids.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP).max(1)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, span: Span) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST_WAITING {
            waiting.push_back(span);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The command is over.
    pub(super) fn close(&self, exit: Exit) {
        let mut root = self.root.clone();
        root.ended = SystemEnv.now();
        root.is_error = exit != Exit::Done;
        root.set("process.exit.code", Attribute::Number(exit.code().into()));
        if self.is_sampled {
            self.waiting().push_back(root);
        }
    }

    pub(super) async fn send_all(&self) -> Result<()> {
        self.send(&transport()?).await
    }

    /// Sends all that waits, and how the metrics stand. A batch is forgotten only when the collector has answered for it.
    pub(super) async fn send(&self, transport: &HttpTransport) -> Result<()> {
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
        let body = otlp::metrics(&families, self.root.began, SystemEnv.now(), &self.settings.service);
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
