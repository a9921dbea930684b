//! Disk images: the header reader, the disk behind each format, and the disk as a file of another format.

use std::{
    fmt::Debug,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{Cursor, Read as _, Seek as _},
};

use cloud_import::publish::disk::{Content, Limits, Survey, Target as To, contained, inspect};

use super::{
    Target,
    bases::{Base, Disk, Sparse, image},
    of_bases,
};

/// One for each form, and one for each target of a conversion, from all forms.
pub(super) const TARGETS: &[Target] = &[
    of_bases!("image-raw", look, || vec![
        of(&image("raw")),
        of(&converted(&image("logical"), To::Raw))
    ]),
    of_bases!("image-qcow2", look, || bases(&[
        "qcow2-compat-1-1",
        "qcow2-compat-0-10-cluster_size-4096",
        "qcow2-compat-1-1-cluster_size-512",
        "qcow2-compat-1-1-extended_l2-on",
        "qcow2-compat-1-1-preallocation-metadata",
        "snapshots",
        "external",
        "overlay",
    ])),
    of_bases!("image-compressed", look, || bases(&["packed", "packed-zstd"])),
    of_bases!("image-vhd", look, || bases(&[
        "vpc-subformat-dynamic",
        "vpc-subformat-fixed",
        "vpc-subformat-dynamic-force_size-on"
    ])),
    of_bases!("image-vhdx", look, || bases(&[
        "vhdx-subformat-dynamic",
        "vhdx-subformat-dynamic-block_size-1M",
        "vhdx-subformat-fixed"
    ])),
    of_bases!("image-vmdk-sparse", look, || bases(&[
        "vmdk-subformat-monolithicSparse",
        "vmdk-subformat-monolithicFlat"
    ])),
    of_bases!("image-vmdk-stream", look, || bases(&["vmdk-subformat-streamOptimized"])),
    of_bases!("image-vdi", look, || bases(&["vdi-static-off", "vdi-static-on"])),
    of_bases!("image-zvhd2", look, || vec![of(&converted(&image("raw"), To::Zvhd2))]),
    of_bases!("image-others", look, || bases(&[
        "qcow",
        "qed-cluster_size-65536",
        "parallels",
        "luks",
        "encrypted"
    ])),
    of_bases!("convert-raw", |disk| convert(disk, To::Raw), all),
    of_bases!("convert-qcow2", |disk| convert(disk, To::Qcow2), all),
    of_bases!("convert-zvhd2", |disk| convert(disk, To::Zvhd2), all),
];

const ALL: [&str; 9] = [
    "raw",
    "qcow2-compat-1-1",
    "packed",
    "packed-zstd",
    "vpc-subformat-dynamic",
    "vhdx-subformat-dynamic",
    "vmdk-subformat-monolithicSparse",
    "vmdk-subformat-streamOptimized",
    "vdi-static-off",
];

pub(super) fn all() -> Vec<Base> {
    bases(&ALL)
}

fn bases(names: &[&str]) -> Vec<Base> {
    names.iter().map(|name| of(&image(name))).collect()
}

fn of(file: &[u8]) -> Base {
    Base::new(Sparse::of(file), look, |_, _| true)
}

/// A file of another format, as we make it.
pub(super) fn converted(file: &[u8], to: To) -> Vec<u8> {
    let content = Content::open(Cursor::new(file.to_vec()), Limits::NONE).unwrap();
    let mut out = Vec::new();
    Survey::new(content, to)
        .unwrap()
        .finish()
        .unwrap()
        .read_to_end(&mut out)
        .unwrap();
    out
}

/// An answer, piece by piece.
struct Answer(DefaultHasher);

impl Answer {
    /// Keeps what was told, and gives the value on.
    fn told<T, E: Debug>(&mut self, result: Result<T, E>) -> Option<T> {
        if let Err(error) = &result {
            format!("{error:?}").hash(&mut self.0);
        }
        result.ok()
    }
}

/// Reads the header, and the beginning, the end, and what is used of the disk.
pub(super) fn look(mut disk: Disk) -> u64 {
    /// Ranges that are read, and bytes of each.
    const RANGES: usize = 48;
    const PIECE: u64 = 64 << 10;
    let mut answer = Answer(DefaultHasher::new());
    if let Some(info) = answer.told(inspect(&mut disk)) {
        format!("{info:?}").hash(&mut answer.0);
        let checked = contained(&mut disk, info.format);
        format!("{checked:?}").hash(&mut answer.0);
    }
    let Some(mut content) = answer.told(Content::open(disk, Limits::new(16 << 20, 4096))) else {
        return answer.0.finish();
    };
    let (size, mut buffer) = (content.size(), vec![0; PIECE as usize]);
    let mut read = |content: &mut Content<Disk>, answer: &mut Answer, at: u64, len: u64| {
        let piece = &mut buffer[..len.min(PIECE) as usize];
        if answer.told(content.read_at(at, piece)).is_some() {
            piece.hash(&mut answer.0);
        }
    };
    read(&mut content, &mut answer, 0, size.min(4096));
    read(&mut content, &mut answer, size.saturating_sub(4096), size.min(4096));
    let mut at = 0;
    for _ in 0..RANGES {
        let Some(Some(used)) = answer.told(content.next_used(at)) else {
            break;
        };
        assert!(
            used.start >= at && used.end > used.start && used.end <= size,
            "{used:?} behind {at} of {size}"
        );
        used.hash(&mut answer.0);
        read(&mut content, &mut answer, used.start, used.end - used.start);
        at = used.end;
    }
    answer.0.finish()
}

/// Looks through the disk for a while, and reads of the converted file what tells its form and its content.
fn convert(disk: Disk, to: To) -> u64 {
    /// What is looked through, and read, at most. A disk that claims to be enormous is not looked through to its end.
    const STEPS: usize = 16;
    const PIECE: usize = 256 << 10;
    let mut answer = Answer(DefaultHasher::new());
    let content = Content::open(disk, Limits::new(64 << 20, 1 << 14));
    let survey = content.and_then(|content| Survey::new(content, to));
    let Some(mut survey) = answer.told(survey) else {
        return answer.0.finish();
    };
    for step in 0.. {
        match answer.told(survey.step()) {
            Some(Some(at)) if step < STEPS => at.hash(&mut answer.0),
            Some(None) => break,
            _ => return answer.0.finish(),
        }
    }
    let Some(mut file) = answer.told(survey.finish()) else {
        return answer.0.finish();
    };
    let size = file.size();
    size.hash(&mut answer.0);
    let mut buffer = vec![0; PIECE];
    for at in [0, size / 2, size.saturating_sub(PIECE as u64)] {
        let len = PIECE.min(usize::try_from(size - at).unwrap_or(PIECE));
        if answer.told(file.read_at(at, &mut buffer[..len])).is_some() {
            buffer[..len].hash(&mut answer.0);
        }
    }
    // What we made is what we read.
    file.rewind().unwrap();
    if let (Ok(info), true) = (inspect(&mut file), to != To::Raw) {
        assert_eq!(info.format, to.format(), "{info:?}");
        assert!(!info.corrupt && !info.is_truncated(), "{info:?}");
    }
    answer.0.finish()
}
