//! `completions`: the script by which a shell asks this program what a word may become.

use cloud_import::{Error, ErrorKind, Result};

use crate::{args::Completions, complete, exit::Exit, output};

pub(crate) fn run(options: &Completions) -> Result<Exit> {
    let script = complete::script(options.shell)
        .map_err(|error| Error::new(ErrorKind::Local, format!("the script cannot be written: {error}")))?;
    output::document_text(&script);
    Ok(Exit::Done)
}
