//! Takes a link to an object apart. Which host belongs to which bucket is the clouds' own knowledge.

use percent_encoding::percent_decode_str;

/// Host and path of an `http` or `https` link; its query is not kept, it may hold a signature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Lower case, without a port.
    pub(crate) host: String,
    /// The path without its leading slash, decoded.
    pub(crate) key: String,
}

/// `None` when the text is no `http` or `https` link with a host and a path.
pub(crate) fn parse(text: &str) -> Option<Link> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/')?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if host.is_empty() || !host.chars().all(valid) || path.is_empty() {
        return None;
    }
    Some(Link {
        host: host.to_ascii_lowercase(),
        key: percent_decode_str(path).decode_utf8().ok()?.into_owned(),
    })
}

/// Splits `<bucket><middle><region><suffix>` into bucket and region, neither of them empty.
pub(crate) fn bucket_and_region<'h>(host: &'h str, middle: &str, suffix: &str) -> Option<(&'h str, &'h str)> {
    let (bucket, region) = host.strip_suffix(suffix)?.split_once(middle)?;
    (!bucket.is_empty() && !region.is_empty() && !region.contains('.')).then_some((bucket, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_host_and_decoded_key() {
        let link = parse("HTTPS://B.s3.r.Example.com:443/dir/a%20b+c/%E4%B8%AD?x=1&Signature=s#f").unwrap();
        assert_eq!(link.host, "b.s3.r.example.com");
        assert_eq!(link.key, "dir/a b+c/中");
        for text in [
            "",
            "b:k",
            "ftp://h/k",
            "http://h",
            "http:///k",
            "http://h/",
            "http://h h/k",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn bucket_and_region_are_split() {
        let split = |host| bucket_and_region(host, ".cos.", ".myqcloud.com");
        assert_eq!(split("b-1.cos.ap-x.myqcloud.com"), Some(("b-1", "ap-x")));
        assert_eq!(split("cos.ap-x.myqcloud.com"), None);
        assert_eq!(split("b.cos.a.b.myqcloud.com"), None);
        assert_eq!(split("b.cos.ap-x.example.com"), None);
    }
}
