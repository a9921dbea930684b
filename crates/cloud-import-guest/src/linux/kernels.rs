//! The kernels, and whether the one that boots finds the disks of a virtual machine.

use crate::{
    bytes::shown,
    facts::{Driver, Guest, Kernel},
    initramfs::{self, Bounds},
    linux::entries::{Entry, newer},
    source::NotRead,
    tree::Tree,
};

/// Lists of modules of a large kernel are about a megabyte long.
const LIST: usize = 8 << 20;
/// The most kernels that are looked at.
const MOST: usize = 20;
/// Modules and the options that put them into the kernel itself.
const DRIVERS: [(&str, &str); 5] = [
    ("virtio_blk", "CONFIG_VIRTIO_BLK"),
    ("virtio_scsi", "CONFIG_SCSI_VIRTIO"),
    ("virtio_pci", "CONFIG_VIRTIO_PCI"),
    ("virtio_net", "CONFIG_VIRTIO_NET"),
    ("nvme", "CONFIG_BLK_DEV_NVME"),
];

/// Looks at all of them; the answer is the one that boots by default.
pub(super) fn look(tree: &mut Tree, default: Option<&Entry>, bounds: &Bounds<'_>, guest: &mut Guest) -> Option<Kernel> {
    let folder = tree
        .first(&["/usr/lib/modules", "/lib/modules"])
        .unwrap_or("/lib/modules");
    let mut versions = tree.list(folder);
    versions.retain(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    versions.sort_by(|one, other| newer(other, one));
    let chosen = default_version(tree, folder, &versions, default);
    let Some(chosen) = chosen else {
        guest.notes.push("No kernel was found.".to_owned());
        return None;
    };
    versions.retain(|version| *version != chosen);
    versions.insert(0, chosen);
    if versions.len() > 1 {
        guest.notes.push(
            "There are several kernels; only the initramfs of the one that boots by default was looked at.".to_owned(),
        );
    }
    for (number, version) in versions.iter().take(MOST).enumerate() {
        let own = format!("{folder}/{version}");
        let mut kernel = Kernel {
            version: shown(version),
            default: number == 0,
            ..Kernel::default()
        };
        for (at, driver) in of_modules(tree, &own, version).into_iter().enumerate() {
            *field(&mut kernel, at) = driver;
        }
        if kernel.default {
            let before = tree.misses;
            let images = images(tree, version, default, folder);
            let is_known = tree.misses == before;
            of_initramfs(tree, &mut kernel, &images, bounds, guest);
            if !is_known {
                unknown(&mut kernel);
            }
        }
        guest.kernels.push(kernel);
    }
    guest.kernels.first().cloned()
}

fn field(kernel: &mut Kernel, at: usize) -> &mut Driver {
    match at {
        0 => &mut kernel.virtio_blk,
        1 => &mut kernel.virtio_scsi,
        2 => &mut kernel.virtio_pci,
        3 => &mut kernel.virtio_net,
        _ => &mut kernel.nvme,
    }
}

/// The version of the kernel that boots by default, by the names of the kernel's file and of the folders of modules.
fn default_version(tree: &mut Tree, folder: &str, versions: &[String], default: Option<&Entry>) -> Option<String> {
    let Some(entry) = default else {
        // Without a boot loader to ask: the newest that is there as a file.
        let is_there = |version: &&String| {
            let paths = [
                format!("/boot/vmlinuz-{version}"),
                format!("/boot/Image-{version}"),
                format!("{folder}/{version}/vmlinuz"),
            ];
            paths.iter().any(|path| tree.exists(path) == Some(true))
        };
        return versions.iter().find(is_there).or(versions.first()).cloned();
    };
    let file = entry.kernel.rsplit('/').next().unwrap_or_default();
    let rest = file.split_once('-').map_or("", |(_, rest)| rest);
    if let Some(own) = versions.iter().find(|version| **version == rest) {
        return Some(own.clone());
    }
    // A link such as `/vmlinuz` leads to a file whose name tells.
    let linked = at_boot(tree, &entry.kernel).and_then(|path| tree.real(&path));
    let linked = linked.and_then(|path| {
        path.rsplit('/')
            .next()?
            .split_once('-')
            .map(|(_, rest)| rest.to_owned())
    });
    if let Some(own) = linked.and_then(|linked| versions.iter().find(|version| **version == linked)) {
        return Some(own.clone());
    }
    // Arch Linux and Alpine name the file by the package: `vmlinuz-linux`, `vmlinuz-virt`.
    let package = |tree: &mut Tree, version: &str| tree.text(&format!("{folder}/{version}/pkgbase"));
    let by_package = versions
        .iter()
        .find(|version| package(tree, version).is_some_and(|name| name.trim() == rest));
    let by_ending = || {
        versions
            .iter()
            .find(|version| !rest.is_empty() && version.ends_with(&format!("-{rest}")))
    };
    let own = by_package
        .or_else(by_ending)
        .or(versions.first().filter(|_| versions.len() == 1));
    own.cloned().or_else(|| (!rest.is_empty()).then(|| rest.to_owned()))
}

/// A path as the boot loader sees it, in the tree: it may see the file system of `/boot` or a subvolume's parent.
fn at_boot(tree: &mut Tree, path: &str) -> Option<String> {
    // GRUB may name the device before it.
    let path = path.rsplit(')').next().unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let without_subvolume = path
        .trim_start_matches('/')
        .split_once('/')
        .map_or(String::new(), |(_, rest)| format!("/{rest}"));
    let paths = [
        path.to_owned(),
        format!("/boot/{}", path.trim_start_matches('/')),
        without_subvolume,
        format!("/boot/{name}"),
    ];
    paths
        .into_iter()
        .filter(|path| path.starts_with('/'))
        .find(|path| tree.exists(path) == Some(true))
}

/// The files that make up the initramfs.
fn images(tree: &mut Tree, version: &str, default: Option<&Entry>, folder: &str) -> Vec<String> {
    let named: Vec<String> = default
        .map(|entry| entry.initramfs.iter().take(8).cloned().collect())
        .unwrap_or_default();
    let named: Vec<String> = named.iter().filter_map(|path| at_boot(tree, path)).collect();
    if !named.is_empty() {
        return named;
    }
    // An entry without one starts the kernel alone. Where nothing is known of entries, or nothing of it is there, names tell.
    if default.is_some_and(|entry| entry.initramfs.is_empty() && !entry.kernel.is_empty()) {
        return Vec::new();
    }
    let paths = [
        format!("/boot/initrd.img-{version}"),
        format!("/boot/initramfs-{version}.img"),
        format!("/boot/initrd-{version}"),
        format!("/boot/initrd-{version}.img"),
        format!("{folder}/{version}/initrd"),
    ];
    paths
        .into_iter()
        .find(|path| tree.exists(path) == Some(true))
        .into_iter()
        .collect()
}

/// Name of a module out of a path: `kernel/drivers/block/virtio-blk.ko.xz` is `virtio_blk`.
fn module(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let (name, ending) = file.split_once(".ko")?;
    matches!(ending, "" | ".gz" | ".xz" | ".zst").then(|| name.replace('-', "_"))
}

/// What the lists in the folder of modules say.
fn of_modules(tree: &mut Tree, folder: &str, version: &str) -> [Driver; 5] {
    let built_in = tree.long_text(&format!("{folder}/modules.builtin"), LIST);
    let modules = tree.long_text(&format!("{folder}/modules.dep"), LIST);
    let config = match built_in {
        Some(_) => None,
        None => tree
            .text(&format!("/boot/config-{version}"))
            .or_else(|| tree.text(&format!("{folder}/config"))),
    };
    let names = |list: &Option<String>| -> Option<Vec<String>> {
        let list = list.as_ref()?;
        Some(
            list.lines()
                .filter_map(|line| module(line.split(':').next()?.trim()))
                .collect(),
        )
    };
    let (built_in, modules) = (names(&built_in), names(&modules));
    DRIVERS.map(|(name, option)| {
        let has = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.iter().any(|own| own == name));
        let is_set = |config: &String| config.lines().any(|line| line.strip_prefix(option) == Some("=y"));
        match (has(&built_in).or(config.as_ref().map(is_set)), has(&modules)) {
            (Some(true), _) => Driver::BuiltIn,
            (_, Some(true)) => Driver::Module,
            (Some(false), Some(false)) => Driver::Missing,
            _ => Driver::NotRead,
        }
    })
}

fn of_initramfs(tree: &mut Tree, kernel: &mut Kernel, images: &[String], bounds: &Bounds<'_>, guest: &mut Guest) {
    kernel.initramfs = images.last().map(|path| shown(path));
    let mut failed = None;
    for path in images {
        let result = match bounds.unpacked {
            0 => Err(NotRead::new("it is not opened")),
            _ => scan(tree, path, kernel, bounds, guest),
        };
        failed = failed.or(result.err().map(|error| (path, error)));
    }
    if let Some((path, error)) = failed.filter(|_| !finds_disks(kernel)) {
        guest.missed(path, &error.reason);
        unknown(kernel);
    }
}

/// What was not seen may stand where nothing was read.
fn unknown(kernel: &mut Kernel) {
    for at in 0..DRIVERS.len() {
        let driver = field(kernel, at);
        if matches!(driver, Driver::Module | Driver::Missing) {
            *driver = Driver::NotRead;
        }
    }
}

/// Looks for drivers in one image, until the disks of virtual machines are found.
fn scan(
    tree: &mut Tree,
    path: &str,
    kernel: &mut Kernel,
    bounds: &Bounds<'_>,
    guest: &mut Guest,
) -> Result<(), NotRead> {
    if finds_disks(kernel) {
        return Ok(());
    }
    let Some(file) = tree.file(path)? else { return Ok(()) };
    initramfs::names(file, bounds, |name| {
        if let Some(at) = module(name).and_then(|name| DRIVERS.iter().position(|(own, _)| *own == name)) {
            let driver = field(kernel, at);
            if *driver != Driver::BuiltIn {
                *driver = Driver::Initramfs;
            }
        }
        if name.contains("udev/rules.d/")
            && name.contains("persistent")
            && name.contains("net")
            && name.ends_with(".rules")
        {
            guest.find(
                "guest.udev_net_rules",
                path,
                &format!("{name} in it binds names of networks to MAC addresses"),
            );
        }
        finds_disks(kernel)
    })?;
    Ok(())
}

const fn is_early(driver: Driver) -> bool {
    matches!(driver, Driver::BuiltIn | Driver::Initramfs)
}

fn finds_disks(kernel: &Kernel) -> bool {
    is_early(kernel.virtio_pci) && (is_early(kernel.virtio_blk) || is_early(kernel.virtio_scsi))
}

/// Tells what the kernel lacks, as far as that is certain.
pub(super) fn judge(kernel: &Kernel, guest: &mut Guest) {
    let place = kernel
        .initramfs
        .clone()
        .unwrap_or_else(|| format!("kernel {}", kernel.version));
    let drivers = [kernel.virtio_pci, kernel.virtio_blk, kernel.virtio_scsi];
    if !finds_disks(kernel) && !drivers.contains(&Driver::NotRead) {
        let what = match (kernel.initramfs.is_some(), is_early(kernel.virtio_pci)) {
            (false, _) => {
                "the kernel has no initramfs, and the drivers virtio_pci and virtio_blk or virtio_scsi are not in it"
                    .to_owned()
            }
            (true, true) => "neither virtio_blk nor virtio_scsi is in it or in the kernel".to_owned(),
            (true, false) => "virtio_pci and virtio_blk or virtio_scsi are neither in it nor in the kernel".to_owned(),
        };
        guest.find("guest.virtio_missing", &place, &what);
    }
    if kernel.virtio_net == Driver::Missing {
        let what = "virtio_net is neither in the kernel nor among its modules";
        guest.find("guest.virtio_missing", &format!("kernel {}", kernel.version), what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_its_file() {
        for (path, name) in [
            ("kernel/drivers/block/virtio_blk.ko", Some("virtio_blk")),
            ("usr/lib/modules/6/kernel/virtio-blk.ko.zst", Some("virtio_blk")),
            ("virtio_blk.ko.xz", Some("virtio_blk")),
            ("virtio_blk.kobold", None),
            ("virtio_blk", None),
        ] {
            assert_eq!(module(path).as_deref(), name, "{path}");
        }
    }
}
