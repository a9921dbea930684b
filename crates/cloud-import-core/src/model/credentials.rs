//! Who signs: keys, temporary keys with a token, or (Huawei) an IAM token.
//!
//! Credentials are asked for at each attempt, through [`CredentialSource`], so that a source may refresh them.

use std::{fmt, sync::Arc, time::SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::{BoxFuture, Error, ErrorKind, Result};

/// Keys of an account. Cheap to clone; the secrets are wiped when the last clone goes, and hidden in `Debug`.
///
/// ```
/// use cloud_import_core::Credentials;
///
/// let keys = Credentials::temporary("an-id", "a-secret", "a-token");
/// assert!(keys.is_temporary());
/// assert!(!format!("{keys:?}").contains("a-secret"));
/// ```
#[derive(Clone)]
pub struct Credentials {
    secrets: Arc<Secrets>,
    expires_at: Option<SystemTime>,
}

enum Secrets {
    Keys {
        access_key_id: String,
        secret_access_key: SecretString,
        security_token: Option<SecretString>,
    },
    BearerToken(SecretString),
}

impl Credentials {
    /// A key pair: "SecretId and SecretKey" at Tencent, "AK and SK" at Huawei and JD, "PublicKey and PrivateKey" at UCloud.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self::of(Secrets::Keys {
            access_key_id: access_key_id.into(),
            secret_access_key: SecretString::from(secret_access_key.into()),
            security_token: None,
        })
    }

    /// Temporary keys, which count only together with their token.
    pub fn temporary(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        Self::of(Secrets::Keys {
            access_key_id: access_key_id.into(),
            secret_access_key: SecretString::from(secret_access_key.into()),
            security_token: Some(SecretString::from(security_token.into())),
        })
    }

    /// An IAM token instead of keys (Huawei's `X-Auth-Token`); the other four clouds refuse it before anything is sent.
    pub fn bearer_token(token: impl Into<String>) -> Self {
        Self::of(Secrets::BearerToken(SecretString::from(token.into())))
    }

    fn of(secrets: Secrets) -> Self {
        Self {
            secrets: Arc::new(secrets),
            expires_at: None,
        }
    }

    /// Says when they end.
    #[must_use]
    pub fn expiring_at(mut self, instant: SystemTime) -> Self {
        self.expires_at = Some(instant);
        self
    }

    /// When they end, where whoever gave them said so. What is signed with temporary keys ends with them.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether they are temporary keys.
    pub fn is_temporary(&self) -> bool {
        matches!(
            &*self.secrets,
            Secrets::Keys {
                security_token: Some(_),
                ..
            }
        )
    }

    /// The key pair.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when these credentials are an IAM token.
    pub fn keys(&self) -> Result<Keys<'_>> {
        match &*self.secrets {
            Secrets::Keys {
                access_key_id,
                secret_access_key,
                security_token,
            } => Ok(Keys {
                access_key_id,
                secret_access_key: secret_access_key.expose_secret(),
                security_token: security_token.as_ref().map(ExposeSecret::expose_secret),
            }),
            Secrets::BearerToken(_) => Err(Error::new(
                ErrorKind::Credentials,
                "an IAM token was given where a key pair is needed",
            )
            .with_remedy("Give an access key id and a secret key; only Huawei Cloud takes an IAM token.")),
        }
    }

    /// The IAM token, if these credentials are one.
    pub fn as_bearer_token(&self) -> Option<&str> {
        match &*self.secrets {
            Secrets::BearerToken(token) => Some(token.expose_secret()),
            Secrets::Keys { .. } => None,
        }
    }

    /// Every text that must not appear in anything shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let (one, two) = match &*self.secrets {
            Secrets::Keys {
                secret_access_key,
                security_token,
                ..
            } => (secret_access_key, security_token.as_ref()),
            Secrets::BearerToken(token) => (token, None),
        };
        std::iter::once(one).chain(two).map(ExposeSecret::expose_secret)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.secrets {
            Secrets::Keys {
                access_key_id,
                security_token,
                ..
            } => f
                .debug_struct("Credentials")
                .field("access_key_id", access_key_id)
                .field("temporary", &security_token.is_some())
                .finish_non_exhaustive(),
            Secrets::BearerToken(_) => f.write_str("Credentials(<IAM token>)"),
        }
    }
}

/// A key pair as a signer needs it. No `Debug`: it holds the bare secrets.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it holds bare secrets")]
#[non_exhaustive]
pub struct Keys<'a> {
    /// The public half.
    pub access_key_id: &'a str,
    /// The secret half.
    pub secret_access_key: &'a str,
    /// Token of temporary keys.
    pub security_token: Option<&'a str>,
}

/// Where credentials come from. Asked once per attempt; [`cached`](crate::credentials::cached) keeps what a slow source gave.
///
/// ```
/// use cloud_import_core::{BoxFuture, CredentialSource, Credentials, Result};
///
/// struct Vault;
///
/// impl CredentialSource for Vault {
///     fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
///         Box::pin(async { Ok(Credentials::new("an-id", "a-secret")) })
///     }
///
///     fn describe(&self) -> Result<String> {
///         Ok("the vault".to_owned())
///     }
/// }
/// ```
pub trait CredentialSource: Send + Sync {
    /// The credentials to sign with now.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>>;

    /// Where they come from, in words without secrets. Looks at variables and files; sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there is no source, or the one that counts is broken.
    fn describe(&self) -> Result<String> {
        Ok("given keys".to_owned())
    }
}

impl CredentialSource for Credentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        for credentials in [
            Credentials::temporary("AKID", "s3cret", "t0ken"),
            Credentials::bearer_token("t0ken"),
        ] {
            let shown = format!("{credentials:?}");
            assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
        }
    }

    #[test]
    fn an_iam_token_is_no_key_pair() {
        let error = Credentials::bearer_token("t0ken").keys().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}
