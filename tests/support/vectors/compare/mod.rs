//! Whether a request means what a recorded one means: method, host, path, fields, scope, and the headers that carry meaning.
//!
//! Order, escaping, header case, spacing of JSON and optional headers are not part of the contract and not compared.

use cloud_import_sim::wire::WireRequest;
use serde_json::Value;

use super::{Vector, authorization, authorization_value, json};

/// Headers whose presence and value are part of what a request says, for each algorithm.
pub const COMPARED_HEADERS: &[(&str, &[&str])] = &[
    ("JDCLOUD2-HMAC-SHA256", JDCLOUD),
    ("JDCLOUD3-HMAC-SHA256", JDCLOUD),
    (
        "TC3-HMAC-SHA256",
        &[
            "x-tc-action",
            "x-tc-version",
            "x-tc-region",
            "x-tc-timestamp",
            "x-tc-token",
        ],
    ),
    ("SDK-HMAC-SHA256", &["x-project-id", "x-sdk-date", "x-security-token"]),
    (
        "ACS3-HMAC-SHA256",
        &[
            "x-acs-action",
            "x-acs-version",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-security-token",
            "x-acs-content-sha256",
        ],
    ),
    ("UCLOUD-SHA1", &[]),
];

const JDCLOUD: &[&str] = &["x-jdcloud-date", "x-jdcloud-nonce", "x-jdcloud-security-token"];

/// How a produced request differs from a vector's; empty when it means the same.
pub fn differences(vector: &Vector, produced: &WireRequest) -> Vec<String> {
    let recorded = vector.wire();
    let mut found = Vec::new();
    let mut text = |what: &str, recorded: Option<&str>, produced: Option<&str>| {
        if recorded != produced {
            let show = |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), clipped);
            found.push(format!(
                "{what}: recorded {}, produced {}",
                show(recorded),
                show(produced)
            ));
        }
    };
    text("method", Some(&recorded.method), Some(&produced.method));
    let host = vector.request.host.to_ascii_lowercase();
    let produced_host = produced.header("host").map(str::to_ascii_lowercase);
    text("host", Some(&host), produced_host.as_deref());
    text("path", Some(&recorded.decoded_path()), Some(&produced.decoded_path()));
    for name in compared_headers(&vector.algorithm) {
        text(name, recorded.header(name), produced.header(name));
    }
    let scheme = |request| authorization(request).map(|(scheme, _)| scheme);
    text("signature scheme", scheme(&recorded), scheme(produced));
    for name in ["Credential", "Access"] {
        text(
            name,
            authorization_value(&recorded, name),
            authorization_value(produced, name),
        );
    }
    if !recorded.body.is_empty() {
        text(
            "content-type",
            media_type(&recorded).as_deref(),
            media_type(produced).as_deref(),
        );
    }
    let (expected, got) = (recorded.query_pairs(), produced.query_pairs());
    pairs("query", vector, expected, got, &mut found);
    bodies(vector, &recorded, produced, &mut found);
    found
}

fn compared_headers(algorithm: &str) -> &'static [&'static str] {
    let row = COMPARED_HEADERS.iter().find(|(name, _)| *name == algorithm);
    row.map_or(&[], |(_, headers)| headers)
}

fn bodies(vector: &Vector, recorded: &WireRequest, produced: &WireRequest, found: &mut Vec<String>) {
    if media_type(recorded).as_deref() == Some("application/x-www-form-urlencoded") {
        return pairs("form", vector, recorded.form_pairs(), produced.form_pairs(), found);
    }
    match (json_of(recorded), json_of(produced)) {
        (Some(mut recorded), Some(produced)) => {
            if vector.has_quirk("path-parameter-repeated-in-body") {
                forget_path_parameters(vector, &mut recorded);
            }
            json::differences("body", &recorded, &produced, found);
        }
        _ if recorded.body == produced.body => {}
        _ => found.push(format!(
            "body: recorded {}, produced {}",
            clipped(&String::from_utf8_lossy(&recorded.body)),
            clipped(&String::from_utf8_lossy(&produced.body))
        )),
    }
}

/// Region and image stand in the path; only their repetition is forgotten, not another value under their names.
fn forget_path_parameters(vector: &Vector, recorded: &mut Value) {
    let Some(members) = recorded.as_object_mut() else {
        return;
    };
    let image = vector.params.as_ref().and_then(|params| params.get("imageId"));
    let image = image.and_then(Value::as_str);
    for (name, value) in [("regionId", vector.region.as_deref()), ("imageId", image)] {
        if members.get(name).and_then(Value::as_str) == value {
            members.remove(name);
        }
    }
}

fn json_of(request: &WireRequest) -> Option<Value> {
    serde_json::from_slice(&request.body).ok()
}

fn media_type(request: &WireRequest) -> Option<String> {
    let value = request.header("content-type")?;
    let essence = value.split(';').next().unwrap_or(value);
    Some(essence.trim().to_ascii_lowercase())
}

type Pairs = Vec<(String, String)>;

fn pairs(part: &str, vector: &Vector, mut recorded: Pairs, mut produced: Pairs, found: &mut Vec<String>) {
    if vector.has_quirk("python-style-boolean") {
        let booleans = boolean_names(vector);
        for (_, value) in recorded.iter_mut().filter(|(name, _)| booleans.contains(name)) {
            if value == "True" || value == "False" {
                value.make_ascii_lowercase();
            }
        }
    }
    if !compares_signature(vector) {
        recorded.retain(|(name, _)| name != "Signature");
        produced.retain(|(name, _)| name != "Signature");
    }
    let added = added_by_sdk(vector);
    // The client may fill in the region, too.
    let is_filled = |pair: &(String, String)| pair.0 == "RegionId" && produced.contains(pair);
    recorded.retain(|pair| !added.contains(pair) || is_filled(pair));
    if has_format_in_lower_case(vector) {
        let formats = recorded.iter_mut().filter(|(name, _)| name == "Format");
        formats.for_each(|(_, value)| value.make_ascii_uppercase());
    }
    recorded.retain(|pair| match produced.iter().position(|other| other == pair) {
        Some(at) => {
            produced.swap_remove(at);
            false
        }
        None => true,
    });
    for (name, value) in recorded {
        let other = produced.iter().position(|(other, _)| *other == name);
        let other = other.map(|at| produced.swap_remove(at).1);
        found.push(format!(
            "{part} {name}: recorded {}, {}",
            clipped(&value),
            other.map_or_else(
                || "not produced".to_owned(),
                |other| format!("produced {}", clipped(&other))
            )
        ));
    }
    for (name, value) in produced {
        found.push(format!("{part} {name}: produced {}, not recorded", clipped(&value)));
    }
}

/// Whether a signature over parameters is compared: it covers what the SDK adds or spells in its own way, too.
pub fn compares_signature(vector: &Vector) -> bool {
    !vector.has_quirk("python-style-boolean") && added_by_sdk(vector).is_empty() && !has_format_in_lower_case(vector)
}

/// Parameters that say nothing about the call, whatever their value: what Tencent's schemes in headers have as
/// `X-TC-Language` and `X-TC-RequestClient`.
pub fn optional_parameters(vector: &Vector) -> &'static [&'static str] {
    match vector.algorithm.as_str() {
        "TC-HmacSHA256" | "TC-HmacSHA1" => &["Language", "RequestClient"],
        _ => &[],
    }
}

/// What an SDK adds to the parameters by itself: the optional ones, and aliyun-python-sdk-core an empty `SignatureType` and
/// the client's region where the caller names none.
pub fn added_by_sdk(vector: &Vector) -> Vec<(String, String)> {
    let optional = optional_parameters(vector);
    if !optional.is_empty() {
        let mut recorded = parameters(vector);
        recorded.retain(|(name, _)| optional.contains(&name.as_str()));
        return recorded;
    }
    let mut recorded = rpc_parameters(vector);
    let asked_for = |name: &str| vector.params.as_ref().is_some_and(|params| params.contains_key(name));
    recorded.retain(|(name, value)| match name.as_str() {
        "SignatureType" => value.is_empty(),
        "RegionId" => !asked_for(name) && Some(value) == vector.region.as_ref(),
        _ => false,
    });
    recorded
}

/// Whether the answer's format is asked for as `json`, as alibabacloud_tea_openapi does; the documents write `JSON`.
fn has_format_in_lower_case(vector: &Vector) -> bool {
    let mut recorded = rpc_parameters(vector).into_iter();
    recorded.any(|(name, value)| name == "Format" && value == "json")
}

/// All parameters of Alibaba's RPC scheme; none of any other.
fn rpc_parameters(vector: &Vector) -> Pairs {
    if vector.algorithm != "ACS-RPC-HMAC-SHA1" {
        return Pairs::new();
    }
    parameters(vector)
}

fn parameters(vector: &Vector) -> Pairs {
    let recorded = vector.wire();
    [recorded.query_pairs(), recorded.form_pairs()].concat()
}

/// The dotted names of the boolean parameters, with list items counted from 0 and from 1.
fn boolean_names(vector: &Vector) -> Vec<String> {
    fn collect(name: &str, value: &Value, base: usize, names: &mut Vec<String>) {
        let below = |field: &dyn std::fmt::Display| match name {
            "" => field.to_string(),
            _ => format!("{name}.{field}"),
        };
        match value {
            Value::Bool(_) => names.push(name.to_owned()),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    collect(&below(&(index + base)), item, base, names);
                }
            }
            Value::Object(members) => {
                for (field, member) in members {
                    collect(&below(field), member, base, names);
                }
            }
            _ => {}
        }
    }
    let mut names = Vec::new();
    let params = Value::Object(vector.params.clone().unwrap_or_default());
    for base in [0, 1] {
        collect("", &params, base, &mut names);
    }
    names
}

/// The beginning of a text, in quotes.
pub(super) fn clipped(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests;
