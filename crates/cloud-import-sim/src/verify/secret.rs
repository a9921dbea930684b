//! An account's secret, its look-up, and the check of a security token against it.

use std::fmt;

use super::Refusal;
use super::digest::same;

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

/// Finds the secret of an access key id.
pub(super) fn look_up(secret_of: &dyn Fn(&str) -> Option<Secret>, access_key_id: &str) -> Result<Secret, Refusal> {
    secret_of(access_key_id).ok_or_else(|| Refusal::UnknownAccessKey(access_key_id.to_owned()))
}

/// Checks the token that was sent against the one that the key needs.
pub(super) fn check_token(secret: &Secret, sent: Option<&str>) -> Result<(), Refusal> {
    let fits = match (secret.security_token.as_deref(), sent) {
        (None, None) => true,
        (Some(expected), Some(sent)) => same(expected.as_bytes(), sent.as_bytes()),
        _ => false,
    };
    if fits { Ok(()) } else { Err(Refusal::WrongToken) }
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
        assert_eq!(check_token(&secret(None), None), Ok(()));
        assert_eq!(check_token(&secret(Some("t")), Some("t")), Ok(()));
        for (known, sent) in [
            (None, Some("t")),
            (Some("t"), None),
            (Some("t"), Some("u")),
            (Some("t"), Some("")),
        ] {
            assert_eq!(check_token(&secret(known), sent), Err(Refusal::WrongToken));
        }
    }

    #[test]
    fn debug_hides_key_and_token() {
        let shown = format!("{:?}", secret(Some("hidden")));
        assert!(!shown.contains("hidden") && !shown.contains("sk"), "{shown}");
    }
}
