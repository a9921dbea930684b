//! How long an order rests before it is gone on with.

use std::time::Duration;

/// For how long it is looked hourly for what may have been started.
const HOURS: u32 = 24;

/// Rests of orders: patient ones for real clouds, brisk ones for simulated ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    /// Between questions for a verdict: the first, and the longest.
    asks: [Duration; 2],
    /// Between attempts at what could not be begun: the first, and the longest.
    tries: [Duration; 2],
    /// Before it is looked for what may have been started; the last counts for each of a day's hours.
    looks: [Duration; 4],
    /// While a cloud is left alone that refused some worker for its haste: the first, and the longest.
    leaves: [Duration; 2],
    /// While others are at its place.
    turn: Duration,
    /// Between looks at what all workers are told.
    listens: Duration,
}

impl Pauses {
    pub(crate) fn of(simulated: bool) -> Self {
        let (second, minute) = match simulated {
            false => (Duration::from_secs(1), Duration::from_secs(60)),
            true => (Duration::from_millis(40), Duration::from_millis(250)),
        };
        Self {
            asks: [second * 5, minute],
            tries: [second * 5, minute * 10],
            looks: [minute, minute * 5, minute * 30, minute * 60],
            leaves: [second * 5, minute * 5],
            turn: second * 2,
            listens: second,
        }
    }

    pub(crate) fn leaves(&self) -> [Duration; 2] {
        self.leaves
    }

    /// While others are at its place, as so many orders before it found: the more wait, the less often each asks.
    pub(crate) fn turn(&self, before: u32) -> Duration {
        self.turn * (1 + before / 8).min(30)
    }

    pub(crate) fn listens(&self) -> Duration {
        self.listens
    }

    /// Before the cloud is asked again that was asked so often.
    pub(crate) fn ask(&self, asked: u32) -> Duration {
        let [first, most] = self.asks;
        (first * asked.saturating_add(1)).min(most)
    }

    /// Before what could not be begun so often is tried again.
    pub(crate) fn again(&self, tried: u32) -> Duration {
        let [first, most] = self.tries;
        (first * 2_u32.pow(tried.min(10))).min(most)
    }

    /// Before it is looked again, that was looked so often; `None` once a person is to look.
    pub(crate) fn look(&self, looked: u32) -> Option<Duration> {
        let [.., hour] = self.looks;
        let early = usize::try_from(looked).ok().and_then(|at| self.looks.get(at));
        early.copied().or((looked < 3 + HOURS).then_some(hour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_a_day_of_looking_ends() {
        let pauses = Pauses::of(false);
        let seconds = |rest: Duration| rest.as_secs();
        assert_eq!([0, 1, 50].map(|asked| seconds(pauses.ask(asked))), [5, 10, 60]);
        assert_eq!(
            [0, 1, 3, 40].map(|tried| seconds(pauses.again(tried))),
            [5, 10, 40, 600]
        );
        let looks: Vec<u64> = (0..).map_while(|looked| pauses.look(looked)).map(seconds).collect();
        assert_eq!(looks[..4], [60, 300, 1800, 3600]);
        assert_eq!((looks.len(), looks[26]), (27, 3600));
        assert_eq!(
            [0, 7, 80, 9000].map(|before| seconds(pauses.turn(before))),
            [2, 2, 22, 60]
        );
    }
}
