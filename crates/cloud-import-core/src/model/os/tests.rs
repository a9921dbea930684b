//! What people, /etc/os-release, libosinfo and the clouds call systems.

use super::*;

fn read(text: &str) -> (Option<Distribution>, Option<String>) {
    let system = text.parse::<Os>().unwrap().system();
    (system.distribution, system.full_version())
}

#[test]
fn reads_what_people_write() {
    let os: Os = "CentOS 7.9".parse().unwrap();
    assert_eq!(
        (os.distribution.as_str(), os.version.as_deref(), os.system().major()),
        ("CentOS", Some("7.9"), Some("7"))
    );
    let os: Os = "Windows Server 2019 Datacenter".parse().unwrap();
    assert_eq!(
        (os.distribution.as_str(), os.version.as_deref()),
        ("Windows Server", Some("2019 Datacenter"))
    );
    assert_eq!(os.family(), OsFamily::Windows);
    assert!("7.9".parse::<Os>().is_err());
    assert!("".parse::<Os>().is_err());
}

#[test]
fn one_system_has_many_names() {
    use Distribution::*;
    for (system, version, texts) in [
        (
            CentOs,
            "7",
            &[
                "CentOS 7",
                "centos7",
                "CentOS Linux 7 (Core)",
                "CentOS-7-x86_64-GenericCloud",
                "cent os 7",
            ][..],
        ),
        (
            CentOs,
            "7.9",
            &[
                "CentOS 7.9",
                "centos7.9",
                "CentOS 7.9 64位",
                "centos7u9",
                "CentOS_7.9 64bit",
            ],
        ),
        (CentOs, "7.9.2009", &["CentOS Linux release 7.9.2009 (Core)"]),
        (
            CentOsStream,
            "9",
            &[
                "CentOS Stream 9",
                "centos-stream9",
                "CentOS 9 Stream",
                "CentOS 9-stream",
            ],
        ),
        (
            Ubuntu,
            "22.04",
            &[
                "Ubuntu 22.04 LTS",
                "ubuntu22.04",
                "ubuntu-22-04",
                "Ubuntu Server 22.04",
                "Ubuntu Jammy Jellyfish (development branch)",
            ],
        ),
        (
            Debian,
            "12",
            &[
                "Debian GNU/Linux 12 (bookworm)",
                "debian12",
                "Debian 12 bookworm",
                "debian bookworm",
                "DEBIAN-12",
            ],
        ),
        (
            RedHat,
            "9.2",
            &[
                "Red Hat Enterprise Linux 9.2 (Plow)",
                "rhel9.2",
                "Redhat 9.2",
                "RedHat9.2",
                "red-hat 9.2",
            ],
        ),
        (
            RedHat,
            "7.9",
            &[
                "Red Hat Enterprise Linux Server 7.9 (Maipo)",
                "Red Hat Enterprise Linux Server release 7.9 (Maipo)",
            ],
        ),
        (
            Suse,
            "15 SP5",
            &[
                "SUSE Linux Enterprise Server 15 SP5",
                "sles15sp5",
                "SLES 15-SP5",
                "SLES 15 Service Pack 5",
            ],
        ),
        (
            OpenSuse,
            "15.5",
            &["openSUSE Leap 15.5", "opensuse15.5", "open suse 15.5"],
        ),
        (
            Fedora,
            "39",
            &["Fedora Linux 39 (Server Edition)", "fedora39", "Fedora 39"],
        ),
        (
            FedoraCoreOs,
            "39.20231119.3.0",
            &["Fedora CoreOS 39.20231119.3.0", "Fedora Linux 39.20231119.3.0 (CoreOS)"],
        ),
        (
            Rocky,
            "9",
            &["rocky9", "Rocky Linux 9", "RockyLinux-9", "Rocky Linux 9 (Blue Onyx)"],
        ),
        (
            AlmaLinux,
            "9",
            &["almalinux9", "AlmaLinux-9", "Alma 9", "AlmaLinux 9 (Seafoam Ocelot)"],
        ),
        (
            Kylin,
            "10",
            &[
                "Kylin V10",
                "kylin10",
                "Kylin Linux Advanced Server V10 (Sword)",
                "银河麒麟V10",
                "NeoKylin 10",
            ],
        ),
        (Kylin, "10 SP3", &["Kylin V10 SP3", "kylinv10sp3"]),
        (
            Uos,
            "20",
            &[
                "UOS 20",
                "UnionTech OS Server 20",
                "UnionTech OS Server 20 1070e",
                "统信UOS 20",
            ],
        ),
        (
            OpenEuler,
            "22.03",
            &["openEuler 22.03", "openEuler 22.03 LTS", "open euler 22.03"],
        ),
        (
            OpenEuler,
            "22.03 SP3",
            &["openEuler 22.03 (LTS-SP3)", "openEuler 22.03 LTS SP3"],
        ),
        (EulerOs, "2.0 SP8", &["EulerOS 2.0 (SP8)"]),
        (
            HuaweiCloudEulerOs,
            "2.0",
            &["Huawei Cloud EulerOS 2.0 (x86_64)", "HCE 2.0"],
        ),
        (Anolis, "8.6", &["Anolis OS 8.6", "OpenAnolis 8.6", "anolis8.6"]),
        (
            AlibabaCloudLinux,
            "3",
            &["Alibaba Cloud Linux 3 (Soaring Falcon)", "alinux3", "Aliyun Linux 3"],
        ),
        (
            AlibabaCloudLinux,
            "2.1903",
            &["Alibaba Cloud Linux (Aliyun Linux) 2.1903 LTS (Hunting Beagle)"],
        ),
        (
            TencentOs,
            "3.1",
            &["TencentOS Server 3.1 (Final)", "TencentOS 3.1", "tlinux3.1"],
        ),
        (
            OracleLinux,
            "8.9",
            &["Oracle Linux Server 8.9", "ol8.9", "Oracle Linux 8.9"],
        ),
        (FreeBsd, "13.2", &["FreeBSD 13.2-RELEASE", "freebsd13.2"]),
        (
            WindowsServer,
            "2016",
            &[
                "win2016",
                "win2k16",
                "Windows Server 2016",
                "Windows 2016",
                "Microsoft Windows Server 2016",
                "Server 2016",
                "w2k16",
                "WS2016",
            ],
        ),
        (
            WindowsServer,
            "2012 R2",
            &["win2k12r2", "Windows Server 2012 R2", "Windows Server 2012-R2 x64"],
        ),
        (
            WindowsServer,
            "2022 Datacenter",
            &[
                "Windows Server 2022 Datacenter",
                "Windows Server 2022 Datacenter Evaluation",
                "Windows Server Datacenter 2022",
            ],
        ),
        (Windows, "10", &["win10", "Windows 10", "windows10"]),
        (Windows, "2000", &["win2k"]),
    ] {
        for text in texts {
            assert_eq!(read(text), (Some(system), Some(version.to_owned())), "{text}");
        }
    }
}

#[test]
fn what_clouds_call_other_is_one() {
    for text in [
        "Other Linux",
        "Others Linux",
        "other linux(64 bit)",
        "其他 Linux",
        "Linux",
        "linux2020",
    ] {
        assert_eq!(read(text).0, Some(Distribution::OtherLinux), "{text}");
    }
    assert_eq!(read("Other Windows").0, Some(Distribution::OtherWindows));
    assert_eq!(read("Other"), (Some(Distribution::Other), None));
    assert_eq!("Other".parse::<Os>().unwrap().system().family, None);
}

#[test]
fn a_name_that_only_begins_alike_is_another() {
    for text in [
        "Ubuntu Core 22",
        "openSUSE MicroOS 5",
        "Red Hat Enterprise Linux CoreOS 414.92",
        "Fedora Silverblue 39",
        "Alpine Linux v3.19",
        "Amazon Linux 2023",
        "Arch Linux",
        "Linux Mint 21.2",
        "NixOS 23.11 (Tapir)",
        "Pop!_OS 22.04 LTS",
        "Wind River Linux 21",
        "VMware Photon OS/Linux",
        "Kali GNU/Linux Rolling",
        "Oracle Cloud Linux 8",
    ] {
        let system = text.parse::<Os>().unwrap().system();
        assert_eq!(
            (system.distribution, system.family),
            (None, Some(OsFamily::Linux)),
            "{text}"
        );
    }
    for text in ["Plan 9", "cnetos 7", "macosx10.7", "OpenBSD 7.3", "jammy", "Solaris 11"] {
        let system = text.parse::<Os>().unwrap().system();
        assert_eq!((system.distribution, system.family), (None, None), "{text}");
    }
}

#[test]
fn whatever_speaks_of_windows_is_no_linux() {
    for text in [
        "win",
        "winxp",
        "winnt4.0",
        "win7",
        "WinServer2019",
        "windows-11",
        "Windows Embedded",
        "Hyper-V Server 2019",
        "Server 2025",
        "Microsoft Server 2022",
        "Datacenter 2019",
        "W2K8R2",
        "Windows Subsystem for Linux 2",
    ] {
        assert_eq!(text.parse::<Os>().unwrap().family(), OsFamily::Windows, "{text}");
    }
    let raw = Os::new("CentOS", "7").with_raw(Provider::HUAWEI, "Windows Server 2019 Standard 64bit");
    assert_eq!(raw.family_at(Provider::HUAWEI), OsFamily::Windows);
    assert_eq!(raw.family_at(Provider::JDCLOUD), OsFamily::Linux);
}

#[test]
fn a_typing_error_in_a_name_is_known_for_what_was_meant() {
    for (text, expected) in [
        ("Cenots 7.9", Some("centos 7.9")),
        ("ubunut22.04", Some("ubuntu 22.04")),
        ("Debain 12", Some("debian 12")),
        ("Widnows Server 2019", Some("windows 2019")),
        ("Opensus Leap 15", Some("opensuseleap 15")),
        ("Rocki", Some("rocky")),
        ("CentOS 7.9", None),
        ("Arch Linux", None),
        ("BeOS 5", None),
        ("7.9", None),
        ("", None),
    ] {
        assert_eq!(meant(text).as_deref(), expected, "{text}");
        if let Some(meant) = expected {
            assert!(System::read(meant).distribution.is_some(), "{meant}");
        }
    }
}
