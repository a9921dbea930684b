//! One small image through a real account: import, repeat, a lost answer, a second image of one name where no source says what becomes
//! of it, delete. Every exchange is kept, with nothing in it that tells whose account it was.
//!
//! What the answers mean for the specs is judged by `cargo xtask live`, which runs this.

mod recorder;
mod redact;
mod report;
mod run;
mod steps;

pub use recorder::Recorder;
pub use redact::Redactor;
pub use report::{Exchange, Facts, Report, Step};
pub use run::{Order, Outcome, run};
