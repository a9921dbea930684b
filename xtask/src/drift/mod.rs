//! `cargo xtask drift`: whether the specs still say what the vendors' own packages say.
//!
//! The facts of the packages are committed (`xtask/specs/<cloud>/vendor.lock.json`), so that a build asks no network. Only
//! `--newest` goes out. What differs on purpose is accepted row by row (`accepted.toml`). Nothing here changes a spec.

mod accepted;
mod compare;
mod facts;
mod failure;
mod newest;
mod report;
mod sources;
#[cfg(test)]
mod tests;

use std::{path::Path, process::ExitCode};

use facts::Lock;
use failure::Failure;
use report::Report;

use crate::{
    house,
    spec::{CLOUDS, Spec},
};

const USAGE: &str = "\
usage: cargo xtask drift                                compares the specs with the locked facts; no network
       cargo xtask drift --newest [--cloud C] [--git PACKAGE=FOLDER]
                                                        fetches the newest packages and compares lock and specs with them
       cargo xtask drift --accept [--cloud C]           locks what the last --newest read
exit codes: 0 no difference, 1 drift, 2 a stale acceptance or another source than the lock's, 3 a package cannot be had or read";

/// A source that nobody refreshes for so many days is told of.
const OLD: i64 = 180;

/// What is asked for.
#[derive(Debug, Default)]
struct Request<'a> {
    newest: bool,
    accept: bool,
    cloud: Option<&'a str>,
    /// Packages that stand in a folder under git.
    git: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    fn read(options: &[&'a str]) -> Option<Self> {
        let mut request = Self::default();
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match *option {
                "--newest" => request.newest = true,
                "--accept" => request.accept = true,
                "--cloud" => request.cloud = Some(options.next().filter(|cloud| CLOUDS.contains(cloud))?),
                "--git" => request.git.push(options.next()?.split_once('=')?),
                _ => return None,
            }
        }
        (!(request.newest && request.accept)).then_some(request)
    }

    fn clouds(&self) -> Vec<&'static str> {
        let wanted = |cloud: &&str| self.cloud.is_none_or(|own| own == *cloud);
        CLOUDS.into_iter().filter(wanted).collect()
    }
}

/// Runs the task and says how it ended.
pub(crate) fn run(root: &Path, options: &[&str]) -> ExitCode {
    let outcome = match Request::read(options) {
        Some(request) if request.newest => newest::run(root, &request.clouds(), &request.git),
        Some(request) if request.accept => newest::accept(root, &request.clouds()),
        Some(request) => offline(root, &request.clouds()),
        None => Err(Failure::Other(USAGE.to_owned())),
    };
    let (code, told) = match outcome {
        Ok(told) => (0, told),
        Err(Failure::Drift(told)) | Err(Failure::Other(told)) => (1, told),
        Err(Failure::Stale(told)) => (2, told),
        Err(Failure::Package(told)) => (3, told),
    };
    house::say(&told);
    ExitCode::from(code)
}

/// Compares the specs with what is locked.
fn offline(root: &Path, clouds: &[&str]) -> Result<String, Failure> {
    let mut report = Report::default();
    for cloud in clouds {
        let folder = root.join("xtask/specs").join(cloud);
        let spec = Spec::load(&folder).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        let lock = Lock::read(&folder)?;
        sources::check(cloud, &lock)?;
        for (name, days) in lock.by_hand() {
            if days > OLD {
                report.lines.push(format!(
                    "old    {cloud:<8} {name}: read {days} days ago; refresh it with --newest --git"
                ));
            }
        }
        report.compare(&folder, &spec, &lock)?;
    }
    report.end()
}
