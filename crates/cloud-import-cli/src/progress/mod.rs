//! Progress on standard error: a bar per target on a terminal, counters of all when they are many, a line per change elsewhere. What
//! is shown of a moment is true of that moment: a terminal is redrawn every second.

mod known;
mod one;
mod rate;
mod view;
mod warnings;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    Error, ExportState, ImportTask, TaskState, WaitEvent,
    env::{Env as _, SystemEnv},
    publish::{Event, Listener, Outcome, Phase},
};
use indicatif::HumanBytes;
use tokio::task::AbortHandle;

pub(crate) use self::one::One;
use self::{
    known::{Known, Stage},
    view::View,
    warnings::Warnings,
};
use crate::{clock, outcome::Status, output, render};

/// Without a change, a line is written this often.
const STILL_THERE: Duration = Duration::from_secs(60);

/// A terminal is redrawn this often, and warnings that came meanwhile are told.
const TICK: Duration = Duration::from_secs(1);

/// Of bytes, a line is written at most this often, in hundredths of the whole, where there is no terminal.
const STEP: u64 = 10;

/// Shows how several targets go on.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    ticker: AbortHandle,
}

struct Shared {
    names: Vec<String>,
    view: View,
    /// What is known of each target, and of the hashing before them all.
    targets: Mutex<Vec<Known>>,
    warnings: Mutex<Warnings>,
    /// Whether anything was done yet.
    is_at_work: AtomicBool,
    began: Duration,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("names", &self.shared.names)
            .finish_non_exhaustive()
    }
}

impl Progress {
    /// Of these targets, within a runtime.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let view = View::of(&names);
        output::stand_above(view.bars());
        let shared = Arc::new(Shared {
            targets: Mutex::new(vec![Known::default(); names.len() + 1]),
            warnings: Mutex::default(),
            is_at_work: AtomicBool::new(false),
            names,
            view,
            began: SystemEnv.monotonic(),
        });
        let ticking = Arc::clone(&shared);
        let tick = async move {
            loop {
                SystemEnv.sleep(TICK).await;
                ticking.tell_warnings();
                ticking.draw();
            }
        };
        let ticker = tokio::spawn(tick).abort_handle();
        Self { shared, ticker }
    }

    /// So many of so many bytes of the first target are here.
    pub(crate) fn downloading(&self, done: u64, total: u64) {
        self.shared.bytes(Some(0), Stage::Downloading, done, total);
    }

    /// So many of so many bytes of the first target were read again.
    pub(crate) fn checking(&self, done: u64, total: u64) {
        self.shared.bytes(Some(0), Stage::Checking, done, total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ticker.abort();
        self.shared.end();
    }
}

impl Shared {
    fn targets(&self) -> MutexGuard<'_, Vec<Known>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A target does something: on a terminal it is drawn, elsewhere it is said if it is new, and once in a while if it is not.
    fn note(&self, target: Option<usize>, stage: Stage, text: String, percent: Option<u64>) {
        let now = SystemEnv.monotonic();
        let mut targets = self.targets();
        let last = targets.len() - 1;
        let known = &mut targets[target.unwrap_or(last)];
        let is_new = known.note(stage, text, percent, now);
        if matches!(self.view, View::Lines) && (is_new || now >= known.said_at + STILL_THERE) {
            known.said_at = now;
            say_line(&self.line(target, &known.text));
        }
        drop(targets);
        if is_new {
            self.draw();
        }
    }

    fn line(&self, target: Option<usize>, text: &str) -> String {
        match target {
            Some(index) => format!("{}: {text}", self.names[index]),
            None => text.to_owned(),
        }
    }

    /// Bytes move: how many of how many.
    fn bytes(&self, target: Option<usize>, stage: Stage, done: u64, total: u64) {
        let now = SystemEnv.monotonic();
        {
            let mut targets = self.targets();
            let last = targets.len() - 1;
            targets[target.unwrap_or(last)].bytes(done, total, now);
        }
        let percent = done.saturating_mul(100) / total.max(1);
        let text = match self.view {
            View::Lines => format!("{} {}% of {}", stage.words(), percent / STEP * STEP, HumanBytes(total)),
            _ => stage.words().to_owned(),
        };
        self.note(target, stage, text, Some(percent));
    }

    /// Puts what is known on the terminal, if there is one.
    fn draw(&self) {
        let now = SystemEnv.monotonic();
        self.view.draw(&mut self.targets(), now.saturating_sub(self.began), now);
    }

    fn warn(&self, target: Option<usize>, text: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.add(target, text);
    }

    /// Tells each warning that came since with all the targets that it came for.
    fn tell_warnings(&self) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let warnings = warnings.take(&self.names);
        warnings.iter().for_each(|text| output::warning(text));
    }

    /// Whether a line has the time of day: while there is work, where there is no terminal.
    fn has_time(&self) -> bool {
        matches!(self.view, View::Lines) && self.is_at_work.load(Ordering::Relaxed)
    }

    /// A line that is no progress.
    fn tell(&self, line: &str) {
        match self.has_time() {
            true => output::note(&timed(line)),
            false => output::note(line),
        }
    }

    /// Leaves nothing untold, and nothing on the terminal that the results are about to say.
    fn end(&self) {
        self.tell_warnings();
        self.view.clear();
    }

    /// A target is done with, well or not.
    fn over(&self, target: Option<usize>, outcome: &Outcome) {
        let Some(index) = target else { return };
        let image = outcome.image();
        let text = match (image, outcome.error()) {
            (Some(image), _) if outcome.is_found() => format!("{} (made before)", image.id),
            (Some(image), _) => image.id.clone(),
            // The reason is said once, with its remedy, when all are over.
            (None, Some(_)) => Status::of(outcome).words().to_owned(),
            (None, None) if outcome.phase() == Phase::Checked => "the cloud would take this order".to_owned(),
            (None, None) => "started".to_owned(),
        };
        let is_done = outcome.error().is_none() || image.is_some();
        let is_last = {
            let mut targets = self.targets();
            let stage = if is_done { Stage::Done } else { Stage::NotDone };
            let percent = is_done.then_some(100);
            targets[index].note(stage, text.clone(), percent, SystemEnv.monotonic());
            let own = &targets[..self.names.len()];
            own.iter().all(|known| known.stage.is_over())
        };
        self.draw();
        match &self.view {
            View::Bars { bars, .. } => {
                output::message(&bars[index], &text);
                bars[index].abandon();
            }
            // The counters have those that are well.
            View::Board { .. } if is_done => {}
            View::Board { .. } => {
                let code = outcome.error().and_then(Error::code);
                let code = code.map_or_else(String::new, |code| format!(" (code {code})"));
                output::progress(&self.line(target, &format!("{text}{code}")));
            }
            // The results are about to say its id there.
            View::Lines if image.is_some() && output::is_one_terminal() => say_line(&self.line(target, "done")),
            View::Lines => say_line(&self.line(target, &text)),
        }
        if is_last {
            self.end();
        }
    }
}

/// A line of progress, with the time of day: who reads it in a file was not there.
fn say_line(line: &str) {
    output::progress(&timed(line));
}

fn timed(line: &str) -> String {
    format!("{} {line}", clock::local(SystemEnv.now()))
}

impl Listener for Progress {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        let shared = &*self.shared;
        let note = |stage: Stage, text: &str| shared.note(target, stage, text.to_owned(), None);
        // What is wrong with the order is told before the work begins.
        if matches!(event, Event::Hashing { .. }) {
            shared.tell_warnings();
        }
        if !matches!(event, Event::Warning { .. } | Event::Problem { .. }) {
            shared.is_at_work.store(true, Ordering::Relaxed);
            if shared.has_time() {
                output::begin_to_tell_the_time();
            }
        }
        match event {
            Event::Hashing { done, total } => shared.bytes(target, Stage::Hashing, *done, *total),
            Event::SideFile { path } => shared.tell(&format!("{} is sent with the image", path.display())),
            Event::WaitingForOther => note(Stage::Waiting, "another process is working on it: waiting"),
            Event::Staging { done, total } => shared.bytes(target, Stage::Staging, *done, *total),
            Event::Staged { object, reused: true } => {
                note(Stage::Staging, &format!("{} already exists", render::object(object)))
            }
            Event::Staged { object, .. } => note(Stage::Staging, &format!("staged as {}", render::object(object))),
            Event::Starting => shared.note(target, Stage::Starting, "starting".to_owned(), Some(0)),
            Event::Settling => note(Stage::Starting, "finding out what became of the order that was sent"),
            Event::NotStarted { not_listed_at } => {
                shared.warn(target, render::not_started(*not_listed_at));
            }
            Event::Anew { retired } => shared.tell(&shared.line(target, &render::anew(retired))),
            Event::Found { .. } => note(Stage::Importing, "the cloud already has it: nothing is sent"),
            Event::Started { task } => note(Stage::Importing, doing(task)),
            Event::Polled { task, event } => polled(shared, target, doing(task), *event),
            Event::Exporting { event, .. } => exporting(shared, target, *event),
            Event::Tidied { object } => note(Stage::Importing, &format!("deleted {}", render::object(object))),
            Event::Retiring { image_id } => note(Stage::Importing, &format!("deleting the older image {image_id}")),
            Event::Retired { image_id } => note(Stage::Importing, &format!("deleted the older image {image_id}")),
            Event::WaitingForImage { of } => {
                note(Stage::Waiting, &format!("waiting for the image of {of}, to copy it"))
            }
            Event::Changed { .. } => note(Stage::Importing, "shared, tagged and offered as ordered"),
            Event::Deprecated { image_id } => {
                note(Stage::Importing, &format!("deprecated the image of before, {image_id}"));
            }
            Event::Renamed { name } => note(Stage::Importing, &format!("renamed to {name}")),
            Event::Warning { text } => shared.warn(target, (*text).to_owned()),
            Event::Problem { problem } if problem.acknowledged => {
                shared.tell(&shared.line(target, "1 warning acknowledged"))
            }
            Event::Problem { problem } => {
                let name = target.map_or("", |index| &shared.names[index]);
                shared.warn(target, render::problem_of_target(name, problem));
            }
            Event::Over { outcome } => shared.over(target, outcome),
            _ => {}
        }
    }
}

/// What the cloud does.
fn doing(task: &ImportTask) -> &'static str {
    if task.is_copy() { "copying" } else { "importing" }
}

/// A poll of an export came back or failed.
fn exporting(shared: &Shared, target: Option<usize>, event: WaitEvent<'_, ExportState>) {
    match event {
        WaitEvent::Polled {
            state: ExportState::InProgress { percent, raw },
            ..
        } => {
            let percent = percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
            shared.note(target, Stage::Importing, format!("exporting: {raw}{percent}"), None);
        }
        WaitEvent::PollFailed { error, in_a_row } => {
            let text = format!("a poll failed ({in_a_row} in a row), the export goes on: {error}");
            shared.note(target, Stage::Importing, text, None);
        }
        _ => {}
    }
}

/// A poll came back or failed.
fn polled(shared: &Shared, target: Option<usize>, doing: &str, event: WaitEvent<'_>) {
    match event {
        WaitEvent::Polled {
            state: TaskState::InProgress { percent, raw },
            ..
        } => {
            let text = match percent {
                Some(percent) => format!("{doing}: {raw} {percent}%"),
                None => format!("{doing}: {raw}"),
            };
            shared.note(target, Stage::Importing, text, percent.map(u64::from));
        }
        WaitEvent::PollFailed { error, in_a_row } => {
            let text = format!("a poll failed ({in_a_row} in a row), the import goes on: {error}");
            shared.note(target, Stage::Importing, text, None);
        }
        _ => {}
    }
}
