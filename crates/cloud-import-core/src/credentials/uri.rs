//! Asks a link that a variable names for keys. Its text is never shown: it may hold a secret.

use std::time::Duration;

use http::{Method, Request, Uri, uri::Scheme};

use secrecy::{ExposeSecret as _, SecretString};

use super::{ChainSpec, Context, Temporary};
use crate::{Bytes, Error, ErrorKind, Result};

/// For the request. What answers is beside this program or in its network.
const LIMIT: Duration = Duration::from_secs(10);

/// Keys from a link. Over plain HTTP no proxy gets to see them.
///
/// # Errors
/// [`ErrorKind::Credentials`], whatever went wrong.
pub(super) async fn fetch(spec: &ChainSpec, context: &Context, link: &SecretString, origin: &str) -> Result<Temporary> {
    let refuse =
        |what: &str| Error::new(ErrorKind::Credentials, format!("{origin}: {what}")).with_provider(spec.provider);
    let wrong = || refuse("it is no link").with_remedy("Give a link that begins with http:// or https://.");
    let Some(read) = spec.link.map(|link| link.read) else {
        return Err(refuse("keys are not taken from links here"));
    };
    let uri: Uri = link.expose_secret().parse().map_err(|_| wrong())?;
    let is_plain = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => true,
        Some(scheme) if *scheme == Scheme::HTTPS => false,
        _ => return Err(wrong()),
    };
    let request = Request::builder().method(Method::GET).uri(uri).body(Bytes::new());
    let request = request.map_err(|error| wrong().with_source(error))?;
    let answered = match is_plain {
        true => context.transport.send_nearby(request, LIMIT).await,
        false => context.transport.send(request).await,
    };
    let answer = answered.map_err(|failure| {
        refuse(&failure.to_string())
            .with_remedy("Check that what gives keys at that link is running, or unset the variable.")
            .with_source(failure)
    })?;
    let status = answer.status();
    if !status.is_success() {
        return Err(
            refuse(&format!("asked for keys, it answered HTTP {}", status.as_u16())).with_http_status(status.as_u16())
        );
    }
    let text = std::str::from_utf8(answer.body()).map_err(|_| refuse("the keys are not text"))?;
    read(text).map_err(|flaw| refuse(&format!("the keys cannot be used: {flaw}")))
}
