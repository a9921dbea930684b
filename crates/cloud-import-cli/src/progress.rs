//! Progress on standard error: a bar per target on a terminal, one bar for all when they are many, a line per change
//! elsewhere.

use std::{
    fmt,
    io::IsTerminal as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cloud_import::{
    ImportTask, TaskState, WaitEvent,
    env::{Env as _, SystemEnv},
    publish::{Event, Listener, Phase},
};
use indicatif::{HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressStyle};

use crate::{outcome::Status, output, render};

/// Without a change, a line is written this often.
const STILL_THERE: Duration = Duration::from_secs(60);

/// More targets than this share one bar: more lines than a terminal has are no progress.
const MOST_BARS: usize = 20;

/// Of bytes, a line is written at most this often, in hundredths of the whole, where there is no terminal.
const STEP: u64 = 10;

/// Shows how several targets go on.
pub(crate) struct Progress {
    names: Vec<String>,
    shown: Shown,
    /// What is known of each target, and of the hashing before them all.
    targets: Mutex<Vec<Known>>,
}

enum Shown {
    Bars { all: MultiProgress, bars: Vec<ProgressBar> },
    OneBar { all: MultiProgress, bar: ProgressBar },
    Lines,
}

/// What is known of a target.
#[derive(Debug, Clone, Default)]
struct Known {
    text: String,
    /// When it was last written.
    at: Duration,
    /// When its bytes began to move.
    since: Option<(Duration, u64)>,
    over: bool,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Progress {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let targets = Mutex::new(vec![Known::default(); names.len() + 1]);
        let shown = if !std::io::stderr().is_terminal() {
            Shown::Lines
        } else if names.len() > MOST_BARS {
            let all = MultiProgress::new();
            let total = u64::try_from(names.len()).unwrap_or(u64::MAX);
            let bar = all.add(ProgressBar::new(total).with_style(style("{bar:24} {pos}/{len} {msg}")));
            Shown::OneBar { all, bar }
        } else {
            let all = MultiProgress::new();
            let names: Vec<String> = names
                .iter()
                .map(|name| cloud_import::Shown::of(name).to_string())
                .collect();
            let width = names.iter().map(String::len).max().unwrap_or_default();
            let style = style("{prefix} {bar:16} {msg}");
            let bar = |name: &String| {
                let bar = ProgressBar::new(100).with_style(style.clone());
                all.add(bar.with_prefix(format!("{name:width$}")))
            };
            let bars = names.iter().map(bar).collect();
            Shown::Bars { all, bars }
        };
        output::stand_above(match &shown {
            Shown::Bars { all, .. } | Shown::OneBar { all, .. } => Some(all.clone()),
            Shown::Lines => None,
        });
        Self { names, shown, targets }
    }

    fn targets(&self) -> MutexGuard<'_, Vec<Known>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A target does something: it is shown if it is new, and said once in a while if it is not.
    fn note(&self, target: Option<usize>, text: String, percent: Option<u64>) {
        let now = SystemEnv.monotonic();
        let mut targets = self.targets();
        let last = targets.len() - 1;
        let known = &mut targets[target.unwrap_or(last)];
        let is_new = known.text != text;
        match (&self.shown, target) {
            (Shown::Bars { bars, .. }, Some(index)) => {
                if let Some(percent) = percent {
                    bars[index].set_position(percent);
                }
                output::message(&bars[index], &text);
            }
            (Shown::Bars { bars, .. }, None) => bars.iter().for_each(|bar| output::message(bar, &text)),
            (Shown::OneBar { bar, .. }, None) => output::message(bar, &text),
            (Shown::OneBar { .. }, Some(_)) => {}
            (Shown::Lines, _) if is_new || now >= known.at + STILL_THERE => {
                output::say(&self.line(target, &text));
                known.at = now;
            }
            (Shown::Lines, _) => {}
        }
        known.text = text;
    }

    fn line(&self, target: Option<usize>, text: &str) -> String {
        match target {
            Some(index) => format!("{}: {text}", self.names[index]),
            None => text.to_owned(),
        }
    }

    /// Bytes move: how many, how fast, and how long it will still take.
    fn bytes(&self, target: Option<usize>, what: &str, done: u64, total: u64) {
        let now = SystemEnv.monotonic();
        let (began, from) = {
            let mut targets = self.targets();
            let last = targets.len() - 1;
            *targets[target.unwrap_or(last)].since.get_or_insert((now, done))
        };
        let percent = done.saturating_mul(100) / total.max(1);
        if matches!(self.shown, Shown::Lines) {
            let tens = percent / STEP * STEP;
            return self.note(
                target,
                format!("{what} {tens}% of {}", HumanBytes(total)),
                Some(percent),
            );
        }
        let seconds = now.saturating_sub(began).as_secs_f64();
        let rate = if seconds > 0.0 {
            done.saturating_sub(from) as f64 / seconds
        } else {
            0.0
        };
        let mut text = format!("{what} {} of {}", HumanBytes(done), HumanBytes(total));
        if rate > 0.0 {
            let left = Duration::from_secs_f64(total.saturating_sub(done) as f64 / rate);
            text.push_str(&format!(
                ", {}/s, {:#} left",
                HumanBytes(rate as u64),
                HumanDuration(left)
            ));
        }
        self.note(target, text, Some(percent));
    }

    /// A poll came back or failed.
    fn polled(&self, target: Option<usize>, _: &ImportTask, event: WaitEvent<'_>) {
        match event {
            WaitEvent::Polled {
                state: TaskState::InProgress { percent, raw },
                ..
            } => {
                let text = match percent {
                    Some(percent) => format!("importing: {raw} {percent}%"),
                    None => format!("importing: {raw}"),
                };
                self.note(target, text, percent.map(u64::from));
            }
            WaitEvent::PollFailed { error, in_a_row } => {
                let text = format!("a poll failed ({in_a_row} in a row), the import goes on: {error}");
                self.note(target, text, None);
            }
            _ => {}
        }
    }

    /// A target is done with, well or not.
    fn over(&self, target: Option<usize>, text: &str, done: bool) {
        let Some(index) = target else { return };
        let over = {
            let mut targets = self.targets();
            targets[index].over = true;
            targets.iter().filter(|known| known.over).count()
        };
        match &self.shown {
            Shown::Bars { bars, .. } => {
                if done {
                    bars[index].set_position(100);
                }
                output::message(&bars[index], text);
                bars[index].abandon();
            }
            Shown::OneBar { bar, .. } => {
                bar.set_position(u64::try_from(over).unwrap_or_default());
                bar.set_message("");
                let line = self.line(target, text);
                output::say(&line);
                if over == self.names.len() {
                    bar.finish_and_clear();
                }
            }
            Shown::Lines => output::say(&self.line(target, text)),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        output::stand_above(None);
    }
}

impl Listener for Progress {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        let note = |text: &str| self.note(target, text.to_owned(), None);
        match event {
            Event::Hashing { done, total } => self.bytes(target, "hashing", *done, *total),
            Event::SideFile { path } => output::say(&format!("{} is sent with the image", path.display())),
            Event::WaitingForOther => note("another process is working on it: waiting"),
            Event::Staging { done, total } => self.bytes(target, "staging", *done, *total),
            Event::Staged { object, reused: true } => note(&format!("{object} already exists")),
            Event::Staged { object, .. } => note(&format!("staged as {object}")),
            Event::Starting => self.note(target, "starting".to_owned(), Some(0)),
            Event::Settling => note("finding out what became of the order that was sent"),
            Event::NotStarted { not_listed_at } => {
                let text = render::not_started(*not_listed_at);
                output::say(&format!("warning: {}", self.line(target, &text)));
            }
            Event::Found { .. } => note("the cloud already has it: nothing is sent"),
            Event::Started { .. } => note("importing"),
            Event::Polled { task, event } => self.polled(target, task, *event),
            Event::Tidied { object } => note(&format!("deleted {object}")),
            Event::Retiring { image_id } => note(&format!("deleting the older image {image_id}")),
            Event::Retired { image_id } => note(&format!("deleted the older image {image_id}")),
            Event::Renamed { name } => note(&format!("renamed to {name}")),
            Event::Warning { text } => output::say(&format!("warning: {}", self.line(target, text))),
            Event::Problem { problem } => {
                output::say(&format!("warning: {}", self.line(target, &render::problem(problem))));
            }
            Event::Over { outcome } => {
                let image = outcome.image();
                let text = match (image, outcome.error()) {
                    (Some(image), _) if outcome.is_found() => format!("{} (made before)", image.id),
                    (Some(image), _) => image.id.clone(),
                    // The reason is said once, with its remedy, when all are over.
                    (None, Some(_)) => Status::from(outcome.phase()).words().to_owned(),
                    (None, None) if outcome.phase() == Phase::Checked => "the cloud would take this order".to_owned(),
                    (None, None) => "started".to_owned(),
                };
                self.over(target, &text, image.is_some());
            }
            _ => {}
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
