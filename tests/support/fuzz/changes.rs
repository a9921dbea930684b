//! Changes of a base as bytes, so that they can be kept, and repeated. All are the same for the same seed.
//!
//! An input is the number of its base, a byte that is 1 where sums are left as they were, and changes of six bytes: the number of a
//! place (two bytes), where in it (two; the highest bits tell whether a used place is looked for near it), what is done, and a value.

use std::collections::BTreeSet;

use super::{
    Random,
    bases::{BLOCK, Base, Disk},
    mutate::WORDS,
    sums,
};

const CHANGE: usize = 6;
/// The end of the disk is put where the first four bytes tell, in pages of 4 KiB.
const CUT: u8 = 0xFF;
/// What else breaks readers of the texts of a system.
const OWN: &[&str] = &[
    "${",
    "$(",
    "$x",
    "'",
    "\"",
    "\\\n",
    "{",
    "}",
    "}\n}\n",
    "menuentry 'x' {",
    "submenu x {",
    "linux ",
    "initrd ",
    "root=",
    "root=UUID=",
    "root=/dev/",
    "UUID=",
    "LABEL=",
    "subvol=/",
    "set default=",
    "saved_entry=",
    "../",
    "/..",
    "/",
    "//",
    "\t",
    "  ",
    "\n\n",
    "#",
    ":",
    "- ",
    "|",
    "[ ",
    "include ",
    "source ",
    "Include ",
    "Match all\n",
    "ID=",
    "VERSION_ID=",
    "-9",
    "99999999999999999999",
    "\u{1b}[31m",
    "\u{85}",
    "\0",
];

/// The inputs that change nothing.
pub(super) fn seeds(bases: &[Base]) -> Vec<Vec<u8>> {
    (0..bases.len()).map(|number| vec![number as u8, 0]).collect()
}

/// The inputs that end a base at every 4 KiB, or at every part that is read where it is long.
pub(super) fn cuts(bases: &[Base]) -> Vec<Vec<u8>> {
    const SMALL: u64 = 17 << 20;
    let mut inputs = seeds(bases);
    for (number, base) in bases.iter().enumerate() {
        let pages = base.sparse.size.div_ceil(BLOCK as u64);
        let ends: BTreeSet<u64> = match base.sparse.size <= SMALL {
            true => (0..pages).collect(),
            false => base
                .places
                .iter()
                .flat_map(|(at, _)| [at / BLOCK as u64, at / BLOCK as u64 + 1])
                .collect(),
        };
        inputs.extend(ends.iter().map(|page| {
            let page = u32::try_from(*page).unwrap_or_default().to_le_bytes();
            [[number as u8, 0].as_slice(), &page, &[CUT, 0]].concat()
        }));
    }
    inputs
}

/// A new input: few changes as often as many.
pub(super) fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    input[1] = u8::from(random.below(8) == 0);
    let most = [1, 4, 24][random.below(3)];
    for _ in 0..=random.below(most) {
        let number = random.number().to_le_bytes();
        input.extend([number[0], number[1], number[2], number[3], number[4] % CUT, number[5]]);
    }
    input
}

/// The disk that an input tells; `None` for an input that tells none.
pub(super) fn disk(bases: &[Base], input: &[u8]) -> Option<Disk> {
    let ([number, flags], changes) = input.split_first_chunk()?;
    let base = &bases[usize::from(*number) % bases.len()];
    let mut disk = base.disk();
    for change in changes.chunks_exact(CHANGE) {
        let [place, more, low, high, kind, value] = change.try_into().ok()?;
        if kind == CUT {
            disk.size = u64::from(u32::from_le_bytes([place, more, low, high])) * BLOCK as u64;
        } else if !base.places.is_empty() {
            let (at, used) = base.places[usize::from(u16::from_le_bytes([place, more])) % base.places.len()];
            let within = usize::from(u16::from_le_bytes([low, high])) % used;
            let start = (at % BLOCK as u64) as usize;
            let sector = &mut disk.block(at)[start..start + used];
            apply(sector, used_near(sector, within, high), kind, value, base.is_text);
        }
    }
    if flags & 1 == 0 {
        sums::mend(&base.sums, &mut disk);
    }
    Some(disk)
}

/// A place that is used, or just before such: most of a structure is zeros that nobody reads. One in four stays where it is.
fn used_near(sector: &[u8], within: usize, chance: u8) -> usize {
    if chance >> 6 == 0 {
        return within;
    }
    let mut places = (within..sector.len()).chain(0..within);
    places
        .find(|at| sector[*at..].iter().take(3).any(|byte| *byte != 0))
        .unwrap_or(within)
}

fn apply(sector: &mut [u8], within: usize, kind: u8, value: u8, is_text: bool) {
    let number = usize::from(value);
    if is_text && kind.is_multiple_of(2) {
        let words: Vec<&str> = OWN.iter().chain(WORDS).copied().collect();
        return put(sector, within, words[number % words.len()].as_bytes());
    }
    match kind % 10 {
        0 => sector[within] = 0,
        1 => sector[within] = 0xFF,
        2 | 3 => sector[within] ^= 1 << (value % 8),
        4 | 5 => sector[within] = value,
        6 => put(
            sector,
            within,
            &[[0; 8], [0xFF; 8]][number % 2][..1 << (number / 2 % 4)],
        ),
        // A small number, or one just below a power of two, in either order.
        7 => put(sector, within, &u32::from(value).to_le_bytes()),
        8 => put(
            sector,
            within,
            &(1_u32 << (value % 32))
                .wrapping_sub(u32::from(value / 32))
                .to_be_bytes(),
        ),
        _ => {
            let from = number * 2 % sector.len();
            let piece = sector[from..(from + 16).min(sector.len())].to_vec();
            put(sector, within, &piece);
        }
    }
}

fn put(sector: &mut [u8], within: usize, bytes: &[u8]) {
    let count = bytes.len().min(sector.len() - within);
    sector[within..within + count].copy_from_slice(&bytes[..count]);
}
