//! One look at a disk: its table, its file systems, the guest in them.

use crate::{
    bytes::shown,
    facts::{Extent, Guest, State, Volume},
    fs::{
        FileSystem,
        btrfs::{Btrfs, Subvolume},
        open::open,
    },
    fstab::{self, Known, Line, Name},
    initramfs::Bounds,
    linux, lvm,
    source::{Part, Shared},
    tree::Tree,
    volume::{self, Slot, Table},
    windows,
};

/// Files of which a root file system of Linux has at least one.
const ROOT: &[&str] = &[
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/redhat-release",
    "/etc/fstab",
    "/etc/debian_version",
];
/// Subvolumes that distributions make their root of.
const SUBVOLUMES: &[&str] = &["/@", "/root", "/@rootfs"];
/// Loaders that a firmware starts which knows nothing of the disk.
const FALLBACK: &[&str] = &["/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/BOOTAA64.EFI"];
/// File systems that come from elsewhere.
const REMOTE: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "glusterfs",
    "ceph",
    "sshfs",
    "fuse.sshfs",
];

/// A file system that was opened.
struct Opened {
    /// Which of the volumes it is.
    number: usize,
    part: Part,
    fs: Box<dyn FileSystem>,
}

/// Looks at all that is there. What was not read is said; nothing ends it but the budget.
pub(crate) fn look(device: &Shared, unpacked: u64, guest: &mut Guest) {
    let disk = Part::whole(device);
    let mut table = match volume::table(&disk) {
        Ok(table) => table,
        Err(error) => return guest.missed("the partition table", &error.reason),
    };
    guest.partition_table = Some(table.kind.to_owned());
    for name in &table.cut {
        guest.missed(name, "it reaches behind the end of the disk");
    }
    expand(&mut table, guest);
    let mut opened = open_all(&table, guest);
    let known = known(&table, guest);
    firmware(&table, &mut opened, guest);
    of_volumes(&table, guest);
    let found = is_linux(&mut opened, guest);
    guest.read = Extent::Whole;
    match found {
        Some(root) => {
            let bounds = Bounds { unpacked, device };
            of_linux(root, opened, &known, &bounds, guest);
        }
        None if is_windows(&mut opened, guest) => {}
        None => {
            guest.read = Extent::Not;
            unknown(&table, guest);
            if guest.volumes.iter().all(|volume| volume.file_system.is_none()) {
                guest.missed("the disk", "no file system on it is recognised");
            }
            if guest.reason.is_none() {
                guest.find(
                    "guest.root_missing",
                    "disk",
                    "no partition of it holds an operating system that is known",
                );
            }
        }
    }
    if guest.reason.is_some() && guest.read == Extent::Whole {
        guest.read = Extent::Partly;
    }
}

/// What is not recognised may hold a system as well as another. What is small holds a loader.
fn unknown(table: &Table, guest: &mut Guest) {
    const SMALL: u64 = 8 << 20;
    for slot in table
        .slots
        .iter()
        .filter(|slot| slot.content.is_none() && slot.part.len() > SMALL)
    {
        match slot.part.bytes(0, 64 << 10) {
            Ok(head) if head.iter().all(|byte| *byte == 0) => {}
            Ok(_) => guest.missed(&slot.name, "what is in it is not recognised"),
            Err(error) => guest.missed(&slot.name, &error.reason),
        }
    }
}

/// Puts logical volumes in the place of what holds them.
fn expand(table: &mut Table, guest: &mut Guest) {
    let mut slots = Vec::new();
    for slot in std::mem::take(&mut table.slots) {
        let is_lvm = slot.content == Some("lvm");
        let (name, part) = (slot.name.clone(), slot.part.clone());
        slots.push(slot);
        if !is_lvm {
            continue;
        }
        guest.find("guest.lvm", &name, "it is a physical volume of LVM");
        let volumes = lvm::volumes(&part).unwrap_or_else(|error| vec![lvm::Logical { name, part: Err(error) }]);
        for volume in volumes {
            let own = volume.part.and_then(|part| Slot::of(volume.name.clone(), part));
            match own {
                Ok(own) => slots.push(Slot { is_lvm: true, ..own }),
                Err(error) => {
                    guest.missed(&volume.name, &error.reason);
                    table.cut.push(volume.name);
                }
            }
        }
    }
    table.slots = slots;
}

/// Opens what can be opened, and says of each volume what it is.
fn open_all(table: &Table, guest: &mut Guest) -> Vec<Opened> {
    let mut opened = Vec::new();
    for (number, slot) in table.slots.iter().enumerate() {
        let mut volume = Volume {
            name: shown(&slot.name),
            file_system: slot.content.map(str::to_owned),
            lvm: slot.is_lvm,
            size: slot.part.len(),
            ..Volume::default()
        };
        let result = slot.content.map_or(Ok(None), |content| open(&slot.part, content));
        match result {
            Ok(Some(mut fs)) => {
                volume.file_system = Some(fs.kind().to_owned());
                (volume.uuid, volume.label) = (fs.uuid(), fs.label().map(|label| shown(&label)));
                (volume.state, volume.features) = (fs.state(), fs.features());
                if let Some(lost) = fs.lost() {
                    guest.missed(&slot.name, lost);
                }
                let part = slot.part.clone();
                opened.push(Opened { number, part, fs });
            }
            Ok(None) => swap(slot, &mut volume),
            Err(error) => {
                guest.missed(
                    &format!("{} ({})", slot.name, slot.content.unwrap_or("unknown")),
                    &error.reason,
                );
                volume.not_read = Some(shown(&error.reason));
            }
        }
        guest.volumes.push(volume);
    }
    opened
}

/// Swap has a name of its own, and may hold the memory of a sleeping system.
fn swap(slot: &Slot, volume: &mut Volume) {
    if let Some("swap" | "swsuspend") = slot.content {
        volume.file_system = Some("swap".to_owned());
        volume.uuid = slot.part.bytes(1036, 16).ok().map(|bytes| crate::bytes::uuid(&bytes));
        volume.state = if slot.content == Some("swap") {
            State::Clean
        } else {
            State::Hibernated
        };
    }
}

/// The names of what is there.
fn known(table: &Table, guest: &Guest) -> Known {
    let is_nameless = |volume: &&Volume| {
        volume.uuid.is_none() && !matches!(volume.file_system.as_deref(), None | Some("lvm" | "luks" | "bitlocker"))
    };
    Known {
        uuids: guest.volumes.iter().filter_map(|volume| volume.uuid.clone()).collect(),
        labels: guest.volumes.iter().filter_map(|volume| volume.label.clone()).collect(),
        partuuids: table
            .slots
            .iter()
            .filter_map(|slot| Some((slot.partuuid.clone()?, slot.name.clone())))
            .collect(),
        volumes: table
            .slots
            .iter()
            .filter(|slot| slot.is_lvm)
            .map(|slot| slot.name.clone())
            .collect(),
        is_partial: !table.cut.is_empty() || guest.volumes.iter().any(|volume| is_nameless(&volume)),
    }
}

/// What firmware can start the disk.
fn firmware(table: &Table, opened: &mut [Opened], guest: &mut Guest) {
    guest.boot.bios = Some(table.bios);
    let mut uefi = Some(false);
    let mut place = "disk".to_owned();
    for (number, slot) in table.slots.iter().enumerate().filter(|(_, slot)| slot.is_esp) {
        let own = opened.iter_mut().find(|own| own.number == number);
        let found: Vec<Option<bool>> = match own {
            Some(own) => FALLBACK
                .iter()
                .map(|path| own.fs.entry(path).ok().map(|entry| entry.is_some()))
                .collect(),
            None => vec![None],
        };
        uefi = match (uefi, found.contains(&Some(true)), found.contains(&None)) {
            (Some(true), ..) | (_, true, _) => Some(true),
            (_, _, true) => None,
            (own, ..) => own,
        };
        place.clone_from(&slot.name);
    }
    guest.boot.uefi = uefi;
    match (table.bios, uefi) {
        (true, Some(false)) => guest.find(
            "guest.bios_only",
            "disk",
            "it starts by BIOS, and has no loader that UEFI finds by itself",
        ),
        (false, Some(true)) => guest.find(
            "guest.uefi_only",
            &place,
            "it starts by UEFI, and has no code that a BIOS starts",
        ),
        _ => {}
    }
    if table.kind == "gpt" {
        guest.find("guest.gpt", "disk", "it has a GUID partition table");
    }
}

/// What the volumes themselves show.
fn of_volumes(table: &Table, guest: &mut Guest) {
    for (number, slot) in table.slots.iter().enumerate() {
        if let Some(kind @ ("luks" | "bitlocker")) = slot.content {
            guest.find("guest.encrypted", &slot.name, &format!("it is encrypted ({kind})"));
            guest.missed(&slot.name, "it is encrypted");
        }
        let Some((state, is_64bit)) = guest
            .volumes
            .get(number)
            .map(|own| (own.state, own.features.iter().any(|name| name == "64bit")))
        else {
            continue;
        };
        match state {
            State::Dirty => guest.find(
                "guest.dirty",
                &slot.name,
                "its file system was not unmounted cleanly, or has errors",
            ),
            State::Hibernated => guest.find(
                "guest.hibernated",
                &slot.name,
                "it holds the memory of a system that sleeps",
            ),
            State::Clean | State::Unknown => {}
        }
        if is_64bit {
            guest.find("guest.ext4_64bit", &slot.name, "its ext4 has the feature 64bit");
        }
    }
}

/// Takes the root file system of a Linux out of those that were opened.
fn is_linux(opened: &mut Vec<Opened>, guest: &mut Guest) -> Option<Opened> {
    let mut roots = Vec::new();
    for (at, own) in opened.iter_mut().enumerate() {
        if has_root(own, guest) {
            roots.push(at);
        }
    }
    if roots.len() > 1 {
        guest
            .notes
            .push("Several file systems look like a root of Linux; the first one was looked at.".to_owned());
    }
    roots.first().map(|at| opened.remove(*at))
}

/// Looks at the Windows on the first file system that has one.
fn is_windows(opened: &mut [Opened], guest: &mut Guest) -> bool {
    for own in opened.iter_mut().filter(|own| own.fs.kind() == "ntfs") {
        match windows::is_on(&mut *own.fs) {
            Ok(true) => {
                mounted(guest, own.number, "C:");
                windows::read(guest, &mut *own.fs);
                return true;
            }
            Ok(false) => {}
            Err(error) => guest.missed("/Windows", &error.reason),
        }
    }
    false
}

fn has_root(own: &mut Opened, guest: &mut Guest) -> bool {
    if is_root(&mut *own.fs, guest) {
        return true;
    }
    let subvolumes = if own.fs.kind() == "btrfs" { SUBVOLUMES } else { &[] };
    for name in subvolumes {
        let Ok(fs) = Btrfs::open(&own.part, Subvolume::Path(name)) else {
            continue;
        };
        let mut fs: Box<dyn FileSystem> = Box::new(fs);
        if is_root(&mut *fs, guest) {
            own.fs = fs;
            return true;
        }
    }
    // Systems whose root is made anew at each start, out of what lies elsewhere in the file system.
    let other = ["/ostree/deploy", "/nix/store"]
        .into_iter()
        .find(|path| own.fs.entry(path).is_ok_and(|entry| entry.is_some()));
    if let Some(path) = other {
        guest.missed(path, "there is no reader for systems of this kind");
    }
    false
}

fn is_root(fs: &mut dyn FileSystem, guest: &mut Guest) -> bool {
    ROOT.iter().any(|path| match fs.entry(path) {
        Ok(entry) => entry.is_some(),
        Err(error) => {
            guest.missed(path, &error.reason);
            false
        }
    })
}

fn of_linux(root: Opened, mut others: Vec<Opened>, known: &Known, bounds: &Bounds<'_>, guest: &mut Guest) {
    mounted(guest, root.number, "/");
    let (root_number, root_part) = (root.number, root.part);
    let mut tree = Tree::new(root.fs);
    let lines = tree
        .text("/etc/fstab")
        .map(|text| fstab::parse(&text))
        .unwrap_or_default();
    for line in &lines {
        judge(line, known, guest);
        // What is outside of the system's own folders is not looked at.
        if !line.at.starts_with('/') || line.at == "/" || tree.is_mounted(&line.at) || line.kind == "swap" {
            continue;
        }
        let is_own =
            |volume: &Volume| is_named(&line.device, volume) || known.partition(&line.device) == Some(&volume.name);
        if line.kind == "btrfs" && guest.volumes.get(root_number).is_some_and(is_own) {
            subvolume(line, &root_part, &mut tree, guest);
            continue;
        }
        let slot = others
            .iter()
            .position(|own| guest.volumes.get(own.number).is_some_and(is_own));
        if let Some(own) = slot.map(|at| others.remove(at)) {
            mounted(guest, own.number, &line.at);
            tree.mount(&line.at, own.fs);
        }
    }
    file_systems(guest);
    linux::look(&mut tree, known, bounds, guest);
    for (path, error) in std::mem::take(&mut tree.missed) {
        guest.missed(&path, &error.reason);
    }
}

/// Whether a name of fstab means a volume.
fn is_named(device: &Name, volume: &Volume) -> bool {
    let is = |own: &Option<String>, name: &String| own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    match device {
        Name::Uuid(name) => is(&volume.uuid, name),
        Name::Label(name) => is(&volume.label, name),
        Name::Lvm(name) => volume.lvm && volume.name == *name,
        // `/dev/sda1` was the first partition on the machine that wrote it.
        Name::Fragile(path) => {
            let number = path.trim_start_matches(|c: char| !c.is_ascii_digit());
            !path.contains("/disk/")
                && !path.contains("nvme")
                && !path.contains("mmcblk")
                && volume.name == format!("part{number}")
        }
        Name::PartUuid(_) | Name::PartLabel(_) | Name::Other(_) => false,
    }
}

/// Another subvolume of the root's btrfs.
fn subvolume(line: &Line, part: &Part, tree: &mut Tree, guest: &mut Guest) {
    let name = line
        .option("subvol")
        .map(|name| format!("/{}", name.trim_start_matches('/')));
    let wanted = match (&name, line.option("subvolid").and_then(|id| id.parse().ok())) {
        (Some(name), _) => Subvolume::Path(name),
        (None, Some(id)) => Subvolume::Id(id),
        (None, None) => return,
    };
    match Btrfs::open(part, wanted) {
        Ok(fs) => tree.mount(&line.at, Box::new(fs)),
        Err(error) => guest.missed(&line.at, &error.reason),
    }
}

fn mounted(guest: &mut Guest, number: usize, at: &str) {
    if let Some(volume) = guest.volumes.get_mut(number) {
        volume.mounted_at = Some(shown(at));
    }
}

/// What a line of fstab means on another machine.
fn judge(line: &Line, known: &Known, guest: &mut Guest) {
    const PLACE: &str = "/etc/fstab";
    if !line.is_needed() {
        return;
    }
    let what = if line.kind == "swap" { "swap" } else { line.at.as_str() };
    if REMOTE.contains(&line.kind.as_str()) {
        return guest.find(
            "guest.fstab_missing",
            PLACE,
            &format!("{what} comes from the network, and the start waits for it"),
        );
    }
    match &line.device {
        Name::Fragile(device) if !device.starts_with("/dev/sr") => {
            guest.find(
                "guest.fstab_device",
                PLACE,
                &format!("{what} is {device}, a name that another machine does not give"),
            );
        }
        device if known.has(device) == Some(false) => {
            let name = match device {
                Name::Uuid(name) => format!("UUID={name}"),
                Name::Label(name) => format!("LABEL={name}"),
                Name::PartUuid(name) => format!("PARTUUID={name}"),
                Name::Lvm(name) | Name::PartLabel(name) | Name::Fragile(name) | Name::Other(name) => name.clone(),
            };
            guest.find(
                "guest.fstab_missing",
                PLACE,
                &format!("{what} is {name}, which is not on this disk"),
            );
        }
        _ => {}
    }
}

/// File systems that not every cloud lists.
fn file_systems(guest: &mut Guest) {
    let usual = ["ext2", "ext3", "ext4", "vfat", "swap", "lvm"];
    let found = guest.volumes.iter().filter(|volume| volume.mounted_at.is_some());
    let found: Vec<(String, String)> = found
        .filter_map(|volume| Some((volume.name.clone(), volume.file_system.clone()?)))
        .filter(|(_, kind)| !usual.contains(&kind.as_str()))
        .collect();
    for (name, kind) in found {
        guest.find("guest.file_system", &name, &format!("its file system is {kind}"));
    }
}
