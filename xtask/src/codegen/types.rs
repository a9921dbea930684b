//! Renders wire types: open enums, and structs with every field optional.

use std::{collections::BTreeSet, fmt::Write as _};

use super::text::{doc, header, joined, keys, literal, snake};
use crate::spec::{Field, Operation, Spec};

const DRY_RUN: &str =
    "    /// Set when this was a dry run that the vendor would have accepted, in whatever form it says so.
    #[serde(skip_serializing_if = \"Option::is_none\")]
    pub dry_run: Option<bool>,
";

pub(super) fn render(spec: &Spec) -> Result<String, String> {
    let mut out = format!(
        "{}{}\nuse cloud_import_core::__generated::*;\n",
        header(spec),
        about(spec)
    );
    for own in &spec.api.enums {
        let _ = write!(
            out,
            "\nopen_enum! {{\n{}    pub enum {} {{\n",
            doc("    ", &own.doc),
            own.name
        );
        for value in &own.values {
            let (text, wire) = (doc("        ", &value.doc), literal(&value.wire));
            let _ = writeln!(out, "{text}        {} => {wire},", value.name);
        }
        out.push_str("    }\n}\n");
    }
    let answered = spec.answered();
    for own in &spec.api.types {
        let of = if answered.contains(own.name.as_str()) {
            Part::Answer
        } else {
            Part::Request
        };
        out.push_str(&structure(spec, &own.name, &own.doc, &own.fields, of)?);
    }
    let mut done = BTreeSet::new();
    for operation in &spec.api.operations {
        let Operation {
            name,
            request,
            response,
            ..
        } = operation;
        if done.insert(request) {
            let text = format!("Request of `{name}`.\n\n{}", operation.doc);
            out.push_str(&structure(spec, request, &text, &operation.fields, Part::Request)?);
        }
        if let Some(answer) = operation.answer.as_ref().filter(|_| done.insert(response)) {
            let text = format!("Answer of `{name}`, below the vendor's envelope.");
            let of = if operation.has_dry_run() {
                Part::AnswerOfDryRun
            } else {
                Part::Answer
            };
            out.push_str(&structure(spec, response, &text, answer, of)?);
        }
    }
    Ok(out)
}

/// The module's own documentation: how the types are used, and where what is known of them was read.
fn about(spec: &Spec) -> String {
    let mut out = format!(
        "//! Requests and answers of {}, and what is in them, in the vendor's words.\n//!\n\
         //! Every field is optional: empty is not absent. Fields that are not in the documents read are kept in `extra`. A field of\n\
         //! an answer that is only shown is absent where it has another form than documented. The types are open to new fields: take a\n\
         //! `default()` and set what is to be sent.\n//!\n",
        spec.provider.name
    );
    let mut operations = spec.api.operations.iter();
    let is_text = |field: &&Field| field.required && field.kind == "string";
    if let Some((operation, field)) = operations.find_map(|own| Some((own, own.fields.iter().find(is_text)?))) {
        let (module, request) = (spec.provider.crate_name.replace('-', "_"), &operation.request);
        let _ = write!(
            out,
            "//! ```\n//! use {module}::types::{request};\n//!\n//! let mut request = {request}::default();\n\
             //! request.{} = Some(\"…\".to_owned());\n//! ```\n//!\n",
            ident(field)
        );
    }
    out.push_str("//! # Sources\n//! Words in brackets at the end of a description say where it was read:\n//!\n//! | | source |\n//! |---|---|\n");
    for (key, source) in &spec.provider.sources {
        let _ = writeln!(out, "//! | {key} | {} |", source.shown());
    }
    out
}

/// What a type is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Request,
    Answer,
    AnswerOfDryRun,
}

fn structure(spec: &Spec, name: &str, text: &str, fields: &[Field], of: Part) -> Result<String, String> {
    let has_values = fields.iter().any(|field| field.default.is_some());
    let default = if has_values { "" } else { "Default, " };
    let fields_text: String = fields.iter().map(|field| structure_field(field, of)).collect();
    let dry_run = if of == Part::AnswerOfDryRun { DRY_RUN } else { "" };
    let mut out = format!(
        "\n{}#[derive(Debug, Clone, PartialEq, {default}Serialize, Deserialize)]\n#[serde(default)]\n#[non_exhaustive]\n\
         pub struct {name} {{\n{fields_text}{dry_run}    /// Fields that are not in the documents read.\n    #[serde(flatten)]\n    pub extra: Extra,\n}}\n",
        doc("", text)
    );
    if has_values {
        let _ = write!(
            out,
            "\nimpl Default for {name} {{\n    /// What can only have one value has it.\n    fn default() -> Self {{\n        Self {{\n"
        );
        for field in fields {
            let _ = writeln!(out, "            {}: {},", ident(field), default_value(spec, field)?);
        }
        out.push_str("            extra: Extra::default(),\n        }\n    }\n}\n");
    }
    Ok(out)
}

fn structure_field(field: &Field, of: Part) -> String {
    let mut text = field.doc.clone();
    if field.required {
        text.push_str(" Required.");
    }
    if !field.values.is_empty() {
        let values = field.values.iter().map(|value| format!("`{value}`"));
        let _ = write!(text, " One of {}.", joined(values));
    }
    let unverified = if field.unverified { "; unverified" } else { "" };
    let _ = write!(text, " ({}{unverified})", keys(&field.source));
    let ident = ident(field);
    let is_renamed = ident.trim_start_matches("r#") != field.name;
    let rename = is_renamed.then(|| format!("rename = {}, ", literal(&field.name)));
    let alias = field.alias.iter().map(|alias| format!("alias = {}, ", literal(alias)));
    let is_only_shown = of != Part::Request && !field.decides;
    let read = match (&field.accept, is_only_shown) {
        (Some(accept), false) => Some(accept.clone()),
        (None, false) => None,
        (accept, true) => Some(format!("shown::{}", accept.as_deref().unwrap_or("plain"))),
    };
    let read = read.iter().map(|read| format!("deserialize_with = \"wire::{read}\", "));
    let mut attributes: String = rename.into_iter().chain(alias).chain(read).collect();
    if field.kind == "link" {
        attributes.push_str("serialize_with = \"Link::serialize_exposed\", ");
    }
    format!(
        "{}    #[serde({attributes}skip_serializing_if = \"Option::is_none\")]\n    pub {ident}: Option<{}>,\n",
        doc("    ", &text),
        rust_type(&field.kind)
    )
}

fn default_value(spec: &Spec, field: &Field) -> Result<String, String> {
    let Some(word) = &field.default else {
        return Ok("None".to_owned());
    };
    let of_enum = spec.api.enums.iter().find(|own| own.name == field.kind);
    let value = of_enum.and_then(|own| own.values.iter().find(|value| value.wire == *word));
    match (field.kind.as_str(), value) {
        (kind, Some(value)) => Ok(format!("Some({kind}::{})", value.name)),
        ("flag", _) if word == "true" => Ok("Some(Flag::Bool(true))".to_owned()),
        _ => Err(format!(
            "{}: `default` is a word of an enum, or `true` for a flag",
            field.name
        )),
    }
}

/// A type as Rust writes it.
pub(super) fn rust_type(kind: &str) -> String {
    match kind {
        "string" => "String".to_owned(),
        "int" => "i64".to_owned(),
        "float" => "f64".to_owned(),
        "bool" => "bool".to_owned(),
        "json" => "serde_json::Value".to_owned(),
        "flag" => "Flag".to_owned(),
        "link" => "Link".to_owned(),
        list if list.starts_with('[') => format!("Vec<{}>", rust_type(list.trim_matches(['[', ']']))),
        own => own.to_owned(),
    }
}

/// The Rust name of a field: as renamed, else its wire name in snake case.
pub(super) fn ident(field: &Field) -> String {
    let name = field.rename.clone().unwrap_or_else(|| snake(&field.name));
    match name.as_str() {
        "type" | "ref" | "use" | "move" | "match" | "loop" | "enum" | "in" | "final" => format!("r#{name}"),
        _ => name,
    }
}
