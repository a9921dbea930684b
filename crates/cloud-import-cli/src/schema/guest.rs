//! What `inspect` tells of the system on a disk: written of the types of `cloud-import-guest`, which know no schemas.

#![allow(dead_code, reason = "only their schemas are of use")]

use schemars::JsonSchema;

/// The system on a disk.
#[derive(JsonSchema)]
pub(crate) struct Guest {
    /// How much was read.
    read: Extent,
    /// Why it was not all, as clauses; absent where it was.
    reason: Option<String>,
    /// The operating system; absent where none was found.
    os: Option<Os>,
    /// `x86_64`, `arm64`, `i386`, or the number that the programs carry.
    architecture: Option<String>,
    /// How it boots.
    boot: Boot,
    /// `mbr`, `gpt`, or `none`; absent where it could not be read.
    partition_table: Option<String>,
    /// What stands in the partitions and volumes, in their order.
    volumes: Vec<Volume>,
    /// Kernels of Linux, the one that boots by default first.
    kernels: Vec<Kernel>,
    /// cloud-init, or of Windows cloudbase-init; absent where there is none, or where that is not known.
    cloud_init: Option<CloudInit>,
    /// Programs of hypervisors and clouds, by their usual names (`qemu-ga`, `open-vm-tools`).
    agents: Vec<String>,
    /// `SELINUX=` of its configuration: `enforcing`, `permissive` or `disabled`; absent where there is no such file.
    selinux: Option<String>,
    /// The SSH server.
    ssh: Ssh,
    /// The account `root`.
    root_account: Account,
    /// How networks are set up.
    network: Network,
    /// Windows alone has it.
    windows: Option<Windows>,
    /// What of it may matter elsewhere.
    findings: Vec<Finding>,
    /// What else a user should know, each a whole sentence.
    notes: Vec<String>,
    /// Bytes that were read for all this.
    bytes_read: u64,
}

/// An operating system.
#[derive(JsonSchema)]
struct Os {
    /// `linux` or `windows`.
    family: String,
    /// By its own name: `CentOS Linux`, `Debian GNU/Linux`, `Windows Server`.
    distribution: Option<String>,
    /// The distribution in one word, as `ID` of `os-release` has it: `centos`, `debian`.
    id: Option<String>,
    /// As exactly as the disk tells it: `7.9`, `12.11`, `2019`.
    version: Option<String>,
    /// The whole name as it shows itself.
    name: Option<String>,
    /// Of Windows: the number of the build.
    build: Option<u32>,
    /// Of Windows: the edition, such as `ServerStandard`.
    edition: Option<String>,
    /// The file that told it.
    from: Option<String>,
}

/// How a disk boots.
#[derive(JsonSchema)]
struct Boot {
    /// Whether a BIOS finds code to start; absent where it could not be read.
    bios: Option<bool>,
    /// Whether a UEFI firmware that does not know the disk finds a loader; absent where it could not be read.
    uefi: Option<bool>,
    /// The boot loader's configuration.
    loader: Option<String>,
    /// The root file system as the boot loader tells it to the kernel.
    root: Option<String>,
}

/// A partition, or a logical volume in some.
#[derive(JsonSchema)]
struct Volume {
    /// `part1`, `VG/LV`, or `disk` for the whole disk.
    name: String,
    /// `ext4`, `xfs`, `lvm`, `swap`, `luks`; absent where nothing was recognised.
    file_system: Option<String>,
    /// As `/etc/fstab` writes it.
    uuid: Option<String>,
    /// Its label.
    label: Option<String>,
    /// Where the guest mounts it.
    mounted_at: Option<String>,
    /// It is a logical volume.
    lvm: bool,
    /// Its size in bytes.
    size: u64,
    /// How it was left.
    state: State,
    /// Features of the file system that somebody minds.
    features: Vec<String>,
    /// Why it was not read.
    not_read: Option<String>,
}

/// A kernel of Linux.
#[derive(JsonSchema)]
struct Kernel {
    /// The name of the folder of its modules.
    version: String,
    /// It boots by default, or would if nothing told which does.
    default: bool,
    /// Its initramfs; absent where it has none.
    initramfs: Option<String>,
    /// Disks of virtual machines.
    virtio_blk: Driver,
    /// Disks of virtual machines that are shown as SCSI.
    virtio_scsi: Driver,
    /// The bus of both.
    virtio_pci: Driver,
    /// Networks of virtual machines.
    virtio_net: Driver,
    /// Disks of some instance types.
    nvme: Driver,
}

/// What sets up a machine on its first start.
#[derive(JsonSchema)]
struct CloudInit {
    /// Its version, where it could be found.
    version: Option<String>,
    /// `datasource_list` of its configuration, the last one that is set; absent where none is.
    datasources: Option<Vec<String>>,
    /// It is there and told not to run.
    disabled: bool,
    /// The file by which it was found.
    from: Option<String>,
}

/// The SSH server.
#[derive(JsonSchema)]
struct Ssh {
    /// Whether it is there; absent where that could not be read.
    installed: Option<bool>,
    /// Whether it starts with the system; absent where that could not be read.
    enabled: Option<bool>,
    /// `PermitRootLogin` of its configuration; absent where it does not say.
    root_login: Option<String>,
    /// `PasswordAuthentication` of its configuration; absent where it does not say.
    passwords: Option<bool>,
}

/// How networks are set up.
#[derive(JsonSchema)]
struct Network {
    /// What does it: `ifcfg`, `interfaces`, `netplan`, `NetworkManager`, `networkd`, `wicked`.
    managers: Vec<String>,
    /// `NetworkManager` starts with the system; absent where that could not be read.
    network_manager: Option<bool>,
    /// A firewall that starts with the system.
    firewall: Vec<String>,
}

/// What only Windows has.
#[derive(JsonSchema)]
struct Windows {
    /// `ProductName`.
    product: Option<String>,
    /// `InstallationType`: `Server`, `Server Core` or `Client`.
    installation: Option<String>,
    /// `DisplayVersion` or `ReleaseId`: `21H2`, `1809`.
    display_version: Option<String>,
    /// Drivers and services that matter, by their names.
    services: Vec<Service>,
    /// Remote desktop is let in; absent where that could not be read.
    remote_desktop: Option<bool>,
}

/// A driver or a service of Windows.
#[derive(JsonSchema)]
struct Service {
    /// By its name in the registry.
    name: String,
    /// `Start`: 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled; absent where it is not told.
    start: Option<u32>,
    /// Its file is there; absent where that could not be read, or was not looked at.
    file: Option<bool>,
}

/// Something that may matter on another machine.
#[derive(JsonSchema)]
struct Finding {
    /// Which one: one of `FINDINGS`.
    id: String,
    /// The file, partition or volume that shows it.
    #[schemars(rename = "where")]
    place: String,
    /// What it is, as a clause.
    what: String,
}

/// How much of the guest was read.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Extent {
    /// Nothing of the guest: no operating system was found, or none could be read.
    Not,
    /// Some of it; `reason` says what is missing. What was not found may be where nobody looked.
    Partly,
    /// All that is looked at.
    Whole,
}

/// How a file system was left.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum State {
    /// It was not told, or could not be read.
    Unknown,
    /// Cleanly.
    Clean,
    /// Mounted, or with errors.
    Dirty,
    /// With the memory of a sleeping system beside it.
    Hibernated,
}

/// Where a kernel has a driver.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Driver {
    /// It could not be found out.
    NotRead,
    /// In the kernel itself.
    BuiltIn,
    /// In the initramfs, so that it is there before the root file system is.
    Initramfs,
    /// Among the modules of the root file system only.
    Module,
    /// Nowhere.
    Missing,
}

/// Whether one can log in as root by a password.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Account {
    /// It could not be read.
    NotRead,
    /// There is no account of that name.
    Missing,
    /// No password can be right.
    Locked,
    /// No password is needed.
    Empty,
    /// There is one.
    Set,
}
