//! What is remembered, and by whom it is held: jobs, records of targets, users of staged objects. Five verbs reach it (read,
//! list, lock; write and remove under a lock), so that another store can stand in the place of the directory. No cloud is met
//! here.

mod all;
mod asked;
mod assign;
mod damaged;
mod export;
mod exported;
mod files;
mod gone;
mod history;
mod job;
mod lease;
mod objects;
mod place;
mod record;
mod release;
mod state;
mod step;
mod unsettled;

pub use all::Remembered;
pub use asked::Asked;
pub use damaged::Damaged;
pub use export::{ExportRecord, FetchedFile};
pub use history::{Happened, History, Reason, Retired, What};
pub use job::{Job, JobFacts};
pub use objects::StagedObject;
pub use record::{FileRecord, Record, ReplaceStep, Replacement, Role};
pub use release::{Release, ReleaseStep};
pub use state::State;
pub use step::Step;
pub use unsettled::Unsettled;

pub(crate) use gone::{ImageName, gone};
pub(crate) use lease::Lease;
pub(crate) use place::{DRY_RUN, Place};
pub(crate) use state::blocking;
