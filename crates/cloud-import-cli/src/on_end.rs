//! `--on-end`: a command of the user's that is told once how an import ended. What comes of it changes no exit code.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cloud_import::{
    Provider, Result,
    env::{Env as _, SystemEnv},
};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};

use crate::{
    args::{FailIf, Waiting},
    exit::Exit,
    interrupt::Signals,
    outcome::{Outcome, Status},
    output, report, simulate,
};

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The command, and what it is to be told.
pub(crate) struct OnEnd {
    command: Option<String>,
    fail_if: FailIf,
    told: Mutex<Option<Told>>,
}

/// What is told beside the exit code.
struct Told {
    jobs: String,
    succeeded: usize,
    failed: usize,
    results: String,
}

impl OnEnd {
    pub(crate) fn of(options: &Waiting) -> Self {
        Self {
            command: options.on_end.clone(),
            fail_if: options.fail_if,
            told: Mutex::new(None),
        }
    }

    /// Keeps what came of the targets of these jobs, which a later command can find.
    pub(crate) fn keep<'a>(&self, jobs: impl IntoIterator<Item = &'a str>, outcomes: &[Outcome]) {
        if self.command.is_none() {
            return;
        }
        let count = |is_so: fn(Status) -> bool| outcomes.iter().filter(|outcome| is_so(outcome.status)).count();
        let told = Told {
            jobs: jobs.into_iter().collect::<Vec<_>>().join(" "),
            succeeded: count(Status::is_well),
            failed: count(|status| !status.is_well() && !status.goes_on()),
            results: report::as_json(outcomes, report::exit_of(outcomes, self.fail_if)),
        };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// Runs it, and hands on how the import ended.
    pub(crate) async fn run(self, ended: Result<Exit>) -> Result<Exit> {
        let Some(command) = self.command else { return ended };
        let exit = ended.as_ref().map_or_else(Exit::of, |exit| *exit);
        let told = self.told.into_inner().unwrap_or_else(PoisonError::into_inner);
        let told = told.unwrap_or_else(|| Told {
            jobs: String::new(),
            succeeded: 0,
            failed: 0,
            results: ended.as_ref().err().map(report::nothing_as_json).unwrap_or_default(),
        });
        if let Err(why) = run(&command, exit, &told).await {
            output::warning(&format!("the command of --on-end {why}"));
        }
        ended
    }
}

/// # Errors
/// What became of it, where it did not end well.
async fn run(command: &str, exit: Exit, told: &Told) -> Result<(), String> {
    let mut signals = Signals::new().map_err(|error| format!("was not run: {}", error.message()))?;
    let mut command = shell(command);
    command
        .env("CLOUD_IMPORT_JOB", &told.jobs)
        .env("CLOUD_IMPORT_EXIT", exit.code().to_string())
        .env("CLOUD_IMPORT_SUCCEEDED", told.succeeded.to_string())
        .env("CLOUD_IMPORT_FAILED", told.failed.to_string())
        .stdin(Stdio::piped())
        // Results alone go to standard output.
        .stdout(Stdio::from(std::io::stderr()))
        .kill_on_drop(true);
    secrets().for_each(|name| {
        command.env_remove(name);
    });
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let ended = tokio::select! {
        ended = fed(&mut child, &told.results) => Some(ended.map_err(|error| format!("cannot be waited for: {error}"))?),
        () = SystemEnv.sleep(LIMIT) => None,
        () = signals.next() => None,
    };
    match ended {
        Some(ended) if ended.success() => Ok(()),
        Some(ended) => Err(format!("ended with {ended}")),
        None => {
            kill(&mut child).await;
            Err(format!(
                "was ended: it took longer than {} s, or was interrupted",
                LIMIT.as_secs()
            ))
        }
    }
}

/// Gives it the results, and waits for its end.
async fn fed(child: &mut Child, results: &str) -> std::io::Result<ExitStatus> {
    if let Some(mut input) = child.stdin.take() {
        // It need not read them.
        let _ = input.write_all(results.as_bytes()).await;
    }
    child.wait().await
}

/// Ends it with all that it started, where the system can do that.
async fn kill(child: &mut Child) {
    #[cfg(target_os = "linux")]
    {
        let id = child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
    let _ = child.kill().await;
}

fn shell(command: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut line = Command::new(shell);
    line.arg(flag).arg(command);
    line
}

/// The variables with secrets of the clouds, which are none of its business.
fn secrets() -> impl Iterator<Item = &'static str> {
    let names = Provider::all().filter_map(|provider| cloud_import::environment_names(provider).ok());
    let secrets = names.flat_map(|names| [names.secret_access_key, names.security_token].concat());
    let own = [simulate::VARIABLES[1], simulate::SECURITY_TOKEN];
    secrets.chain(own)
}
