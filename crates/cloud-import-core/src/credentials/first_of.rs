//! Several sources, asked one after the other.

use std::{fmt, sync::Arc};

use tracing::debug;

use super::{CredentialSource, Credentials};
use crate::{BoxFuture, Error, ErrorKind, Result};

/// Asks its sources in order, and takes the first answer. One that fails with [`ErrorKind::Credentials`] has none, and the next
/// is asked; any other failure ends the search.
pub struct FirstOf(Vec<Arc<dyn CredentialSource>>);

impl FirstOf {
    /// These sources, in this order.
    pub fn new(sources: impl IntoIterator<Item = Arc<dyn CredentialSource>>) -> Self {
        Self(sources.into_iter().collect())
    }
}

impl CredentialSource for FirstOf {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(async move {
            let mut last = nothing();
            for source in &self.0 {
                match source.credentials().await {
                    Err(error) if error.kind() == ErrorKind::Credentials => {
                        debug!(error = %error, "no credentials: asking the next source");
                        last = error;
                    }
                    other => return other,
                }
            }
            Err(last)
        })
    }

    fn describe(&self) -> Result<String> {
        let mut last = nothing();
        for source in &self.0 {
            match source.describe() {
                Err(error) => last = error,
                told => return told,
            }
        }
        Err(last)
    }
}

impl fmt::Debug for FirstOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FirstOf").finish_non_exhaustive()
    }
}

fn nothing() -> Error {
    Error::new(ErrorKind::Credentials, "there is no source of credentials")
}
