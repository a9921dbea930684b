//! A file for others to read, always whole: an old text or a new one.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cloud_import::{Error, ErrorKind, Result};

/// Writes the text beside the file, and puts it in its place.
///
/// # Errors
/// The folder cannot be written, or what is there is no file.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    // A link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    written(path, text).map_err(|error| {
        let message = format!("cannot write the metrics to `{}`: {error}", path.display());
        Error::new(ErrorKind::Local, message)
            .with_remedy("Name a file in a directory that can be written.")
            .with_source(error)
    })
}

fn written(path: &Path, text: &str) -> io::Result<()> {
    let before = match fs::metadata(path) {
        // A device would not be one afterwards.
        Ok(found) if !found.is_file() => return Err(io::Error::other("it is there and no file")),
        Ok(found) => Some(found.permissions()),
        Err(_) => None,
    };
    let beside = beside(path)?;
    let made = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        if let Some(permissions) = before {
            file.set_permissions(permissions)?;
        }
        fs::rename(&beside, path)
    });
    made.inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Not with the ending of `path`: who collects files by it must not see this one.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
    let mut own = std::ffi::OsString::from(".");
    own.push(name);
    own.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_there_is_replaced_as_a_whole() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = std::env::temp_dir().join(format!("cloud-import-metrics-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("web.prom"), folder.join("link.prom"));
        replace(&file, "one\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left beside");
        for no_file in [&folder, Path::new("/dev/null"), &folder.join("missing/web.prom")] {
            let error = replace(no_file, "x").unwrap_err();
            assert!(error.message().contains("cannot write the metrics"), "{error}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
