//! Takes a link to an object apart. Which host belongs to which bucket is the clouds' own knowledge.

use std::fmt;

use percent_encoding::percent_decode_str;

/// An `http` or `https` link.
#[derive(PartialEq, Eq)]
pub(crate) struct Link {
    /// Lower case, without a port.
    pub(crate) host: String,
    /// Host and port as they stand in the link.
    pub(crate) authority: String,
    /// The path without its leading slash, decoded.
    pub(crate) key: String,
    /// The path as it stands in the link.
    pub(crate) path: String,
    /// The query as it stands in the link; it may hold a signature.
    pub(crate) query: String,
}

/// Leaves the query out.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("host", &self.host)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// `None` when the text is no `http` or `https` link with a host and a path.
pub(crate) fn parse(text: &str) -> Option<Link> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/')?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if host.is_empty() || !host.chars().all(valid) || path.is_empty() {
        return None;
    }
    Some(Link {
        host: host.to_ascii_lowercase(),
        authority: authority.to_owned(),
        key: percent_decode_str(path).decode_utf8().ok()?.into_owned(),
        path: format!("/{path}"),
        query: query.to_owned(),
    })
}

/// A link as it may be shown: its query can hold a signature.
pub(crate) fn without_query(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_host_and_decoded_key() {
        let link = parse("HTTPS://B.s3.r.Example.com:443/dir/a%20b+c/%E4%B8%AD?x=1&Signature=s#f").unwrap();
        assert_eq!(link.host, "b.s3.r.example.com");
        assert_eq!(link.authority, "B.s3.r.Example.com:443");
        assert_eq!(link.key, "dir/a b+c/中");
        assert_eq!(link.path, "/dir/a%20b+c/%E4%B8%AD");
        assert_eq!(link.query, "x=1&Signature=s");
        assert!(!format!("{link:?}").contains("Signature"));
        for text in [
            "",
            "b:k",
            "ftp://h/k",
            "http://h",
            "http:///k",
            "http://h/",
            "http://h?x=/k",
            "http://h h/k",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
