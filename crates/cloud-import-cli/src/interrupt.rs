//! Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, the second leaves at once. Nothing is lost in either case: every step is
//! recorded before it is done.

use std::future::Future;

use cloud_import::Stop;

use crate::{exit::Exit, output};

/// Does the work, and asks it to stop at the first signal. `None` when a second one came: the caller leaves at once.
pub(crate) async fn guarded<T>(stop: &Stop, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = signal() => {
                if stop.is_requested() {
                    return None;
                }
                output::say("interrupted: finishing what was sent, starting nothing new; interrupt again to stop at once");
                stop.request();
            }
        }
    }
}

/// The exit of a command that left at once.
pub(crate) fn left_at_once() -> Exit {
    output::say("stopped at once; repeat the command to resume");
    Exit::Interrupted
}

/// Ends with the next signal that asks to stop.
#[cfg(unix)]
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (terminate, hang_up) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut hang_up)) = (terminate, hang_up) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// Ends with the next signal that asks to stop.
#[cfg(not(unix))]
pub(crate) async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
