//! A qcow2 file of version 3, not compressed, in clusters of 64 KiB, each once in use: its tables by arithmetic. Reads nothing.
//!
//! By QEMU's own text (docs/interop/qcow2.rst, read in November 2026). The clusters are, in this order: header, first table, table of
//! reference counts, its blocks, second tables, content. A second table is there where one of its clusters is in use.

use super::{
    map::{Map, SPAN},
    window::Window,
};

/// Bytes of a cluster.
pub(crate) const CLUSTER: u64 = 1 << CLUSTER_BITS;
const CLUSTER_BITS: u32 = 16;
/// In an entry: the cluster is used once, and may be written to.
const COPIED: u64 = 1 << 63;
/// Reference counts have 2 to the power of this many bits.
const REFCOUNT_ORDER: u32 = 4;
/// Reference counts of a block.
const PER_BLOCK: u64 = CLUSTER / 2;
/// Entries of a table.
const PER_TABLE: u64 = CLUSTER / 8;
/// The most entries that QEMU reads of the first table: a disk of 2 EiB.
const MAX_L1: u64 = (32 << 20) / 8;
/// Bytes of the header, behind which its list of extensions ends at once.
const HEADER: u32 = 104;

/// Where everything is, in clusters.
#[derive(Debug)]
pub(crate) struct Qcow2 {
    /// Bytes of the disk.
    size: u64,
    /// Entries of the first table.
    l1_entries: u64,
    refcount_table: u64,
    refcount_blocks: u64,
    l2: u64,
    /// Where the content begins.
    pub(crate) content: u64,
    /// All of them.
    clusters: u64,
}

/// Where the first table begins.
const L1: u64 = 1;
/// Clusters of the table of reference counts: one is enough for all that a map can hold, of which the blocks take half as many entries.
const REFCOUNT_TABLE: u64 = 1;

impl Qcow2 {
    /// `None` for a disk that is too large.
    pub(crate) fn new(map: &Map) -> Option<Self> {
        let l1_entries = map.units().div_ceil(SPAN);
        if l1_entries > MAX_L1 {
            return None;
        }
        let l1 = l1_entries.div_ceil(PER_TABLE).max(1);
        let l2 = map.spans().len() as u64;
        // The counts count their own blocks, too: more of them until they suffice.
        let mut blocks = 1;
        let clusters = loop {
            let clusters = L1 + l1 + REFCOUNT_TABLE + blocks + l2 + map.count();
            let needed = clusters.div_ceil(PER_BLOCK);
            if needed <= blocks {
                break clusters;
            }
            blocks = needed;
        };
        let refcount_table = L1 + l1;
        let refcount_blocks = refcount_table + REFCOUNT_TABLE;
        let l2_at = refcount_blocks + blocks;
        Some(Self {
            size: map.size(),
            l1_entries,
            refcount_table,
            refcount_blocks,
            l2: l2_at,
            content: l2_at + l2,
            clusters,
        })
    }

    /// Bytes of the file.
    pub(crate) const fn len(&self) -> u64 {
        self.clusters * CLUSTER
    }

    /// Lays all but the content into zeros.
    pub(crate) fn lay(&self, map: &Map, window: &mut Window<'_>) {
        window.put(0, &self.header());
        let spans = map.spans();
        window.entries(L1 * CLUSTER, self.l1_entries, |number| {
            let found = spans.binary_search_by_key(&number, |span| span.number);
            entry(found.ok().map(|at| in_use(self.l2 + at as u64)))
        });
        let blocks = self.l2 - self.refcount_blocks;
        window.entries(self.refcount_table * CLUSTER, blocks, |number| {
            entry(Some((self.refcount_blocks + number) * CLUSTER))
        });
        window.entries(self.refcount_blocks * CLUSTER, self.clusters, |_| 1_u16.to_be_bytes());
        for table in window.pieces(self.l2 * CLUSTER, CLUSTER, spans.len() as u64) {
            let Some(span) = spans.get(table as usize) else {
                continue;
            };
            window.entries((self.l2 + table) * CLUSTER, SPAN, |within| {
                let place = || in_use(self.content + span.before + span.rank(within));
                entry(span.has(within).then(place))
            });
        }
    }

    fn header(&self) -> [u8; HEADER as usize] {
        let mut header = [0; HEADER as usize];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"QFI\xfb");
        put(4, &3_u32.to_be_bytes());
        put(20, &CLUSTER_BITS.to_be_bytes());
        put(24, &self.size.to_be_bytes());
        // Below the most that is read.
        put(36, &(self.l1_entries as u32).to_be_bytes());
        put(40, &(L1 * CLUSTER).to_be_bytes());
        put(48, &(self.refcount_table * CLUSTER).to_be_bytes());
        put(56, &(REFCOUNT_TABLE as u32).to_be_bytes());
        put(96, &REFCOUNT_ORDER.to_be_bytes());
        put(100, &HEADER.to_be_bytes());
        header
    }
}

/// What is in an entry for this cluster.
const fn in_use(cluster: u64) -> u64 {
    (cluster * CLUSTER) | COPIED
}

fn entry(offset: Option<u64>) -> [u8; 8] {
    offset.unwrap_or(0).to_be_bytes()
}
