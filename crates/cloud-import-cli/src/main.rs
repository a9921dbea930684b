//! The command `cloud-import`.
//!
//! Thin over the facade: it reads arguments, shows progress on standard error and writes results to standard output. What a
//! cloud does is nowhere in here.

mod args;
mod bucket;
mod capabilities;
mod check;
mod config;
mod connect;
mod convert;
mod destination;
mod events;
mod exit;
mod explain;
mod import;
mod inspect;
mod interrupt;
mod list;
mod order;
mod output;
mod progress;
mod region;
mod render;
mod report;
mod simulate;
mod simulator;
mod source;
mod state;
mod targets;
mod tasks;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use cloud_import::{Error, ErrorKind, Result};
use tracing_subscriber::EnvFilter;

use crate::{
    args::{Arguments, Command},
    exit::Exit,
};

fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log_to_standard_error(arguments.verbose);
    match config::apply(&mut arguments.command, &matches).and_then(|()| run(arguments.command)) {
        Ok(exit) => exit,
        Err(error) => {
            output::error(&error);
            Exit::of(&error)
        }
    }
    .into()
}

/// What only reads and prints does without the runtime, whose threads take longer to start than such an answer takes.
fn run(command: Command) -> Result<Exit> {
    match command {
        Command::Inspect(options) => inspect::run(&options),
        Command::Capabilities(options) => capabilities::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::List(options) if options.place.bucket.is_none() => block_on(list::list(options)),
        Command::List(options) => block_on(bucket::list(options)),
        Command::Import(options) => block_on(import::run(*options)),
        Command::Check(options) => block_on(check::run(*options)),
        Command::Wait(options) => block_on(tasks::wait(options)),
        Command::Status(options) => block_on(tasks::status(options)),
        Command::Cancel(options) => block_on(tasks::cancel(options)),
        Command::Clean(options) if options.place.bucket.is_none() => block_on(list::clean(options)),
        Command::Clean(options) => block_on(bucket::clean(options)),
        Command::Sim(options) => block_on(simulator::run(options)),
    }
}

fn block_on(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Local, format!("the runtime cannot be set up: {error}")))?;
    runtime.block_on(work)
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
