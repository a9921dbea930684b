//! TLS by rustls: who is trusted, and with which cryptography. Nothing here is made the default of the whole program.

use std::{error::Error as StdError, io, path::Path, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret as _;

#[cfg(not(feature = "ring"))]
use rustls::crypto::aws_lc_rs as cryptography;
#[cfg(feature = "ring")]
use rustls::crypto::ring as cryptography;

use super::trust::Trust;
use crate::{Error, ErrorKind, net::env};

/// What the HTTP client takes.
pub(super) type Config = ClientConfig;

/// TLS 1.2 and 1.3 to servers that the system trusts, or the program.
///
/// # Errors
/// [`ErrorKind::Local`] when the system has no certificates, [`ErrorKind::InvalidRequest`] when those of the program cannot
/// be read.
pub(super) fn trusting_the_system_and(trust: &Trust) -> Result<Config, Error> {
    let mut roots = Vec::new();
    for pem in &trust.roots {
        roots.extend(certificates(pem)?);
    }
    let readable = roots
        .iter()
        .try_for_each(|root| RootCertStore::empty().add(root.clone()));
    readable.map_err(|error| unusable("a certificate cannot be read", error))?;
    let (builder, provider) = builder()?;
    let verifier =
        Verifier::new_with_extra_roots(roots, provider).map_err(|error| nobody_to_trust(error, &env::variable))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &trust.identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let pem = pem.expose_secret().as_bytes();
            let key = PrivateKeyDer::from_pem_slice(pem)
                .map_err(|error| unusable("the client's key cannot be read", error))?;
            builder
                .with_client_auth_cert(certificates(pem)?, key)
                .map_err(|error| unusable("the client's certificate and key do not match", error))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Every server is refused: for a client that speaks plain HTTP only, and needs no certificates on this machine.
///
/// # Errors
/// [`ErrorKind::Local`] when the program's own choice of cryptography has neither TLS 1.2 nor 1.3.
pub(super) fn trusting_nobody() -> Result<Config, Error> {
    let (builder, _) = builder()?;
    Ok(builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// What of TLS failed, if this is an error of it, and whether the next connection would meet the same.
pub(super) fn failure(cause: &(dyn StdError + 'static)) -> Option<(String, bool)> {
    use CertificateError as Bad;
    use rustls::Error as Tls;
    let words = match cause.downcast_ref::<Tls>()? {
        Tls::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => "the certificate is not trusted",
        Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "the certificate is for another name"
        }
        Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => "the certificate has expired",
        Tls::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "the certificate is not valid yet"
        }
        Tls::AlertReceived(AlertDescription::CertificateRequired) => "the server asks for a client's certificate",
        other => return Some((other.to_string(), matches!(other, Tls::InvalidCertificate(_)))),
    };
    Some((words.to_owned(), true))
}

type Builder = ConfigBuilder<ClientConfig, WantsVerifier>;

fn builder() -> Result<(Builder, Arc<CryptoProvider>), Error> {
    // What the program chose for itself counts here too, such as a library that its rules ask for.
    let provider = CryptoProvider::get_default().map_or_else(|| Arc::new(cryptography::default_provider()), Arc::clone);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    Ok((builder.with_safe_default_protocol_versions().map_err(no_tls)?, provider))
}

/// All certificates of a PEM.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable("a certificate cannot be read", error))?;
    if found.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            "there is no certificate in the PEM",
        ));
    }
    Ok(found)
}

fn unusable(why: &str, cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidRequest, why).with_source(cause)
}

fn no_tls(error: rustls::Error) -> Error {
    Error::new(ErrorKind::Local, "TLS cannot be set up").with_source(error)
}

/// Variables that stand for the system's certificates where it has no store of its own.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The largest file of certificates that is looked at, in bytes. Those of systems have some 200 KB.
const LARGEST: u64 = 16 << 20;

/// No certificate was found: the error names the variable that is to blame, where one is set.
fn nobody_to_trust(error: rustls::Error, variable: &dyn Fn(&str) -> Option<String>) -> Error {
    let set: Vec<(&str, String)> = CERTIFICATES
        .into_iter()
        .filter_map(|name| Some((name, variable(name)?)))
        .collect();
    let told = |(name, path): &(&str, String)| format!("{name} names `{path}`, {}", what_is_wrong_with(path));
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let (why, remedy) = if set.is_empty() {
        let remedy = "Install the system's CA certificates (often the package `ca-certificates`), or name a file of them in SSL_CERT_FILE.";
        ("the system has no CA certificates".to_owned(), remedy.to_owned())
    } else {
        let told: Vec<String> = set.iter().map(told).collect();
        (told.join("; "), format!("Correct or unset {}.", names.join(" and ")))
    };
    Error::new(ErrorKind::Local, format!("TLS cannot be set up: {why}"))
        .with_remedy(remedy)
        .with_source(error)
}

fn what_is_wrong_with(path: &str) -> &'static str {
    match env::read_file(Path::new(path), LARGEST) {
        Ok(None) => "which is not there",
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "which this user may not read",
        _ => "in which there is no certificate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_names_no_certificates_is_named() {
        let of = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                set.iter()
                    .find(|(of, _)| *of == name)
                    .map(|(_, path)| (*path).to_owned())
            };
            let error = nobody_to_trust(rustls::Error::General("none".to_owned()), &variable);
            format!("{} -> {}", error.message(), error.remedy().unwrap())
        };
        assert_eq!(
            of(&[("SSL_CERT_FILE", "/no/such.pem")]),
            "TLS cannot be set up: SSL_CERT_FILE names `/no/such.pem`, which is not there -> Correct or unset SSL_CERT_FILE."
        );
        assert_eq!(
            of(&[("SSL_CERT_FILE", "Cargo.toml"), ("SSL_CERT_DIR", "/no/such")]),
            "TLS cannot be set up: SSL_CERT_FILE names `Cargo.toml`, in which there is no certificate; SSL_CERT_DIR names \
             `/no/such`, which is not there -> Correct or unset SSL_CERT_FILE and SSL_CERT_DIR."
        );
        assert!(of(&[("SSL_CERT_DIR", "src")]).contains("names `src`, in which there is no certificate"));
        assert!(of(&[]).contains("the system has no CA certificates -> Install"));
    }
}
