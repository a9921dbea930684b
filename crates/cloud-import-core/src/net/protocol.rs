//! One cloud's part of a request: how it is signed, and how its answer reads. Pure: no clock, no I/O, no retry.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Bytes, Credentials, Error, ErrorKind, Provider, Result, model::code::CodeRule};

/// What a signature needs beside the request. The instant's parts of a second are cut off by those who write it.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Who signs.
    pub credentials: &'a Credentials,
    /// The time of this attempt.
    pub instant: SystemTime,
    /// The nonce of this attempt.
    pub nonce: &'a str,
    /// Names of the headers to sign, lower case and sorted; `None` for those that the vendor asks for.
    pub signed_headers: Option<&'a [&'a str]>,
}

/// One cloud's part of the pipeline.
pub trait Protocol: Debug + Send + Sync {
    /// The cloud.
    fn provider(&self) -> Provider;

    /// Puts date, nonce, token and signature into a request. On an error the request is not to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when these credentials cannot sign for this cloud.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()>;

    /// Reads the vendor's envelope.
    fn read(&self, answer: &Response<Bytes>) -> Reading;

    /// What the vendor's error codes mean.
    fn codes(&self) -> &'static [CodeRule];

    /// The headers in which the vendor tells a request's id. They count before the envelope, which may be unreadable.
    fn request_id_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Secrets that a signed request carries elsewhere than in its `Authorization` header, such as a signature in the
    /// body: the vendor may echo them, and no message may show them.
    fn secrets_of(&self, _: &Request<Bytes>) -> Vec<String> {
        Vec::new()
    }

    /// How long a header of the vendor's own asks to wait. `Retry-After` is read for every cloud.
    fn retry_after(&self, _: &HeaderMap) -> Option<Duration> {
        None
    }
}

/// What the vendor's envelope says.
#[derive(Debug)]
pub enum Reading {
    /// It worked; the value is what is below the envelope.
    Success {
        /// The fields of the answer.
        payload: Value,
        /// The vendor's request id, where the envelope has it.
        request_id: Option<String>,
    },
    /// The vendor refused or failed.
    Refused {
        /// Its code.
        code: Option<String>,
        /// Its text, unredacted.
        message: String,
        /// Its request id, where the envelope has it.
        request_id: Option<String>,
    },
    /// It is not of the vendor's form; the text says in what way.
    Unreadable(String),
}

/// A good answer.
#[derive(Debug)]
pub struct Answer {
    /// The fields below the envelope.
    pub payload: Value,
    /// The vendor's request id.
    pub request_id: Option<String>,
    /// The whole answer, for what stands in its headers or in a body that is no JSON.
    pub http: Response<Bytes>,
    pub(super) provider: Provider,
    pub(super) operation: &'static str,
    pub(super) attempts: u32,
}

impl Answer {
    /// The payload as a type.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidResponse`] when it does not fit: the call was executed, but what came back is not known.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_value(self.payload).map_err(|error| {
            Error::new(
                ErrorKind::InvalidResponse,
                format!("the answer is not of the documented form{}", expected(&error)),
            )
            .with_provider(self.provider)
            .with_operation(self.operation)
            .with_http_status(self.http.status().as_u16())
            .with_request_id(self.request_id)
            .with_attempts(self.attempts)
        })
    }
}

/// The body as JSON, or why it is none.
///
/// # Errors
/// The reason, without any of the body's text.
pub fn json_body(answer: &Response<Bytes>) -> Result<Value, String> {
    let body = answer.body();
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    let read = serde_json::from_slice(body);
    // A number that no f64 holds is of no use to anyone, and must not hide the rest.
    let read = read.or_else(|error| serde_json::from_slice(&without_huge_numbers(body)).map_err(|_| error));
    read.map_err(|error| {
        let kind = if error.is_eof() {
            "it is cut off"
        } else {
            "it is not JSON"
        };
        format!("{kind} ({} bytes)", body.len())
    })
}

/// JSON with `null` in place of numbers that are too large.
fn without_huge_numbers(body: &[u8]) -> Vec<u8> {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let (mut out, mut rest, mut in_text) = (Vec::with_capacity(body.len()), body, false);
    while let Some(byte) = rest.first() {
        let begins_number = !in_text && (byte.is_ascii_digit() || *byte == b'-');
        let length = match byte {
            b'\\' if in_text => 2.min(rest.len()),
            _ if begins_number => rest.iter().take_while(|byte| is_of_number(byte)).count(),
            _ => 1,
        };
        in_text ^= *byte == b'"';
        let (piece, after) = rest.split_at(length);
        let number = std::str::from_utf8(piece)
            .ok()
            .and_then(|text| text.parse::<f64>().ok());
        match number {
            Some(number) if begins_number && number.is_infinite() => out.extend(b"null"),
            _ => out.extend(piece),
        }
        rest = after;
    }
    out
}

/// What serde expected. The value that it met stands before that: it is the vendor's text and may echo a secret.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = match text.rsplit_once(", expected ") {
        Some((_, what)) => what,
        None => text.strip_prefix("expected ").unwrap_or_default(),
    };
    match what.split_once(", got ").map_or(what, |(what, _)| what) {
        "" => String::new(),
        what => format!(": expected {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_too_large_hides_nothing() {
        let body = |text: &str| json_body(&Response::new(Bytes::copy_from_slice(text.as_bytes())));
        let read = body(r#"{"a\"1e999":"2e999 \\","b":-1e999,"c":[1e999,1.5],"d":1E+400}"#).unwrap();
        let expected = serde_json::json!({"a\"1e999": "2e999 \\", "b": null, "c": [null, 1.5], "d": null});
        assert_eq!(read, expected);
        for none in ["", "{1e999", r#"{"a":1e999"#, "1e999x", r#""\"#] {
            assert!(body(none).is_err(), "{none}");
        }
    }
}
