//! Whether what we depend on builds with the Rust version that we declare, by its own word. Clippy holds our code to it
//! (`incompatible_msrv`: the standard library's items). Only a build with that version would show everything.

use std::{path::Path, process::Command};

use serde::Deserialize;

use crate::Outcome;

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    rust_version: Option<String>,
    /// None for our own.
    source: Option<String>,
}

/// Compares the locked packages' versions with ours.
pub(crate) fn run(root: &Path) -> Outcome {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("msrv: cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "msrv: cargo metadata failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("msrv: cargo metadata: {error}"))?;
    crate::say(&check(&metadata.packages)?);
    Ok(())
}

fn check(packages: &[Package]) -> Result<String, String> {
    let (ours, theirs): (Vec<&Package>, Vec<&Package>) = packages.iter().partition(|package| package.source.is_none());
    let declared = ours.iter().filter_map(|package| package.number()).min();
    let declared = declared.ok_or("msrv: no package of ours has a rust-version")?;
    let newer = theirs.iter().filter(|package| package.number() > Some(declared));
    let newer: Vec<String> = newer
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.rust_version))
        .collect();
    if !newer.is_empty() {
        return Err(format!("msrv: these need a newer Rust:\n  {}", newer.join("\n  ")));
    }
    let silent = theirs.iter().filter(|package| package.rust_version.is_none()).count();
    let (all, (major, minor, _)) = (theirs.len(), declared);
    Ok(format!(
        "msrv: none of {all} packages needs more than Rust {major}.{minor}; {silent} do not say"
    ))
}

impl Package {
    /// Major, minor and patch of the declared Rust version.
    fn number(&self) -> Option<(u32, u32, u32)> {
        let mut parts = self.rust_version.as_ref()?.split('.').map(|part| part.parse().ok());
        let mut next = || parts.next().unwrap_or(Some(0));
        Some((next()?, next()?, next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, rust_version: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            rust_version: rust_version.map(str::to_owned),
            source: (name != "ours").then(|| "a registry".to_owned()),
        }
    }

    #[test]
    fn what_needs_a_newer_rust_is_named() {
        let ours = || package("ours", Some("1.89"));
        let told = check(&[
            ours(),
            package("old", Some("1.9.9")),
            package("same", Some("1.89.0")),
            package("silent", None),
        ]);
        assert_eq!(
            told.unwrap(),
            "msrv: none of 3 packages needs more than Rust 1.89; 1 do not say"
        );
        let told = check(&[ours(), package("newer", Some("1.89.1")), package("newest", Some("2"))]).unwrap_err();
        assert_eq!(told.lines().count(), 3, "{told}");
        check(&[package("theirs", Some("1.0"))]).unwrap_err();
    }
}
