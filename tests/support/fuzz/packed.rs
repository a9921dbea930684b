//! What is compressed or an archive, to the disk in it: the reader of the command, without its files.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{BufReader, Read as _, Seek as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

use super::{
    Target,
    bases::{Base, Disk, Sparse, file},
    of_bases,
};

#[path = "../../../crates/cloud-import-cli/src/unpack/archive.rs"]
mod archive;
#[path = "../../../crates/cloud-import-cli/src/unpack/frames.rs"]
mod frames;
#[path = "../../../crates/cloud-import-cli/src/unpack/reading.rs"]
mod reading;
#[path = "../../../crates/cloud-import-cli/src/unpack/refusal.rs"]
mod refusal;
#[path = "../../../crates/cloud-import-cli/src/unpack/sparse.rs"]
mod sparse;

/// The most memory of a run: 128 MiB are what a window of Zstandard may take, the others' take less.
pub(super) const MEMORY: usize = 160 << 20;

/// One for each form.
pub(super) const TARGETS: &[Target] = &[
    of_bases!("unpack-gz", look, || bases(&["disk.gz", "two.gz", "twice.gz"])).within(MEMORY),
    of_bases!("unpack-xz", look, || bases(&["disk.xz", "two.xz"])).within(MEMORY),
    of_bases!("unpack-zst", look, || bases(&["disk.zst", "two.zst", "skipped.zst"])).within(MEMORY),
    of_bases!("unpack-bz2", look, || bases(&["disk.bz2", "two.bz2"])).within(MEMORY),
    of_bases!("unpack-tar", look, || vec![of(&tar())]).within(MEMORY),
    of_bases!("unpack-ova", look, || bases(&[
        "good.ova.gz",
        "damaged.ova.gz",
        "two-disks.tar.xz",
        "no-disk.tar.zst",
        "outside.tar.bz2"
    ]))
    .within(MEMORY),
];

/// All of them, for the cuts.
pub(super) fn all() -> Vec<Base> {
    let names = [
        "disk.gz",
        "disk.xz",
        "disk.zst",
        "disk.bz2",
        "good.ova.gz",
        "two-disks.tar.xz",
    ];
    bases(&names).into_iter().chain([of(&tar())]).collect()
}

fn bases(names: &[&str]) -> Vec<Base> {
    names
        .iter()
        .map(|name| of(&file(&format!("images/packed/{name}"))))
        .collect()
}

fn of(bytes: &[u8]) -> Base {
    Base::new(Sparse::of(bytes), look, |_, _| true)
}

/// A small appliance with every kind of header: a short name, a long one, a link, a list of sums.
fn tar() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |mut header: tar::Header, path: &str, data: &[u8]| {
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, data).unwrap();
    };
    let long = format!("{}web.ovf", "a folder/".repeat(15));
    add(
        tar::Header::new_ustar(),
        "web.mf",
        b"SHA256(web.vmdk)= 0a\nSHA1(web.ovf)= 0b\n",
    );
    add(tar::Header::new_gnu(), &long, b"<Envelope/>");
    add(tar::Header::new_ustar(), "web/web.raw", &[7; 3000]);
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    archive.append_link(&mut link, "web/link.vmdk", "web.raw").unwrap();
    archive.into_inner().unwrap()
}

/// What is unpacked is written here; it has no name any more.
static OUT: LazyLock<File> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("cloud-import-fuzz-{}", std::process::id()));
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    fs::remove_file(path).unwrap();
    file
});

/// Unpacks up to 8 MiB, as the command does: what panics in another's reader was not read.
pub(super) fn look(disk: Disk) -> u64 {
    const MOST: u64 = 8 << 20;
    let mut hasher = DefaultHasher::new();
    let mut out = &*OUT;
    out.set_len(0).and_then(|()| out.rewind()).unwrap();
    let work = AssertUnwindSafe(|| {
        let mut out = sparse::Sparse::new(&OUT, MOST);
        let name = reading::copied(BufReader::with_capacity(reading::PIECE, disk), &mut out)?;
        out.finish().map(|()| name)
    });
    match catch_unwind(work) {
        Ok(Ok(name)) => {
            let mut piece = vec![0; 64 << 10];
            out.rewind().unwrap();
            while let Some(count) = out.read(&mut piece).ok().filter(|count| *count > 0) {
                // Holes are most of it.
                if piece[..count].iter().any(|byte| *byte != 0) {
                    piece[..count].hash(&mut hasher);
                }
            }
            (name, out.metadata().unwrap().len()).hash(&mut hasher);
        }
        Ok(Err(error)) => error.to_string().hash(&mut hasher),
        Err(_) => "its reader failed on it".hash(&mut hasher),
    }
    hasher.finish()
}
