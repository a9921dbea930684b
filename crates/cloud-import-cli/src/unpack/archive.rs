//! The one disk in an archive. Names in it are told, and never become names of files.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

use cloud_import::provider::digest::hex;
use sha2::{Digest as _, Sha256};

use super::{refusal::wrong, sparse::Sparse};

/// What names of disks end in.
const ENDINGS: [&str; 10] = [
    "vmdk", "qcow2", "qcow", "vhd", "vhdx", "vdi", "raw", "img", "zvhd2", "disk",
];
/// A larger list of sums is none.
const MANIFEST: u64 = 1 << 20;
/// More entries than this are no appliance.
const ENTRIES: usize = 10_000;

/// Writes the disk in an archive, and tells its name.
///
/// # Errors
/// There is none in it, or more than one; it is damaged, or its list of sums (`.mf`) has another SHA-256 for it.
pub(super) fn disk(archive: impl Read, out: &mut Sparse<'_>) -> io::Result<String> {
    let mut found: Option<(String, String)> = None;
    let mut others = Vec::new();
    let mut sums = BTreeMap::new();
    for (index, entry) in tar::Archive::new(archive).entries()?.enumerate() {
        if index == ENTRIES {
            return Err(wrong(format!("it has more than {ENTRIES} entries")));
        }
        let entry = entry?;
        if !entry.header().entry_type().is_file() && !entry.header().entry_type().is_gnu_sparse() {
            continue;
        }
        let name = entry.path()?.to_string_lossy().into_owned();
        // What a Mac packs beside each file: no content.
        if name.rsplit('/').next().is_some_and(|own| own.starts_with("._")) {
            continue;
        }
        let ending = Path::new(&name)
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        match (&found, ending.as_str()) {
            (_, "mf") => {
                let mut text = String::new();
                entry.take(MANIFEST).read_to_string(&mut text)?;
                sums.extend(text.lines().filter_map(sum));
            }
            (Some((first, _)), ending) if ENDINGS.contains(&ending) => {
                return Err(wrong(format!(
                    "it holds more than one disk ({first:?}, {name:?}); unpack it, and import the one that the system starts from"
                )));
            }
            (None, ending) if ENDINGS.contains(&ending) => {
                let mut summed = Summed {
                    entry,
                    sum: Sha256::new(),
                };
                io::copy(&mut summed, out)?;
                found = Some((name, hex(&summed.sum.finalize())));
            }
            _ => others.push(name),
        }
    }
    let Some((name, found)) = found else {
        let others: Vec<String> = others.iter().take(5).map(|name| format!("{name:?}")).collect();
        return Err(wrong(format!(
            "no disk is in it, but {}",
            match others.is_empty() {
                true => "nothing".to_owned(),
                false => others.join(", "),
            }
        )));
    };
    let own = name.rsplit('/').next().unwrap_or_default();
    match sums.get(own).is_none_or(|told| *told == found) {
        true => Ok(name),
        false => Err(wrong(format!(
            "{name:?} has another SHA-256 than its list of sums tells"
        ))),
    }
}

/// Name and SHA-256 of a line of a manifest: `SHA256(web-disk1.vmdk)= 0a…`.
fn sum(line: &str) -> Option<(String, String)> {
    let (name, sum) = line
        .trim()
        .strip_prefix("SHA256")?
        .trim_start()
        .strip_prefix('(')?
        .rsplit_once(')')?;
    let sum = sum.trim_start().strip_prefix('=')?.trim();
    Some((name.to_owned(), sum.to_ascii_lowercase()))
}

/// An entry whose sum is made as it is read.
struct Summed<R> {
    entry: R,
    sum: Sha256,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.entry.read(out)?;
        self.sum.update(&out[..count]);
        Ok(count)
    }
}
