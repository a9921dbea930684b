//! A policy as text, in a vendor's grammar. Pure, and of the standard library alone: the generator of the documentation has it, too.

use std::collections::{BTreeMap, BTreeSet};

/// Stands for everything.
const ALL: &str = "*";

/// How a vendor writes policies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grammar<'a> {
    /// Its words for version, statement, effect, that it allows, action and resource.
    pub(crate) words: [&'a str; 6],
    /// The version of its grammar.
    pub(crate) version: &'a str,
    /// Services whose actions stand in a policy of their own.
    pub(crate) apart: &'a [&'a str],
    /// A statement for everything names no resource.
    pub(crate) no_resource: bool,
    /// What stands for every region.
    pub(crate) any_region: &'a str,
}

/// The bucket that a policy is for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    pub(crate) bucket: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
}

impl Grammar<'_> {
    /// A resource in its words; everything, where what it is about is not known.
    pub(crate) fn resource(&self, pattern: &str, place: Place<'_>) -> String {
        let bucket = place.bucket.unwrap_or_default();
        if pattern.contains("{bucket}") && bucket.is_empty() {
            return ALL.to_owned();
        }
        // The account's number ends the name of a bucket, where the pattern asks for it.
        let account = bucket.rsplit('-').next().unwrap_or_default();
        pattern
            .replace("{bucket}", bucket)
            .replace("{region}", place.region.unwrap_or(self.any_region))
            .replace("{account}", account)
    }

    /// The policies that allow each of these actions on its resources: one, or two where services stand apart. Statements and actions
    /// are sorted, and each action is there once for its resources.
    pub(crate) fn documents<'a>(&self, allowed: impl IntoIterator<Item = (&'a str, Vec<String>)>) -> Vec<String> {
        let mut documents: [BTreeMap<Vec<String>, BTreeSet<&str>>; 2] = Default::default();
        for (action, resources) in allowed {
            let service = action.split(':').next().unwrap_or_default();
            let resources: BTreeSet<String> = match resources.iter().any(|resource| resource == ALL) {
                true => BTreeSet::new(),
                false => resources.into_iter().collect(),
            };
            documents[usize::from(self.apart.contains(&service))]
                .entry(resources.into_iter().collect())
                .or_default()
                .insert(action);
        }
        let written = documents.iter().filter(|statements| !statements.is_empty());
        written.map(|statements| self.document(statements)).collect()
    }

    fn document(&self, statements: &BTreeMap<Vec<String>, BTreeSet<&str>>) -> String {
        let [version, statement, ..] = self.words;
        let statements: Vec<String> = statements
            .iter()
            .map(|(resources, actions)| self.statement(actions, resources))
            .collect();
        format!(
            "{{\n  \"{version}\": \"{}\",\n  \"{statement}\": [\n{}\n  ]\n}}",
            self.version,
            statements.join(",\n")
        )
    }

    fn statement(&self, actions: &BTreeSet<&str>, resources: &[String]) -> String {
        let [_, _, effect, allow, action, resource] = self.words;
        let resources = match resources {
            [] if self.no_resource => String::new(),
            [] => format!(",\n      \"{resource}\": [\"{ALL}\"]"),
            named => format!(",\n      \"{resource}\": [\n{}\n      ]", lines(named.iter())),
        };
        format!(
            "    {{\n      \"{effect}\": \"{allow}\",\n      \"{action}\": [\n{}\n      ]{resources}\n    }}",
            lines(actions.iter())
        )
    }
}

fn lines(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let lines: Vec<String> = texts.map(|text| format!("        {}", quoted(text.as_ref()))).collect();
    lines.join(",\n")
}

/// A text as JSON has it: a bucket or a region may be anybody's.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if u32::from(c) < 0x20 => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
