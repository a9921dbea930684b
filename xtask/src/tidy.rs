//! House rules that no other tool checks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    house::{self, Outcome},
    structure::{self, Sources},
};

/// The crates of single clouds.
const PROVIDERS: [&str; 5] = [
    "jdcloud-vm-import",
    "tencent-cvm-import",
    "huawei-ims-import",
    "aliyun-ecs-import",
    "ucloud-uhost-import",
];

/// Public structs that others write out with all their fields: the package, why, and which.
const WRITTEN_OUT: &[(&str, &str, &[&str])] = &[
    (
        "cloud-import-core",
        "a provider crate's constants, for which each field must be decided: a new one has to stop the build",
        &[
            "ChainSpec",
            "Companion",
            "EnvironmentNames",
            "KeysLink",
            "Metadata",
            "MetadataToken",
            "Operation",
            "OtherApi",
            "ProfileFile",
            "RoleNames",
            "Sts",
            "WebIdentity",
        ],
    ),
    (
        "cloud-import-core",
        "what a provider crate's pure functions take or give",
        &[
            "Caller",
            "Exchange",
            "Profile",
            "ProfileText",
            "Signing",
            "Temporary",
            "Unsigned",
            "WebIdentityRole",
        ],
    ),
    ("cloud-import-core", "a map under another name", &["Extra"]),
    (
        "cloud-import-disk",
        "the facts of a file: who judges it must judge each, and a new one has to stop the build",
        &["DiskInfo"],
    ),
    (
        "cloud-import-staging",
        "signers, which are nothing but what they sign for",
        &["Signer"],
    ),
];

/// The floors of crates that have them, from the ground up: a file imports from its own floor and those below.
const FLOORS: &[(&str, &[&str])] = &[(
    "cloud-import-core",
    &["text", "model", "wire", "net", "credentials", "client", "engine"],
)];

/// Checks them all and lists every breach.
pub(crate) fn run(root: &Path) -> Outcome {
    let folders = ["crates", "tests", "xtask", "docs", ".cargo", ".ci"];
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| house::files(&root.join(folder)))
        .collect();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_file() {
            files.push(entry.path());
        }
    }
    let mut breaches = Vec::new();
    for path in &files {
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        let Ok(text) = fs::read_to_string(path) else { continue };
        check_file(&shown, &text, &mut breaches);
        library_words(&shown, &text, &mut breaches);
        no_cloud(&shown, &text, &mut breaches);
        open_structs(&shown, &text, &mut breaches);
        only_reads(&shown, &text, &mut breaches);
        if path.extension().is_some_and(|ending| ending == "rs") && path.with_extension("").is_dir() {
            breaches.push(format!(
                "{shown}: has a folder of its own name; it is `mod.rs` in there"
            ));
        }
    }
    provider_file_sets(root, &mut breaches);
    circles(root, &mut breaches);
    long_functions(root, &files, &mut breaches);
    if breaches.is_empty() {
        crate::say(&format!("tidy: {} files are in order", files.len()));
        return Ok(());
    }
    Err(format!("tidy:\n  {}", breaches.join("\n  ")))
}

fn check_file(shown: &str, text: &str, breaches: &mut Vec<String>) {
    let is_rust = shown.ends_with(".rs");
    if is_rust {
        let first = text.lines().find(|line| !line.is_empty() && !line.starts_with("// "));
        if !first.is_some_and(|line| line.starts_with("//!") || line.starts_with("#!")) {
            breaches.push(format!("{shown}: does not open with //! saying what it is"));
        }
        let lines = text.lines().count();
        if lines > 600 && !shown.contains("/generated/") {
            breaches.push(format!("{shown}: {lines} lines; cut it where its purposes part"));
        }
    }
    let is_data = [".snap", ".json", ".lock", ".md"]
        .iter()
        .any(|ending| shown.ends_with(ending));
    for (number, line) in text.lines().enumerate() {
        let at = format!("{shown}:{}", number + 1);
        if line.ends_with([' ', '\t']) && !is_data {
            breaches.push(format!("{at}: blank at the end of the line"));
        }
        if is_rust
            && ["```ignore", "#[ignore]"]
                .iter()
                .any(|word| line.trim_start_matches(['/', '!', ' ']).starts_with(word))
        {
            breaches.push(format!("{at}: a skipped test shows nothing; run it or remove it"));
        }
    }
}

/// A library is used by programs that have no flags: what it says names fields, and each front end renders them.
fn library_words(shown: &str, text: &str, breaches: &mut Vec<String>) {
    let is_library =
        shown.starts_with("crates/") && shown.contains("/src/") && !shown.starts_with("crates/cloud-import-cli");
    if !is_library || shown.starts_with("crates/cloud-import-sim") || !shown.ends_with(".rs") {
        return;
    }
    let own = text.split("#[cfg(test)]").next().unwrap_or_default();
    for (number, line) in own.lines().enumerate() {
        let code = line.trim_start();
        let is_flag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
        let names_flag = code.split("--").skip(1).any(is_flag);
        if !code.starts_with("//") && (names_flag || code.contains("`cloud-import ")) {
            breaches.push(format!(
                "{shown}:{}: a flag or a command of the command line; say it by a Field or a Remedy",
                number + 1
            ));
        }
    }
}

/// What one cloud wants is a fact of its table: the facade asks for the fact, and names clouds only to find their crates.
fn no_cloud(shown: &str, text: &str, breaches: &mut Vec<String>) {
    if !shown.starts_with("crates/cloud-import/src/") || shown.ends_with("/connect.rs") {
        return;
    }
    for (number, line) in structure::source(text).into_iter().enumerate() {
        let mut named = line.split("Provider::").skip(1);
        if named.any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())) {
            let at = number + 1;
            breaches.push(format!("{shown}:{at}: a cloud by its name; ask its capabilities"));
        }
    }
}

/// A library can get new fields: its public structs are `#[non_exhaustive]`, or have one that is not public, or are on the list.
fn open_structs(shown: &str, text: &str, breaches: &mut Vec<String>) {
    let Some((package, file)) = shown.strip_prefix("crates/").and_then(|rest| rest.split_once("/src/")) else {
        return;
    };
    let is_library = PROVIDERS.contains(&package)
        || ["cloud-import", "cloud-import-core", "cloud-import-staging"].contains(&package);
    if !is_library || !file.ends_with(".rs") || file.contains("generated/") {
        return;
    }
    for (line, name) in structure::open_structs(text) {
        let mut listed = WRITTEN_OUT.iter().filter(|(own, ..)| *own == package);
        if !listed.any(|(.., names)| names.contains(&name)) {
            breaches.push(format!(
                "{shown}:{line}: {name} cannot get another field; make it #[non_exhaustive]"
            ));
        }
    }
}

/// The readers of vendors' packages import the standard library's tools for text and each other: they can run and install nothing.
fn only_reads(shown: &str, text: &str, breaches: &mut Vec<String>) {
    const KNOWN: [&str; 17] = [
        "aliyun",
        "ast",
        "dataclasses",
        "datetime",
        "hashlib",
        "huawei",
        "jdcloud",
        "json",
        "pathlib",
        "re",
        "shutil",
        "sys",
        "tarfile",
        "tencent",
        "ucloud",
        "vendor",
        "zipfile",
    ];
    // Their tests make packages, and meet none of a vendor's.
    let is_reader = shown.starts_with("xtask/drift/") && shown.ends_with(".py") && shown != "xtask/drift/tests.py";
    if !is_reader {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split([' ', ',', ';', ':']).filter(|word| !word.is_empty());
        let imports: Vec<&str> = match words.next() {
            Some("import") => words.collect(),
            Some("from") => words.take(1).collect(),
            _ => Vec::new(),
        };
        let runs = ["__import__", "importlib", "exec(", "eval(", "compile("]
            .iter()
            .find(|call| {
                line.replace("ast.literal_eval(", "")
                    .replace("re.compile(", "")
                    .contains(**call)
            });
        for word in imports.iter().filter(|name| !KNOWN.contains(name)).chain(runs) {
            breaches.push(format!(
                "{shown}:{}: {word}; a reader of packages only reads",
                number + 1
            ));
        }
    }
}

/// Imports among the files of a crate go one way.
fn circles(root: &Path, breaches: &mut Vec<String>) {
    for (name, folder) in &house::packages(root) {
        let sources = Sources::read(&folder.join("src"));
        if let Some((_, floors)) = FLOORS.iter().find(|(own, _)| own == name) {
            let upward = sources.upward(floors).into_iter();
            breaches.extend(upward.map(|import| format!("{name}: {import}, which stands above it")));
        }
        let circles = sources.circles();
        let shown = circles.iter().map(|circle| circle.join(", "));
        breaches.extend(shown.map(|files| format!("{name}: these files import one another: {files}")));
    }
}

/// No function is longer than can be read at a glance. Tests may be: they tell a story.
fn long_functions(root: &Path, files: &[PathBuf], breaches: &mut Vec<String>) {
    for path in files {
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        if !shown.ends_with(".rs") || structure::is_test(&shown) || shown.contains("/generated/") {
            continue;
        }
        for (line, name, lines) in structure::long_functions(&fs::read_to_string(path).unwrap_or_default()) {
            breaches.push(format!(
                "{shown}:{line}: {name} has {lines} lines; cut it where its steps part"
            ));
        }
    }
}

/// The five provider crates read alike: one file set.
fn provider_file_sets(root: &Path, breaches: &mut Vec<String>) {
    const FILES: [&str; 11] = [
        "answer.rs",
        "client.rs",
        "importer.rs",
        "lib.rs",
        "options.rs",
        "os.rs",
        "preflight.rs",
        "profile.rs",
        "rules.rs",
        "sign.rs",
        "sts.rs",
    ];
    for name in PROVIDERS {
        for file in FILES {
            if !root.join("crates").join(name).join("src").join(file).is_file() {
                breaches.push(format!(
                    "crates/{name}/src/{file}: missing; the provider crates keep one file set"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_could_run_something_is_told() {
        let breaches = |text: &str| {
            let mut breaches = Vec::new();
            only_reads("xtask/drift/vendor.py", text, &mut breaches);
            breaches.len()
        };
        assert_eq!(
            breaches("import ast, json\nfrom vendor import Field\nast.literal_eval(x)\n"),
            0
        );
        assert_eq!(breaches("    import subprocess, os\n"), 2);
        assert_eq!(breaches("from importlib import import_module\n"), 2);
        assert_eq!(breaches("exec(text)\n"), 1);
    }
}
