//! Operating systems as /etc/os-release, libosinfo and people name them, in the words of all five clouds.
//!
//! A cloud's text with `~` before it is sent with a warning; `-` is refused, with the list of what there is.

use cloud_import::{Architecture, Os, Provider, aliyun, huawei, jdcloud, tencent, ucloud};
use cloud_import_core::provider::OsMatch;

fn shown<T>(found: OsMatch<T>, text: impl Fn(T) -> String) -> String {
    match found {
        OsMatch::Exact(value) => text(value),
        OsMatch::Nearest { value, changed } => {
            let text = text(value);
            assert!(!changed.is_empty());
            format!("~{text}")
        }
        OsMatch::Unknown { available } => {
            assert!(!available.is_empty());
            "-".to_owned()
        }
        _ => unreachable!(),
    }
}

/// What each cloud is sent, with `W ` before it where it is told that it is a Windows.
fn sent(text: &str) -> String {
    let os: Os = text.parse().unwrap();
    let windows = |is: bool, text: String| if is { format!("W {text}") } else { text };
    let jdcloud = shown(jdcloud::map_os(&os), |os| {
        let text = format!("{}/{}", os.platform, os.version.unwrap_or_default());
        windows(os.os_type.as_str() == "windows", text)
    });
    let tencent = shown(tencent::map_os(&os), |os| format!("{}/{}", os.os_type, os.os_version));
    let huawei = shown(huawei::map_os(&os), |os| {
        windows(os.os_type.as_str() == "Windows", os.os_version)
    });
    let aliyun = shown(aliyun::map_os(&os), |os| {
        windows(os.os_type.as_str() == "windows", os.platform.to_string())
    });
    let ucloud = shown(ucloud::map_os(&os, Architecture::X86_64), |os| os.os_name);
    [jdcloud, tencent, huawei, aliyun, ucloud].join(" | ")
}

/// `PRETTY_NAME` of distributions, short ids of libosinfo, and what people type.
const TEXTS: &str = include_str!("systems.txt");

#[test]
fn what_each_cloud_is_sent_for_each_name() {
    let table: String = TEXTS
        .lines()
        .filter(|line| !line.is_empty())
        .map(|text| match text.strip_prefix('#') {
            Some(title) => format!("\n#{title}\n"),
            None => format!("{text}: {}\n", sent(text)),
        })
        .collect();
    insta::assert_snapshot!(table);
}

#[test]
fn a_windows_is_sent_as_windows_or_not_at_all() {
    let names = TEXTS.split("# Windows\n").nth(1).unwrap();
    assert!(names.lines().count() > 20);
    for text in names.lines() {
        for cloud in sent(text).split(" | ") {
            let is_windows = cloud.contains("Windows") || cloud == "-" || cloud == "~Other";
            assert!(is_windows, "{text}: {cloud}");
        }
    }
}

#[test]
fn the_bits_of_a_system_are_those_of_the_order() {
    let os: Os = "CentOS 6.5".parse().unwrap();
    for (architecture, name) in [
        (Architecture::X86_64, "CentOS 6.5 64位"),
        (Architecture::I386, "CentOS 6.5 32位"),
    ] {
        assert_eq!(shown(ucloud::map_os(&os, architecture), |os| os.os_name), name);
    }
}

/// What clouds call "other" is known in each of them, and only what asks for it gets it without a word.
#[test]
fn other_is_said_or_asked_for() {
    let asks = [
        "Other Linux",
        "Others Linux",
        "Other Linux(64 bit)",
        "Linux",
        "linux2020",
        "Other Windows",
        "Other",
    ];
    for text in TEXTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        for cloud in sent(text).split(" | ").filter(|cloud| cloud.contains("Other")) {
            assert!(cloud.starts_with('~') || asks.contains(&text), "{text}: {cloud}");
        }
    }
    for text in &asks[..3] {
        assert_eq!(
            sent(text),
            "Other Linux/ | Other Linux/8 | Other Linux(64 bit) | Others Linux | ~Other",
            "{text}"
        );
    }
    assert_eq!(Provider::all().count(), 5);
}
