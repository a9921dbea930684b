//! Renders `docs/coverage.md`: what of each cloud is there, with its source, and what no source settles.

use std::fmt::Write as _;

use crate::spec::{Fact, Field, Rule, Spec, StateClass};

/// Above this many fields of an answer, the page names their number only: the crate's documentation has them all.
const SHOWN: usize = 60;

pub(super) fn render(specs: &[Spec]) -> String {
    let mut out = String::from(
        "<!-- Written by `cargo xtask codegen` from xtask/specs. Do not edit by hand. -->\n\n# Coverage\n\n\
         Every operation, field, limit, state, error code and endpoint that is known here, with where it was read. What no\n\
         source settles is marked *unverified*. No live account was used for any of it.\n\n## Operations\n\n",
    );
    for spec in specs {
        let operations = spec
            .api
            .operations
            .iter()
            .map(|operation| format!("`{}`", operation.name));
        let mut operations: Vec<String> = operations.collect();
        operations.dedup();
        let _ = writeln!(out, "- **{}**: {}", spec.provider.name, operations.join(", "));
    }
    for spec in specs {
        cloud(&mut out, spec);
    }
    out
}

fn cloud(out: &mut String, spec: &Spec) {
    let provider = &spec.provider;
    let _ = writeln!(out, "\n## {}\n\nSources, by the keys used below:\n", provider.name);
    for (key, source) in &provider.sources {
        let _ = writeln!(out, "- `{key}`: {} ({})", source.title, source.date);
    }
    unverified(out, spec);
    let _ = writeln!(
        out,
        "\n### Endpoints\n\n| name | host | TLS | note | source |\n|---|---|---|---|---|"
    );
    let default = &provider.endpoints.default;
    let _ = writeln!(out, "| default | `{}` | yes | | {} |", default.host, default.source);
    for own in &provider.endpoints.others {
        let tls = if own.tls { "yes" } else { "no" };
        let _ = writeln!(
            out,
            "| {} | `{}` | {tls} | {} | {} |",
            own.name,
            own.host,
            cell(&own.note),
            own.source
        );
    }
    let _ = writeln!(
        out,
        "\n### Limits\n\n| field | rule | breaking it | note | source |\n|---|---|---|---|---|"
    );
    for limit in &provider.limits {
        let breaking = if limit.agreed {
            "an error"
        } else {
            "a warning: sources differ or none settles it"
        };
        let _ = writeln!(
            out,
            "| {} | {} | {breaking} | {} | {} |",
            limit.field,
            cell(&rule(&limit.rule)),
            cell(&limit.note),
            limit.source
        );
    }
    let _ = writeln!(out, "\n### States\n\n| of | state | means |\n|---|---|---|");
    for (what, states) in [("task", &provider.states.task), ("image", &provider.states.image)] {
        for state in states {
            let class = match state.is {
                StateClass::InProgress => "in progress",
                StateClass::Succeeded => "succeeded",
                StateClass::Failed => "failed",
                StateClass::Canceled => "canceled",
            };
            let mark = if state.unverified { " (unverified)" } else { "" };
            let _ = writeln!(out, "| {what} | `{}` | {class}{mark} |", state.raw);
        }
    }
    let _ = writeln!(
        out,
        "\nAny other state counts as in progress. Source: {}.",
        provider.states.source
    );
    for operation in &spec.api.operations {
        let at = operation
            .host
            .as_deref()
            .map_or(String::new(), |host| format!(" at `{host}`"));
        let _ = writeln!(
            out,
            "\n### {} (`{}`)\n\n`{}`{at}, repeat: {}. Source: {}.\n",
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
        let _ = writeln!(out, "\n### Type {}\n", own.name);
        fields(out, "field", &own.fields);
    }
    let _ = writeln!(
        out,
        "\n### Error codes\n\n| code | HTTP | kind | may have executed | remedy | source |\n|---|---|---|---|---|---|"
    );
    for row in &spec.errors {
        let executed = row
            .executed
            .unwrap_or(matches!(row.kind.as_str(), "unavailable" | "service"));
        let http = if row.http == 0 {
            String::new()
        } else {
            row.http.to_string()
        };
        let star = if row.prefix { "…" } else { "" };
        let mark = if row.unverified { " (unverified)" } else { "" };
        let executed = if executed { "yes" } else { "no" };
        let _ = writeln!(
            out,
            "| `{}{star}`{mark} | {http} | {} | {executed} | {} | {} |",
            row.code,
            row.kind,
            cell(&row.remedy),
            row.source
        );
    }
}

fn fields(out: &mut String, what: &str, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    if fields.len() > SHOWN {
        let _ = writeln!(out, "{} fields.", fields.len());
        return;
    }
    let _ = writeln!(out, "| {what} | type | required | source |\n|---|---|---|---|");
    for field in fields {
        let required = if field.required { "yes" } else { "" };
        let mark = if field.unverified { " (unverified)" } else { "" };
        let _ = writeln!(
            out,
            "| `{}`{mark} | {} | {required} | {} |",
            field.name,
            cell(&field.kind),
            field.source
        );
    }
    out.push('\n');
}

fn unverified(out: &mut String, spec: &Spec) {
    let can = &spec.provider.capabilities;
    fn note<T>(fact: &Fact<T>, what: &str) -> Option<String> {
        fact.unverified.then(|| {
            if fact.note.is_empty() {
                what.to_owned()
            } else {
                format!("{what}: {}", fact.note)
            }
        })
    }
    let capabilities = [
        note(&can.formats, "formats"),
        note(&can.sources, "form of the source"),
        note(&can.architectures, "architectures"),
        note(&can.boot_modes, "boot modes"),
        note(&can.license_types, "licence types"),
        note(&can.max_data_disks, "number of data disks"),
        note(&can.unique_names, "whether a second image of one name is refused"),
        note(&can.dry_run, "dry run"),
        note(&can.cancel, "cancel"),
    ];
    let fields = spec
        .fields()
        .filter(|(_, field)| field.unverified)
        .map(|(owner, field)| format!("`{owner}.{}`", field.name));
    let codes = spec
        .errors
        .iter()
        .filter(|row| row.unverified)
        .map(|row| format!("error code `{}`", row.code));
    let all: Vec<String> = capabilities.into_iter().flatten().chain(fields).chain(codes).collect();
    if !all.is_empty() {
        let _ = writeln!(out, "\n### Unverified\n");
        for line in all {
            let _ = writeln!(out, "- {line}");
        }
    }
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Chars { min, max } => format!("{min} to {max} characters"),
        Rule::Range {
            min,
            max,
            multiple_of: 1,
        } => format!("{min} to {max}"),
        Rule::Range { min, max, multiple_of } => format!("{min} to {max} in steps of {multiple_of}"),
        Rule::Count { max } => format!("at most {max}"),
        Rule::Alphabet {
            letters,
            digits,
            han,
            also,
            first,
            not_prefix,
            not_containing,
        } => {
            let mut parts = Vec::new();
            for (on, what) in [(*letters, "letters"), (*digits, "digits"), (*han, "Chinese characters")] {
                if on {
                    parts.push(what.to_owned());
                }
            }
            if !also.is_empty() {
                parts.push(format!("`{also}`"));
            }
            if first != "any" {
                parts.push(format!("first: {}", first.replace('_', " ")));
            }
            for (list, what) in [(not_prefix, "not beginning with"), (not_containing, "without")] {
                if !list.is_empty() {
                    let list: Vec<String> = list.iter().map(|text| format!("`{}`", text.escape_debug())).collect();
                    parts.push(format!("{what} {}", list.join(", ")));
                }
            }
            parts.join(", ")
        }
    }
}

/// Text that may stand in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
