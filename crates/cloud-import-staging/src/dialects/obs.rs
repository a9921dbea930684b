//! Huawei OBS's own request signature, in headers and in the query. A pure function.
//!
//! Source: esdk-obs-python 3.26.6 (`obs/auth.py`); Huawei Cloud documentation, OBS API Reference, "Authentication".

use std::time::Duration;

use cloud_import_core::{Bytes, Result, http::Request, provider::protocol::Signing};

use super::{plain, signer::StoreSigner};

/// Signs for one bucket. The scheme has a fixed list of signed headers, so that [`Signing::signed_headers`] says nothing.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The bucket, where it stands in the host and not in the path.
    pub bucket: Option<String>,
}

impl StoreSigner for Signer {
    /// Adds date, token and `Authorization`. Headers that are there already are kept and signed as they are.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        plain::OBS.sign(self.bucket.as_deref(), request, signing)
    }

    /// Puts the signature into the query. A token is a parameter and is signed.
    fn presign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>, valid_for: Duration) -> Result<()> {
        plain::OBS.presign(self.bucket.as_deref(), request, signing, valid_for)
    }
}
