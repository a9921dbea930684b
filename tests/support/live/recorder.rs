//! A transport that keeps every exchange, and loses one answer when it is told to. It shows nothing: what it keeps is private
//! until it was [redacted](super::Redactor).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use cloud_import::{
    BoxFuture,
    env::{Env as _, SystemEnv},
    provider::{digest, encode},
    transport::{Stage, Transport, TransportError, TransportErrorKind},
};
use http::{HeaderMap, Method, Request, Response};
use md5::{Digest as _, Md5};
use serde_json::Value;

use super::{redact::Redactor, report::Exchange};

/// The longest body that is kept.
const LONGEST: usize = 256 << 10;

/// Headers that name the action of a request.
const ACTIONS: [&str; 2] = ["x-tc-action", "x-acs-action"];

/// Headers of answers that say something of what the specs speak of: whole names, or ends of names.
const TELLING: [&str; 10] = [
    "content-type",
    "date",
    "last-modified",
    "retry-after",
    "-retry-after",
    "-version-id",
    "-delete-marker",
    "-hash-crc64ecma",
    "-server-side-encryption",
    "-object-type",
];

/// Keeps what passes.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    begun: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    step: &'static str,
    lose: Option<String>,
    exchanges: Vec<Exchange>,
}

impl Recorder {
    /// Around a transport.
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            begun: SystemEnv.monotonic(),
            kept: Mutex::default(),
        }
    }

    /// Seconds since it was made.
    pub fn seconds(&self) -> f64 {
        SystemEnv.monotonic().saturating_sub(self.begun).as_secs_f64()
    }

    /// Names the step to which what follows belongs.
    pub fn step(&self, name: &'static str) {
        self.kept().step = name;
    }

    /// Loses the next answer of this host: the request is sent and executed, and its sender is told that the connection broke.
    pub fn lose_next_of(&self, host: &str) {
        self.kept().lose = Some(host.to_owned());
    }

    /// What was kept, redacted.
    pub fn take(&self, redactor: &mut Redactor) -> Vec<Exchange> {
        let exchanges = std::mem::take(&mut self.kept().exchanges);
        exchanges.into_iter().map(|one| redacted(one, redactor)).collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self, request: &Request<Bytes>) -> bool {
        let host = request.uri().host().unwrap_or_default();
        self.kept().lose.take_if(|lose| lose == host).is_some()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let lost = self.is_lost(&request);
            let mut exchange = sent(&request);
            let is_content = request.method() == Method::PUT && !request.body().is_empty();
            let md5 = is_content.then(|| digest::hex(&Md5::digest(request.body())));
            (exchange.at, exchange.lost, exchange.step) = (self.seconds(), lost, self.kept().step);
            let answer = self.inner.send(request).await;
            exchange.took = self.seconds() - exchange.at;
            match &answer {
                Ok(answer) => answered(&mut exchange, answer, md5.as_deref()),
                Err(error) => exchange.error = Some(format!("{:?}: {error}", error.kind)),
            }
            self.kept().exchanges.push(exchange);
            if lost && answer.is_ok() {
                let error = TransportError::new(TransportErrorKind::Broken, "the answer was thrown away on purpose");
                return Err(error.with_stage(Stage::Receive));
            }
            answer
        })
    }
}

/// What is kept of a request.
fn sent(request: &Request<Bytes>) -> Exchange {
    let uri = request.uri();
    let action = ACTIONS.iter().find_map(|name| text_of(request.headers(), name));
    Exchange {
        step: "",
        at: 0.0,
        took: 0.0,
        lost: false,
        method: request.method().to_string(),
        host: uri.host().unwrap_or_default().to_owned(),
        path: encode::percent_decode(uri.path()),
        query: encode::decode_pairs(uri.query().unwrap_or_default())
            .into_iter()
            .collect(),
        action,
        request: body(request.headers(), request.body()),
        error: None,
        status: None,
        headers: BTreeMap::new(),
        etag_is_md5: None,
        answer: Value::Null,
    }
}

fn answered(exchange: &mut Exchange, answer: &Response<Bytes>, md5: Option<&str>) {
    exchange.status = Some(answer.status().as_u16());
    let is_telling = |name: &str| {
        TELLING
            .iter()
            .any(|own| name == *own || own.starts_with('-') && name.ends_with(own))
    };
    let headers = answer.headers();
    let names = headers.keys().map(|name| name.as_str()).filter(|name| is_telling(name));
    exchange.headers = names
        .filter_map(|name| Some((name.to_owned(), text_of(headers, name)?)))
        .collect();
    exchange.etag_is_md5 = md5
        .zip(text_of(headers, "etag"))
        .map(|(md5, etag)| etag.trim_matches('"').eq_ignore_ascii_case(md5));
    exchange.answer = body(headers, answer.body());
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A body as JSON: a form as an object, other text as text, and of the rest nothing.
fn body(headers: &HeaderMap, body: &Bytes) -> Value {
    let kind = text_of(headers, "content-type").unwrap_or_default();
    let Some(text) = std::str::from_utf8(body).ok().filter(|text| text.len() <= LONGEST) else {
        return Value::Null;
    };
    if kind.contains("x-www-form-urlencoded") {
        let pairs = encode::decode_pairs(text).into_iter();
        return pairs.map(|(name, value)| (name, Value::String(value))).collect();
    }
    match serde_json::from_str(text) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) => json,
        _ if text.is_empty() || kind.contains("octet-stream") => Value::Null,
        _ => Value::String(text.to_owned()),
    }
}

fn redacted(exchange: Exchange, redactor: &mut Redactor) -> Exchange {
    let query = exchange
        .query
        .into_iter()
        .filter(|(name, _)| !Redactor::is_signing(name));
    Exchange {
        host: redactor.text(&exchange.host),
        path: redactor.text(&exchange.path),
        query: query.map(|(name, value)| (name, redactor.text(&value))).collect(),
        request: redactor.json(&exchange.request),
        error: exchange.error.map(|error| redactor.text(&error)),
        headers: exchange
            .headers
            .into_iter()
            .map(|(name, value)| (name, redactor.text(&value)))
            .collect(),
        answer: redactor.json(&exchange.answer),
        ..exchange
    }
}
