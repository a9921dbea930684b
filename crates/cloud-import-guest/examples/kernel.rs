//! Every file of a file system as this crate's readers give it, next to what another's reader shows of it where it is mounted.
//! `tests/guests/run` mounts, and runs this.
//!
//! Arguments: a raw disk, the name of a volume as the facts tell it (`part1`, `VG/LV`, `disk`), the folder where it is mounted, and for
//! btrfs the subvolume that is mounted there. Kinds, lengths, contents and targets of links are compared. What this crate does not read is
//! counted, and no difference. It ends with 1 if there are differences, with 2 if the file system is not read at all.

#![expect(
    dead_code,
    unreachable_pub,
    clippy::print_stdout,
    reason = "the crate's own readers, which are not public, stand in this program as they are; what it says is for people"
)]

#[path = "../src/bytes.rs"]
mod bytes;
#[path = "../src/facts.rs"]
mod facts;
#[path = "../src/fs/mod.rs"]
mod fs;
#[path = "../src/lvm.rs"]
mod lvm;
#[path = "../src/source.rs"]
mod source;
#[path = "../src/utf16.rs"]
mod utf16;
#[path = "../src/volume.rs"]
mod volume;

use std::{
    collections::BTreeSet,
    fs::{File, Metadata, read_dir, read_link, symlink_metadata},
    io::{self, Read as _},
    path::Path,
    process::ExitCode,
};

use fs::{
    FileSystem, Kind,
    btrfs::{Btrfs, Subvolume},
};
use source::{Budget, Device, NotRead, Part};

/// Bytes that are compared at once.
const PIECE: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [disk, volume, folder] => compare(disk, volume, folder, None),
        [disk, volume, folder, subvolume] => compare(disk, volume, folder, Some(subvolume)),
        _ => Err("usage: DISK VOLUME FOLDER [SUBVOLUME]".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            println!("FAILED: {message}");
            ExitCode::from(2)
        }
    }
}

fn compare(disk: &str, name: &str, folder: &str, subvolume: Option<&str>) -> Result<bool, String> {
    let part = part(disk, name)?;
    let failed = |error: NotRead| error.reason;
    let content = volume::content(&part).map_err(failed)?;
    let fs: Result<Option<Box<dyn FileSystem>>, NotRead> = match subvolume {
        Some(subvolume) => Btrfs::open(&part, Subvolume::Path(subvolume)).map(|fs| Some(Box::new(fs) as _)),
        None => fs::open::open(&part, content.unwrap_or("none")),
    };
    let mut walk = Walk {
        fs: fs.map_err(failed)?.ok_or_else(|| format!("{name} is no file system"))?,
        top: folder.to_owned(),
        counts: Counts::default(),
    };
    walk.folder("").map_err(|error| error.to_string())?;
    let counts = &walk.counts;
    println!(
        "{name} ({}) of {disk}: {} files, {} folders, {} links, {} others, {} MiB; {} not read, {} differences",
        walk.fs.kind(),
        counts.files,
        counts.folders,
        counts.links,
        counts.others,
        counts.bytes >> 20,
        counts.not_read,
        counts.differences
    );
    Ok(counts.differences == 0)
}

/// The volume of that name.
fn part(disk: &str, name: &str) -> Result<Part, String> {
    let failed = |error: NotRead| error.reason;
    let budget = Budget {
        bytes: u64::MAX,
        reads: u64::MAX,
        is_over: Box::new(|| false),
    };
    let file = File::open(disk).map_err(|error| error.to_string())?;
    let device = Device::open(file, budget).map_err(failed)?;
    let table = volume::table(&Part::whole(&device)).map_err(failed)?;
    let physical = table.slots.iter().filter(|slot| slot.content == Some("lvm"));
    let logical = physical.flat_map(|slot| lvm::volumes(&slot.part).unwrap_or_default());
    let logical = logical.filter_map(|volume| Some((volume.name, volume.part.ok()?)));
    let slots = table.slots.iter().map(|slot| (slot.name.clone(), slot.part.clone()));
    let mut all = slots.chain(logical);
    let found = all.find(|(own, _)| own == name);
    found
        .map(|(_, part)| part)
        .ok_or_else(|| format!("there is no volume {name}"))
}

#[derive(Default)]
struct Counts {
    files: u64,
    folders: u64,
    links: u64,
    others: u64,
    bytes: u64,
    not_read: u64,
    differences: u64,
}

struct Walk {
    fs: Box<dyn FileSystem>,
    /// Where it is mounted.
    top: String,
    counts: Counts,
}

impl Walk {
    fn differs(&mut self, path: &str, what: &str) {
        self.counts.differences += 1;
        if self.counts.differences <= 20 {
            println!("    {path}: {what}");
        }
    }

    fn not_read(&mut self, path: &str, error: &NotRead) {
        self.counts.not_read += 1;
        if self.counts.not_read <= 20 {
            println!("    {path} is not read: {}", error.reason);
        }
    }

    /// A folder and all below it, by its path without the last slash.
    fn folder(&mut self, path: &str) -> io::Result<()> {
        self.counts.folders += 1;
        let mut theirs = BTreeSet::new();
        for entry in read_dir(format!("{}{path}/", self.top))? {
            theirs.insert(entry?.file_name().to_string_lossy().into_owned());
        }
        let ours: BTreeSet<String> = match self.fs.list(if path.is_empty() { "/" } else { path }) {
            Ok(names) => names.into_iter().collect(),
            Err(error) => {
                self.not_read(path, &error);
                return Ok(());
            }
        };
        for name in ours.difference(&theirs) {
            // What NTFS keeps of itself is not shown by others.
            if !(path.is_empty() && name.starts_with('$') && self.fs.kind() == "ntfs") {
                self.differs(&format!("{path}/{name}"), "is listed by this crate alone");
            }
        }
        for name in &theirs {
            let own = format!("{path}/{name}");
            if !ours.contains(name) {
                self.differs(&own, "is not listed");
            }
            self.one(&own)?;
        }
        Ok(())
    }

    fn one(&mut self, path: &str) -> io::Result<()> {
        let place = format!("{}{path}", self.top);
        let theirs = symlink_metadata(&place)?;
        let ours = match self.fs.entry(path) {
            Ok(Some(ours)) => ours,
            Ok(None) => {
                self.differs(path, "is not found");
                return Ok(());
            }
            Err(error) => {
                self.not_read(path, &error);
                return Ok(());
            }
        };
        if ours.kind != kind(&theirs) {
            self.differs(path, &format!("is {:?}, and not {:?}", ours.kind, kind(&theirs)));
            return Ok(());
        }
        match ours.kind {
            Kind::Folder => return self.folder(path),
            Kind::Other => self.counts.others += 1,
            Kind::Link => {
                self.counts.links += 1;
                let target = read_link(&place)?.to_string_lossy().into_owned();
                if ours.target.as_deref() != Some(&target) {
                    self.differs(path, &format!("leads to {:?}, and not to {target}", ours.target));
                }
            }
            Kind::File => {
                self.counts.files += 1;
                if ours.size != theirs.len() {
                    self.differs(path, &format!("has {} bytes, and not {}", ours.size, theirs.len()));
                } else {
                    self.content(path, Path::new(&place))?;
                }
            }
        }
        Ok(())
    }

    fn content(&mut self, path: &str, place: &Path) -> io::Result<()> {
        let mut file = File::open(place)?;
        let mut at = 0;
        loop {
            let mut theirs = Vec::new();
            file.by_ref().take(PIECE as u64).read_to_end(&mut theirs)?;
            match self.fs.read(path, at, PIECE) {
                Ok(ours) if ours == theirs => {}
                Ok(ours) => {
                    let same = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count() as u64;
                    self.differs(path, &format!("differs from byte {} on", at + same));
                    return Ok(());
                }
                Err(error) => {
                    self.not_read(path, &error);
                    return Ok(());
                }
            }
            at += theirs.len() as u64;
            self.counts.bytes += theirs.len() as u64;
            if theirs.len() < PIECE {
                return Ok(());
            }
        }
    }
}

fn kind(found: &Metadata) -> Kind {
    let kind = found.file_type();
    match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
        (true, ..) => Kind::File,
        (_, true, _) => Kind::Folder,
        (_, _, true) => Kind::Link,
        _ => Kind::Other,
    }
}
