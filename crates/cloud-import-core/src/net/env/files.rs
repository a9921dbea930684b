//! Small files of this machine: those of the user, which may be links to elsewhere, and private ones, which this program alone
//! writes and which are never reached by a link. What stands in them is not known here.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

/// The text of a file of at most so many bytes; `None` when there is none. A byte order mark is left out.
///
/// Blocks for as long as the file system does: for small files on this machine.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what is no file, [`io::ErrorKind::FileTooLarge`], [`io::ErrorKind::InvalidData`] for
/// what is not UTF-8, and whatever the file system says. None of them holds any of the text.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Option<String>> {
    read(path, false, limit)
}

/// As [`read_file`], for a file that only this program writes: a link in its place is refused.
///
/// # Errors
/// As [`read_file`].
pub fn read_private_file(path: &Path, limit: u64) -> io::Result<Option<String>> {
    read(path, true, limit)
}

fn read(path: &Path, is_private: bool, limit: u64) -> io::Result<Option<String>> {
    let file = match open(path, OpenOptions::new().read(true), is_private) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        file => file?,
    };
    // One byte more than there is, so that one call reads it and the next sees its end.
    let length = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default().saturating_add(1));
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Some(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

/// Opens a regular file, never waiting for the other end of a pipe; a link is not followed to a private one.
#[cfg(unix)]
fn open(path: &Path, options: &mut OpenOptions, is_private: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let no_link = if is_private { libc::O_NOFOLLOW } else { 0 };
    let opened = options.custom_flags(libc::O_NONBLOCK | no_link).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) if is_private => irregular("it is a symbolic link"),
        _ => error,
    })?;
    regular(file)
}

#[cfg(not(unix))]
fn open(path: &Path, options: &mut OpenOptions, is_private: bool) -> io::Result<File> {
    if is_private && path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(irregular("it is a symbolic link"));
    }
    regular(options.open(path)?)
}

fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(irregular("it is no regular file")),
    }
}

fn irregular(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

/// Opens a regular file for reading; a link in its place is refused.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a link and for what is no file, and whatever the file system says.
pub fn open_unlinked(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true), true)
}

/// Opens the file of a lock, which this user alone may open, or makes it. What stands in it stays.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a link and for what is no file, and whatever the file system says.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = open(
        path,
        for_this_user(options.read(true).write(true).create(true).truncate(false)),
        true,
    )?;
    let found = file.metadata()?;
    close_to_others(&found, |permissions| file.set_permissions(permissions))?;
    Ok(file)
}

/// Makes a folder that only this user may enter, and those above it that are not there. One that is there already and open to
/// others is closed to them.
///
/// # Errors
/// [`io::ErrorKind::NotADirectory`] for a link and for what is no folder, and whatever the file system says.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let found = path.symlink_metadata()?;
    if !found.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    close_to_others(&found, |permissions| fs::set_permissions(path, permissions))
}

#[cfg(unix)]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

// The user's own folders are closed to others there.
#[cfg(not(unix))]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Takes from others what an earlier version, or somebody else, let them do.
#[cfg(unix)]
fn close_to_others(found: &fs::Metadata, set: impl FnOnce(fs::Permissions) -> io::Result<()>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = found.permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(permissions.mode() & 0o7700);
    set(permissions)
}

#[cfg(not(unix))]
fn close_to_others(_: &fs::Metadata, _: impl FnOnce(fs::Permissions) -> io::Result<()>) -> io::Result<()> {
    Ok(())
}

/// Writes a small private file so that whoever reads it, after whatever interruption, finds the old text or the new one whole: to
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
    // One that a killed process left, or a link that somebody put there.
    remove(temporary)?;
    let mut options = OpenOptions::new();
    let made = for_this_user(options.write(true).create_new(true)).open(temporary);
    let written = made.and_then(|mut file| {
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

/// Puts a file in the place of another, which is there or not. Without `replace`, one that is there stays, and is an error.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] for one that is not to be replaced, and whatever the file system says; both are still there then.
pub fn place_file(from: &Path, to: &Path, replace: bool) -> io::Result<()> {
    // A second name is given only where there is none: no look in between could tell that for sure.
    match replace {
        true => fs::rename(from, to)?,
        false => match fs::hard_link(from, to) {
            Ok(()) => fs::remove_file(from)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Not every file system has second names.
            Err(_) if to.symlink_metadata().is_ok() => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to)?,
        },
    }
    sync_folder_of(to)
}

/// Removes a file for good. One that is not there is removed already.
///
/// # Errors
/// The file cannot be removed.
pub fn remove_file(path: &Path) -> io::Result<()> {
    match remove(path)? {
        true => sync_folder_of(path),
        false => Ok(()),
    }
}

/// Whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        done => done.map(|()| true),
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
    use crate::env::{Env as _, SystemEnv};

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
    fn a_file_takes_the_place_of_another_only_where_that_is_allowed() {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let (new, old) = (folder.join("new"), folder.join("old"));
        fs::write(&new, "new").unwrap();
        place_file(&new, &old, false).unwrap();
        assert!(!new.exists() && fs::read(&old).unwrap() == b"new");
        fs::write(&new, "newer").unwrap();
        let refused = place_file(&new, &old, false).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert!(new.exists() && fs::read(&old).unwrap() == b"new");
        place_file(&new, &old, true).unwrap();
        assert!(!new.exists() && fs::read(&old).unwrap() == b"newer");
        assert!(place_file(&new, &folder.join("other"), false).is_err());
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

    #[cfg(unix)]
    #[test]
    fn private_files_are_this_users_and_reached_by_no_link() {
        use std::os::unix::fs::{MetadataExt as _, symlink};

        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        let (open_to_all, below) = (folder.join("open"), folder.join("open/below"));
        fs::create_dir_all(&open_to_all).unwrap();
        for folder in [&open_to_all, &below] {
            make_private_folder(folder).unwrap();
        }
        let (victim, file, lock) = (folder.join("victim"), below.join("file"), below.join("lock"));
        fs::write(&victim, "precious").unwrap();
        let mode = |path: &Path| path.symlink_metadata().unwrap().mode() & 0o777;

        fs::write(&lock, "what stood there").unwrap();
        open_lock(&lock).unwrap();
        assert_eq!(fs::read(&lock).unwrap(), b"what stood there");
        // A temporary file that a killed process left, and one that is a trap.
        let temporary = below.join("file.tmp");
        fs::write(&temporary, "half").unwrap();
        write_file(&file, b"one").unwrap();
        symlink(&victim, &temporary).unwrap();
        write_file(&file, b"two").unwrap();
        assert_eq!(read_private_file(&file, 9).unwrap().as_deref(), Some("two"));
        assert_eq!((mode(&open_to_all), mode(&below)), (0o700, 0o700));
        assert_eq!((mode(&file), mode(&lock)), (0o600, 0o600));

        for path in [&file, &lock] {
            fs::remove_file(path).unwrap();
            symlink(&victim, path).unwrap();
        }
        assert_eq!(
            read_private_file(&file, 9).unwrap_err().to_string(),
            "it is a symbolic link"
        );
        assert_eq!(
            read_file(&file, 9).unwrap().as_deref(),
            Some("precious"),
            "the user's own files may be links"
        );
        assert!(open_lock(&lock).is_err());
        let to_a_folder = folder.join("link");
        symlink(&below, &to_a_folder).unwrap();
        assert!(make_private_folder(&to_a_folder).is_err());
        write_file(&file, b"three").unwrap();
        assert_eq!(
            read_private_file(&file, 9).unwrap().as_deref(),
            Some("three"),
            "the link is replaced"
        );
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        make_private_folder(&folder).unwrap();
        let pipe = folder.join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        for error in [
            read_file(&pipe, 9).unwrap_err(),
            read_private_file(&pipe, 9).unwrap_err(),
            open_lock(&pipe).unwrap_err(),
        ] {
            assert_eq!(error.to_string(), "it is no regular file");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
