//! Renders what keys must be allowed, and the policy itself for the documentation.

use std::fmt::Write as _;

use super::text::{Sources, camel, header, joined, literal, literals};
use crate::spec::Spec;

// The text of a policy is made in one place, for the command and for the pages.
#[path = "../../../crates/cloud-import-core/src/model/policy/document.rs"]
mod document;

use document::{Grammar, Place};

pub(super) fn render(spec: &Spec) -> String {
    let mut sources = Sources::new(spec);
    let policy = &spec.policy;
    let words = joined(policy.words().into_iter().map(literal));
    let version = literal(policy.text("version").unwrap_or_default());
    let mut body = format!(
        "/// What keys must be allowed to do, by operation.\npub static POLICY: Policy = Policy::new([{words}], {version})\n"
    );
    if !policy.apart().is_empty() {
        let _ = writeln!(
            body,
            "    .apart(&[{}])",
            joined(policy.apart().into_iter().map(literal))
        );
    }
    if policy.has_no_resource() {
        body.push_str("    .no_resource(true)\n");
    }
    if let Some(any) = policy.text("any_region") {
        let _ = writeln!(body, "    .any_region({})", literal(any));
    }
    body.push_str("    .resources(&[\n");
    for (name, fact) in &policy.resources {
        let mark = if fact.unverified { "; unverified" } else { "" };
        let pattern = literal(fact.value.as_str().unwrap_or_default());
        let _ = writeln!(body, "        ({}, {pattern}), // {}{mark}", literal(name), fact.source);
    }
    body.push_str("    ])\n    .permissions(&[\n");
    for row in &policy.permissions {
        let (operation, actions, source) = (
            literal(&row.operation),
            literals(&row.actions),
            sources.name(&row.source),
        );
        let _ = write!(body, "        Permission::new({operation}, {actions}, {source})");
        if !row.on.is_empty() {
            let _ = write!(body, ".on({})", literals(&row.on));
        }
        if !row.purposes.is_empty() {
            let purposes = joined(row.purposes.iter().map(|word| format!("Purpose::{}", camel(word))));
            let _ = write!(body, ".purposes(&[{purposes}])");
        }
        if row.unverified {
            body.push_str(".unverified()");
        }
        if !row.note.is_empty() {
            let _ = write!(body, ".note({})", literal(&row.note));
        }
        body.push_str(",\n");
    }
    body.push_str("    ])\n    .notes(&[\n");
    for note in &policy.notes {
        let _ = writeln!(body, "        {},", literal(note));
    }
    body.push_str("    ]);\n");
    format!(
        "{}//! What keys of {} must be allowed to do.\n\nuse cloud_import_core::provider::policy::{{Permission, Policy, Purpose}};\n\n{}\n{body}",
        header(spec),
        spec.provider.name,
        sources.constants()
    )
}

/// The policies for these purposes, as the command prints them.
pub(super) fn documents(spec: &Spec, purposes: &[&str], bucket: &str) -> Vec<String> {
    let policy = &spec.policy;
    let words: [&str; 6] = std::array::from_fn(|index| policy.words().get(index).copied().unwrap_or_default());
    let grammar = Grammar {
        words,
        version: policy.text("version").unwrap_or_default(),
        apart: &policy.apart(),
        no_resource: policy.has_no_resource(),
        any_region: policy.text("any_region").unwrap_or("*"),
    };
    let place = Place {
        bucket: Some(bucket),
        region: None,
    };
    let allowed = policy.needed(purposes).flat_map(|row| {
        let patterns = row
            .on
            .iter()
            .filter_map(|name| policy.resources.get(name)?.value.as_str());
        let resources: Vec<String> = patterns.map(|pattern| grammar.resource(pattern, place)).collect();
        row.actions
            .iter()
            .map(move |action| (action.as_str(), resources.clone()))
    });
    grammar.documents(allowed)
}
