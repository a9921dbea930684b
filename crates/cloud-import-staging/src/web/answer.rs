//! What the head of a web server's answer to a ranged request means. Pure.

use std::time::SystemTime;

use cloud_import_core::{
    Error, ErrorKind, Result,
    http::{HeaderMap, HeaderName, Response, StatusCode, header},
    provider::datetime,
};

use super::stamp::{WebStamp, changed, difference};

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The URL, as it may be shown.
    pub(super) url: &'a str,
    /// What the file must still be; `None` when nothing is known of it yet.
    pub(super) known: Option<&'a WebStamp>,
    /// The first byte.
    pub(super) first: u64,
    /// The time of day.
    pub(super) now: SystemTime,
}

/// What an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The range follows, of a file that is this.
    Range(WebStamp),
    /// It is elsewhere.
    Elsewhere(String),
}

impl Asked<'_> {
    /// # Errors
    /// What else the server says, or what it says is not what was asked for.
    pub(super) fn judge(&self, head: &Response<()>) -> Result<Head> {
        let status = head.status();
        match status {
            StatusCode::PARTIAL_CONTENT => self.range(head.headers()).map(Head::Range),
            StatusCode::OK => Err(self.whole(head.headers())),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => match text(head.headers(), header::LOCATION) {
                Some(location) => Ok(Head::Elsewhere(location)),
                None => Err(self.refused(
                    ErrorKind::InvalidResponse,
                    "is said to be elsewhere, but not where",
                    NAME_IT,
                )),
            },
            _ => Err(self.refusal(head).with_http_status(status.as_u16())),
        }
    }

    fn range(&self, headers: &HeaderMap) -> Result<WebStamp> {
        let told = text(headers, header::CONTENT_RANGE);
        let told = told
            .as_deref()
            .and_then(content_range)
            .filter(|(first, _)| *first == self.first);
        let Some((_, size)) = told else {
            let what = "is answered with another range than was asked for, or one of a size that is not told";
            return Err(self.refused(ErrorKind::Unsupported, what, NAME_IT));
        };
        if text(headers, header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let what = "is sent compressed by its server, so that its parts are not parts of the file";
            return Err(self.refused(ErrorKind::Unsupported, what, NAME_IT));
        }
        let stamp = self.stamp(headers, size);
        match self.known.and_then(|known| difference(known, &stamp)) {
            Some(how) => Err(changed(self.url, &how)),
            None => Ok(stamp),
        }
    }

    fn stamp(&self, headers: &HeaderMap, size: u64) -> WebStamp {
        WebStamp {
            url: self.url.to_owned(),
            size,
            etag: text(headers, header::ETAG),
            last_modified: text(headers, header::LAST_MODIFIED),
        }
    }

    /// The whole file instead of a part: it is another one by now, or its server knows no parts.
    fn whole(&self, headers: &HeaderMap) -> Error {
        let size = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let changed_how = self.known.and_then(|known| {
            let now = self.stamp(headers, size.unwrap_or(known.size));
            difference(known, &now)
        });
        match changed_how {
            Some(how) => changed(self.url, &how),
            None => self.refused(
                ErrorKind::Unsupported,
                "is on a server that sends no parts of a file, so that nothing could be resumed",
                NAME_IT,
            ),
        }
    }

    fn refusal(&self, head: &Response<()>) -> Error {
        let status = head.status();
        let pause = text(head.headers(), header::RETRY_AFTER).and_then(|after| datetime::retry_after(&after, self.now));
        match status.as_u16() {
            401 | 403 | 407 => self.refused(
                ErrorKind::PermissionDenied,
                "may not be read without a login, or its link is over",
                "Use a link that opens without a login, such as a new signed one, or download the file and name it.",
            ),
            404 | 410 if self.known.is_none() => self.refused(ErrorKind::NotFound, "is not there", "Check the link."),
            // What was there a moment ago may be there again.
            404 | 410 => self.refused(ErrorKind::Unavailable, "is not there any more", "Check the link."),
            416 => match self.known {
                Some(_) => changed(self.url, "it is shorter now"),
                None => self.refused(ErrorKind::Unsupported, "is empty", "Name a disk image."),
            },
            408 => self.refused(ErrorKind::Timeout, "is on a server that gave up waiting", LATER),
            429 => self
                .refused(
                    ErrorKind::RateLimited,
                    "is on a server that asks for fewer requests",
                    LATER,
                )
                .with_retry_after(pause),
            500.. => self
                .refused(ErrorKind::Unavailable, "is on a server that failed", LATER)
                .with_retry_after(pause),
            _ => self.refused(ErrorKind::InvalidRequest, "is refused by its server", NAME_IT),
        }
    }

    pub(super) fn refused(&self, kind: ErrorKind, what: &str, remedy: &'static str) -> Error {
        Error::new(kind, format!("`{}` {what}", self.url)).with_remedy(remedy)
    }
}

pub(super) const NAME_IT: &str = "Download the file, and name the file itself.";
const LATER: &str = "Try again later.";

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}

/// The first byte and the size of the whole, of `bytes FIRST-LAST/SIZE`.
fn content_range(told: &str) -> Option<(u64, u64)> {
    let (range, size) = told.strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((first, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::CHANGED;

    const URL: &str = "https://images.example/web.qcow2";

    fn head(status: u16, headers: &[(&str, &str)]) -> Response<()> {
        let mut head = Response::builder().status(status);
        for (name, value) in headers {
            head = head.header(*name, *value);
        }
        head.body(()).unwrap()
    }

    fn known() -> WebStamp {
        WebStamp {
            url: URL.to_owned(),
            size: 100,
            etag: Some("\"a\"".to_owned()),
            last_modified: None,
        }
    }

    fn judged(known: Option<&WebStamp>, status: u16, headers: &[(&str, &str)]) -> Result<Head> {
        let asked = Asked {
            url: URL,
            known,
            first: 10,
            now: SystemTime::UNIX_EPOCH,
        };
        asked.judge(&head(status, headers))
    }

    #[test]
    fn a_range_of_the_same_file_is_taken() {
        let known = known();
        let headers = [("content-range", "bytes 10-19/100"), ("etag", "\"a\"")];
        assert_eq!(judged(Some(&known), 206, &headers).unwrap(), Head::Range(known.clone()));
        assert_eq!(judged(None, 206, &headers).unwrap(), Head::Range(known));
    }

    #[test]
    fn another_range_is_none() {
        for told in [
            "bytes 11-19/100",
            "bytes 10-19/*",
            "bytes 10-9/100",
            "bytes 10-100/100",
            "bytes */100",
            "items 10-19/100",
            "",
        ] {
            let error = judged(None, 206, &[("content-range", told)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{told}");
        }
        let packed = [("content-range", "bytes 10-19/100"), ("content-encoding", "gzip")];
        assert!(judged(None, 206, &packed).unwrap_err().message().contains("compressed"));
    }

    #[test]
    fn a_file_that_changed_is_told_by_what_changed() {
        let known = known();
        for (status, headers, how) in [
            (
                206,
                vec![("content-range", "bytes 10-19/101"), ("etag", "\"a\"")],
                "had 100 bytes and now has 101",
            ),
            (
                206,
                vec![("content-range", "bytes 10-19/100"), ("etag", "\"b\"")],
                "ETag was `a` and is `b`",
            ),
            (206, vec![("content-range", "bytes 10-19/100")], "is none"),
            (
                206,
                vec![
                    ("content-range", "bytes 10-19/100"),
                    ("etag", "\"a\""),
                    ("last-modified", "now"),
                ],
                "date of change was none and is `now`",
            ),
            (200, vec![("etag", "\"b\"")], "ETag"),
            (200, vec![("content-length", "7"), ("etag", "\"a\"")], "now has 7"),
            (416, vec![], "shorter"),
        ] {
            let error = judged(Some(&known), status, &headers).unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Conflict, Some(CHANGED)),
                "{error}"
            );
            assert!(
                error.message().contains(how) && error.message().contains(URL),
                "{error}"
            );
        }
        // The same file, as a whole.
        let same = judged(Some(&known), 200, &[("content-length", "100"), ("etag", "\"a\"")]).unwrap_err();
        assert_eq!(same.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn every_other_answer_has_its_kind_and_a_remedy() {
        let known = known();
        for (known, status, kind) in [
            (None, 200, ErrorKind::Unsupported),
            (None, 302, ErrorKind::InvalidResponse),
            (None, 404, ErrorKind::NotFound),
            (Some(&known), 404, ErrorKind::Unavailable),
            (None, 403, ErrorKind::PermissionDenied),
            (None, 416, ErrorKind::Unsupported),
            (None, 429, ErrorKind::RateLimited),
            (None, 503, ErrorKind::Unavailable),
            (None, 418, ErrorKind::InvalidRequest),
            (None, 304, ErrorKind::InvalidRequest),
        ] {
            let error = judged(known, status, &[("retry-after", "7")]).unwrap_err();
            assert_eq!(error.kind(), kind, "{status}");
            assert!(error.remedy().is_some(), "{status}");
        }
        let elsewhere = judged(None, 307, &[("location", "/k")]).unwrap();
        assert_eq!(elsewhere, Head::Elsewhere("/k".to_owned()));
    }
}
