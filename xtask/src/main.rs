//! House tasks: `cargo xtask codegen [--check]`, `cargo xtask schema`, `cargo xtask tidy`, `cargo xtask measure`, `cargo xtask package [--quick]`,
//! `cargo xtask release`, `cargo xtask book`, `cargo xtask msrv`, `cargo xtask drift`, `cargo xtask advisories`,
//! `cargo xtask live`, `cargo xtask ci`, `cargo xtask soak`, `cargo xtask nightly`.
//!
//! Not published and not needed to build: what `codegen` writes is committed.

mod advisories;
mod book;
mod ci;
mod codegen;
mod drift;
mod house;
mod links;
mod live;
mod measure;
mod msrv;
mod nightly;
mod package;
mod release;
mod soak;
mod spec;
mod spec_policy;
mod spec_store;
mod step;
mod structure;
mod tidy;
mod tokens;

use std::{env, path::Path, process::ExitCode};

use house::{Outcome, root, say};

const USAGE: &str = "\
usage: cargo xtask <task>
  codegen [--check]   write (or with --check compare) everything that comes from xtask/specs
  schema              write docs/schema from the types that the command's JSON is written of; its tests compare them
  tidy                house rules that no other tool checks
  measure [FOLDER]    lines, public names, circles and long functions of each package, here or in another checkout
  package [--quick]   whether every crate could be published, and in which order; --quick only lists what would be in them
  release --dry-run [--target TRIPLE]...
                      what a release hands out, as far as this machine can make it, into target/release-assets
  book                builds docs with mdbook into target/book, and looks whether each link of it and of other pages leads somewhere
  msrv                whether a dependency needs a newer Rust than we declare
  drift [--newest | --accept]
                      whether the specs say what the vendors' packages say; see docs/drift.md
  advisories [--extract FOLDER]
                      whether a known advisory is about a version in Cargo.lock; no network. --extract writes anew what is
                      known, from a clone of rustsec/advisory-db
  live CLOUD[/REGION] --bucket NAME --image FILE --os OS | --judge FOLDER
                      one small image through a real account, what it costs asked first; see docs/live.md
  ci [--quick]        the whole sequence of checks; --quick leaves out the release build and what needs other tools
  soak [--kills N] [--seed S]
                      guests on disks that others made, kills, faults, a thousand targets and the fuzz targets in their
                      long form, in release mode, as root: about 75 minutes
  nightly [--list]    what takes too long for ci, or needs the network; goes on after a failure; --list only shows the steps";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["drift", options @ ..] => return drift::run(&root(), options),
        ["advisories"] => advisories::run(&root()),
        ["advisories", "--extract", folder] => advisories::extract(&root(), folder),
        ["codegen"] => codegen::run(&root(), false),
        ["codegen", "--check"] => codegen::run(&root(), true),
        ["schema"] => schema(&root()),
        ["tidy"] => tidy::run(&root()),
        ["measure"] => measure::run(&root()),
        ["measure", folder] => measure::run(Path::new(folder)),
        ["package"] => package::run(&root(), false),
        ["package", "--quick"] => package::run(&root(), true),
        ["release", options @ ..] => release::run(&root(), options),
        ["book"] => book::run(&root()),
        ["msrv"] => msrv::run(&root()),
        ["live", options @ ..] => live::run(&root(), options),
        ["ci"] => ci::run(&root(), false),
        ["ci", "--quick"] => ci::run(&root(), true),
        ["soak", options @ ..] => soak::run(&root(), options),
        ["nightly"] => nightly::run(&root(), false),
        ["nightly", "--list"] => nightly::run(&root(), true),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// The command's types are known to the command alone: the test that compares the schemas writes them, too.
fn schema(root: &Path) -> Outcome {
    let test =
        "cargo test -q -p cloud-import-cli --bin cloud-import -- those_that_are_committed_are_those_of_the_types";
    step::Step::new("schema", test)
        .variable("CLOUD_IMPORT_WRITE_SCHEMAS", "1")
        .run("schema", root)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_committed_is_what_the_specs_say() {
        crate::codegen::run(&crate::root(), true).unwrap();
    }

    #[test]
    fn the_house_is_tidy() {
        crate::tidy::run(&crate::root()).unwrap();
    }
}
