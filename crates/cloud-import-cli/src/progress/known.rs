//! What is known of a target, and how it is said at a moment.

use std::time::Duration;

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
    Downloading,
    Checking,
    Done,
    NotDone,
}

impl Stage {
    const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Hashing,
        Self::Staging,
        Self::Starting,
        Self::Importing,
        Self::Downloading,
        Self::Checking,
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
            Self::Downloading => "downloading",
            Self::Checking => "checking",
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
        let moves = matches!(
            self.stage,
            Stage::Hashing | Stage::Staging | Stage::Downloading | Stage::Checking
        );
        moves && self.done < self.total
    }

    /// In words, at this moment.
    pub(super) fn shown(&mut self, now: Duration) -> String {
        if self.is_moving() {
            let moved = format!("{} {}", self.stage.words(), moved(self.done, self.total));
            return match self.rate.per_second(now) {
                // It may only have begun.
                0 if self.rate.silent(now) < LONG => moved,
                0 => format!(
                    "{moved}, nothing for {}",
                    render::seconds(self.rate.silent(now).as_secs())
                ),
                rate => {
                    let left = (self.total - self.done).div_ceil(rate);
                    format!("{moved}, {}/s, {} left", amount(rate), render::seconds(left))
                }
            };
        }
        if self.text.is_empty() {
            return self.stage.words().to_owned();
        }
        match now.saturating_sub(self.since) {
            long if long >= LONG && !self.stage.is_over() && self.stage != Stage::Waiting => {
                format!("{}, {}", self.text, render::seconds(long.as_secs()))
            }
            _ => self.text.clone(),
        }
    }
}

/// All of them in lines of so many columns: how many are at what, how many bytes move how fast, and for how long. The last is the
/// hashing for all.
pub(super) fn board(known: &mut [Known], elapsed: Duration, now: Duration, columns: usize) -> Vec<String> {
    let Some((hashing, targets)) = known.split_last_mut() else {
        return Vec::new();
    };
    let mut parts = Vec::new();
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
            for target in targets
                .iter_mut()
                .filter(|known| known.stage == stage && known.is_moving())
            {
                (done, total) = (done + target.done, total + target.total);
                rate += target.rate.per_second(now);
            }
            if total > 0 {
                part.push_str(&format!(" {}", moved(done, total)));
            }
            if rate > 0 {
                part.push_str(&format!(" {}/s", amount(rate)));
            }
        }
        parts.push(part);
    }
    parts.push(render::seconds(elapsed.as_secs()));
    wrapped(&format!("{}:", targets.len()), &parts, columns)
}

/// The units of bytes, the largest first.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

fn unit(bytes: u64) -> (&'static str, u64) {
    let fits = UNITS.into_iter().find(|(_, size)| bytes >= *size);
    fits.unwrap_or(("B", 1))
}

/// In a unit; whole bytes have no fraction.
fn number(bytes: u64, unit: u64) -> String {
    match unit {
        1 => bytes.to_string(),
        _ => format!("{:.1}", bytes as f64 / unit as f64),
    }
}

fn amount(bytes: u64) -> String {
    let (name, size) = unit(bytes);
    format!("{} {name}", number(bytes, size))
}

/// So many of so many, both in one unit: two would not fit beside a name.
fn moved(done: u64, total: u64) -> String {
    let (name, size) = unit(total);
    format!("{} of {} {name}", number(done, size), number(total, size))
}

/// Parts one behind the other, on a new line where there is no more room.
fn wrapped(first: &str, parts: &[String], columns: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), first.to_owned());
    for (index, part) in parts.iter().enumerate() {
        let between = if index == 0 { " " } else { " \u{b7} " };
        if index > 0
            && [&*line, between, part]
                .iter()
                .map(|text| text.chars().count())
                .sum::<usize>()
                > columns
        {
            lines.push(std::mem::replace(&mut line, format!("  {part}")));
        } else {
            line.push_str(between);
            line.push_str(part);
        }
    }
    lines.push(line);
    lines
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
        assert_eq!(known.shown(at(4)), "staging 4.0 of 10.0 MiB, 1.0 MiB/s, 6s left");
        assert_eq!(known.shown(at(30)), "staging 4.0 of 10.0 MiB, nothing for 26s");
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
    fn bytes_are_told_in_the_unit_of_the_whole() {
        assert_eq!(moved(0, 999), "0 of 999 B");
        assert_eq!(moved(200 << 20, 40 << 30), "0.2 of 40.0 GiB");
        assert_eq!(amount(1536), "1.5 KiB");
        let mut known = Known::default();
        assert_eq!(known.shown(at(0)), "waiting");
        known.note(Stage::Staging, "staging".to_owned(), Some(0), at(0));
        known.bytes(0, 10 << 20, at(0));
        assert_eq!(known.shown(at(1)), "staging 0.0 of 10.0 MiB", "it has only begun");
        assert_eq!(known.shown(at(6)), "staging 0.0 of 10.0 MiB, nothing for 6s");
    }

    #[test]
    fn a_board_counts_them_all() {
        let mut known = vec![Known::default(); 6];
        known[5].note(Stage::Hashing, "hashing".to_owned(), None, at(0));
        known[5].bytes(1 << 20, 2 << 20, at(0));
        assert!(
            board(&mut known, at(1), at(1), 100)[0].starts_with("5: hashing 1.0 of 2.0 MiB"),
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
        let whole =
            "5: 2 staging 3.0 of 8.0 MiB 1.0 MiB/s \u{b7} 1 importing \u{b7} 1 done \u{b7} 1 not done \u{b7} 14m07s";
        assert_eq!(board(&mut known, at(847), at(4), whole.chars().count()), [whole]);
        assert_eq!(
            board(&mut known, at(847), at(4), 59),
            [
                "5: 2 staging 3.0 of 8.0 MiB 1.0 MiB/s \u{b7} 1 importing",
                "  1 done \u{b7} 1 not done \u{b7} 14m07s"
            ]
        );
    }
}
