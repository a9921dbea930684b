//! Figures of the workspace, to compare one state with another: lines, public names, circles, long functions. It judges nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    house::{self, Outcome},
    structure::{self, Sources},
};

/// What is counted of one package.
#[derive(Default)]
struct Figures {
    source: usize,
    tests: usize,
    generated: usize,
    root_names: usize,
    in_circles: usize,
    long_functions: usize,
}

/// Prints a row for each package of the workspace at `root`, and their sum.
pub(crate) fn run(root: &Path) -> Outcome {
    let packages = house::packages(root);
    let id = |name: &str| name.replace('-', "_");
    let read = |(name, folder): &(String, PathBuf)| (id(name), Sources::read(&folder.join("src")));
    let sources: BTreeMap<String, Sources> = packages.iter().map(read).collect();
    let mut sum = Figures::default();
    let mut table =
        "package              source  tests  generated  names at the root  files in circles  functions over 80 lines\n"
            .to_owned();
    for (name, folder) in &packages {
        let own = figures(root, folder, &sources[&id(name)], &sources);
        table.push_str(&row(name, &own));
        sum.source += own.source;
        sum.tests += own.tests;
        sum.generated += own.generated;
        sum.root_names += own.root_names;
        sum.in_circles += own.in_circles;
        sum.long_functions += own.long_functions;
    }
    table.push_str(&row("all", &sum));
    io::stdout()
        .write_all(table.as_bytes())
        .map_err(|error| format!("measure: {error}"))
}

fn row(name: &str, own: &Figures) -> String {
    format!(
        "{name:20} {:>6} {:>6} {:>10} {:>18} {:>17} {:>24}\n",
        own.source, own.tests, own.generated, own.root_names, own.in_circles, own.long_functions
    )
}

fn figures(root: &Path, folder: &Path, own: &Sources, all: &BTreeMap<String, Sources>) -> Figures {
    let mut figures = Figures {
        root_names: if folder.join("src/lib.rs").is_file() {
            names(own, "", all).len()
        } else {
            0
        },
        in_circles: own.circles().iter().map(Vec::len).sum(),
        ..Figures::default()
    };
    for path in house::files(folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
    {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().count();
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        if shown.contains("/generated/") {
            figures.generated += lines;
        } else if structure::is_test(&shown) {
            figures.tests += lines;
        } else {
            let source = structure::source(&text).len();
            figures.source += source;
            figures.tests += lines - source;
            figures.long_functions += structure::long_functions(&text).len();
        }
    }
    figures
}

/// What can be named at a module: its own public items, and those that it passes on. Two underscores hide a name.
fn names(own: &Sources, module: &str, all: &BTreeMap<String, Sources>) -> BTreeSet<String> {
    let Some(file) = own.file(module) else {
        return BTreeSet::new();
    };
    let public = file
        .items
        .iter()
        .filter(|(name, is_public)| **is_public && !name.starts_with("__"));
    let mut found: BTreeSet<String> = public.map(|(name, _)| name.clone()).collect();
    for passed_on in file.uses.iter().filter(|own| own.is_public) {
        match (passed_on.name.as_str(), own.declaring(module, &passed_on.path, 0)) {
            ("*", Some(module)) => found.extend(names(own, module, all)),
            ("*", None) => {
                let other = all.get(&passed_on.path.join("::"));
                found.extend(other.map(|other| names(other, "", all)).unwrap_or_default());
            }
            (name, _) => drop(found.insert(name.to_owned())),
        }
    }
    found
}
