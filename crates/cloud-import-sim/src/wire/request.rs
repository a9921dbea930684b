//! A request as received, and its lenient decoding.

use std::fmt;

use percent_encoding::percent_decode_str;

/// A request as received: nothing decoded, nothing reordered.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WireRequest {
    /// The method, upper case as sent.
    pub method: String,
    /// The path as sent, percent escapes kept, without the query.
    pub path: String,
    /// The query as sent, without the `?`; empty when there was none.
    pub query: String,
    /// Header names and values as sent, in order; repeated headers stay repeated.
    pub headers: Vec<(String, String)>,
    /// The body's bytes; empty when there was none.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// The value of the first header of this name; names compare without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// The values of all headers of this name, in order.
    pub(crate) fn header_values<'r>(&'r self, name: &str) -> impl Iterator<Item = &'r str> {
        self.headers
            .iter()
            .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The query's parameters in order, decoded: `+` is a space, `%XX` a byte of UTF-8.
    ///
    /// A `%` without two hexadecimal digits stays as it is, bytes that are no UTF-8 become U+FFFD, a name without `=` has an
    /// empty value, and empty pieces between two `&` are left out.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        decoded_pairs(&self.query)
    }

    /// The parameters of a form body in order, decoded like [`query_pairs`](Self::query_pairs).
    ///
    /// The content type is not looked at: ask only where a form is expected.
    #[must_use]
    pub fn form_pairs(&self) -> Vec<(String, String)> {
        decoded_pairs(&String::from_utf8_lossy(&self.body))
    }

    /// The path with its percent escapes decoded (`+` stays a plus), bytes that are no UTF-8 as U+FFFD.
    #[must_use]
    pub fn decoded_path(&self) -> String {
        percent_decode_str(&self.path).decode_utf8_lossy().into_owned()
    }

    /// The media type of the body in lower case, without parameters such as the charset.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split_once(';').map_or(value, |(essence, _)| essence);
        Some(essence.trim().to_ascii_lowercase())
    }
}

/// Shows the shape of the request only: values of headers, the query and the body may hold tokens and signatures.
impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query_length", &self.query.len())
            .field("header_names", &names)
            .field("body_length", &self.body.len())
            .finish()
    }
}

fn decoded_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_first_header_is_found_whatever_its_case() {
        let request = WireRequest {
            headers: pairs(&[("Host", "a"), ("HOST", "b")]),
            ..WireRequest::default()
        };
        assert_eq!(request.header("host"), Some("a"));
        assert_eq!(request.header_values("hOst").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(request.header("hos"), None);
    }

    #[test]
    fn pairs_are_decoded_leniently_and_in_order() {
        let request = WireRequest {
            query: "b=1+2%2B&a=%E4%B8%AD=x&flag&&bad=%zz%ff&=v".to_owned(),
            body: b"Name=x%26y".to_vec(),
            ..WireRequest::default()
        };
        assert_eq!(
            request.query_pairs(),
            pairs(&[
                ("b", "1 2+"),
                ("a", "中=x"),
                ("flag", ""),
                ("bad", "%zz\u{fffd}"),
                ("", "v")
            ])
        );
        assert_eq!(request.form_pairs(), pairs(&[("Name", "x&y")]));
    }

    #[test]
    fn the_path_is_decoded_without_turning_a_plus_into_a_space() {
        let request = WireRequest {
            path: "/v1/images%3Aimport/a+b".to_owned(),
            ..WireRequest::default()
        };
        assert_eq!(request.decoded_path(), "/v1/images:import/a+b");
    }

    #[test]
    fn the_media_type_has_neither_parameters_nor_upper_case() {
        let request = WireRequest {
            headers: pairs(&[("Content-Type", "Application/JSON; charset=utf-8")]),
            ..WireRequest::default()
        };
        assert_eq!(request.media_type().as_deref(), Some("application/json"));
    }

    #[test]
    fn debug_shows_no_value() {
        let request = WireRequest {
            query: "Signature=q-secret".to_owned(),
            headers: pairs(&[("X-TC-Token", "t-secret")]),
            body: b"b-secret".to_vec(),
            ..WireRequest::default()
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("X-TC-Token"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
