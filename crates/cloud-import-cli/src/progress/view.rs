//! What a terminal is given: a bar per target, or counters of all. Knows what is shown, not what it means.

use std::{io::IsTerminal as _, time::Duration};

use cloud_import::{Shown, env};
use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::known::{self, Known, Stage};
use crate::output;

/// More targets than this share counters, and so do more than the terminal has lines for.
const MOST_BARS: usize = 20;

/// What a terminal's other lines are for: the command, and where the next one is typed.
const OTHER_LINES: usize = 2;

/// How wide a name may be, and a bar.
const WIDEST_NAME: usize = 32;
const WIDEST_BAR: usize = 40;
const NARROWEST_BAR: usize = 8;

/// What a target's words take beside name and bar.
const WORDS: usize = 60;

pub(super) enum View {
    Bars { all: MultiProgress, bars: Vec<ProgressBar> },
    Board { all: MultiProgress, bar: ProgressBar },
    Lines,
}

impl View {
    pub(super) fn of(names: &[String]) -> Self {
        if !draws() {
            return Self::Lines;
        }
        let (rows, columns) = Term::stderr().size();
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let all = MultiProgress::new();
        if names.len() > MOST_BARS.min(rows.saturating_sub(OTHER_LINES)) {
            let bar = all.add(ProgressBar::new_spinner().with_style(style("{msg}")));
            return Self::Board { all, bar };
        }
        let names: Vec<String> = names.iter().map(|name| Shown::of(name).to_string()).collect();
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let name = longest.min(WIDEST_NAME).min(columns / 2);
        let bar = columns.saturating_sub(name + WORDS).clamp(NARROWEST_BAR, WIDEST_BAR);
        let style = style(&format!("{{prefix:{name}!}} {{bar:{bar}}} {{wide_msg}}"));
        let bar = |name: &String| {
            all.add(
                ProgressBar::new(100)
                    .with_style(style.clone())
                    .with_prefix(name.clone()),
            )
        };
        let bars = names.iter().map(bar).collect();
        Self::Bars { all, bars }
    }

    /// What lines for people stand above, if anything.
    pub(super) fn bars(&self) -> Option<MultiProgress> {
        match self {
            Self::Bars { all, .. } | Self::Board { all, .. } => Some(all.clone()),
            Self::Lines => None,
        }
    }

    /// Draws what is known by now. The last is the hashing for all.
    pub(super) fn draw(&self, targets: &mut [Known], elapsed: Duration, now: Duration) {
        match self {
            Self::Bars { bars, .. } => {
                let Some((hashing, targets)) = targets.split_last_mut() else {
                    return;
                };
                let hashing = hashing.is_moving().then(|| hashing.shown(now));
                for (bar, known) in bars.iter().zip(targets).filter(|(bar, _)| !bar.is_finished()) {
                    bar.set_position(known.percent);
                    // The file is hashed for them all.
                    let waiting = hashing.as_ref().filter(|_| known.stage == Stage::Waiting);
                    output::message(bar, waiting.map_or(&*known.shown(now), |hashing| hashing));
                }
            }
            Self::Board { bar, .. } => {
                let columns = usize::from(Term::stderr().size().1);
                output::message_lines(bar, &known::board(targets, elapsed, now, columns));
            }
            Self::Lines => {}
        }
    }

    /// Takes everything off the terminal where results are about to say the same there, and what is no result in any case.
    pub(super) fn clear(&self) {
        let (Self::Bars { all, .. } | Self::Board { all, .. }) = self else {
            return;
        };
        if matches!(self, Self::Board { .. }) || output::is_one_terminal() {
            // A terminal that is gone has nothing to clear.
            let _ = all.clear();
        }
        all.set_draw_target(ProgressDrawTarget::hidden());
        output::stand_above(None);
    }
}

/// Whether bars are drawn: on a terminal that can, where progress is wanted.
pub(super) fn draws() -> bool {
    let is_dumb = env::variable("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb && output::wants_progress()
}

pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
