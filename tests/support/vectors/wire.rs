//! From a recorded request to the clients' form and back.

use cloud_import_sim::wire::WireRequest;
use http::{HeaderName, HeaderValue, Request};

use bytes::Bytes;

use super::Vector;

/// A recorded request as the clients handle it, without its `Authorization`.
///
/// # Errors
/// What does not fit into an HTTP request.
pub fn to_http(vector: &Vector) -> Result<Request<Bytes>, String> {
    let recorded = &vector.request;
    let mut uri = format!("{}://{}{}", recorded.scheme, recorded.host, recorded.path);
    if !recorded.query.is_empty() {
        uri = format!("{uri}?{}", recorded.query);
    }
    let mut request = Request::builder()
        .method(recorded.method.as_str())
        .uri(uri)
        .body(Bytes::from(recorded.body.clone()))
        .map_err(|error| format!("the recorded request is no HTTP request: {error}"))?;
    for (name, value) in &recorded.headers {
        if name.eq_ignore_ascii_case("authorization") {
            continue;
        }
        let unfit = || format!("the recorded header {name} is no HTTP header");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unfit())?;
        request.headers_mut().append(header, value);
    }
    Ok(request)
}

/// What a client sends, as a server receives it.
pub fn to_wire(request: &Request<Bytes>) -> WireRequest {
    let headers = request.headers().iter();
    WireRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: request.body().to_vec(),
    }
}

/// The `Authorization` header taken apart: the scheme's name and its `name=value` parts.
pub fn authorization(request: &WireRequest) -> Option<(&str, Vec<(&str, &str)>)> {
    let (scheme, rest) = request.header("authorization")?.trim().split_once(' ')?;
    let parts = rest.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    Some((scheme, parts))
}

/// One part of the `Authorization` header by its name.
pub fn authorization_value<'r>(request: &'r WireRequest, name: &str) -> Option<&'r str> {
    let (_, parts) = authorization(request)?;
    parts
        .into_iter()
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}
