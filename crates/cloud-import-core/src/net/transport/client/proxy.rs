//! Which requests go through a proxy, and through which: as the environment says, or one for all.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy, Proxy, Url};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    Error, ErrorKind,
    env::variable,
    transport::{Stage, TransportError, TransportErrorKind},
};

/// The proxies of a transport: one for each scheme, and hosts that are reached without.
pub(super) struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    no_proxy: String,
    /// Matches what is not reached without. The HTTP client asks the same matcher, so that both see it alike.
    matcher: Matcher,
}

/// A proxy, or why the setting names none that can be used.
type Setting = Result<Usable, String>;

struct Usable {
    /// With the user's name and password.
    url: Url,
    /// Host and port.
    shown: String,
}

/// Shows no password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |setting: &Option<Setting>| match setting {
            Some(Ok(proxy)) => proxy.shown.clone(),
            Some(Err(why)) => why.clone(),
            None => "none".to_owned(),
        };
        f.debug_struct("Proxies")
            .field("http", &shown(&self.http))
            .field("https", &shown(&self.https))
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}

impl Proxies {
    fn new(http: Option<Setting>, https: Option<Setting>, no_proxy: String) -> Self {
        // The address is never used.
        let matcher = Matcher::builder().all("http://proxy").no(&no_proxy).build();
        Self {
            http,
            https,
            no_proxy,
            matcher,
        }
    }

    /// None at all.
    pub(super) fn none() -> Self {
        Self::new(None, None, String::new())
    }

    /// One for all.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when this is no URL of an HTTP proxy.
    pub(super) fn all(url: &SecretString) -> Result<Self, Error> {
        let read = || read("the proxy", url.expose_secret());
        if let Err(why) = read() {
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        Ok(Self::new(Some(read()), Some(read()), String::new()))
    }

    /// What the environment says.
    pub(super) fn from_environment() -> Self {
        // The variables of a CGI program come from whoever calls it.
        if variable("REQUEST_METHOD").is_some() {
            return Self::none();
        }
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let setting = |names| {
            let (name, value) = first(names).or_else(|| first(["ALL_PROXY", "all_proxy"]))?;
            Some(read(name, &value))
        };
        Self::new(
            setting(["HTTP_PROXY", "http_proxy"]),
            setting(["HTTPS_PROXY", "https_proxy"]),
            first(["NO_PROXY", "no_proxy"]).map_or_else(String::new, |(_, value)| value),
        )
    }

    /// Host and port of the proxy that a request goes through.
    ///
    /// # Errors
    /// [`TransportErrorKind::Refused`] when that is none that can be used.
    pub(super) fn of(&self, uri: &Uri) -> Result<Option<String>, TransportError> {
        let setting = match uri.scheme_str() {
            Some("http") => &self.http,
            _ => &self.https,
        };
        match setting {
            Some(_) if self.matcher.intercept(uri).is_none() => Ok(None),
            Some(Ok(proxy)) => Ok(Some(proxy.shown.clone())),
            Some(Err(why)) => Err(TransportError::new(TransportErrorKind::Refused, why).with_stage(Stage::Proxy)),
            None => Ok(None),
        }
    }

    /// Tells the HTTP client, which then reads nothing from the environment itself.
    pub(super) fn apply(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let mut builder = builder.no_proxy();
        let no_proxy = || NoProxy::from_string(&self.no_proxy);
        if let Some(Ok(proxy)) = &self.http {
            builder = builder.proxy(Proxy::http(proxy.url.clone())?.no_proxy(no_proxy()));
        }
        if let Some(Ok(proxy)) = &self.https {
            builder = builder.proxy(Proxy::https(proxy.url.clone())?.no_proxy(no_proxy()));
        }
        Ok(builder)
    }
}

/// Reads a setting. The words of an error do not hold it, as it may hold a password.
fn read(from: &str, value: &str) -> Setting {
    let with_scheme = match value.contains("://") {
        true => value.to_owned(),
        false => format!("http://{value}"),
    };
    let url = Url::parse(&with_scheme).map_err(|_| format!("{from} is not the URL of a proxy"))?;
    match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("http" | "https", Some(host), Some(port)) => Ok(Usable {
            shown: format!("{host}:{port}"),
            url,
        }),
        (scheme, ..) => Err(format!(
            "{from} is a `{scheme}` proxy, and only `http` and `https` proxies are supported"
        )),
    }
}
