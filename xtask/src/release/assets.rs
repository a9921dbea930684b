//! The assets, each made by a program that is known for it. The same sources make the same bytes: files are as old as the last commit.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::programs::{has, text};

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
        text(
            self.root,
            "install",
            &["-D", &own, &tree.join("cloud-import").to_string_lossy()],
        )?;
        for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"] {
            self.copy(&self.root.join(file), &tree.join(file))?;
        }
        text(
            self.root,
            &own,
            &["man", "--folder", &tree.join("man").to_string_lossy()],
        )?;
        let completions = [
            ("bash", "cloud-import.bash"),
            ("zsh", "_cloud-import"),
            ("fish", "cloud-import.fish"),
        ];
        for (shell, file) in completions {
            let script = text(self.root, &own, &["completions", shell])?;
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
        text(self.root, "tar", &[&plain[..], &what].concat()).map(drop)
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
        text(self.root, "python3", &arguments).map(drop)
    }

    /// Their recipes are in the manifest of the command, and take the files of `target/release-work/files`.
    fn deb_and_rpm(&mut self, target: &str, is_host: bool) -> Result<(), String> {
        let tree = self.work().join(format!("cloud-import-{}-{target}", self.version));
        let files = self.work().join("files");
        let _ = fs::remove_dir_all(&files);
        text(
            self.root,
            "cp",
            &["-a", &tree.to_string_lossy(), &files.to_string_lossy()],
        )?;
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
            text(self.root, "cargo", &[&build[..], &["--output", &folder], of].concat())?;
        }
        if self.has_tool(1) {
            let build = ["generate-rpm", "-p", "crates/cloud-import-cli", "--profile", "dist"];
            let out = ["--source-date", &self.epoch, "--output", &folder];
            text(self.root, "cargo", &[&build[..], &out, of].concat())?;
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
        text(self.root, "cargo", &words)?;
        let written = format!("{name}.json");
        self.copy(
            &self.root.join("crates/cloud-import-cli").join(&written),
            &self.folder.join(&written),
        )?;
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
