//! How many orders there are, and what they wait for: in words of no engine.

use std::time::Duration;

/// What an order that is not over waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Waits {
    /// For a worker, for the first time.
    Waiting,
    /// A worker holds it.
    WorkedOn,
    /// For the cloud, which makes the image.
    Running,
    /// For another attempt, because it could not be begun.
    Retrying,
    /// For another look, because whether it was started is not known.
    Unknown,
    /// For a person.
    Left,
}

impl Waits {
    /// All of them, in the order in which an order may come to them.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::WorkedOn,
        Self::Running,
        Self::Retrying,
        Self::Unknown,
        Self::Left,
    ];

    /// As programs read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::WorkedOn => "worked_on",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Unknown => "unknown",
            Self::Left => "left",
        }
    }
}

/// The orders of a cloud that wait for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// The cloud's id.
    pub provider: String,
    /// What they wait for.
    pub waits: Waits,
    /// How many.
    pub orders: u64,
    /// How long ago the oldest of them was submitted.
    pub oldest: Duration,
    /// How many attempts at them were in vain, since they last came on.
    pub tries: u64,
    /// How long the one that is due for longest has waited for a worker.
    pub late: Duration,
}
