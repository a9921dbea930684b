//! Huawei OBS's own request signature, in headers and in the query. A pure function.
//!
//! Source: esdk-obs-python 3.26.6 (`obs/auth.py`); Huawei Cloud documentation, OBS API Reference, "Authentication".

use std::time::{Duration, SystemTime};

use cloud_import_core::{Bytes, Credentials, Result, canonical, http::Request, pipeline::Signing};

use crate::{dialects::plain, sign::StoreSigner};

const TOKEN: &str = "x-obs-security-token";

/// Signs for one bucket. The scheme has a fixed list of signed headers, so that [`Signing::signed_headers`] says nothing.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The bucket, where it stands in the host and not in the path.
    pub bucket: Option<String>,
}

impl StoreSigner for Signer {
    /// Adds date, token and `Authorization`. Headers that are there already are kept and signed as they are.
    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        let keys = signing.credentials.keys()?;
        if let Some(token) = keys.security_token
            && !request.headers().contains_key(TOKEN)
        {
            canonical::set_secret(request.headers_mut(), TOKEN, token)?;
        }
        plain::sign(&plain::OBS, self.bucket.as_deref(), request, &keys, signing.instant)
    }

    /// Puts the signature into the query, valid for so many seconds from an instant. A token is a parameter and is signed.
    fn presign(
        &self,
        request: &mut Request<Bytes>,
        credentials: &Credentials,
        from: SystemTime,
        valid_for: Duration,
    ) -> Result<()> {
        let keys = credentials.keys()?;
        plain::presign(&plain::OBS, self.bucket.as_deref(), request, &keys, from, valid_for)
    }
}
