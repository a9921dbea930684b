//! What happens while images are published, for whoever shows it. Holds no secret.

use std::{
    fmt::{self, Debug},
    path::Path,
    time::SystemTime,
};

use cloud_import_core::{Check, ExportState, ExportTask, ImageChange, ImportTask, Problem, WaitEvent};

use super::{outcome::Outcome, store::Retired};

/// Something that happened, to one target or (`None`) to all.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The file is being hashed, once for all targets.
    Hashing {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A file beside the image goes with it, to the clouds that want one.
    SideFile {
        /// Which.
        path: &'a Path,
    },
    /// Another process works on this target; it is waited for.
    WaitingForOther,
    /// Its image is a copy of the one of another target, which is waited for.
    WaitingForImage {
        /// The label of that target.
        of: &'a str,
    },
    /// The file is being put into the cloud's object storage.
    Staging {
        /// Bytes that are there.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The file is there.
    Staged {
        /// `BUCKET:KEY`.
        object: &'a str,
        /// It was there before.
        reused: bool,
    },
    /// The order leaves.
    Starting,
    /// An earlier process may have sent the order; what became of it is being found out.
    Settling,
    /// The order that may have been sent was not started: two complete listings of these instants do not show it. It is sent anew.
    NotStarted {
        /// When they were read.
        not_listed_at: [SystemTime; 2],
    },
    /// The image that an earlier run had made was deleted by this program: another one is made, as the next generation.
    Anew {
        /// By which job, and when.
        retired: &'a Retired,
    },
    /// The cloud has the order already, from an earlier run: nothing is sent.
    Found {
        /// What is known of it.
        task: &'a ImportTask,
    },
    /// The cloud took the order.
    Started {
        /// What is known of it.
        task: &'a ImportTask,
    },
    /// The import was asked after.
    Polled {
        /// What is known of it.
        task: &'a ImportTask,
        /// What came of it.
        event: WaitEvent<'a>,
    },
    /// The export was asked after.
    Exporting {
        /// What is known of it.
        task: &'a ExportTask,
        /// What came of it.
        event: WaitEvent<'a, ExportState>,
    },
    /// The staged object is deleted.
    Tidied {
        /// `BUCKET:KEY`.
        object: &'a str,
    },
    /// An older image of the name is about to be deleted: the new one is there.
    Retiring {
        /// Its id.
        image_id: &'a str,
    },
    /// It is deleted.
    Retired {
        /// Its id.
        image_id: &'a str,
    },
    /// The new image has its own name instead of a temporary one.
    Renamed {
        /// The name.
        name: &'a str,
    },
    /// The image is shared, tagged or offered as it was asked for.
    Changed {
        /// How.
        change: &'a ImageChange,
    },
    /// The image that was the newest of the family before is deprecated.
    Deprecated {
        /// Its id.
        image_id: &'a str,
    },
    /// Something that people should know and that stops nothing.
    Warning {
        /// In words.
        text: &'a str,
    },
    /// Something in the order that the cloud may refuse.
    Problem {
        /// What.
        problem: &'a Problem,
    },
    /// Something that the cloud said before the work, or did not say, and that stops nothing.
    Check {
        /// What.
        check: &'a Check,
    },
    /// The target is done with for now.
    Over {
        /// How.
        outcome: &'a Outcome,
    },
}

/// Is told what happens. Called from the working tasks: it must not block.
pub trait Listener: Debug + Send + Sync {
    /// Something happened to the target with this index.
    fn on(&self, target: Option<usize>, event: &Event<'_>);
}

/// Tells nobody.
impl Listener for () {
    fn on(&self, _: Option<usize>, _: &Event<'_>) {}
}

/// A closure that is told.
pub(crate) struct Told<F>(pub(crate) F);

impl<F> Debug for Told<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told(..)")
    }
}

impl<F: Fn(Option<usize>, &Event<'_>) + Send + Sync> Listener for Told<F> {
    fn on(&self, target: Option<usize>, event: &Event<'_>) {
        (self.0)(target, event);
    }
}
