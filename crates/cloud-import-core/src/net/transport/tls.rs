//! Who is trusted and with which cryptography. The only file that names rustls' parts.

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    crypto::{CryptoProvider, ring},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::{Error, ErrorKind};

/// TLS 1.2 and 1.3 to servers that the system trusts.
///
/// # Errors
/// [`ErrorKind::Local`] when the system's certificates cannot be read, or it has none.
pub(super) fn trusting_the_system() -> Result<ClientConfig, Error> {
    let mut config = builder()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(no_tls)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Every server is refused: for a client that speaks plain HTTP only, and needs no certificates on this machine.
///
/// # Errors
/// [`ErrorKind::Local`] when the program's own choice of cryptography has neither TLS 1.2 nor 1.3.
pub(super) fn trusting_nobody() -> Result<ClientConfig, Error> {
    let builder = builder().map_err(no_tls)?;
    Ok(builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    // What the program chose for itself counts here too, such as a library that its rules ask for.
    let provider = CryptoProvider::get_default().map_or_else(|| Arc::new(ring::default_provider()), Arc::clone);
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

fn no_tls(error: rustls::Error) -> Error {
    Error::new(ErrorKind::Local, "TLS cannot be set up")
        .with_remedy("Install the system's CA certificates (often the package `ca-certificates`).")
        .with_source(error)
}
