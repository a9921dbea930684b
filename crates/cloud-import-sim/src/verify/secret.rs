//! An account's secret, its look-up, and the check of a security token against it.

use std::fmt;

use super::{Refusal, digest::same};

/// What the server knows about an access key id.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The secret access key (private key at UCloud).
    pub secret_access_key: String,
    /// The security token that requests signed with this key must carry; `None` for a permanent key, with which a request
    /// must not carry one.
    pub security_token: Option<String>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("temporary", &self.security_token.is_some())
            .finish_non_exhaustive()
    }
}

/// Gives the secret of an access key id.
pub type SecretOf<'a> = &'a dyn Fn(&str) -> Option<Secret>;

impl Secret {
    /// Finds the secret of an access key id with which this token was sent.
    pub(super) fn find(secret_of: SecretOf<'_>, access_key_id: &str, token: Option<&str>) -> Result<Self, Refusal> {
        let unknown = || Refusal::UnknownAccessKey(access_key_id.to_owned());
        let secret = secret_of(access_key_id).ok_or_else(unknown)?;
        secret.check_token(token)?;
        Ok(secret)
    }

    /// Checks the token that was sent against the one that the key needs.
    pub(super) fn check_token(&self, sent: Option<&str>) -> Result<(), Refusal> {
        let fits = match (self.security_token.as_deref(), sent) {
            (None, None) => true,
            (Some(expected), Some(sent)) => same(expected.as_bytes(), sent.as_bytes()),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Refusal::WrongToken) }
    }

    /// The bytes to sign with.
    pub(super) fn key(&self) -> &[u8] {
        self.secret_access_key.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(token: Option<&str>) -> Secret {
        Secret {
            secret_access_key: "sk".to_owned(),
            security_token: token.map(str::to_owned),
        }
    }

    #[test]
    fn a_token_must_be_there_exactly_when_the_key_has_one() {
        assert_eq!(secret(None).check_token(None), Ok(()));
        assert_eq!(secret(Some("t")).check_token(Some("t")), Ok(()));
        for (known, sent) in [
            (None, Some("t")),
            (Some("t"), None),
            (Some("t"), Some("u")),
            (Some("t"), Some("")),
        ] {
            assert_eq!(secret(known).check_token(sent), Err(Refusal::WrongToken));
        }
    }

    #[test]
    fn debug_hides_key_and_token() {
        let shown = format!("{:?}", secret(Some("hidden")));
        assert!(!shown.contains("hidden") && !shown.contains("sk"), "{shown}");
    }
}
