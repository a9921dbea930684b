//! Who speaks TLS, by the features.

#[cfg(not(feature = "native-tls"))]
pub(super) use super::rustls_tls::*;
#[cfg(feature = "native-tls")]
pub(super) use super::system_tls::*;
