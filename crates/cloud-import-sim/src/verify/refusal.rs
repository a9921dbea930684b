//! Why a request was not accepted. Holds no secret except the string to sign, which `Debug` and `Display` leave out.

use std::fmt;

/// Why a request was refused. Which error code and text a client gets for it is each cloud's own business.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request carries no signature (and no token) at all.
    #[error("the request is not signed")]
    MissingSignature,
    /// The request cannot be verified as it stands; the text names the part and what is wrong with it, without its value.
    #[error("the request cannot be verified: {0}")]
    Malformed(String),
    /// Nobody has this access key id.
    #[error("unknown access key id {0}")]
    UnknownAccessKey(String),
    /// The account needs a security token that is missing or different, or has none and one was sent.
    #[error("the security token is missing or does not fit the access key")]
    WrongToken,
    /// The signature does not belong to this request.
    #[error("the signature does not fit the request")]
    SignatureMismatch {
        /// The string that the server would have signed, which some clouds show to the caller. Empty for UCloud, whose
        /// string to sign contains the private key.
        string_to_sign: String,
    },
}

impl Refusal {
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// Leaves the string to sign out: it can hold a security token.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSignature => f.write_str("MissingSignature"),
            Self::Malformed(what) => f.debug_tuple("Malformed").field(what).finish(),
            Self::UnknownAccessKey(id) => f.debug_tuple("UnknownAccessKey").field(id).finish(),
            Self::WrongToken => f.write_str("WrongToken"),
            Self::SignatureMismatch { .. } => f.debug_struct("SignatureMismatch").finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_to_sign_is_not_shown() {
        let refusal = Refusal::SignatureMismatch {
            string_to_sign: "SecurityToken=hidden".to_owned(),
        };
        assert!(!format!("{refusal:?} {refusal}").contains("hidden"));
    }
}
