//! Progress on standard error: a bar per target on a terminal, a line per change elsewhere.

use std::{
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cloud_import::{ImportTask, TaskState, wait::WaitEvent};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output;

/// Without a change, a line is written this often.
const STILL_THERE: Duration = Duration::from_secs(60);

/// Shows how several targets go on.
pub(crate) struct Progress {
    names: Vec<String>,
    shown: Shown,
}

enum Shown {
    Bars { all: MultiProgress, bars: Vec<ProgressBar> },
    Lines(Mutex<Vec<(String, Duration)>>),
}

impl Progress {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            let all = MultiProgress::new();
            let width = names.iter().map(String::len).max().unwrap_or_default();
            let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = |name: &String| {
                all.add(
                    ProgressBar::new(100)
                        .with_style(style.clone())
                        .with_prefix(format!("{name:width$}")),
                )
            };
            let bars = names.iter().map(bar).collect();
            Shown::Bars { all, bars }
        } else {
            Shown::Lines(Mutex::new(vec![(String::new(), Duration::ZERO); names.len()]))
        };
        Self { names, shown }
    }

    /// A target does something.
    pub(crate) fn note(&self, index: usize, text: &str) {
        match &self.shown {
            Shown::Bars { bars, .. } => bars[index].set_message(text.to_owned()),
            Shown::Lines(_) => output::say(&format!("{}: {text}", self.names[index])),
        }
    }

    /// A poll came back or failed.
    pub(crate) fn event(&self, index: usize, _: &ImportTask, event: WaitEvent<'_>) {
        let (text, percent, elapsed) = match event {
            WaitEvent::Polled {
                state: TaskState::InProgress { percent, raw },
                elapsed,
            } => {
                let text = match percent {
                    Some(percent) => format!("{raw} {percent}%"),
                    None => raw.clone(),
                };
                (text, *percent, elapsed)
            }
            WaitEvent::PollFailed { error, in_a_row } => (
                format!("a poll failed ({in_a_row} in a row), the import goes on: {error}"),
                None,
                Duration::ZERO,
            ),
            _ => return,
        };
        match &self.shown {
            Shown::Bars { bars, .. } => {
                if let Some(percent) = percent {
                    bars[index].set_position(percent.into());
                }
                bars[index].set_message(text);
            }
            Shown::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                let (shown, at) = &mut last[index];
                if *shown != text || elapsed >= *at + STILL_THERE {
                    output::say(&format!("{}: {text}", self.names[index]));
                    (*shown, *at) = (text, elapsed);
                }
            }
        }
    }

    /// A target is over, well or not.
    pub(crate) fn over(&self, index: usize, text: &str, done: bool) {
        match &self.shown {
            Shown::Bars { bars, .. } => {
                if done {
                    bars[index].set_position(100);
                }
                bars[index].abandon_with_message(text.to_owned());
            }
            Shown::Lines(_) => output::say(&format!("{}: {text}", self.names[index])),
        }
    }

    /// Writes lines for people without garbling the bars.
    pub(crate) fn aside(&self, write: impl FnOnce()) {
        match &self.shown {
            Shown::Bars { all, .. } => all.suspend(write),
            Shown::Lines(_) => write(),
        }
    }
}
