//! What the events on record make of a target's time: when it was hashed, staged, started, imported and tidied up after.

use std::{collections::BTreeMap, time::SystemTime};

use cloud_import::publish::{Happened, Record, What};

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) began: SystemTime,
    /// `None`: it goes on, or nobody saw its end.
    pub(crate) ended: Option<SystemTime>,
}

/// When work on a target began and when it was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) began: Option<SystemTime>,
    pub(crate) ended: Option<SystemTime>,
}

/// What begins with an event, if something does; `None` for one that begins and ends nothing.
fn begins(what: What) -> Option<Option<&'static str>> {
    match what {
        What::Hashing => Some(Some("hash")),
        What::Staging => Some(Some("stage")),
        What::Starting => Some(Some("start")),
        What::Started => Some(Some("import")),
        What::Succeeded | What::Failed | What::Canceled => Some(Some("tidy")),
        What::Unknown => Some(Some("unknown")),
        What::Hashed | What::Staged | What::NotStarted | What::Tidied => Some(None),
        _ => None,
    }
}

fn events(record: &Record) -> impl Iterator<Item = &Happened> {
    let own = |event: &&Happened| event.generation == record.generation;
    record.history.events().iter().filter(own)
}

/// The phases of the newest generation, in order.
pub(crate) fn phases(record: &Record) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    let mut is_open = false;
    for event in events(record) {
        let Some(next) = begins(event.what) else { continue };
        if let Some(last) = phases.last_mut().filter(|_| is_open) {
            last.ended = Some(event.at.max(last.began));
        }
        is_open = next.is_some();
        phases.extend(next.map(|name| Phase {
            name,
            began: event.at,
            ended: None,
        }));
    }
    // Nothing may have had to be tidied up.
    phases.retain(|phase| phase.name != "tidy" || phase.ended.is_some());
    phases
}

/// Seconds of each phase that is over.
pub(crate) fn seconds(record: &Record) -> BTreeMap<&'static str, u64> {
    let mut seconds = BTreeMap::new();
    for phase in phases(record) {
        let took = phase.ended.and_then(|ended| ended.duration_since(phase.began).ok());
        if let Some(took) = took {
            *seconds.entry(phase.name).or_default() += took.as_secs();
        }
    }
    seconds
}

/// When work on the newest generation began, and when it was over. Records of before tell neither, but for the start in the task.
pub(crate) fn span(record: &Record) -> Span {
    let ends = |what: What| matches!(what, What::Succeeded | What::Failed | What::Canceled);
    let refused = || {
        record
            .error
            .as_ref()
            .filter(|_| record.task.is_none())
            .map(|error| error.at)
    };
    let started = || record.task.as_ref().map(|task| task.started_at);
    let ended = events(record).filter(|event| ends(event.what)).last();
    Span {
        began: events(record).next().map(|event| event.at).or_else(started),
        ended: ended.map(|event| event.at).or_else(refused),
    }
}
