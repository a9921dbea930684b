//! Errors of a conversion, and what to do about them. Starts nothing.

use cloud_import::{Error, ErrorKind};

/// The exit code of a run that the system cannot confine; `qemu-img` ends with 0 to 3.
pub(super) const NOT_CONFINED: u8 = 125;

pub(crate) const ANOTHER_FOLDER: &str = "Free some space there, or set TMPDIR to a folder with more.";

pub(super) const INSTALL: &str = "Install it (Debian, Ubuntu: qemu-utils; Fedora, RHEL, Alpine: qemu-img; Arch, Homebrew: qemu), \
    or convert the file elsewhere and name the result.";

pub(crate) fn local(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Local, message)
}

/// An image that is not opened, as nothing keeps what it leads to from being opened, too.
pub(super) fn unconfined(why: &str) -> Error {
    let message = format!("qemu-img would not be confined to the image: {why}");
    Error::new(ErrorKind::Unsupported, message).with_remedy(
        "If you trust this image, repeat the command with --trust-image. Or convert it on another machine.",
    )
}
