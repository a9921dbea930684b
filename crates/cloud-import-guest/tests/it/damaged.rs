//! Disks that end too early, budgets that do, and time that is over: there is an answer, and no verdict on what was not read.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use cloud_import_guest::{
    Options,
    facts::{Driver, Extent},
    inspect,
};

use crate::disk::{Sparse, disk};

fn cut(disk: &Sparse, size: u64) -> Sparse {
    Sparse::new(size, disk.blocks.as_ref().clone())
}

#[test]
fn a_disk_that_was_cut_is_not_judged() {
    for name in ["codec-gzip", "fat-root", "encrypted"] {
        let disk = disk(name);
        for size in (0..disk.size).step_by(4096) {
            let guest = inspect(cut(&disk, size), &Options::default());
            assert_ne!(guest.read, Extent::Whole, "{name} of {size} bytes");
            // Before there is anything that tells what it was, it is a disk of nothing.
            if size > 4096 {
                assert!(!guest.has("guest.root_missing"), "{name} of {size} bytes: {guest:?}");
            }
        }
    }
}

#[test]
fn an_early_end_of_the_budget_is_told() {
    for name in ["debian-good", "centos-lvm", "rocky-uefi", "suse-btrfs", "codec-xz"] {
        let disk = disk(name);
        let whole = inspect(disk.clone(), &Options::default());
        for share in 0..40 {
            let mut options = Options::default();
            options.bytes = whole.bytes_read * share / 40;
            let guest = inspect(disk.clone(), &options);
            assert!(guest.bytes_read <= options.bytes);
            assert_ne!(guest.read, Extent::Whole, "{name} {share}");
            assert!(
                guest.reason.as_ref().unwrap().contains("more bytes than are read"),
                "{name} {share}: {:?}",
                guest.reason
            );
            for finding in &guest.findings {
                assert!(whole.findings.contains(finding), "{name} {share}: {finding:?}");
            }
        }
    }
}

#[test]
fn time_that_is_over_ends_it() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let options = Options::default().until(move || count.fetch_add(1, Ordering::Relaxed) >= 5);
    let guest = inspect(disk("debian-good"), &options);
    assert_eq!(asked.load(Ordering::Relaxed), 6);
    assert!(guest.reason.unwrap().contains("time is up"));
}

#[test]
fn an_initramfs_that_stays_closed_is_not_judged() {
    let mut options = Options::default();
    options.unpacked = 0;
    for name in ["debian-good", "debian-bad"] {
        let guest = inspect(disk(name), &options);
        assert_eq!(
            (guest.read, guest.kernels[0].virtio_blk),
            (Extent::Partly, Driver::NotRead),
            "{name}"
        );
        let judged = guest.findings.iter().filter(|own| own.id == "guest.virtio_missing");
        assert!(judged.into_iter().all(|own| own.what.contains("virtio_net")), "{name}");
    }
    options.unpacked = 1000;
    let guest = inspect(disk("codec-zstd"), &options);
    assert_eq!(guest.kernels[0].virtio_blk, Driver::NotRead);
    assert!(guest.reason.unwrap().contains("more than is unpacked"));
}
