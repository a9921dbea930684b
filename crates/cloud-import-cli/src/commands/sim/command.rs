//! The command behind `sim --`: it runs as long as the simulated clouds do, and finds them in its environment.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitStatus,
};

use cloud_import::{Error, ErrorKind, Result};
use tokio::process::{Child, Command};

use crate::{exit::Exit, interrupt::Signals, output, simulate};

/// Where the command finds the file for `--simulate=FILE`.
const FILE: &str = "CLOUD_IMPORT_SIM_FILE";

/// Runs it to its end, and passes on what asks it to end.
pub(super) async fn run(
    program: &OsStr,
    words: &[OsString],
    file: &Path,
    keys: &[String; 2],
    signals: &mut Signals,
) -> Result<Exit> {
    let mut command = Command::new(program);
    command
        .args(words)
        .env(FILE, file)
        .envs(simulate::VARIABLES.iter().zip(keys));
    let mut child = command.kill_on_drop(true).spawn().map_err(|error| {
        let message = format!("cannot run `{}`: {error}", program.display());
        Error::new(ErrorKind::Local, message).with_source(error)
    })?;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            () = signals.next() => end(&mut child),
        }
    };
    let ended =
        ended.map_err(|error| Error::new(ErrorKind::Local, "the command cannot be waited for").with_source(error))?;
    Ok(Exit::OfCommand(code(ended)))
}

/// Asks it to end. It may have a last word; Ctrl-C on a terminal it has seen itself.
fn end(child: &mut Child) {
    #[cfg(target_os = "linux")]
    let asked = child
        .id()
        .and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?))
        .is_some_and(|id| rustix::process::kill_process(id, rustix::process::Signal::TERM).is_ok());
    #[cfg(not(target_os = "linux"))]
    let asked = child.start_kill().is_ok();
    if !asked {
        output::say("the command cannot be asked to end: it is waited for");
    }
}

/// As a shell tells it: 128 and the signal's number for one that a signal ended.
fn code(ended: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    u8::try_from(ended.code().or(signal).unwrap_or(1)).unwrap_or(1)
}
