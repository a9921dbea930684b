//! The stores' signers: pure functions of request, keys, instant and list of headers, for other tools and for tests.

#[cfg(feature = "cos")]
pub use crate::dialects::cos::Signer as CosSigner;
#[cfg(feature = "obs")]
pub use crate::dialects::obs::Signer as ObsSigner;
#[cfg(feature = "oss")]
pub use crate::dialects::oss::{SignatureVersion as OssSignatureVersion, Signer as OssSigner};
#[cfg(feature = "s3")]
pub use crate::dialects::s3::Signer as S3Signer;
pub use crate::dialects::signer::StoreSigner;
#[cfg(feature = "us3")]
pub use crate::dialects::us3::Signer as Us3Signer;
