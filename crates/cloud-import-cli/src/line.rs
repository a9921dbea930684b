//! Words and options as a line that a shell reads.

use std::{collections::BTreeSet, ffi::OsStr, fmt::Write as _};

use cloud_import::{Endpoint, Provider};

use crate::{
    args::{Reach, StateDir},
    output,
};

/// Jobs with the options by which a later command finds them and their clouds.
///
/// A recorded endpoint counts only when it is typed again, and so does sending to it without TLS.
pub(crate) fn with_places(jobs: &str, state: &StateDir, reach: &Reach, endpoints: &[(Provider, Endpoint)]) -> String {
    let mut words = in_state(jobs, state);
    if let Some(Some(file)) = &reach.simulate {
        words.push_str(&format!(" --simulate={}", output::word(&file.display().to_string())));
    }
    let endpoints = endpoints
        .iter()
        .map(|(provider, endpoint)| format!(" --endpoint {provider}={endpoint}"));
    words.extend(endpoints.collect::<BTreeSet<_>>());
    if reach.plain_http {
        words.push_str(" --plain-http");
    }
    words
}

/// Jobs with the option by which a later command finds them.
pub(crate) fn in_state(jobs: &str, state: &StateDir) -> String {
    let folder = state.folder.as_ref().map(|folder| folder.display().to_string());
    let option = folder.map_or_else(String::new, |folder| format!(" --state {}", output::word(&folder)));
    jobs.to_owned() + &option
}

/// These words as a line to type.
pub(crate) fn of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| quoted(OsStr::new(word))).collect();
    quoted.join(" ")
}

/// A word for a shell. What a terminal would not show as it is becomes `$'\xNN'`, which bash, zsh and ksh know.
fn quoted(word: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let shown = |c: char| c.is_alphanumeric() || c == ' ' || c.is_ascii_graphic();
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        Some(text) if text.chars().all(shown) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let mut text = String::from("$'");
            for byte in word.as_encoded_bytes() {
                match byte {
                    b'\'' | b'\\' => text.extend(['\\', char::from(*byte)]),
                    b' '..=b'~' => text.push(char::from(*byte)),
                    // Writing to a text cannot fail.
                    _ => _ = write!(text, "\\x{byte:02x}"),
                }
            }
            text + "'"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell makes of it is what it was.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_typed() {
        use std::{os::unix::ffi::OsStrExt as _, process::Command};

        let hostile: [&[u8]; 9] = [
            b"a b",
            b"it's $HOME `id` \"x\" \\ !",
            b"",
            b"~",
            b"line\nbreak\x1b[31m",
            "镜像 \u{202e}gnp".as_bytes(),
            b"\xff\xfe'\\",
            b"*;&|<>()#",
            b"\x01a1",
        ];
        for word in hostile {
            let text = quoted(OsStr::from_bytes(word));
            assert!(!text.chars().any(char::is_control), "{text}");
            let read = Command::new("bash")
                .args(["-c", &format!("printf %s {text}")])
                .output()
                .unwrap();
            assert_eq!(read.stdout, word, "{text}");
        }
    }
}
