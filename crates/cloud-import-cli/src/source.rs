//! Where the disk image is, as people write it.

use std::{ffi::OsStr, path::PathBuf};

use cloud_import::{Disk, DiskFormat, Error, ErrorKind, Result};

use crate::fetch::Fetched;

/// A place of a disk image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A link.
    Link(String),
    /// Bucket and key.
    Object { bucket: String, key: String },
    /// A file on a web server, which this command fetches.
    Fetched(Fetched),
    /// A file on this machine.
    File(PathBuf),
}

impl Place {
    /// Reads `https://…`, `fetch+https://…`, the path of a file that is there, or `BUCKET:KEY`. Only a path need not be text.
    pub(crate) fn read(place: impl AsRef<OsStr>) -> Result<Self> {
        let place = place.as_ref();
        let text = place.to_str().unwrap_or_default();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("https" | "http") => return Ok(Self::Link(text.to_owned())),
            Some("fetch+https" | "fetch+http") => {
                return Fetched::read(text.get("fetch+".len()..).unwrap_or_default()).map(Self::Fetched);
            }
            Some("oss" | "obs" | "cos" | "s3" | "us3" | "ufile" | "file") => return Err(of_scheme(text)),
            _ => {}
        }
        let path = PathBuf::from(place);
        if path.exists() {
            return Ok(Self::File(path));
        }
        match text.split_once(':') {
            Some((bucket, key)) if is_bucket(bucket, key) => Ok(Self::Object {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            }),
            _ => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "there is no file `{}`, and it is no link or BUCKET:KEY",
                    place.display()
                ),
            )
            .with_remedy("Give a link (https://…), a link to fetch (fetch+https://…), BUCKET:KEY in the cloud's object storage, or the path of a file.")),
        }
    }

    /// The disk there, with its format by the suffix if none is given and that names one.
    pub(crate) fn disk(&self, format: Option<DiskFormat>) -> Result<Disk> {
        let disk = match self {
            Self::Link(link) => Disk::url(link.as_str()),
            Self::Object { bucket, key } => Disk::object(bucket, key),
            Self::Fetched(fetched) => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("`fetch+{}` is fetched into a bucket", fetched.link),
                )
                .with_remedy("Use a link or BUCKET:KEY here; only the IMAGE argument can be fetched."));
            }
            Self::File(path) => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("`{}` is a file on this machine", path.display()),
                )
                .with_remedy("Use a link or BUCKET:KEY here; only the IMAGE argument can be a local file."));
            }
        };
        Ok(match format.or_else(|| self.suffix()) {
            Some(format) => disk.format(format),
            None => disk,
        })
    }

    /// The format that the suffix names. Images of every format are called `.img` and `.bin`.
    fn suffix(&self) -> Option<DiskFormat> {
        let path = match self {
            Self::Link(link) => link.split(['?', '#']).next()?.to_owned(),
            Self::Object { key, .. } => key.clone(),
            Self::Fetched(fetched) => fetched.link.without_query().to_owned(),
            Self::File(path) => path.to_string_lossy().into_owned(),
        };
        let (_, suffix) = path.rsplit('/').next()?.rsplit_once('.')?;
        let format: DiskFormat = suffix.parse().ok()?;
        suffix.eq_ignore_ascii_case(format.as_str()).then_some(format)
    }
}

/// Bucket and key of `BUCKET:KEY`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when it is none.
pub(crate) fn object(text: &str) -> Result<(&str, &str)> {
    match text.split_once(':') {
        Some(("oss" | "obs" | "cos" | "s3" | "us3" | "ufile", rest)) if rest.starts_with("//") => Err(of_scheme(text)),
        Some((bucket, key)) if is_bucket(bucket, key) && !key.starts_with("//") => Ok((bucket, key)),
        _ => Err(
            Error::new(ErrorKind::InvalidRequest, format!("`{text}` is not BUCKET:KEY"))
                .with_remedy("Write the bucket, a colon and the key, as `export` prints them."),
        ),
    }
}

/// Whether what stands before and behind a colon is a bucket and a key in it, and not a path such as `C:\web.vhd` or `./web:2`.
fn is_bucket(bucket: &str, key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_drive = bucket.len() == 1 && key.starts_with(['\\', '/']);
    !bucket.is_empty() && bucket.chars().all(fits) && !bucket.starts_with('.') && !key.is_empty() && !is_drive
}

/// The refusal of an address in the words of another tool.
fn of_scheme(text: &str) -> Error {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let meant = match rest.split_once('/') {
        Some((bucket, key)) if is_bucket(bucket, key) => format!("{bucket}:{key}"),
        _ => "BUCKET:KEY, or the path of a file".to_owned(),
    };
    Error::new(
        ErrorKind::InvalidRequest,
        format!("`{text}` is not a file, a link or BUCKET:KEY"),
    )
    .with_remedy(format!("Write {meant}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_links_objects_and_files() {
        assert!(matches!(
            Place::read("https://b.example/a.qcow2?x=1").unwrap(),
            Place::Link(_)
        ));
        assert_eq!(
            Place::read("b:dir/a.vhd").unwrap(),
            Place::Object {
                bucket: "b".into(),
                key: "dir/a.vhd".into()
            }
        );
        assert!(matches!(Place::read("Cargo.toml").unwrap(), Place::File(_)));
        assert!(matches!(Place::read("HTTPS://b.example/a").unwrap(), Place::Link(_)));
    }

    #[test]
    fn a_path_of_no_file_is_told_to_be_missing() {
        for path in [
            "",
            "nothing.qcow2",
            ":k",
            "b:",
            "./a:b",
            "./web:v2.qcow2",
            ".\\web:v2.qcow2",
            "C:\\web.vhd",
            "d:/images/web.vhd",
            "~/web:2.qcow2",
            "my disk:2.qcow2",
            "磁盘:2.qcow2",
            "dir/web:2.qcow2",
        ] {
            let error = Place::read(path).unwrap_err();
            assert!(error.message().contains(&format!("no file `{path}`")), "{error}");
            assert!(error.remedy().is_some(), "{path}");
        }
        for (text, meant) in [
            ("fetch+https://b.example/a.qcow2", "#sha256="),
            ("FETCH+HTTPS://b.example/a.qcow2", "#sha256="),
            ("oss://images/dir/web.qcow2", "images:dir/web.qcow2"),
            ("S3://images/web.qcow2", "images:web.qcow2"),
            ("file:///tmp/web.qcow2", "the path of a file"),
        ] {
            let remedy = Place::read(text).unwrap_err().remedy().unwrap().to_string();
            assert!(remedy.contains(meant), "{text}: {remedy}");
        }
    }

    #[test]
    fn an_object_is_a_bucket_and_a_key() {
        assert_eq!(object("b-1:dir/a:b.vhd").unwrap(), ("b-1", "dir/a:b.vhd"));
        for bad in [
            "",
            "b",
            ":k",
            "b:",
            "https://b.example/k",
            "./a:b",
            "oss://b/k",
            "file:///x",
        ] {
            assert!(object(bad).unwrap_err().remedy().is_some(), "{bad}");
        }
        let remedy = object("oss://b/dir/k").unwrap_err().remedy().unwrap().to_string();
        assert!(remedy.contains("b:dir/k"), "{remedy}");
    }

    #[test]
    fn the_suffix_is_the_format() {
        let suffix = |text: &str| Place::Link(text.to_owned()).suffix();
        assert_eq!(suffix("https://b/a.qcow2?Signature=a.raw"), Some(DiskFormat::Qcow2));
        assert_eq!(suffix("https://b/a.RAW"), Some(DiskFormat::Raw));
        for open in ["https://b/a.img", "https://b/a.bin", "https://b/a"] {
            assert_eq!(suffix(open), None, "{open}");
        }
        assert_eq!(suffix("https://b.raw/a"), None);
    }
}
