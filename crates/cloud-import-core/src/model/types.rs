//! The normalized words: formats, architectures, boot modes, licences.
//!
//! Closed lists: a vendor's own words are in its crate, open, as that vendor writes them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, text::suggest::did_you_mean};

/// A closed list of words with `FromStr`, `Display` and `serde` in one spelling.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident ($what:literal) { $( $(#[$vmeta:meta])* $variant:ident = $word:literal $(| $alias:literal)*, )+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vmeta])* #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                match text.to_ascii_lowercase().as_str() {
                    $( $word $(| $alias)* => Ok(Self::$variant), )+
                    _ => {
                        let meant = did_you_mean(text, [$( $word $(, $alias)*, )+]);
                        Err(Error::new(ErrorKind::InvalidRequest, format!(concat!("unknown ", $what, " `{}`"), text))
                            .with_remedy(format!("{meant}{}", concat!("Use one of:" $(, " ", $word)+))))
                    }
                }
            }
        }
    };
}

words! {
    /// Format of a disk image file.
    pub enum DiskFormat ("disk format") {
        /// QEMU copy on write, version 2 or 3.
        Qcow2 = "qcow2",
        /// Virtual Hard Disk, fixed or dynamic.
        Vhd = "vhd" | "vpc",
        /// VMware disk.
        Vmdk = "vmdk",
        /// Plain disk content.
        Raw = "raw" | "img",
        /// Huawei's streamable, indexed format.
        Zvhd2 = "zvhd2",
        /// Huawei's older streamable format.
        Zvhd = "zvhd",
        /// Virtual Hard Disk, second generation.
        Vhdx = "vhdx",
        /// VirtualBox disk.
        Vdi = "vdi",
        /// QEMU enhanced disk.
        Qed = "qed",
        /// QEMU copy on write, version 1.
        Qcow = "qcow",
        /// Optical disc image: an installer, not a disk.
        Iso = "iso",
    }
}

words! {
    /// Processor architecture of the guest.
    pub enum Architecture ("architecture") {
        /// 64-bit x86.
        X86_64 = "x86_64" | "amd64" | "x64",
        /// 32-bit x86.
        I386 = "i386" | "i686" | "x86",
        /// 64-bit ARM.
        Arm64 = "arm64" | "aarch64",
    }
}

words! {
    /// Firmware that the guest boots with.
    pub enum BootMode ("boot mode") {
        /// BIOS.
        Bios = "bios" | "legacy",
        /// UEFI.
        Uefi = "uefi" | "efi",
    }
}

words! {
    /// Who provides the licence of the guest's operating system.
    pub enum LicenseType ("licence type") {
        /// The cloud does.
        Platform = "platform",
        /// The user does ("bring your own licence").
        Byol = "byol",
    }
}

words! {
    /// Family of the guest's operating system.
    pub enum OsFamily ("operating system family") {
        /// Linux, and the few other Unixes that vendors list under it.
        Linux = "linux",
        /// Windows.
        Windows = "windows",
    }
}

words! {
    /// How a cloud wants to be told where the file is.
    pub enum SourceForm ("source form") {
        /// A link that the cloud can open.
        Url = "url",
        /// Bucket and key in the cloud's own object storage.
        Object = "object",
        /// An image that is there, which is copied.
        Image = "image",
    }
}
