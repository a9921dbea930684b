//! What the variables of OpenTelemetry say, as far as they count here:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/> and `…/protocol/exporter/` (November 2026). Reads
//! them once and sends nothing.

use cloud_import::{
    Error, ErrorKind, Result,
    http::{HeaderName, HeaderValue, Uri},
    provider::encode::percent_decode,
};

/// Where to and as whom.
pub(super) struct Settings {
    /// Where spans go, and where metrics go.
    pub(super) traces: Uri,
    pub(super) metrics: Uri,
    /// They may hold keys.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) service: String,
    pub(super) parent: Option<Parent>,
}

/// The span of whoever started the command, by W3C's Trace Context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    /// Whether its trace is recorded.
    pub(super) is_sampled: bool,
}

impl Settings {
    /// `None` where no endpoint is set, or where the export is switched off.
    ///
    /// # Errors
    /// An endpoint or a header is none.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let variable = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        let Some(endpoint) = variable(ENDPOINT).filter(|_| !is_off) else {
            return Ok(None);
        };
        let headers = variable(HEADERS).unwrap_or_default();
        let headers = headers.split(',').filter(|part| !part.trim().is_empty()).map(header);
        Ok(Some(Self {
            traces: place(&endpoint, "v1/traces")?,
            metrics: place(&endpoint, "v1/metrics")?,
            headers: headers.collect::<Option<_>>().ok_or_else(|| {
                refused(format!(
                    "{HEADERS} is not of the form NAME=VALUE, several parted by commas"
                ))
            })?,
            service: variable("OTEL_SERVICE_NAME").unwrap_or_else(|| "cloud-import".to_owned()),
            parent: variable("TRACEPARENT").and_then(|text| Parent::of(text.trim())),
        }))
    }
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

fn place(endpoint: &str, path: &str) -> Result<Uri> {
    let place: Option<Uri> = format!("{}/{path}", endpoint.trim().trim_end_matches('/')).parse().ok();
    let is_place = |place: &Uri| matches!(place.scheme_str(), Some("http" | "https")) && place.host().is_some();
    // It is not shown: it may hold a password.
    place
        .filter(is_place)
        .ok_or_else(|| refused(format!("{ENDPOINT} is no address that begins with http:// or https://")))
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once('=')?;
    let mut value = HeaderValue::from_str(&percent_decode(value.trim())).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, message).with_remedy("Correct it, unset it, or set OTEL_SDK_DISABLED=true.")
}

impl Parent {
    /// `None` for what is not of that form, as the recommendation wants it: <https://www.w3.org/TR/trace-context/>.
    fn of(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, span, flags, rest @ ..] = &parts[..] else {
            return None;
        };
        let is_hex = |text: &str, length: usize| {
            text.len() == length
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let is_right = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
        if !is_right || *version == "ff" || (*version == "00" && !rest.is_empty()) {
            return None;
        }
        let found = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
            is_sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        };
        (found.trace != 0 && found.span != 0).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Settings>> {
        Settings::of(|name| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_are_read() {
        assert!(of(&[]).unwrap().is_none());
        assert!(
            of(&[(ENDPOINT, "http://a:4318"), ("OTEL_SDK_DISABLED", "TRUE")])
                .unwrap()
                .is_none()
        );
        let found = of(&[
            (ENDPOINT, "http://a:4318/base/"),
            (HEADERS, "api-key=a%20b, x = y"),
            ("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ]);
        let found = found.unwrap().unwrap();
        assert_eq!(found.traces, "http://a:4318/base/v1/traces");
        assert_eq!(found.metrics, "http://a:4318/base/v1/metrics");
        assert_eq!(
            (found.headers[0].0.as_str(), found.headers[0].1.as_bytes()),
            ("api-key", &b"a b"[..])
        );
        assert_eq!((found.headers.len(), found.service.as_str()), (2, "cloud-import"));
        assert!(found.parent.unwrap().is_sampled);
        for (name, value) in [(ENDPOINT, "a:4318"), (ENDPOINT, "ftp://a"), (HEADERS, "no")] {
            let error = of(&[(name, value), (ENDPOINT, "http://a")])
                .err()
                .map(|error| error.kind());
            assert_eq!(error, Some(ErrorKind::InvalidRequest), "{name}={value}");
        }
    }

    #[test]
    fn a_parent_is_of_the_form_of_the_recommendation_or_none() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let found = Parent::of(&format!("00-{trace}-b7ad6b7169203331-00")).unwrap();
        assert_eq!((found.span, found.is_sampled), (0xb7ad_6b71_6920_3331, false));
        assert!(Parent::of(&format!("01-{trace}-b7ad6b7169203331-01-more")).is_some());
        for text in [
            "",
            "00",
            &format!("00-{trace}-b7ad6b7169203331"),
            &format!("ff-{trace}-b7ad6b7169203331-01"),
            &format!("00-{trace}-b7ad6b7169203331-01-more"),
            &format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            &format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            &format!("00-{trace}-0000000000000000-01"),
        ] {
            assert_eq!(Parent::of(text), None, "{text}");
        }
    }
}
