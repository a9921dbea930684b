//! Places of buckets and objects as people write them.

use std::{ffi::OsStr, path::PathBuf};

use cloud_import::{Error, ErrorKind, Provider, Result};
use cloud_import_sim::Cloud;

/// A cloud as people write it.
fn cloud(text: &str) -> Option<Cloud> {
    let provider: Provider = text.parse().ok()?;
    provider.id().parse().ok()
}

/// `PROVIDER/REGION/NAME`.
pub(super) fn bucket(text: &str) -> Result<(Cloud, String, String)> {
    let refuse = || {
        let message = format!("bucket `{text}` is not of the form PROVIDER/REGION/NAME");
        Error::new(ErrorKind::InvalidRequest, message).with_remedy("For example: aliyun/cn-hangzhou/my-bucket.")
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [cloud, region, name] if !region.is_empty() && !name.is_empty() => Ok((
            self::cloud(cloud).ok_or_else(refuse)?,
            region.to_owned(),
            name.to_owned(),
        )),
        _ => Err(refuse()),
    }
}

pub(super) struct Object {
    pub(super) cloud: Cloud,
    pub(super) region: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) file: PathBuf,
}

/// `PROVIDER/REGION/BUCKET/KEY=FILE`.
pub(super) fn object(text: &OsStr) -> Result<Object> {
    let refuse = || {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "object `{}` is not of the form PROVIDER/REGION/BUCKET/KEY=FILE",
                text.display()
            ),
        )
        .with_remedy("For example: aliyun/cn-hangzhou/my-bucket/images/web.qcow2=./web.qcow2.")
    };
    let (place, file) = text.to_str().and_then(|text| text.split_once('=')).ok_or_else(refuse)?;
    let mut parts = place.splitn(4, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or_else(refuse);
    Ok(Object {
        cloud: cloud(next()?).ok_or_else(refuse)?,
        region: next()?.to_owned(),
        bucket: next()?.to_owned(),
        key: next()?.to_owned(),
        file: PathBuf::from(file),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_placed() {
        let found = object(OsStr::new("aliyun/cn-hangzhou/b/dir/k.qcow2=/tmp/f")).unwrap();
        assert_eq!(
            (found.cloud, found.bucket.as_str(), found.key.as_str()),
            (Cloud::Aliyun, "b", "dir/k.qcow2")
        );
        assert_eq!(object(OsStr::new("alicloud/r/b/k=f")).unwrap().cloud, Cloud::Aliyun);
        for bad in ["", "aliyun/r/b/k", "aws/r/b/k=f", "aliyun/r//k=f", "aliyun/r/b=f"] {
            assert!(object(OsStr::new(bad)).is_err(), "{bad}");
        }
    }
}
