//! The HTTP client. Only the files below this one name reqwest.

mod builder;
mod failure;
mod http;
mod idle;
mod proxy;
#[cfg(not(feature = "native-tls"))]
mod rustls_tls;
mod streamed;
#[cfg(feature = "native-tls")]
mod system_tls;
mod tls;
mod trust;

pub use builder::HttpTransportBuilder;
pub use http::HttpTransport;
