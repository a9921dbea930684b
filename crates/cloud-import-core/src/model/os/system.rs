//! Which system a text names: by whole words and the names that people give it, never by how a text begins.
//!
//! It knows what systems are called everywhere; what one cloud calls them is a table of that cloud.
//!
//! Sources: `PRETTY_NAME` and `ID` of the distributions' /etc/os-release, short ids of libosinfo's database (osinfo-db 2023),
//! and the names in the clouds' own lists.

use super::pieces::{Piece, Pieces};
use crate::{OsFamily, text::suggest::near};

/// A system that at least one cloud has a word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the name of a system")]
pub enum Distribution {
    AlibabaCloudLinux,
    AlmaLinux,
    Anolis,
    CentOs,
    CentOsStream,
    CoreOs,
    CustomizedLinux,
    Debian,
    EulerOs,
    Fedora,
    FedoraCoreOs,
    FreeBsd,
    Gentoo,
    HuaweiCloudEulerOs,
    Kylin,
    OpenEuler,
    OpenSuse,
    OracleLinux,
    /// Whatever a cloud calls "other", where the family is not told.
    Other,
    OtherLinux,
    OtherWindows,
    RedHat,
    Rocky,
    Suse,
    TencentOs,
    Ubuntu,
    Uos,
    /// A Windows that is no server.
    Windows,
    WindowsServer,
}

/// What a text says of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct System {
    /// Which it is, where a cloud has a word for it.
    pub distribution: Option<Distribution>,
    /// `None` where nothing in the text tells it.
    pub family: Option<OsFamily>,
    /// Numbers with dots, as they were written: `7.9.2009`. Of Windows with `R2`, where it is one.
    pub version: Option<String>,
    /// The service pack of a Linux: `5` of `SLES 15 SP5`.
    pub service_pack: Option<String>,
    /// The edition of a Windows: `Datacenter`; else empty.
    pub edition: String,
}

impl System {
    /// The first number of the version: `7` of `7.9`.
    pub fn major(&self) -> Option<&str> {
        self.version.as_deref()?.split(['.', ' ']).next()
    }

    /// The version cut to so many numbers: of `22.04.3`, two are `22.04`.
    pub fn numbers(&self, most: usize) -> Option<String> {
        let parts: Vec<&str> = self.version.as_deref()?.split('.').take(most).collect();
        Some(parts.join("."))
    }

    /// Version, service pack and edition, as people write them: `15 SP5`, `2012 R2 Datacenter`.
    pub fn full_version(&self) -> Option<String> {
        let mut text = self.version.clone()?;
        if let Some(pack) = &self.service_pack {
            text = format!("{text} SP{pack}");
        }
        if !self.edition.is_empty() {
            text = format!("{text} {}", self.edition);
        }
        Some(text)
    }

    /// What a text names.
    pub(super) fn read(text: &str) -> Self {
        let pieces = Pieces::of(text);
        if is_windows(&pieces) {
            windows(&pieces)
        } else {
            other(&pieces)
        }
    }
}

/// What a text may have meant that names nothing that is known, though nearly: `centos 7.9` of `Cenots 7.9`.
pub(crate) fn meant(text: &str) -> Option<String> {
    let system = System::read(text);
    if system.distribution.is_some() || system.family.is_some() {
        return None;
    }
    let pieces = Pieces::of(text).text;
    let name = pieces
        .iter()
        .map_while(Piece::word)
        .filter(|word| !NOISE.contains(word));
    let known = NAMES.iter().flat_map(|(_, names)| names.iter().copied());
    let near = near(&name.collect::<String>(), known.chain(["windows"]));
    let version = system.full_version().unwrap_or_default();
    Some(format!("{} {version}", near.first()?).trim_end().to_owned())
}

/// Names without blanks and without [`NOISE`], and what they name.
const NAMES: &[(Distribution, &[&str])] = &[
    (
        Distribution::AlibabaCloudLinux,
        &[
            "alibabacloud",
            "alibaba",
            "aliyun",
            "alinux",
            "aliyunlinux",
            "alibabacloudlinux",
        ],
    ),
    (Distribution::AlmaLinux, &["alma", "almalinux"]),
    (Distribution::Anolis, &["anolis", "anolisos", "openanolis", "龙蜥"]),
    (Distribution::CentOs, &["centos", "cent"]),
    (Distribution::CentOsStream, &["centosstream", "centstream"]),
    (
        Distribution::CoreOs,
        &[
            "coreos",
            "core",
            "corecontainer",
            "coreoscontainer",
            "containerbycoreos",
        ],
    ),
    (
        Distribution::CustomizedLinux,
        &["customized", "customised", "customizedlinux"],
    ),
    (Distribution::Debian, &["debian", "debiantesting"]),
    (Distribution::EulerOs, &["euleros", "euler"]),
    (Distribution::Fedora, &["fedora", "fedoralinux"]),
    (
        Distribution::FedoraCoreOs,
        &["fedoracoreos", "fedoracore", "fcos", "fedoracoreosstable"],
    ),
    (Distribution::FreeBsd, &["freebsd"]),
    (Distribution::Gentoo, &["gentoo", "gentoolinux"]),
    (
        Distribution::HuaweiCloudEulerOs,
        &["huaweicloudeuleros", "huaweicloudeuler", "hce"],
    ),
    (
        Distribution::Kylin,
        &[
            "kylin",
            "neokylin",
            "kylindesktop",
            "kylinlinux",
            "kylinos",
            "kylinsec",
            "galaxykylin",
            "银河麒麟",
            "中标麒麟",
            "麒麟",
        ],
    ),
    (Distribution::OpenEuler, &["openeuler", "欧拉"]),
    (
        Distribution::OpenSuse,
        &["opensuse", "opensuseleap", "opensusetumbleweed", "suseleap", "leap"],
    ),
    (Distribution::OracleLinux, &["oracle", "oraclelinux", "ol", "oel"]),
    (
        Distribution::RedHat,
        &[
            "redhat",
            "rhel",
            "redhatenterprise",
            "redhatenterpriselinux",
            "redhatlinux",
        ],
    ),
    (Distribution::Rocky, &["rocky", "rockylinux"]),
    (
        Distribution::Suse,
        &[
            "suse",
            "sles",
            "suseenterprise",
            "suselinux",
            "suselinuxenterprise",
            "suselinuxenterpriseserver",
            "suseenterpriseforsapapplications",
            "slesforsap",
            "slesforsapapplications",
            "sle",
        ],
    ),
    (
        Distribution::TencentOs,
        &["tencentos", "tencent", "tlinux", "tencentosserver"],
    ),
    (Distribution::Ubuntu, &["ubuntu", "ubuntuserver"]),
    (
        Distribution::Uos,
        &[
            "uos",
            "uniontech",
            "uniontechos",
            "uniontechosserver",
            "uosserver",
            "unionos",
            "统信",
            "统信uos",
        ],
    ),
];

/// First words of the names of what runs a Linux kernel and is in no cloud's list.
const LINUX: &[&str] = &[
    "al",
    "alpine",
    "alpinelinux",
    "alt",
    "altlinux",
    "amazon",
    "amazonlinux",
    "amzn",
    "arch",
    "archlinux",
    "asianux",
    "azure",
    "azurelinux",
    "bclinux",
    "bigcloud",
    "bottlerocket",
    "caasp",
    "cbl",
    "circle",
    "cirros",
    "clear",
    "clearlinux",
    "cloudlinux",
    "ctyunos",
    "debian",
    "deepin",
    "devuan",
    "elementary",
    "endeavour",
    "endeavouros",
    "endless",
    "eos",
    "eurolinux",
    "flatcar",
    "garuda",
    "guix",
    "kali",
    "kubuntu",
    "lubuntu",
    "mageia",
    "mandriva",
    "manjaro",
    "mint",
    "linuxmint",
    "miracle",
    "miraclelinux",
    "mx",
    "neon",
    "newstart",
    "nixos",
    "opencloudos",
    "openmandriva",
    "openwrt",
    "parrot",
    "pclinuxos",
    "photon",
    "pop",
    "popos",
    "proxmox",
    "pureos",
    "qubes",
    "raspberry",
    "raspbian",
    "rhcos",
    "rhl",
    "scientific",
    "scientificlinux",
    "silverblue",
    "slackware",
    "sled",
    "slem",
    "slitaz",
    "solus",
    "springdale",
    "tails",
    "talos",
    "trisquel",
    "virtuozzo",
    "void",
    "voidlinux",
    "vyos",
    "xenserver",
    "xubuntu",
    "zorin",
];

/// Words that stand in names and tell no system from another.
const NOISE: &[&str] = &[
    "gnu", "linux", "lts", "os", "release", "server", "v", "ver", "version", "advanced",
];

/// What clouds call a system that they have no word for.
const OTHER: &[&str] = &["other", "others", "generic", "其他", "其它"];

/// Code names that stand in the place of a version.
const CODE_NAMES: &[(Distribution, &str, &str)] = &[
    (Distribution::Debian, "stretch", "9"),
    (Distribution::Debian, "buster", "10"),
    (Distribution::Debian, "bullseye", "11"),
    (Distribution::Debian, "bookworm", "12"),
    (Distribution::Debian, "trixie", "13"),
    (Distribution::Debian, "forky", "14"),
    (Distribution::Ubuntu, "trusty", "14.04"),
    (Distribution::Ubuntu, "xenial", "16.04"),
    (Distribution::Ubuntu, "bionic", "18.04"),
    (Distribution::Ubuntu, "focal", "20.04"),
    (Distribution::Ubuntu, "jammy", "22.04"),
    (Distribution::Ubuntu, "noble", "24.04"),
];

/// Names of Debian that has no version yet.
const UNRELEASED: &[&str] = &["sid", "testing", "unstable"];

fn words(pieces: &[Piece]) -> Vec<&str> {
    pieces.iter().filter_map(Piece::word).collect()
}

fn first_number(pieces: &[Piece]) -> Option<&str> {
    pieces.iter().find_map(Piece::number)
}

fn is_year(number: Option<&str>) -> bool {
    number.is_some_and(|number| number.len() == 4 && number.starts_with("20"))
}

/// Whether a text speaks of a Windows, known or not. What does must never be sent as a Linux.
fn is_windows(pieces: &Pieces) -> bool {
    let words = words(&pieces.text);
    let is_named = |word: &&str| word.starts_with("windows") || (word.starts_with("win") && !word.starts_with("wind"));
    let by_year = match words.first() {
        Some(&("w" | "ws" | "server" | "microsoft" | "ms")) => is_year(first_number(&pieces.text)),
        _ => false,
    };
    let is_edition = |word: &&str| matches!(*word, "datacenter" | "datacentre" | "hyper" | "hyperv");
    let is_linux = words.contains(&"linux");
    words.iter().any(is_named) || (!is_linux && (by_year || words.iter().any(is_edition)))
}

/// Editions of Windows in the vendor's spelling.
const EDITIONS: &[(&str, &[&str])] = &[
    ("Datacenter", &["datacenter", "datacentre", "dc"]),
    ("Standard", &["standard", "std"]),
    ("Enterprise", &["enterprise", "ent"]),
    ("Essentials", &["essentials"]),
    ("Foundation", &["foundation"]),
    ("Professional", &["professional", "pro"]),
    ("Home", &["home"]),
    ("WEB", &["web"]),
];

fn windows(pieces: &Pieces) -> System {
    let words: Vec<&str> = words(&pieces.text).into_iter().chain(words(&pieces.aside)).collect();
    let number = first_number(&pieces.text);
    let is_server = words.iter().any(|word| word.contains("server")) || (is_year(number) && number != Some("2000"));
    let distribution = if words.iter().any(|word| OTHER.contains(word)) {
        Distribution::OtherWindows
    } else if is_server {
        Distribution::WindowsServer
    } else {
        Distribution::Windows
    };
    let edition = |word: &&str| {
        EDITIONS
            .iter()
            .find(|(_, names)| names.contains(word))
            .map(|(name, _)| *name)
    };
    let editions: Vec<&str> = words.iter().filter_map(edition).collect();
    let r2 = if words.contains(&"r2") { " R2" } else { "" };
    System {
        distribution: Some(distribution),
        family: Some(OsFamily::Windows),
        version: number.map(|number| format!("{number}{r2}")),
        service_pack: None,
        edition: editions.join(" "),
    }
}

fn other(pieces: &Pieces) -> System {
    let is_number = |piece: &Piece| piece.number().is_some();
    let at = pieces.text.iter().position(is_number).unwrap_or(pieces.text.len());
    let (before, after) = pieces.text.split_at(at);
    let told = |word: &&str| !NOISE.contains(word);
    let name: Vec<&str> = words(before).into_iter().filter(told).collect();
    let behind: Vec<&str> = words(after)
        .into_iter()
        .chain(words(&pieces.aside))
        .filter(told)
        .collect();
    let says_linux = words(&pieces.text).contains(&"linux");
    let (distribution, code_version) = named(&name, &behind, says_linux);
    // `Ubuntu Core` is no Ubuntu, but as much a Linux.
    let is_known = |word: &&str| LINUX.contains(word) || by_name(word).is_some();
    let is_linux = says_linux || name.first().is_some_and(is_known);
    let family = match distribution {
        Some(Distribution::Other) => None,
        Some(_) => Some(OsFamily::Linux),
        None => is_linux.then_some(OsFamily::Linux),
    };
    System {
        distribution,
        family,
        version: first_number(after).or(code_version).map(str::to_owned),
        service_pack: service_pack(after).or_else(|| service_pack(&pieces.aside)),
        edition: String::new(),
    }
}

fn by_name(name: &str) -> Option<Distribution> {
    // `KylinV10`: the letter belongs to the number.
    let names = [Some(name), name.strip_suffix('v')];
    let is_one = |(_, known): &&(Distribution, &[&str])| names.iter().flatten().any(|name| known.contains(name));
    NAMES.iter().find(is_one).map(|(system, _)| *system)
}

/// The system of a name, and the version that its code name stands for. Words behind the version can make it another one:
/// `CentOS 9 Stream`.
fn named(name: &[&str], behind: &[&str], says_linux: bool) -> (Option<Distribution>, Option<&'static str>) {
    let squeezed = name.concat();
    let qualified = behind.iter().find_map(|word| by_name(&format!("{squeezed}{word}")));
    if let Some(system) = qualified.or_else(|| by_name(&squeezed)) {
        return (Some(system), None);
    }
    if OTHER.contains(&squeezed.as_str()) {
        let system = if says_linux {
            Distribution::OtherLinux
        } else {
            Distribution::Other
        };
        return (Some(system), None);
    }
    if squeezed.is_empty() && says_linux {
        return (Some(Distribution::OtherLinux), None);
    }
    let Some((first, rest)) = name.split_first() else {
        return (None, None);
    };
    let system = by_name(first).filter(|system| matches!(system, Distribution::Debian | Distribution::Ubuntu));
    if system.is_some() && rest.iter().any(|word| UNRELEASED.contains(word)) {
        return (system, None);
    }
    let version = CODE_NAMES
        .iter()
        .find(|(of, code, _)| Some(*of) == system && rest.contains(code));
    match version {
        Some((_, _, version)) => (system, Some(*version)),
        None => (None, None),
    }
}

/// `5` of `SP5`, `SP 5` and `Service Pack 5`.
fn service_pack(pieces: &[Piece]) -> Option<String> {
    let at = pieces
        .iter()
        .position(|piece| matches!(piece.word(), Some("sp" | "pack")))?;
    pieces.get(at + 1)?.number().map(str::to_owned)
}
