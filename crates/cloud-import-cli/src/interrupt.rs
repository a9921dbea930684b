//! Ctrl-C, SIGTERM and SIGHUP: the first asks to stop and ends the command within half a minute, whatever a server does; the second
//! leaves at once. Nothing is lost in either case: every step is recorded before it is done.

use std::{future::Future, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result, Stop,
    env::{Env as _, SystemEnv},
};

use crate::{exit::Exit, output};

/// How long what was sent may take to be answered after the first signal.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the work may take after that to record what became of it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Does the work, and asks it to stop at the first signal. Whatever comes of it then, the command was interrupted.
pub(crate) async fn guarded(stop: &Stop, work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let mut signals = Signals::new()?;
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = signals.next() => {}
    }
    output::say("interrupted: finishing what was sent, starting nothing new; interrupt again to stop at once");
    stop.request();
    let patience = async {
        SystemEnv.sleep(PATIENCE).await;
        stop.press();
        SystemEnv.sleep(LAST_WORDS).await;
    };
    tokio::select! {
        done = &mut work => match done {
            Err(error) if error.kind() == ErrorKind::Stopped => return Err(error),
            Err(error) => output::error(&error),
            Ok(_) => {}
        },
        () = async { tokio::select! { () = signals.next() => {}, () = patience => {} } } => {
            output::say("stopped at once; repeat the command to resume");
        }
    }
    Ok(Exit::Interrupted)
}

/// Does work that has nothing to finish, and leaves it at the first signal.
pub(crate) async fn or_leave(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let mut signals = Signals::new()?;
    tokio::select! {
        done = work => done,
        () = signals.next() => {
            output::say("interrupted");
            Ok(Exit::Interrupted)
        }
    }
}

/// The signals that interrupt. One that comes while nobody waits is kept.
#[cfg(unix)]
pub(crate) struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        // Who starts the command by `nohup` wants it to outlive the terminal.
        if !is_ignored(SignalKind::hangup()) {
            kinds.push(SignalKind::hangup());
        }
        let signals = kinds.into_iter().map(signal).collect::<std::io::Result<_>>();
        signals.map(Self).map_err(cannot_listen)
    }

    pub(crate) async fn next(&mut self) {
        std::future::poll_fn(|context| {
            // All are asked, so that each wakes this up.
            let come = self.0.iter_mut().map(|signal| signal.poll_recv(context).is_ready());
            match come.fold(false, |any, one| any | one) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }
}

/// The signals that interrupt.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether this process was started to ignore a signal. Only Linux tells.
#[cfg(unix)]
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}

#[cfg(unix)]
fn cannot_listen(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Local, "signals cannot be waited for").with_source(error)
}
