//! Reading a directory of vector files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Vector;

/// What the vectors of the object stores carry in front of the provider's name.
const STORAGE: &str = "storage_";

/// What a directory holds.
#[derive(Debug, Default)]
pub struct Directory {
    /// The vectors of the five import APIs, by file name and then in file order.
    pub vectors: Vec<Vector>,
    /// The vectors of the object stores, in the same order.
    pub storage: Vec<Vector>,
}

/// Reads every `*.json` of a directory.
///
/// # Errors
/// A directory or file that cannot be read, a file that is no list of vectors, or no vector at all.
pub fn load(directory: &Path) -> Result<Directory, String> {
    let mut loaded = Directory::default();
    for file in files(directory)? {
        read(&file, &mut loaded).map_err(|why| format!("{}: {why}", file.display()))?;
    }
    if loaded.vectors.is_empty() && loaded.storage.is_empty() {
        return Err(format!("{}: no vectors found", directory.display()));
    }
    Ok(loaded)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("{}: {error}", directory.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path, loaded: &mut Directory) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let items: Vec<Value> = serde_json::from_str(&text).map_err(|error| format!("not a list of vectors: {error}"))?;
    for (index, item) in items.into_iter().enumerate() {
        let name = item["id"].as_str().unwrap_or("without id").to_owned();
        let vector: Vector =
            serde_json::from_value(item).map_err(|error| format!("vector {} ({name}): {error}", index + 1))?;
        if vector.provider.starts_with(STORAGE) {
            loaded.storage.push(vector);
        } else {
            loaded.vectors.push(vector);
        }
    }
    Ok(())
}
