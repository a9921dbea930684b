//! What people are told while an export goes on.

use std::sync::{Mutex, PoisonError};

use cloud_import::{
    ExportState, ExportTask, Target, WaitEvent,
    publish::{Event, Listener},
};

use crate::output;

pub(super) fn place(task: &ExportTask) -> Target {
    Target::new(task.provider, &task.region)
}

/// Tells people of each new state.
pub(super) fn noted() -> impl Fn(&ExportTask, WaitEvent<'_, ExportState>) + Send + Sync + 'static {
    let last = Mutex::new(String::new());
    move |task, event| {
        let WaitEvent::Polled {
            state: ExportState::InProgress { percent, raw },
            ..
        } = event
        else {
            return;
        };
        let percent = percent.map(|percent| format!(" {percent} %")).unwrap_or_default();
        let line = format!("{}: {raw}{percent}", place(task));
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != line {
            output::note(&line);
            *last = line;
        }
    }
}

/// Tells people what happens to an export that is remembered.
pub(super) struct Notes(Box<Noted>);

type Noted = dyn Fn(&ExportTask, WaitEvent<'_, ExportState>) + Send + Sync;

impl Notes {
    pub(super) fn new() -> Self {
        Self(Box::new(noted()))
    }
}

impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notes")
    }
}

impl Listener for Notes {
    fn on(&self, _: Option<usize>, event: &Event<'_>) {
        match event {
            Event::Exporting { task, event } => (self.0)(task, *event),
            Event::WaitingForOther => output::note("another process is working on it: waiting"),
            Event::Settling => output::note("finding out what became of the export that was ordered"),
            Event::Warning { text } => output::warning(text),
            _ => {}
        }
    }
}
