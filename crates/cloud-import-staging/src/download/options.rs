//! What a download is told, what it says of itself and what comes of it. Plain data.

use std::{fmt, path::PathBuf, sync::Arc};

use cloud_import_core::{Error, ErrorKind, Pace, Remedy, Result, remedy::Change};

use crate::{budget::Budget, parts::USUAL_PART};

/// How an object is fetched.
///
/// ```
/// use cloud_import_core::build;
/// use cloud_import_staging::{Budget, DownloadOptions};
///
/// let options = build!(DownloadOptions { parallel: 4, budget: Budget::mib(32) });
/// assert!(!options.overwrite);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DownloadOptions {
    /// Size of a part in bytes; 8 MiB, the most that a transport takes as one answer where it is told of no other bound.
    pub part_size: u64,
    /// How many parts are fetched at the same time, within the budget.
    pub parallel: usize,
    /// The memory for parts, shared with what else goes on in this process.
    pub budget: Budget,
    /// How often a part is tried beyond the retries of a request, with a pause before each.
    pub rounds: u32,
    /// Whether a file that is there already is replaced, once the new one is whole.
    pub overwrite: bool,
    /// The SHA-256 that the content must have, in hex.
    pub expected_sha256: Option<String>,
    /// Is told the SHA-256 of what came, once it is whole and was checked, before the file has its name. Blocks; an error leaves the
    /// parts where they are.
    pub when_whole: Option<WhenWhole>,
}

/// What is done before a file that is whole has its name, so that its caller knows it again. Given its SHA-256 in hex.
#[derive(Clone)]
pub struct WhenWhole(Arc<Told>);

type Told = dyn Fn(&str) -> Result<()> + Send + Sync;

impl WhenWhole {
    /// Does this.
    pub fn new(told: impl Fn(&str) -> Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(super) fn tell(&self, sha256: &str) -> Result<()> {
        (self.0)(sha256)
    }
}

impl fmt::Debug for WhenWhole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WhenWhole(..)")
    }
}

impl Default for DownloadOptions {
    /// Parts of 8 MiB, eight at a time within 64 MiB, three rounds; nothing is overwritten.
    fn default() -> Self {
        Self {
            part_size: USUAL_PART,
            parallel: 8,
            budget: Budget::default(),
            rounds: 3,
            overwrite: false,
            expected_sha256: None,
            when_whole: None,
        }
    }
}

const MIB: u64 = 1 << 20;

impl DownloadOptions {
    /// As many parts at once as these limits allow, and parts that are a second's worth of their rate, of 1 to 8 MiB: a part goes as fast
    /// as the line can. The limits themselves are [`Store::paced`](crate::Store::paced)'s.
    #[must_use]
    pub fn within(mut self, pace: &Pace) -> Self {
        self.parallel = pace.at_once().unwrap_or(self.parallel);
        let second = pace.bytes_per_second().map(|rate| rate.clamp(MIB, USUAL_PART));
        self.part_size = second.unwrap_or(self.part_size);
        self
    }
}

/// What a download says of itself while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownloadProgress {
    /// So many of `total` bytes are in the file.
    Bytes {
        /// Written, in earlier runs too.
        present: u64,
        /// The whole object.
        total: u64,
    },
    /// A part failed and is fetched again after a pause.
    Retrying {
        /// Its first byte.
        first: u64,
        /// Why it failed, in one line.
        reason: String,
    },
    /// Something that the user should know and that does not stop the download, in one line.
    Warning(String),
    /// All is there: so many of `total` bytes were read again and summed.
    Checking {
        /// Read.
        done: u64,
        /// The whole file.
        total: u64,
    },
}

/// Hears of progress. Called from the threads of the runtime; must not block.
pub type OnDownload = Arc<dyn Fn(DownloadProgress) + Send + Sync>;

/// What a file was held against, beside its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckedBy {
    /// The store's CRC-64 of the object.
    Crc64,
    /// The ETag, where that is the MD5 of the object.
    Md5,
    /// The SHA-256 in the object's metadata, by who put it there.
    Metadata,
    /// The SHA-256 that was expected.
    Expected,
}

impl CheckedBy {
    /// A stable, lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crc64 => "crc64",
            Self::Md5 => "md5",
            Self::Metadata => "metadata_sha256",
            Self::Expected => "expected_sha256",
        }
    }
}

/// A file that has an object's content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where it is.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of what is in the file, in lower-case hex.
    pub sha256: String,
    /// The object's ETag, without quotes; empty where the store tells none.
    pub etag: String,
    /// What the content was held against; nothing where neither store nor caller told a sum.
    pub checked_by: Vec<CheckedBy>,
    /// So many bytes were there from an earlier run.
    pub resumed_bytes: u64,
}

/// What comes of a download that was stopped.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the download was stopped")
        .with_may_have_executed(false)
        .with_remedy(Remedy::Repeat(Change::Nothing))
}
