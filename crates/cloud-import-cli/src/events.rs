//! Events as JSON lines on standard output, for programs that watch an import. The form is part of the interface: see
//! `docs/events.md`.

use std::sync::Mutex;

use cloud_import::{
    ExportState, ImportTask, TaskState, WaitEvent, WarningId,
    publish::{Event, Listener, staging::DownloadProgress},
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

/// What happened, in a word.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Kind {
    #[default]
    Hashing,
    Staging,
    SideFile,
    WaitingForOther,
    WaitingForImage,
    Staged,
    Starting,
    Settling,
    NotStarted,
    Anew,
    Found,
    Started,
    Tidied,
    Retiring,
    Retired,
    Renamed,
    Changed,
    Deprecated,
    Warning,
    Over,
    Polled,
    PollFailed,
    Downloading,
    Retrying,
    Checking,
}

/// Something that happened.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Line<'a> {
    schema: u32,
    event: Kind,
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
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Task>"))]
    task: Option<&'a ImportTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The name of a warning that can be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// It is accepted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    acknowledged: bool,
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

    /// Writes what a download says of itself. The target is the first.
    pub(crate) fn on_download(&self, progress: &DownloadProgress) {
        let base = |event| Line {
            schema: SCHEMA,
            event,
            at: At::now(),
            target: self.labels.first().map(String::as_str),
            ..Line::default()
        };
        let bytes = |event, done, total| Line {
            done_bytes: Some(done),
            total_bytes: Some(total),
            ..base(event)
        };
        let told = |event, message: &str| Line {
            message: Some(message.to_owned()),
            ..base(event)
        };
        let line = match progress {
            DownloadProgress::Bytes { present, total } if self.is_news(Some(0), *present, *total) => {
                bytes(Kind::Downloading, *present, *total)
            }
            // Of what is read again it is counted apart.
            DownloadProgress::Checking { done, total } if self.is_news(None, *done, *total) => {
                bytes(Kind::Checking, *done, *total)
            }
            DownloadProgress::Retrying { reason, .. } => told(Kind::Retrying, reason),
            DownloadProgress::Warning(text) => told(Kind::Warning, text),
            _ => return,
        };
        write(&line);
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
        let told = |name, message| Line {
            message: Some(message),
            ..base(name)
        };
        let line = match event {
            Event::Hashing { done, total } | Event::Staging { done, total } if !self.is_news(target, *done, *total) => {
                return None;
            }
            Event::Hashing { done, total } => bytes(Kind::Hashing, *done, *total),
            Event::Staging { done, total } => bytes(Kind::Staging, *done, *total),
            Event::SideFile { path } => Line {
                path: Some(path.display().to_string()),
                ..base(Kind::SideFile)
            },
            Event::WaitingForOther => base(Kind::WaitingForOther),
            Event::Staged { object, reused } => Line {
                object: Some(object),
                reused: Some(*reused),
                ..base(Kind::Staged)
            },
            Event::Starting => base(Kind::Starting),
            Event::Settling => base(Kind::Settling),
            Event::NotStarted { not_listed_at } => told(Kind::NotStarted, render::not_started(*not_listed_at)),
            Event::Anew { retired } => told(Kind::Anew, render::anew(retired)),
            Event::Found { task } => Line {
                task: Some(task),
                ..base(Kind::Found)
            },
            Event::Started { task } => Line {
                task: Some(task),
                ..base(Kind::Started)
            },
            Event::Polled { event, .. } => return polled(*event, of_import, base),
            Event::Exporting { event, .. } => return polled(*event, of_export, base),
            Event::Tidied { object } => Line {
                object: Some(object),
                ..base(Kind::Tidied)
            },
            Event::Retiring { image_id } => Line {
                image_id: Some(image_id),
                ..base(Kind::Retiring)
            },
            Event::Retired { image_id } => Line {
                image_id: Some(image_id),
                ..base(Kind::Retired)
            },
            Event::WaitingForImage { of } => told(Kind::WaitingForImage, format!("waiting for the image of {of}")),
            Event::Changed { .. } => base(Kind::Changed),
            Event::Deprecated { image_id } => Line {
                image_id: Some(image_id),
                ..base(Kind::Deprecated)
            },
            Event::Renamed { name } => Line {
                name: Some(name),
                ..base(Kind::Renamed)
            },
            Event::Warning { .. } | Event::Problem { .. } | Event::Check { .. } => warned(event, base(Kind::Warning)),
            Event::Over { outcome } => Line {
                image_id: outcome.image().map(|image| image.id.as_str()),
                message: outcome.error().map(ToString::to_string),
                ..base(Kind::Over)
            },
            _ => return None,
        };
        Some(line)
    }
}

/// The line of what stops nothing, with its name where it can be accepted.
fn warned<'a>(event: &'a Event<'_>, line: Line<'a>) -> Line<'a> {
    let (message, id, acknowledged) = match event {
        Event::Problem { problem } => (problem.to_string(), &problem.id, problem.acknowledged),
        Event::Check { check } => (check.message.to_string(), &check.id, check.acknowledged),
        Event::Warning { text } => ((*text).to_owned(), &None, false),
        _ => return line,
    };
    Line {
        message: Some(message),
        id: id.as_ref().map(WarningId::as_str),
        acknowledged,
        ..line
    }
}

/// The line of a poll; `None` for a verdict, which has an event of its own. `progress`: state and percent of what goes on.
fn polled<'a, S>(
    event: WaitEvent<'a, S>,
    progress: impl Fn(&'a S) -> Option<(&'a str, Option<u8>)>,
    base: impl Fn(Kind) -> Line<'a>,
) -> Option<Line<'a>> {
    match event {
        WaitEvent::Polled { state, .. } => progress(state).map(|(raw, percent)| Line {
            state: Some(raw),
            percent,
            ..base(Kind::Polled)
        }),
        WaitEvent::PollFailed { error, .. } => Some(Line {
            message: Some(error.to_string()),
            ..base(Kind::PollFailed)
        }),
        _ => None,
    }
}

fn of_import(state: &TaskState) -> Option<(&str, Option<u8>)> {
    match state {
        TaskState::InProgress { percent, raw } => Some((raw, *percent)),
        _ => None,
    }
}

fn of_export(state: &ExportState) -> Option<(&str, Option<u8>)> {
    match state {
        ExportState::InProgress { percent, raw } => Some((raw, *percent)),
        _ => None,
    }
}

impl Listener for Events {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        if let Some(line) = self.line(target, event) {
            write(&line);
        }
    }
}

fn write(line: &Line<'_>) {
    if let Err(error) = output::json_line(line) {
        output::error(&error);
    }
}
