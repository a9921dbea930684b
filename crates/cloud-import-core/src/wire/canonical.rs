//! The parts of canonical requests that several vendors share, and setting headers.
//!
//! A canonical request may hold secrets: it is never logged.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Error, ErrorKind, Result, text::percent};

/// The decoded path, encoded once more with slashes kept: `/images%3Aimport` of both `/images:import` and itself.
pub fn path(path: &str) -> String {
    let encoded = percent::percent_path(&percent::percent_decode(path));
    if encoded.is_empty() { "/".to_owned() } else { encoded }
}

/// The decoded query, sorted and encoded once more.
pub fn query(query: &str) -> String {
    percent::sorted_pairs(percent::borrow_pairs(query))
}

/// One `name:value` line for each header to sign, in the order given.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] naming a header that is not there.
pub fn header_lines(headers: &HeaderMap, names: &[&str]) -> Result<String> {
    let mut lines = String::with_capacity(512);
    for name in names {
        let value = headers.get(*name).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the header `{name}` must be signed, but is missing"),
            )
        })?;
        lines.push_str(name);
        lines.push(':');
        lines.push_str(String::from_utf8_lossy(value.as_bytes()).trim());
        lines.push('\n');
    }
    Ok(lines)
}

/// Sets a header that the caller has not set.
///
/// # Errors
/// As [`set`].
pub fn set_default(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<()> {
    if headers.contains_key(name) {
        Ok(())
    } else {
        set(headers, name, value)
    }
}

/// Sets a header whose value is secret: it is marked so that no one prints it.
///
/// # Errors
/// [`ErrorKind::Credentials`] when it has characters that no header can carry.
pub fn set_secret(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<()> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::Credentials,
            format!("the value for the header `{name}` has characters that no header can carry"),
        )
        .with_remedy("Look for a line break or a blank copied along with the key or token.")
    })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// Sets a header.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the value has characters that no header can carry.
pub fn set(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<()> {
    let value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the value for the header `{name}` has characters that no header can carry"),
        )
    })?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}
