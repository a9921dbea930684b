//! Which document a request is for. Only who names this machine gets one: a page of elsewhere, whose name was made to point here, does not.

use std::net::IpAddr;

use hyper::StatusCode;

use crate::commands::report::live::from_a_link;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// The page of all jobs.
    Jobs,
    /// The page of one.
    Job(String),
    /// What the pages run.
    Script,
    /// Whether the process lives.
    Health,
    /// Whether it takes orders.
    Ready,
    Metrics,
}

/// Why there is none.
pub(super) type Refusal = (StatusCode, &'static str);

/// The document for a method, the `Host` headers and a path.
pub(super) fn route(method: &str, hosts: &[&str], path: &str) -> Result<Route, Refusal> {
    let [host] = hosts else {
        return Err((StatusCode::BAD_REQUEST, "a request has one Host header"));
    };
    if !is_here(host) {
        let why = "this answers to localhost alone: a proxy before it is to send that as Host";
        return Err((StatusCode::MISDIRECTED_REQUEST, why));
    }
    if !matches!(method, "GET" | "HEAD") {
        return Err((
            StatusCode::METHOD_NOT_ALLOWED,
            "nothing is changed from here: GET and HEAD",
        ));
    }
    match path {
        "/" => Ok(Route::Jobs),
        "/page.js" => Ok(Route::Script),
        "/healthz" => Ok(Route::Health),
        "/readyz" => Ok(Route::Ready),
        "/metrics" => Ok(Route::Metrics),
        _ => path
            .strip_prefix("/jobs/")
            .and_then(from_a_link)
            .filter(|id| !id.is_empty())
            .map(Route::Job)
            .ok_or((StatusCode::NOT_FOUND, "there is no such page")),
    }
}

/// Whether a `Host` names this machine to itself, at whatever port.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let is_bracketed = bare.len() < name.len();
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() && address.is_ipv6() == is_bracketed,
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_document_and_nothing_is_changed() {
        let get = |path| route("GET", &["localhost:9750"], path);
        assert_eq!(get("/"), Ok(Route::Jobs));
        assert_eq!(get("/jobs/web-4f0c"), Ok(Route::Job("web-4f0c".to_owned())));
        assert_eq!(get("/jobs/%2e%2E%2fx"), Ok(Route::Job("../x".to_owned())));
        for path in ["/jobs/", "/jobs/%zz", "/jobs", "/x", "", "//", "/metrics/"] {
            assert_eq!(get(path).unwrap_err().0, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(route("HEAD", &["localhost"], "/metrics").is_ok());
        for method in ["POST", "DELETE", "OPTIONS", "CONNECT", "get"] {
            let refused = route(method, &["localhost"], "/").unwrap_err();
            assert_eq!(refused.0, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        }
    }

    #[test]
    fn another_host_is_answered_by_nobody() {
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1",
            "127.0.0.2:9750",
            "[::1]",
            "[::1]:9750",
        ] {
            assert!(route("GET", &[host], "/").is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1",
            "::1",
            "[127.0.0.1]",
            "localhost:x",
            "localhost:",
            "0.0.0.0",
            "",
        ] {
            let refused = route("GET", &[host], "/").unwrap_err();
            assert_eq!(refused.0, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        for hosts in [&[][..], &["localhost", "localhost"]] {
            assert_eq!(route("GET", hosts, "/").unwrap_err().0, StatusCode::BAD_REQUEST);
        }
    }
}
