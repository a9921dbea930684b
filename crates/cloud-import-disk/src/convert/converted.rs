//! The converted file, which is nowhere: each range of it is arithmetic and reads of the disk. Must not write.

use std::io::{self, Read, Seek, SeekFrom};

use super::{map::Map, qcow2, qcow2::Qcow2, target::Target, window::Window, zvhd2, zvhd2::Zvhd2};
use crate::{Content, InspectError};

/// Bytes of the first unit in use that go into what tells one disk from others: boot record and partition table.
const TELLING: usize = 64 << 10;

/// A disk image in another format that stands nowhere: any range of it can be read, in any order, again and again, and is the same.
///
/// The same disk gives the same bytes, whatever it is read from. Beside the disk it keeps its [`Map`] in memory, of 16 MiB at most.
/// Make it by a [`Survey`](super::survey::Survey), or by the map of an earlier one. It is a file to whoever reads and seeks, too.
#[derive(Debug)]
pub struct Converted<R> {
    disk: Content<R>,
    target: Target,
    map: Map,
    layout: Layout,
    /// Where it is read on as a file.
    position: u64,
}

#[derive(Debug)]
enum Layout {
    Raw,
    Qcow2(Qcow2),
    Zvhd2(Zvhd2),
}

impl<R: Read + Seek> Converted<R> {
    /// The disk as the file that it was when its map was made; it must not have changed since.
    ///
    /// # Errors
    /// [`InspectError::Unreadable`] where the map is of another disk or for another target, or the disk is too large for that; as
    /// [`Content::read_at`] else.
    pub fn with_map(mut disk: Content<R>, target: Target, map: Map) -> Result<Self, InspectError> {
        let size = size_of(&disk)?;
        if (map.unit(), map.size()) != (target.unit(), size) {
            let reason = "what is known of it is of another disk or for another format".to_owned();
            return Err(InspectError::Unreadable { reason });
        }
        let layout = match target {
            Target::Raw => Some(Layout::Raw),
            Target::Qcow2 => Qcow2::new(&map).map(Layout::Qcow2),
            Target::Zvhd2 => Zvhd2::new(&map, id(&mut disk, &map)?).map(Layout::Zvhd2),
        };
        Ok(Self {
            layout: layout.ok_or_else(|| too_large(size))?,
            disk,
            target,
            map,
            position: 0,
        })
    }

    /// What it was converted to.
    pub const fn target(&self) -> Target {
        self.target
    }

    /// What the disk holds, to be kept for [`Self::with_map`].
    pub const fn map(&self) -> &Map {
        &self.map
    }

    /// Size of the converted file in bytes.
    pub fn size(&self) -> u64 {
        match &self.layout {
            Layout::Raw => self.map.size(),
            Layout::Qcow2(file) => file.len(),
            Layout::Zvhd2(file) => file.len(),
        }
    }

    /// Fills `out` with the bytes of the converted file from `offset` on.
    ///
    /// # Errors
    /// [`InspectError::Unreadable`] when some of them are behind its end; as [`Content::read_at`] else. What `out` holds then is not
    /// defined.
    pub fn read_at(&mut self, offset: u64, out: &mut [u8]) -> Result<(), InspectError> {
        let size = self.size();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > size) {
            let reason = format!("{} bytes from byte {offset} on are not in a file of {size}", out.len());
            return Err(InspectError::Unreadable { reason });
        }
        let (disk, map) = (&mut self.disk, &self.map);
        match &self.layout {
            Layout::Raw => read(disk, offset, out),
            Layout::Qcow2(file) => {
                out.fill(0);
                let mut window = Window::new(offset, out);
                file.lay(map, &mut window);
                clusters(file, map, disk, &mut window)
            }
            Layout::Zvhd2(file) => {
                out.fill(0);
                let mut window = Window::new(offset, out);
                file.lay(map, &mut window);
                blocks(file, map, disk, &mut window)
            }
        }
    }
}

impl<R: Read + Seek> Read for Converted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.size().saturating_sub(self.position);
        let len = usize::try_from(left).map_or(out.len(), |left| left.min(out.len()));
        self.read_at(self.position, &mut out[..len]).map_err(io::Error::other)?;
        self.position += len as u64;
        Ok(len)
    }
}

impl<R: Read + Seek> Seek for Converted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Lays the content of a qcow2 file. What lies beside each other on the disk and in the file is read at once.
fn clusters<R: Read + Seek>(
    file: &Qcow2,
    map: &Map,
    disk: &mut Content<R>,
    window: &mut Window<'_>,
) -> Result<(), InspectError> {
    let asked = window.pieces(file.content * qcow2::CLUSTER, qcow2::CLUSTER, map.count());
    let mut next = asked.start;
    while let Some(unit) = map.nth(next).filter(|_| next < asked.end) {
        let beside = (1..asked.end - next).take_while(|more| map.has(unit + more));
        let many = 1 + beside.count() as u64;
        let start = (file.content + next) * qcow2::CLUSTER;
        if let Some((before, room)) = window.part(start, many * qcow2::CLUSTER) {
            read(disk, unit * qcow2::CLUSTER + before, room)?;
        }
        next += many;
    }
    Ok(())
}

/// Lays the content of a ZVHD2 file.
fn blocks<R: Read + Seek>(
    file: &Zvhd2,
    map: &Map,
    disk: &mut Content<R>,
    window: &mut Window<'_>,
) -> Result<(), InspectError> {
    for record in file.records(window) {
        let Some(unit) = map.nth(record) else { break };
        for (start, within, len) in Zvhd2::stored(record) {
            if let Some((before, room)) = window.part(start, len) {
                read(disk, unit * zvhd2::BLOCK + within + before, room)?;
            }
        }
    }
    Ok(())
}

/// Fills `out` from the disk, and with zeros behind its end.
fn read<R: Read + Seek>(disk: &mut Content<R>, at: u64, out: &mut [u8]) -> Result<(), InspectError> {
    let left = disk.size().saturating_sub(at);
    let there = usize::try_from(left).map_or(out.len(), |left| left.min(out.len()));
    let (now, behind) = out.split_at_mut(there);
    behind.fill(0);
    if now.is_empty() {
        return Ok(());
    }
    disk.read_at(at, now)
}

/// What tells the disk from others: FNV-1a of 128 bits over what is in use and over where a disk has its own numbers.
fn id<R: Read + Seek>(disk: &mut Content<R>, map: &Map) -> Result<[u8; 16], InspectError> {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut first = vec![0; TELLING];
    if let Some(unit) = map.nth(0) {
        read(disk, unit * map.unit(), &mut first)?;
    }
    let bytes = map.to_bytes().into_iter().chain(first);
    let sum = bytes.fold(BASIS, |sum, byte| (sum ^ u128::from(byte)).wrapping_mul(PRIME));
    Ok(sum.to_le_bytes())
}

/// Bytes of the disk in whole sectors, which every format has.
pub(crate) fn size_of<R: Read + Seek>(disk: &Content<R>) -> Result<u64, InspectError> {
    const SECTOR: u64 = 512;
    // Room for what is rounded up.
    const MOST: u64 = 1 << 62;
    let size = disk.size().checked_next_multiple_of(SECTOR);
    size.filter(|size| *size <= MOST).ok_or_else(|| too_large(disk.size()))
}

pub(crate) fn too_large(size: u64) -> InspectError {
    InspectError::Unreadable {
        reason: format!("a disk of {size} bytes is too large to be converted"),
    }
}
