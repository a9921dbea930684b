//! The command line as it was typed, for a shell to run it again. It is not shown where it holds a link that may be signed.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fmt::Write as _,
};

use crate::{
    args::{Reach, StateDir},
    output,
};

/// The same command; `None` where it is not to be shown.
pub(crate) fn again() -> Option<String> {
    typed(std::env::args_os().collect())
}

/// The import for these targets alone, of another image on purpose; `None` where it is not to be shown.
pub(crate) fn another(targets: &[&str]) -> Option<String> {
    typed(for_targets(std::env::args_os().collect(), targets))
}

/// Jobs with the options by which a later command finds them and their clouds.
pub(crate) fn with_places(jobs: &str, state: &StateDir, reach: &Reach, endpoints: &BTreeSet<String>) -> String {
    let mut words = jobs.to_owned();
    if let Some(folder) = &state.folder {
        words.push_str(&format!(" --state {}", output::word(&folder.display().to_string())));
    }
    if let Some(Some(file)) = &reach.simulate {
        words.push_str(&format!(" --simulate={}", output::word(&file.display().to_string())));
    }
    words.extend(endpoints.iter().map(String::as_str));
    words
}

/// These words as a line to type.
pub(crate) fn of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| quoted(OsStr::new(word))).collect();
    quoted.join(" ")
}

fn typed(line: Vec<OsString>) -> Option<String> {
    let shown = line.iter().all(|word| !may_be_signed(word));
    shown.then(|| line.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

/// The import with these targets in the place of its own, and `--again`.
fn for_targets(line: Vec<OsString>, targets: &[&str]) -> Vec<OsString> {
    let mut words = line.into_iter();
    let mut made: Vec<OsString> = words.next().into_iter().collect();
    let mut is_open = true;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match &*text {
            "--" => is_open = false,
            "--again" if is_open => continue,
            "--to" if is_open => {
                words.next();
                continue;
            }
            text if is_open && text.starts_with("--to=") => continue,
            _ => {}
        }
        let is_command = &*text == "import" && !made.iter().any(|word| word == "--again");
        drop(text);
        made.push(word);
        if is_command {
            made.push("--again".into());
            let named = targets.iter().flat_map(|target| ["--to", *target]);
            made.extend(named.map(OsString::from));
        }
    }
    made
}

/// Whether a word holds a link with a query: a signed one is a secret.
fn may_be_signed(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    text.split_once("://").is_some_and(|(_, rest)| rest.contains('?'))
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

    fn line(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn targets_take_the_place_of_those_that_were_typed() {
        let typed_anew = |words: &[&str]| typed(for_targets(line(words), &["ucloud/cn-bj2", "second"])).unwrap();
        let own = [
            "./it",
            "-v",
            "import",
            "--to",
            "all",
            "--os",
            "CentOS 7.9",
            "--to=tencent",
            "--again",
            "a.qcow2",
        ];
        assert_eq!(
            typed_anew(&own),
            "./it -v import --again --to ucloud/cn-bj2 --to second --os 'CentOS 7.9' a.qcow2"
        );
        assert_eq!(
            typed_anew(&["import", "import", "--name", "import", "--", "--to=x"]),
            "import import --again --to ucloud/cn-bj2 --to second --name import -- --to=x"
        );
    }

    #[test]
    fn a_signed_link_is_not_shown() {
        assert_eq!(typed(line(&["it", "import", "https://b/k?sig=s3cret"])), None);
        assert_eq!(typed(line(&["it", "import", "--source=ucloud=http://b/k?s"])), None);
        assert_eq!(
            typed(line(&["it", "https://b/k", "a?b"])).as_deref(),
            Some("it https://b/k 'a?b'")
        );
    }

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
