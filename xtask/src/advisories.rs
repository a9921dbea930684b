//! `cargo xtask advisories`: whether a known advisory is about a version that Cargo.lock names.
//!
//! What it knows is committed (`xtask/advisories.toml`): the advisories of RustSec's database that name one of our packages, so
//! that the check needs no network. `--extract FOLDER` writes it anew from a clone of that database. Yanked versions are `cargo deny`'s.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::house::{self, Outcome};

const FILE: &str = "xtask/advisories.toml";

/// After so many days it is said that the extract is old.
const OLD: i64 = 90;

#[derive(Deserialize)]
struct Extract {
    /// When the database last changed before it was read.
    date: String,
    packages: BTreeSet<String>,
    #[serde(default)]
    advisories: Vec<Advisory>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    /// `unmaintained`, `unsound` or `notice`; a vulnerability has none.
    #[serde(default)]
    informational: String,
    patched: Vec<String>,
    unaffected: Vec<String>,
}

/// The head of a file of the database.
#[derive(Deserialize)]
struct Source {
    advisory: Head,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    package: String,
    informational: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Versions {
    patched: Vec<String>,
    unaffected: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Version,
    source: Option<String>,
}

/// Checks Cargo.lock by the extract.
pub(crate) fn run(root: &Path) -> Outcome {
    let extract: Extract = toml::from_str(&read(&root.join(FILE))?).map_err(|error| format!("{FILE}: {error}"))?;
    let (found, told) = judge(&extract, &packages(root)?)?;
    told.iter().for_each(|line| crate::say(&format!("advisories: {line}")));
    let age = house::days_since(&extract.date);
    if age > OLD {
        crate::say(&format!(
            "advisories: the extract is {age} days old; write it anew with --extract FOLDER"
        ));
    }
    if found.is_empty() {
        crate::say(&format!(
            "advisories: none of the {} that name our packages is about our versions",
            extract.advisories.len()
        ));
        return Ok(());
    }
    Err(format!("advisories:\n  {}", found.join("\n  ")))
}

/// What must be mended, and what is only told: packages without a maintainer, notices, and packages that were not looked for.
fn judge(extract: &Extract, packages: &[Package]) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut found, mut told) = (Vec::new(), Vec::new());
    for package in packages {
        let Package { name, version, .. } = package;
        if !extract.packages.contains(name) {
            told.push(format!("{name} is newer than the extract and was not looked for"));
        }
        for own in extract.advisories.iter().filter(|own| own.package == *name) {
            let mut good = own.patched.iter().chain(&own.unaffected);
            let is_good = good.try_fold(false, |good, range| {
                let range = VersionReq::parse(range).map_err(|error| format!("{}: {range}: {error}", own.id))?;
                Ok::<_, String>(good || range.matches(version))
            })?;
            let line = format!("{name} {version}: {} {}", own.id, own.informational);
            match own.informational.as_str() {
                _ if is_good => {}
                "unmaintained" | "notice" => told.push(line),
                _ => found.push(line.trim_end().to_owned()),
            }
        }
    }
    Ok((found, told))
}

/// Writes the extract from a clone of <https://github.com/rustsec/advisory-db>.
pub(crate) fn extract(root: &Path, clone: &str) -> Outcome {
    let packages: BTreeSet<String> = packages(root)?.into_iter().map(|package| package.name).collect();
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(clone).args(arguments).output();
        let output = output.map_err(|error| format!("git: {error}"))?;
        let failed = || {
            format!(
                "git {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            )
        };
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
            .ok_or_else(failed)
    };
    let commit = git(&["log", "-1", "--format=%H"])?;
    let date = git(&["log", "-1", "--format=%cs"])?;
    let mut out = format!(
        "# The advisories that name one of our packages, by `cargo xtask advisories --extract`, of rustsec/advisory-db (CC0-1.0).\n\
         commit = {:?}\ndate = {:?}\npackages = [\n",
        commit.trim(),
        date.trim()
    );
    packages.iter().for_each(|name| out.push_str(&format!("  {name:?},\n")));
    out.push_str("]\nadvisories = [\n");
    for path in git(&["ls-tree", "-r", "--name-only", "HEAD", "crates"])?.lines() {
        let package = path.split('/').nth(1).unwrap_or_default();
        if !packages.contains(package) || !path.ends_with(".md") {
            continue;
        }
        let text = git(&["show", &format!("HEAD:{path}")])?;
        let head = text.split("```").nth(1).and_then(|head| head.strip_prefix("toml"));
        let head = head.ok_or_else(|| format!("{path}: it does not begin with a head in TOML"))?;
        let Source { advisory, versions } = toml::from_str(head).map_err(|error| format!("{path}: {error}"))?;
        if advisory.withdrawn.is_some() {
            continue;
        }
        let informational = advisory
            .informational
            .map(|kind| format!(", informational = {kind:?}"))
            .unwrap_or_default();
        out.push_str(&format!(
            "  {{ id = {:?}, package = {:?}{informational}, patched = {:?}, unaffected = {:?} }},\n",
            advisory.id, advisory.package, versions.patched, versions.unaffected
        ));
    }
    out.push_str("]\n");
    fs::write(root.join(FILE), out).map_err(|error| format!("{FILE}: {error}"))?;
    run(root)
}

/// What Cargo.lock names that is not ours.
fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let lock: Lock =
        toml::from_str(&read(&root.join("Cargo.lock"))?).map_err(|error| format!("Cargo.lock: {error}"))?;
    Ok(lock
        .package
        .into_iter()
        .filter(|package| package.source.is_some())
        .collect())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(informational: &str, version: &str) -> (usize, usize) {
        let text = format!(
            "date = \"2026-01-01\"\npackages = [\"a\"]\nadvisories = [{{ id = \"R-1\", package = \"a\", informational = {informational:?}, \
             patched = [\">= 1.5.1, < 1.6.0\", \">= 1.6.3\"], unaffected = [\"< 0.3.0\"] }}]"
        );
        let package = Package {
            name: "a".to_owned(),
            version: Version::parse(version).unwrap(),
            source: None,
        };
        let (found, told) = judge(&toml::from_str(&text).unwrap(), &[package]).unwrap();
        (found.len(), told.len())
    }

    #[test]
    fn a_version_is_good_when_a_range_has_it() {
        for (version, found) in [
            ("0.2.9", 0),
            ("0.3.0", 1),
            ("1.5.0", 1),
            ("1.5.9", 0),
            ("1.6.2", 1),
            ("1.6.3", 0),
        ] {
            assert_eq!(of("", version), (found, 0), "{version}");
        }
    }

    #[test]
    fn what_is_no_danger_is_told() {
        assert_eq!(of("unmaintained", "1.5.0"), (0, 1));
        assert_eq!(of("notice", "1.5.0"), (0, 1));
        assert_eq!(of("unsound", "1.5.0"), (1, 0));
    }

    #[test]
    fn a_package_that_was_not_looked_for_is_told() {
        let extract: Extract = toml::from_str("date = \"2026-01-01\"\npackages = []").unwrap();
        let package = Package {
            name: "a".to_owned(),
            version: Version::new(1, 0, 0),
            source: None,
        };
        assert_eq!(
            judge(&extract, &[package]).unwrap(),
            (
                vec![],
                vec!["a is newer than the extract and was not looked for".to_owned()]
            )
        );
    }
}
