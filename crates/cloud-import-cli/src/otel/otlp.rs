//! Spans and metrics in the JSON form of OTLP 1.x: <https://github.com/open-telemetry/opentelemetry-proto> (`docs/specification.md`,
//! JSON Protobuf Encoding: ids in hex, 64-bit numbers as text). Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::span::{Attribute, Span};
use crate::metrics::family::{Family, Kind};

/// Internal work, and a request to another program.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;

/// An error.
const ERROR: u8 = 2;

/// Values count from the beginning of the process.
const CUMULATIVE: u8 = 2;

/// The body of a request to `v1/traces`.
pub(super) fn traces(spans: &[Span], trace: u128, service: &str) -> Value {
    let spans: Vec<Value> = spans.iter().map(|span| self::span(span, trace)).collect();
    json!({ "resourceSpans": [{ "resource": resource(service), "scopeSpans": [{ "scope": scope(), "spans": spans }] }] })
}

fn span(span: &Span, trace: u128) -> Value {
    let attributes = span.attributes.iter().map(|(name, value)| {
        let value = match value {
            Attribute::Text(text) => json!({ "stringValue": text }),
            Attribute::Number(number) => json!({ "intValue": number.to_string() }),
            Attribute::Bool(is) => json!({ "boolValue": is }),
        };
        json!({ "key": name, "value": value })
    });
    json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{:016x}", span.id),
        "parentSpanId": span.parent.map_or_else(String::new, |parent| format!("{parent:016x}")),
        "name": span.name,
        "kind": if span.is_request { CLIENT } else { INTERNAL },
        "startTimeUnixNano": nanos(span.began),
        "endTimeUnixNano": nanos(span.ended),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": if span.is_error { json!({ "code": ERROR }) } else { json!({}) },
    })
}

/// The body of a request to `v1/metrics`: values as of `now`, counted since `began`.
pub(super) fn metrics(families: &[Family], began: SystemTime, now: SystemTime, service: &str) -> Value {
    let told = families.iter().filter(|family| !family.samples.is_empty());
    let metrics: Vec<Value> = told.map(|family| metric(family, began, now)).collect();
    json!({ "resourceMetrics": [{ "resource": resource(service), "scopeMetrics": [{ "scope": scope(), "metrics": metrics }] }] })
}

fn metric(family: &Family, began: SystemTime, now: SystemTime) -> Value {
    let points = family.samples.iter().map(|(labels, value)| {
        let labels = labels.iter().map(|(name, value)| text(name, value));
        json!({
            "attributes": labels.collect::<Vec<_>>(),
            "startTimeUnixNano": nanos(began),
            "timeUnixNano": nanos(now),
            "asDouble": value,
        })
    });
    let points: Vec<Value> = points.collect();
    let (kind, data) = match family.kind {
        Kind::Gauge => ("gauge", json!({ "dataPoints": points })),
        Kind::Counter => (
            "sum",
            json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true }),
        ),
    };
    let mut metric = json!({ "name": family.name, "description": family.help, "unit": unit(family.name) });
    metric[kind] = data;
    metric
}

/// The unit that stands in a name, as UCUM has it.
fn unit(name: &str) -> &'static str {
    let name = name.trim_end_matches("_total");
    match () {
        () if name.ends_with("_seconds") => "s",
        () if name.ends_with("_bytes") => "By",
        () => "1",
    }
}

fn resource(service: &str) -> Value {
    json!({ "attributes": [text("service.name", service), text("service.version", env!("CARGO_PKG_VERSION"))] })
}

fn scope() -> Value {
    json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") })
}

fn text(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn nanos(at: SystemTime) -> String {
    let since: Duration = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}
