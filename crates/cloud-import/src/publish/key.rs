//! Keys of staged objects: named by their content, so that the same file is staged once.

use cloud_import_core::DiskFormat;

/// What keys begin with where nothing else is said.
pub const PREFIX: &str = "cloud-import/";

/// What stands for the sum of a file that was not read yet: rules about keys look at its form.
pub(crate) const UNREAD: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The key of a file with this SHA-256, in lower-case hex.
pub fn object_key(prefix: &str, sha256: &str, ending: &str) -> String {
    format!("{prefix}{sha256}.{ending}")
}

/// What the key of a disk image ends in.
pub fn ending(format: Option<DiskFormat>) -> &'static str {
    format.map_or("img", DiskFormat::as_str)
}

/// Whether a key has the form of those.
pub(crate) fn is_staged(prefix: &str, key: &str) -> bool {
    let name = key.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
    name.is_some_and(|(sum, suffix)| {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        sum.len() == UNREAD.len()
            && sum.chars().all(is_hex)
            && !suffix.is_empty()
            && suffix.chars().all(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_form_that_is_staged_count() {
        let sum = "ab".repeat(32);
        assert!(is_staged(
            PREFIX,
            &object_key(PREFIX, &sum, ending(Some(DiskFormat::Qcow2)))
        ));
        assert!(is_staged("", &object_key("", UNREAD, ending(None))));
        for bad in [
            format!("{sum}.qcow2"),
            format!("cloud-import/{sum}"),
            format!("cloud-import/{sum}.qcow2/x"),
            format!("cloud-import/{}.qcow2", &sum[1..]),
            format!("cloud-import/{}.qcow2", sum.to_uppercase()),
            "cloud-import/web.qcow2".to_owned(),
        ] {
            assert!(!is_staged(PREFIX, &bad), "{bad}");
        }
    }
}
