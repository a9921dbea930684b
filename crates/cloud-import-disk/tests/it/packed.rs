//! A qcow2 whose clusters are compressed one beside the other, made field by field: the corpus has few of them, and none of zstd.

use cloud_import_disk::Format;

use crate::disks::put;

pub(crate) const CLUSTER: usize = 65536;

/// How its clusters are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Zlib,
    Zstd,
}

/// A disk whose clusters are text, noise, or nothing, in turn; no two are alike.
pub(crate) fn disk(clusters: usize) -> Vec<u8> {
    let mut state = 11_u64;
    let mut disk = vec![0; clusters * CLUSTER];
    for (number, cluster) in disk.chunks_mut(CLUSTER).enumerate() {
        for byte in cluster.iter_mut().filter(|_| number % 7 != 6) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 56) as u8;
            *byte = if number % 3 == 0 { noise } else { noise & 7 | b'`' };
        }
    }
    disk
}

/// The disk in a file, and where each cluster lies in it.
pub(crate) fn qcow2(disk: &[u8], method: Method) -> (Vec<u8>, Vec<usize>) {
    let mut file = vec![0; 5 * CLUSTER];
    put(&mut file, 0, b"QFI\xfb\0\0\0\x03");
    put(&mut file, 20, &16_u32.to_be_bytes());
    put(&mut file, 24, &(disk.len() as u64).to_be_bytes());
    put(&mut file, 36, &1_u32.to_be_bytes());
    // The first table, that of the counts with one block of none, and the second table.
    put(&mut file, 40, &(CLUSTER as u64).to_be_bytes());
    put(&mut file, 48, &(2 * CLUSTER as u64).to_be_bytes());
    put(&mut file, 56, &1_u32.to_be_bytes());
    put(&mut file, CLUSTER, &((4 * CLUSTER as u64) | (1 << 63)).to_be_bytes());
    put(&mut file, 96, &4_u32.to_be_bytes());
    put(&mut file, 100, &112_u32.to_be_bytes());
    if method == Method::Zstd {
        // The feature of another method than zlib, and which.
        put(&mut file, 72, &(1_u64 << 3).to_be_bytes());
        file[104] = 1;
    }
    let mut places = Vec::new();
    for (number, cluster) in disk.chunks(CLUSTER).enumerate() {
        let at = file.len();
        places.push(at);
        if cluster.iter().all(|byte| *byte == 0) {
            continue;
        }
        let packed = match method {
            Method::Zlib => miniz_oxide::deflate::compress_to_vec(cluster, 1),
            Method::Zstd => ruzstd::encoding::compress_to_vec(cluster, ruzstd::encoding::CompressionLevel::Fastest),
        };
        let more = (at % 512 + packed.len() - 1) / 512;
        let entry = 1 << 62 | (more as u64) << 54 | at as u64;
        put(&mut file, 4 * CLUSTER + number * 8, &entry.to_be_bytes());
        file.extend_from_slice(&packed);
    }
    // Sectors are read whole.
    file.resize(file.len().next_multiple_of(512), 0);
    let info = cloud_import_disk::inspect(std::io::Cursor::new(&file)).unwrap();
    assert!(
        info.format == Format::Qcow2 && !info.is_truncated() && !info.corrupt,
        "{info:?}"
    );
    (file, places)
}
