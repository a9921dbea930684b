//! The assets, each made by a program that is known for it. None tells when or where it was made: every program is told that it is the time
//! of the last commit, and no path of this machine is written down. The same bytes come of the same tools alone.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::programs::{EPOCH, dated, has, text};
use crate::step::Step;

/// The tools that not every machine has: for what, the command of cargo, and the version that the recipes are written for.
const TOOLS: [(&str, &str, &str); 3] = [
    ("the .deb", "deb", "3.8.0"),
    ("the .rpm", "generate-rpm", "0.21.1"),
    ("the SBOM", "cyclonedx", "0.5.9"),
];

/// What is made so far, and what is left out.
#[derive(Debug)]
pub(super) struct Assets<'a> {
    root: &'a Path,
    /// Where they go.
    folder: &'a Path,
    version: String,
    /// When the last commit was, in seconds since 1970.
    epoch: String,
    left_out: Vec<(String, String)>,
}

impl<'a> Assets<'a> {
    pub(super) fn new(root: &'a Path, folder: &'a Path) -> Result<Self, String> {
        let id = text(root, "cargo", &["pkgid", "-p", "cloud-import-cli"])?;
        let version = id.rsplit(['#', '@']).next().unwrap_or_default().to_owned();
        Ok(Self {
            root,
            folder,
            version,
            epoch: text(root, "git", &["log", "-1", "--format=%ct"])?,
            left_out: Vec::new(),
        })
    }

    pub(super) fn leave_out(&mut self, what: &str, why: &str) {
        self.left_out.push((what.to_owned(), why.to_owned()));
    }

    /// Builds the program. Neither the paths of its sources nor those of its dependencies get into it.
    pub(super) fn build(&self, target: &str, is_host: bool) -> Result<(), String> {
        // A build for this very machine shares what others built here.
        let option = if is_host {
            String::new()
        } else {
            format!(" --target {target}")
        };
        let build = format!("cargo build --profile dist --locked -p cloud-import-cli --features fleet{option}");
        Step::new(&format!("build for {target}"), &build)
            .variable(EPOCH, &self.epoch)
            .variable("RUSTFLAGS", &remapped(self.root, &cargo_home()?))
            .run("release", self.root)
    }

    /// Everything with a program in it. The packages of systems and of languages are made for glibc, which they name as what they need.
    pub(super) fn of_target(&mut self, target: &str, is_host: bool) -> Result<(), String> {
        let built = if is_host {
            "target".to_owned()
        } else {
            format!("target/{target}")
        };
        let program = self.root.join(built).join("dist").join("cloud-import");
        let tree = self.tree(target, &program)?;
        self.pack(&tree, &format!("{tree}.tar.gz"))?;
        self.recipe("wheel.py", target, &program)?;
        self.recipe("npm.py", target, &program)?;
        if target.ends_with("-gnu") {
            self.deb_and_rpm(target, is_host)?;
        }
        Ok(())
    }

    /// What goes with all of them.
    pub(super) fn of_all(&mut self) -> Result<(), String> {
        if self.has_tool(2) {
            self.sbom()?;
        }
        self.leave_out(
            "the container image",
            "it is built apart: xtask/packaging/Containerfile",
        );
        let names = self.names()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sums = text(self.folder, "sha256sum", &names)?;
        self.write(&self.folder.join("SHA256SUMS"), &format!("{sums}\n"))
    }

    /// What was made, with sizes, and what was left out.
    pub(super) fn told(&self) -> Result<String, String> {
        let mut told = format!("release: {} in {}", self.version, self.folder.display());
        for name in self.names()? {
            let size = fs::metadata(self.folder.join(&name)).map_or(0, |file| file.len());
            told.push_str(&format!("\n  {:>6.2} MiB  {name}", size as f64 / 1_048_576.0));
        }
        for (what, why) in &self.left_out {
            told.push_str(&format!("\n  left out: {what}: {why}"));
        }
        Ok(told)
    }

    /// The files of an archive: the program, its completions and manual pages, README and licences. Gives back the folder's name.
    fn tree(&self, target: &str, program: &Path) -> Result<String, String> {
        let name = format!("cloud-import-{}-{target}", self.version);
        let tree = self.work().join(&name);
        let own = program.to_string_lossy();
        self.text("install", &["-D", &own, &tree.join("cloud-import").to_string_lossy()])?;
        for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"] {
            self.copy(&self.root.join(file), &tree.join(file))?;
        }
        self.text(&own, &["man", "--folder", &tree.join("man").to_string_lossy()])?;
        let completions = [
            ("bash", "cloud-import.bash"),
            ("zsh", "_cloud-import"),
            ("fish", "cloud-import.fish"),
        ];
        for (shell, file) in completions {
            let script = self.text(&own, &["completions", shell])?;
            self.write(&tree.join("completions").join(file), &format!("{script}\n"))?;
        }
        Ok(name)
    }

    fn pack(&self, tree: &str, archive: &str) -> Result<(), String> {
        let archive = self.folder.join(archive);
        let at = format!("@{}", self.epoch);
        let plain = [
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--mtime",
            &at,
        ];
        let work = self.work();
        let (archive, work) = (archive.to_string_lossy(), work.to_string_lossy());
        let what = ["-I", "gzip -n9", "-cf", &archive, "-C", &work, tree];
        self.text("tar", &[&plain[..], &what].concat()).map(drop)
    }

    /// Runs a recipe of `xtask/packaging`, which takes target, version, program and folder.
    fn recipe(&mut self, name: &str, target: &str, program: &Path) -> Result<(), String> {
        if !has("python3", &["--version"]) {
            self.leave_out(name, "there is no python3");
            return Ok(());
        }
        let recipe = self.root.join("xtask/packaging").join(name);
        let words = [&recipe, program, self.folder].map(|path| path.to_string_lossy().into_owned());
        let arguments = [
            "-B",
            &words[0],
            target,
            &self.version,
            &self.epoch,
            &words[1],
            &words[2],
        ];
        self.text("python3", &arguments).map(drop)
    }

    /// Their recipes are in the manifest of the command, and take the files of `target/release-work/files`.
    fn deb_and_rpm(&mut self, target: &str, is_host: bool) -> Result<(), String> {
        let tree = self.work().join(format!("cloud-import-{}-{target}", self.version));
        let files = self.work().join("files");
        let _ = fs::remove_dir_all(&files);
        self.text("cp", &["-a", &tree.to_string_lossy(), &files.to_string_lossy()])?;
        let folder = self.folder.to_string_lossy();
        let of: &[&str] = if is_host { &[] } else { &["--target", target] };
        if self.has_tool(0) {
            let build = [
                "deb",
                "-p",
                "cloud-import-cli",
                "--no-build",
                "--no-strip",
                "--profile",
                "dist",
            ];
            self.text("cargo", &[&build[..], &["--output", &folder], of].concat())?;
        }
        if self.has_tool(1) {
            let build = ["generate-rpm", "-p", "crates/cloud-import-cli", "--profile", "dist"];
            let out = ["--source-date", &self.epoch, "--output", &folder];
            self.text("cargo", &[&build[..], &out, of].concat())?;
        }
        Ok(())
    }

    /// What the program is made of, as CycloneDX. The tool writes a file into each package's folder, of which one is ours.
    fn sbom(&self) -> Result<(), String> {
        let name = format!("cloud-import-{}.cdx", self.version);
        let manifest = "crates/cloud-import-cli/Cargo.toml";
        let words = [
            "cyclonedx",
            "--manifest-path",
            manifest,
            "--format",
            "json",
            "--override-filename",
            &name,
        ];
        self.text("cargo", &words)?;
        let written = format!("{name}.json");
        let made = self.root.join("crates/cloud-import-cli").join(&written);
        let found = fs::read_to_string(&made).map_err(|error| format!("release: {}: {error}", made.display()))?;
        self.write(&self.folder.join(&written), &placeless(&found, self.root)?)?;
        for (_, folder) in crate::house::packages(self.root) {
            let _ = fs::remove_file(folder.join(&written));
        }
        Ok(())
    }

    /// Whether a tool is there; else what it is for is left out.
    fn has_tool(&mut self, index: usize) -> bool {
        let (what, tool, version) = TOOLS[index];
        let is_there = has("cargo", &[tool, "--version"]);
        if !is_there {
            let why = format!("there is no cargo-{tool}: cargo install cargo-{tool} --locked --version {version}");
            self.leave_out(what, &why);
        }
        is_there
    }

    fn text(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        dated(self.root, &self.epoch, program, arguments)
    }

    /// Where what they are packed of stands.
    fn work(&self) -> PathBuf {
        self.root.join("target").join("release-work")
    }

    /// The assets there are.
    fn names(&self) -> Result<Vec<String>, String> {
        let entries =
            fs::read_dir(self.folder).map_err(|error| format!("release: {}: {error}", self.folder.display()))?;
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<(), String> {
        let done = fs::copy(from, to).map(drop);
        done.map_err(|error| format!("release: {} to {}: {error}", from.display(), to.display()))
    }

    fn write(&self, file: &Path, text: &str) -> Result<(), String> {
        let folder = file.parent().unwrap_or(file);
        let done = fs::create_dir_all(folder).and_then(|()| fs::write(file, text));
        done.map_err(|error| format!("release: {}: {error}", file.display()))
    }
}

/// Where cargo keeps the sources of dependencies.
#[expect(
    clippy::disallowed_methods,
    reason = "it is a tool of the house, which has no settings"
)]
fn cargo_home() -> Result<PathBuf, String> {
    let own = env::var_os("CARGO_HOME").map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
        .ok_or_else(|| "release: neither CARGO_HOME nor HOME is set".to_owned())
}

/// The flags by which rustc writes down no path of this machine. Of two that fit, the last counts.
fn remapped(root: &Path, cargo_home: &Path) -> String {
    format!(
        "--remap-path-prefix={}=/cloud-import --remap-path-prefix={}=/cargo",
        root.display(),
        cargo_home.display()
    )
}

/// An SBOM whose references to our own crates begin at the workspace's root.
fn placeless(sbom: &str, root: &Path) -> Result<String, String> {
    let text = sbom.replace(&format!("file://{}/", root.display()), "");
    if text.contains("file:///") {
        return Err(format!("release: the SBOM names paths outside of {}", root.display()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sbom_names_no_folder_of_the_machine() {
        let root = Path::new("/home/me/checkout");
        let reference =
            |at: &str| format!("\"path+file://{at}/crates/cloud-import#0.1.0\", \"file://../cloud-import\"");
        assert_eq!(
            placeless(&reference("/home/me/checkout"), root).unwrap(),
            "\"path+crates/cloud-import#0.1.0\", \"file://../cloud-import\""
        );
        placeless(&reference("/home/me/elsewhere"), root).unwrap_err();
    }

    #[test]
    fn every_recipe_installs_the_same_versions() {
        let root = crate::root();
        for file in ["tests/packages/run", ".github/workflows/release.yml"] {
            let text = fs::read_to_string(root.join(file)).unwrap();
            for (_, tool, version) in TOOLS {
                let named: Vec<&str> = text
                    .split(|c: char| c.is_whitespace() || c == ';')
                    .filter_map(|word| {
                        word.strip_prefix("cargo-")
                            .unwrap_or(word)
                            .strip_prefix(tool)?
                            .strip_prefix('@')
                    })
                    .collect();
                assert_eq!(named, [version], "{file}: cargo-{tool}");
            }
        }
    }
}
