//! Renders wire types: open enums, structs with every field optional, calls and client methods.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{doc, literal};
use crate::spec::{Field, Operation, Spec};

pub(super) fn module(spec: &Spec) -> String {
    format!(
        "//! The API of {} in the vendor's words, and the facts known of it. Written by the generator; no behaviour here.\n\n\
         mod enums;\nmod errors;\nmod facts;\nmod operations;\nmod types;\n\n\
         pub use enums::*;\npub use errors::ERRORS;\npub use facts::*;\npub use types::*;\n",
        spec.provider.name
    )
}

pub(super) fn enums(spec: &Spec) -> String {
    let mut out = String::from("//! The vendor's words. Each enum keeps words that it does not know.\n\n");
    if !spec.api.enums.is_empty() {
        out.push_str("use cloud_import_core::open_enum;\n\n");
    }
    for own in &spec.api.enums {
        out.push_str("open_enum! {\n");
        out.push_str(&doc("    ", &own.doc));
        let _ = writeln!(out, "    pub enum {} {{", own.name);
        for value in &own.values {
            out.push_str(&doc("        ", &value.doc));
            let _ = writeln!(out, "        {} => {},", value.name, literal(&value.wire));
        }
        out.push_str("    }\n}\n\n");
    }
    out
}

pub(super) fn types(spec: &Spec) -> String {
    let mut body = String::new();
    for own in &spec.api.types {
        structure(&mut body, spec, &own.name, &own.doc, &own.fields, false);
    }
    let mut done = BTreeSet::new();
    for operation in &spec.api.operations {
        if done.insert(&operation.request) {
            let text = format!("Request of `{}`.\n\n{}", operation.name, operation.doc);
            structure(&mut body, spec, &operation.request, &text, &operation.fields, false);
        }
        if let Some(answer) = &operation.answer
            && done.insert(&operation.response)
        {
            let text = format!("Answer of `{}`, below the vendor's envelope.", operation.name);
            structure(
                &mut body,
                spec,
                &operation.response,
                &text,
                answer,
                operation.has_dry_run(),
            );
        }
    }
    let mut imports = vec!["Extra"];
    if body.contains("Flag>") {
        imports.push("Flag");
    }
    let link = if body.contains("Link>") { "Link, " } else { "" };
    let adapters = if body.contains("\"wire::") { "self, " } else { "" };
    let enums = if spec.api.enums.is_empty() {
        ""
    } else {
        "use super::enums::*;\n"
    };
    format!(
        "//! Requests, answers and what is in them. Every field is optional: empty is not absent. Fields that are not in the\n\
         //! documents read are kept in `extra`.\n\n\
         use cloud_import_core::{{{link}wire::{{{adapters}{}}}}};\nuse serde::{{Deserialize, Serialize}};\n\n{enums}\n{body}",
        imports.join(", ")
    )
}

fn structure(out: &mut String, spec: &Spec, name: &str, text: &str, fields: &[Field], dry_run: bool) {
    out.push_str(&doc("", text));
    out.push_str("#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]\n#[serde(default)]\n");
    let _ = writeln!(out, "pub struct {name} {{");
    for field in fields {
        structure_field(out, spec, field);
    }
    if dry_run {
        out.push_str(
            "    /// Set when this was a dry run that the vendor would have accepted, in whatever form it says so.\n",
        );
        out.push_str("    #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub dry_run: Option<bool>,\n");
    }
    out.push_str(
        "    /// Fields that are not in the documents read.\n    #[serde(flatten)]\n    pub extra: Extra,\n}\n\n",
    );
}

fn structure_field(out: &mut String, spec: &Spec, field: &Field) {
    out.push_str(&doc("    ", &field.doc));
    let mut notes = Vec::new();
    if field.required {
        notes.push("Required.".to_owned());
    }
    if !field.values.is_empty() {
        let values: Vec<String> = field.values.iter().map(|value| format!("`{value}`")).collect();
        notes.push(format!("One of {}.", values.join(", ")));
    }
    if field.unverified {
        notes.push("Unverified.".to_owned());
    }
    notes.push(format!("Source: {}.", spec.cite(&field.source)));
    let _ = writeln!(out, "    ///\n    /// {}", notes.join(" "));
    let mut attributes = Vec::new();
    let ident = ident(field);
    if ident.trim_start_matches("r#") != field.name {
        attributes.push(format!("rename = {}", literal(&field.name)));
    }
    attributes.extend(field.alias.iter().map(|alias| format!("alias = {}", literal(alias))));
    if let Some(accept) = &field.accept {
        attributes.push(format!("deserialize_with = \"wire::{accept}\""));
    }
    if field.kind == "link" {
        attributes.push("serialize_with = \"Link::serialize_exposed\"".to_owned());
    }
    attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
    let _ = writeln!(
        out,
        "    #[serde({})]\n    pub {ident}: Option<{}>,",
        attributes.join(", "),
        rust_type(&field.kind)
    );
}

fn rust_type(kind: &str) -> String {
    match kind {
        "string" => "String".to_owned(),
        "link" => "Link".to_owned(),
        "int" => "i64".to_owned(),
        "float" => "f64".to_owned(),
        "bool" => "bool".to_owned(),
        "flag" => "Flag".to_owned(),
        "json" => "serde_json::Value".to_owned(),
        list if list.starts_with('[') => format!("Vec<{}>", rust_type(list.trim_matches(['[', ']']))),
        own => own.to_owned(),
    }
}

/// The Rust name of a field: as renamed, else its wire name in snake case.
fn ident(field: &Field) -> String {
    let name = field.rename.clone().unwrap_or_else(|| snake_case(&field.name));
    match name.as_str() {
        "type" | "ref" | "use" | "move" | "match" | "loop" | "enum" | "in" | "final" => format!("r#{name}"),
        _ => name,
    }
}

fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.trim_start_matches('_').chars().collect();
    let mut out = String::new();
    for (index, c) in chars.iter().enumerate() {
        let begins_word = c.is_ascii_uppercase()
            && index > 0
            && (!chars[index - 1].is_ascii_uppercase() || chars.get(index + 1).is_some_and(char::is_ascii_lowercase));
        if begins_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(if *c == '-' { '_' } else { c.to_ascii_lowercase() });
    }
    out
}

pub(super) fn operations(spec: &Spec) -> String {
    let place = if spec
        .api
        .operations
        .iter()
        .any(|operation| !placed(operation).is_empty())
    {
        "Place, "
    } else {
        ""
    };
    let other = if spec.api.operations.iter().any(|operation| operation.host.is_some()) {
        "OtherApi, "
    } else {
        ""
    };
    let mut out = format!(
        "//! What each call is, and the client's method for it.\n\n\
         use cloud_import_core::{{Call, Operation, {other}{place}Repeat, Result, http::Method}};\n\n\
         use super::types::*;\nuse crate::Client;\n\n"
    );
    for operation in &spec.api.operations {
        let (method, path) = operation.http();
        let repeat = match operation.repeat.split_once(' ') {
            Some(("token", field)) => format!("Repeat::WithToken({})", literal(field)),
            _ if operation.repeat == "safe" => "Repeat::Safe".to_owned(),
            _ => "Repeat::Unsafe".to_owned(),
        };
        let api = match (&operation.host, &operation.version) {
            (Some(host), Some(version)) => format!(
                "    const API: Option<OtherApi> = Some(OtherApi {{\n        host: {},\n        version: {},\n    }});\n",
                literal(host),
                literal(version)
            ),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "impl Call for {} {{\n    type Answer = {};\n    const OPERATION: Operation = Operation {{\n        name: {},\n        \
             method: Method::{method},\n        path: {},\n        repeat: {repeat},\n        placed: &[{}],\n    }};\n{api}}}\n",
            operation.request,
            rust_type(&operation.response),
            literal(&operation.name),
            literal(path),
            placed(operation)
        );
    }
    out.push_str("impl Client {\n");
    for operation in &spec.api.operations {
        out.push_str(&doc("    ", &operation.doc));
        let repeat = match operation.repeat.split_once(' ') {
            Some(("token", field)) => format!("Sent again by itself only with `{field}` set."),
            _ if operation.repeat == "safe" => "Sent again by itself when it fails for a passing reason.".to_owned(),
            _ => "Never sent again once it may have been executed.".to_owned(),
        };
        let at = operation
            .host
            .as_deref()
            .map_or(String::new(), |host| format!(" at `{host}`"));
        let _ = writeln!(
            out,
            "    ///\n    /// `{}`{at}. {repeat} Source: {}.\n    ///\n    /// # Errors\n    /// What the vendor refuses, and every way in which a request can fail.\n    \
             pub async fn {}(&self, request: &{}) -> Result<{}> {{\n        self.call(request).await\n    }}\n",
            operation.http,
            spec.cite(&operation.source),
            operation.method_name,
            operation.request,
            rust_type(&operation.response)
        );
    }
    out.push_str("}\n");
    out
}

fn placed(operation: &Operation) -> String {
    let rows = operation
        .fields
        .iter()
        .filter_map(|field| match field.place.as_deref() {
            Some("body") => Some(format!("({}, Place::Body)", literal(&field.name))),
            Some("whole_body") => Some(format!("({}, Place::WholeBody)", literal(&field.name))),
            Some("query") => Some(format!("({}, Place::Query)", literal(&field.name))),
            _ => None,
        });
    rows.collect::<Vec<_>>().join(", ")
}
