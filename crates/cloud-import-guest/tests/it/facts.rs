//! What is told beside findings.

use cloud_import_guest::{
    Guest, Options,
    facts::{Account, Driver, Extent, State},
    inspect,
};

use crate::disk::disk;

fn look(name: &str) -> Guest {
    inspect(disk(name), &Options::default())
}

#[test]
fn systems_are_known() {
    for (name, id, version, from) in [
        ("debian-good", "debian", "12.11", "/etc/debian_version"),
        ("centos-lvm", "centos", "7.9", "/etc/centos-release"),
        ("rocky-uefi", "rocky", "9.5", "/etc/os-release"),
        ("suse-btrfs", "opensuse-leap", "15.6", "/etc/os-release"),
        ("codec-none", "alpine", "3.18.4", "/etc/os-release"),
    ] {
        let guest = look(name);
        let os = guest.os.unwrap();
        assert_eq!(os.family, "linux", "{name}");
        assert_eq!(
            (os.id.as_deref(), os.version.as_deref(), os.from.as_deref()),
            (Some(id), Some(version), Some(from)),
            "{name}"
        );
        assert_eq!(guest.architecture.as_deref(), Some("x86_64"), "{name}");
        assert_eq!(guest.root_account, Account::Set, "{name}");
    }
}

#[test]
fn volumes_are_put_where_the_guest_mounts_them() {
    let guest = look("centos-lvm");
    let volumes = guest.volumes.iter().map(|own| {
        (
            own.name.as_str(),
            own.file_system.as_deref().unwrap(),
            own.mounted_at.as_deref(),
            own.lvm,
            own.state,
        )
    });
    assert_eq!(
        volumes.collect::<Vec<_>>(),
        [
            ("part1", "xfs", Some("/boot"), false, State::Clean),
            ("part2", "lvm", None, false, State::Unknown),
            ("centos/root", "xfs", Some("/"), true, State::Clean),
            ("centos/swap", "swap", None, true, State::Clean),
        ]
    );
    assert_eq!(guest.boot.root.as_deref(), Some("/dev/mapper/centos-root"));
    assert_eq!((guest.boot.bios, guest.boot.uefi), (Some(true), Some(false)));
    let guest = look("debian-good");
    assert_eq!(
        guest.volumes.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(),
        ["part1", "part5"]
    );
    let guest = look("rocky-uefi");
    assert_eq!(guest.partition_table.as_deref(), Some("gpt"));
    assert_eq!(guest.boot.bios, Some(false));
    assert_ne!(guest.boot.uefi, Some(false));
}

#[test]
fn every_codec_is_unpacked_to_its_end() {
    for (codec, file_system) in [
        ("none", "ext2"),
        ("gzip", "ext2"),
        ("zstd", "ext2"),
        ("xz", "ext2"),
        ("lz4", "ext3"),
        ("bzip2", "ext2"),
        ("lzma", "ext2"),
    ] {
        let guest = look(&format!("codec-{codec}"));
        assert_eq!(guest.read, Extent::Whole, "{codec}: {:?}", guest.reason);
        assert_eq!(guest.volumes[0].file_system.as_deref(), Some(file_system), "{codec}");
        let kernel = &guest.kernels[0];
        assert_eq!(kernel.version, "5.15.0-1-virt");
        // The module is the last of the archive.
        assert_eq!(
            (kernel.virtio_blk, kernel.virtio_pci),
            (Driver::Initramfs, Driver::BuiltIn),
            "{codec}"
        );
        assert_eq!(
            (kernel.virtio_net, kernel.virtio_scsi),
            (Driver::Module, Driver::Module),
            "{codec}"
        );
    }
}

#[test]
fn the_kernel_that_boots_by_default_comes_first() {
    let guest = look("rocky-uefi");
    let kernels: Vec<(&str, bool)> = guest
        .kernels
        .iter()
        .map(|own| (own.version.as_str(), own.default))
        .collect();
    assert_eq!(
        kernels,
        [("5.14.0-503.el9.x86_64", true), ("5.14.0-70.el9.x86_64", false)]
    );
    assert_eq!(
        guest.boot.root.as_deref(),
        Some("UUID=44444444-1111-4444-8444-444444444444")
    );
    let kernel = &guest.kernels[0];
    assert_eq!(
        (kernel.virtio_scsi, kernel.nvme, kernel.virtio_pci),
        (Driver::Initramfs, Driver::Initramfs, Driver::BuiltIn)
    );
    let guest = look("suse-btrfs");
    assert_eq!(guest.kernels[0].initramfs.as_deref(), Some("/boot/initrd"));
}

#[test]
fn what_sets_up_machines_is_known() {
    let guest = look("debian-good");
    let found = guest.cloud_init.unwrap();
    assert_eq!(found.version.as_deref(), Some("22.4.2"));
    assert_eq!(found.datasources.unwrap(), ["NoCloud", "ConfigDrive", "AliYun", "None"]);
    assert!(!found.disabled && look("suse-btrfs").cloud_init.unwrap().disabled);
    assert_eq!(look("debian-bad").agents, ["qemu-ga", "open-vm-tools"]);
    assert_eq!(
        (guest.ssh.enabled, guest.ssh.passwords, guest.ssh.root_login.as_deref()),
        (Some(true), Some(true), Some("yes"))
    );
    assert_eq!(guest.network.managers, ["interfaces"]);
}

#[test]
fn facts_are_json_and_come_back_as_they_were() {
    for name in ["debian-bad", "centos-lvm"] {
        let guest = look(name);
        let text = serde_json::to_string(&guest).unwrap();
        assert_eq!(serde_json::from_str::<Guest>(&text).unwrap(), guest, "{name}");
        assert!(
            text.contains(r#""where":"/etc/"#) && text.contains(r#""read":""#),
            "{text}"
        );
    }
    assert_eq!(serde_json::from_str::<Guest>("{}").unwrap(), Guest::default());
}

#[test]
fn no_secret_of_the_guest_is_told() {
    for name in [
        "debian-good",
        "debian-bad",
        "centos-lvm",
        "rocky-uefi",
        "suse-btrfs",
        "codec-none",
    ] {
        let disk = disk(name);
        let secret = b"PlantedSecretHash";
        let guest = inspect(disk.clone(), &Options::default());
        let is_planted = disk
            .blocks
            .values()
            .any(|block| block.windows(secret.len()).any(|own| own == secret));
        // On btrfs it is compressed, on the bad disk the account is locked.
        assert!(is_planted || ["suse-btrfs", "debian-bad"].contains(&name), "{name}");
        assert!(!format!("{guest:?}").contains("Planted"), "{name}");
    }
}

#[test]
fn it_costs_little() {
    for name in [
        "debian-good",
        "debian-bad",
        "centos-lvm",
        "rocky-uefi",
        "suse-btrfs",
        "codec-none",
    ] {
        let read = look(name).bytes_read;
        assert!(read < 1 << 20, "{name}: {read} bytes");
    }
}
