//! The one pass over a file that names its content: SHA-256, remembered by what the file is. Sends nothing.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use cloud_import_core::{
    Error, ErrorKind, Result, Stop,
    env::{self, Env as _, SystemEnv},
    provider::digest,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    blocking,
    file::{FileStamp, LocalFile},
};

/// How much is read at once, in bytes; three pieces are in memory at most. They stay within a processor's cache.
const STEP: usize = 1 << 20;

/// What the pass over a file found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hashed {
    /// SHA-256 of the whole file, in lower-case hex.
    pub sha256: String,
    /// The file that was read.
    pub stamp: FileStamp,
    /// Whether it was known from an earlier pass.
    pub from_cache: bool,
}

impl Hashed {
    /// Reads the file once, or takes what the cache knows of it. `progress` hears how many bytes were read so far, from
    /// another thread. When the future is dropped, the reading ends.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the file cannot be read, [`ErrorKind::Conflict`] when it changed meanwhile,
    /// [`ErrorKind::Stopped`] when a stop was requested.
    pub async fn of(
        file: &LocalFile,
        cache: Option<&HashCache>,
        progress: impl Fn(u64) + Send + 'static,
        stop: &Stop,
    ) -> Result<Self> {
        let given_up = GivenUp::default();
        let (file, cache, stop, dropped) = (file.clone(), cache.cloned(), stop.clone(), given_up.0.clone());
        blocking::run(move || {
            if let Some(sha256) = cache.as_ref().and_then(|cache| cache.get(&file.stamp())) {
                file.unchanged()?;
                return Ok(Self {
                    sha256,
                    stamp: file.stamp(),
                    from_cache: true,
                });
            }
            let end = || stop.is_requested() || dropped.load(Ordering::Relaxed);
            let sha256 = sha256(&file, &progress, end)?;
            if let Some(cache) = &cache {
                cache.put(&file.stamp(), &sha256);
            }
            Ok(Self {
                sha256,
                stamp: file.stamp(),
                from_cache: false,
            })
        })
        .await
    }
}

/// Tells the reading thread that nobody waits for it any more.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The next piece is read while one is summed: a disk takes about as long for it as a processor.
fn sha256(file: &LocalFile, progress: &dyn Fn(u64), end: impl Fn() -> bool) -> Result<String> {
    let mut hash = Sha256::new();
    let mut offset = 0;
    thread::scope(|scope| {
        let (send, pieces) = mpsc::sync_channel(1);
        let (give_back, spent) = mpsc::channel();
        scope.spawn(move || read_ahead(file, &send, &spent));
        for piece in pieces {
            if end() {
                return Err(Error::new(
                    ErrorKind::Stopped,
                    format!("reading `{}` was stopped", file.path().display()),
                )
                .with_remedy("Nothing was sent. Start again."));
            }
            let piece: Vec<u8> = piece?;
            hash.update(&piece);
            offset += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            progress(offset);
            // The reader is done when nobody takes it back.
            let _ = give_back.send(piece);
        }
        Ok(())
    })?;
    file.unchanged()?;
    Ok(digest::hex(&hash.finalize()))
}

/// Reads the file piece by piece, until its end, a failure, or nobody wants more.
fn read_ahead(file: &LocalFile, send: &SyncSender<Result<Vec<u8>>>, spent: &Receiver<Vec<u8>>) {
    let mut offset = 0;
    while offset < file.size() {
        let step = usize::try_from(file.size() - offset).map_or(STEP, |left| left.min(STEP));
        let mut piece = spent.try_recv().unwrap_or_default();
        piece.resize(step, 0);
        let read = file.read_at(offset, &mut piece).map(|()| piece);
        let failed = read.is_err();
        if send.send(read).is_err() || failed {
            return;
        }
        offset += u64::try_from(step).unwrap_or(u64::MAX);
    }
}

/// Sums that earlier passes found: a folder with one small file for each state of a file.
///
/// A file is known by device, inode, size and time of writing, so nothing is remembered where the system tells no inode
/// (Windows). An entry that cannot be read or does not fit counts as none, and one that cannot be written is left out.
///
/// ```no_run
/// use cloud_import_core::Stop;
/// use cloud_import_staging::{HashCache, Hashed, LocalFile};
///
/// # async fn hash() -> cloud_import_core::Result<()> {
/// let cache = HashCache::new("hashes");
/// let file = LocalFile::open("web.qcow2")?;
/// let hashed = Hashed::of(&file, Some(&cache), |bytes| println!("{bytes}"), &Stop::default()).await?;
/// println!("{}", hashed.sha256);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct HashCache {
    folder: PathBuf,
}

/// An entry is this small.
const ENTRY_BYTES: u64 = 4096;

/// Some file systems tell the time of writing by two seconds: a younger file may yet change without showing it.
const SETTLED_SECONDS: i64 = 2;

#[derive(Serialize, Deserialize)]
struct Entry {
    stamp: FileStamp,
    sha256: String,
}

impl HashCache {
    /// Keeps its entries in this folder, which is made when there is something to keep.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, stamp: &FileStamp) -> PathBuf {
        let FileStamp {
            device,
            inode,
            size,
            modified_seconds,
            modified_nanos,
        } = stamp;
        self.folder.join(format!(
            "{device:x}-{inode:x}-{size:x}-{modified_seconds:x}-{modified_nanos:x}.json"
        ))
    }

    fn get(&self, stamp: &FileStamp) -> Option<String> {
        let text = env::read_file(&self.path(stamp), ENTRY_BYTES).ok()??;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let is_sum = entry.sha256.len() == 64 && entry.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (entry.stamp == *stamp && is_sum).then_some(entry.sha256)
    }

    fn put(&self, stamp: &FileStamp, sha256: &str) {
        let now = SystemEnv.now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        if stamp.inode == 0 || now.saturating_sub(stamp.modified_seconds) < SETTLED_SECONDS {
            return;
        }
        let path = self.path(stamp);
        let entry = Entry {
            stamp: *stamp,
            sha256: sha256.to_owned(),
        };
        let kept = std::fs::create_dir_all(&self.folder).and_then(|()| {
            // Two processes may come here at once: each has a temporary file of its own.
            let nonce = SystemEnv.nonce().map_err(std::io::Error::other)?;
            env::replace_file(&path, &path.with_extension(nonce), &serde_json::to_vec(&entry)?)
        });
        if let Err(error) = kept {
            tracing::debug!(folder = %self.folder.display(), %error, "the sum of a file was not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::Path,
        sync::Mutex,
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::scratch::Scratch;

    /// Known: the file as it was, long ago.
    fn settled(path: &Path) -> LocalFile {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.set_modified(long_ago).unwrap();
        LocalFile::open(path).unwrap()
    }

    async fn hashed(file: &LocalFile, cache: &HashCache) -> Hashed {
        Hashed::of(file, Some(cache), |_| {}, &Stop::default()).await.unwrap()
    }

    #[tokio::test]
    async fn the_sum_is_right_and_progress_reaches_the_end() {
        let folder = Scratch::new();
        let content = vec![7; 3 * STEP + 11];
        let file = LocalFile::open(folder.file("image", &content)).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = seen.clone();
        let progress = move |bytes| told.lock().unwrap().push(bytes);
        let found = Hashed::of(&file, None, progress, &Stop::default()).await.unwrap();
        assert_eq!(found.sha256, digest::sha256_hex(&content));
        let seen = seen.lock().unwrap();
        assert_eq!((seen.len(), seen.last().copied()), (4, Some(file.size())));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_is_read_once_until_it_changes() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let path = folder.file("image", b"one");
        let first = hashed(&settled(&path), &cache).await;
        assert!(!first.from_cache);
        let second = hashed(&settled(&path), &cache).await;
        assert!(second.from_cache);
        assert_eq!(second.sha256, first.sha256);
        fs::write(&path, b"three").unwrap();
        let third = hashed(&settled(&path), &cache).await;
        assert!(!third.from_cache);
        assert_eq!(third.sha256, digest::sha256_hex(b"three"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_just_written_is_not_remembered() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let file = LocalFile::open(folder.file("image", b"one")).unwrap();
        assert!(!hashed(&file, &cache).await.from_cache);
        assert!(!hashed(&file, &cache).await.from_cache);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_wrong_or_unreadable_entry_counts_as_none() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let path = folder.file("image", b"one");
        let file = settled(&path);
        let right = hashed(&file, &cache).await.sha256;
        let entry = cache.path(&file.stamp());
        let text = fs::read_to_string(&entry).unwrap();
        for broken in [
            "{",
            "",
            &text.replace(&right, "beef"),
            &text.replace(r#""size":3"#, r#""size":4"#),
            &" ".repeat(5000),
        ] {
            fs::write(&entry, broken).unwrap();
            let found = hashed(&file, &cache).await;
            assert_eq!((found.from_cache, &found.sha256), (false, &right), "{broken}");
        }
        assert!(hashed(&file, &cache).await.from_cache);
    }

    #[tokio::test]
    async fn a_stop_ends_it() {
        let folder = Scratch::new();
        let file = LocalFile::open(folder.file("image", b"one")).unwrap();
        let stop = Stop::default();
        stop.request();
        let error = Hashed::of(&file, None, |_| {}, &stop).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stopped);
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_an_error() {
        let folder = Scratch::new();
        let path = folder.file("image", &vec![1; 2 * STEP]);
        let file = LocalFile::open(&path).unwrap();
        let grow = |_| fs::write(&path, vec![2; 4 * STEP]).unwrap();
        let error = sha256(&file, &grow, || false).unwrap_err();
        assert_eq!(error.code(), Some(crate::file::CHANGED));
    }
}
