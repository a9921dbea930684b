//! The `qemu-img` of this machine, and how it is started: confined where the system can, with the files open already and an
//! environment of its own. What it is asked to do is not decided here.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
};

use cloud_import::{Result, env};
use tokio::process::Command;

use super::failure::{INSTALL, local, unconfined};

/// A `qemu-img` that is there.
#[derive(Debug)]
pub(super) struct Tool {
    program: PathBuf,
    /// Whether the image is trusted, so that it is also opened where the system cannot confine who does.
    is_trusted: bool,
    /// Whether it is started as it is, without the process that confines itself before.
    pub(super) is_direct: bool,
}

/// What one run may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The largest file that it may write, in bytes.
    pub(super) file_bytes: u64,
    /// How long it may compute, in seconds.
    pub(super) cpu_seconds: u64,
}

impl Tool {
    /// The program of this name that `PATH` leads to.
    ///
    /// # Errors
    /// [`Local`](cloud_import::ErrorKind::Local) when there is none; [`Unsupported`](cloud_import::ErrorKind::Unsupported) where nothing can be confined and the image is not
    /// trusted.
    pub(super) fn find(name: &OsStr, is_trusted: bool) -> Result<Self> {
        let is_direct = !cfg!(target_os = "linux");
        if is_direct && !is_trusted {
            return Err(unconfined("this system is not Linux"));
        }
        let places = env::variable("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&places).map(|folder| folder.join(name));
        let program = programs.find_map(|program| std::path::absolute(program).ok().filter(|path| path.is_file()));
        let program = program.ok_or_else(|| {
            let name = name.display();
            local(format!("`{name}`, which converts disk images, is not installed")).with_remedy(INSTALL)
        })?;
        Ok(Self {
            program,
            is_trusted,
            is_direct,
        })
    }

    /// A run of it on these files, whose names in its arguments are theirs.
    pub(super) fn command(&self, input: &Handed, output: Option<&Handed>, limits: Limits) -> Result<Command> {
        let mut command = match self.is_direct {
            true => Command::new(&self.program),
            false => self.confined(input, output, limits)?,
        };
        // Not one word of this command's environment, in which keys may stand.
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
        // One heap for all threads: each of its own would be reserved from what it may take.
        command.env("MALLOC_ARENA_MAX", "1");
        Ok(command)
    }

    #[cfg(target_os = "linux")]
    fn confined(&self, input: &Handed, output: Option<&Handed>, limits: Limits) -> Result<Command> {
        use super::confined::{Bounds, NAME};
        let bounds = Bounds {
            parent: rustix::process::getpid().as_raw_pid(),
            input: input.number(),
            output: output.map(Handed::number),
            file_bytes: limits.file_bytes,
            cpu_seconds: limits.cpu_seconds,
            is_trusted: self.is_trusted,
        };
        let bounds = serde_json::to_string(&bounds).map_err(|error| local(error.to_string()))?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).arg(bounds).arg(&self.program);
        Ok(command)
    }

    #[cfg(not(target_os = "linux"))]
    fn confined(&self, _: &Handed, _: Option<&Handed>, _: Limits) -> Result<Command> {
        Err(unconfined("this system is not Linux"))
    }
}

/// A file as it is handed to a child: open, so that it is the same file whatever its path leads to by then.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Handed(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Handed {
    pub(super) fn of(file: &File, _: &Path) -> Result<Self> {
        // A duplicate is inherited by the child, until it is dropped here.
        let duplicate = rustix::io::dup(file);
        duplicate
            .map(Self)
            .map_err(|error| local(format!("cannot hand a file over: {error}")))
    }

    fn number(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.0)
    }

    /// What the child calls it.
    pub(super) fn name(&self) -> String {
        format!("/dev/fd/{}", self.number())
    }
}

/// A file as it is named to a child.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Handed(String);

#[cfg(not(target_os = "linux"))]
impl Handed {
    pub(super) fn of(_: &File, path: &Path) -> Result<Self> {
        let unnamed = |why: &str| local(format!("cannot hand `{}` over: {why}", path.display()));
        let path = std::path::absolute(path).map_err(|error| unnamed(&error.to_string()))?;
        let name = path.to_str().ok_or_else(|| unnamed("its name is not Unicode"))?;
        Ok(Self(name.to_owned()))
    }

    /// What the child calls it.
    pub(super) fn name(&self) -> String {
        self.0.clone()
    }
}
