//! A transport that answers by what a request holds.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use cloud_import::{
    BoxFuture, Bytes,
    http::{Request, Response},
    transport::{Transport, TransportError},
};
use serde::Deserialize;
use serde_json::Value;

/// An answer, and the mark of the requests that it is for.
#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    to: String,
    status: u16,
    #[serde(default)]
    json: Value,
    /// A body that is no JSON.
    text: Option<String>,
}

impl Answer {
    /// No shape expects it.
    fn of_nobody() -> Self {
        Self {
            to: String::new(),
            status: 599,
            json: Value::Null,
            text: Some("nothing is scripted for this request".to_owned()),
        }
    }
}

/// Answers each request with the first answer whose mark it holds.
pub(crate) struct Script {
    answers: Vec<Answer>,
    used: Mutex<Vec<Answer>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            used: Mutex::default(),
        }
    }

    /// How many requests got this answer.
    pub(crate) fn answered_by(&self, answer: &Answer) -> usize {
        self.used().iter().filter(|used| *used == answer).count()
    }

    /// Whether nothing was asked after this answer.
    pub(crate) fn last_is(&self, answer: &Answer) -> bool {
        self.used().last() == Some(answer)
    }

    fn used(&self) -> std::sync::MutexGuard<'_, Vec<Answer>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

impl Transport for Script {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let asked = format!(
            "{} {} {} {} {}",
            request.method(),
            request.uri().path_and_query().map_or("", |path| path.as_str()),
            header("x-tc-action").unwrap_or_default(),
            header("x-acs-action").unwrap_or_default(),
            String::from_utf8_lossy(request.body())
        );
        let answer = self.answers.iter().find(|answer| asked.contains(&answer.to));
        let answer = answer.cloned().unwrap_or_else(Answer::of_nobody);
        let body = answer.text.clone().unwrap_or_else(|| answer.json.to_string());
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = answer.status.try_into().unwrap();
        self.used().push(answer);
        Box::pin(std::future::ready(Ok(response)))
    }
}
