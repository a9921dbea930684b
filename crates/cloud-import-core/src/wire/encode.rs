//! Turning a typed call into bytes: percent encoding, dotted parameters, REST requests.
//!
//! Every URL and body is built here once. Nothing later re-encodes it: what is signed is what is sent.

use std::{borrow::Cow, collections::BTreeMap};

use http::{Method, Request, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{
    Bytes, Error, ErrorKind, Result,
    model::object::{Fields, no_json},
    text::percent::{Pairs, percent, sorted_pairs},
    wire::{Endpoint, Operation, Placement},
};

/// Flattens an object to dotted parameters: `Filters.0.Name`, with list indices from `base`.
///
/// Booleans are `true` and `false`, whole floats lose their fraction, `null` is left out.
pub fn dotted(fields: &Fields, base: usize) -> Pairs<'_> {
    let mut parameters = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        flatten(name.into(), value, base, &mut parameters);
    }
    parameters
}

fn flatten<'a>(name: Cow<'a, str>, value: &'a Value, base: usize, parameters: &mut Pairs<'a>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(format!("{name}.{field}").into(), value, base, parameters);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(format!("{name}.{}", index + base).into(), value, base, parameters);
            }
        }
        Value::Null => {}
        leaf => parameters.push((name, leaf_text(leaf))),
    }
}

fn leaf_text(leaf: &Value) -> Cow<'_, str> {
    match leaf {
        Value::String(text) => text.into(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text).into()
        }
        other => other.to_string().into(),
    }
}

/// A REST request: path parameters filled in, the rest in the query or a JSON body as the operation places them.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] naming a path parameter that is missing or empty.
pub fn rest(endpoint: &Endpoint, operation: &Operation, mut fields: Fields) -> Result<Request<Bytes>> {
    let mut path = String::with_capacity(operation.path.len() + 32);
    let mut rest = operation.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let own = fields.remove(name);
        let value = own
            .as_ref()
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("`{name}` is missing, and it is part of the path"),
                )
                .with_operation(operation.name)
                .with_remedy("Set it on the request or on the client.")
            })?;
        path.push_str(before);
        path.push_str(&percent(value));
        rest = after;
    }
    path.push_str(rest);

    let has_body = matches!(operation.method, Method::POST | Method::PUT | Method::PATCH);
    let usual = if has_body { Placement::Body } else { Placement::Query };
    let (mut body, mut query, mut whole) = (BTreeMap::new(), Vec::new(), None);
    for (name, value) in &fields {
        match operation.place(name, usual) {
            Placement::Body => drop(body.insert(name, value)),
            Placement::Query => flatten(name.into(), value, 1, &mut query),
            Placement::WholeBody => whole = Some(value),
        }
    }
    let query = sorted_pairs(query);
    let body = match whole {
        Some(whole) => serde_json::to_vec(whole),
        None if has_body || !body.is_empty() => serde_json::to_vec(&body),
        None => Ok(Vec::new()),
    };
    let target = if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    };
    request(
        endpoint,
        operation.method.clone(),
        &target,
        Some("application/json"),
        body.map_err(no_json)?.into(),
    )
}

/// A request to `endpoint` with `target` (path and query) as it goes onto the wire.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when `target` is no valid path and query.
pub fn request(
    endpoint: &Endpoint,
    method: Method,
    target: &str,
    content_type: Option<&'static str>,
    body: Bytes,
) -> Result<Request<Bytes>> {
    let mut builder = Request::builder()
        .method(method)
        .uri(format!("{endpoint}{target}"))
        .header(http::header::HOST, endpoint.authority());
    if let Some(content_type) = content_type {
        builder = builder.header(CONTENT_TYPE, content_type);
    }
    builder.body(body).map_err(|error| {
        Error::new(ErrorKind::InvalidRequest, "the request is not a valid HTTP request").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::wire::Repeat;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn dotted_counts_from_the_base() {
        let fields =
            object(json!({"Tag": [{"Key": "k"}, {"Key": "l"}], "F": {"On": true}, "N": null, "X": 42.0, "Y": 0.5}));
        let from_one = dotted(&fields, 1);
        assert!(from_one.contains(&("Tag.1.Key".into(), "k".into())));
        assert!(from_one.contains(&("Tag.2.Key".into(), "l".into())));
        assert!(from_one.contains(&("F.On".into(), "true".into())));
        assert!(from_one.contains(&("X".into(), "42".into())));
        assert!(from_one.contains(&("Y".into(), "0.5".into())));
        assert_eq!(from_one.len(), 5);
        assert!(dotted(&fields, 0).contains(&("Tag.0.Key".into(), "k".into())));
    }

    const OPERATION: Operation = Operation {
        name: "deleteImage",
        method: Method::DELETE,
        path: "/v1/regions/{regionId}/images/{imageId}",
        repeat: Repeat::Safe,
        placed: &[("force", Placement::Body)],
    };

    #[test]
    fn rest_fills_the_path_and_places_the_rest() {
        let endpoint: Endpoint = "vm.example".parse().unwrap();
        let fields = object(json!({"regionId": "cn-north-1", "imageId": "a/b", "deleteSnapshot": true, "force": 1}));
        let request = rest(&endpoint, &OPERATION, fields).unwrap();
        assert_eq!(
            request.uri().to_string(),
            "https://vm.example/v1/regions/cn-north-1/images/a%2Fb?deleteSnapshot=true"
        );
        assert_eq!(&request.body()[..], br#"{"force":1}"#);
        let error = rest(&endpoint, &OPERATION, object(json!({"regionId": "r"}))).unwrap_err();
        assert!(error.message().contains("imageId"), "{error}");
    }

    #[test]
    fn a_field_may_be_the_whole_body() {
        let operation = Operation {
            method: Method::PATCH,
            placed: &[("changes", Placement::WholeBody)],
            ..OPERATION
        };
        let endpoint: Endpoint = "vm.example".parse().unwrap();
        let fields = object(json!({"regionId": "r", "imageId": "i", "changes": [{"op": "replace"}]}));
        let request = rest(&endpoint, &operation, fields).unwrap();
        assert_eq!(&request.body()[..], br#"[{"op":"replace"}]"#);
    }
}
