//! A small file that is written whole or not at all, whatever happens to the process or the machine. Knows no content.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

/// Puts `content` in the place of `path` by way of `temporary` in the same folder: write, sync, rename, sync the folder.
pub(crate) fn write(path: &Path, temporary: &Path, content: &[u8]) -> io::Result<()> {
    let put = || {
        let mut file = File::create(temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(temporary, path)
    };
    if let Err(error) = put() {
        let _ = fs::remove_file(temporary);
        return Err(error);
    }
    sync_folder_of(path)
}

/// Removes a file for good. One that is not there is removed already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder_of(path),
    }
}

#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

// A folder cannot be opened as a file there; the file system's own journal orders the rename.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn it_replaces_and_leaves_nothing_behind() {
        let folder = Scratch::new();
        let (path, temporary) = (folder.file("record", b"old"), folder.path().join("record.new"));
        write(&path, &temporary, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(!temporary.exists());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn when_it_fails_the_old_one_stays() {
        let folder = Scratch::new();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        folder.file("taken/inside", b"x");
        let temporary = folder.path().join("taken.new");
        write(&path, &temporary, b"new").unwrap_err();
        assert!(path.join("inside").exists());
        assert!(!temporary.exists());
    }
}
