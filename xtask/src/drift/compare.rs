//! Differences between facts, a row each. Which of them are wanted is not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Codes, Field, Fields, Lock, Operation, Operations};
use crate::spec::Spec;

/// One difference. It is the same whichever source tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) operation: String,
    /// `http`, `request`, `response`, `errors`, or `operation`.
    pub(crate) side: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) path: String,
    pub(crate) detail: String,
    pub(crate) sources: BTreeSet<String>,
}

impl Row {
    /// What an acceptance must say: the words of the line, without mark, cloud and sources.
    pub(crate) fn exact(&self) -> String {
        let columns = [self.operation.as_str(), self.side, self.kind, &self.path, &self.detail];
        columns.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A line for people; the sources and their versions stand in parentheses.
    pub(crate) fn line(&self, mark: &str, cloud: &str, lock: &Lock) -> String {
        let sources = self.sources.iter().map(|name| format!("{name} {}", lock.version(name)));
        let sources = sources.collect::<Vec<_>>().join(", ");
        let sources = if sources.is_empty() {
            sources
        } else {
            format!("  ({sources})")
        };
        let Self {
            operation,
            side,
            kind,
            path,
            detail,
            ..
        } = self;
        format!("{mark:<6} {cloud:<8} {operation:<22} {side:<9} {kind:<10} {path:<28} {detail}{sources}")
            .trim_end()
            .to_owned()
    }
}

/// Rows, one per difference, with the sources that tell it.
#[derive(Default)]
struct Rows(BTreeMap<(String, &'static str, &'static str, String, String), BTreeSet<String>>);

impl Rows {
    fn add(&mut self, at: (&str, &'static str), kind: &'static str, path: &str, detail: String, source: &str) {
        let key = (at.0.to_owned(), at.1, kind, path.to_owned(), detail);
        let sources = self.0.entry(key).or_default();
        if !source.is_empty() {
            sources.insert(source.to_owned());
        }
    }

    fn into_rows(self) -> Vec<Row> {
        let row = |((operation, side, kind, path, detail), sources)| Row {
            operation,
            side,
            kind,
            path,
            detail,
            sources,
        };
        self.0.into_iter().map(row).collect()
    }
}

/// Our spec against every source.
pub(crate) fn spec_with(ours: &Operations, lock: &Lock) -> Vec<Row> {
    let mut rows = Rows::default();
    // Several of our answers share a type: a field that the vendor has in one of them is no mistake in the others.
    let answers = lock
        .facts
        .values()
        .flat_map(Operations::values)
        .flat_map(|own| own.response.keys());
    let answered: BTreeSet<&str> = answers.map(|path| leaf(path)).collect();
    for (key, own) in ours {
        let name = key.split(' ').next().unwrap_or_default();
        let told: Vec<(&str, &Operation)> = lock
            .facts
            .iter()
            .filter_map(|(source, all)| Some((source.as_str(), all.get(name)?)))
            .collect();
        if told.is_empty() {
            rows.add((key, "operation"), "unknown", "", "in no source".to_owned(), "");
        }
        for (source, theirs) in &told {
            if plain(&own.http) != plain(&theirs.http) {
                rows.add(
                    (key, "http"),
                    "path",
                    "",
                    format!("ours {}, theirs {}", own.http, theirs.http),
                    source,
                );
            }
        }
        let request: Vec<_> = told.iter().map(|(source, theirs)| (*source, &theirs.request)).collect();
        side(&mut rows, (key, "request"), &own.request, &request, &BTreeSet::new());
        let response: Vec<_> = told
            .iter()
            .map(|(source, theirs)| (*source, &theirs.response))
            .collect();
        side(&mut rows, (key, "response"), &own.response, &response, &answered);
    }
    rows.into_rows()
}

/// A path without the names of its parameters.
fn plain(http: &str) -> String {
    let parts = http.split('/').map(|part| match (part.find('{'), part.rfind('}')) {
        (Some(begin), Some(end)) => format!("{}{{}}{}", &part[..begin], &part[end + 1..]),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// One side of an operation against what each source says of it. A source without any field says nothing of that side.
fn side(
    rows: &mut Rows,
    at: (&str, &'static str),
    ours: &Fields,
    told: &[(&str, &Fields)],
    elsewhere: &BTreeSet<&str>,
) {
    let body = ours
        .iter()
        .find(|(_, field)| field.own.whole_body)
        .map(|(path, _)| path.as_str());
    let renamed = |path: &str| match body {
        Some(body) => path.replace("[body]", body),
        None => path.to_owned(),
    };
    let told: Vec<(&str, Fields)> = told
        .iter()
        .filter(|(_, theirs)| !theirs.is_empty())
        .map(|(source, theirs)| {
            (
                *source,
                theirs
                    .iter()
                    .map(|(path, field)| (renamed(path), field.clone()))
                    .collect(),
            )
        })
        .collect();
    let alias = |path: &str| {
        ours.values()
            .any(|field| field.own.alias.iter().any(|name| name == path))
    };
    let typed = |path: &str| {
        told.iter()
            .any(|(_, theirs)| theirs.get(path).is_some_and(|field| field.kind != "json"))
    };
    for (source, theirs) in &told {
        for (path, field) in theirs {
            let vague = field.kind == "json" && typed(path);
            match ours.get(path) {
                Some(own) => one(rows, at, path, own, field, source),
                None if vague || alias(path) || opaque(ours, path) || below_missing(ours, path, theirs) => {}
                None => {
                    let told = if at.1 == "request" {
                        shown(field)
                    } else {
                        field.kind.clone()
                    };
                    rows.add(at, "missing", path, format!("theirs {told}"), source);
                }
            }
        }
    }
    for (path, own) in ours {
        let known = told.iter().any(|(_, theirs)| theirs.contains_key(path));
        let above = told.iter().all(|(_, theirs)| below_missing(theirs, path, ours));
        if !told.is_empty() && !known && !above && !elsewhere.contains(leaf(path)) {
            rows.add(at, "unknown", path, format!("ours {}", shown(own)), "");
        }
    }
}

/// The last name of a path.
fn leaf(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The path of the structure that a field is in.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.')
        .map(|(parent, _)| parent.trim_end_matches("[]"))
        .filter(|parent| !parent.is_empty())
}

/// Whether we keep the structure around it as it comes.
fn opaque(ours: &Fields, path: &str) -> bool {
    parent(path).is_some_and(|parent| ours.get(parent).is_some_and(|field| field.own.opaque))
}

/// Whether the structure around it is missing too, so that one row tells both.
fn below_missing(fields: &Fields, path: &str, others: &Fields) -> bool {
    parent(path).is_some_and(|parent| !fields.contains_key(parent) && others.contains_key(parent))
}

/// A field that both sides have.
fn one(rows: &mut Rows, at: (&str, &'static str), path: &str, own: &Field, theirs: &Field, source: &str) {
    if !same_type(own, &theirs.kind) {
        let accept = own
            .own
            .accept
            .as_ref()
            .map(|accept| format!(" ({accept})"))
            .unwrap_or_default();
        rows.add(
            at,
            "type",
            path,
            format!("ours {}{accept}, theirs {}", own.kind, theirs.kind),
            source,
        );
    }
    if own.own.unverified {
        rows.add(
            at,
            "settled",
            path,
            "unverified in ours, and the vendor has it".to_owned(),
            source,
        );
    }
    if own.kind != "bool" && !own.values.is_empty() && !theirs.values.is_empty() {
        for value in theirs.values.difference(&own.values) {
            rows.add(at, "no value", path, format!("theirs {value}"), source);
        }
        for value in own.values.difference(&theirs.values) {
            rows.add(at, "odd value", path, format!("ours {value}"), source);
        }
    }
    if at.1 != "request" {
        return;
    }
    if let Some(required) = theirs.required.filter(|required| own.required != Some(*required)) {
        let word = if required { "theirs required" } else { "ours required" };
        rows.add(at, "required", path, word.to_owned(), source);
    }
    let doc = own.doc.replace(',', "");
    for (name, limit) in &theirs.limits {
        let told = limit.to_string();
        let is_no_limit = told == "0" || limit.as_i64().is_some_and(|limit| limit >= i64::from(i32::MAX));
        if !is_no_limit && !numbers(&doc).contains(told.as_str()) {
            rows.add(at, "limit", path, format!("theirs {name} {told}"), source);
        }
    }
}

fn numbers(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_digit()).collect()
}

fn same_type(own: &Field, theirs: &str) -> bool {
    let also: &[&str] = match own.own.accept.as_deref() {
        Some("string_or_number" | "number_or_string") => &["string", "int", "float"],
        Some("bool_or_string") => &["string", "bool"],
        Some("list") => &["list", "object"],
        _ => &[],
    };
    own.kind == theirs || own.kind == "json" || theirs == "json" || also.contains(&theirs)
}

/// Type, whether it is required, and limits.
fn shown(field: &Field) -> String {
    let required = if field.required == Some(true) { " required" } else { "" };
    let limits: String = field
        .limits
        .iter()
        .map(|(name, limit)| format!(" {name} {limit}"))
        .collect();
    format!("{}{required}{limits}", field.kind)
}

/// Our rows of error codes against the published table: a code without a row, and a row for an operation that does not have
/// the code.
pub(crate) fn codes(spec: &Spec, published: &Codes) -> Vec<Row> {
    let mut rows = Rows::default();
    for (code, told) in &published.codes {
        let has_row = spec.errors.iter().any(|row| {
            let behind = code.strip_prefix(&row.code).filter(|_| row.prefix);
            row.code == *code || behind.is_some_and(|rest| rest.contains(&row.containing))
        });
        let ours = spec
            .api
            .operations
            .iter()
            .map(|own| own.name.as_str())
            .filter(|name| told.operations.contains(*name));
        for name in ours.filter(|_| !has_row) {
            rows.add((name, "errors"), "no rule", code, String::new(), "");
        }
    }
    for row in spec.errors.iter().filter(|row| !row.unverified) {
        let Some(told) = published
            .codes
            .get(&row.code)
            .filter(|told| !told.operations.is_empty())
        else {
            continue;
        };
        for name in row.operations.iter().filter(|name| !told.operations.contains(*name)) {
            rows.add((name, "errors"), "not listed", &row.code, String::new(), "");
        }
    }
    rows.into_rows()
}

/// What a source says now against what is locked of it.
pub(crate) fn lock_with(source: &str, locked: &Operations, newest: &Operations) -> Vec<Row> {
    let mut rows = Rows::default();
    let nothing = Operation::default();
    for name in locked.keys().chain(newest.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (
            locked.get(name).unwrap_or(&nothing),
            newest.get(name).unwrap_or(&nothing),
        );
        if old.http != new.http {
            rows.add(
                (name, "http"),
                "changed",
                "",
                format!("{} → {}", old.http, new.http),
                source,
            );
        }
        for (side, old, new) in [
            ("request", &old.request, &new.request),
            ("response", &old.response, &new.response),
        ] {
            for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                let (kind, detail) = match (old.get(path), new.get(path)) {
                    (None, Some(new)) => ("new", shown(new)),
                    (Some(old), None) => ("gone", shown(old)),
                    (Some(old), Some(new)) if told(old) != told(new) => {
                        ("changed", format!("{} → {}", told(old), told(new)))
                    }
                    (Some(old), Some(new)) if old.doc != new.doc => ("reworded", format!("{} → {}", old.doc, new.doc)),
                    _ => continue,
                };
                rows.add((name, side), kind, path, detail, source);
            }
        }
    }
    rows.into_rows()
}

/// All of a field but its prose.
fn told(field: &Field) -> String {
    let values: Vec<&str> = field.values.iter().map(String::as_str).collect();
    let values = if values.is_empty() {
        String::new()
    } else {
        format!(" of {}", values.join(" "))
    };
    format!("{}{values}", shown(field))
}
