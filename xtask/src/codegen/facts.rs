//! Renders what is known of a cloud: capabilities, limits, states, names, endpoints, error codes. A fact is a line.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    stores::bucket_names,
    text::{Sources, camel, header, keys, literal, literals, value, variants},
};
use crate::{
    spec::{Alphabet, Fact, Limit, Provider, Rule, Spec, State},
    spec_store::Store,
};

pub(super) fn render(spec: &Spec, store: &Store) -> Result<String, String> {
    let mut sources = Sources::new(spec);
    let mut body = capabilities(spec, &bucket_names(store)?, &mut sources);
    states(&mut body, spec, "TASK_STATES", "a task", &spec.provider.states.task);
    states(&mut body, spec, "IMAGE_STATES", "an image", &spec.provider.states.image);
    names(&mut body, spec);
    routes(&mut body, spec, &mut sources);
    let shown = spec
        .sources()
        .map(|(key, text)| format!("    ({}, {}),\n", literal(key), literal(&text)));
    let _ = write!(
        body,
        "\n/// The sources of all this, by their keys.\npub const SOURCES: &[(&str, &str)] = &[\n{}];\n",
        shown.collect::<String>()
    );
    Ok(format!(
        "{}//! What is known of {} beside its calls. Words in brackets are keys of the [sources](super::types#sources).\n\n\
         use cloud_import_core::__generated::*;\n\n{}{body}",
        header(spec),
        spec.provider.name,
        sources.constants()
    ))
}

fn capabilities(spec: &Spec, bucket_names: &str, sources: &mut Sources<'_>) -> String {
    let provider = &spec.provider;
    let mut out = format!(
        "\n/// What the import can do and what it limits.\npub static CAPABILITIES: Capabilities = Capabilities::new(Provider::{}, {})\n",
        provider.id.to_uppercase(),
        literal(&provider.regions.default)
    );
    setters(&mut out, "    ", &provider.capabilities, sources);
    out.push_str("    .after(AfterImport::NOTHING\n");
    setters(&mut out, "        ", &provider.after, sources);
    out.push_str("    )\n");
    guest(&mut out, provider, sources);
    let _ = writeln!(out, "    .bucket_names(Some({bucket_names})) // store.toml");
    let causes = provider
        .likely_causes
        .iter()
        .map(|cause| literal(cause) + ",\n        ");
    let (causes, keys) = (causes.collect::<String>(), keys(&provider.likely_causes_source));
    let _ = write!(
        out,
        "    .likely_causes(&[\n        {causes}// ({keys})\n    ])\n    .limits(&[\n"
    );
    for limit in &provider.limits {
        let (field, rule, source) = (camel(&limit.field), rule(limit), sources.name(&limit.source));
        let disputed = if limit.agreed { "" } else { ".disputed()" };
        let note = note(&limit.note);
        let _ = writeln!(
            out,
            "        Limit::new(Limited::{field}, {rule}, {source}){disputed}{note},"
        );
    }
    out.push_str("    ]);\n");
    out
}

fn setters(out: &mut String, indent: &str, facts: &BTreeMap<String, Fact>, sources: &mut Sources<'_>) {
    for (name, fact) in facts {
        let new = if fact.value.is_array() { "list" } else { "new" };
        let unverified = if fact.unverified { ".unverified()" } else { "" };
        let (value, source, note) = (value(name, fact), sources.name(&fact.source), note(&fact.note));
        let _ = writeln!(out, "{indent}.{name}(Fact::{new}({value}, {source}){unverified}{note})");
    }
}

fn guest(out: &mut String, provider: &Provider, sources: &mut Sources<'_>) {
    out.push_str("    .guest(&[\n");
    for (name, row) in &provider.guest {
        let id = literal(&format!("guest.{name}"));
        let (severity, source, remedy) = (row.severity.word(), sources.name(&row.source), literal(&row.remedy));
        let mut text = format!("GuestRule::{severity}({id}, {source}, {remedy})");
        if row.unverified {
            text.push_str(".unverified()");
        }
        if let Some(family) = &row.only {
            let _ = write!(text, ".only(OsFamily::{})", camel(family));
        }
        if !row.naming.is_empty() {
            let _ = write!(text, ".naming({})", literals(&row.naming));
        }
        let _ = writeln!(out, "        {text},");
    }
    out.push_str("    ])\n");
}

fn note(note: &str) -> String {
    if note.is_empty() {
        String::new()
    } else {
        format!(".note({})", literal(note))
    }
}

fn rule(limit: &Limit) -> String {
    match &limit.rule {
        Rule::Chars { min, max } => format!("Rule::Chars {{ min: {min}, max: {max} }}"),
        Rule::Range { min, max, multiple_of } => {
            let step = multiple_of.unwrap_or(1);
            format!("Rule::Range {{ min: {min}, max: {max}, multiple_of: {step} }}")
        }
        Rule::Count { max } => format!("Rule::Count {{ max: {max} }}"),
        Rule::Alphabet(own) => format!("Rule::Alphabet({})", alphabet(own)),
    }
}

fn alphabet(own: &Alphabet) -> String {
    let mut text = "Alphabet::ANY".to_owned();
    let kinds = [(own.letters, "letters"), (own.digits, "digits"), (own.han, "han")];
    let kinds: String = kinds
        .iter()
        .filter(|(is_in, _)| *is_in)
        .map(|(_, name)| format!(".{name}()"))
        .collect();
    if !kinds.is_empty() || !own.also.is_empty() {
        let _ = write!(text, ".allow(CharSet::of({}){kinds})", literal(&own.also));
    }
    if let Some(first) = &own.first {
        let _ = write!(text, ".first(First::{})", camel(first));
    }
    for (name, list) in [("not_prefix", &own.not_prefix), ("not_containing", &own.not_containing)] {
        if !list.is_empty() {
            let _ = write!(text, ".{name}({})", literals(list));
        }
    }
    text
}

fn states(out: &mut String, spec: &Spec, name: &str, of: &str, states: &[State]) {
    if states.is_empty() {
        return;
    }
    let keys = keys(&spec.provider.states.source);
    let _ = write!(
        out,
        "\n/// States of {of}; one that is not here counts as in progress. ({keys})\npub static {name}: &[StateRow] = &[\n"
    );
    for state in states {
        let mark = if state.unverified { " // unverified" } else { "" };
        let (raw, class) = (literal(&state.raw), camel(&state.is));
        let _ = writeln!(out, "    StateRow::new({raw}, StateClass::{class}),{mark}");
    }
    out.push_str("];\n");
}

fn names(out: &mut String, spec: &Spec) {
    let provider = &spec.provider;
    let names = provider.environment.names.iter();
    let names: String = names
        .map(|(name, variables)| format!("    {name}: {},\n", literals(variables)))
        .collect();
    let _ = write!(
        out,
        "\n/// Environment variables that the vendor's own tools read. ({})\npub const ENVIRONMENT: EnvironmentNames = EnvironmentNames {{\n{names}}};\n",
        keys(&provider.environment.source)
    );
    let endpoints = &provider.endpoints;
    let _ = write!(
        out,
        "\n/// Host of the API; `{{region}}` stands for the region. ({})\npub const HOST: &str = {};\n\n\
         /// Other hosts.\npub const OTHER_HOSTS: &[OtherHost] = &[\n",
        keys(&endpoints.default.source),
        literal(&endpoints.default.host)
    );
    for own in &endpoints.others {
        let row = [
            literal(&own.name),
            literal(&own.host),
            own.tls.to_string(),
            literal(&own.note),
        ];
        let only_for = own.only_for.as_ref();
        let only_for = only_for.map_or(String::new(), |ending| format!(".only_for({})", literal(ending)));
        let _ = writeln!(
            out,
            "    OtherHost::new({}){only_for}, // {}",
            row.join(", "),
            keys(&own.source)
        );
    }
    let _ = write!(
        out,
        "];\n\n/// Regions by id and name. A help for people: it throttles nothing. ({})\npub const REGIONS: &[(&str, &str)] = &[\n",
        keys(&provider.regions.source)
    );
    for region in &provider.regions.list {
        let note = if region.note.is_empty() {
            String::new()
        } else {
            format!(" // {}", region.note)
        };
        let _ = writeln!(out, "    ({}, {}),{note}", literal(&region.id), literal(&region.name));
    }
    out.push_str("];\n\n/// All of these.\npub(crate) const HOSTS: Hosts = Hosts::new(HOST, OTHER_HOSTS, REGIONS);\n");
    for (name, text, what) in [
        (
            "SERVICE",
            &provider.service,
            "The service's name inside a signature's scope",
        ),
        ("API_VERSION", &provider.api_version, "The API's version"),
    ] {
        if !text.is_empty() {
            let _ = write!(out, "\n/// {what}.\npub const {name}: &str = {};\n", literal(text));
        }
    }
}

/// Huawei's ways in.
fn routes(out: &mut String, spec: &Spec, sources: &mut Sources<'_>) {
    if spec.provider.routes.is_empty() {
        return;
    }
    out.push_str(
        "\n/// One of the vendor's ways in.\n#[derive(Debug, Clone, Copy)]\n#[non_exhaustive]\npub struct ImportMode {\n    \
         /// The operation.\n    pub operation: &'static str,\n    /// Formats that it takes.\n    pub formats: &'static [DiskFormat],\n    \
         /// The largest file in bytes.\n    pub max_file_bytes: u64,\n    /// The smallest disk that can be asked for, in GiB.\n    pub min_disk_min: u32,\n    \
         /// The largest disk that can be asked for, in GiB.\n    pub min_disk_max: u32,\n    /// Whether a raw file needs its bitmap beside it.\n    pub raw_needs_bitmap: bool,\n    \
         /// Where that was read.\n    pub source: &'static str,\n}\n",
    );
    for (name, route) in &spec.provider.routes {
        let _ = write!(
            out,
            "\n/// {} ({})\npub const ROUTE_{}: ImportMode = ImportMode {{\n    operation: {},\n    formats: &[{}],\n    max_file_bytes: {},\n    \
             min_disk_min: {},\n    min_disk_max: {},\n    raw_needs_bitmap: {},\n    source: {},\n}};\n",
            route.note,
            keys(&route.source),
            name.to_uppercase(),
            literal(&route.operation),
            variants("DiskFormat", route.formats.iter().map(String::as_str)),
            route.max_file_bytes,
            route.min_disk_min,
            route.min_disk_max,
            route.raw_needs_bitmap,
            sources.name(&route.source)
        );
    }
}

pub(super) fn errors(spec: &Spec) -> String {
    let mut sources = Sources::new(spec);
    let mut rows = String::new();
    for row in &spec.errors {
        let (code, remedy, source) = (literal(&row.code), literal(&row.remedy), sources.name(&row.source));
        let mut text = match row.kind.as_str() {
            "dry_run_ok" => format!("CodeRule::dry_run_passed({code}, {}, {remedy}, {source})", row.http),
            kind => format!(
                "CodeRule::failure({code}, {}, ErrorKind::{}, {remedy}, {source})",
                row.http,
                camel(kind)
            ),
        };
        match row.containing.as_str() {
            "" if row.prefix => text.push_str(".for_prefix()"),
            "" => {}
            part => {
                let _ = write!(text, ".containing({})", literal(part));
            }
        }
        if row.pause > 0 {
            let _ = write!(text, ".pause({})", row.pause);
        }
        if let Some(executed) = row.executed {
            let _ = write!(text, ".executed({executed})");
        }
        let of = row.operations.iter().map(String::as_str);
        let notes: Vec<&str> = row.unverified.then_some("unverified").into_iter().chain(of).collect();
        let comment = if notes.is_empty() { "" } else { " // " };
        let _ = writeln!(rows, "    {text},{comment}{}", notes.join(", "));
    }
    format!(
        "{}//! Error codes of {} and what each means.\n\nuse cloud_import_core::__generated::*;\n\n{}\n\
         /// Error codes. A code that is not here is judged by the HTTP status.\npub static ERRORS: &[CodeRule] = &[\n{rows}];\n",
        header(spec),
        spec.provider.name,
        sources.constants()
    )
}
