//! Renders calls, the client's methods for them, and lists as pages.

use std::fmt::Write as _;

use super::{
    text::{camel, doc, header, joined, keys, literal},
    types::{ident, rust_type},
};
use crate::spec::{Field, Operation, Pages, Position, Spec};

pub(super) fn render(spec: &Spec) -> Result<String, String> {
    let (mut calls, mut methods) = (String::new(), String::new());
    for operation in &spec.api.operations {
        call(&mut calls, operation);
        method(&mut methods, operation);
        if let Some(pages) = &operation.pages {
            paged(&mut calls, spec, operation, pages)?;
            let (name, request, per_page) = (&operation.method_name, &operation.request, pages.per_page);
            let _ = write!(
                methods,
                "\n    /// All pages of [`{name}`](Self::{name}), each asked for when it is wanted: {per_page} items each, unless the request\n    \
                 /// says how many.\n    \
                 pub fn {name}_pages(&self, request: {request}) -> Pages<{request}> {{\n        Pages::new(self.clone(), request, {per_page})\n    }}\n"
            );
        }
    }
    Ok(format!(
        "{}//! What each call is, and the client's methods for it.\n\nuse cloud_import_core::__generated::*;\n\n\
         use super::types::*;\nuse crate::Client;\n{calls}\nimpl Client {{\n{}}}\n",
        header(spec),
        methods.trim_start_matches('\n')
    ))
}

fn call(out: &mut String, operation: &Operation) {
    let (method, path) = operation.http();
    let repeat = match operation.repeat.split_once(' ') {
        Some((_, field)) => format!("WithToken({})", literal(field)),
        None => camel(&operation.repeat),
    };
    let pairs = |of: fn(&Field) -> Option<&String>, kind: &str| {
        let rows = operation.fields.iter().filter_map(|field| {
            let word = of(field).filter(|word| *word != "path")?;
            Some(format!("({}, {kind}::{})", literal(&field.name), camel(word)))
        });
        joined(rows)
    };
    let _ = write!(
        out,
        "\nimpl Call for {} {{\n    type Answer = {};\n    const OPERATION: Operation = Operation::new({}, Method::{method}, {}, Repeat::{repeat}, &[{}]);\n",
        operation.request,
        rust_type(&operation.response),
        literal(&operation.name),
        literal(path),
        pairs(|field| field.place.as_ref(), "Placement")
    );
    if let (Some(host), Some(version)) = (&operation.host, &operation.version) {
        let service = literal(operation.service.as_deref().unwrap_or_default());
        let (host, version) = (literal(host), literal(version));
        let other = format!("OtherApi {{ host: {host}, version: {version}, service: {service} }}");
        let _ = writeln!(out, "    const API: Option<OtherApi> = Some({other});");
    }
    let fills = pairs(|field| field.fill.as_ref(), "Fill");
    if !fills.is_empty() {
        let _ = writeln!(out, "    const FILLS: &'static [(&'static str, Fill)] = &[{fills}];");
    }
    out.push_str("}\n");
}

fn method(out: &mut String, operation: &Operation) {
    let repeat = match operation.repeat.split_once(' ') {
        Some((_, field)) => format!("Sent again by itself only with `{field}` set."),
        None if operation.repeat == "safe" => "Sent again by itself when it fails for a passing reason.".to_owned(),
        None => "Never sent again once it may have been executed.".to_owned(),
    };
    let at = operation
        .host
        .as_deref()
        .map_or(String::new(), |host| format!(" at `{host}`"));
    let _ = write!(
        out,
        "\n{}    ///\n    /// `{}`{at}. {repeat} ([{}](crate::types#sources))\n    ///\n    /// # Errors\n    \
         /// What the vendor refuses, with its code, which [`ERRORS`](crate::ERRORS) explains; and what fails on the way.\n    \
         pub async fn {}(&self, request: &{}) -> Result<{}> {{\n        Ok(self.call(request).await?.value)\n    }}\n",
        doc("    ", &operation.doc),
        operation.http,
        keys(&operation.source),
        operation.method_name,
        operation.request,
        rust_type(&operation.response)
    );
}

/// How a list goes on.
fn paged(out: &mut String, spec: &Spec, operation: &Operation, pages: &Pages) -> Result<(), String> {
    let find = |fields: &[Field], name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        let found = field.map(|field| (ident(field), field.kind.trim_matches(['[', ']']).to_owned()));
        found.ok_or_else(|| format!("{}: pages: no field `{name}`", operation.name))
    };
    let of_type = |kind: &str, name: &str| {
        let own = spec.api.types.iter().find(|own| own.name == kind);
        find(own.map_or(&[], |own| own.fields.as_slice()), name)
    };
    let answer = operation.answer.as_deref().unwrap_or_default();
    let (items, item) = find(answer, &pages.items)?;
    let (kind, field) = match &pages.position {
        Position::Number(field) => ("Number", field),
        Position::Offset(field) => ("Offset", field),
        Position::Marker(field) => ("Marker", field),
    };
    let page = match (&pages.total, &pages.id, &pages.next) {
        (Some(total), None, None) => format!("Page::of(answer.{items}, answer.{})", find(answer, total)?.0),
        (None, Some(id), Some(next)) => {
            let (first, deeper) = next.split_once('.').unwrap_or((next, ""));
            let (mut next, kind) = find(answer, first)?;
            if !deeper.is_empty() {
                let _ = write!(next, ".and_then(|it| it.{})", of_type(&kind, deeper)?.0);
            }
            let id = of_type(&item, id)?.0;
            format!("Page::before(answer.{items}, |it| it.{id}.clone(), answer.{next}.is_some())")
        }
        _ => return Err(format!("{}: pages: `total`, or `id` and `next`", operation.name)),
    };
    let (position, size) = (
        find(&operation.fields, field)?.0,
        find(&operation.fields, &pages.size)?.0,
    );
    let (request, response) = (&operation.request, &operation.response);
    let _ = write!(
        out,
        "\nimpl Paged for {request} {{\n    type Client = Client;\n    type Item = {item};\n\n    \
         async fn send(&self, client: &Client) -> Result<{response}> {{\n        Ok(client.call(self).await?.value)\n    }}\n\n    \
         fn place(&mut self) -> (Position<'_>, &mut Option<i64>) {{\n        (Position::{kind}(&mut self.{position}), &mut self.{size})\n    }}\n\n    \
         fn page(answer: {response}) -> Page<{item}> {{\n        {page}\n    }}\n}}\n"
    );
    Ok(())
}
