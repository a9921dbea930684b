//! The disk images of `tests/images/formats`, as the tool that made them wrote them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// All their names, in order.
#[allow(dead_code, reason = "not all who unpack them list them")]
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let images = files.filter(|path| path.extension().is_some_and(|extension| extension == "hex"));
    let mut names: Vec<String> = images
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The image of that name. A row is an offset and bytes; what stands in no row is zero, and the last row is the length.
pub(crate) fn image(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.hex"));
    let rows = fs::read_to_string(path)
        .map_err(|error| format!("{name}: {error}"))
        .unwrap();
    let mut image = Vec::new();
    for row in rows.lines() {
        let (offset, bytes) = row.split_once(' ').unwrap_or((row, ""));
        image.resize(usize::from_str_radix(offset, 16).unwrap(), 0);
        let pairs = (0..bytes.len()).step_by(2).map(|at| &bytes[at..at + 2]);
        image.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    image
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/images/formats")
}
