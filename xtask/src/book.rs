//! Builds the book with mdbook, and looks whether each link of its pages, and of every other page of Markdown here, leads to something.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Component, Path, PathBuf},
    process::Command,
};

use crate::{
    house::{self, Outcome},
    links::{self, Page},
};

/// The program, which `.ci/run` installs in the same version.
const INSTALL: &str = "cargo install mdbook --locked --version 0.5.4 --no-default-features";

/// Builds and checks.
pub(crate) fn run(root: &Path) -> Outcome {
    let built = root.join("target/book");
    build(root)?;
    let mut broken = Vec::new();
    let pages = house::files(&built)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "html"));
    let pages = read(pages, links::of_html)?;
    look(&pages, &built, &mut broken);
    let texts = read(markdown(root)?.into_iter(), links::of_markdown)?;
    look(&texts, root, &mut broken);
    if broken.is_empty() {
        let links: usize = pages.values().chain(texts.values()).map(|page| page.links.len()).sum();
        crate::say(&format!(
            "book: {} pages in {}, {} pages of Markdown, {links} links",
            pages.len(),
            built.display(),
            texts.len()
        ));
        return Ok(());
    }
    Err(format!("book: links that lead nowhere:\n  {}", broken.join("\n  ")))
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is a tool of the house, which has no settings"
)]
fn build(root: &Path) -> Outcome {
    let program = env::var_os("CLOUD_IMPORT_MDBOOK").unwrap_or_else(|| "mdbook".into());
    // What is left of an earlier run would be linked to for good.
    let _ = fs::remove_dir_all(root.join("target/book"));
    let done = Command::new(&program)
        .args(["build", "docs"])
        .current_dir(root)
        .output()
        .map_err(|error| {
            format!(
                "book: {}: {error}\nto install it: {INSTALL}\nor name it in CLOUD_IMPORT_MDBOOK",
                program.display()
            )
        })?;
    let told = String::from_utf8_lossy(&done.stderr);
    // A warning of it is about a page that is not as it was meant.
    let is_warned = told.lines().any(|line| line.trim_start().starts_with("WARN"));
    if done.status.success() && !is_warned {
        return Ok(());
    }
    Err(format!("book: mdbook build docs:\n{told}"))
}

/// All pages of Markdown that are committed, or could be.
fn markdown(root: &Path) -> Result<Vec<PathBuf>, String> {
    let done = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("book: git ls-files: {error}"))?;
    let names = String::from_utf8_lossy(&done.stdout);
    let paths = names.split('\0').filter(|name| !name.is_empty());
    // A removed file is still listed.
    Ok(paths
        .map(|name| root.join(name))
        .filter(|path| path.is_file())
        .collect())
}

fn read(
    paths: impl Iterator<Item = PathBuf>,
    taken_apart: fn(&str) -> Page,
) -> Result<BTreeMap<PathBuf, Page>, String> {
    paths
        .map(|path| {
            let text = fs::read_to_string(&path).map_err(|error| format!("book: {}: {error}", path.display()))?;
            Ok((path, taken_apart(&text)))
        })
        .collect()
}

/// Adds what is wrong with the links of these pages.
fn look(pages: &BTreeMap<PathBuf, Page>, root: &Path, broken: &mut Vec<String>) {
    for (path, page) in pages {
        for link in &page.links {
            if let Err(why) = leads(path, link, pages) {
                let shown = path.strip_prefix(root).unwrap_or(path).display();
                broken.push(format!("{shown}: {link}: {why}"));
            }
        }
    }
}

/// Whether a link leads to a file, and to an anchor in it. What stands on other machines is not asked.
fn leads(from: &Path, link: &str, pages: &BTreeMap<PathBuf, Page>) -> Result<(), &'static str> {
    let (place, anchor) = link.split_once('#').unwrap_or((link, ""));
    // With a scheme, or a path of Rust's.
    if place.contains(':') {
        return Ok(());
    }
    let place = place.split('?').next().unwrap_or_default();
    let path = if place.is_empty() {
        from.to_owned()
    } else {
        plain(&from.parent().unwrap_or(Path::new("")).join(place))
    };
    match pages.get(&path) {
        Some(page) if anchor.is_empty() || page.anchors.contains(anchor) => Ok(()),
        Some(_) => Err("there is no such heading"),
        None if path.exists() => Ok(()),
        None => Err("there is no such file"),
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(pages: &[(&str, &str)]) -> Vec<String> {
        let root = Path::new("/no/such/folder");
        let pages = pages
            .iter()
            .map(|(name, text)| (root.join(name), links::of_markdown(text)))
            .collect();
        let mut broken = Vec::new();
        look(&pages, root, &mut broken);
        broken
    }

    #[test]
    fn ci_installs_the_same_mdbook() {
        let version = |text: &str| {
            let (_, rest) = text.split_once("cargo install mdbook ").unwrap();
            let mut words = rest.split_whitespace().skip_while(|word| *word != "--version");
            words.nth(1).unwrap().to_owned()
        };
        let ci = fs::read_to_string(crate::root().join(".ci/run")).unwrap();
        assert_eq!(version(&ci), version(INSTALL));
    }

    #[test]
    fn links_to_files_and_headings_are_looked_at() {
        let good = [
            (
                "a.md",
                "# A\n[b](b/c.md#two-words) [self](#a) [web](https://example.com/x)\n",
            ),
            ("b/c.md", "## Two words\n[a](../a.md) [type](crate::Type)\n"),
        ];
        assert_eq!(broken(&good), Vec::<String>::new());
        let bad = [("a.md", "# A\n[b](b.md) [c](c.md#d) [self](#b)\n"), ("c.md", "# C\n")];
        assert_eq!(
            broken(&bad),
            [
                "a.md: b.md: there is no such file",
                "a.md: c.md#d: there is no such heading",
                "a.md: #b: there is no such heading"
            ]
        );
    }
}
