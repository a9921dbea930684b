//! Writes what comes from the specs, or compares it with what is committed.
//!
//! Each renderer makes text; this file puts it in its place. Files that no renderer makes any more are removed.

mod cloud_page;
mod coverage;
mod facts;
mod operations;
mod policy;
mod readme;
mod sim;
mod stores;
mod systems;
mod text;
mod types;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    house::{self, Outcome},
    spec::{self, Spec},
    spec_store::{self, Store},
};

/// Writes everything, or with `check` only compares.
pub(crate) fn run(root: &Path, check: bool) -> Outcome {
    let specs = spec::load(root)?;
    let stores = spec_store::load(root)?;
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut folders = vec![root.join("crates/cloud-import-sim/src/generated")];
    let docs = root.join("docs");
    // Both are in the order of the clouds.
    for (spec, store) in specs.iter().zip(&stores.1) {
        let folder = root
            .join("crates")
            .join(&spec.provider.crate_name)
            .join("src/generated");
        files.insert(folder.join("mod.rs"), module(spec));
        files.insert(folder.join("types.rs"), types::render(spec)?);
        files.insert(folder.join("operations.rs"), operations::render(spec)?);
        files.insert(folder.join("facts.rs"), facts::render(spec, store)?);
        files.insert(folder.join("errors.rs"), facts::errors(spec));
        files.insert(folder.join("systems.rs"), systems::render(spec));
        files.insert(folder.join("policy.rs"), policy::render(spec));
        files.insert(folders[0].join(format!("{}.rs", spec.provider.id)), sim::render(spec));
        let page = format!("{}.md", spec.provider.id);
        files.insert(docs.join("coverage").join(&page), coverage::page(spec));
        files.insert(docs.join("clouds").join(&page), cloud_page::render(root, spec, store)?);
        folders.push(folder);
    }
    files.insert(folders[0].join("mod.rs"), sim::module());
    folders.push(stores::render(root, &stores, &mut files)?);
    pages(root, &specs, &stores.1, &mut files)?;
    files.insert(docs.join("coverage.md"), coverage::index(&specs));
    folders.extend([docs.join("coverage"), docs.join("clouds")]);
    settle(&files, &folders, check)
}

/// The pages of README and book that hold something of the specs, where they are there.
fn pages(root: &Path, specs: &[Spec], stores: &[Store], files: &mut BTreeMap<PathBuf, String>) -> Outcome {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let sources = house::files(&root.join("crates/cloud-import-cli/src/args"));
    let arguments = sources
        .iter()
        .map(|path| read(path))
        .collect::<Result<String, String>>()?;
    for name in ["README.md", "docs/capabilities.md", "docs/targets.md"] {
        let path = root.join(name);
        if path.exists() {
            let page = read(&path)?;
            let page = match name {
                "README.md" => readme::front(&page, specs, stores),
                "docs/capabilities.md" => readme::capabilities(&page, specs),
                _ => readme::targets(&page, &arguments),
            };
            files.insert(path, page.map_err(|error| format!("{name}: {error}"))?);
        }
    }
    Ok(())
}

fn module(spec: &Spec) -> String {
    format!(
        "{}//! The API of {} in the vendor's words, and the facts known of it. No behaviour is here.\n\n\
         mod errors;\nmod facts;\nmod operations;\nmod policy;\nmod systems;\npub mod types;\n\n\
         pub use errors::ERRORS;\npub use facts::*;\npub use policy::POLICY;\npub(crate) use systems::SYSTEMS;\npub(crate) use types::*;\n",
        text::header(spec),
        spec.provider.name
    )
}

fn settle(files: &BTreeMap<PathBuf, String>, folders: &[PathBuf], check: bool) -> Outcome {
    let mut stale = Vec::new();
    for (path, text) in files {
        if fs::read_to_string(path).unwrap_or_default() == *text {
            continue;
        }
        stale.push(path.clone());
        if !check {
            let write = || {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(path, text)
            };
            write().map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !files.contains_key(&entry.path()) {
                stale.push(entry.path());
                if !check {
                    fs::remove_file(entry.path()).map_err(|error| format!("{}: {error}", entry.path().display()))?;
                }
            }
        }
    }
    if stale.is_empty() {
        crate::say(&format!("codegen: {} files are up to date", files.len()));
        return Ok(());
    }
    let list: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
    if check {
        return Err(format!(
            "not what the specs say:\n  {}\nrun: cargo xtask codegen",
            list.join("\n  ")
        ));
    }
    crate::say(&format!("codegen: wrote {} of {} files", stale.len(), files.len()));
    Ok(())
}
