//! What is said of an answer that refuses, or lacks what it must have. Knows no store.

use std::fmt::Display;

use cloud_import_core::{Error, ErrorKind, Result, http::StatusCode, provider::CodeRule};

/// An answer without what it must have.
pub(super) fn lacking(what: &str) -> Error {
    unreadable(format!("the answer lacks {what}"))
}

/// The longest id of an upload, in characters. The longest seen has 128 (COS and S3).
const LONGEST_ID: usize = 1024;

/// The id of an upload, which is recorded and sent back: it must be there, and such as stands in a link.
pub(super) fn upload_id(id: String) -> Result<String> {
    match id.len() {
        0 => Err(lacking("`UploadId`")),
        1..=LONGEST_ID if id.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(id),
        _ => Err(unreadable("the answer has an `UploadId` that is none".to_owned())),
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
