//! A run that is being measured, and the file that it is written to.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use cloud_import::{
    Result,
    env::{Env as _, SystemEnv},
};

use super::{family, file, run::Run};
use crate::output;

/// Measures a run.
#[derive(Debug)]
pub(super) struct Recorder {
    run: Mutex<Run>,
    file: Option<PathBuf>,
}

impl Recorder {
    pub(super) fn new(run: Run, file: Option<&Path>) -> Self {
        Self {
            run: Mutex::new(run),
            file: file.map(Path::to_owned),
        }
    }

    pub(super) fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let families = self.run().families(SystemEnv.monotonic());
        file::replace(file, &family::text(&families))
    }

    pub(super) fn write_or_say(&self) {
        if let Err(error) = self.write() {
            output::say(&format!("warning: {error}"));
        }
    }
}
