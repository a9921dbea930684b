//! The dialects, one per store, each behind its feature. They build, sign and read; they send nothing.

mod buckets;
#[cfg(feature = "cos")]
pub(crate) mod cos;
#[cfg(feature = "obs")]
pub(crate) mod obs;
#[cfg(feature = "oss")]
pub(crate) mod oss;
mod plain;
mod rest;
#[cfg(feature = "s3")]
pub(crate) mod s3;
pub(crate) mod signer;
mod site;
#[cfg(feature = "us3")]
pub(crate) mod us3;
mod v4;

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, Provider, Result};

use crate::{bucket::Bucket, dialect::Dialect, generated};

/// The dialect of a bucket's store.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when it was not built in; [`ErrorKind::InvalidRequest`] for a region that makes no host.
pub(crate) fn of(bucket: &Bucket) -> Result<Arc<dyn Dialect>> {
    let provider = bucket.provider;
    let Some(spec) = generated::of(provider) else {
        return Err(not_built_in(provider, "of this store"));
    };
    match provider {
        #[cfg(feature = "s3")]
        Provider::JDCLOUD => {
            let region = bucket.region.clone();
            rest::store(bucket, spec, s3::Signer { region })
        }
        #[cfg(feature = "cos")]
        Provider::TENCENT => rest::store(bucket, spec, cos::Signer::default()),
        #[cfg(feature = "obs")]
        Provider::HUAWEI => {
            let name = bucket.name_in_host();
            rest::store(bucket, spec, obs::Signer { bucket: name })
        }
        #[cfg(feature = "oss")]
        Provider::ALIYUN => {
            let signer = oss::Signer {
                region: bucket.region.clone(),
                bucket: bucket.name_in_host(),
                version: oss::SignatureVersion::V4,
            };
            rest::store(bucket, spec, signer)
        }
        #[cfg(feature = "us3")]
        Provider::UCLOUD => Ok(Arc::new(us3::Us3::new(bucket, spec)?)),
        _ => Err(not_built_in(provider, spec.feature)),
    }
}

fn not_built_in(provider: Provider, feature: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the object storage of {} was not built in", provider.name()),
    )
    .with_provider(provider)
    .with_remedy(format!("Build cloud-import-staging with its feature `{feature}`."))
}
