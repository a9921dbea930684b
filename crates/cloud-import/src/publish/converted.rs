//! A file of this machine as the same disk in another format, which is written nowhere. Which formats a cloud takes is not decided
//! here.

use std::{
    fmt, io,
    io::{Read, Seek, SeekFrom},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use cloud_import_core::{
    DiskFormat, Error, ErrorKind, Remedy, Result, Stop,
    env::{Env as _, SystemEnv},
    remedy::Change,
};
use cloud_import_disk::{Compression, Content, Converted, DiskInfo, Format, InspectError, Limits, Map, Survey, Target};
use cloud_import_staging::{Bytes, Form, HashCache, LocalFile};

use super::store::blocking;

/// Of the bytes that a disk becomes. Sums and records of before speak for other bytes when that is another.
const VERSION: u32 = 1;

/// What a disk can be made into on its way.
fn target(to: DiskFormat) -> Option<Target> {
    match to {
        DiskFormat::Qcow2 => Some(Target::Qcow2),
        DiskFormat::Raw => Some(Target::Raw),
        DiskFormat::Zvhd2 => Some(Target::Zvhd2),
        _ => None,
    }
}

/// Whether the disk in a file of these facts can be made into that format on its way: whether all of it is in the file, and this program
/// reads it as its own programs do. qcow1 is left to those: there are few of it to try.
pub(super) fn can_be(info: &DiskInfo, to: DiskFormat) -> bool {
    use Format::{Parallels, Qcow2, Qed, Raw, Vdi, Vhd, Vhdx, Vmdk, Zvhd2};
    let is_read = matches!(
        info.format,
        Raw | Qcow2 | Vhd | Vhdx | Vmdk | Vdi | Qed | Parallels | Zvhd2
    );
    let is_whole = info.backing_file.is_none() && info.external_files.is_empty() && !info.extent;
    let is_sound = !info.corrupt && info.truncation.is_none() && !info.dirty && info.unknown_features == 0;
    let is_plain = !info.encryption.is_encrypted() && info.compression != Compression::Used("unknown");
    target(to).is_some() && is_read && is_whole && is_sound && is_plain
}

/// The file, read as that format, and what the header of that says. `progress` hears how many bytes of how many were looked through.
///
/// # Errors
/// [`ErrorKind::Conflict`] when it is not the file of these facts any more; [`ErrorKind::Unsupported`] when its disk cannot be read after
/// all; [`ErrorKind::Local`]; [`ErrorKind::Stopped`].
pub(super) async fn read_as(
    file: LocalFile,
    info: &DiskInfo,
    to: DiskFormat,
    cache: HashCache,
    progress: impl Fn(u64, u64) + Send + 'static,
    stop: &Stop,
) -> Result<(LocalFile, DiskInfo)> {
    let given_up = GivenUp::default();
    let (info, stop, dropped) = (info.clone(), stop.clone(), given_up.0.clone());
    let end = move || stop.is_requested() || dropped.load(Ordering::Relaxed);
    blocking(move || {
        let work = Work {
            file: &file,
            to,
            name: format!("{to}-{VERSION}"),
        };
        work.read_as(&info, &cache, &progress, &end)
    })
    .await
}

/// Tells the thread that looks that nobody waits for it any more.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Work<'a> {
    file: &'a LocalFile,
    to: DiskFormat,
    /// What tells the bytes of one version and format from others of the same file.
    name: String,
}

impl Work<'_> {
    fn read_as(
        &self,
        info: &DiskInfo,
        cache: &HashCache,
        progress: &dyn Fn(u64, u64),
        end: &dyn Fn() -> bool,
    ) -> Result<(LocalFile, DiskInfo)> {
        let told = |error| self.told(error);
        let target = target(self.to).ok_or_else(|| self.unsupported("no disk is made into that here".to_owned()))?;
        let began = SystemEnv.now();
        let content = self.content().map_err(told)?;
        if content.info() != info {
            let message = format!(
                "`{}` is not what it was when it was looked at",
                self.file.path().display()
            );
            return Err(Error::new(ErrorKind::Conflict, message).with_remedy(Remedy::Repeat(Change::Nothing)));
        }
        let notes = cache.notes(self.file, &self.name);
        let (mut converted, began) = match notes.and_then(|notes| Map::from_bytes(&notes)) {
            // Whoever remembers it remembers the sum, too: from when it is does not count.
            Some(map) => (Converted::with_map(content, target, map).map_err(told)?, began),
            None => (self.looked_through(content, target, progress, end)?, began),
        };
        // What was found is of the file as it was opened.
        self.file.unchanged()?;
        let header = cloud_import_disk::inspect(&mut converted).map_err(told)?;
        Ok((self.form(converted, began), header))
    }

    fn content(&self) -> Result<Content<Reader>, InspectError> {
        Content::open(Reader::new(self.file.clone()), Limits::NONE)
    }

    fn looked_through(
        &self,
        content: Content<Reader>,
        target: Target,
        progress: &dyn Fn(u64, u64),
        end: &dyn Fn() -> bool,
    ) -> Result<Converted<Reader>> {
        let told = |error| self.told(error);
        let file = self.file.clone();
        let survey = Survey::new(content, target).map_err(told)?;
        let mut survey = survey.skipping(move |from| file.next_data(from));
        let size = survey.size();
        while let Some(done) = survey.step().map_err(told)? {
            if end() {
                return Err(
                    Error::new(ErrorKind::Stopped, "the conversion was stopped, and nothing was sent")
                        .with_remedy(Remedy::Repeat(Change::Nothing)),
                );
            }
            progress(done, size);
        }
        progress(size, size);
        survey.finish().map_err(told)
    }

    fn form(&self, converted: Converted<Reader>, began: SystemTime) -> LocalFile {
        let notes = converted.map().to_bytes();
        let view = View {
            size: converted.size(),
            file: self.file.clone(),
            to: self.to,
            converted: Mutex::new(converted),
        };
        self.file
            .read_as(Form::new(&self.name, Arc::new(view)).with_notes(notes, began))
    }

    fn told(&self, error: InspectError) -> Error {
        told(self.file, self.to, error)
    }

    fn unsupported(&self, why: String) -> Error {
        unsupported(self.file, self.to, why)
    }
}

fn unsupported(file: &LocalFile, to: DiskFormat, why: String) -> Error {
    let message = format!("cannot convert `{}` to {to}: {why}", file.path().display());
    Error::new(ErrorKind::Unsupported, message)
        .with_remedy("Check the file with qemu-img check; download or create it again.")
}

/// What the file's own reading failed with is told as it is.
fn told(file: &LocalFile, to: DiskFormat, error: InspectError) -> Error {
    match error {
        InspectError::Io { source, .. } if source.get_ref().is_some_and(|inner| inner.is::<Error>()) => {
            let inner = source.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
            inner.map_or_else(|| unsupported(file, to, "it cannot be read".to_owned()), |inner| *inner)
        }
        other => unsupported(file, to, other.to_string()),
    }
}

/// The converted file, for who reads at offsets. One read at a time: what was unpacked for one is often what the next one needs.
#[derive(Debug)]
struct View {
    file: LocalFile,
    to: DiskFormat,
    size: u64,
    converted: Mutex<Converted<Reader>>,
}

impl Bytes for View {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut converted = self.converted.lock().unwrap_or_else(PoisonError::into_inner);
        let read = converted.read_at(offset, buffer);
        read.map_err(|error| told(&self.file, self.to, error))
    }
}

/// A file for who reads and seeks.
struct Reader {
    file: LocalFile,
    position: u64,
}

impl Reader {
    fn new(file: LocalFile) -> Self {
        Self { file, position: 0 }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.file.path()).finish()
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.file.size().saturating_sub(self.position);
        let len = usize::try_from(left).map_or(out.len(), |left| left.min(out.len()));
        let read = self.file.read_at(self.position, &mut out[..len]);
        read.map_err(io::Error::other)?;
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
