//! The only place where clock, sleep, randomness, environment and the user's files are met.
//!
//! Everything else takes them as an [`Env`] or as plain values; `clippy.toml` bans the env functions elsewhere.

use std::{
    ffi::OsString,
    fmt::Debug,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
    sync::OnceLock,
    time::Duration,
    time::SystemTime,
};

use crate::{BoxFuture, Error, ErrorKind, Result};

/// Clock, sleep and randomness, so that a test can hold them still.
pub trait Env: Debug + Send + Sync {
    /// The time of day, which signatures carry.
    fn now(&self) -> SystemTime;

    /// Time since an arbitrary moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// An environment variable; unset, empty and non-Unicode ones are `None`. Without more, none is set: a clock for tests reads
    /// nothing of the machine that it runs on.
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    /// 128 random bits.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the system has no randomness.
    fn random(&self) -> Result<[u8; 16]>;

    /// A fresh nonce in the text form of a random UUID.
    ///
    /// # Errors
    /// As [`Self::random`].
    fn nonce(&self) -> Result<String> {
        let mut bits = u128::from_be_bytes(self.random()?);
        bits = (bits & !(0xf << 76)) | (0x4 << 76);
        bits = (bits & !(0x3 << 62)) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let (a, rest) = hex.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        Ok(format!("{a}-{b}-{c}-{d}-{e}"))
    }
}

/// The real thing: system clock, tokio's timer, the system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

#[expect(clippy::disallowed_methods, reason = "the one place where clock and sleep are met")]
impl Env for SystemEnv {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<std::time::Instant> = OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn variable(&self, name: &str) -> Option<String> {
        variable(name)
    }

    fn random(&self) -> Result<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(ErrorKind::Local, "the system gave no random bytes").with_source(error))?;
        Ok(bytes)
    }
}

/// An environment variable; unset, empty and non-Unicode ones are `None`.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An environment variable that need not be Unicode, such as a path; unset and empty ones are `None`.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn variable_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The text of a file of at most so many bytes; `None` when there is none. A byte order mark is left out.
///
/// Blocks for as long as the file system does: for small files on this machine.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what is no file, [`io::ErrorKind::FileTooLarge`], [`io::ErrorKind::InvalidData`] for
/// what is not UTF-8, and whatever the file system says. None of them holds any of the text.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Option<String>> {
    let missing = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    // Asked before it is opened: opening a pipe would wait for a writer.
    match path.metadata() {
        Err(error) if missing(&error) => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() => return Err(io::ErrorKind::InvalidInput.into()),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Some(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

/// Writes a small file so that whoever reads it, after whatever interruption, finds the old text or the new one whole: to
/// `PATH.tmp` beside it first, which is then put in its place. The caller sees to it that nobody else writes the same file.
///
/// # Errors
/// The file cannot be written; the old one is still there then.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    replace_file(path, Path::new(&beside), bytes)
}

/// As [`write_file`], by way of another file in the same folder: where several may write, each has its own.
///
/// # Errors
/// As [`write_file`].
pub fn replace_file(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(temporary, path)) {
        // What is left of it helps nobody; that it stays is no second failure.
        let _ = fs::remove_file(temporary);
        return Err(error);
    }
    sync_folder_of(path)
}

/// Removes a file for good. One that is not there is removed already.
///
/// # Errors
/// The file cannot be removed.
pub fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder_of(path),
    }
}

/// A name is as durable as the content behind it only once its folder is written too.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

// A folder cannot be opened as a file there; the file system's own journal orders the rename.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("record.json");
        write_file(&file, b"one").unwrap();
        write_file(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing stays beside it");
        fs::create_dir(folder.join("taken")).unwrap();
        assert!(write_file(&folder.join("taken"), b"x").is_err());
        assert!(write_file(&folder.join("absent").join("x"), b"x").is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        replace_file(&file, &folder.join("own"), b"three").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        remove_file(&file).unwrap();
        remove_file(&file).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn files_are_read_within_bounds() {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("file");
        let read = |limit| read_file(&file, limit).map_err(|error| error.kind());
        assert_eq!(read(9), Ok(None));
        assert_eq!(read_file(&file.join("below"), 9).unwrap(), None);
        fs::write(&file, "\u{feff}abc").unwrap();
        assert_eq!(read(6), Ok(Some("abc".to_owned())));
        assert_eq!(read(5), Err(io::ErrorKind::FileTooLarge));
        assert_eq!(read_file(&file.join("below"), 9).unwrap(), None);
        fs::write(&file, b"\xff").unwrap();
        assert_eq!(read(9), Err(io::ErrorKind::InvalidData));
        let error = read_file(&folder, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_nonce_is_a_random_uuid() {
        let (one, two) = (SystemEnv.nonce().unwrap(), SystemEnv.nonce().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
    }
}
