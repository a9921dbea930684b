//! `export --download`: the objects of an export become files of this machine, and leave the bucket where that is asked for.

use std::path::{Path, PathBuf};

use cloud_import::{
    Error, ErrorKind, Pace, Result, Target,
    publish::{Exported, staging::DownloadOptions, staging::Store},
};

use super::written::FileRow;
use crate::{
    args,
    commands::download::{enough_space, file_of, heard},
    output,
};

/// Fetches what was exported, each object as soon as the one before is whole. What came is told though a later one fails.
pub(super) async fn fetched(
    exported: &Exported,
    store: &Store,
    to: &Path,
    options: &args::Export,
) -> (Vec<FileRow>, Result<()>) {
    let mut files = Vec::new();
    let done = all(exported, store, to, options, &mut files).await;
    (files, done)
}

async fn all(
    exported: &Exported,
    store: &Store,
    to: &Path,
    options: &args::Export,
    files: &mut Vec<FileRow>,
) -> Result<()> {
    let keys = exported.keys();
    let bucket = store.bucket();
    let target = Target::new(bucket.provider, &bucket.region);
    if keys.is_empty() {
        let message = format!("it is not known which objects of `{}` the export wrote", bucket.name);
        return Err(Error::new(ErrorKind::NotFound, message)
            .with_remedy("Look into the bucket, and fetch them with `cloud-import download`."));
    }
    for key in keys {
        let path = path_of(to, key, keys.len())?;
        enough_space(store, key, &path).await?;
        let mut how = DownloadOptions::default().within(&pace(options));
        how.overwrite = options.force;
        let fetched = exported.fetch(key, &path, how, heard(&target, false)).await?;
        files.extend(FileRow::of(key, &fetched));
        if !options.remove_object {
            continue;
        }
        match exported.remove(key).await {
            Ok(()) => files.last_mut().into_iter().for_each(|file| file.removed = true),
            Err(error) => {
                output::warning(&format!("`{key}` is fetched, and was not removed from the bucket"));
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The limits of a download.
pub(super) fn pace(options: &args::Export) -> Pace {
    Pace::new(options.parallel, options.limit_rate)
}

/// The file that an object becomes: in a folder, that which is called as the end of its key.
fn path_of(to: &Path, key: &str, many: usize) -> Result<PathBuf> {
    if to.is_dir() {
        return Ok(to.join(file_of(None, key)?));
    }
    match many {
        1 => Ok(to.to_owned()),
        _ => Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("the export wrote {many} objects, and `{}` is no folder", to.display()),
        )
        .with_remedy("Make a folder, and name that with --download.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_objects_go_into_a_folder() {
        let folder = std::env::temp_dir();
        let path = |to: &Path, many| path_of(to, "a/web.raw", many);
        assert_eq!(path(&folder, 2).unwrap(), folder.join("web.raw"));
        let file = Path::new("/nonexistent/disk");
        assert_eq!(path(file, 1).unwrap(), file);
        assert!(path(file, 2).unwrap_err().remedy().is_some());
    }
}
