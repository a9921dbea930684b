//! UCloud's JSON body: how its native values are written in the string to sign.
//!
//! Source: the Go SDK's signer (`auth/signature.go`); not exercised by any recorded request.

use serde_json::{Map, Value};

use super::{
    Refusal,
    decode::{Strictness, decode_pairs},
    params::Params,
};
use crate::wire::WireRequest;

/// The parameters of query and JSON body, each value as it is signed.
pub(super) fn params(request: &WireRequest) -> Result<Params, Refusal> {
    let mut pairs = decode_pairs(request.query.as_bytes(), Strictness::Strict, "the query")?;
    // An unsigned request may have no body at all; it is refused for that, not for its JSON.
    if !request.body.is_empty() {
        let body: Map<String, Value> =
            serde_json::from_slice(&request.body).map_err(|_| Refusal::malformed("the body is not a JSON object"))?;
        for (name, value) in body {
            let mut text = String::new();
            write(&value, &mut text)?;
            pairs.push((name, text));
        }
    }
    Params::new(pairs, false)
}

/// Text as it is, numbers in plain decimals without a needless fraction, the elements of a list one after the other, the
/// members of an object sorted by name, each name before its value.
fn write(value: &Value, text: &mut String) -> Result<(), Refusal> {
    match value {
        Value::Null => {
            return Err(Refusal::malformed(
                "the body holds null, which has no form in a signature",
            ));
        }
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&plain(number)),
        Value::String(string) => text.push_str(string),
        Value::Array(elements) => elements.iter().try_for_each(|element| write(element, text))?,
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, member) in members {
                text.push_str(name);
                write(member, text)?;
            }
        }
    }
    Ok(())
}

/// `Display` of a float never uses an exponent and leaves out a zero fraction.
fn plain(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}
