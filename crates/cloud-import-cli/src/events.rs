//! Events as JSON lines on standard output, for programs that watch an import. The form is part of the interface: see
//! `docs/events.md`.

use std::sync::Mutex;

use cloud_import::{
    ImportTask, TaskState, WaitEvent,
    publish::{Event, Listener},
};
use serde::Serialize;

use crate::{
    clock::At,
    output::{self, SCHEMA},
    render,
};

/// Bytes are told of at most this often, in hundredths of the whole.
const STEPS: u64 = 100;

/// Writes what happens, one JSON object a line.
#[derive(Debug)]
pub(crate) struct Events {
    labels: Vec<String>,
    /// The hundredth of the bytes that was told last, per target, and for the hash behind them.
    told: Mutex<Vec<Option<u64>>>,
}

#[derive(Default, Serialize)]
struct Line<'a> {
    schema: u32,
    event: &'static str,
    #[serde(flatten)]
    at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'a ImportTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Events {
    pub(crate) fn new(labels: Vec<String>) -> Self {
        let told = Mutex::new(vec![None; labels.len() + 1]);
        Self { labels, told }
    }

    /// Whether these bytes are worth a line: a hundredth more than the last.
    fn is_news(&self, target: Option<usize>, done: u64, total: u64) -> bool {
        let step = (u128::from(done) * u128::from(STEPS) / u128::from(total.max(1))) as u64;
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let last = told.len() - 1;
        let slot = &mut told[target.unwrap_or(last)];
        let news = *slot != Some(step);
        *slot = Some(step);
        news
    }

    /// The line of an event; `None` for what is not told.
    fn line<'a>(&'a self, target: Option<usize>, event: &'a Event<'_>) -> Option<Line<'a>> {
        let base = |name| Line {
            schema: SCHEMA,
            event: name,
            at: At::now(),
            target: target.map(|index| self.labels[index].as_str()),
            ..Line::default()
        };
        let bytes = |name, done, total| Line {
            done_bytes: Some(done),
            total_bytes: Some(total),
            ..base(name)
        };
        let line = match event {
            Event::Hashing { done, total } if self.is_news(target, *done, *total) => bytes("hashing", *done, *total),
            Event::Staging { done, total } if self.is_news(target, *done, *total) => bytes("staging", *done, *total),
            Event::SideFile { path } => Line {
                path: Some(path.display().to_string()),
                ..base("side_file")
            },
            Event::WaitingForOther => base("waiting_for_other"),
            Event::Staged { object, reused } => Line {
                object: Some(object),
                reused: Some(*reused),
                ..base("staged")
            },
            Event::Starting => base("starting"),
            Event::Settling => base("settling"),
            Event::NotStarted { not_listed_at } => Line {
                message: Some(render::not_started(*not_listed_at)),
                ..base("not_started")
            },
            Event::Anew { retired } => Line {
                message: Some(render::anew(retired)),
                ..base("anew")
            },
            Event::Found { task } => Line {
                task: Some(task),
                ..base("found")
            },
            Event::Started { task } => Line {
                task: Some(task),
                ..base("started")
            },
            Event::Polled { event, .. } => return polled(*event, base),
            Event::Tidied { object } => Line {
                object: Some(object),
                ..base("tidied")
            },
            Event::Retiring { image_id } => Line {
                image_id: Some(image_id),
                ..base("retiring")
            },
            Event::Retired { image_id } => Line {
                image_id: Some(image_id),
                ..base("retired")
            },
            Event::Renamed { name } => Line {
                name: Some(name),
                ..base("renamed")
            },
            Event::Warning { text } => Line {
                message: Some((*text).to_owned()),
                ..base("warning")
            },
            Event::Problem { problem } => Line {
                message: Some(problem.to_string()),
                ..base("warning")
            },
            Event::Over { outcome } => Line {
                image_id: outcome.image().map(|image| image.id.as_str()),
                message: outcome.error().map(ToString::to_string),
                ..base("over")
            },
            _ => return None,
        };
        Some(line)
    }
}

/// The line of a poll; `None` for a verdict, which has an event of its own.
fn polled<'a>(event: WaitEvent<'a>, base: impl Fn(&'static str) -> Line<'a>) -> Option<Line<'a>> {
    match event {
        WaitEvent::Polled {
            state: TaskState::InProgress { percent, raw },
            ..
        } => Some(Line {
            state: Some(raw),
            percent: *percent,
            ..base("polled")
        }),
        WaitEvent::PollFailed { error, .. } => Some(Line {
            message: Some(error.to_string()),
            ..base("poll_failed")
        }),
        _ => None,
    }
}

impl Listener for Events {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        if let Some(Err(error)) = self.line(target, event).map(|line| output::json_line(&line)) {
            output::error(&error);
        }
    }
}
