//! The command as a process of its own: started, watched, killed, frozen; never waited for without a limit.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};

/// How often it is looked whether something is so.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until something is so.
///
/// # Errors
/// It is not so within the limit: what was waited for.
pub(crate) fn until(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let begun = SystemEnv.monotonic();
    while SystemEnv.monotonic() - begun < Duration::from_secs(seconds) {
        if is_so() {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Err(format!("after {seconds} s it was still waited until {what}"))
}

/// A process that runs; it goes with its value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

/// What a process left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Process {
    /// Starts it. What it says goes to a file of this name, behind what one before it said there.
    pub(crate) fn start(mut command: Command, files: &Path) -> Self {
        let (out, log) = (files.with_extension("out"), files.with_extension("log"));
        let behind = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(behind)
            .spawn()
            .unwrap();
        Self { child, out, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Another signal, such as `STOP`. Not every machine has `kill` but in its shell.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.id());
        assert!(
            Command::new("sh").args(["-c", &kill]).status().unwrap().success(),
            "{kill}"
        );
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It hangs.
    pub(crate) fn ended(mut self, seconds: u64) -> Result<Ended, String> {
        let mut status = None;
        let what = format!("{} ended", self.log.display());
        let waited = until(&what, seconds, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        waited.map_err(|error| format!("{error}\n{}", self.said()))?;
        Ok(Ended {
            code: status.and_then(|status| status.code()),
            out: fs::read_to_string(&self.out).unwrap_or_default(),
            err: self.said(),
        })
    }

    /// What it and those before it have written to standard error so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// # Errors
    /// It ended otherwise than with this exit code.
    pub(crate) fn expect(self, code: i32) -> Result<Self, String> {
        match self.code == Some(code) {
            true => Ok(self),
            false => Err(format!(
                "exit {:?} and not {code}\n{}\n{}",
                self.code, self.out, self.err
            )),
        }
    }
}
