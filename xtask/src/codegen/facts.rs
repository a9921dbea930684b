//! Renders what is known of a cloud: capabilities, limits, states, names, endpoints, error codes.

use std::fmt::Write as _;

use super::{literal, literals};
use crate::spec::{Fact, Limit, Rule, Spec, State, StateClass, UniqueNames};

pub(super) fn render(spec: &Spec) -> String {
    let provider = &spec.provider;
    let license = if provider.capabilities.license_types.value.is_empty() {
        ""
    } else {
        "LicenseType as License, "
    };
    let mut out = format!(
        "//! What is known of {} beside its calls.\n\n\
         use cloud_import_core::{{\n    Architecture as Arch, BootMode as Boot, Capabilities, DiskFormat as Disk, {license}Provider, SourceForm, StateClass, StateRow,\n    \
         capabilities::{{Alphabet, Fact, Field, First, Limit, Rule, UniqueNames}},\n    credentials::EnvironmentNames,\n}};\n\n",
        provider.name
    );
    capabilities(&mut out, spec);
    states(&mut out, "TASK_STATES", "States of a task", &provider.states.task, spec);
    states(
        &mut out,
        "IMAGE_STATES",
        "States of an image",
        &provider.states.image,
        spec,
    );
    let environment = &provider.environment;
    let _ = writeln!(
        out,
        "/// Environment variables that the vendor's own tools read. Source: {}.\npub const ENVIRONMENT: EnvironmentNames = EnvironmentNames {{\n    \
         access_key_id: {},\n    secret_access_key: {},\n    security_token: {},\n    region: {},\n    project_id: {},\n}};\n",
        spec.cite(&environment.source),
        literals(&environment.access_key_id),
        literals(&environment.secret_access_key),
        literals(&environment.security_token),
        literals(&environment.region),
        literals(&environment.project_id)
    );
    let _ = writeln!(
        out,
        "/// Host of the API; `{{region}}` stands for the region. Source: {}.\npub const HOST: &str = {};\n",
        spec.cite(&provider.endpoints.default.source),
        literal(&provider.endpoints.default.host)
    );
    out.push_str("/// Other hosts: name, host, whether it has TLS, what it is for.\npub const OTHER_HOSTS: &[(&str, &str, bool, &str)] = &[\n");
    for endpoint in &provider.endpoints.others {
        let _ = writeln!(
            out,
            "    // Source: {}.\n    ({}, {}, {}, {}),",
            spec.cite(&endpoint.source),
            literal(&endpoint.name),
            literal(&endpoint.host),
            endpoint.tls,
            literal(&endpoint.note)
        );
    }
    let _ = writeln!(
        out,
        "];\n\n/// Regions by id and name. A help for people: it gates nothing. Source: {}.\npub const REGIONS: &[(&str, &str)] = &[",
        spec.cite(&provider.regions.source)
    );
    for region in &provider.regions.list {
        let note = if region.note.is_empty() {
            String::new()
        } else {
            format!(" // {}", region.note)
        };
        let _ = writeln!(out, "    ({}, {}),{note}", literal(&region.id), literal(&region.name));
    }
    out.push_str("];\n\n");
    if !provider.service.is_empty() {
        let _ = writeln!(
            out,
            "/// The service's name inside a signature's scope.\npub const SERVICE: &str = {};\n",
            literal(&provider.service)
        );
    }
    if !provider.api_version.is_empty() {
        let _ = writeln!(
            out,
            "/// The API's version.\npub const API_VERSION: &str = {};\n",
            literal(&provider.api_version)
        );
    }
    routes(&mut out, spec);
    out
}

fn routes(out: &mut String, spec: &Spec) {
    if spec.provider.routes.is_empty() {
        return;
    }
    out.push_str(
        "/// One of the vendor's ways in.\n#[derive(Debug, Clone, Copy)]\npub struct Route {\n    \
         /// The operation.\n    pub operation: &'static str,\n    /// Formats that it takes.\n    pub formats: &'static [Disk],\n    \
         /// The largest file in bytes.\n    pub max_file_bytes: u64,\n    /// The smallest disk that can be asked for, in GiB.\n    pub min_disk_min: u32,\n    \
         /// The largest disk that can be asked for, in GiB.\n    pub min_disk_max: u32,\n    /// Whether a raw file needs its bitmap beside it.\n    pub raw_needs_bitmap: bool,\n    \
         /// Where that was read.\n    pub source: &'static str,\n}\n\n",
    );
    for (name, route) in &spec.provider.routes {
        let _ = writeln!(
            out,
            "/// {} Source: {}.\npub const ROUTE_{}: Route = Route {{\n    operation: {},\n    formats: &[{}],\n    max_file_bytes: {},\n    \
             min_disk_min: {},\n    min_disk_max: {},\n    raw_needs_bitmap: {},\n    source: {},\n}};\n",
            route.note,
            spec.cite(&route.source),
            name.to_uppercase(),
            literal(&route.operation),
            words("Disk", &route.formats),
            route.max_file_bytes,
            route.min_disk_min,
            route.min_disk_max,
            route.raw_needs_bitmap,
            literal(&spec.cite(&route.source))
        );
    }
}

/// `Disk::Qcow2, Disk::Vhd` of `["qcow2", "vhd"]`.
fn words(kind: &str, words: &[String]) -> String {
    let variants = words.iter().map(|word| {
        let mut name: String = word.chars().take(1).flat_map(char::to_uppercase).collect();
        name.push_str(&word[1..]);
        format!("{kind}::{name}")
    });
    variants.collect::<Vec<_>>().join(", ")
}

fn fact<T>(spec: &Spec, fact: &Fact<T>, value: &str) -> String {
    format!(
        "Fact {{ value: {value}, source: {}, verified: {}, note: {} }}",
        literal(&spec.cite(&fact.source)),
        !fact.unverified,
        literal(&fact.note)
    )
}

fn capabilities(out: &mut String, spec: &Spec) {
    let (provider, can) = (&spec.provider, &spec.provider.capabilities);
    let list = |kind: &str, own: &Fact<Vec<String>>| fact(spec, own, &format!("&[{}]", words(kind, &own.value)));
    let switch = |own: &Fact<bool>| fact(spec, own, &own.value.to_string());
    let unique = match can.unique_names.value {
        UniqueNames::No => "UniqueNames::No",
        UniqueNames::Refused => "UniqueNames::Refused",
        UniqueNames::Unverified => "UniqueNames::Unverified",
    };
    let rows = [
        ("provider", words("Provider", std::slice::from_ref(&provider.id))),
        ("default_region", literal(&provider.regions.default)),
        ("formats", list("Disk", &can.formats)),
        ("sources", list("SourceForm", &can.sources)),
        ("architectures", list("Arch", &can.architectures)),
        ("boot_modes", list("Boot", &can.boot_modes)),
        ("license_types", list("License", &can.license_types)),
        (
            "max_data_disks",
            fact(spec, &can.max_data_disks, &can.max_data_disks.value.to_string()),
        ),
        ("data_image", switch(&can.data_image)),
        ("tags", switch(&can.tags)),
        ("description", switch(&can.description)),
        ("project", fact(spec, &can.project, &literal(&can.project.value))),
        ("client_token", switch(&can.client_token)),
        ("unique_names", fact(spec, &can.unique_names, unique)),
        ("dry_run", switch(&can.dry_run)),
        ("cancel", switch(&can.cancel)),
        ("progress", switch(&can.progress)),
        ("failure_reason", switch(&can.failure_reason)),
        ("skip_guest_check", switch(&can.skip_guest_check)),
        ("nvme", switch(&can.nvme)),
        ("imds_v2", switch(&can.imds_v2)),
        ("likely_causes", literals(&provider.likely_causes)),
    ];
    out.push_str(
        "/// What the import can do and what it limits.\npub static CAPABILITIES: Capabilities = Capabilities {\n",
    );
    for (name, value) in rows {
        let _ = writeln!(out, "    {name}: {value},");
    }
    out.push_str("    limits: &[\n");
    for own in &provider.limits {
        limit(out, spec, own);
    }
    out.push_str("    ],\n};\n\n");
}

fn limit(out: &mut String, spec: &Spec, own: &Limit) {
    let rule = match &own.rule {
        Rule::Chars { min, max } => format!("Rule::Chars {{ min: {min}, max: {max} }}"),
        Rule::Range { min, max, multiple_of } => {
            format!("Rule::Range {{ min: {min}, max: {max}, multiple_of: {multiple_of} }}")
        }
        Rule::Count { max } => format!("Rule::Count {{ max: {max} }}"),
        Rule::Alphabet {
            letters,
            digits,
            han,
            also,
            first,
            not_prefix,
            not_containing,
        } => format!(
            "Rule::Alphabet(Alphabet {{ letters: {letters}, digits: {digits}, han: {han}, also: {}, first: First::{}, not_prefix: {}, not_containing: {} }})",
            literal(also),
            camel(first),
            literals(not_prefix),
            literals(not_containing)
        ),
    };
    let _ = writeln!(
        out,
        "        Limit {{ field: Field::{}, rule: {rule}, agreed: {}, source: {}, note: {} }},",
        camel(&own.field),
        own.agreed,
        literal(&spec.cite(&own.source)),
        literal(&own.note)
    );
}

fn camel(words: &str) -> String {
    words
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

fn states(out: &mut String, name: &str, what: &str, states: &[State], spec: &Spec) {
    if states.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "/// {what}; one that is not here counts as in progress. Source: {}.\npub static {name}: &[StateRow] = &[",
        spec.cite(&spec.provider.states.source)
    );
    for state in states {
        let class = match state.is {
            StateClass::InProgress => "InProgress",
            StateClass::Succeeded => "Succeeded",
            StateClass::Failed => "Failed",
            StateClass::Canceled => "Canceled",
        };
        let note = if state.unverified { " // unverified" } else { "" };
        let _ = writeln!(
            out,
            "    StateRow {{ raw: {}, class: StateClass::{class} }},{note}",
            literal(&state.raw)
        );
    }
    out.push_str("];\n\n");
}

pub(super) fn errors(spec: &Spec) -> String {
    let mut out = format!(
        "//! Error codes of {} and what each means.\n\nuse cloud_import_core::{{CodeRule, ErrorKind}};\n\n\
         /// Error codes. A code that is not here is judged by the HTTP status.\npub static ERRORS: &[CodeRule] = &[\n",
        spec.provider.name
    );
    for row in &spec.errors {
        let executed = row
            .executed
            .unwrap_or(matches!(row.kind.as_str(), "unavailable" | "service"));
        let kind = match row.kind.as_str() {
            "dry_run_ok" => "None".to_owned(),
            kind => format!("Some(ErrorKind::{})", camel(kind)),
        };
        let mut notes = Vec::new();
        if row.unverified {
            notes.push("unverified".to_owned());
        }
        if !row.operations.is_empty() {
            notes.push(format!("of {}", row.operations.join(", ")));
        }
        if !notes.is_empty() {
            let _ = writeln!(out, "    // {}", notes.join("; "));
        }
        let _ = writeln!(
            out,
            "    CodeRule {{ code: {}, prefix: {}, http: {}, kind: {kind}, may_have_executed: {executed}, remedy: {}, source: {} }},",
            literal(&row.code),
            row.prefix,
            row.http,
            literal(&row.remedy),
            literal(&spec.cite(&row.source))
        );
    }
    out.push_str("];\n");
    out
}
