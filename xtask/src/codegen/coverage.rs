//! Renders `docs/coverage.md` and its pages: what of each cloud is there, with its source, and what no source settles.

use std::fmt::Write as _;

use super::text::joined;
use crate::spec::{Field, Rule, Spec};

/// Above this many fields of an answer, the page names their number only: the crate's documentation has them all.
const SHOWN: usize = 60;

/// What each page begins with.
pub(super) const WRITTEN: &str = "<!-- Written by `cargo xtask codegen` from xtask/specs. Do not edit by hand. -->\n\n";

/// The page that leads to those of the clouds.
pub(super) fn index(specs: &[Spec]) -> String {
    let mut out = format!(
        "{WRITTEN}# Coverage\n\n\
         Every operation, field, limit, state, error code and endpoint that is known here, with where it was read. What no\n\
         source settles is marked *unverified*. No live account was used for any of it.\n\n"
    );
    for spec in specs {
        let provider = &spec.provider;
        let mut names: Vec<&str> = spec.api.operations.iter().map(|own| own.name.as_str()).collect();
        names.dedup();
        let (id, name) = (&provider.id, &provider.name);
        let _ = writeln!(out, "- [**{name}**](coverage/{id}.md): `{}`", names.join("`, `"));
    }
    out
}

/// One cloud's.
pub(super) fn page(spec: &Spec) -> String {
    let provider = &spec.provider;
    let (id, name) = (&provider.id, &provider.name);
    let mut text = format!(
        "{WRITTEN}# Coverage: {name}\n\nWhat is needed to begin is in [clouds/{id}.md](../clouds/{id}.md). Sources, by the keys used below:\n\n"
    );
    let out = &mut text;
    for (key, source) in &provider.sources {
        let _ = writeln!(out, "- `{key}`: {} ({})", source.title, source.date);
    }
    let open = unverified(spec, true);
    if !open.is_empty() {
        let _ = write!(out, "\n## Unverified\n\n{}", open.concat());
    }
    permissions(out, spec);
    beside_calls(out, spec);
    for operation in &spec.api.operations {
        let at = operation
            .host
            .as_deref()
            .map_or(String::new(), |host| format!(" at `{host}`"));
        let _ = writeln!(
            out,
            "\n## {} (`{}`)\n\n`{}`{at}, repeat: {}. Source: {}.\n",
            operation.name, operation.method_name, operation.http, operation.repeat, operation.source
        );
        fields(out, "request", &operation.fields);
        match &operation.answer {
            Some(answer) => fields(out, "answer", answer),
            None => {
                let _ = writeln!(out, "Answer: `{}`.", operation.response);
            }
        }
    }
    for own in &spec.api.types {
        let _ = writeln!(out, "\n## Type {}\n", own.name);
        fields(out, "field", &own.fields);
    }
    let codes = spec.errors.iter().map(|row| {
        let executed = row
            .executed
            .unwrap_or(matches!(row.kind.as_str(), "unavailable" | "service"));
        let http = if row.http == 0 {
            String::new()
        } else {
            row.http.to_string()
        };
        let star = match row.containing.as_str() {
            "" if row.prefix => "…".to_owned(),
            "" => String::new(),
            part => format!("…{part}…"),
        };
        let code = format!("`{}{star}`{}", row.code, mark(row.unverified));
        [
            code,
            http,
            row.kind.clone(),
            yes(executed, "no"),
            row.remedy.clone(),
            row.source.clone(),
        ]
    });
    table(
        out,
        "Error codes",
        ["code", "HTTP", "kind", "may have executed", "remedy", "source"],
        codes,
    );
    text
}

/// What keys must be allowed, by operation.
fn permissions(out: &mut String, spec: &Spec) {
    let rows = spec.policy.permissions.iter().map(|row| {
        let actions = joined(row.actions.iter().map(|action| format!("`{action}`")));
        let operation = format!("`{}`{}", row.operation, mark(row.unverified));
        [
            operation,
            actions,
            row.purposes.join(", "),
            row.on.join(", "),
            row.note.clone(),
            row.source.clone(),
        ]
    });
    let columns = ["operation", "actions", "for", "on", "note", "source"];
    table(out, "Permissions", columns, rows);
}

/// Endpoints, limits, operating systems and states.
fn beside_calls(out: &mut String, spec: &Spec) {
    let provider = &spec.provider;
    let default = &provider.endpoints.default;
    let first = [
        "default".to_owned(),
        format!("`{}`", default.host),
        yes(true, ""),
        String::new(),
        default.source.clone(),
    ];
    let others = provider.endpoints.others.iter().map(|own| {
        [
            own.name.clone(),
            format!("`{}`", own.host),
            yes(own.tls, "no"),
            own.note.clone(),
            own.source.clone(),
        ]
    });
    table(
        out,
        "Endpoints",
        ["name", "host", "TLS", "note", "source"],
        std::iter::once(first).chain(others),
    );
    let limits = provider.limits.iter().map(|limit| {
        let breaking = if limit.agreed {
            "an error"
        } else {
            "a warning: sources differ or none settles it"
        };
        [
            limit.field.clone(),
            rule(&limit.rule),
            breaking.to_owned(),
            limit.note.clone(),
            limit.source.clone(),
        ]
    });
    table(
        out,
        "Limits",
        ["field", "rule", "breaking it", "note", "source"],
        limits,
    );
    guest(out, spec);
    let systems = spec.systems.iter().map(|row| {
        let form = format!("`{}`{}", row.form, mark(row.unverified));
        [row.system.clone(), form, row.versions.join(", "), row.source.clone()]
    });
    table(
        out,
        "Operating systems",
        ["system", "the cloud's text", "versions", "source"],
        systems,
    );
    let states = [("task", &provider.states.task), ("image", &provider.states.image)].into_iter();
    let states = states.flat_map(|(what, states)| states.iter().map(move |state| (what, state)));
    let states = states.map(|(what, state)| {
        let class = state.is.replace('_', " ") + mark(state.unverified);
        [what.to_owned(), format!("`{}`", state.raw), class]
    });
    table(out, "States", ["of", "state", "means"], states);
    let _ = writeln!(
        out,
        "\nAny other state counts as in progress. Source: {}.",
        provider.states.source
    );
}

/// What findings in the guest are worth.
fn guest(out: &mut String, spec: &Spec) {
    let rows = spec.provider.guest.iter().map(|(name, row)| {
        let of = row.only.iter().map(|family| format!("{family} alone"));
        let of = of.chain(row.naming.iter().map(|word| format!("`{word}`")));
        [
            format!("`guest.{name}`{}", mark(row.unverified)),
            joined(of),
            row.severity.word().to_owned(),
            row.remedy.clone(),
            row.source.clone(),
        ]
    });
    table(out, "Guests", ["finding", "of", "is", "remedy", "source"], rows);
}

/// A table under a title; without one, where the text goes on.
pub(super) fn table<const N: usize>(
    out: &mut String,
    title: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    if !title.is_empty() {
        let _ = writeln!(out, "\n## {title}\n");
    }
    let _ = writeln!(out, "| {} |\n|{}", columns.join(" | "), "---|".repeat(N));
    for row in rows {
        let cells = row.map(|text| text.replace('|', "\\|").replace('\n', " "));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

fn yes(is: bool, no: &str) -> String {
    if is { "yes" } else { no }.to_owned()
}

fn mark(unverified: bool) -> &'static str {
    if unverified { " (unverified)" } else { "" }
}

fn fields(out: &mut String, what: &str, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    if fields.len() > SHOWN {
        let _ = writeln!(out, "{} fields.", fields.len());
        return;
    }
    let rows = fields.iter().map(|field| {
        let name = format!("`{}`{}", field.name, mark(field.unverified));
        [name, field.kind.clone(), yes(field.required, ""), field.source.clone()]
    });
    table(out, "", [what, "type", "required", "source"], rows);
    out.push('\n');
}

/// A line for each thing that no source settles; with all fields and codes, or without them.
pub(super) fn unverified(spec: &Spec, with_calls: bool) -> Vec<String> {
    let provider = &spec.provider;
    let facts = provider.capabilities.iter().chain(&provider.after);
    let facts = facts.filter(|(_, fact)| fact.unverified);
    let facts = facts.map(|(name, fact)| match fact.note.as_str() {
        "" => format!("capability `{name}`"),
        note => format!("capability `{name}`: {note}"),
    });
    let guests = provider.guest.iter().filter(|(_, row)| row.unverified);
    let guests = guests.map(|(name, _)| format!("guest `{name}`"));
    let fields = spec.fields().filter(|(_, field)| field.unverified);
    let fields = fields.map(|(owner, field)| format!("`{owner}.{}`", field.name));
    let codes = spec
        .errors
        .iter()
        .filter(|row| row.unverified)
        .map(|row| format!("error code `{}`", row.code));
    let of_calls = fields.chain(codes).filter(|_| with_calls);
    let all = facts.chain(guests).chain(of_calls);
    all.map(|line| format!("- {line}\n")).collect()
}

pub(super) fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Chars { min, max } => format!("{min} to {max} characters"),
        Rule::Range { min, max, multiple_of } => {
            let step = multiple_of.map(|step| format!(" in steps of {step}"));
            format!("{min} to {max}{}", step.unwrap_or_default())
        }
        Rule::Count { max } => format!("at most {max}"),
        Rule::Alphabet(own) => {
            let quoted = |texts: &[String]| joined(texts.iter().map(|text| format!("`{}`", text.escape_debug())));
            let parts = [
                (own.letters, "letters".to_owned()),
                (own.digits, "digits".to_owned()),
                (own.han, "Chinese characters".to_owned()),
                (!own.also.is_empty(), format!("`{}`", own.also)),
                (
                    own.first.is_some(),
                    format!("first: {}", own.first.as_deref().unwrap_or_default().replace('_', " ")),
                ),
                (
                    !own.not_prefix.is_empty(),
                    format!("not beginning with {}", quoted(&own.not_prefix)),
                ),
                (
                    !own.not_containing.is_empty(),
                    format!("without {}", quoted(&own.not_containing)),
                ),
            ];
            joined(parts.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text))
        }
    }
}
