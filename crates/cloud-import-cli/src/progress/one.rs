//! The progress of one piece of work that is done before there are targets: a bar on a terminal, a line for each tenth elsewhere.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use indicatif::{MultiProgress, ProgressBar};

use super::view::{draws, style};
use crate::output;

/// Shows how far it is.
pub(crate) struct One {
    what: String,
    bar: Option<ProgressBar>,
    /// The percentage of the last line.
    said: AtomicU32,
}

impl fmt::Debug for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("One").field("what", &self.what).finish_non_exhaustive()
    }
}

impl One {
    /// Of this, in words without anything of others in them.
    pub(crate) fn new(what: String) -> Self {
        let bar = draws().then(|| {
            let all = MultiProgress::new();
            let bar = all.add(ProgressBar::new(100).with_style(style("{msg} {bar:16} {percent}%, {elapsed}")));
            output::stand_above(Some(all));
            output::message(&bar, &what);
            bar
        });
        Self {
            what,
            bar,
            said: AtomicU32::new(u32::MAX),
        }
    }

    /// How far it is: from 0 to 1.
    pub(crate) fn at(&self, done: f32) {
        let percent = (done.clamp(0.0, 1.0) * 100.0) as u32;
        match &self.bar {
            Some(bar) => bar.set_position(percent.into()),
            None => {
                let tens = percent / 10 * 10;
                if self.said.swap(tens, Ordering::Relaxed) != tens {
                    output::progress(&format!("{}: {tens}%", self.what));
                }
            }
        }
    }
}

impl Drop for One {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            output::stand_above(None);
        }
    }
}
