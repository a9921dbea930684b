//! Where a cloud is reached.

use std::{fmt, net::IpAddr, str::FromStr};

use http::uri::Authority;

use crate::{Error, ErrorKind};

/// Scheme and host (with a port where it is not the usual one), from text such as `https://cvm.tencentcloudapi.com`.
///
/// ```
/// use cloud_import_core::Endpoint;
///
/// let endpoint: Endpoint = "https://ecs-vpc.cn-beijing.aliyuncs.com".parse()?;
/// assert_eq!(endpoint.host(), "ecs-vpc.cn-beijing.aliyuncs.com");
/// # Ok::<(), cloud_import_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    plain_http: bool,
    authority: Authority,
}

impl Endpoint {
    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }

    /// Host and port as in the Host header.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Whether requests to it can be read on their way: plain HTTP to another machine.
    pub fn is_exposed(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.plain_http && !is_here
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority)
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    /// Takes `https://host[:port]`, `http://host[:port]` or a bare host, which means https.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("endpoint `{}` {why}", text.split('?').next().unwrap_or_default()),
            )
            .with_remedy("Write it as https://HOST or https://HOST:PORT, without path or query.")
        };
        let (plain_http, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("https", rest)) => (false, rest),
            Some(("http", rest)) => (true, rest),
            Some(_) => return Err(refuse("has a scheme that is neither https nor http")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(refuse("has more than scheme, host and port"));
        }
        let authority: Authority = rest.parse().map_err(|_| refuse("has no valid host"))?;
        Ok(Self { plain_http, authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_exposed_but_on_this_machine() {
        let exposed = |text: &str| text.parse::<Endpoint>().unwrap().is_exposed();
        for here in [
            "http://127.0.0.1:80",
            "http://127.9.8.7",
            "http://localhost:1",
            "http://[::1]:80",
            "https://a.example",
        ] {
            assert!(!exposed(here), "{here}");
        }
        for other in [
            "http://a.example",
            "http://10.0.0.1",
            "http://127.0.0.1.a.example",
            "http://localhost.a.example",
            "http://0.0.0.0",
            "http://[::2]",
        ] {
            assert!(exposed(other), "{other}");
        }
    }

    #[test]
    fn takes_hosts_and_refuses_the_rest() {
        let endpoint: Endpoint = "cvm.tencentcloudapi.com".parse().unwrap();
        assert_eq!(endpoint.to_string(), "https://cvm.tencentcloudapi.com");
        let endpoint: Endpoint = "http://127.0.0.1:8080/".parse().unwrap();
        assert_eq!((endpoint.scheme(), endpoint.authority()), ("http", "127.0.0.1:8080"));
        for bad in [
            "",
            "ftp://a",
            "https://a/b",
            "https://u:p@a",
            "https://a b",
            "https://?x",
        ] {
            let error = bad.parse::<Endpoint>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{bad}");
        }
    }
}
