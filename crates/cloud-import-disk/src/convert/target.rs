//! What a disk is converted to.

use std::fmt;

use super::{qcow2, zvhd2};
use crate::Format;

/// What a disk is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// The bytes of the disk, one after the other, zeros too.
    Raw,
    /// qcow2 of version 3, not compressed, in clusters of 64 KiB.
    Qcow2,
    /// ZVHD2 in blocks of 2 MiB, which are stored. Whether Huawei's own readers take blocks that are not compressed is not known.
    Zvhd2,
}

impl Target {
    /// The format that the converted file has.
    #[must_use]
    pub const fn format(self) -> Format {
        match self {
            Self::Raw => Format::Raw,
            Self::Qcow2 => Format::Qcow2,
            Self::Zvhd2 => Format::Zvhd2,
        }
    }

    /// Bytes of disk that are there or not there together.
    pub(crate) const fn unit(self) -> u64 {
        match self {
            // There everything is there, and nothing has to be known.
            Self::Raw | Self::Zvhd2 => zvhd2::BLOCK,
            Self::Qcow2 => qcow2::CLUSTER,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.format().fmt(f)
    }
}
