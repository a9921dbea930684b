//! What all tasks share: how they end, a line for people, and where the workspace and its files are. No task is here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
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

/// Days from 1970-01-01 to a date written `YYYY-MM-DD`.
pub(crate) fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year begins in March, so that a leap day is its last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let in_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468)
}

/// How many days ago a date was. What is no date was long ago.
#[expect(clippy::disallowed_methods, reason = "it judges the age of committed files")]
pub(crate) fn days_since(date: &str) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
        / 86_400;
    days(date).map_or(i64::MAX, |day| i64::try_from(now).unwrap_or(i64::MAX) - day)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_days() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-03-01"), Some(11_017));
        assert_eq!(days("2026-11-29"), Some(20_786));
        for wrong in ["", "2026", "2026-13-01", "2026-11-00", "soon"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
