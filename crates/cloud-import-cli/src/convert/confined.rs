//! The process in which `qemu-img` runs: a child of this command that takes away from itself whatever a conversion does not need,
//! and then becomes `qemu-img`. It reads nothing of the image, and never goes on with less than was asked for.
//!
//! Who it is told by its name (`argv[0]`), so that no word of the command line stands for it.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, Scope, path_beneath_rules,
};
use rustix::{
    process::{Resource, Rlimit, Signal},
    thread::UnshareFlags,
};
use serde::{Deserialize, Serialize};

use super::failure::NOT_CONFINED;

/// What the child is called.
pub(super) const NAME: &str = "cloud-import (confined)";

/// The exit code of a run that could not be started.
const NOT_STARTED: u8 = 126;

/// What it may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Bounds {
    /// The process that it dies with.
    pub(super) parent: i32,
    /// The open file that it reads.
    pub(super) input: i32,
    /// The open file that it writes, if any.
    pub(super) output: Option<i32>,
    /// The largest file that it may write, in bytes.
    pub(super) file_bytes: u64,
    /// How long it may compute, in seconds.
    pub(super) cpu_seconds: u64,
    /// Whether it may go on where the system cannot confine it.
    pub(super) is_trusted: bool,
}

/// Memory that it may ask for, in bytes. Conversions took up to 170 MiB, most of it the stacks of as many threads as there can be
/// (QEMU 10.0, November 2026); the tables of a large disk come on top.
const MEMORY: u64 = 512 << 20;
/// The stack of a thread, in bytes: with the eight MiB that are usual, the threads alone would take all of it.
const STACK: u64 = 2 << 20;

/// Where programs and libraries are, and nothing that is secret.
const PROGRAMS: [&str; 12] = [
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
];

/// What libraries look at when they are loaded.
const LOADED: [&str; 4] = ["/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/sys/devices/system"];

/// The newest kind of Landlock that is known here; what the kernel lacks of it is left out, but for what is required below.
const NEWEST: ABI = ABI::V10;

/// Becomes `qemu-img` if this process was started for it; comes back only when that failed.
pub(crate) fn child() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    if words.next()? != NAME {
        return None;
    }
    let (exit, why) = become_qemu_img(&words.collect::<Vec<_>>());
    crate::output::say(&why);
    Some(ExitCode::from(exit))
}

/// Comes back with an exit code and why it failed.
fn become_qemu_img(words: &[OsString]) -> (u8, String) {
    let [bounds, program, arguments @ ..] = words else {
        return (NOT_STARTED, "it was told nothing".to_owned());
    };
    let bounds: Bounds = match serde_json::from_str(&bounds.to_string_lossy()) {
        Ok(bounds) => bounds,
        Err(error) => return (NOT_STARTED, error.to_string()),
    };
    if let Err(error) = die_with(bounds.parent).and_then(|()| limit(&bounds)) {
        return (NOT_STARTED, error);
    }
    match confine(&bounds, program) {
        Err(error) if !bounds.is_trusted => return (NOT_CONFINED, error),
        _ => {}
    }
    let error = Command::new(program).args(arguments).exec();
    (NOT_STARTED, format!("`{}` cannot be run: {error}", program.display()))
}

/// Dies with the process that started this one, however that ends.
fn die_with(parent: i32) -> Result<(), String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    // It may have died before.
    let is_alive = rustix::process::getppid().is_some_and(|pid| pid.as_raw_pid() == parent);
    if is_alive {
        Ok(())
    } else {
        Err("the command has ended".to_owned())
    }
}

fn limit(bounds: &Bounds) -> Result<(), String> {
    let cpu_seconds = bounds.cpu_seconds;
    for (resource, current, maximum) in [
        // What is in a disk is not for a file of a crash.
        (Resource::Core, 0, 0),
        (Resource::As, MEMORY, MEMORY),
        (Resource::Stack, STACK, STACK),
        (Resource::Fsize, bounds.file_bytes, bounds.file_bytes),
        // A signal that says why comes first.
        (Resource::Cpu, cpu_seconds, cpu_seconds.saturating_add(5)),
    ] {
        let (current, maximum) = (Some(current), Some(maximum));
        rustix::process::setrlimit(resource, Rlimit { current, maximum })
            .map_err(|error| format!("its limits cannot be set: {error}"))?;
    }
    Ok(())
}

/// Lets go of the network and of every file but the two.
fn confine(bounds: &Bounds, program: &OsStr) -> Result<(), String> {
    let is_offline = leave_network();
    let told = |error: landlock::RulesetError| format!("Landlock fails: {error}");
    // Of the files, all kernels with Landlock; of the network, those without a network of their own for it.
    let network = if is_offline {
        CompatLevel::BestEffort
    } else {
        CompatLevel::HardRequirement
    };
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .map_err(|_| "this kernel has no Landlock, or it is not enabled")?
        .set_compatibility(network)
        .handle_access(AccessNet::from_all(ABI::V4))
        .map_err(|_| "this kernel keeps nobody from the network by Landlock, and namespaces are not allowed")?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(told)?;
    let read = AccessFs::ReadFile;
    let run = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    let opened = |number: i32| {
        PathFd::new(format!("/proc/self/fd/{number}")).map_err(|error| format!("an open file is not there: {error}"))
    };
    let mut ruleset = ruleset
        .add_rules(path_beneath_rules(PROGRAMS, run))
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(own_files(program), run)))
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(LOADED, read | AccessFs::ReadDir)))
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(["/dev/null"], AccessFs::WriteFile)))
        .map_err(told)?
        .add_rule(PathBeneath::new(opened(bounds.input)?, read))
        .map_err(told)?;
    if let Some(output) = bounds.output {
        ruleset = ruleset
            .add_rule(PathBeneath::new(opened(output)?, write))
            .map_err(told)?;
    }
    ruleset.restrict_self().map(drop).map_err(told)
}

/// The program, and the libraries that came with it where it was put somewhere else.
fn own_files(program: &OsStr) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(program)];
    let real = std::fs::canonicalize(program).unwrap_or_default();
    if let Some(prefix) = real
        .parent()
        .and_then(Path::parent)
        .filter(|prefix| prefix.parent().is_some())
    {
        files.extend(["lib", "lib64"].map(|libraries| prefix.join(libraries)));
    }
    files
}

/// Moves into a network of its own, in which there is nothing; whether that could be done.
#[expect(deprecated, reason = "it was found unsafe for a flag that is not used here")]
fn leave_network() -> bool {
    let mut flags = UnshareFlags::NEWNET;
    // Others than root may in a namespace for users, too. Root would lose the right to read the files of others in one.
    if !rustix::process::geteuid().is_root() {
        flags |= UnshareFlags::NEWUSER;
    }
    rustix::thread::unshare(flags).is_ok()
}
