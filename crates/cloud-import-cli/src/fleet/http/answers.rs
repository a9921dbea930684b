//! The answers: each is a look at the database at most, and holds nothing that a browser may keep, run or show elsewhere.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result, Shown,
    env::{Env as _, SystemEnv},
    publish::State,
};
use cloud_import_fleet::{Counted, Database, Queue, Row, Waits};
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{HOST, HeaderValue},
    http::request::Parts,
};
use tokio::sync::{Mutex, Semaphore};

use super::{
    measured,
    route::{Route, route},
};
use crate::{
    args::StateDir,
    commands::report::live::{self, All, InQueue, Waiting},
    fleet::watched::{Watched, late},
    jobs::Remembered as Job,
    line,
    metrics::{self, family},
    render,
};

/// How long the database may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at the database at a time. One that it does not answer goes on, and keeps its place, when nobody waits for it any more: it has
/// a thread, of which the worker needs most itself.
const LOOKS: usize = 2;

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
const SCRIPT: &str = "text/javascript; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

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
    /// Looks at the database that may still be taken.
    looks: Arc<Semaphore>,
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
                folder: None,
                fleet: Some(url.to_owned()),
            },
            place: Database::parse(url)?.to_string(),
            jobs: Mutex::default(),
            looks: Arc::new(Semaphore::new(LOOKS)),
        })
    }

    /// The answer to a request, whose body is not looked at.
    pub(super) async fn answer(self: &Arc<Self>, request: &Parts) -> Response<Full<Bytes>> {
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

    async fn document(self: &Arc<Self>, route: Route) -> (StatusCode, &'static str, String) {
        let kind = match &route {
            Route::Health => return (StatusCode::OK, TEXT, "it lives\n".to_owned()),
            Route::Script => return (StatusCode::OK, SCRIPT, live::script()),
            Route::Ready => {
                return match self.watched.ready(SystemEnv.monotonic()) {
                    Ok(()) => (StatusCode::OK, TEXT, "it takes orders\n".to_owned()),
                    Err(why) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
                };
            }
            Route::Metrics => METRICS,
            Route::Jobs | Route::Job(_) => HTML,
        };
        let made = tokio::select! {
            made = self.looked(route) => made,
            () = SystemEnv.sleep(PATIENCE) => Err(late()),
        };
        match made {
            Ok(text) => (StatusCode::OK, kind, text),
            Err(error) if error.kind() == ErrorKind::NotFound => (StatusCode::NOT_FOUND, TEXT, told(&error)),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, told(&error)),
        }
    }

    /// Looks at the database, to the end.
    async fn looked(self: &Arc<Self>, route: Route) -> Result<String> {
        let broke_off = || Error::new(ErrorKind::Local, "the look at the database broke off");
        let place = Arc::clone(&self.looks).acquire_owned().await;
        let place = place.map_err(|_| broke_off())?;
        let own = Arc::clone(self);
        let look = tokio::spawn(async move {
            let made = match route {
                Route::Metrics => own.metrics().await,
                Route::Job(id) => own.job(&id).await,
                _ => own.jobs().await,
            };
            drop(place);
            made
        });
        look.await.unwrap_or_else(|_| Err(broke_off()))
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
        if let Some((_, page)) = kept.as_ref().filter(|(at, _)| now.saturating_sub(*at) < LASTS) {
            return Ok(page.clone());
        }
        let counted = self.queue.census().await?;
        let (mut jobs, _) = Job::all_recorded(&self.state).await?;
        jobs.sort_by_cached_key(|job| std::cmp::Reverse(live::times(job)));
        let many = jobs.len();
        jobs.truncate(live::MOST);
        let all = All {
            jobs: &jobs,
            many,
            waiting: waiting(&counted),
            left: in_queue(&self.queue.left().await?),
            place: &self.place,
        };
        let page = live::jobs(&all, &made_at());
        *kept = Some((now, page.clone()));
        Ok(page)
    }

    async fn job(&self, id: &str) -> Result<String> {
        let mut job = Job::recorded(&self.state.job(id).await?).await?;
        job.line = line::of_job(&job.facts, &self.named);
        let queue = in_queue(&self.queue.rows_of(id).await?);
        Ok(live::job(job, &queue, &made_at()))
    }
}

fn made_at() -> String {
    render::instant(SystemEnv.now())
}

fn told(error: &Error) -> String {
    format!("{}\n", Shown::of(error.message()))
}

fn in_queue(rows: &[Row]) -> InQueue {
    let left = rows.iter().filter(|row| row.is_left).map(|row| {
        let why = row.order.said.as_ref();
        (row.order.key(), why.map(|said| said.error(row.order.provider)))
    });
    InQueue {
        orders: rows.iter().filter(|row| !row.is_left).count(),
        left: left.collect(),
    }
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

fn words(waits: Waits) -> &'static str {
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
