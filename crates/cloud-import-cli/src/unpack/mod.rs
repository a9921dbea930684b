//! A disk image as people have it: compressed as a whole, or in an archive (tar, OVA). The disk in it is written to a temporary file that
//! goes away with its owner, before anything else looks at it.
//!
//! The file may be anybody's: what it unpacks to is bounded, holes take no room, and no name in an archive becomes one on this machine.

mod archive;
mod frames;
mod reading;
mod refusal;
mod sparse;

use std::{
    fs::File,
    io::{self, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, absolute},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use cloud_import::{
    Error, ErrorKind, Provider, Remedy, Result, Stop,
    provider::capabilities::{Limited, Rule},
    remedy::Change,
};

use self::{
    reading::{PIECE, copied, kind},
    sparse::Sparse,
};
use crate::{
    convert::{ANOTHER_FOLDER, local},
    output,
    progress::One,
    temporary::Temporary,
};

/// The disk that was in a file. It is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Unpacked(Temporary);

impl Unpacked {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The most bytes that a file unpacks to: twice the largest disk that a cloud takes, as tables of formats stand beside the content.
fn most() -> u64 {
    let clouds = Provider::all().filter_map(|provider| cloud_import::capabilities(provider).ok());
    let limits = clouds.flat_map(|cloud| cloud.limits);
    let sizes = limits.filter_map(|limit| match (limit.field, limit.rule) {
        (Limited::SystemDiskGib, Rule::Range { max, .. }) => Some(u64::from(max)),
        _ => None,
    });
    sizes.max().unwrap_or_default() << 31
}

/// Whether a file is compressed or an archive, by how it begins. What cannot be read is told by who reads it next.
pub(crate) fn is_packed(path: &Path) -> bool {
    let mut head = Vec::new();
    // Opening a pipe would wait for its other end.
    let is_file = path.metadata().is_ok_and(|facts| facts.is_file());
    let mut read = || File::open(path)?.take(512).read_to_end(&mut head);
    is_file && read().is_ok() && kind(&head).is_some()
}

/// Unpacks a file into the system's folder for temporary files, and says so. After a stop, or when the future is dropped, the work ends
/// and the new file is removed.
///
/// # Errors
/// [`ErrorKind::Local`] when it is damaged or holds no disk, or more than one, when it unpacks to more than any cloud takes, or when space
/// is short. [`ErrorKind::Stopped`].
pub(crate) async fn unpack(path: &Path, stop: &Stop) -> Result<Unpacked> {
    let given_up = GivenUp::default();
    let (path, stop, dropped) = (path.to_owned(), stop.clone(), Arc::clone(&given_up.0));
    let work = move || kept(&path, &|| stop.is_requested() || dropped.load(Ordering::Relaxed));
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(failed_on_it()))
}

/// The same on the thread that it is called on, to its end.
pub(crate) fn unpack_here(path: &Path) -> Result<Unpacked> {
    kept(path, &|| false)
}

/// The readers are other people's: what panics in them was not read.
fn kept(path: &Path, is_over: &dyn Fn() -> bool) -> Result<Unpacked> {
    let work = AssertUnwindSafe(|| written(path, is_over));
    catch_unwind(work).unwrap_or_else(|_| Err(failed_on_it()))
}

fn failed_on_it() -> Error {
    local("the image cannot be unpacked: its reader failed on it").with_remedy(BY_HAND)
}

const BY_HAND: &str = "Get the file again, or unpack it yourself and name the disk image in it.";

/// Tells the thread that unpacks that nobody waits for it any more.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn written(path: &Path, is_over: &dyn Fn() -> bool) -> Result<Unpacked> {
    let name = path.display().to_string();
    let folder = absolute(std::env::temp_dir())
        .map_err(|error| local(format!("cannot resolve the folder for temporary files: {error}")))?;
    let new = Temporary::unpacked(&folder)?;
    let progress = One::new("unpacking".to_owned());
    let failed = |error: io::Error| match error.kind() {
        _ if is_over() => Error::new(ErrorKind::Stopped, "unpacking was stopped, and nothing was sent")
            .with_remedy(Remedy::Repeat(Change::Nothing)),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => local(format!(
            "`{name}` cannot be unpacked in `{}`: {error}",
            folder.display()
        ))
        .with_remedy(ANOTHER_FOLDER),
        _ => local(format!("`{name}` cannot be unpacked: {error}")).with_remedy(BY_HAND),
    };
    let file = File::open(path).map_err(failed)?;
    let all = file.metadata().map_err(failed)?.len();
    let counted = Counted {
        file,
        done: 0,
        tell: move |done| progress.at(done as f32 / all.max(1) as f32),
        is_over,
    };
    let mut out = Sparse::new(new.file(), most());
    let inside = copied(BufReader::with_capacity(PIECE, counted), &mut out).map_err(failed)?;
    out.finish().map_err(failed)?;
    let within = inside.map_or_else(String::new, |inside| format!(": {inside:?} in it"));
    output::note(&format!("{name:?} was unpacked to {}{within}", new.path().display()));
    Ok(Unpacked(new))
}

/// A file that says how far it was read, and ends when its reader is to stop.
struct Counted<'a, T> {
    file: File,
    done: u64,
    tell: T,
    is_over: &'a dyn Fn() -> bool,
}

impl<T: Fn(u64)> Read for Counted<'_, T> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other("it was stopped"));
        }
        let count = self.file.read(out)?;
        self.done += count as u64;
        (self.tell)(self.done);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
