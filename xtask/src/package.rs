//! Whether every crate could be published as it stands, and in which order. It publishes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use toml::{Table, Value};

use crate::Outcome;

/// What every package holds beside its sources.
const BESIDE: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];
/// What cargo itself puts into a package.
const BY_CARGO: [&str; 4] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];

/// Our crates by name, each with those of ours that must be published before it.
type Crates = BTreeMap<String, BTreeSet<String>>;

/// Checks manifests and lists of files; then, unless `quick`, has cargo write every package into `target/package`.
pub(crate) fn run(root: &Path, quick: bool) -> Outcome {
    let crates = read(root)?;
    let order = order(&crates)?;
    let mut breaches = Vec::new();
    for name in &order {
        let listed = cargo(root, &["package", "--list", "--offline", "--allow-dirty", "-p", name])?;
        let files: Vec<&str> = listed.lines().collect();
        check_files(name, &files, &mut breaches);
    }
    if !breaches.is_empty() {
        return Err(format!("package:\n  {}", breaches.join("\n  ")));
    }
    if !quick {
        let mut arguments = vec!["package", "--no-verify", "--offline", "--allow-dirty"];
        arguments.extend(order.iter().flat_map(|name| ["-p", name]));
        cargo(root, &arguments)?;
    }
    crate::say(&format!(
        "package: {} crates are in order; to be published as: {}",
        order.len(),
        order.join(", ")
    ));
    Ok(())
}

/// Reads and checks the manifests of `crates/`.
fn read(root: &Path) -> Result<Crates, String> {
    let manifest = |path: &Path| -> Result<Table, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("package: {}: {error}", path.display()))?;
        text.parse()
            .map_err(|error| format!("package: {}: {error}", path.display()))
    };
    let workspace = manifest(&root.join("Cargo.toml"))?;
    let shared = workspace
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .ok_or("package: Cargo.toml has no workspace.dependencies")?;
    let mut manifests = BTreeMap::new();
    let folder = root.join("crates");
    for entry in fs::read_dir(&folder).map_err(|error| format!("package: {}: {error}", folder.display()))? {
        let path = entry.map_err(|error| format!("package: {error}"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        manifests.insert(name, manifest(&path.join("Cargo.toml"))?);
    }
    let mut breaches = Vec::new();
    let mut crates = Crates::new();
    for (name, manifest) in &manifests {
        check_manifest(name, manifest, &mut breaches);
        let mut needs = BTreeSet::new();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (needed, how) in manifest.get(kind).and_then(Value::as_table).into_iter().flatten() {
                if !manifests.contains_key(needed) {
                    continue;
                }
                let inherited = how.get("workspace").and_then(Value::as_bool) == Some(true);
                let how = if inherited { shared.get(needed) } else { Some(how) };
                if how.and_then(|how| how.get("version")).is_some() {
                    needs.insert(needed.clone());
                } else if kind != "dev-dependencies" {
                    breaches.push(format!("crates/{name}: the dependency {needed} has no version"));
                }
                // A dependency for tests alone is left out of the package when it has no version.
            }
        }
        crates.insert(name.clone(), needs);
    }
    if breaches.is_empty() {
        return Ok(crates);
    }
    Err(format!("package:\n  {}", breaches.join("\n  ")))
}

fn check_manifest(name: &str, manifest: &Table, breaches: &mut Vec<String>) {
    let Some(package) = manifest.get("package").and_then(Value::as_table) else {
        breaches.push(format!("crates/{name}/Cargo.toml: there is no [package]"));
        return;
    };
    if package.get("name").and_then(Value::as_str) != Some(name) {
        breaches.push(format!("crates/{name}/Cargo.toml: its name is not that of its folder"));
    }
    for key in [
        "description",
        "readme",
        "version",
        "edition",
        "rust-version",
        "license",
        "categories",
        "keywords",
        "include",
    ] {
        if !package.contains_key(key) {
            breaches.push(format!("crates/{name}/Cargo.toml: [package] has no {key}"));
        }
    }
    if package.get("publish").is_some() {
        breaches.push(format!("crates/{name}/Cargo.toml: publish is restricted"));
    }
}

fn check_files(name: &str, files: &[&str], breaches: &mut Vec<String>) {
    for needed in BESIDE {
        if !files.contains(&needed) {
            breaches.push(format!("crates/{name}: the package lacks {needed}"));
        }
    }
    if !files.contains(&"src/lib.rs") && !files.contains(&"src/main.rs") {
        breaches.push(format!(
            "crates/{name}: the package has neither src/lib.rs nor src/main.rs"
        ));
    }
    for file in files {
        // A page or a script that the command writes has its parts beside the code.
        let is_code = [".rs", ".css", ".js", ".bash"].iter().any(|end| file.ends_with(end));
        let is_source = (file.starts_with("src/") || file.starts_with("examples/")) && is_code;
        if !is_source && !BESIDE.contains(file) && !BY_CARGO.contains(file) {
            breaches.push(format!("crates/{name}: {file} would be published; is it meant to be?"));
        }
    }
}

/// Each behind all that it needs, alphabetical where that leaves a choice.
fn order(crates: &Crates) -> Result<Vec<String>, String> {
    let mut left = crates.clone();
    let mut order = Vec::new();
    while !left.is_empty() {
        let next = left
            .iter()
            .find(|(_, needs)| !needs.iter().any(|need| left.contains_key(need)))
            .map(|(name, _)| name.clone());
        let Some(next) = next else {
            let names: Vec<&str> = left.keys().map(String::as_str).collect();
            return Err(format!("package: these need each other: {}", names.join(", ")));
        };
        left.remove(&next);
        order.push(next);
    }
    Ok(order)
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let shown = || format!("cargo {}", arguments.join(" "));
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| format!("package: {}: {error}", shown()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("package: {} failed:\n{said}", shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_can_be_published() {
        let crates = read(&crate::root()).unwrap();
        let order = order(&crates).unwrap();
        assert_eq!(order.len(), crates.len());
        let place = |name: &str| order.iter().position(|other| other == name).unwrap();
        assert!(place("cloud-import-core") < place("aliyun-ecs-import"));
        assert!(place("aliyun-ecs-import") < place("cloud-import"));
        assert_eq!(order.last().map(String::as_str), Some("cloud-import-cli"));
    }

    #[test]
    fn a_circle_is_no_order() {
        let needs = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let circle = Crates::from([
            ("a".to_owned(), needs(&["b"])),
            ("b".to_owned(), needs(&["a"])),
            ("c".to_owned(), needs(&[])),
        ]);
        assert_eq!(order(&circle).unwrap_err(), "package: these need each other: a, b");
    }

    #[test]
    fn what_lacks_or_should_not_be_there_is_named() {
        let mut breaches = Vec::new();
        check_files(
            "x",
            &["Cargo.toml", "README.md", "LICENSE-MIT", "src/a.rs", "tests/it.rs"],
            &mut breaches,
        );
        assert_eq!(breaches.len(), 3, "{breaches:?}");
        breaches.clear();
        check_manifest(
            "x",
            &"[package]\nname = \"y\"\npublish = false".parse().unwrap(),
            &mut breaches,
        );
        assert_eq!(breaches.len(), 11, "{breaches:?}");
    }
}
