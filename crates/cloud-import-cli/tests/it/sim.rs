//! The simulator as a user starts it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};

use super::{KEYS, command};

/// A simulator in a process of its own, and the file with the line that it printed.
pub(crate) struct Sim {
    process: Child,
    line: PathBuf,
}

impl Sim {
    pub(crate) fn start(name: &str, more: &[&str]) -> Self {
        let keys = ["sim", "--access-key-id", KEYS[0], "--secret-access-key", KEYS[1]];
        let mut process = command(&[&keys, more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let file = std::env::temp_dir().join(format!("cloud-import-cli-{name}-{}.json", std::process::id()));
        fs::write(&file, line).unwrap();
        Self { process, line: file }
    }

    pub(crate) fn option(&self) -> String {
        format!("--simulate={}", self.line.display())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.line);
    }
}
