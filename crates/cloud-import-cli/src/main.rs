//! The command `cloud-import`.
//!
//! Thin over the facade: it reads arguments, shows progress on standard error and writes results to standard output. What a
//! cloud does is nowhere in here.

mod args;
mod capabilities;
mod check;
mod connect;
mod exit;
mod explain;
mod import;
mod inspect;
mod local;
mod order;
mod output;
mod progress;
mod report;
mod simulate;
mod simulator;
mod source;
mod tasks;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Arguments, Command},
    exit::Exit,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_standard_error(arguments.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&format!("error: the runtime cannot be set up: {error}"));
            return Exit::Usage.into();
        }
    };
    runtime.block_on(run(arguments.command)).into()
}

async fn run(command: Command) -> Exit {
    let work = async {
        match command {
            Command::Inspect(options) => inspect::run(&options),
            Command::Import(options) => import::run(*options).await,
            Command::Check(options) => check::run(*options).await,
            Command::Wait(options) => tasks::wait(options).await,
            Command::Status(options) => tasks::status(options).await,
            Command::Cancel(options) => tasks::cancel(options).await,
            Command::Capabilities(options) => capabilities::run(&options),
            Command::Explain(options) => explain::run(&options),
            Command::Sim(options) => simulator::run(options).await,
        }
    };
    match work.await {
        Ok(exit) => exit,
        Err(error) => {
            output::error(&error);
            Exit::of(&error)
        }
    }
}

/// Logs as `-v` or `CLOUD_IMPORT_LOG` asks; nothing otherwise.
fn log_to_standard_error(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "cloud_import_core=debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("CLOUD_IMPORT_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
