//! bash, which parts words also at `=`, `:` and `@`: its script puts them together again before it asks, so that `--to=aliyun` and
//! `@group` are completed as they are read. Everything else is as clap_complete does it.

use std::{ffi::OsString, io, path::Path};

use clap::Command;
use clap_complete::env::{Bash as Parted, EnvCompleter};

const SCRIPT: &str = include_str!("cloud-import.bash");

/// Asks with whole words.
#[derive(Debug)]
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        Parted.name()
    }

    fn is(&self, name: &str) -> bool {
        Parted.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        _name: &str,
        _bin: &str,
        _completer: &str,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        debug_assert!(SCRIPT.contains(variable), "the script asks by another variable");
        out.write_all(SCRIPT.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        here: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        Parted.write_complete(command, words, here, out)
    }
}
