//! The command `cloud-import`.
//!
//! Thin over the facade: it reads arguments, shows progress on standard error and writes results to standard output. What a
//! cloud does is nowhere in here.

mod accepted;
mod advice;
mod args;
mod asked;
mod bucket;
mod changed;
mod checked;
mod chosen;
mod clock;
mod commands;
mod complete;
mod config;
mod connect;
mod conversion;
mod convert;
mod destination;
mod events;
mod exit;
mod fetch;
mod fields;
mod findings;
#[cfg(feature = "fleet")]
mod fleet;
mod form;
mod found;
mod guest;
mod inside;
mod interrupt;
mod jobs;
mod keys;
mod line;
mod log;
mod metrics;
mod on_end;
mod order;
#[cfg_attr(not(feature = "otel"), path = "otel/off.rs")]
mod otel;
mod outcome;
mod output;
mod phases;
mod progress;
mod ready;
mod region;
mod render;
mod report;
mod row;
#[cfg(test)]
mod schema;
mod side_by_side;
mod simulate;
mod source;
mod sources;
mod sparse;
mod state;
mod sums;
mod takes;
mod targets;
mod tasks;
mod template;
mod temporary;
mod tip;
mod unpack;
mod waiting;

use std::{ffi::OsString, process::ExitCode};

use cloud_import::{Error, ErrorKind, Result};

use crate::{
    args::{Arguments, Command},
    commands::{
        accept, bucket as made, cancel, capabilities, change, check, clean, completions, copy, delete, doctor,
        download, explain, export, forget, images, import, init, inspect, list, man, moved, policy, regions,
        report as page, resume, show, sim, status, wait,
    },
    exit::Exit,
};

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(exit) = convert::child() {
        return exit;
    }
    if let Some(exit) = complete::answered() {
        return exit;
    }
    clock::begin();
    let line: Vec<OsString> = std::env::args_os().collect();
    output::colours_of(&line);
    let exit = match config::completed(line.clone()).map(asked::read) {
        Ok(Ok(arguments)) => done(arguments),
        Ok(Err(told)) => {
            let exit = report::usage(&told, || form::of_words(&line));
            tip::subcommand(&line, &told).iter().for_each(|tip| output::tip(tip));
            exit
        }
        Err(error) => report::nothing_done(&error, form::of_words(&line)),
    };
    if exit == Exit::Usage {
        tip::simulator(&line).iter().for_each(|tip| output::tip(tip));
    }
    output::finished(exit).into()
}

fn done(arguments: Arguments) -> Exit {
    output::begin(arguments.surface);
    let form = form::of(&arguments.command);
    let begun = otel::begin(arguments.command.name())
        .and_then(|()| {
            metrics::begin(
                arguments.command.metrics_file(),
                otel::is_on() || arguments.command.tells_metrics(),
            )
        })
        .and_then(|()| log::begin(&arguments.logs));
    let exit = match begun.and_then(|()| run(arguments.command)) {
        Ok(Exit::Interrupted) => report::interrupted(form),
        Ok(exit) => exit,
        Err(error) => report::nothing_done(&error, form),
    };
    metrics::end(exit);
    otel::end(exit);
    exit
}

/// What only reads and prints does without the runtime, whose threads take longer to start than such an answer takes.
fn run(command: Command) -> Result<Exit> {
    match command {
        Command::Inspect(options) => inspect::run(&options),
        Command::Capabilities(options) => capabilities::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Completions(options) => completions::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Man(options) => man::run(&options),
        Command::Bucket(options) => block_on(interrupt::or_leave(made::run(options))),
        Command::Policy(options) => policy::run(&options),
        Command::Regions(options) => block_on(interrupt::or_leave(regions::run(options))),
        Command::List(options) => block_on(interrupt::or_leave(list::run(options))),
        Command::Show(options) => block_on(interrupt::or_leave(show::run(options))),
        Command::Report(options) => block_on(interrupt::or_leave(page::run(options))),
        #[cfg(feature = "fleet")]
        Command::Import(options) if options.state.fleet.is_some() => block_on(commands::fleet::import(*options)),
        Command::Import(options) => block_on(import::run(*options)),
        #[cfg(feature = "fleet")]
        Command::Fleet(options) => block_on(commands::fleet::run(options)),
        Command::Check(options) => block_on(interrupt::or_leave(check::run(*options))),
        Command::Resume(options) => block_on(resume::resume(options)),
        Command::Retry(options) => block_on(resume::retry(options)),
        Command::Doctor(options) => block_on(interrupt::or_leave(doctor::run(options))),
        Command::Wait(options) => block_on(wait::run(options)),
        Command::Status(options) => block_on(interrupt::or_leave(status::run(options))),
        Command::Cancel(options) => block_on(interrupt::or_leave(cancel::run(options))),
        Command::Export(options) => block_on(export::run(options)),
        Command::Download(options) => block_on(download::run(options)),
        Command::Move(options) => block_on(moved::run(*options)),
        Command::Forget(options) => block_on(interrupt::or_leave(forget::run(options))),
        Command::Clean(options) => block_on(interrupt::or_leave(clean::run(options))),
        Command::Images(options) => block_on(interrupt::or_leave(images::run(options))),
        Command::Copy(options) => block_on(copy::run(*options)),
        Command::Share(options) => block_on(interrupt::or_leave(change::share(options))),
        Command::Unshare(options) => block_on(interrupt::or_leave(change::unshare(options))),
        Command::Accept(options) => block_on(interrupt::or_leave(accept::run(options))),
        Command::Tag(options) => block_on(interrupt::or_leave(change::tag(options))),
        Command::Set(options) => block_on(interrupt::or_leave(change::set(options))),
        Command::Deprecate(options) => block_on(interrupt::or_leave(change::deprecate(options))),
        Command::Delete(options) => block_on(interrupt::or_leave(delete::run(options))),
        Command::Sim(options) => block_on(sim::run(options)),
    }
}

/// Files are read and records written on threads that may wait. More of them than the disk keeps up with only take memory: with a
/// thousand targets there would be hundreds.
const BLOCKING_THREADS: usize = 32;

fn block_on(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|error| Error::new(ErrorKind::Local, format!("cannot start the runtime: {error}")))?;
    let done = runtime.block_on(otel::kept(metrics::kept(work)));
    // What still reads a file that does not answer is not waited for: the process ends with it.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}
