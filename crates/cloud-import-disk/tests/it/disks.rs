//! Raw disks with partition tables, written field by field.

pub(crate) const MIB: usize = 1 << 20;
pub(crate) const ESP: [u8; 16] = [
    0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B,
];
/// 0FC63DAF-8483-4772-8E79-3D69D8477DE4, Linux data.
pub(crate) const LINUX: [u8; 16] = [
    0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4,
];

/// 21686148-6449-6E6F-744E-656564454649, a boot loader for BIOS.
#[allow(dead_code, reason = "not all who make disks make these")]
pub(crate) const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";

pub(crate) fn put(disk: &mut [u8], at: usize, bytes: &[u8]) {
    disk[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Content that is not all zeros and does not shrink to nothing.
pub(crate) fn blank(size: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    let mut state = 1_u32;
    for byte in &mut disk[size / 4..size / 2] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    disk
}

pub(crate) fn mbr_entry(disk: &mut [u8], number: usize, kind: u8, start: u32, count: u32) {
    let at = 446 + 16 * number;
    disk[at + 4] = kind;
    put(disk, at + 8, &start.to_le_bytes());
    put(disk, at + 12, &count.to_le_bytes());
    put(disk, 510, &[0x55, 0xAA]);
}

pub(crate) fn mbr(size: usize, kind: u8) -> Vec<u8> {
    let mut disk = blank(size);
    disk[446] = 0x80;
    mbr_entry(&mut disk, 0, 0x83, 2048, 1024);
    mbr_entry(&mut disk, 1, kind, 3072, (size / 512 - 3072) as u32);
    disk
}

/// A disk with a Linux partition of no size, and a system partition at this number.
pub(crate) fn gpt(size: usize, sector: usize, esp_at: Option<usize>) -> Vec<u8> {
    let mut parts = vec![(LINUX, 0, 0); 1];
    if let Some(number) = esp_at {
        parts.resize(number + 1, ([0; 16], 0, 0));
        parts[number] = (ESP, 0, 0);
    }
    gpt_of(size, sector, &parts)
}

/// A disk with these partitions: type, first and last sector.
pub(crate) fn gpt_of(size: usize, sector: usize, parts: &[([u8; 16], u64, u64)]) -> Vec<u8> {
    let mut disk = blank(size);
    mbr_entry(&mut disk, 0, 0xEE, 1, u32::MAX);
    let last = size / sector - 1;
    let entries = 128 * 128 / sector;
    for (own, other, table) in [(1, last, 2), (last, 1, last - entries)] {
        let start = table * sector;
        disk[start..start + 128 * 128].fill(0);
        for (number, (kind, first, last)) in parts.iter().enumerate() {
            let entry = start + 128 * number;
            put(&mut disk, entry, kind);
            put(&mut disk, entry + 32, &first.to_le_bytes());
            put(&mut disk, entry + 40, &last.to_le_bytes());
        }
        let sum = crc32(&disk[start..start + 128 * 128]);
        let header = own * sector;
        disk[header..header + sector].fill(0);
        put(&mut disk, header, b"EFI PART");
        put(&mut disk, header + 8, &[0, 0, 1, 0, 92, 0, 0, 0]);
        put(&mut disk, header + 24, &(own as u64).to_le_bytes());
        put(&mut disk, header + 32, &(other as u64).to_le_bytes());
        put(&mut disk, header + 40, &((2 + entries) as u64).to_le_bytes());
        put(&mut disk, header + 48, &((last - entries - 1) as u64).to_le_bytes());
        put(&mut disk, header + 72, &(table as u64).to_le_bytes());
        put(&mut disk, header + 80, &128_u32.to_le_bytes());
        put(&mut disk, header + 84, &128_u32.to_le_bytes());
        put(&mut disk, header + 88, &sum.to_le_bytes());
        let sum = crc32(&disk[header..header + 92]);
        put(&mut disk, header + 16, &sum.to_le_bytes());
    }
    disk
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
