//! Every planted fault is found, and nothing else.

use cloud_import_guest::{
    Options,
    facts::{Extent, FINDINGS, PROPERTIES},
    inspect,
};

use crate::disk::{Sparse, disk};

/// A disk, and its findings: id without `guest.`, and place.
const DISKS: &[(&str, &[(&str, &str)])] = &[
    (
        "debian-good",
        &[("bios_only", "disk"), ("cloud_init_present", "/usr/bin/cloud-init")],
    ),
    (
        "debian-bad",
        &[
            ("bios_only", "disk"),
            ("boot_root_device", "/boot/grub/grub.cfg"),
            ("cloud_init_missing", "/usr/bin/cloud-init"),
            ("dirty", "part1"),
            ("ext4_64bit", "part1"),
            ("fstab_device", "/etc/fstab"),
            ("fstab_device", "/etc/fstab"),
            ("fstab_missing", "/etc/fstab"),
            ("fstab_missing", "/etc/fstab"),
            ("fstab_missing", "/etc/fstab"),
            ("hibernated", "part2"),
            ("hypervisor_tools", "/usr/bin/vmtoolsd"),
            ("net_mac_bound", "/etc/netplan/01-own.yaml"),
            ("net_static", "/etc/network/interfaces"),
            ("qemu_ga", "/usr/sbin/qemu-ga"),
            ("root_locked", "/etc/shadow"),
            ("selinux_enforcing", "/etc/selinux/config"),
            ("shadow_immutable", "/etc/shadow"),
            ("ssh_off", "/etc/systemd/system"),
            ("udev_net_rules", "/boot/initrd.img-6.1.0-37-amd64"),
            ("udev_net_rules", "/etc/udev/rules.d/70-persistent-net.rules"),
            ("virtio_missing", "/boot/initrd.img-6.1.0-37-amd64"),
            ("virtio_missing", "kernel 6.1.0-37-amd64"),
        ],
    ),
    (
        "centos-lvm",
        &[
            ("bios_only", "disk"),
            ("cloud_init_missing", "/usr/bin/cloud-init"),
            ("file_system", "centos/root"),
            ("file_system", "part1"),
            ("lvm", "part2"),
            ("net_mac_bound", "/etc/sysconfig/network-scripts/ifcfg-ens192"),
            ("net_static", "/etc/sysconfig/network-scripts/ifcfg-ens192"),
            ("virtio_missing", "/boot/initramfs-3.10.0-1160.el7.x86_64.img"),
        ],
    ),
    (
        "rocky-uefi",
        &[
            ("cloud_init_present", "/usr/bin/cloud-init"),
            ("dirty", "part2"),
            ("file_system", "part2"),
            ("gpt", "disk"),
            ("net_static", "/etc/NetworkManager/system-connections/eth0.nmconnection"),
        ],
    ),
    (
        "suse-btrfs",
        &[
            ("bios_only", "disk"),
            ("cloud_init_missing", "/usr/bin/cloud-init"),
            ("file_system", "part2"),
            ("gpt", "disk"),
        ],
    ),
    ("encrypted", &[("bios_only", "disk"), ("encrypted", "part2")]),
    ("codec-none", &[("cloud_init_missing", "/usr/bin/cloud-init")]),
];

#[test]
fn planted_faults_are_found_and_no_others() {
    for (name, wanted) in DISKS {
        let guest = inspect(disk(name), &Options::default());
        let mut found: Vec<(&str, &str)> = guest
            .findings
            .iter()
            .map(|own| (own.id.strip_prefix("guest.").unwrap(), own.place.as_str()))
            .collect();
        found.sort_unstable();
        // Whether UEFI starts it is known where FAT is read.
        found.retain(|(id, _)| *id != "uefi_only");
        assert_eq!(found, *wanted, "{name}");
    }
}

#[test]
fn what_is_found_says_what_it_is() {
    let guest = inspect(disk("debian-bad"), &Options::default());
    let said: Vec<&str> = guest.findings.iter().map(|own| own.what.as_str()).collect();
    for what in [
        "/ is /dev/sda1, a name that another machine does not give",
        "/data is /dev/sdb1, a name that another machine does not give",
        "/srv is UUID=dead0000-0000-4000-8000-000000000000, which is not on this disk",
        "/gone is gone/lv, which is not on this disk",
        "/home comes from the network, and the start waits for it",
        "etc/udev/rules.d/70-persistent-net.rules in it binds names of networks to MAC addresses",
        "virtio_pci and virtio_blk or virtio_scsi are neither in it nor in the kernel",
        "virtio_net is neither in the kernel nor among its modules",
    ] {
        assert!(said.contains(&what), "{what}: {said:#?}");
    }
}

#[test]
fn the_good_disk_has_only_what_good_disks_have() {
    let guest = inspect(disk("debian-good"), &Options::default());
    assert_eq!(guest.read, Extent::Whole, "{:?}", guest.reason);
    assert!(
        guest.findings.iter().all(|own| PROPERTIES.contains(&own.id.as_str())),
        "{:?}",
        guest.findings
    );
}

#[test]
fn ids_are_known() {
    assert!(PROPERTIES.iter().all(|id| FINDINGS.contains(id)));
    for (name, _) in DISKS {
        let guest = inspect(disk(name), &Options::default());
        assert!(
            guest.findings.iter().all(|own| FINDINGS.contains(&own.id.as_str())),
            "{name}"
        );
    }
}

#[test]
fn a_disk_without_a_system_has_no_root() {
    // Where its root file system begins, behind the one for UEFI.
    const ROOT: u64 = (2048 + 81_920) * 512;
    let whole = disk("rocky-uefi");
    let mut without = whole.blocks.as_ref().clone();
    without.retain(|at, _| *at < ROOT);
    let without = Sparse::new(whole.size, without);
    let guest = inspect(without, &Options::default());
    assert_eq!(guest.read, Extent::Not);
    assert!(guest.has("guest.root_missing"), "{guest:?}");
    // Nothing at all may be something that nobody here knows.
    let zeros = inspect(std::io::Cursor::new(vec![0; 1 << 20]), &Options::default());
    assert!(!zeros.has("guest.root_missing") && zeros.reason.is_some(), "{zeros:?}");
    // What cannot be looked into may hold one.
    assert!(!inspect(disk("encrypted"), &Options::default()).has("guest.root_missing"));
}
