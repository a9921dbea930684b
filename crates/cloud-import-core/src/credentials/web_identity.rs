//! Keys for a token of another party (web identity, OIDC): one unsigned call to the cloud's STS, the token in it.
//!
//! The token is read anew for each look-up: who gives it replaces the file before it expires.

use std::{io, path::Path};

use http::{HeaderMap, Request, Response};
use secrecy::{ExposeSecret as _, SecretString};

use super::{ChainSpec, Context, Credentials, Exchange, ProfileError, Temporary, WebIdentityRole, sts};
use crate::{
    Bytes, Endpoint, Error, ErrorKind, Provider, Result,
    model::code::CodeRule,
    net::env::read_file,
    net::protocol::{Protocol, Reading, Signing},
};

/// The largest token that is read, in bytes. The vendors take 20 000 at the most.
const LARGEST: u64 = 1 << 16;

/// A protocol without its signature: for requests whose credential is a token in them.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<P> {
    /// Reads answers.
    pub protocol: P,
    /// What each attempt gets in the place of a signature, such as a date.
    pub stamp: fn(&mut Request<Bytes>, &Signing<'_>) -> Result<()>,
}

impl<P: Protocol> Protocol for Unsigned<P> {
    fn provider(&self) -> Provider {
        self.protocol.provider()
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        (self.stamp)(request, signing)
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        self.protocol.read(answer)
    }

    fn codes(&self) -> &'static [CodeRule] {
        self.protocol.codes()
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        self.protocol.request_id_headers()
    }

    fn retry_after(&self, headers: &HeaderMap) -> Option<std::time::Duration> {
        self.protocol.retry_after(headers)
    }
}

/// The token in a file.
///
/// # Errors
/// [`ErrorKind::Credentials`] naming the file and, through `origin`, what names it.
pub(super) fn token(spec: &ChainSpec, identity: &WebIdentityRole, origin: &str) -> Result<SecretString> {
    let file = &identity.token_file;
    let refuse = |why: &str| {
        Error::new(
            ErrorKind::Credentials,
            format!("{origin}: the token's file {file} {why}"),
        )
        .with_provider(spec.provider)
        .with_remedy("Make sure that the file exists and holds only the token of the party that signs in.")
    };
    let text = read_file(Path::new(file), LARGEST).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::PermissionDenied => "cannot be read by this user",
            io::ErrorKind::InvalidData => "is not UTF-8 text",
            io::ErrorKind::FileTooLarge => "is larger than 64 KiB",
            io::ErrorKind::InvalidInput => "is not a file",
            _ => "cannot be read",
        };
        refuse(why).with_source(error)
    })?;
    let text = text.ok_or_else(|| refuse("is not there"))?;
    match text.trim() {
        "" => Err(refuse("is empty")),
        token if token.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            Err(refuse("is not a token: it contains blanks"))
        }
        token => Ok(SecretString::from(token)),
    }
}

/// Keys of the role.
///
/// # Errors
/// As [`token`], and as those of a role that is assumed with keys.
pub(super) async fn exchange(
    spec: &ChainSpec,
    context: &Context,
    identity: &WebIdentityRole,
    origin: &str,
) -> Result<Temporary> {
    let Some(web) = &spec.web_identity else {
        let message = format!(
            "{origin}: tokens of other parties are not exchanged here for keys of {}",
            spec.provider.name()
        );
        return Err(Error::new(ErrorKind::Credentials, message)
            .with_provider(spec.provider)
            .with_remedy("Give the role's temporary keys with their token."));
    };
    let token = token(spec, identity, origin)?;
    let exchange = Exchange {
        role: &identity.role,
        provider: &identity.provider,
        token: token.expose_secret(),
        endpoint: identity.endpoint.as_ref(),
    };
    let request = (web.request)(&exchange, &context.caller())?;
    // Not to sign with: as credentials, the token is cut out of whatever the vendor echoes.
    let credentials = Credentials::bearer_token(token.expose_secret());
    let call = sts::Call {
        operation: web.operation,
        protocol: &*(web.protocol)(),
        credentials,
        request,
        read: &|answer| (web.read)(answer, &identity.role),
    };
    sts::send(spec, context, call, &identity.role, origin).await
}

/// What a variable or a field says where STS is.
///
/// # Errors
/// A [`ProfileError`] when it is no endpoint.
pub fn endpoint(name: &str, text: Option<String>) -> Result<Option<Endpoint>, ProfileError> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_: Error| ProfileError::wrong(name, "an address such as https://HOST"))
}
