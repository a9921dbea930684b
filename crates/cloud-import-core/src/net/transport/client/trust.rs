//! Whose certificates count.

use secrecy::SecretString;

/// Whose certificates count, beside those that the system trusts.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    /// More authorities, in PEM.
    pub(super) roots: Vec<Vec<u8>>,
    /// The client's own certificate and key, in PEM.
    pub(super) identity: Option<SecretString>,
}
