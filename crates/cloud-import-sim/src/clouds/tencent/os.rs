//! The systems that `DescribeImportImageOs` lists. A list for trying things: the vendor's own is longer and changes.
//!
//! Names and versions are those of the action's example (which is old) and of the vendor's import guide; which version texts
//! the guide's newer systems have is unverified.

use serde_json::{Value, json};

const LINUX: &[(&str, &[&str])] = &[
    ("AlmaLinux", &["8", "9"]),
    ("CentOS", &["5", "6", "7", "8"]),
    ("CentOS Stream", &["8", "9"]),
    ("CoreOS", &["7"]),
    ("Debian", &["6", "7", "8", "9", "10", "11", "12"]),
    ("Fedora", &["36", "37", "38", "39"]),
    ("FreeBSD", &["10", "11", "12", "13"]),
    ("Kylin", &["10"]),
    ("OpenSUSE", &["11", "12", "15"]),
    ("Other Linux", &["8"]),
    ("Redhat", &["5", "6", "7", "8", "9"]),
    ("Rocky", &["8", "9"]),
    ("SUSE", &["10", "11", "12", "13", "15"]),
    ("TencentOS", &["2", "3", "4"]),
    ("Ubuntu", &["10", "12", "14", "16", "18", "20", "22", "24"]),
    ("UnionTech", &["20"]),
];

const WINDOWS: &[(&str, &[&str])] = &[
    ("Windows Server 2008", &["9"]),
    ("Windows Server 2012", &["9"]),
    ("Windows Server 2016", &["9"]),
    ("Windows Server 2019", &["9"]),
    ("Windows Server 2022", &["9"]),
];

/// The versions of a system, if it can be imported.
pub(super) fn versions(name: &str) -> Option<&'static [&'static str]> {
    let all = LINUX.iter().chain(WINDOWS);
    let mut named = all.filter(|(listed, _)| *listed == name);
    named.next().map(|(_, versions)| *versions)
}

/// The answer of `DescribeImportImageOs`.
pub(super) fn supported() -> Value {
    let names = |list: &[(&str, &[&str])]| -> Vec<Value> { list.iter().map(|(name, _)| Value::from(*name)).collect() };
    let versions: Vec<Value> = WINDOWS
        .iter()
        .chain(LINUX)
        .map(|(name, versions)| json!({"OsName": name, "OsVersions": versions, "Architecture": ["x86_64", "i386"]}))
        .collect();
    json!({
        "ImportImageOsListSupported": {"Windows": names(WINDOWS), "Linux": names(LINUX)},
        "ImportImageOsVersionSet": versions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_can_be_imported() {
        let answer = supported();
        for set in answer["ImportImageOsVersionSet"].as_array().unwrap() {
            let name = set["OsName"].as_str().unwrap();
            assert_eq!(json!(versions(name).unwrap()), set["OsVersions"]);
        }
        assert!(versions("CentOS").is_some_and(|list| list.contains(&"7")));
        assert!(versions("Plan 9").is_none());
    }
}
