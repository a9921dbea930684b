//! Which URLs are fetched, and where a redirect may lead. Pure.

use std::net::IpAddr;

use cloud_import_core::{Error, ErrorKind, Link, Result, http::Uri};

/// The URL to fetch, without its fragment.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for what is no URL, holds credentials, or is neither https nor of this machine.
pub(super) fn checked(link: &Link) -> Result<Uri> {
    let shown = link.without_query();
    let refuse = |what: &str, remedy: &'static str| {
        Err(Error::new(ErrorKind::InvalidRequest, format!("`{}` {what}", without_user(shown))).with_remedy(remedy))
    };
    let text = link.expose().split('#').next().unwrap_or_default();
    let Ok(uri) = text.parse::<Uri>() else {
        return refuse(
            "is not a URL",
            "Write it as https://HOST/PATH, with spaces and other characters percent-encoded.",
        );
    };
    let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
        return refuse("names no host", "Write it as https://HOST/PATH.");
    };
    if authority.as_str().contains('@') {
        return refuse(
            "holds a user name or a password, which are not sent",
            "Use a link that opens without them, such as a signed one, or download the file and name it.",
        );
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_this_machine(authority.host()) => Ok(uri),
        _ => refuse(
            "is not fetched: what comes by plain http may be altered and read on its way",
            "Use https, or download the file and name it.",
        ),
    }
}

/// Where a redirect leads, by the `Location` of the answer.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] where it leads away from https, or to what is not fetched.
pub(super) fn follow(from: &Uri, location: &str) -> Result<Uri> {
    let scheme = from.scheme_str().unwrap_or_default();
    let authority = from.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_absolute = location
        .split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let target = match location {
        _ if is_absolute => location.to_owned(),
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{scheme}://{authority}{location}"),
        _ if location.starts_with('?') => format!("{scheme}://{authority}{}{location}", from.path()),
        _ => format!("{scheme}://{authority}{folder}/{location}"),
    };
    let target = checked(&Link::new(target))?;
    if scheme == "https" && target.scheme_str() != Some("https") {
        let message = format!("`{authority}` redirects from https to plain http, which is not followed");
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Use the link that it leads to by https, or download the file and name it."));
    }
    Ok(target)
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What may be shown of a URL: a password stands before the last `@` of its host.
fn without_user(shown: &str) -> String {
    let (scheme, rest) = shown.split_once("://").unwrap_or(("", shown));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = checked(&Link::new(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{text}");
        assert!(error.remedy().is_some(), "{text}");
        error.to_string()
    }

    #[test]
    fn only_https_and_this_machine_are_fetched() {
        for good in [
            "https://images.example/web.qcow2?X-Signature=a%2Fb#sha256=00",
            "https://10.0.0.7:8443/web.qcow2",
            "http://127.0.0.1:8080/web.qcow2",
            "http://[::1]:8080/web.qcow2",
            "http://localhost/web.qcow2",
        ] {
            let uri = checked(&Link::new(good)).unwrap();
            assert_eq!(uri.to_string(), good.split('#').next().unwrap());
        }
        for (bad, why) in [
            ("http://images.example/web.qcow2", "plain http"),
            ("http://127.0.0.1.example/web.qcow2", "plain http"),
            ("http://localhost.example/web.qcow2", "plain http"),
            ("ftp://images.example/web.qcow2", "plain http"),
            ("https:///web.qcow2", "not a URL"),
            ("https://images.example/web 2.qcow2", "not a URL"),
            ("/web.qcow2", "names no host"),
        ] {
            assert!(refusal(bad).contains(why), "{bad}: {}", refusal(bad));
        }
    }

    #[test]
    fn a_password_is_neither_sent_nor_shown() {
        for bad in [
            "https://me:s3cret@images.example/web.qcow2?token=t0ken",
            "https://me:s3cret@images.example",
            "http://me:s3cret@127.0.0.1/web.qcow2",
            "https://me:s3cret@images.example:port/web.qcow2",
        ] {
            let told = refusal(bad);
            assert!(!told.contains("s3cret") && !told.contains("t0ken"), "{told}");
        }
    }

    #[test]
    fn a_redirect_leads_to_a_url_of_any_form_but_not_away_from_https() {
        let from: Uri = "https://a.example/dir/web.qcow2?x=1".parse().unwrap();
        for (location, to) in [
            ("https://b.example/k?sig=%2F", "https://b.example/k?sig=%2F"),
            ("//b.example/k", "https://b.example/k"),
            ("/k?y", "https://a.example/k?y"),
            ("?y", "https://a.example/dir/web.qcow2?y"),
            ("other.qcow2", "https://a.example/dir/other.qcow2"),
            ("/k#part", "https://a.example/k"),
        ] {
            assert_eq!(follow(&from, location).unwrap().to_string(), to, "{location}");
        }
        for bad in [
            "http://127.0.0.1/k",
            "http://b.example/k",
            "ftp://b.example/k",
            "https://me:pw@b.example/k",
            "file:///etc/passwd",
        ] {
            assert!(follow(&from, bad).is_err(), "{bad}");
        }
        let here: Uri = "http://127.0.0.1:80/a".parse().unwrap();
        assert!(follow(&here, "http://127.0.0.1:81/b").is_ok() && follow(&here, "https://b.example/b").is_ok());
        assert!(follow(&here, "http://b.example/b").is_err());
    }
}
