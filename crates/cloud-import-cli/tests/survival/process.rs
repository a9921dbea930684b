//! The command as a process of its own: started, watched, killed, interrupted; never waited for without a limit.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use serde_json::Value;
use tokio::process::{Child, Command};

/// A command that has not ended by then hangs. A cloud that only throttles is waited for as long as its documents say: before the
/// order for half a minute, and for two minutes by each look.
const LIMIT: Duration = Duration::from_secs(420);

/// A process that runs.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// What a process left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What the command says of one target.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) status: String,
    pub(crate) image_id: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) remedy: Option<String>,
    /// When it helps to repeat the command.
    pub(crate) repeat_from: Option<String>,
}

impl Running {
    /// Starts it; its two streams go to files of that name.
    pub(crate) fn start(mut command: Command, files: &Path) -> Self {
        let (out, err) = (files.with_extension("out"), files.with_extension("err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, out, err }
    }

    pub(crate) fn id(&self) -> u32 {
        // No number is no process: 0 would stand for all of the group, the suite among them.
        self.child.id().unwrap()
    }

    /// Whether it runs still.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL; whether it ran until then.
    pub(crate) async fn kill(mut self) -> (bool, Ended) {
        let alive = self.is_alive();
        let _ = self.child.start_kill();
        let status = self.child.wait().await.unwrap();
        (alive && status.code().is_none(), self.left(status.code()))
    }

    /// Another signal, such as `INT`. Not every machine has `kill` but in its shell.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.id());
        let status = Command::new("sh").args(["-c", &kill]).status().await.unwrap();
        assert!(status.success(), "{kill}");
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It hangs.
    pub(crate) async fn end(self) -> Result<Ended, String> {
        self.end_within(LIMIT).await
    }

    pub(crate) async fn end_within(mut self, limit: Duration) -> Result<Ended, String> {
        tokio::select! {
            status = self.child.wait() => {
                let code = status.unwrap().code();
                Ok(self.left(code))
            }
            () = SystemEnv.sleep(limit) => {
                let _ = self.child.start_kill();
                let left = self.left(None);
                Err(format!("it hangs: no end within {limit:?}\n{}", left.err))
            }
        }
    }

    /// What it has written to standard error so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.err).unwrap_or_default()
    }

    fn left(&self, code: Option<i32>) -> Ended {
        Ended {
            code,
            out: fs::read_to_string(&self.out).unwrap_or_default(),
            err: self.said(),
        }
    }
}

impl Ended {
    /// The results of `--output json`; none when it ended before it had any.
    ///
    /// # Errors
    /// It printed something else.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, String> {
        if self.out.trim().is_empty() {
            return Ok(Vec::new());
        }
        let value: Value = serde_json::from_str(&self.out).map_err(|error| format!("{error} in: {}", self.out))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let rows = value["results"].as_array().ok_or("no results")?;
        Ok(rows
            .iter()
            .map(|row| Row {
                target: text(&row["target"]).unwrap_or_default(),
                status: text(&row["status"]).unwrap_or_default(),
                image_id: text(&row["image_id"]),
                message: text(&row["error"]["message"]),
                remedy: text(&row["error"]["remedy"]),
                repeat_from: text(&row["error"]["repeat_from"]),
            })
            .collect())
    }

    /// The row of a target.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn row(&self, target: &str) -> Result<Row, String> {
        self.rows()?
            .into_iter()
            .find(|row| row.target == target)
            .ok_or_else(|| format!("no result of {target}; exit {:?}\n{}", self.code, self.err))
    }
}
