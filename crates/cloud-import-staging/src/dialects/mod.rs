//! The dialects, one per store, each behind its feature. They build, sign and read; they send nothing.

#[cfg(feature = "cos")]
pub(crate) mod cos;
#[cfg(feature = "obs")]
pub(crate) mod obs;
#[cfg(feature = "oss")]
pub(crate) mod oss;
#[cfg(any(feature = "oss", feature = "obs"))]
mod plain;
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs"))]
mod rest;
#[cfg(feature = "s3")]
pub(crate) mod s3;
#[cfg(any(feature = "s3", feature = "oss", feature = "cos", feature = "obs", feature = "us3"))]
mod site;
#[cfg(feature = "us3")]
pub(crate) mod us3;

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, Provider, Result};

use crate::{bucket::Bucket, dialect::Dialect};

/// The dialect of a bucket's store.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when it was not built in; [`ErrorKind::InvalidRequest`] for a region that makes no host.
pub(crate) fn of(bucket: &Bucket) -> Result<Arc<dyn Dialect>> {
    match bucket.provider {
        #[cfg(feature = "s3")]
        Provider::Jdcloud => Ok(Arc::new(s3::store(bucket)?)),
        #[cfg(feature = "cos")]
        Provider::Tencent => Ok(Arc::new(cos::store(bucket)?)),
        #[cfg(feature = "obs")]
        Provider::Huawei => Ok(Arc::new(obs::store(bucket)?)),
        #[cfg(feature = "oss")]
        Provider::Aliyun => Ok(Arc::new(oss::store(bucket)?)),
        #[cfg(feature = "us3")]
        Provider::Ucloud => Ok(Arc::new(us3::Us3::new(bucket)?)),
        provider => Err(not_built_in(provider)),
    }
}

/// What US3 calls a region of UCloud's API, in its hosts and its descriptions of buckets: only Beijing's differs. Source: UCloud
/// documentation, UFile, `introduction/region.md`.
pub(crate) fn us3_region(region: &str) -> &str {
    match region {
        "cn-bj2" => "cn-bj",
        other => other,
    }
}

fn not_built_in(provider: Provider) -> Error {
    let feature = match provider {
        Provider::Jdcloud => "s3",
        Provider::Tencent => "cos",
        Provider::Huawei => "obs",
        Provider::Aliyun => "oss",
        Provider::Ucloud => "us3",
        _ => "of this store",
    };
    Error::new(
        ErrorKind::Unsupported,
        format!("the object storage of {} was not built in", provider.name()),
    )
    .with_provider(provider)
    .with_remedy(format!("Build cloud-import-staging with its feature `{feature}`."))
}
