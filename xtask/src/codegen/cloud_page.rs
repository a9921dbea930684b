//! Renders `docs/clouds`: a page for each cloud with what is needed to begin. What stands in the sources of a provider crate alone, files
//! with keys and the vendor's options, is read there.

use std::{fmt::Write as _, fs, path::Path};

use super::{
    coverage::{self, WRITTEN, table},
    policy,
    text::joined,
};
use crate::{
    spec::{Fact, Spec},
    spec_policy::PURPOSES,
    spec_store::Store,
};

pub(super) fn render(root: &Path, spec: &Spec, store: &Store) -> Result<String, String> {
    let folder = root.join("crates").join(&spec.provider.crate_name).join("src");
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (id, name) = (&spec.provider.id, &spec.provider.name);
    let mut out = format!(
        "{WRITTEN}# {name} (`{id}`)\n\nWhat is needed to begin. Each field, limit and code with its source is in \
         [coverage/{id}.md](../coverage/{id}.md).\n"
    );
    let named = |name: &str, error: String| format!("{}: {error}", folder.join(name).display());
    keys(&mut out, spec, &read("profile.rs")?).map_err(|error| named("profile.rs", error))?;
    policies(&mut out, spec, store.example_bucket());
    if folder.join("role.rs").exists() {
        role(&mut out, spec, &read("role.rs")?).map_err(|error| named("role.rs", error))?;
    }
    bucket(&mut out, spec, store);
    regions(&mut out, spec);
    limits(&mut out, spec);
    options(&mut out, spec, &read("options.rs")?).map_err(|error| named("options.rs", error))?;
    pitfalls(&mut out, spec);
    open(&mut out, spec);
    Ok(out)
}

/// Where keys are looked for.
fn keys(out: &mut String, spec: &Spec, source: &str) -> Result<(), String> {
    out.push_str(
        "\n## Keys\n\nThe first place that has keys counts: variables, then files, then what only an instance has.\n\n",
    );
    let names = spec
        .provider
        .environment
        .names
        .iter()
        .filter(|(_, names)| !names.is_empty());
    let rows = names.map(|(what, names)| [what.replace('_', " "), code(names.iter().map(String::as_str))]);
    table(out, "", ["variable for", "names, in their order"], rows);
    let chain = between(source, "CREDENTIAL_CHAIN: ChainSpec = ChainSpec {", "\n};")?;
    let files = between(chain, "    files: ", "\n    metadata: ")?;
    let paths: Vec<String> = quoted(files, "path: ")
        .into_iter()
        .map(|path| path.replace("{profile}", "PROFILE"))
        .collect();
    if paths.is_empty() {
        return Err("no path of a file in the chain".to_owned());
    }
    let _ = write!(
        out,
        "\nFiles of the vendor's own tools: {}",
        code(paths.iter().map(String::as_str))
    );
    let elsewhere = quoted(files, "path_names: ");
    if !elsewhere.is_empty() {
        let _ = write!(out, "; elsewhere by {}", code(elsewhere.into_iter()));
    }
    let _ = writeln!(
        out,
        ". `--account {}=PROFILE` names a profile{}.{}",
        spec.provider.id,
        match code(quoted(chain, "profile: ").into_iter()) {
            names if names.is_empty() => String::new(),
            names => format!(", as {names} does"),
        },
        if chain.contains("\n    metadata: None,") {
            ""
        } else {
            " `--instance-metadata` lets an instance's own keys be taken."
        }
    );
    Ok(())
}

/// What stands in quotes on the lines that begin so.
fn quoted<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(begin));
    lines.flat_map(|rest| rest.split('"').skip(1).step_by(2)).collect()
}

/// The least policies.
fn policies(out: &mut String, spec: &Spec, bucket: &str) {
    let id = &spec.provider.id;
    let _ = writeln!(
        out,
        "\n## Permissions\n\n`cloud-import policy {id} --bucket NAME` prints these for your bucket; `--for` chooses what for.\n"
    );
    for note in &spec.policy.notes {
        let _ = writeln!(out, "- {note}");
    }
    let wanted: [(&str, &[&str]); 3] = [
        ("To import a file: `--for import --for stage`", &["import", "stage"]),
        ("To import what is in a bucket: `--for import`", &["import"]),
        ("For everything: `--for all`", &PURPOSES),
    ];
    for (title, purposes) in wanted {
        let _ = writeln!(out, "\n### {title}");
        for document in policy::documents(spec, purposes, bucket) {
            let _ = writeln!(out, "\n```json\n{document}\n```");
        }
    }
}

/// The role by which the service reads the bucket, where it needs one.
fn role(out: &mut String, spec: &Spec, source: &str) -> Result<(), String> {
    let text = |name: &str| {
        let quoted = between(source, &format!("pub const {name}: &str = "), ";\n")?;
        Ok::<_, String>(quoted.trim_matches(['r', '#', '"']))
    };
    let _ = writeln!(
        out,
        "\n## Role\n\nThe service reads the bucket by the role `{}`. `cloud-import check --create-role --to {}` makes it; by hand, give a role \
         of that name this trust policy and the system policy `{}`, or one of your own:\n\n```json\n{}\n```\n\n```json\n{}\n```",
        text("IMPORT_ROLE")?,
        spec.provider.id,
        text("IMPORT_POLICY")?,
        text("TRUST_DOCUMENT")?,
        text("PERMISSION_DOCUMENT")?,
    );
    Ok(())
}

/// What a bucket has to be.
fn bucket(out: &mut String, spec: &Spec, store: &Store) {
    let number =
        |facts: &crate::spec_store::Facts, name: &str| facts.get(name).and_then(|fact| fact.value.as_integer());
    let text = |name: &str| {
        store
            .store
            .get(name)
            .and_then(|fact| fact.value.as_str())
            .unwrap_or_default()
    };
    let is = |name: &str| store.bucket_names.get(name).is_some_and(Fact::holds);
    let _ = writeln!(
        out,
        "\n## Bucket\n\n- It is in the region of the import, and of this account.\n- Its name has {} to {} lower-case letters, digits and hyphens{}.{}",
        number(&store.bucket_names, "shortest").unwrap_or_default(),
        number(&store.bucket_names, "longest").unwrap_or_default(),
        if is("dots") { ", and dots" } else { "" },
        if is("account_number") {
            " It ends in a hyphen and the account's number."
        } else {
            ""
        },
    );
    match (text("readable_class"), text("unreadable_class")) {
        ("", "") => {}
        ("", class) => {
            let _ = writeln!(out, "- An object of the class {class} cannot be imported.");
        }
        (class, _) => {
            let _ = writeln!(
                out,
                "- Its storage class is {class}: others cannot be imported quickly."
            );
        }
    }
    if !text("encryption_refused").is_empty() {
        out.push_str("- A bucket that encrypts its objects is refused.\n");
    }
    if let Some(bytes) = number(&store.store, "longest_key") {
        let _ = writeln!(out, "- A key has at most {bytes} bytes.");
    }
    let _ = writeln!(out, "- It is reached at `{}`.", text("host"));
    making(out, spec, store);
}

/// The command that makes a bucket, and what it sets of it and what not.
fn making(out: &mut String, spec: &Spec, store: &Store) {
    let fact = |name: &str| store.new_bucket.get(name);
    let text = |name: &str| fact(name).and_then(|fact| fact.value.as_str()).unwrap_or_default();
    let unverified = |name: &str| {
        if fact(name).is_some_and(|fact| fact.unverified) {
            " (unverified)"
        } else {
            ""
        }
    };
    let _ = writeln!(
        out,
        "- `cloud-import bucket create {}/{} --bucket {}` makes one: private, and marked by {}.",
        spec.provider.id,
        spec.provider.regions.default,
        store.example_bucket(),
        if fact("tagged").is_some_and(Fact::holds) {
            "a tag"
        } else {
            "an object in it"
        },
    );
    let _ = match text("not_expiring") {
        "" => writeln!(out, "  - Unfinished uploads expire in it."),
        why => writeln!(
            out,
            "  - No rule ends unfinished uploads in it: {why}{}.",
            unverified("not_expiring")
        ),
    };
    let _ = match text("encryption") {
        "" => writeln!(
            out,
            "  - It is not encrypted: {}{}.",
            text("not_encrypted"),
            unverified("not_encrypted")
        ),
        word => writeln!(
            out,
            "  - It encrypts with the store's own keys, {word}{}.",
            unverified("encryption")
        ),
    };
}

/// Regions and endpoints.
fn regions(out: &mut String, spec: &Spec) {
    let provider = &spec.provider;
    let _ = writeln!(
        out,
        "\n## Regions\n\nThe simulator and examples take `{}`. Any other can be named: the list only helps. `cloud-import regions {}` shows \
         it with endpoints.\n",
        provider.regions.default, provider.id
    );
    let rows = provider.regions.list.iter();
    table(
        out,
        "",
        ["region", "name", "note"],
        rows.map(|own| [format!("`{}`", own.id), own.name.clone(), own.note.clone()]),
    );
    let _ = writeln!(
        out,
        "\nThe API is reached at `{}`. Others:\n",
        provider.endpoints.default.host
    );
    for own in &provider.endpoints.others {
        let _ = writeln!(out, "- {}: `{}`. {}", own.name, own.host, own.note);
    }
}

fn limits(out: &mut String, spec: &Spec) {
    let rows = spec.provider.limits.iter().map(|limit| {
        let breaking = if limit.agreed {
            "refused"
        } else {
            "only a warning: sources differ"
        };
        [
            limit.field.replace('_', " "),
            coverage::rule(&limit.rule),
            breaking.to_owned(),
            limit.note.clone(),
        ]
    });
    table(out, "Limits", ["field", "rule", "else", "note"], rows);
}

/// What `--set` takes, by the comments of the crate.
fn options(out: &mut String, spec: &Spec, source: &str) -> Result<(), String> {
    let attributes = source.split("pub struct Options {").next().unwrap_or_default();
    let body = between(source, "pub struct Options {", "\n}")?;
    let mut rows = Vec::new();
    let (mut doc, mut renamed) = (Vec::new(), None);
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
        } else if let Some((_, rest)) = line.split_once("rename = \"") {
            renamed = rest.split('"').next();
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|rest| rest.split_once(':')) {
            let name = renamed.take().map_or_else(|| cased(name, attributes), str::to_owned);
            rows.push([
                format!("`--set {}.{name}=…`", spec.provider.id),
                unlinked(&doc.join(" ")),
            ]);
            doc.clear();
        }
    }
    if rows.is_empty() {
        return Err("no field of the options".to_owned());
    }
    table(out, "Options", ["option", "what it says"], rows.into_iter());
    Ok(())
}

/// A name in the case that the attributes of its struct ask for, which is that of the last.
fn cased(name: &str, attributes: &str) -> String {
    let case = attributes
        .rsplit("rename_all = \"")
        .next()
        .and_then(|rest| rest.split('"').next());
    let camel = super::text::camel(name);
    match case {
        Some("PascalCase") => camel,
        Some("camelCase") => camel[..1].to_lowercase() + &camel[1..],
        _ => name.to_owned(),
    }
}

/// A comment without its links.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("](") {
        let (_, after) = behind.split_once(')').unwrap_or_default();
        let at = before.rfind('[').unwrap_or(before.len());
        let _ = write!(out, "{}{}", &before[..at], before[at..].trim_start_matches('['));
        rest = after;
    }
    out + rest
}

/// What goes wrong, as far as documents say.
fn pitfalls(out: &mut String, spec: &Spec) {
    let provider = &spec.provider;
    out.push_str("\n## Pitfalls\n");
    if !provider.likely_causes.is_empty() {
        out.push_str("\nDocumented causes of an import that fails:\n\n");
    }
    for cause in &provider.likely_causes {
        let _ = writeln!(out, "- {cause}");
    }
    out.push_str("\nWhat the documents say beside:\n\n");
    let facts = provider.capabilities.iter().chain(&provider.after);
    for (name, fact) in facts.filter(|(_, fact)| !fact.note.is_empty() && !fact.unverified) {
        let _ = writeln!(out, "- {}: {}", name.replace('_', " "), fact.note);
    }
}

/// What no source settles.
fn open(out: &mut String, spec: &Spec) {
    out.push_str(
        "\n## Unverified\n\nNo source settles these; `cargo xtask live` tries some of them on an account of yours.\n\n",
    );
    coverage::unverified(spec, false)
        .iter()
        .for_each(|line| out.push_str(line));
    let rows = spec.policy.needed(&PURPOSES);
    let (open, settled): (Vec<_>, Vec<_>) = rows.partition(|row| row.unverified);
    let is_settled = |action: &&str| settled.iter().any(|row| row.actions.iter().any(|own| own == action));
    let actions = open.iter().flat_map(|row| &row.actions).map(String::as_str);
    let unknown = open.iter().filter(|row| row.actions.is_empty());
    let mut list = |what: &str, names: String| {
        if !names.is_empty() {
            let _ = writeln!(out, "- {what}: {names}");
        }
    };
    list("actions", code(actions.filter(|action| !is_settled(action))));
    list("no action known", code(unknown.map(|row| row.operation.as_str())));
}

/// `` `a`, `b` ``, each once.
fn code<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut seen = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    joined(seen.into_iter().map(|text| format!("`{text}`")))
}

/// What stands behind a beginning and before an end; never nothing.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Result<&'a str, String> {
    let body = text
        .split_once(begin)
        .and_then(|(_, rest)| rest.split_once(end))
        .map(|(body, _)| body)
        .ok_or_else(|| format!("no `{begin}`, or no `{}` behind it", end.trim()))?;
    if body.trim().is_empty() {
        return Err(format!("nothing behind `{begin}`"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_is_gone_or_empty_is_an_error() {
        assert_eq!(between("a{b}", "{", "}").unwrap(), "b");
        for gone in ["a", "a{b", "a}", "{}", "{ \n}"] {
            between(gone, "{", "}").unwrap_err();
        }
    }
}
