//! Ids that a cloud gives: what one looks like, so that nothing else is stored, shown or sent back as one. Sends nothing.

use crate::{Error, ErrorKind, Provider, Result};

/// The longest id, in characters. Those of the five clouds have 40 at the most.
const LONGEST: usize = 128;

/// Whether a text can be the id of an image, a task, a project or a snapshot: letters, digits and `.`, `_`, `:`, `-`, 128 at the most.
pub fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits) && !matches!(text, "." | "..")
}

/// An id out of an answer. An empty one is none.
///
/// # Errors
/// [`ErrorKind::InvalidResponse`] for what cannot be an id. The text itself is not told.
pub fn answered(provider: Provider, id: Option<String>) -> Result<Option<String>> {
    match id.filter(|id| !id.is_empty()) {
        Some(id) if !is_id(&id) => {
            let message = format!("the answer has an id that is none, of {} bytes", id.len());
            Err(Error::new(ErrorKind::InvalidResponse, message)
                .with_provider(provider)
                .with_remedy("Check that the endpoint is the cloud's API and that no proxy answers in its place."))
        }
        id => Ok(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for id in ["m-bp1g7004ksh0oeuco1", "1", "a.b_c:d-e", &"x".repeat(128)] {
            assert!(is_id(id), "{id}");
            assert_eq!(
                answered(Provider::ALIYUN, Some(id.to_owned())).unwrap().as_deref(),
                Some(id)
            );
        }
        for bad in [
            "a b",
            "a\n",
            "a\u{1b}[2J",
            "é",
            "a/b",
            "../b",
            ".",
            "..",
            "a?b",
            "a&b=c",
            "a%2f",
            "a\u{202e}",
            "a'b",
            "$(a)",
            &"x".repeat(129),
        ] {
            let error = answered(Provider::ALIYUN, Some(bad.to_owned())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{bad}");
            assert!(error.message().is_ascii() && !error.message().contains('\n'), "{bad}");
        }
        for none in [None, Some(String::new())] {
            assert_eq!(answered(Provider::ALIYUN, none).unwrap(), None);
        }
    }
}
