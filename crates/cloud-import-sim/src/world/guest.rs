//! What a test wants to be wrong inside a disk. Nothing here reads a file system: an import is told.

use serde::{Deserialize, Serialize};

/// What is wrong with the system inside a disk, as [`FaultKind::Guest`](super::FaultKind::Guest) says it. A cloud that looks
/// inside tells it in its own words; the others take the image without a word.
///
/// | fault | JD Cloud, unless `forceImport` | Tencent Cloud | Alibaba Cloud, with `DetectionStrategy` |
/// |---|---|---|---|
/// | `partition_missing` | – | fails, `PartitionNotPresent` | – |
/// | `root_missing` | – | fails, `RootPartitionNotFound` | – |
/// | `virtio_missing` | fails | fails, `VirtioNotInstall` | `GUESTOS.Virtio` |
/// | `cloud_init_missing` | – | fails unless `Force`, `CloudInitNotInstalled` | `GUESTOS.CloudInit` |
/// | `cloud_init_present` | fails | – | – |
/// | `fstab_device` | fails | – | `GUESTOS.Fstab` |
/// | `net_static` | fails | – | `GUESTOS.Dhcp` |
///
/// Tencent's codes stand in its guide of 2023 and never in its API, which shows a failed image alone;
/// [`ImageSummary::failure`](crate::ImageSummary::failure) has them. Which of JD Cloud's checks fail an import, the words of its
/// reasons and the words of Alibaba's report are unverified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GuestFault {
    /// There is no partition.
    PartitionMissing,
    /// No partition holds a root file system.
    RootMissing,
    /// The virtio drivers are not there, or not in the initramfs.
    VirtioMissing,
    /// Neither cloud-init nor cloudbase-init is installed.
    CloudInitMissing,
    /// cloud-init is installed.
    CloudInitPresent,
    /// `/etc/fstab` names disks by their device.
    FstabDevice,
    /// The network has a static address.
    NetStatic,
}
