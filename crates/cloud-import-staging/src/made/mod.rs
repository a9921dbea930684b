//! Buckets that this tool makes and removes: what it says of them, and the mark by which it knows its own. Knows no store.

mod create;
mod plan;
mod remove;

pub use plan::PlannedRequest;

use cloud_import_core::{Bytes, Error, ErrorKind, Provider, Result, http::Response};

use crate::{
    bucket::Bucket,
    dialect::Call,
    questions::explained,
    store::{Store, nothing, unless_gone},
};

/// The object that marks a bucket of this tool where buckets have no tags.
pub const MARK_OBJECT: &str = ".cloud-import-bucket";

/// The tag that marks one where they have: its name and its value.
pub const MARK_TAG: [&str; 2] = ["made-by", "cloud-import"];

/// What the object says to people who come upon it.
const MARK_TEXT: &str = "This bucket was made by cloud-import, which removes only what it made. Keep this object.\n";

/// After how many days unfinished uploads expire.
const DAYS: u32 = 7;

/// How a bucket of this tool is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// By its tag, [`MARK_TAG`].
    Tag,
    /// By an object in it, [`MARK_OBJECT`].
    Object,
}

/// Something that was to be set of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// It is set, in this way.
    Set(String),
    /// It is not, for this reason.
    NotSet(String),
}

/// A bucket of this tool's, as [`Store::create_bucket`] left it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MadeBucket {
    /// Whether this call made it: else it was there already.
    pub created: bool,
    /// How it is known.
    pub mark: Mark,
    /// Whether the store showed the mark when it was asked afterwards. Until it does, only who made it knows.
    pub mark_shown: bool,
    /// How it encrypts what is put into it, in the vendor's word.
    pub encryption: Setting,
    /// After how long unfinished uploads expire.
    pub unfinished_uploads: Setting,
}

/// Whose a bucket is, as [`Store::bucket_standing`] finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// There is none of that name.
    Absent,
    /// This tool made it: it has the mark.
    Ours,
    /// It is this account's, and has no mark.
    Unmarked,
}

/// What [`Store::remove_bucket`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// It is gone.
    Removed,
    /// There was none of that name.
    NotThere,
    /// It holds something, and nothing was changed.
    NotEmpty {
        /// How many objects are in it beside the mark; 10,000 stand for as many or more.
        objects: usize,
        /// How many unfinished uploads, of one page; `None` where the store does not list them.
        uploads: Option<usize>,
    },
}

impl Store {
    /// Whether the bucket is there, and whether it has this tool's mark.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a name that the store does not allow, before anything is sent;
    /// [`ErrorKind::PermissionDenied`] for another account's bucket; every kind that a request can end with.
    pub async fn bucket_standing(&self) -> Result<Standing> {
        self.check_name()?;
        Ok(match self.bucket_is_there().await? {
            false => Standing::Absent,
            true if self.is_marked().await? => Standing::Ours,
            true => Standing::Unmarked,
        })
    }

    /// Whether there is a bucket of its name. That another account has it is an error.
    async fn bucket_is_there(&self) -> Result<bool> {
        let spec = self.dialect().spec();
        let look = match spec.asks_location {
            true => self.look(Call::HeadBucket, Call::GetBucketLocation, nothing).await,
            false => {
                let read = |answer: &Response<Bytes>| self.dialect().bucket(answer).map(drop);
                self.call(Call::HeadBucket, read).await
            }
        };
        match look {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(explained(error, self.bucket())),
        }
    }

    /// How a bucket of this store is marked.
    fn mark(&self) -> Mark {
        match self.dialect().spec().new_bucket.tagged {
            true => Mark::Tag,
            false => Mark::Object,
        }
    }

    /// Whether the bucket has the mark.
    async fn is_marked(&self) -> Result<bool> {
        match self.mark() {
            Mark::Tag => Ok(is_mark(&self.tags().await?)),
            Mark::Object => Ok(self.head(MARK_OBJECT).await?.is_some()),
        }
    }

    /// The bucket's tags. That it has none may be told as an error.
    async fn tags(&self) -> Result<Vec<(String, String)>> {
        let read = |answer: &Response<Bytes>| self.dialect().tags(answer.body());
        let tags = unless_gone(self.call(Call::GetBucketTagging, read).await)?;
        Ok(tags.unwrap_or_default())
    }

    /// Marks the bucket, and leaves its other tags as they are.
    async fn put_mark(&self) -> Result<()> {
        match self.mark() {
            Mark::Object => {
                let text = Bytes::from_static(MARK_TEXT.as_bytes());
                self.put(MARK_OBJECT, text, None, None).await.map(drop)
            }
            Mark::Tag => {
                let mut tags = self.tags().await?;
                tags.retain(|(name, _)| name != MARK_TAG[0]);
                tags.push(own_tag());
                self.call(Call::PutBucketTagging { tags: &tags }, nothing).await
            }
        }
    }

    /// Every rule that its name breaks, before anything is sent.
    fn check_name(&self) -> Result<()> {
        let problems = self.bucket().problems();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(self.bucket().provider, problems)),
        }
    }
}

fn own_tag() -> (String, String) {
    (MARK_TAG[0].to_owned(), MARK_TAG[1].to_owned())
}

fn is_mark(tags: &[(String, String)]) -> bool {
    tags.contains(&own_tag())
}

/// That a bucket is there and was made otherwise.
fn not_ours(bucket: &Bucket, remedy: &str) -> Error {
    let message = format!("the bucket `{}` is there, and was not made by this tool", bucket.name);
    conflict(bucket.provider, message, remedy.to_owned())
}

fn conflict(provider: Provider, message: String, remedy: String) -> Error {
    Error::new(ErrorKind::Conflict, message)
        .with_provider(provider)
        .with_remedy(remedy)
}
