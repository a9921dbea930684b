//! What a signer is, and what all of them do to a request. Pure.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind, Result,
    credentials::Keys,
    http::{Request, Uri, header},
    provider::{canonical, encode, protocol::Signing},
};

/// Signs the requests of one store.
pub trait StoreSigner: fmt::Debug + Send + Sync {
    /// Puts date, token and signature into the headers. Headers that are there already are kept and signed as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()>;

    /// Puts the signature into the query, valid for so long from the instant. Parameters that are there already are kept and
    /// signed as they are. Nonce and list of headers do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] without a key pair.
    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()>;
}

/// What a signature needs where the vendor's own choice of headers is signed.
pub(crate) fn signing(credentials: &Credentials, instant: SystemTime) -> Signing<'_> {
    Signing {
        credentials,
        instant,
        nonce: "",
        signed_headers: None,
    }
}

/// Puts the token of temporary keys into its header, unless one is there.
pub(super) fn put_token(request: &mut Request<Bytes>, name: &'static str, keys: &Keys<'_>) -> Result<()> {
    match keys.security_token {
        Some(token) if !request.headers().contains_key(name) => {
            canonical::set_secret(request.headers_mut(), name, token)
        }
        _ => Ok(()),
    }
}

/// Sets `Authorization`.
pub(super) fn authorize(request: &mut Request<Bytes>, authorization: &str) -> Result<()> {
    canonical::set_secret(request.headers_mut(), header::AUTHORIZATION.as_str(), authorization)
}

/// Type and sum of the body, and the store's own headers, sorted; `also` says what else is signed.
pub(super) fn signed_names<'r>(request: &'r Request<Bytes>, own: &str, also: impl Fn(&str) -> bool) -> Vec<&'r str> {
    let mut names: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
    names.retain(|name| matches!(*name, "content-md5" | "content-type") || name.starts_with(own) || also(name));
    names.sort_unstable();
    names
}

/// Adds parameters to a query; those that are there already, whatever the case of their name, are kept as they are.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when that makes no URL.
pub(super) fn add_to_query(request: &mut Request<Bytes>, added: &[(&str, String)]) -> Result<()> {
    let uri = request.uri();
    let mut query = uri.query().unwrap_or_default().to_owned();
    let there = encode::decode_pairs(&query);
    for (name, value) in added {
        if there.iter().any(|(found, _)| found.eq_ignore_ascii_case(name)) {
            continue;
        }
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&encode::pairs([(*name, value.as_str())]));
    }
    let mut parts = uri.clone().into_parts();
    let target = format!("{}?{query}", uri.path());
    let no_url = || Error::new(ErrorKind::InvalidRequest, "the signed link is no URL");
    parts.path_and_query = Some(target.parse().map_err(|_| no_url())?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| no_url())?;
    Ok(())
}
