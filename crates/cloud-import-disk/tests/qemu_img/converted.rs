//! What this crate converts, by the word of `qemu-img`: the same disk, in a file without a fault.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write as _},
};

use cloud_import_disk::{Content, Converted, Limits, Survey, Target};

use crate::{ALL_FROM_RAW, disks, file_name, sparse::Sparse, workshop::Workshop};

const TARGETS: [Target; 2] = [Target::Qcow2, Target::Raw];

fn converted<R: Read + Seek>(file: R, target: Target) -> Converted<R> {
    let disk = Content::open(file, Limits::NONE).unwrap();
    Survey::new(disk, target).unwrap().finish().unwrap()
}

/// Writes a file, but for what is zeros in it.
fn written<R: Read + Seek>(shop: &Workshop, mut file: Converted<R>, name: &str) {
    const PIECE: usize = 4096;
    let mut out = File::create(shop.path(name)).unwrap();
    out.set_len(file.size()).unwrap();
    let mut bytes = vec![0; 256 * PIECE];
    let mut at = 0;
    while at < file.size() {
        let len = bytes.len().min((file.size() - at) as usize);
        file.read_at(at, &mut bytes[..len]).unwrap();
        for (number, piece) in bytes[..len].chunks(PIECE).enumerate() {
            if piece != &[0; PIECE][..piece.len()] {
                out.seek(SeekFrom::Start(at + (number * PIECE) as u64)).unwrap();
                out.write_all(piece).unwrap();
            }
        }
        at += len as u64;
    }
}

/// Converts a file of this format, and has the result compared and checked. Gives back the length of the qcow2 file.
fn agree(shop: &Workshop, name: &str, format: &str) -> u64 {
    let mut len = 0;
    for target in TARGETS {
        let new = format!("{name}.{target}");
        written(shop, converted(File::open(shop.path(name)).unwrap(), target), &new);
        let said = shop.run(&format!("compare -f {format} -F {target} {name} {new}"));
        assert!(said.contains("identical"), "{new}: {said}");
        if target == Target::Qcow2 {
            let said = shop.run(&format!("check -f qcow2 {new}"));
            assert!(said.contains("No errors were found"), "{new}: {said}");
            len = shop.path(&new).metadata().unwrap().len();
        }
        std::fs::remove_file(shop.path(&new)).unwrap();
    }
    len
}

#[test]
fn every_form_becomes_the_same_disk() {
    let shop = Workshop::new("converted");
    let mut disk = disks::gpt(8 * disks::MIB, 512, Some(3));
    // Zeros that the source has as content.
    disk[3 * disks::MIB..7 * disks::MIB / 2].fill(0);
    shop.write("disk.raw", &disk);
    let packed = ["zlib", "zstd"].map(|method| format!("-c -O qcow2 -o compression_type={method}"));
    let forms = ALL_FROM_RAW.iter().map(|(format, options)| match *options {
        "" => format!("-O {format}"),
        options => format!("-O {format} -o {options}"),
    });
    let is_one_file = |form: &String| !form.contains("Flat") && !form.contains("MaxExtent");
    let mut compared = 0;
    for (number, form) in forms.chain(packed).filter(is_one_file).enumerate() {
        let name = file_name("form", &number.to_string(), "");
        // With all zeros written where the format can have them, compressed ones, too: they are found, and the file is the same.
        let lens = [("", ""), ("full", "-S 0")].map(|(more, zeros)| {
            let name = format!("{name}{more}");
            shop.run(&format!("convert -f raw {zeros} {form} disk.raw {name}"));
            let format = form.split(' ').skip_while(|word| *word != "-O").nth(1).unwrap();
            let len = agree(&shop, &name, format);
            std::fs::remove_file(shop.path(&name)).unwrap();
            compared += 1;
            len
        });
        assert_eq!(lens[0], lens[1], "{form}");
    }
    assert!(compared > 55, "{compared}");
}

#[test]
fn large_disks_have_tables_without_a_fault() {
    let shop = Workshop::new("large");
    let converted = |sparse: &Sparse, target| {
        let next = sparse.clone();
        let disk = Content::open(sparse.clone(), Limits::NONE).unwrap();
        let survey = Survey::new(disk, target).unwrap();
        survey.skipping(move |from| next.next_data(from)).finish().unwrap()
    };
    let scattered = Sparse::scattered();
    written(&shop, converted(&scattered, Target::Raw), "scattered.raw");
    // Several second tables, more than one block of reference counts; 3 TiB with content at both ends.
    let full = (0..40_000_u64).map(|unit| (unit * 65536 + 9, vec![1]));
    let ends = [(0, vec![1; 70_000]), ((3 << 40) - 512, vec![2; 512])];
    for (name, sparse) in [
        ("scattered", scattered),
        ("full", Sparse::new(40_005 << 16, full)),
        ("ends", Sparse::new(3 << 40, ends)),
    ] {
        written(&shop, converted(&sparse, Target::Qcow2), name);
        let said = shop.run(&format!("check -f qcow2 {name}"));
        assert!(said.contains("No errors were found"), "{name}: {said}");
    }
    let said = shop.run("compare -f raw -F qcow2 scattered.raw scattered");
    assert!(said.contains("identical"), "{said}");
    let said = shop.run("info --output=json ends");
    assert!(said.contains(&format!("\"virtual-size\": {}", 3_u64 << 40)), "{said}");
}
