//! What a failure of the HTTP client was: how far the request came and why, in plain words.
//!
//! The libraries below tell part of it by their types and part of it in words only; the tests hold the words.

use std::{error::Error as StdError, io, iter, net::SocketAddr};

use reqwest::Url;

use super::{streamed::Unread, tls};
use crate::net::transport::{Stage, TransportError, TransportErrorKind};

/// Where a request goes, without what its URL says beside that.
pub(super) struct Way {
    host: String,
    port: Option<u16>,
    is_https: bool,
    proxy: Option<String>,
    dialed: Option<SocketAddr>,
}

/// How far it came, why no further, and whether that lasts.
type Finding = (Stage, String, bool);

impl Way {
    pub(super) fn of(url: &Url, proxy: Option<String>, dialed: Option<SocketAddr>) -> Self {
        Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            is_https: url.scheme() == "https",
            proxy,
            dialed,
        }
    }

    /// Says of a failure where it was.
    pub(super) fn at(&self, stage: Stage, failure: TransportError) -> TransportError {
        let failure = failure.with_stage(stage).with_host(&self.host, self.port);
        match &self.proxy {
            Some(proxy) => failure.with_proxy(proxy),
            None => failure,
        }
    }

    /// A request of which nothing moved for too long, or whose answer did not end.
    pub(super) fn too_long(&self, stage: Stage) -> TransportError {
        let message = match stage {
            Stage::Send => "nothing was sent or answered within the time limit",
            _ => "no whole answer within the time limit",
        };
        self.at(stage, TransportError::new(TransportErrorKind::Timeout, message))
    }

    /// What a request ended with whose answer had begun, or had not.
    pub(super) fn failure(&self, begun: Stage, error: reqwest::Error) -> TransportError {
        if error.is_builder() {
            return invalid(error);
        }
        let kind = match () {
            () if error.is_connect() => TransportErrorKind::Connect,
            () if error.is_timeout() => TransportErrorKind::Timeout,
            () => TransportErrorKind::Broken,
        };
        let unread = causes(&error)
            .find(|cause| cause.is::<Unread>())
            .map(ToString::to_string);
        let (stage, message, lasting) = match (kind, unread) {
            (TransportErrorKind::Broken, Some(why)) => (begun, why, true),
            (TransportErrorKind::Connect, _) => self.not_connected(&error),
            (TransportErrorKind::Timeout, _) if begun == Stage::Send => {
                (begun, "no answer within the time limit".into(), false)
            }
            (TransportErrorKind::Timeout, _) => (begun, "no whole answer within the time limit".into(), false),
            _ => match causes(&error).find_map(tls::failure) {
                Some((why, lasting)) => (Stage::Tls, why, lasting),
                None if begun == Stage::Send => (begun, "the connection broke before an answer came".into(), false),
                None => (begun, "the connection broke before the whole answer came".into(), false),
            },
        };
        let failure = self.at(stage, TransportError::new(kind, message));
        let failure = if lasting { failure.lasting() } else { failure };
        failure.with_source(error.without_url())
    }

    fn not_connected(&self, error: &reqwest::Error) -> Finding {
        if self.proxy.is_some() && (!self.is_https || says(error, "tunnel error")) {
            return self.not_proxied(error);
        }
        match causes(error).find_map(tls::failure) {
            _ if error.is_dns() => (Stage::Resolve, reason(error), false),
            Some((why, lasting)) => (Stage::Tls, why, lasting),
            // Where the time for the connection ran out, all that is known is that it does not stand.
            None if says(error, "tcp ") || error.is_timeout() || !self.is_https => {
                let dialed = self.dialed.map(|address| format!(" (dialed {address} in its place)"));
                (Stage::Connect, reason(error) + &dialed.unwrap_or_default(), false)
            }
            None => (Stage::Tls, reason(error), false),
        }
    }

    fn not_proxied(&self, error: &reqwest::Error) -> Finding {
        let target = match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        };
        let (message, lasting) = match causes(error).find_map(tls::failure) {
            _ if error.is_dns() => ("cannot be resolved".to_owned(), false),
            _ if says(error, "tcp ") => (format!("cannot be reached: {}", reason(error)), false),
            Some((why, lasting)) => (format!("cannot be reached by TLS: {why}"), lasting),
            _ if says(error, "tunnel error: proxy authorization") => {
                ("asks for a user name and a password".to_owned(), true)
            }
            // Whether by its rules or for now, as when it cannot reach the host, is not told.
            _ if says(error, "tunnel error: unsuccessful") => (format!("refused to connect to {target}"), false),
            _ => (format!("did not connect to {target}: {}", reason(error)), false),
        };
        (Stage::Proxy, message, lasting)
    }
}

/// A request that is none.
pub(super) fn invalid(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::Refused, "the request is not a valid HTTP request")
        .with_source(error.without_url())
}

/// An error and all that is behind it, the insides of I/O errors too, which `source` leaves out.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let error: &(dyn StdError + 'static) = error;
    iter::successors(Some(error), |error: &&(dyn StdError + 'static)| {
        let error: &(dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside as _),
            None => error.source(),
        }
    })
}

/// Whether one of the causes begins so.
fn says(error: &reqwest::Error, text: &str) -> bool {
    causes(error).any(|cause| cause.to_string().starts_with(text))
}

/// The cause behind all others in a few words.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let system = causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .last();
    match system.map(|error| error.kind().to_string()) {
        Some(words) if words != "other error" && words != "uncategorized error" => words,
        _ => causes(error).last().map(ToString::to_string).unwrap_or_default(),
    }
}
