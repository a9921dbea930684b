//! What is said of an answer that refuses, or lacks what it must have. Knows no store.

use std::fmt::Display;

use cloud_import_core::{Error, ErrorKind, Result, http::StatusCode, provider::CodeRule};

/// An answer without what it must have.
pub(super) fn lacking(what: &str) -> Error {
    unreadable(format!("the answer lacks {what}"))
}

/// The longest id of an upload or version, in characters. The longest seen has 128 (COS and S3).
const LONGEST_ID: usize = 1024;

/// The id of an upload, which is recorded and sent back: it must be there, and such as stands in a link.
pub(super) fn upload_id(id: String) -> Result<String> {
    match id.is_empty() {
        true => Err(lacking("`UploadId`")),
        false if is_id(&id) => Ok(id),
        false => Err(unreadable("the answer has an `UploadId` that is none".to_owned())),
    }
}

/// Whether a text can be the id of an upload, or of a version of an object.
pub(super) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The longest ETag, in characters. Those of the five stores have 40 at the most.
const LONGEST_ETAG: usize = 128;

/// An ETag without its quotes, which is recorded and sent back in a list of them: visible, and without what ends it there. An
/// empty one says that none is told.
pub(super) fn etag(quoted: &str) -> Result<String> {
    let text = quoted.trim().trim_matches('"');
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',');
    match text.len() {
        0..=LONGEST_ETAG if text.bytes().all(fits) => Ok(text.to_owned()),
        _ => Err(unreadable("the answer has an `ETag` that is none".to_owned())),
    }
}

/// An answer that serde does not read. Of serde's text only the name of a field counts: the rest may hold the vendor's text.
pub(super) fn unlike(error: &dyn Display) -> Error {
    let text = error.to_string();
    let field = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match field {
        Some(name) => lacking(&format!("`{name}`")),
        None => unreadable("the answer is not of the documented form".to_owned()),
    }
}

fn unreadable(message: String) -> Error {
    Error::new(ErrorKind::InvalidResponse, message)
        .with_remedy("Check that the endpoint is the store's and that no proxy answers in its place.")
}

/// The code of a refusal. A status that says that there is no such call counts as S3's code for it where the vendor's own is
/// not in the table: without that it would pass for a failure that another attempt may mend.
pub(super) fn told(code: Option<String>, status: StatusCode, codes: &[CodeRule]) -> Option<String> {
    let is_known = |code: &String| CodeRule::find(codes, code).is_some();
    match code {
        code if status == StatusCode::NOT_IMPLEMENTED && !code.as_ref().is_some_and(is_known) => {
            Some("NotImplemented".to_owned())
        }
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_visible_and_bounded() {
        for (text, plain) in [
            ("", ""),
            ("\"\"", ""),
            (" \"0af6-12\" ", "0af6-12"),
            ("AQAAAG_x-Zz==", "AQAAAG_x-Zz=="),
        ] {
            assert_eq!(etag(text).unwrap(), plain);
        }
        for bad in [
            "a b",
            "a\"b",
            "a,b",
            "a\nb",
            "\u{1b}[2J",
            "\u{e9}",
            "\u{202e}",
            &"a".repeat(129),
        ] {
            let error = etag(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{bad:?}");
            assert!(error.message().is_ascii(), "{error}");
        }
    }

    #[test]
    fn the_id_of_an_upload_is_visible_and_bounded() {
        for id in ["1", "0004B9894A22E5B1888A1E29F823", "2~a/b+c=="] {
            assert_eq!(upload_id(id.to_owned()).unwrap(), id);
        }
        for bad in ["", "a b", "a\n", "\u{1b}", "\u{e9}", &"a".repeat(1025)] {
            assert_eq!(
                upload_id(bad.to_owned()).unwrap_err().kind(),
                ErrorKind::InvalidResponse,
                "{bad:?}"
            );
        }
    }
}
