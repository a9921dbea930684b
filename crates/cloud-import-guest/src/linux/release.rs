//! Which distribution it is, and for which processor.

use crate::{
    bytes::{le16, shown},
    facts::{Guest, Os},
    tree::Tree,
};

/// Distributions whose `os-release` may tell the major version alone, and the files that tell it whole.
const WHOLE_VERSIONS: &[(&[&str], &[&str])] = &[
    (
        &[
            "centos",
            "rhel",
            "rocky",
            "almalinux",
            "ol",
            "anolis",
            "alinux",
            "tencentos",
            "opencloudos",
        ],
        &[
            "/etc/centos-release",
            "/etc/rocky-release",
            "/etc/almalinux-release",
            "/etc/oracle-release",
            "/etc/redhat-release",
        ],
    ),
    (&["debian"], &["/etc/debian_version"]),
    (&["alpine"], &["/etc/alpine-release"]),
];
/// Files of what is older than `os-release`, and the word that its distribution has there.
const OLD: &[&str] = &[
    "/etc/redhat-release",
    "/etc/SuSE-release",
    "/etc/debian_version",
    "/etc/system-release",
    "/etc/issue",
];
/// Programs that are always there, and not scripts.
const PROGRAMS: &[&str] = &["/usr/bin/env", "/bin/sh", "/bin/ls", "/sbin/init", "/bin/busybox"];

pub(super) fn look(tree: &mut Tree, guest: &mut Guest) {
    guest.os = Some(of_os_release(tree).or_else(|| of_old_files(tree)).unwrap_or_else(linux));
    guest.architecture = PROGRAMS.iter().find_map(|path| architecture(&tree.head(path, 64)?));
}

fn linux() -> Os {
    Os {
        family: "linux".to_owned(),
        ..Os::default()
    }
}

fn of_os_release(tree: &mut Tree) -> Option<Os> {
    let path = tree.first(&["/etc/os-release", "/usr/lib/os-release"])?;
    let text = tree.text(path)?;
    let value = |key: &str| super::services::value(&text, key).filter(|value| !value.is_empty());
    let id = value("ID").map(|id| id.to_lowercase());
    let (mut version, mut from) = (value("VERSION_ID"), path);
    let files = WHOLE_VERSIONS
        .iter()
        .find(|(ids, _)| id.as_deref().is_some_and(|id| ids.contains(&id)));
    let major = version.clone().unwrap_or_default();
    if let Some((_, files)) = files.filter(|_| !major.contains('.')) {
        let whole = files.iter().find_map(|path| {
            let whole = number(tree.text(path)?.lines().next()?)?;
            // It is believed where it goes on from what is known.
            let goes_on = major.is_empty() || whole == major || whole.starts_with(&format!("{major}."));
            goes_on.then_some((whole, *path))
        });
        if let Some((whole, path)) = whole.filter(|(whole, _)| whole.contains('.')) {
            (version, from) = (Some(whole), path);
        }
    }
    Some(Os {
        distribution: value("NAME").map(|name| shown(&name)),
        id: id.map(|id| shown(&id)),
        version: version.map(|version| shown(&version)),
        name: value("PRETTY_NAME").map(|name| shown(&name)),
        from: Some(from.to_owned()),
        ..linux()
    })
}

/// The first number of a line, its first two places: of `CentOS Linux release 7.9.2009 (Core)` it is `7.9`.
fn number(line: &str) -> Option<String> {
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let rest = line.get(start..)?;
    let number = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let places: Vec<&str> = number.split('.').filter(|place| !place.is_empty()).take(2).collect();
    Some(places.join("."))
}

fn of_old_files(tree: &mut Tree) -> Option<Os> {
    let path = tree.first(OLD)?;
    let text = tree.text(path)?;
    let line = text.lines().next().unwrap_or_default().trim();
    let lower = line.to_lowercase();
    let ids = [
        ("centos", "centos"),
        ("red hat", "rhel"),
        ("oracle", "ol"),
        ("fedora", "fedora"),
        ("opensuse", "opensuse"),
        ("suse", "sles"),
        ("ubuntu", "ubuntu"),
        ("debian", "debian"),
    ];
    let id = ids
        .iter()
        .find(|(word, _)| lower.contains(word))
        .map(|(_, id)| (*id).to_owned());
    let id = if path == "/etc/debian_version" {
        Some("debian".to_owned())
    } else {
        id
    };
    let name = line
        .split([' ', '\\'])
        .take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()) && *word != "release");
    let name: Vec<&str> = name.collect();
    Some(Os {
        distribution: (!name.is_empty()).then(|| shown(&name.join(" "))),
        id,
        version: number(line),
        name: Some(shown(line)),
        from: Some(path.to_owned()),
        ..linux()
    })
}

/// For which processor an ELF program is.
fn architecture(head: &[u8]) -> Option<String> {
    if !head.starts_with(b"\x7fELF") || head.len() < 20 {
        return None;
    }
    Some(match le16(head, 18) {
        62 => "x86_64".to_owned(),
        183 => "arm64".to_owned(),
        3 => "i386".to_owned(),
        243 => "riscv64".to_owned(),
        258 => "loongarch64".to_owned(),
        number => format!("ELF machine {number}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_taken_out_of_lines() {
        for (line, version) in [
            ("CentOS Linux release 7.9.2009 (Core)", Some("7.9")),
            ("Red Hat Enterprise Linux Server release 6.10 (Santiago)", Some("6.10")),
            ("12.11", Some("12.11")),
            ("3.18.4", Some("3.18")),
            ("trixie/sid", None),
        ] {
            assert_eq!(number(line).as_deref(), version, "{line}");
        }
    }

    #[test]
    fn the_processor_stands_in_a_programs_header() {
        let mut head = [0; 64];
        head[..4].copy_from_slice(b"\x7fELF");
        head[18] = 183;
        assert_eq!(architecture(&head).as_deref(), Some("arm64"));
        head[18] = 40;
        assert_eq!(architecture(&head).as_deref(), Some("ELF machine 40"));
        assert_eq!(architecture(b"#!/bin/sh"), None);
    }
}
