//! Takes the body of a request off the wire into a file, and hashes it on the way. Memory is bounded by a few chunks; hashing and
//! writing are off the threads that serve connections. Judges nothing about what arrived.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::rate::Rate;
use crate::{
    clock,
    objects::{
        Piece, StoreDir,
        digest::{Digester, Digests, EtagKind},
    },
};

/// Chunks on their way from the wire to the file. hyper's chunks are at most as long as its buffer.
const CHUNKS: usize = 8;

/// How long a body may pause.
const PAUSE: Duration = Duration::from_secs(60);

/// What is to be done with a body.
pub(crate) struct Wanted {
    pub(crate) etag: EtagKind,
    pub(crate) sha256: bool,
    pub(crate) crc64: bool,
    /// Changes one byte before it is stored.
    pub(crate) corrupt: bool,
    /// Ends with [`Broken::Asked`] after this many bytes.
    pub(crate) stop_after: Option<u64>,
}

/// A body that is stored.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) piece: Piece,
    pub(crate) digests: Digests,
}

/// Why a body was not stored.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The other side did not send all of it.
    Cut,
    /// It was to be broken off.
    Asked,
    /// It cannot be written.
    Disk,
}

/// Receives a body. `note` is told of every chunk's length.
pub(crate) async fn receive(
    mut body: Incoming,
    dir: Arc<StoreDir>,
    rate: Option<&Rate>,
    wanted: Wanted,
    note: impl Fn(u64),
) -> Result<Received, Broken> {
    let (chunks, queue) = mpsc::channel::<Bytes>(CHUNKS);
    let stop_after = wanted.stop_after;
    let writer = tokio::task::spawn_blocking(move || write(&dir, queue, &wanted));
    let mut seen = 0;
    let end = loop {
        if stop_after.is_some_and(|most| seen >= most) {
            break Err(Broken::Asked);
        }
        let chunk = match next(&mut body).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break Ok(()),
            Err(broken) => break Err(broken),
        };
        seen += chunk.len() as u64;
        note(chunk.len() as u64);
        if let Some(rate) = rate {
            wait(rate, chunk.len()).await;
        }
        if chunks.send(chunk).await.is_err() {
            // The writer has ended and says why.
            break Ok(());
        }
    };
    drop(chunks);
    let written = writer.await.map_err(|_| Broken::Disk)?;
    end?;
    written.map_err(|_| Broken::Disk)
}

/// Reads a body to its end and keeps nothing, so that the answer to it can be read; at most `most` bytes.
pub(crate) async fn discard(mut body: Incoming, most: u64) {
    let mut seen = 0;
    while seen < most {
        match next(&mut body).await {
            Ok(Some(chunk)) => seen += chunk.len() as u64,
            Ok(None) | Err(_) => return,
        }
    }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Broken> {
    loop {
        let Ok(frame) = tokio::time::timeout(PAUSE, body.frame()).await else {
            return Err(Broken::Cut);
        };
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Broken::Cut),
            // Trailers are of no interest.
            Some(Ok(frame)) => {
                if let Ok(chunk) = frame.into_data() {
                    return Ok(Some(chunk));
                }
            }
        }
    }
}

/// Waits until bytes that were reserved may go on; waits of less than a millisecond add up first.
async fn wait(rate: &Rate, bytes: usize) {
    let pause = rate.reserve(bytes);
    if pause >= Duration::from_millis(1) {
        clock::sleep(pause).await;
    }
}

fn write(dir: &StoreDir, mut queue: mpsc::Receiver<Bytes>, wanted: &Wanted) -> io::Result<Received> {
    let (mut file, stored) = dir.create()?;
    let mut digester = Digester::new(wanted.etag, wanted.sha256).with_crc64(wanted.crc64);
    let mut size = 0;
    let mut corrupt = wanted.corrupt;
    while let Some(mut chunk) = queue.blocking_recv() {
        if corrupt && !chunk.is_empty() {
            let mut changed = chunk.to_vec();
            changed[0] ^= 1;
            chunk = Bytes::from(changed);
            corrupt = false;
        }
        digester.update(&chunk);
        file.write_all(&chunk)?;
        size += chunk.len() as u64;
    }
    Ok(Received {
        piece: Piece {
            file: Arc::new(stored),
            size,
        },
        digests: digester.finish(),
    })
}
