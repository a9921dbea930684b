//! What the planted faults of small disks are told as, and what becomes of disks that are damaged.

use std::io::Cursor;

use super::*;
use crate::{
    Options,
    disks::{disk, mutate, part, truncate},
    facts::{Extent, PROPERTIES, State},
    fs::ntfs::Ntfs,
};

/// The disk as all others are looked at.
fn inspect(disk: Vec<u8>) -> Guest {
    crate::inspect(Cursor::new(disk), &Options::default())
}

fn of(name: &str) -> Guest {
    inspect(disk(name))
}

/// Ids of the faults that were found.
fn found(guest: &Guest) -> Vec<&str> {
    let ids = guest.findings.iter().map(|finding| &*finding.id);
    ids.filter(|id| !PROPERTIES.contains(id)).collect()
}

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    let cases: [(&str, &[&str]); 11] = [
        ("good", &[]),
        ("uefi", &[]),
        ("uefi-no-fallback", &[]),
        ("on-demand", &["guest.virtio_missing"]),
        ("no-file", &["guest.virtio_missing"]),
        (
            "vmware",
            &[
                "guest.virtio_missing",
                "guest.virtio_missing",
                "guest.hypervisor_tools",
                "guest.cloud_init_missing",
            ],
        ),
        ("rdp-off", &["guest.rdp_off"]),
        ("rdp-policy", &["guest.rdp_off"]),
        ("dirty", &["guest.dirty"]),
        ("hibernated", &["guest.hibernated"]),
        (
            "client",
            &["guest.windows_client", "guest.qemu_ga", "guest.cloud_init_missing"],
        ),
    ];
    for (name, wanted) in cases {
        let guest = of(name);
        assert_eq!(found(&guest), wanted, "{name}: {:?}", guest.findings);
        assert_eq!((guest.read, &guest.reason), (Extent::Whole, &None), "{name}");
        assert_eq!(
            guest.has("guest.cloud_init_present"),
            !["vmware", "client"].contains(&name),
            "{name}"
        );
    }
}

#[test]
fn what_a_good_one_tells() {
    let guest = of("good");
    let os = guest.os.clone().unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        (&*os.family, os.distribution, os.version),
        ("windows", text("Windows Server"), text("2019"))
    );
    assert_eq!(
        (os.name, os.build),
        (text("Windows Server 2019 Datacenter"), Some(17_763))
    );
    assert_eq!((os.edition, os.from), (text("ServerDatacenter"), text(SOFTWARE)));
    assert_eq!(guest.architecture, text("x86_64"));
    let windows = guest.windows.unwrap();
    assert_eq!(
        (windows.installation, windows.display_version),
        (text("Server"), text("1809"))
    );
    assert_eq!(windows.remote_desktop, Some(true));
    let services = windows.services.iter().map(|own| (&*own.name, own.start, own.file));
    let wanted = [
        ("viostor", Some(0), Some(true)),
        ("vioscsi", Some(0), Some(true)),
        ("netkvm", Some(3), Some(true)),
        ("cloudbase-init", Some(2), None),
    ];
    assert_eq!(services.collect::<Vec<_>>(), wanted);
    let cloud_init = guest.cloud_init.unwrap();
    assert!(!cloud_init.disabled);
    assert_eq!(cloud_init.from.as_deref(), Some(CLOUDBASE));
}

#[test]
fn what_others_tell() {
    let client = of("client");
    let os = client.os.unwrap();
    assert_eq!(
        (os.name.as_deref(), os.version.as_deref()),
        (Some("Windows 11 Pro"), Some("11"))
    );
    let windows = client.windows.unwrap();
    assert_eq!(windows.product.as_deref(), Some("Windows 10 Pro"));
    assert!(client.cloud_init.unwrap().disabled);
    assert_eq!(client.agents, ["qemu-ga"]);
    assert_eq!(of("vmware").agents, ["vmware-tools"]);
    let what = |name: &str| {
        let guest = of(name);
        let own = guest
            .findings
            .into_iter()
            .find(|finding| finding.id == "guest.virtio_missing");
        own.unwrap().what
    };
    assert_eq!(what("vmware"), "neither viostor nor vioscsi is installed");
    assert_eq!(
        what("on-demand"),
        "viostor does not start at boot (Start is 3 and not 0)"
    );
    assert_eq!(what("no-file"), "viostor has no file");
    assert_eq!(of("rdp-off").windows.unwrap().remote_desktop, Some(false));
}

/// Where the bytes of a text first are.
fn place(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).position(|own| own == text).unwrap()
}

#[test]
fn the_architecture_is_that_of_a_program_or_of_the_registry() {
    let with = |changes: &[(u64, [u8; 2])]| {
        let mut bytes = disk("good");
        let mut ntfs = Ntfs::open(part(bytes[128 * 512..].to_vec())).unwrap();
        // Programs that are the same but for their lengths, in their order on the disk.
        let head = ntfs.read(PROGRAMS[0], 0, 512).unwrap();
        for (_, machine) in changes {
            let at = place(&bytes, &head[..200]);
            bytes[at + 132..at + 134].copy_from_slice(machine);
        }
        inspect(bytes).architecture
    };
    assert_eq!(with(&[(0, [0x64, 0xAA])]).as_deref(), Some("arm64"));
    assert_eq!(with(&[(0, [0x4C, 0x01])]).as_deref(), Some("i386"));
    assert_eq!(with(&[(0, [0x52, 0x02])]).as_deref(), Some("0x252"));
    // Neither of the two is a program.
    let mut bytes = disk("good");
    while let Some(at) = bytes.windows(4).position(|own| own == b"PE\0\0") {
        bytes[at] = b'x';
    }
    assert_eq!(inspect(bytes).architecture.as_deref(), Some("x86_64"));
}

#[test]
fn a_registry_that_was_not_closed_or_cannot_be_read_is_said() {
    let whole = disk("good");
    let hives: Vec<usize> = (0..whole.len() - 4)
        .filter(|at| whole[*at..].starts_with(b"regf"))
        .collect();
    assert_eq!(hives.len(), 2);
    for at in hives {
        let mut bytes = whole.clone();
        let header = &mut bytes[at..at + 512];
        header[4] ^= 1;
        header[508] ^= 1;
        let guest = inspect(bytes.clone());
        assert_eq!(found(&guest), ["guest.dirty"]);
        assert!(
            guest
                .findings
                .iter()
                .any(|finding| finding.place == SOFTWARE || finding.place == SYSTEM)
        );
        bytes[at] = b'x';
        let guest = inspect(bytes);
        assert_eq!(found(&guest), [""; 0], "nothing is missing that was not looked for");
        assert!(
            guest
                .reason
                .is_some_and(|reason| reason.contains("was not read: registry"))
        );
        assert_eq!(guest.architecture.as_deref(), Some("x86_64"));
    }
}

#[test]
fn little_is_read() {
    let guest = of("good");
    assert!(guest.bytes_read < 400_000, "{}", guest.bytes_read);
}

#[test]
fn how_it_starts_and_what_its_volumes_are() {
    let boot = |name: &str| {
        let guest = of(name);
        (guest.boot.bios, guest.boot.uefi, guest.partition_table.unwrap())
    };
    assert_eq!(boot("good"), (Some(true), Some(false), "mbr".to_owned()));
    assert_eq!(boot("uefi"), (Some(false), Some(true), "gpt".to_owned()));
    assert_eq!(boot("uefi-no-fallback"), (Some(false), Some(false), "gpt".to_owned()));
    let volumes = of("uefi").volumes;
    let kinds = volumes
        .iter()
        .map(|own| (own.file_system.as_deref(), own.mounted_at.as_deref(), own.state));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(
        kinds,
        [
            (Some("vfat"), None, State::Clean),
            (Some("ntfs"), Some("C:"), State::Clean)
        ]
    );
    assert_eq!(volumes[0].label.as_deref(), Some("SYSTEM"));
}

#[test]
fn a_windows_is_known_by_its_hives() {
    let open = |name: &str, start: usize| Ntfs::open(part(disk(name)[start..].to_vec())).unwrap();
    assert!(is_on(&mut open("good", 128 * 512)).unwrap());
    assert!(!is_on(&mut open("ntfs", 0)).unwrap());
}

#[test]
fn changed_and_cut_disks_are_read_or_not() {
    for name in ["good", "uefi"] {
        mutate(&disk(name), 250, |disk| {
            let guest = crate::inspect(disk, &Options::default());
            assert!(guest.findings.len() < 20 && guest.agents.len() < 20);
        });
    }
    truncate(&disk("good"), |disk| drop(crate::inspect(disk, &Options::default())));
}

/// Whatever was not read of a disk with three faults: it is said, or all are found, and no other is.
#[test]
fn the_budget_ends_it_anywhere() {
    let whole = disk("client");
    let mut ends = 0;
    for bytes in (0..400_000).step_by(4096) {
        let guest = crate::inspect(
            Cursor::new(whole.clone()),
            &Options {
                bytes,
                ..Options::default()
            },
        );
        let found = found(&guest);
        assert!(
            found
                .iter()
                .all(|id| ["guest.windows_client", "guest.qemu_ga", "guest.cloud_init_missing"].contains(id)),
            "{bytes}: {found:?}"
        );
        assert_eq!(guest.reason.is_none(), guest.read == Extent::Whole, "{bytes}");
        assert!(guest.reason.is_some() || found.len() == 3, "{bytes}: {found:?}");
        ends += usize::from(guest.reason.is_some());
    }
    assert!((10..90).contains(&ends), "{ends}");
}
