//! Runs `qemu-img` in a directory that goes away with its owner.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) struct Workshop(PathBuf);

impl Workshop {
    pub(crate) fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disks-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Runs `qemu-img` with the words of `line`, here, and gives back what it prints.
    pub(crate) fn run(&self, line: &str) -> String {
        let output = Command::new("qemu-img")
            .current_dir(&self.0)
            .args(line.split_whitespace())
            .output();
        let output = output
            .unwrap_or_else(|error| panic!("qemu-img cannot be run ({error}); install it (Debian package qemu-utils)"));
        assert!(
            output.status.success(),
            "qemu-img {line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Left behind at worst in the build directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}
