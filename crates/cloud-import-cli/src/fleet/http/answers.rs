//! The answers: each is one look at the database at most, and holds nothing that a browser may keep, run or show elsewhere.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    publish::State,
};
use cloud_import_fleet::{Counted, Database, Queue};
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{HOST, HeaderValue},
    http::request::Parts,
};
use tokio::sync::Mutex;

use super::{
    measured,
    route::{Route, route},
};
use crate::{
    args::StateDir,
    commands::report::live::{self, Waiting},
    fleet::watched::Watched,
    jobs::Remembered as Job,
    line,
    metrics::{self, family},
    render,
};

/// How long the database may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the page of all jobs, which reads them all, is told again.
const LASTS: Duration = Duration::from_secs(2);

/// What every answer says.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Who answers.
#[derive(Debug)]
pub(crate) struct Answers {
    state: State,
    queue: Queue,
    watched: Arc<Watched>,
    /// How later commands name the database.
    named: StateDir,
    /// How it is shown.
    place: String,
    /// The page of all jobs, and when it was made.
    jobs: Mutex<Option<(Duration, String)>>,
}

impl Answers {
    /// # Errors
    /// The URL of the database cannot be used.
    pub(crate) fn new(url: &str, state: &State, queue: &Queue, watched: &Arc<Watched>) -> Result<Self> {
        Ok(Self {
            state: state.clone(),
            queue: queue.clone(),
            watched: Arc::clone(watched),
            named: StateDir {
                folder: Some(url.into()),
            },
            place: Database::parse(url)?.to_string(),
            jobs: Mutex::default(),
        })
    }

    /// The answer to a request, whose body is not looked at.
    pub(super) async fn answer(&self, request: &Parts) -> Response<Full<Bytes>> {
        // What is no text names nothing of here.
        let hosts = request.headers.get_all(HOST).iter();
        let hosts: Vec<&str> = hosts.map(|host| host.to_str().unwrap_or_default()).collect();
        let (status, kind, text) = match route(request.method.as_str(), &hosts, request.uri.path()) {
            Ok(route) => self.document(route).await,
            Err((status, why)) => (status, TEXT, format!("{why}\n")),
        };
        let mut answer = Response::new(Full::new(Bytes::from(text)));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(kind));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert("allow", HeaderValue::from_static("GET, HEAD"));
        }
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    async fn document(&self, route: Route) -> (StatusCode, &'static str, String) {
        let (kind, made) = match route {
            Route::Health => (TEXT, Ok("it lives\n".to_owned())),
            Route::Script => ("text/javascript; charset=utf-8", Ok(live::script())),
            Route::Ready => match self.watched.ready(SystemEnv.monotonic()) {
                Ok(()) => (TEXT, Ok("it takes orders\n".to_owned())),
                Err(why) => return (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
            },
            Route::Metrics => (
                "text/plain; version=0.0.4; charset=utf-8",
                in_time(self.metrics()).await,
            ),
            Route::Jobs => (HTML, in_time(self.jobs()).await),
            Route::Job(id) => (HTML, in_time(self.job(&id)).await),
        };
        match made {
            Ok(text) => (StatusCode::OK, kind, text),
            Err(error) if error.kind() == ErrorKind::NotFound => (StatusCode::NOT_FOUND, TEXT, told(&error)),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, told(&error)),
        }
    }

    async fn metrics(&self) -> Result<String> {
        let counted = self.queue.census().await?;
        let is_ready = self.watched.ready(SystemEnv.monotonic()).is_ok();
        let own = metrics::families().unwrap_or_default();
        Ok(family::text(&measured::families(
            own,
            &counted,
            self.watched.slots(),
            is_ready,
        )))
    }

    async fn jobs(&self) -> Result<String> {
        // Whoever asks meanwhile waits for this look.
        let mut kept = self.jobs.lock().await;
        let now = SystemEnv.monotonic();
        if let Some((at, page)) = kept.as_ref().filter(|(at, _)| now.saturating_sub(*at) < LASTS) {
            let _ = at;
            return Ok(page.clone());
        }
        let counted = self.queue.census().await?;
        let (mut jobs, _) = Job::all(&self.state).await?;
        jobs.sort_by_cached_key(|job| std::cmp::Reverse(live::times(job)));
        let many = jobs.len();
        jobs.truncate(live::MOST);
        let page = live::jobs(&jobs, many, &waiting(&counted), &self.place, &made_at());
        *kept = Some((now, page.clone()));
        Ok(page)
    }

    async fn job(&self, id: &str) -> Result<String> {
        let mut job = Job::of(&self.state.job(id).await?).await?;
        job.line = line::of_job(&job.facts, &self.named);
        let orders = self.queue.orders_of(id).await?;
        Ok(live::job(job, orders, &made_at()))
    }
}

/// The same, or an error when it takes too long.
async fn in_time(made: impl Future<Output = Result<String>>) -> Result<String> {
    tokio::select! {
        made = made => made,
        () = SystemEnv.sleep(PATIENCE) => Err(super::super::watched::late()),
    }
}

fn made_at() -> String {
    render::instant(SystemEnv.now())
}

fn told(error: &Error) -> String {
    format!("{}\n", cloud_import::Shown::of(error.message()))
}

/// What the page says of orders that are not over.
fn waiting(counted: &[Counted]) -> Vec<Waiting> {
    let mut waiting: Vec<Waiting> = counted
        .iter()
        .map(|one| Waiting {
            of: [one.provider.clone(), words(one.waits).to_owned()],
            orders: one.orders,
            oldest: one.oldest.as_secs(),
        })
        .collect();
    waiting.sort_by(|one, other| one.of.cmp(&other.of));
    waiting
}

fn words(waits: cloud_import_fleet::Waits) -> &'static str {
    use cloud_import_fleet::Waits;
    match waits {
        Waits::Waiting => "waiting for a worker",
        Waits::WorkedOn => "worked on",
        Waits::Running => "running in the cloud",
        Waits::Retrying => "not begun, and tried again",
        Waits::Unknown => "perhaps started, and looked for",
        Waits::Left => "left for a person",
        _ => "not over",
    }
}
