//! The one pass over a file that names its content: SHA-256, remembered by what the file is. Sends nothing.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
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
            let began = SystemEnv.now();
            if let Some(sha256) = cache.as_ref().and_then(|cache| cache.get(&file)) {
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
                cache.put(&Entry::new(&file, sha256.clone(), began));
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

/// Sums that earlier passes found: a private folder with one small file for each file.
///
/// A file is known again by its whole [`FileStamp`] (and the [form](LocalFile::read_as) in which it was read), and only if its last change was over before the pass began, by more than the step in
/// which file systems tell time. Nothing is remembered where the system tells no inode (Windows), and of files whose time of
/// change is but a copy of the time of writing, which anybody may set (FAT, SFTP). An entry that cannot be read or does not fit counts
/// as none, and so does one of an earlier version, which does not say when the pass began; one that cannot be written is left out.
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
    is_asked: bool,
}

/// An entry is this small, and one with notes this large: 16 MiB of them, as text.
const ENTRY_BYTES: u64 = 4096;
const NOTED_BYTES: u64 = 24 << 20;

/// Some file systems tell time by two seconds: a file that changed later than this before a pass may have changed during it without
/// showing it.
const SETTLED_SECONDS: i64 = 2;

/// Of file systems that have no time of change, those with the finest times tell them by a hundredth of a second (exFAT).
const COPIED_STEP_NANOS: u32 = 10_000_000;

#[derive(Serialize, Deserialize)]
struct Entry {
    stamp: FileStamp,
    sha256: String,
    /// When the pass began, in seconds since 1970. Entries of before do not say.
    #[serde(default)]
    began: i64,
    /// The name of the form in which it was read, where it was not read as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<String>,
    /// What was found in the file for that, in Base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    notes: String,
}

impl Entry {
    fn new(file: &LocalFile, sha256: String, began: SystemTime) -> Self {
        let form = file.form();
        // What was found before the pass is of the file as it was then.
        let began = form.map_or(began, |form| form.began.min(began));
        let began = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            stamp: file.stamp(),
            sha256,
            began: i64::try_from(began.as_secs()).unwrap_or_default(),
            form: form.map(|form| form.name.clone()),
            notes: form.map(|form| STANDARD.encode(&form.notes)).unwrap_or_default(),
        }
    }

    /// Whether it speaks for every later file with this stamp.
    fn is_trusted(&self) -> bool {
        let stamp = &self.stamp;
        let is_a_copy = (stamp.changed_seconds, stamp.changed_nanos) == (stamp.modified_seconds, stamp.modified_nanos)
            && stamp.changed_nanos.is_multiple_of(COPIED_STEP_NANOS);
        stamp.inode != 0 && !is_a_copy && self.began.saturating_sub(stamp.changed_seconds) > SETTLED_SECONDS
    }
}

impl HashCache {
    /// Keeps its entries in this folder, which is made when there is something to keep.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            is_asked: true,
        }
    }

    /// Reads every file anew, and remembers what that found.
    #[must_use]
    pub fn rehash(mut self, rehash: bool) -> Self {
        self.is_asked = !rehash;
        self
    }

    /// The notes of the form of this name in which the file was read by an earlier pass, if its sum is known from that.
    pub fn notes(&self, file: &LocalFile, form: &str) -> Option<Vec<u8>> {
        STANDARD.decode(self.entry(&file.stamp(), Some(form))?.notes).ok()
    }

    fn path(&self, stamp: &FileStamp, form: Option<&str>) -> PathBuf {
        let form = form.map(|form| format!(".{form}")).unwrap_or_default();
        self.folder
            .join(format!("{:x}-{:x}{form}.json", stamp.device, stamp.inode))
    }

    fn get(&self, file: &LocalFile) -> Option<String> {
        let form = file.form().map(|form| form.name.as_str());
        Some(self.entry(&file.stamp(), form)?.sha256)
    }

    fn entry(&self, stamp: &FileStamp, form: Option<&str>) -> Option<Entry> {
        if !self.is_asked {
            return None;
        }
        let most = if form.is_some() { NOTED_BYTES } else { ENTRY_BYTES };
        let text = env::read_private_file(&self.path(stamp, form), most).ok()??;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let is_sum = entry.sha256.len() == 64 && entry.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_it = entry.stamp == *stamp && entry.form.as_deref() == form;
        (is_it && entry.is_trusted() && is_sum).then_some(entry)
    }

    fn put(&self, entry: &Entry) {
        if !entry.is_trusted() {
            return;
        }
        let path = self.path(&entry.stamp, entry.form.as_deref());
        let kept = env::make_private_folder(&self.folder).and_then(|()| {
            // Two processes may come here at once: each has a temporary file of its own.
            let nonce = SystemEnv.nonce().map_err(std::io::Error::other)?;
            env::replace_file(&path, &path.with_extension(nonce), &serde_json::to_vec(entry)?)
        });
        if let Err(error) = kept {
            tracing::debug!(folder = %self.folder.display(), %error, "the sum of a file was not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Mutex, time::Duration};

    use super::*;
    use crate::{
        form::{Bytes, Form},
        scratch::Scratch,
    };

    /// What a pass over the file as it is now finds when it begins so much later.
    fn put_later(cache: &HashCache, file: &LocalFile, sha256: &str, later: Duration) {
        cache.put(&Entry::new(file, sha256.to_owned(), SystemEnv.now() + later));
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

    const LATER: Duration = Duration::from_secs(10);

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_is_read_once_until_it_changes_however_its_dates_are_set() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let path = folder.file("image", b"one");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clamped = || {
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_modified(long_ago).unwrap();
            LocalFile::open(&path).unwrap()
        };
        let first = clamped();
        let sha256 = hashed(&first, &cache).await.sha256;
        assert_eq!(
            fs::read_dir(folder.path().join("cache")).ok().map(Iterator::count),
            None,
            "it is too young"
        );
        put_later(&cache, &first, &sha256, LATER);
        assert!(hashed(&first, &cache).await.from_cache);
        let anew = hashed(&first, &cache.clone().rehash(true)).await;
        assert!(!anew.from_cache && anew.sha256 == sha256);
        // Another content of the same size, inode and time of writing.
        thread::sleep(Duration::from_millis(20));
        fs::write(&path, b"two").unwrap();
        let second = clamped();
        assert_eq!(second.stamp().inode, first.stamp().inode);
        let found = hashed(&second, &cache).await;
        assert_eq!((found.from_cache, found.sha256), (false, digest::sha256_hex(b"two")));
    }

    #[cfg(unix)]
    #[test]
    fn only_what_was_settled_before_the_pass_began_is_remembered() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let file = LocalFile::open(folder.file("image", b"one")).unwrap();
        let sha256 = digest::sha256_hex(b"one");
        for (later, is_known) in [(0, false), (1, false), (10, true)] {
            put_later(&cache, &file, &sha256, Duration::from_secs(later));
            assert_eq!(cache.get(&file).is_some(), is_known, "{later}");
        }
        let entry = |change: &dyn Fn(&mut FileStamp)| {
            let mut entry = Entry::new(&file, sha256.clone(), SystemEnv.now() + LATER);
            change(&mut entry.stamp);
            entry.is_trusted()
        };
        assert!(entry(&|_| {}));
        assert!(!entry(&|stamp| stamp.inode = 0));
        let copied = |nanos| {
            entry(&move |stamp: &mut FileStamp| {
                (stamp.modified_seconds, stamp.modified_nanos) = (stamp.changed_seconds, nanos);
                stamp.changed_nanos = nanos;
            })
        };
        assert!(!copied(0) && !copied(250_000_000) && copied(123_456_789));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_wrong_unreadable_or_earlier_entry_counts_as_none() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let file = LocalFile::open(folder.file("image", b"one")).unwrap();
        let right = hashed(&file, &cache).await.sha256;
        put_later(&cache, &file, &right, LATER);
        let entry = cache.path(&file.stamp(), None);
        let text = fs::read_to_string(&entry).unwrap();
        let (began, _) = text.rsplit_once(r#","began""#).unwrap();
        for broken in [
            "{",
            "",
            &text.replace(&right, "beef"),
            &text.replace(r#""size":3"#, r#""size":4"#),
            &format!("{began}}}"),
            &" ".repeat(5000),
        ] {
            fs::write(&entry, broken).unwrap();
            let found = hashed(&file, &cache).await;
            assert_eq!((found.from_cache, &found.sha256), (false, &right), "{broken}");
        }
        fs::write(&entry, &text).unwrap();
        assert!(hashed(&file, &cache).await.from_cache);
        let elsewhere = folder.file("elsewhere", text.as_bytes());
        fs::remove_file(&entry).unwrap();
        std::os::unix::fs::symlink(elsewhere, &entry).unwrap();
        assert!(!hashed(&file, &cache).await.from_cache, "a link is nobody's entry");
    }

    /// The bytes of another file, as those of this one.
    #[derive(Debug)]
    struct Other(Vec<u8>);

    impl Bytes for Other {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
            buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
            Ok(())
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn each_form_of_a_file_has_its_own_sum_and_notes() {
        let folder = Scratch::new();
        let cache = HashCache::new(folder.path().join("cache"));
        let file = LocalFile::open(folder.file("image", b"one")).unwrap();
        let looked = SystemEnv.now() + LATER;
        let form = |name: &str, began| {
            let form = Form::new(name, Arc::new(Other(vec![9; STEP + 5])));
            file.read_as(form.with_notes(b"what is in it".to_vec(), began))
        };
        let two = form("two-1", looked);
        assert_eq!(
            (two.size(), two.path(), two.stamp()),
            (STEP as u64 + 5, file.path(), file.stamp())
        );
        let found = hashed(&two, &cache).await;
        assert_eq!(found.sha256, digest::sha256_hex(&vec![9; STEP + 5]));
        put_later(&cache, &two, &found.sha256, LATER);
        let again = hashed(&two, &cache).await;
        assert_eq!((again.from_cache, &again.sha256), (true, &found.sha256));
        assert_eq!(
            cache.notes(&file, "two-1").as_deref(),
            Some(b"what is in it".as_slice())
        );
        for known_as in [file.clone(), form("two-2", looked)] {
            assert!(!hashed(&known_as, &cache).await.from_cache);
        }
        assert_eq!(
            (
                cache.notes(&file, "two-2"),
                cache.clone().rehash(true).notes(&file, "two-1")
            ),
            (None, None)
        );
        // What was looked at too soon counts for nothing, however late the pass was.
        let early = form("early-1", SystemEnv.now());
        put_later(&cache, &early, &found.sha256, LATER);
        assert_eq!(cache.notes(&file, "early-1"), None);
        // The entry of one form is not that of another.
        let (from, to) = [Some("two-1"), Some("two-2")]
            .map(|form| cache.path(&file.stamp(), form))
            .into();
        fs::copy(from, to).unwrap();
        assert_eq!(cache.notes(&file, "two-2"), None);
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
