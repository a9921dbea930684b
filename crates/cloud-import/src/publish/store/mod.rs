//! What is remembered, and by whom it is held: jobs, records of targets, users of staged objects. Five verbs reach it (read,
//! list, lock; write and remove under a lock): a directory's, or those of a store that many machines reach. No cloud is met here.

mod all;
mod asked;
mod assign;
mod backend;
mod damaged;
mod directory;
mod documents;
mod export;
mod exported;
mod gone;
mod history;
mod job;
mod lease;
mod objects;
mod place;
mod record;
mod release;
#[cfg(any(test, feature = "testing"))]
mod rules;
mod state;
mod step;
mod unsettled;

pub use all::Remembered;
pub use asked::Asked;
pub use backend::{StateBackend, StateLock};
pub use damaged::Damaged;
pub use export::{ExportRecord, FetchedFile};
pub use history::{Happened, History, Reason, Retired, What};
pub use job::{Job, JobFacts};
pub use objects::StagedObject;
pub use record::{FileRecord, Record, ReplaceStep, Replacement, Role};
pub use release::{Release, ReleaseStep};
#[cfg(any(test, feature = "testing"))]
pub use rules::check_backend;
pub use state::State;
pub use step::Step;
pub use unsettled::Unsettled;

pub(crate) use gone::{ImageName, gone};
pub(crate) use lease::{Lease, held};
pub(crate) use place::{DRY_RUN, Place};
pub(crate) use state::blocking;
