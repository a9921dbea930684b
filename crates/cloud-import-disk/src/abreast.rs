//! Compressed pieces that are unpacked side by side, each into its own room. Reads nothing.

use std::{
    mem,
    num::NonZero,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{codec, piece::Piece};

/// The largest piece that is unpacked beside others, and the most bytes of the file that are kept for all of them: what decoders keep
/// counts once for each thread.
pub(crate) const MAX_PIECE: u64 = 256 << 10;
pub(crate) const MAX_STORED: u64 = 4 << 20;
/// Threads, with the one that asks: one for each processor, as all wait for the slowest, and no more than `qemu-img` has for this.
static WORKERS: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get).min(4));
/// Bytes of the disk that are worth a thread.
const SHARE: usize = 64 << 10;

/// Fills `out` with the disk of these pieces, which follow each other there and are as long as it. Whatever thread is the faster, the
/// bytes are the same.
///
/// # Errors
/// The first piece that is damaged.
pub(crate) fn unpack(pieces: &[(Piece, Vec<u8>)], out: &mut [u8]) -> Result<(), Piece> {
    let threads = (out.len() / SHARE).clamp(1, *WORKERS).min(pieces.len());
    let mut rest = out;
    let jobs = Mutex::new(pieces.iter().map(|(piece, packed)| {
        let (room, behind) = mem::take(&mut rest).split_at_mut(piece.size as usize);
        rest = behind;
        (*piece, packed, room)
    }));
    let damaged = Mutex::new(None::<Piece>);
    let work = || {
        loop {
            let Some((piece, packed, room)) = held(&jobs).next() else {
                return;
            };
            match codec::unpack(piece.codec, packed, room.len(), room.len()) {
                Some(bytes) if bytes.len() == room.len() => room.copy_from_slice(&bytes),
                // The others go on, so that the first one is told whoever finds one.
                _ => {
                    let mut first = held(&damaged);
                    *first = first.filter(|known| known.start < piece.start).or(Some(piece));
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // One that the system refuses is missing, and that is all.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let first = *held(&damaged);
    first.map_or(Ok(()), Err)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
