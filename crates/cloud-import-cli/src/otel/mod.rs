//! Exports the run's spans and metrics by OpenTelemetry (OTLP, JSON over HTTP), where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. It is written
//! here, over core's transport, because a bounded queue and two documents are all of it. A collector that is down fails nothing, and
//! keeps the command for five seconds at most.

mod exporter;
mod otlp;
mod settings;
mod span;
mod spans;

use std::{sync::OnceLock, time::Duration};

use cloud_import::{
    Result,
    env::{self, Env as _, SystemEnv},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

use self::{
    exporter::{Exporter, PATIENCE, transport},
    settings::Settings,
    spans::Spans,
};
use crate::{exit::Exit, output};

/// While the command works, what there is is sent this often.
const EVERY: Duration = Duration::from_secs(10);

/// That of this process.
static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Begins, where an endpoint is set. `command`: what the command is called.
///
/// # Errors
/// A variable is set that means nothing.
pub(crate) fn begin(command: &str) -> Result<()> {
    let Some(settings) = Settings::of(env::variable)? else {
        return Ok(());
    };
    let exporter = Exporter::new(settings, command)?;
    EXPORTER.get_or_init(|| exporter);
    Ok(())
}

pub(crate) fn is_on() -> bool {
    EXPORTER.get().is_some()
}

/// What takes the spans, for the log's subscriber.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<impl Layer<S>> {
    let exporter = EXPORTER.get().filter(|exporter| exporter.is_sampled())?;
    Some(Spans(exporter).with_filter(FilterFn::new(spans::is_ours)))
}

/// Does the work, and sends what there is every few seconds meanwhile.
pub(crate) async fn kept<T>(work: impl Future<Output = T>) -> T {
    let Some(exporter) = EXPORTER.get() else {
        return work.await;
    };
    let sending = async {
        let transport = transport().ok();
        loop {
            SystemEnv.sleep(EVERY).await;
            if let Some(transport) = &transport {
                // What is not taken goes with the next.
                let _ = exporter.send(transport).await;
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = sending => std::future::pending().await,
    }
}

/// The command ends like this: what is left is sent, as far as the collector takes it in time.
pub(crate) fn end(exit: Exit) {
    let Some(exporter) = EXPORTER.get() else { return };
    exporter.close(exit);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let sent = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        let sent = runtime.block_on(async {
            tokio::select! {
                sent = exporter.send_all() => sent.map_err(|error| error.message().to_owned()),
                () = SystemEnv.sleep(PATIENCE) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            }
        });
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        sent
    });
    if let Err(why) = sent {
        output::say(&format!("warning: the telemetry was not taken by its collector: {why}"));
    }
    match exporter.dropped() {
        0 => {}
        many => output::say(&format!(
            "warning: {many} spans were dropped: their collector was too slow"
        )),
    }
}
