//! Where bodies lie: files in a directory of the simulator's own, which is gone when it stops. Knows nothing of what they hold.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers the directories of this process: one process may run several simulators.
static NEXT_DIRECTORY: AtomicU64 = AtomicU64::new(0);

/// The directory of one simulator. It is made when the first file is, and removed with all files when this is dropped.
#[derive(Debug)]
pub(crate) struct StoreDir {
    parent: PathBuf,
    state: Mutex<State>,
    next_file: AtomicU64,
}

#[derive(Debug)]
enum State {
    NotMade,
    Made(PathBuf),
    Removed,
}

impl StoreDir {
    /// `parent` has to exist; `None` is the system's directory for temporary files.
    pub(crate) fn new(parent: Option<PathBuf>) -> Self {
        StoreDir {
            parent: parent.unwrap_or_else(std::env::temp_dir),
            state: Mutex::new(State::NotMade),
            next_file: AtomicU64::new(0),
        }
    }

    /// A new empty file.
    pub(crate) fn create(&self) -> io::Result<(File, StoredFile)> {
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        // Held until the file is there: a directory that is being removed gets no new ones.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(&mut state)?.join(number.to_string());
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok((file, StoredFile { path }))
    }

    /// Removes the directory with all files in it, for good.
    pub(crate) fn remove(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Made(path) = &*state {
            // What cannot be removed stays behind; there is nobody to be told.
            let _ = fs::remove_dir_all(path);
        }
        *state = State::Removed;
    }

    fn path<'s>(&self, state: &'s mut State) -> io::Result<&'s Path> {
        if let State::NotMade = state {
            *state = State::Made(made(&self.parent)?);
        }
        match state {
            State::Made(path) => Ok(path),
            State::NotMade | State::Removed => Err(io::Error::other("the simulator has stopped")),
        }
    }
}

impl Drop for StoreDir {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Makes a directory with a new name that nobody else may enter.
fn made(parent: &Path) -> io::Result<PathBuf> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    loop {
        let number = NEXT_DIRECTORY.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("cloud-import-sim-{}-{number}", std::process::id()));
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            // Left by a process that had this number before.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// A file that is removed when nobody holds this any more.
#[derive(Debug)]
pub(crate) struct StoredFile {
    path: PathBuf,
}

impl StoredFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for StoredFile {
    fn drop(&mut self) {
        // The whole directory may be gone already.
        let _ = fs::remove_file(&self.path);
    }
}

/// Drops what holds files where removing them holds nobody up.
pub(crate) fn drop_later<T: Send + 'static>(what: Option<T>) {
    if let Some(what) = what {
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(move || drop(what)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_when_it_is_dropped_and_all_go_with_the_directory() {
        let dir = StoreDir::new(None);
        let (_, first) = dir.create().unwrap();
        let (_, second) = dir.create().unwrap();
        let (first_path, second_path) = (first.path().to_owned(), second.path().to_owned());
        let parent = first_path.parent().unwrap().to_owned();
        drop(first);
        assert!(!first_path.exists() && second_path.exists());
        drop(dir);
        assert!(!second_path.exists() && !parent.exists());
    }

    #[test]
    fn nothing_is_made_before_it_is_needed_or_after_the_end() {
        let parent = std::env::temp_dir();
        let dir = StoreDir::new(Some(parent));
        assert!(matches!(*dir.state.lock().unwrap(), State::NotMade));
        dir.remove();
        assert!(dir.create().is_err());
        assert!(StoreDir::new(Some("/nowhere/at/all".into())).create().is_err());
    }
}
