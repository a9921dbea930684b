//! Ranges of disks and of what they are converted to, in any order: what is read is the same, whatever was read before.

use std::io::{Cursor, Read, Seek};

use cloud_import_disk::{Content, Converted, Map};

use crate::{
    content::forms,
    converted::{TARGETS, all, converted, open},
    images::image,
    packed::{self, CLUSTER, Method},
    sparse::{Random, Sparse},
};

/// A thousand places and lengths in a file of this size, one of so many a long one: among the tables at the beginning, those at the end,
/// and anywhere.
fn ranges(random: &mut Random, size: u64, long: u64) -> Vec<(u64, usize)> {
    let one = |number| {
        let len = random.below(if number % long == 0 { 600_000 } else { 5_000 }).min(size);
        let at = match number % 3 {
            0 => random.below((3 << 20).min(size - len + 1)),
            1 => (size - len).saturating_sub(random.below(600_000)),
            _ => random.below(size - len + 1),
        };
        (at, len as usize)
    };
    (0..1000).map(one).collect()
}

/// The numbers of as many things, in another order.
fn shuffled(random: &mut Random, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at as u64 + 1) as usize);
    }
    order
}

fn bytes_at<R: Read + Seek>(file: &mut Converted<R>, (at, len): (u64, usize)) -> Vec<u8> {
    let mut bytes = vec![0xAA; len];
    file.read_at(at, &mut bytes).unwrap();
    bytes
}

/// The same file as another process makes it, which was told what is in use.
fn again<R: Read + Seek>(source: R, file: &Converted<impl Read + Seek>) -> Converted<R> {
    let kept = Map::from_bytes(&file.map().to_bytes()).unwrap();
    Converted::with_map(open(source), file.target(), kept).unwrap()
}

#[test]
fn a_thousand_ranges_in_any_order_are_the_same_again() {
    for target in TARGETS {
        let source = Sparse::scattered();
        let mut file = converted(source.clone(), target);
        let mut again = again(source, &file);
        let mut random = Random(11);
        let ranges = ranges(&mut random, file.size(), 10);
        let first: Vec<Vec<u8>> = ranges.iter().map(|range| bytes_at(&mut file, *range)).collect();
        for number in shuffled(&mut random, ranges.len()) {
            let second = bytes_at(&mut again, ranges[number]);
            assert!(second == first[number], "{target}: {:?}", ranges[number]);
        }
        assert!(first.iter().any(|bytes| bytes.iter().any(|byte| *byte != 0)));
    }
}

/// Each range twice, the second time in another order and by another reader, and each is what the file has there that was read in one go.
#[test]
fn a_thousand_ranges_of_every_form_are_those_of_the_whole_file() {
    let disk = packed::disk(40);
    let packed = [Method::Zlib, Method::Zstd].map(|method| (format!("{method:?}"), packed::qcow2(&disk, method).0));
    let forms = forms().into_iter().map(|form| (form.clone(), image(&form)));
    let mut random = Random(23);
    for (form, bytes) in forms.chain(packed) {
        let source = || Cursor::new(bytes.as_slice());
        for target in TARGETS {
            let whole = all(converted(source(), target));
            let mut file = converted(source(), target);
            let mut again = again(source(), &file);
            let ranges = ranges(&mut random, file.size(), 100);
            let in_whole = |(at, len): (u64, usize)| &whole[at as usize..at as usize + len];
            for range in &ranges {
                assert!(
                    bytes_at(&mut file, *range) == in_whole(*range),
                    "{form} to {target}: {range:?}"
                );
            }
            for number in shuffled(&mut random, ranges.len()) {
                let range = ranges[number];
                assert!(
                    bytes_at(&mut again, range) == in_whole(range),
                    "{form} to {target} again: {range:?}"
                );
            }
        }
    }
}

fn read<R: Read + Seek>(disk: &mut Content<R>, at: usize, len: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0xAA; len];
    let read = disk.read_at(at as u64, &mut bytes);
    read.map(|()| bytes).map_err(|error| error.to_string())
}

#[test]
fn pieces_that_are_unpacked_side_by_side_come_in_their_order() {
    let disk = packed::disk(60);
    for method in [Method::Zlib, Method::Zstd] {
        let mut content = open(Cursor::new(packed::qcow2(&disk, method).0));
        let mut random = Random(3);
        for number in 0..60 {
            // As often from the beginning of a cluster on as from within one.
            let at = random.below(disk.len() as u64) as usize / (1 + number % 2 * (CLUSTER - 1))
                * (1 + number % 2 * (CLUSTER - 1));
            let len = random.below((disk.len() - at) as u64 + 1) as usize;
            assert!(
                read(&mut content, at, len).unwrap() == disk[at..at + len],
                "{method:?}: {len} from {at}"
            );
        }
    }
}

#[test]
fn of_damaged_pieces_the_first_is_told() {
    let disk = packed::disk(40);
    for method in [Method::Zlib, Method::Zstd] {
        let (mut file, places) = packed::qcow2(&disk, method);
        // Marks of blocks that no codec knows.
        for number in [9, 10, 11, 23, 38] {
            file[places[number]..places[number] + 8].fill(0xFF);
        }
        let told = |at: usize, len: usize| read(&mut open(Cursor::new(&file)), at * CLUSTER, len).unwrap_err();
        let alone = told(9, 10);
        assert!(
            alone.contains("damaged") && alone.contains(&format!("byte {}", 9 * CLUSTER)),
            "{alone}"
        );
        for _ in 0..20 {
            assert_eq!(told(0, disk.len()), alone);
            assert_eq!(told(7, 4 * CLUSTER), alone);
        }
        assert_eq!(told(10, 3 * CLUSTER), told(10, 10));
        let before = read(&mut open(Cursor::new(&file)), 0, 9 * CLUSTER);
        assert!(before.unwrap() == disk[..9 * CLUSTER]);
    }
}
