//! What all tasks share: how they end, a line for people, and where the workspace and its files are. No task is here.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// What a task ends with: nothing, or what to tell the user, the remedy included.
pub(crate) type Outcome = Result<(), String>;

/// A line for people.
#[expect(clippy::print_stderr, reason = "a command-line tool talks to people")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(PathBuf::from).unwrap_or(own)
}

/// The folders of all packages by name.
pub(crate) fn packages(root: &Path) -> Vec<(String, PathBuf)> {
    let crates = fs::read_dir(root.join("crates")).into_iter().flatten().flatten();
    let folders = crates
        .map(|entry| entry.path())
        .chain(["tests", "xtask"].map(|own| root.join(own)));
    let named = folders.filter_map(|folder| Some((folder.file_name()?.to_str()?.to_owned(), folder)));
    let mut packages: Vec<_> = named.collect();
    packages.sort();
    packages
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}
