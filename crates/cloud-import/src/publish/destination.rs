//! Where an image goes, and which place that is, whatever it is called.

use std::sync::Arc;

use cloud_import_core::{
    Credentials, Disk, Error, ErrorKind, ImageImporter, ImportRequest, Os, Pace, Result, credentials::CredentialSource,
    provider::digest,
};
use cloud_import_staging::{Bucket, Store};
use serde_json::Value;

use super::{
    origin::Origin,
    store::{Asked, DRY_RUN, Place, Release},
};

/// Where one image goes: a cloud, the order for it, and the bucket that a file is put into.
///
/// What identifies it is the place: cloud, region, endpoint, project, account as far as the keys tell it, and the image's name.
/// Permanent keys tell it by their id; temporary ones and tokens by what their source
/// [describes](CredentialSource::describe). The label is for people.
///
/// ```no_run
/// use cloud_import::{Os, Settings, Target, connect, publish::Destination};
///
/// # fn destination() -> cloud_import::Result<Destination> {
/// let target: Target = "tencent/ap-guangzhou".parse()?;
/// let importer = connect(target.provider, Settings::new(&target.region))?;
/// let destination = Destination::new(importer)
///     .name("web-2026-11")
///     .os(Os::new("CentOS", "7.9"))
///     .bucket_named("images-1250000000")?;
/// # Ok(destination) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct Destination {
    /// What people call it; unique within a call.
    pub label: String,
    /// The cloud.
    pub importer: Arc<dyn ImageImporter>,
    /// The order. Of a file that is staged, source, format, sizes and content hash of its first disk are filled in.
    pub order: ImportRequest,
    /// The bucket that a file is put into.
    pub bucket: Option<Store>,
    /// What is kept with its record: see [`Publish::asked`](super::Publish::asked).
    pub asked: Option<Value>,
    /// What keys of objects that are staged for it begin with; `None`: as [`Publish::prefix`](super::Publish::prefix) says.
    pub prefix: Option<String>,
    /// Whether what is staged for it stays; `None`: as [`Publish::keep_object`](super::Publish::keep_object) says.
    pub keep_object: Option<bool>,
    /// Whether another image is made although there is one; `None`: as [`Publish::again`](super::Publish::again) says.
    pub again: Option<bool>,
    /// Buckets in which disks of the order lie already. A cloud that reads disks by links is given links into these, signed with
    /// the bucket's keys, anew for each attempt; without its bucket, such a disk is refused there. The objects are the user's: none
    /// is ever deleted.
    pub reads: Vec<Store>,
    /// What is done with the image once it is there.
    pub release: Option<Release>,
    /// The destination whose image it is a copy of.
    pub(crate) copied_from: Option<Origin>,
}

impl Destination {
    /// The cloud and region of an importer, with that as its label: `aliyun/cn-hangzhou`.
    pub fn new(importer: impl Into<Arc<dyn ImageImporter>>) -> Self {
        let importer = importer.into();
        let mut order = ImportRequest::new("", Disk::object("", ""));
        order.disks.clear();
        Self {
            label: format!("{}/{}", importer.provider(), importer.region()),
            importer,
            order,
            bucket: None,
            asked: None,
            prefix: None,
            keep_object: None,
            again: None,
            reads: Vec::new(),
            release: None,
            copied_from: None,
        }
    }

    /// Says how people call it.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the image's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.order.name = name.into();
        self
    }

    /// Sets the guest's operating system.
    pub fn os(mut self, os: Os) -> Self {
        self.order.os = Some(os);
        self
    }

    /// Sets the whole order, for what else it says. Where a file is staged, its first disk may be missing.
    pub fn order(mut self, order: ImportRequest) -> Self {
        self.order = order;
        self
    }

    /// Sets the bucket that a file is put into.
    pub fn bucket(mut self, bucket: Store) -> Self {
        self.bucket = Some(bucket);
        self
    }

    /// Keeps with its record what was asked for it alone: see [`Publish::asked`](super::Publish::asked).
    pub fn asked(mut self, target: Value) -> Self {
        self.asked = Some(target);
        self
    }

    /// Sets the bucket by its name, as [`bucket_of`] reaches it.
    ///
    /// # Errors
    /// As [`bucket_of`].
    pub fn bucket_named(self, name: &str) -> Result<Self> {
        let bucket = bucket_of(&*self.importer, name)?;
        Ok(self.bucket(bucket))
    }

    /// Adds a bucket in which disks of the order lie already: see [`Self::reads`](field@Self::reads).
    pub fn reads(mut self, bucket: Store) -> Self {
        self.reads.push(bucket);
        self
    }

    /// Shares, tags and offers the image so once it is there, and deprecates the one that was the newest of its family before, where
    /// that is asked for: each step is recorded, and a repeat goes on with it.
    pub fn release(mut self, release: Release) -> Self {
        self.release = Some(release);
        self
    }

    /// Makes its image a copy of the one of another destination of the same call and the same cloud, as soon as that is usable: nothing
    /// is staged for it. Name, description, tags and options are its own order's; system and disks are those of the image.
    pub fn copy_of(mut self, other: &Self) -> Self {
        self.copied_from = Some(Origin::new(&other.label, &*other.importer, &other.order));
        self
    }

    /// The label of the destination whose image it is a copy of.
    pub fn copied_from(&self) -> Option<&str> {
        self.copied_from.as_ref().map(|origin| origin.label.as_str())
    }

    /// With its bucket within these limits.
    pub(crate) fn paced(&self, pace: &Pace) -> Self {
        let mut paced = self.clone();
        paced.bucket = paced.bucket.map(|bucket| bucket.paced(pace.clone()));
        paced
    }

    /// What is kept of what was asked for, beside what all have in common, which is kept under this key.
    pub(crate) fn kept(&self, order: Option<&str>) -> Option<Asked> {
        let target = self.asked.clone()?;
        let order = order?.to_owned();
        Some(Asked { order, target })
    }

    /// The name of its record where no other is known.
    pub(crate) fn record_name(&self) -> String {
        let ending = if self.order.dry_run { DRY_RUN } else { "" };
        format!("{}{ending}", self.label)
    }

    /// Which place an order of it goes to. Looks at files, and sends what it takes to have keys; where they cannot be had, that is
    /// told when they are needed.
    pub(crate) async fn place(&self, order: &ImportRequest) -> Place {
        let importer = &self.importer;
        let connection = importer.connection();
        let own = || importer.project().map(str::to_owned);
        Place {
            endpoint: connection.map(|connection| connection.endpoint.to_string()),
            project: importer
                .prepare(order)
                .map_or_else(|_| own(), |prepared| prepared.into_task().project),
            account: account_of(&**importer).await,
            is_dry_run: order.dry_run,
            ..Place::new(importer.provider(), importer.region(), &order.name)
        }
    }
}

/// The bucket of this name in an importer's region and account, reached as the importer reaches its API. Parts of a large file may
/// take longer than calls of an API: for those, make a [`Store`] with a transport of its own.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when name or region make no host; [`ErrorKind::Unsupported`] for an importer without a
/// connection.
pub fn bucket_of(importer: &dyn ImageImporter, name: &str) -> Result<Store> {
    let provider = importer.provider();
    let connection = importer.connection().ok_or_else(|| {
        let message = "this importer has no connection to share with a bucket";
        Error::new(ErrorKind::Unsupported, message).with_provider(provider)
    })?;
    let bucket = Bucket::new(provider, importer.region(), name)?.api(connection.endpoint.clone());
    Store::new(bucket, connection.pipeline.clone())
}

/// What the keys of an importer tell of their account, as a hash; `None` when there are none to be had.
pub(crate) async fn account_of(importer: &dyn ImageImporter) -> Option<String> {
    account(&*importer.connection()?.pipeline.credentials).await
}

/// What keys tell of their account, as a hash; `None` when there are none to be had.
async fn account(source: &dyn CredentialSource) -> Option<String> {
    let credentials: Credentials = source.credentials().await.ok()?;
    let told = match credentials.keys() {
        Ok(keys) if keys.security_token.is_none() => format!("key\n{}", keys.access_key_id),
        // Keys for an hour have another id in the next.
        _ => format!("source\n{}", source.describe().ok()?),
    };
    Some(digest::sha256_hex(told.as_bytes())[..16].to_owned())
}

#[cfg(test)]
mod tests {
    use cloud_import_core::BoxFuture;

    use super::*;

    #[derive(Debug)]
    struct From(Option<Credentials>, &'static str);

    impl CredentialSource for From {
        fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
            let none = || Error::new(ErrorKind::Credentials, "none");
            Box::pin(std::future::ready(self.0.clone().ok_or_else(none)))
        }

        fn describe(&self) -> Result<String> {
            Ok(self.1.to_owned())
        }
    }

    #[tokio::test]
    async fn an_account_is_told_by_what_stays_the_same() {
        let keys = |id: &str, secret: &str| Some(Credentials::new(id, secret));
        let role = |id: &str| Some(Credentials::temporary(id, "s", "t"));
        let told = async |keys, from| account(&From(keys, from)).await;
        let one = told(keys("a", "s"), "a profile").await.unwrap();
        assert_eq!(told(keys("a", "another"), "a variable").await.unwrap(), one);
        assert_ne!(told(keys("b", "s"), "a profile").await.unwrap(), one);
        let assumed = told(role("a"), "role/x").await.unwrap();
        assert_eq!(
            told(role("b"), "role/x").await.unwrap(),
            assumed,
            "its keys are new every hour"
        );
        assert_ne!(told(role("a"), "role/y").await.unwrap(), assumed);
        assert_ne!(assumed, one);
        assert_eq!(
            told(Some(Credentials::bearer_token("t")), "role/x").await.unwrap(),
            assumed
        );
        assert_eq!(told(None, "a profile").await, None);
    }
}
