//! One part of an object, of the state that it is known to have. Keeps nothing.

use std::error::Error as _;

use cloud_import_core::{
    Bytes, Error, ErrorKind, Result,
    http::{HeaderMap, Response, StatusCode, header},
    transport::{TransportError, TransportErrorKind},
};

use crate::{answer::headers, dialect::Call, store::Store};

/// The code of an error that says that the object is not what it was.
pub(super) const CHANGED: &str = "ObjectChanged";

/// An object in one state.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) key: String,
    pub(super) size: u64,
    /// Empty where the store tells none.
    pub(super) etag: String,
}

impl Known {
    /// The bytes from `first` on.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with code `ObjectChanged` when the store has another object there by now; [`ErrorKind::Unsupported`] when
    /// it sends more than a part; [`ErrorKind::InvalidResponse`] for another part, or something else; every kind that a request can end
    /// with.
    pub(super) async fn fetch(&self, store: &Store, first: u64, length: u64) -> Result<Bytes> {
        let call = Call::GetObject {
            key: &self.key,
            first,
            length,
            etag: Some(self.etag.as_str()).filter(|etag| !etag.is_empty()),
        };
        let fetched = store.call(call, |answer| self.judge(answer, first, length)).await;
        fetched.map_err(|error| match error.http_status() {
            Some(412) => self.changed("its ETag is another"),
            Some(416) => self.changed("it is shorter"),
            // An answer of this status that is none of the store's errors. What is too large for a part will be so again.
            Some(200) if error.code().is_none() => match is_too_large(&error) {
                true => self.is_no_part(ErrorKind::Unsupported),
                false => self.is_no_part(ErrorKind::InvalidResponse),
            },
            _ => error,
        })
    }

    fn judge(&self, answer: &Response<Bytes>, first: u64, length: u64) -> Result<Bytes> {
        if answer.status() != StatusCode::PARTIAL_CONTENT {
            return Err(self.is_no_part(ErrorKind::InvalidResponse));
        }
        let etag = headers::etag(answer.headers());
        if !etag.is_empty() && !self.etag.is_empty() && etag != self.etag {
            return Err(self.changed(&format!("its ETag was `{}` and is `{etag}`", self.etag)));
        }
        let (from, to, size) = content_range(answer.headers()).unwrap_or_default();
        if size > 0 && size != self.size {
            return Err(self.changed(&format!("it had {} bytes and now has {size}", self.size)));
        }
        let body = answer.body();
        let is_that = (from, to) == (first, first + length - 1) && u64::try_from(body.len()) == Ok(length);
        match is_that {
            true => Ok(body.clone()),
            false => Err(Error::new(
                ErrorKind::InvalidResponse,
                format!("the store sends another part of `{}` than was asked for", self.key),
            )
            .with_remedy("Try again; if it stays so, look for a proxy that alters what is asked for.")),
        }
    }

    fn changed(&self, how: &str) -> Error {
        Error::new(
            ErrorKind::Conflict,
            format!("the object `{}` changed while it was being fetched: {how}", self.key),
        )
        .with_code(CHANGED)
        .with_remedy("Start again when nothing writes it any more: that begins from the start.")
    }

    fn is_no_part(&self, kind: ErrorKind) -> Error {
        Error::new(
            kind,
            format!(
                "what answers for `{}` sends something else than the part that was asked for",
                self.key
            ),
        )
        .with_remedy("Check that the endpoint is the store's and that no proxy answers in its place.")
    }
}

fn is_too_large(error: &Error) -> bool {
    let failure = error
        .source()
        .and_then(|source| source.downcast_ref::<TransportError>());
    failure.is_some_and(|failure| failure.kind == TransportErrorKind::TooLarge)
}

/// First and last byte and the size of the whole, of `bytes FIRST-LAST/SIZE`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    let told = headers::text(headers, header::CONTENT_RANGE.as_str())?;
    let (range, size) = told.strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &'static [u8]) -> Result<Bytes> {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        let known = Known {
            key: "k".to_owned(),
            size: 100,
            etag: "a".to_owned(),
        };
        known.judge(&answer.body(Bytes::from_static(body)).unwrap(), 10, 4)
    }

    #[test]
    fn the_part_that_was_asked_for_is_taken() {
        for etag in [("etag", "\"a\""), ("x", "y")] {
            let part = judged(206, &[("content-range", "bytes 10-13/100"), etag], b"abcd");
            assert_eq!(part.unwrap(), "abcd");
        }
    }

    #[test]
    fn nothing_else_is() {
        let kind = |status, headers: &[(&str, &str)], body| judged(status, headers, body).unwrap_err().kind();
        for range in ["bytes 0-3/100", "bytes 10-14/100", "bytes 10-13/*", "10-13/100", ""] {
            assert_eq!(
                kind(206, &[("content-range", range)], b"abcd"),
                ErrorKind::InvalidResponse,
                "{range}"
            );
        }
        // US3 sends the whole with 206 for a range that it does not like, and says nothing of a range.
        assert_eq!(kind(206, &[], b"abcd"), ErrorKind::InvalidResponse);
        assert_eq!(
            kind(206, &[("content-range", "bytes 10-13/100")], b"abc"),
            ErrorKind::InvalidResponse
        );
        assert_eq!(
            kind(200, &[("content-length", "100")], b"abcd"),
            ErrorKind::InvalidResponse
        );
        for headers in [
            [("content-range", "bytes 10-13/101"), ("etag", "\"a\"")],
            [("content-range", "bytes 10-13/100"), ("etag", "\"b\"")],
        ] {
            let error = judged(206, &headers, b"abcd").unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Conflict, Some(CHANGED)),
                "{error}"
            );
        }
    }
}
