//! Which files hold their whole disk: every honest one of the committed shapes, and none that was forged to lead elsewhere.

use std::io::Cursor;

use cloud_import_disk::{Format, NotContained, contained, inspect};

use crate::{
    disks::put,
    images::{image, names},
};

/// Committed images that lead elsewhere, or cannot be read without a key.
const ELSEWHERE: [&str; 7] = [
    "encrypted",
    "external",
    "luks",
    "overlay",
    "vmdk-subformat-monolithicFlat",
    "vmdk-subformat-twoGbMaxExtentFlat",
    "vmdk-subformat-twoGbMaxExtentSparse",
];

fn judged(file: &[u8], format: Format) -> Result<(), String> {
    contained(Cursor::new(file), format).map_err(|error| error.to_string())
}

/// A sparse VMDK as `qemu-img` writes it.
fn sparse() -> Vec<u8> {
    image("vmdk-subformat-monolithicSparse")
}

fn put_text(file: &mut [u8], sector: usize, text: &str) {
    file[sector * 512..(sector + 20) * 512].fill(0);
    put(file, sector * 512, text.as_bytes());
}

fn text_of(file: &[u8]) -> String {
    let text = &file[512..21 * 512];
    let end = text.iter().position(|byte| *byte == 0).unwrap();
    String::from_utf8(text[..end].to_vec()).unwrap()
}

/// A qcow2 header with these extensions, in clusters of 64 KiB, and its incompatible features.
fn qcow2_with(extensions: &[(u32, &[u8])], features: u64) -> Vec<u8> {
    let mut file = image("qcow2-compat-1-1");
    put(&mut file, 72, &features.to_be_bytes());
    let start = u32::from_be_bytes(file[100..104].try_into().unwrap()) as usize;
    file[start..65536].fill(0);
    let mut at = start;
    for (kind, data) in extensions {
        put(&mut file, at, &kind.to_be_bytes());
        put(&mut file, at + 4, &(data.len() as u32).to_be_bytes());
        put(&mut file, at + 8, data);
        at += 8 + data.len().next_multiple_of(8);
    }
    file
}

#[test]
fn every_committed_image_of_one_file_is_contained_and_no_other() {
    let mut contained = 0;
    for name in names() {
        let file = image(&name);
        let info = inspect(Cursor::new(&file)).unwrap();
        let outcome = judged(&file, info.format);
        let elsewhere = ELSEWHERE.contains(&name.as_str());
        assert_eq!(outcome.is_err(), elsewhere, "{name}: {outcome:?}");
        contained += usize::from(outcome.is_ok());
    }
    assert!(contained > 30, "{contained}");
}

#[test]
fn a_vmdk_is_one_file_only_by_its_own_header_and_a_text_without_a_parent() {
    let honest = sparse();
    let text = text_of(&honest);
    assert_eq!(judged(&honest, Format::Vmdk), Ok(()));
    let with_text = |text: &str| {
        let mut file = sparse();
        put_text(&mut file, 1, text);
        file
    };
    let mut no_size = honest.clone();
    put(&mut no_size, 12, &0_u64.to_le_bytes());
    let mut no_text = honest.clone();
    put(&mut no_text, 28, &[0; 16]);
    // The header points at an honest text, and the place where readers look holds another.
    let mut two_texts = honest.clone();
    two_texts.resize(two_texts.len() + 20 * 512, 0);
    let last = two_texts.len() / 512 - 20;
    put_text(&mut two_texts, last, &text);
    put(&mut two_texts, 28, &(last as u64).to_le_bytes());
    put_text(
        &mut two_texts,
        1,
        &format!("{text}\0\nparentFileNameHint=\"/etc/shadow\"\n"),
    );
    let cowd = [b"COWD".as_slice(), &[0; 4092]].concat();
    let head = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n";
    for (what, file) in [
        (
            "a name without its closing quote",
            format!("{head}RW 64 VMFS \"/etc/shadow\n").into_bytes(),
        ),
        (
            "a name with it",
            format!("{head}RW 64 FLAT \"/etc/shadow\" 0\n").into_bytes(),
        ),
        (
            "a text behind white space",
            format!("\n \t{head}RW 64 FLAT \"/etc/shadow\" 0\n").into_bytes(),
        ),
        ("a header of size zero", no_size),
        ("no text", no_text),
        ("two texts", two_texts),
        ("the old kind", cowd),
        (
            "a comment",
            with_text(&format!("{text}# parentFileNameHint=\"/etc/shadow\"\n")),
        ),
        (
            "a host",
            with_text(&format!("{text}#parentFileNameHint=\"nbd:127.0.0.1:10999\"\n")),
        ),
        (
            "behind the end",
            with_text(&format!("{text}\0parentFileNameHint=\"/etc/shadow\"\n")),
        ),
        (
            "another case",
            with_text(&format!("{text}PARENTFILENAMEHINT=\"/etc/shadow\"\n")),
        ),
        ("another kind", with_text(&text.replace("monolithicSparse", "custom"))),
        ("no kind", with_text(&text.replace("createType", "create"))),
        (
            "two extents",
            with_text(&format!("{text}RW 64 FLAT \"/etc/shadow\" 0\n")),
        ),
        ("a flat extent", with_text(&text.replace(" SPARSE ", " FLAT "))),
    ] {
        assert!(judged(&file, Format::Vmdk).is_err(), "{what}");
    }
}

#[test]
fn a_qcow2_is_one_file_only_if_all_of_its_header_is_read_and_known() {
    const FEATURES: (u32, &[u8]) = (0x6803_F857, &[0; 96]);
    let long = [b'x'; 17 * 1024];
    let backed = |at: u64| {
        let mut file = qcow2_with(&[FEATURES], 0);
        put(&mut file, 8, &at.to_be_bytes());
        file
    };
    assert_eq!(judged(&qcow2_with(&[FEATURES], 0), Format::Qcow2), Ok(()));
    assert_eq!(judged(&qcow2_with(&[], 0b1_1011), Format::Qcow2), Ok(()));
    let mut raw_data = qcow2_with(&[], 0);
    put(&mut raw_data, 88, &2_u64.to_be_bytes());
    let with_field = |at: usize, value: u32| {
        let mut file = qcow2_with(&[], 0);
        put(&mut file, at, &value.to_be_bytes());
        file
    };
    let mut endless = qcow2_with(&[], 0);
    let start = endless[100..104].to_vec();
    put(
        &mut endless,
        u32::from_be_bytes(start.try_into().unwrap()) as usize,
        &[0x68, 0x03, 0xF8, 0x57, 0xFF, 0xFF, 0xFF, 0xF8],
    );
    for (what, file) in [
        ("a data file", qcow2_with(&[(0x4441_5441, b"/etc/shadow")], 4)),
        (
            "a data file without the bit",
            qcow2_with(&[(0x4441_5441, b"/etc/shadow")], 0),
        ),
        ("the bit without a data file", qcow2_with(&[], 4)),
        ("the bit of raw data", raw_data),
        (
            "a data file behind much else",
            qcow2_with(&[(0x1234_5678, &long), (0x4441_5441, b"/etc/shadow")], 4),
        ),
        (
            "the same behind what is known",
            qcow2_with(&[(0x6803_F857, &long), (0x4441_5441, b"/etc/shadow")], 0),
        ),
        ("the same kind twice", qcow2_with(&[FEATURES, FEATURES], 0)),
        ("an extension that does not end", endless),
        ("a backing file", backed(1024)),
        ("a backing file far away", backed(u64::MAX)),
        ("the format of one", qcow2_with(&[(0xE279_2ACA, b"raw")], 0)),
        ("a feature of tomorrow", qcow2_with(&[], 1 << 5)),
        ("an old key", with_field(32, 1)),
        ("a version of tomorrow", with_field(4, 4)),
        ("clusters of no size", with_field(20, 40)),
        ("a header that ends within itself", with_field(100, 40)),
        ("a header longer than its cluster", with_field(100, 1 << 20)),
        ("a key", qcow2_with(&[(0x0537_BE77, &[0; 16])], 0)),
    ] {
        assert!(judged(&file, Format::Qcow2).is_err(), "{what}");
    }
}

#[test]
fn the_other_formats_have_no_parent() {
    let changed = |name: &str, at: usize, bytes: &[u8]| {
        let mut file = image(name);
        put(&mut file, at, bytes);
        file
    };
    let end = |name: &str| image(name).len() - 512;
    let dynamic = "vpc-subformat-dynamic";
    // The parameters of the VHDX stand where its metadata begin.
    let vhdx = image("vhdx-subformat-dynamic");
    let parameters = {
        let id = [0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D];
        let entry = vhdx.windows(8).position(|bytes| bytes == id).unwrap();
        let metadata = vhdx.windows(8).position(|bytes| bytes == b"metadata").unwrap();
        metadata + u32::from_le_bytes(vhdx[entry + 16..entry + 20].try_into().unwrap()) as usize
    };
    let item = vhdx
        .windows(4)
        .position(|bytes| bytes == [0x24, 0x42, 0xA5, 0x2F])
        .unwrap();
    let locator = [
        0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C,
    ];
    for (what, format, file) in [
        ("qcow1", Format::Qcow1, changed("qcow", 8, &1024_u64.to_be_bytes())),
        (
            "qcow1, with a key",
            Format::Qcow1,
            changed("qcow", 36, &1_u32.to_be_bytes()),
        ),
        (
            "vhd by its copy",
            Format::Vhd,
            changed(dynamic, 60, &4_u32.to_be_bytes()),
        ),
        (
            "vhd by its footer",
            Format::Vhd,
            changed(dynamic, end(dynamic) + 60, &4_u32.to_be_bytes()),
        ),
        (
            "vhdx by its flag",
            Format::Vhdx,
            changed("vhdx-subformat-dynamic", parameters + 4, &2_u32.to_le_bytes()),
        ),
        (
            "vhdx by its locator",
            Format::Vhdx,
            changed("vhdx-subformat-dynamic", item, &locator),
        ),
        (
            "vhdx, unknown item",
            Format::Vhdx,
            changed("vhdx-subformat-dynamic", item, &[7; 16]),
        ),
        (
            "vdi by its kind",
            Format::Vdi,
            changed("vdi-static-off", 76, &4_u32.to_le_bytes()),
        ),
        (
            "vdi by its parent",
            Format::Vdi,
            changed("vdi-static-off", 440, &[1; 16]),
        ),
        ("vdi by its link", Format::Vdi, changed("vdi-static-off", 424, &[1; 16])),
        (
            "qed",
            Format::Qed,
            changed("qed-cluster_size-65536", 16, &1_u64.to_le_bytes()),
        ),
        (
            "qed, unknown feature",
            Format::Qed,
            changed("qed-cluster_size-65536", 16, &8_u64.to_le_bytes()),
        ),
        (
            "parallels",
            Format::Parallels,
            changed("parallels", 16, &3_u32.to_le_bytes()),
        ),
    ] {
        assert!(judged(&file, format).is_err(), "{what}");
    }
}

#[test]
fn the_format_is_the_one_that_it_is_read_as() {
    // As a raw disk it is its own bytes, whatever they look like; as another format it is nothing that is known.
    let overlay = image("overlay");
    assert_eq!(judged(&overlay, Format::Raw), Ok(()));
    for format in [
        Format::Vmdk,
        Format::Vhd,
        Format::Vhdx,
        Format::Vdi,
        Format::Qed,
        Format::Parallels,
        Format::Qcow1,
    ] {
        assert!(judged(&overlay, format).is_err(), "{format}");
    }
    for format in [
        Format::Luks,
        Format::Iso,
        Format::Ova,
        Format::Gzip,
        Format::Zvhd,
        Format::Zvhd2,
    ] {
        assert!(judged(&overlay, format).is_err(), "{format}");
    }
    let cut = contained(Cursor::new(&sparse()[..600]), Format::Vmdk).unwrap_err();
    assert!(matches!(cut, NotContained::Unknown(_)), "{cut}");
    assert!(matches!(
        contained(Cursor::new([]), Format::Raw),
        Err(NotContained::Unreadable(_))
    ));
}
