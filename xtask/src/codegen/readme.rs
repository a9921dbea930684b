//! Renders what README and book say that is written down elsewhere: a first import into each cloud, the table of capabilities, and the
//! keys of defaults.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{
    spec::{Fact, Spec},
    spec_store::Store,
};

/// What a capability's cell says.
type Cell = fn(&Fact) -> String;

const ROWS: [(&str, &str, Cell); 23] = [
    ("formats", "formats", words),
    ("file named by", "sources", |fact| {
        words(fact).replace("url", "link").replace("object", "bucket and key")
    }),
    ("architectures", "architectures", words),
    ("boot modes", "boot_modes", words),
    ("data disks beside the system disk", "max_data_disks", |fact| {
        match (fact.value.as_integer(), fact.unverified) {
            (Some(0), _) => "no".to_owned(),
            (_, true) => "yes ¹".to_owned(),
            (most, _) => format!("up to {}", most.unwrap_or_default()),
        }
    }),
    ("image of one data disk", "data_image", switch),
    ("tags", "tags", switch),
    ("after a lost answer", "client_token", |fact| {
        either(
            fact,
            "sent again with the same token",
            "looked up by name and marker; else \"outcome unknown\"",
        )
    }),
    ("an import is listed within", "listed_within_minutes", |fact| {
        let minutes = fact.value.as_integer();
        minutes.map_or("no source says".to_owned(), |minutes| format!("{minutes} minutes"))
    }),
    ("progress", "progress", |fact| either(fact, "percent", "state only")),
    ("reason of a failure", "failure_reason", |fact| {
        either(fact, "the vendor's", "likely causes, labelled so")
    }),
    ("cancel", "cancel", switch),
    ("dry run", "dry_run", switch),
    ("copies an image to another region", "copy_to_regions", switch),
    ("the account has to ask for that first", "copy_on_request", switch),
    ("copies it inside its region", "copy_within", switch),
    ("after a lost answer to that", "copy_token", |fact| {
        either(
            fact,
            "sent again with the same token",
            "looked up there; else \"outcome unknown\"",
        )
    }),
    ("shares an image with", "share", |fact| match fact.value.as_integer() {
        Some(0) => "nobody".to_owned(),
        most => format!("up to {}", most.unwrap_or_default()),
    }),
    ("makes it public", "public", switch),
    ("families", "family", switch),
    ("marks it as deprecated", "deprecate", switch),
    ("sets tags afterwards", "tag", switch),
    ("exports it as", "export_formats", |fact| match fact.words().first() {
        Some(_) => words(fact),
        None => "no".to_owned(),
    }),
];

/// The README with a first import into each cloud.
pub(super) fn front(page: &str, specs: &[Spec], stores: &[Store]) -> Result<String, String> {
    between(page, "first-image", &first_images(specs, stores))
}

/// The chapter about the clouds, with its table.
pub(super) fn capabilities(page: &str, specs: &[Spec]) -> Result<String, String> {
    between(page, "capabilities", &table(specs))
}

/// The chapter about targets, with the keys that the sources of the command's arguments name.
pub(super) fn targets(page: &str, arguments: &str) -> Result<String, String> {
    between(page, "keys", &keys(arguments))
}

/// Puts a text between its markers.
fn between(page: &str, name: &str, text: &str) -> Result<String, String> {
    let begin = format!("<!-- {name}: written by `cargo xtask codegen` -->");
    let end = format!("<!-- /{name} -->");
    let missing = || format!("the page needs the lines {begin} and {end}");
    let (before, rest) = page.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}\n\n{text}\n{end}{after}"))
}

/// A folded block for each cloud: the variables of its keys, its store, and the command.
fn first_images(specs: &[Spec], stores: &[Store]) -> String {
    let mut out = String::new();
    // Both are in the order of the clouds.
    for (spec, store) in specs.iter().zip(stores) {
        let provider = &spec.provider;
        let variable = |of: &str| {
            let names = provider.environment.names.get(of);
            names.and_then(|names| names.first()).map_or("", String::as_str)
        };
        // One of them is seen at once.
        let open = if out.is_empty() { " open" } else { "" };
        let _ = writeln!(
            out,
            "<details{open}><summary><b>{}</b>, with a bucket of {}</summary>\n\n```sh\nexport {}=... {}=...\n```\n```console\n\
             $ cloud-import import --to {}/{} --bucket {} --name web-2026-11 web.qcow2\n```\n</details>",
            provider.name,
            store.name,
            variable("access_key_id"),
            variable("secret_access_key"),
            provider.id,
            provider.regions.default,
            store.example_bucket(),
        );
    }
    out
}

/// The keys of options that have a variable.
fn keys(arguments: &str) -> String {
    let variables = arguments.split("variable = \"CLOUD_IMPORT_").skip(1);
    let keys: BTreeSet<String> = variables
        .filter_map(|rest| Some(format!("`{}`", rest.split_once('"')?.0.to_lowercase())))
        .collect();
    format!("Keys: {}.\n", keys.into_iter().collect::<Vec<_>>().join(", "))
}

fn table(specs: &[Spec]) -> String {
    let names: String = specs.iter().map(|spec| format!(" {} |", spec.provider.name)).collect();
    let mut out = format!("| |{names}\n|---|{}\n", "---|".repeat(specs.len()));
    for (title, capability, cell) in ROWS {
        let facts = specs.iter().filter_map(|spec| {
            let provider = &spec.provider;
            provider.capabilities.get(capability).or(provider.after.get(capability))
        });
        let cells: String = facts.map(|fact| format!(" {} |", cell(fact))).collect();
        let _ = writeln!(out, "| {title} |{cells}");
    }
    out.push_str("\n¹ Unverified: no source says so.\n");
    out
}

fn words(fact: &Fact) -> String {
    marked(fact, &fact.words().join(", "))
}

fn switch(fact: &Fact) -> String {
    marked(fact, if fact.holds() { "yes" } else { "no" })
}

fn either(fact: &Fact, yes: &str, no: &str) -> String {
    if fact.holds() { yes } else { no }.to_owned()
}

fn marked(fact: &Fact, text: &str) -> String {
    let mark = if fact.unverified { " ¹" } else { "" };
    format!("{text}{mark}")
}
