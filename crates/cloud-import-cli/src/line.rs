//! Words and options as a line that a shell reads.

use std::{collections::BTreeSet, fmt::Write as _};

use cloud_import::{Endpoint, Provider, publish::JobFacts};

use crate::{
    args::{Reach, StateDir},
    asked,
};

/// Jobs with the options by which a later command finds them and their clouds.
///
/// A recorded endpoint counts only when it is typed again, and so does sending to it without TLS.
pub(crate) fn with_places(jobs: &str, state: &StateDir, reach: &Reach, endpoints: &[(Provider, Endpoint)]) -> String {
    at_places(&in_state(jobs, state), reach, endpoints)
}

/// Words with the options by which a later command finds their clouds. Without them it would go to the real ones.
pub(crate) fn at_places(words: &str, reach: &Reach, endpoints: &[(Provider, Endpoint)]) -> String {
    let mut words = words.to_owned();
    if let Some(Some(file)) = &reach.simulate {
        words.push_str(&format!(" --simulate={}", word(&file.display().to_string())));
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

/// A job on record, with the options by which a later command finds it, and its clouds where they were simulated ones.
pub(crate) fn of_job(job: &JobFacts, state: &StateDir) -> String {
    let file = job.orders.values().find_map(asked::simulated_by_of);
    let simulate = file.map_or_else(String::new, |file| format!(" --simulate={}", word(file)));
    in_state(&job.id, state) + &simulate
}

/// Jobs with the option by which a later command finds them.
pub(crate) fn in_state(jobs: &str, state: &StateDir) -> String {
    #[cfg(feature = "fleet")]
    if let Some(url) = &state.fleet {
        return format!("{jobs} --fleet {}", word(url));
    }
    let folder = state.folder.as_ref().map(|folder| folder.display().to_string());
    let option = folder.map_or_else(String::new, |folder| format!(" --state {}", word(&folder)));
    jobs.to_owned() + &option
}

/// These words as a line to type.
pub(crate) fn of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|text| word(text)).collect();
    quoted.join(" ")
}

/// A text as one word of a shell. What a terminal would not show as it is becomes `$'\xNN'`, which bash, zsh and ksh know.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let shown = |c: char| c.is_alphanumeric() || c == ' ' || c.is_ascii_graphic();
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if text.chars().all(shown) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for byte in text.bytes() {
        match byte {
            b'\'' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            // Writing to a text cannot fail.
            _ => _ = write!(quoted, "\\x{byte:02x}"),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell makes of it is what it was.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_typed() {
        use std::process::Command;

        for text in [
            "web-1",
            "/tmp/a_b",
            "aliyun=https://a.example:8443",
            "a b",
            "it's $HOME `id` \"x\" \\ !",
            "",
            "~",
            "$(id)",
            "'; rm -rf ~; '",
            "{\"a\":1}",
            "line\nbreak\u{1b}[31m",
            "镜像 \u{202e}gnp",
            "*;&|<>()#",
            "\u{1}a1",
            "line\n'\\",
        ] {
            let line = word(text);
            assert!(!line.chars().any(char::is_control), "{line}");
            let read = Command::new("bash").args(["-c", &format!("printf %s {line}")]).output();
            assert_eq!(read.unwrap().stdout, text.as_bytes(), "{line}");
        }
        assert_eq!(of(&["a", "b c"]), "a 'b c'");
    }
}
