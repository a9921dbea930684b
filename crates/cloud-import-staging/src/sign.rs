//! The stores' signers: pure functions of request, keys, instant and list of headers, for other tools and for tests.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use cloud_import_core::{Bytes, Credentials, Result, http::Request, pipeline::Signing};

#[cfg(feature = "cos")]
pub use crate::dialects::cos::Signer as CosSigner;
#[cfg(feature = "obs")]
pub use crate::dialects::obs::Signer as ObsSigner;
#[cfg(feature = "oss")]
pub use crate::dialects::oss::{SignatureVersion as OssSignatureVersion, Signer as OssSigner};
#[cfg(feature = "s3")]
pub use crate::dialects::s3::Signer as S3Signer;
#[cfg(feature = "us3")]
pub use crate::dialects::us3::Signer as Us3Signer;

/// Signs the requests of one store.
pub trait StoreSigner: fmt::Debug + Send + Sync {
    /// Puts date, token and signature into the headers. Headers that are there already are kept and signed as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) without a key pair.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()>;

    /// Puts the signature into the query, valid for so long from an instant.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`](cloud_import_core::ErrorKind::Credentials) without a key pair.
    fn presign(
        &self,
        request: &mut Request<Bytes>,
        credentials: &Credentials,
        from: SystemTime,
        valid_for: Duration,
    ) -> Result<()>;
}
