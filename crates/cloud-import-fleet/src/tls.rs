//! TLS to the database: who is trusted. A server is always verified.

use std::sync::Arc;

use cloud_import::{Error, ErrorKind, Field, Remedy, Result};
use rustls::{
    ClientConfig,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

/// A server that the system trusts, or one that a certificate of this file stands for.
pub(crate) fn verified(roots: Option<&str>) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS cannot be set up".to_owned(), error))?;
    let verifier = match roots {
        // Alone: who names certificates trusts no other.
        Some(file) => {
            let mut own = rustls::RootCertStore::empty();
            let read =
                CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
            let read = read.map_err(|error| failed(format!("`{file}` cannot be read"), error))?;
            let (added, _) = own.add_parsable_certificates(read);
            if added == 0 {
                let message = format!("there is no certificate in `{file}`");
                return Err(Error::new(ErrorKind::Local, message).with_remedy(sslrootcert()));
            }
            return Ok(builder.with_root_certificates(own).with_no_client_auth());
        }
        None => Verifier::new(provider),
    };
    let verifier = verifier.map_err(|error| failed("the system has no certificates".to_owned(), error))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(builder.with_no_client_auth())
}

fn failed(what: String, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Local, format!("{what}: {error}"))
        .with_remedy(sslrootcert().or(Remedy::Another(Field::State)))
        .with_source(error)
}

fn sslrootcert() -> Remedy {
    Remedy::text("name a file with the certificate of the server's authority in PEM: ?sslrootcert=FILE")
}
