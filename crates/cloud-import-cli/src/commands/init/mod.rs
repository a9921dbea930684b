//! `init`: writes the files by which commands in this directory know where images go. What is not given is asked for on a terminal.
//! It asks no cloud, and overwrites nothing unless that is said.

mod asking;
mod plan;
mod written;

use std::{
    io::{IsTerminal as _, stderr, stdin},
    path::Path,
};

use cloud_import::{Error, ErrorKind, Result};

use self::{asking::Terminal, plan::Plan};
use crate::{args::Init, exit::Exit, output};

pub(crate) fn run(options: &Init) -> Result<Exit> {
    let folder = Path::new("");
    // Before anybody is asked for what cannot be kept.
    written::refuse_what_is_there(folder, options.force)?;
    let plan = match options.yes {
        true => Plan::of(options)?,
        false if stdin().is_terminal() && stderr().is_terminal() => match asking::plan(options, &mut Terminal)? {
            Some(plan) => plan,
            None => {
                output::note("nothing was written");
                return Ok(Exit::Interrupted);
            }
        },
        false => return Err(nobody()),
    };
    let made = written::files(&plan)?;
    written::keep(&made, folder, options.force)?;
    for file in &made {
        output::result(file.name);
    }
    output::tip("see whether keys and buckets are as they must be: cloud-import doctor");
    Ok(Exit::Done)
}

fn nobody() -> Error {
    Error::new(ErrorKind::InvalidRequest, "there is no terminal to ask on")
        .with_remedy("Use --yes with --to TARGET, and --bucket and --name.")
}
