//! What is known of a target, and how it is said at a moment.

use std::time::Duration;

use indicatif::HumanBytes;

use super::rate::Rate;
use crate::render;

/// From so long on it is said how long something goes on.
const LONG: Duration = Duration::from_secs(5);

/// What a target is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Stage {
    #[default]
    Waiting,
    Hashing,
    Staging,
    Starting,
    Importing,
    Done,
    NotDone,
}

impl Stage {
    const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Hashing,
        Self::Staging,
        Self::Starting,
        Self::Importing,
        Self::Done,
        Self::NotDone,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Hashing => "hashing",
            Self::Staging => "staging",
            Self::Starting => "starting",
            Self::Importing => "importing",
            Self::Done => "done",
            Self::NotDone => "not done",
        }
    }

    pub(super) fn is_over(self) -> bool {
        self >= Self::Done
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) stage: Stage,
    pub(super) text: String,
    pub(super) percent: u64,
    /// When a line of it was last written.
    pub(super) said_at: Duration,
    /// Since when it is as it is.
    since: Duration,
    done: u64,
    total: u64,
    rate: Rate,
}

impl Known {
    /// Takes in what it does, and says whether that is new.
    pub(super) fn note(&mut self, stage: Stage, text: String, percent: Option<u64>, now: Duration) -> bool {
        let is_new = self.text != text;
        if is_new || self.stage != stage {
            self.since = now;
        }
        (self.stage, self.text) = (stage, text);
        self.percent = percent.unwrap_or(self.percent);
        is_new
    }

    pub(super) fn bytes(&mut self, done: u64, total: u64, now: Duration) {
        if (done, total) != (self.done, self.total) {
            self.rate.add(now, done);
        }
        (self.done, self.total) = (done, total);
    }

    /// Whether its bytes are on their way.
    pub(super) fn is_moving(&self) -> bool {
        matches!(self.stage, Stage::Hashing | Stage::Staging) && self.done < self.total
    }

    /// In words, at this moment.
    pub(super) fn shown(&mut self, now: Duration) -> String {
        if self.is_moving() {
            let (done, total) = (HumanBytes(self.done), HumanBytes(self.total));
            let moved = format!("{} {done} of {total}", self.stage.words());
            return match self.rate.per_second(now) {
                0 => format!(
                    "{moved}, nothing for {}",
                    render::seconds(self.rate.silent(now).as_secs())
                ),
                rate => {
                    let left = (self.total - self.done).div_ceil(rate);
                    format!("{moved}, {}/s, {} left", HumanBytes(rate), render::seconds(left))
                }
            };
        }
        match now.saturating_sub(self.since) {
            long if long >= LONG && !self.stage.is_over() && self.stage != Stage::Waiting => {
                format!("{}, {}", self.text, render::seconds(long.as_secs()))
            }
            _ => self.text.clone(),
        }
    }
}

/// All of them in one line: how many are at what, how many bytes move how fast, and for how long. The last is the hashing for all.
pub(super) fn board(known: &mut [Known], elapsed: Duration, now: Duration) -> String {
    let Some((hashing, targets)) = known.split_last_mut() else {
        return String::new();
    };
    let mut parts = vec![format!("{}:", targets.len())];
    if hashing.is_moving() {
        parts.push(hashing.shown(now));
    }
    for stage in Stage::ALL {
        let many = targets.iter().filter(|known| known.stage == stage).count();
        if many == 0 || (stage == Stage::Waiting && hashing.is_moving()) {
            continue;
        }
        let mut part = format!("{many} {}", stage.words());
        if stage == Stage::Staging {
            let (mut done, mut total, mut rate) = (0, 0, 0);
            for target in targets.iter_mut().filter(|known| known.stage == stage) {
                (done, total) = (done + target.done, total + target.total);
                rate += target.rate.per_second(now);
            }
            part.push_str(&format!(
                " {} of {} {}/s",
                HumanBytes(done),
                HumanBytes(total),
                HumanBytes(rate)
            ));
        }
        parts.push(part);
    }
    let first = parts.remove(0);
    format!(
        "{first} {} \u{b7} {}",
        parts.join(" \u{b7} "),
        render::seconds(elapsed.as_secs())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_stands_still_is_said_to() {
        let mut known = Known::default();
        known.note(Stage::Staging, "staging".to_owned(), Some(0), at(0));
        for second in 0..=4 {
            known.bytes(second << 20, 10 << 20, at(second));
        }
        assert_eq!(known.shown(at(4)), "staging 4.00 MiB of 10.00 MiB, 1.00 MiB/s, 6s left");
        assert_eq!(known.shown(at(30)), "staging 4.00 MiB of 10.00 MiB, nothing for 26s");
        known.note(Stage::Importing, "importing: WAITING".to_owned(), None, at(40));
        assert_eq!(known.shown(at(41)), "importing: WAITING");
        assert_eq!(known.shown(at(125)), "importing: WAITING, 1m25s");
        assert!(
            !known.note(Stage::Importing, "importing: WAITING".to_owned(), None, at(126)),
            "no news"
        );
        assert_eq!(known.shown(at(127)), "importing: WAITING, 1m27s", "the same goes on");
    }

    #[test]
    fn a_board_counts_them_all() {
        let mut known = vec![Known::default(); 6];
        known[5].note(Stage::Hashing, "hashing".to_owned(), None, at(0));
        known[5].bytes(1 << 20, 2 << 20, at(0));
        assert!(
            board(&mut known, at(1), at(1)).starts_with("5: hashing 1.00 MiB of 2.00 MiB"),
            "{known:?}"
        );
        known[5].bytes(2 << 20, 2 << 20, at(2));
        for (index, stage) in [
            (0, Stage::Staging),
            (1, Stage::Staging),
            (2, Stage::Importing),
            (3, Stage::Done),
            (4, Stage::NotDone),
        ] {
            known[index].note(stage, String::new(), None, at(2));
        }
        for second in 2..=4 {
            known[0].bytes((second - 2) << 20, 4 << 20, at(second));
        }
        known[1].bytes(1 << 20, 4 << 20, at(2));
        assert_eq!(
            board(&mut known, at(847), at(4)),
            "5: 2 staging 3.00 MiB of 8.00 MiB 1.00 MiB/s \u{b7} 1 importing \u{b7} 1 done \u{b7} 1 not done \u{b7} 14m07s"
        );
    }
}
