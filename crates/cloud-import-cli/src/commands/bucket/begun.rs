//! The record of a bucket that is being made or removed: by it a repeat knows one that lacks its mark. Reaches no cloud.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use cloud_import::{
    Error, ErrorKind, Result, Target,
    env::{self, Env as _, SystemEnv},
    provider::{datetime, digest},
};

/// So long a record counts. A bucket of that name may be another one by then.
const COUNTS: Duration = Duration::from_secs(24 * 3600);

/// The record of one bucket.
#[derive(Debug)]
pub(super) struct Begun {
    file: PathBuf,
}

impl Begun {
    /// In a state directory.
    pub(super) fn of(folder: &Path, target: &Target, bucket: &str) -> Self {
        let name = digest::sha256_hex(format!("{target}\n{bucket}").as_bytes());
        Self {
            file: folder.join("buckets").join(name),
        }
    }

    /// Whether it was begun a short while ago and not seen to end.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the record cannot be read.
    pub(super) fn is_on_record(&self) -> Result<bool> {
        let text = env::read_private_file(&self.file, 64).map_err(|error| self.told("read", error))?;
        let since = text.and_then(|text| text.trim().parse().ok());
        let now = datetime::unix(SystemEnv.now());
        Ok(since.is_some_and(|since: i64| now.saturating_sub(since).unsigned_abs() < COUNTS.as_secs()))
    }

    /// Puts it on record.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be written: nothing must be begun then.
    pub(super) fn record(&self) -> Result<()> {
        let now = datetime::unix(SystemEnv.now()).to_string();
        let made = self.file.parent().map_or(Ok(()), env::make_private_folder);
        made.and_then(|()| env::write_file(&self.file, now.as_bytes()))
            .map_err(|error| self.told("written", error))
    }

    /// It came to an end.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the record stays.
    pub(super) fn forget(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.told("removed", error)),
            _ => Ok(()),
        }
    }

    fn told(&self, what: &str, error: io::Error) -> Error {
        let message = format!("`{}` cannot be {what}: {error}", self.file.display());
        Error::new(ErrorKind::Local, message).with_source(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_of_one_bucket_and_counts_for_a_day() {
        let folder = std::env::temp_dir().join(format!("cloud-import-begun-{}", std::process::id()));
        let target: Target = "aliyun/cn-hangzhou".parse().unwrap();
        let begun = Begun::of(&folder, &target, "images");
        assert!(!begun.is_on_record().unwrap());
        begun.record().unwrap();
        assert!(begun.is_on_record().unwrap());
        assert!(!Begun::of(&folder, &target, "other").is_on_record().unwrap());
        for (age, counts) in [(24 * 3600 - 60, true), (24 * 3600 + 60, false)] {
            let then = datetime::unix(SystemEnv.now()) - age;
            env::write_file(&begun.file, then.to_string().as_bytes()).unwrap();
            assert_eq!(begun.is_on_record().unwrap(), counts, "{age}");
        }
        begun.forget().unwrap();
        begun.forget().unwrap();
        assert!(!begun.is_on_record().unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
