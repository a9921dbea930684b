//! TLS by the system's own library (OpenSSL, Schannel, Secure Transport): who is trusted.

use std::error::Error as StdError;

use native_tls::{Certificate, Identity, Protocol, TlsConnector};
use secrecy::ExposeSecret as _;

use super::trust::Trust;
use crate::{Error, ErrorKind};

/// What the HTTP client takes.
pub(super) type Config = TlsConnector;

/// TLS 1.2 and 1.3 to servers that the system trusts, or the program.
///
/// # Errors
/// [`ErrorKind::Local`] when the library cannot be set up, [`ErrorKind::InvalidRequest`] when certificates or key of the
/// program cannot be read.
pub(super) fn trusting_the_system_and(trust: &Trust) -> Result<Config, Error> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    for pem in &trust.roots {
        let roots =
            Certificate::stack_from_pem(pem).map_err(|error| unusable("a certificate cannot be read", error))?;
        if roots.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "there is no certificate in the PEM",
            ));
        }
        for root in roots {
            builder.add_root_certificate(root);
        }
    }
    if let Some(pem) = &trust.identity {
        let pem = pem.expose_secret();
        let identity = Identity::from_pkcs8(pem.as_bytes(), private_key(pem).as_bytes())
            .map_err(|error| unusable("the client's certificate or PKCS #8 key cannot be read", error))?;
        builder.identity(identity);
    }
    builder.build().map_err(|error| match trust.identity {
        Some(_) => unusable("the client's certificate and key do not match", error),
        None => no_tls(error),
    })
}

/// For a client that speaks plain HTTP only.
///
/// # Errors
/// [`ErrorKind::Local`] when the library cannot be set up.
pub(super) fn trusting_nobody() -> Result<Config, Error> {
    let mut builder = TlsConnector::builder();
    builder.disable_built_in_roots(true);
    builder.build().map_err(no_tls)
}

/// What of TLS failed, if this is an error of it, and whether the next connection would meet the same.
pub(super) fn failure(cause: &(dyn StdError + 'static)) -> Option<(String, bool)> {
    let text = cause.downcast_ref::<native_tls::Error>()?.to_string();
    let said = |words: &str| text.contains(words);
    // OpenSSL says it among its codes; the other libraries have sentences.
    let words = match () {
        () if said("(certificate has expired)") => "the certificate has expired",
        () if said("(hostname mismatch)") || said("(IP address mismatch)") => "the certificate is for another name",
        () if said("certificate verify failed") => "the certificate is not trusted",
        () => return Some((text, false)),
    };
    Some((words.to_owned(), true))
}

/// From the first line of the key to its last.
fn private_key(pem: &str) -> &str {
    const LAST: &str = "-----END PRIVATE KEY-----";
    let key = pem
        .find("-----BEGIN PRIVATE KEY-----")
        .map_or("", |start| &pem[start..]);
    key.find(LAST).map_or(key, |end| &key[..end + LAST.len()])
}

fn unusable(why: &str, cause: native_tls::Error) -> Error {
    Error::new(ErrorKind::InvalidRequest, why).with_source(cause)
}

fn no_tls(error: native_tls::Error) -> Error {
    Error::new(ErrorKind::Local, "TLS cannot be set up").with_source(error)
}
