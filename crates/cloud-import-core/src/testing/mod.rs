//! Fakes for tests: a frozen clock, a transport that answers from a list and keeps what it was sent, and a readable form
//! of a request. Feature `testing`; nothing here is for production.

mod importer;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use http::{Request, Response};

use crate::{
    BoxFuture, Bytes, Result,
    net::env::Env,
    net::transport::{Transport, TransportError, TransportErrorKind},
    text::datetime,
    text::percent,
};

pub use importer::FakeImporter;
/// A clock that stands until something sleeps, and one nonce.
#[derive(Debug)]
pub struct Frozen {
    start: SystemTime,
    nonce: String,
    slept: Mutex<Duration>,
    variables: BTreeMap<String, String>,
}

impl Frozen {
    /// Stands at this instant and gives this nonce.
    pub fn new(start: SystemTime, nonce: impl Into<String>) -> Self {
        Self {
            start,
            nonce: nonce.into(),
            slept: Mutex::default(),
            variables: BTreeMap::new(),
        }
    }

    /// Stands at an RFC 3339 instant; at 1970 if the text is none.
    pub fn at(instant: &str, nonce: impl Into<String>) -> Self {
        Self::new(
            datetime::parse_rfc3339(instant).unwrap_or(SystemTime::UNIX_EPOCH),
            nonce,
        )
    }

    /// This environment variable is set; no others are, whatever the machine's own are.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// How long it was slept in all.
    pub fn slept(&self) -> Duration {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Env for Frozen {
    fn now(&self) -> SystemTime {
        self.start + self.slept()
    }

    fn monotonic(&self) -> Duration {
        self.slept()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner) += duration;
        Box::pin(std::future::ready(()))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn random(&self) -> Result<[u8; 16]> {
        Ok([0xff; 16])
    }

    fn nonce(&self) -> Result<String> {
        Ok(self.nonce.clone())
    }
}

/// Answers from a list, in order, and keeps what it was sent.
#[derive(Debug, Default)]
pub struct Scripted {
    answers: Mutex<VecDeque<Result<Response<Bytes>, TransportError>>>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Scripted {
    /// Answers with these bodies, each with its HTTP status.
    pub fn new<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> Self {
        let script = Self::default();
        for (status, body) in answers {
            let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
            script.push(Ok(response));
        }
        script
    }

    /// Adds an answer or a failure.
    pub fn push(&self, answer: Result<Response<Bytes>, TransportError>) {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(answer);
    }

    /// Adds a failure.
    pub fn fail(&self, kind: TransportErrorKind) {
        self.push(Err(TransportError::new(kind, "scripted")));
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request<Bytes>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(std::future::ready(answer.unwrap_or_else(|| {
            Err(TransportError::new(
                TransportErrorKind::Refused,
                "the script has no further answer",
            ))
        })))
    }
}

/// A request in one readable form: method and URL, sorted parameters, sorted headers, body.
pub fn render(request: &Request<Bytes>) -> String {
    let mut text = String::new();
    let uri = request.uri();
    let _ = writeln!(
        text,
        "{} {}://{}{}",
        request.method(),
        uri.scheme_str().unwrap_or_default(),
        uri.authority().map_or("", |authority| authority.as_str()),
        uri.path()
    );
    let mut query = percent::decode_pairs(uri.query().unwrap_or_default());
    query.sort();
    for (name, value) in query {
        let _ = writeln!(text, "  ? {name} = {value}");
    }
    let mut headers: Vec<_> = request.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    let body = request.body();
    if body.is_empty() {
        return text;
    }
    text.push('\n');
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(json) => {
            let _ = writeln!(text, "{json:#}");
        }
        Err(_) => {
            let mut form = percent::decode_pairs(&String::from_utf8_lossy(body));
            form.sort();
            for (name, value) in form {
                let _ = writeln!(text, "  & {name} = {value}");
            }
        }
    }
    text
}
