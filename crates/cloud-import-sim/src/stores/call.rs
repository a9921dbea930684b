//! One request to a store, taken apart: bucket, key, operation, parameters. Verifies and executes nothing.

use percent_encoding::percent_decode_str;

use super::{
    operation::{self, Operation},
    rules,
};
use crate::{
    cloud::Cloud,
    objects::{
        About, Bucket, Missing,
        host::{self, StoreHost},
    },
    verify::store::Addressing,
    wire::WireRequest,
    world::World,
};

/// A request to a store.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) cloud: Cloud,
    pub(crate) operation: Operation,
    /// Empty when the request names none.
    pub(crate) bucket: String,
    /// Decoded; empty when the request concerns the bucket.
    pub(crate) key: String,
    /// The region that the host names, in the words of the compute API; `None` for an address.
    pub(crate) region: Option<String>,
    pub(crate) wire: WireRequest,
    path_style: bool,
    query: Vec<(String, String)>,
}

impl Call {
    /// `host`: `None` is an address, by which the bucket stands in the path.
    pub(crate) fn new(cloud: Cloud, host: Option<StoreHost>, wire: WireRequest) -> Self {
        let (named, region) = match host {
            Some(StoreHost { bucket, region }) => (bucket, Some(region)),
            None => (None, None),
        };
        let path_style = named.is_none();
        let path = wire.path.strip_prefix('/').unwrap_or(&wire.path);
        let (bucket, key) = match named {
            Some(bucket) => (bucket, decoded(path)),
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                (decoded(bucket), decoded(key))
            }
        };
        let query = wire.query_pairs();
        let has = |name: &str| query.iter().any(|(known, _)| known == name);
        Call {
            operation: operation::sort(cloud, &wire.method, &bucket, &key, &has),
            cloud,
            bucket,
            key,
            region,
            path_style,
            query,
            wire,
        }
    }

    pub(crate) fn addressing(&self) -> Addressing<'_> {
        if self.path_style {
            Addressing::PathStyle
        } else {
            Addressing::VirtualHost { bucket: &self.bucket }
        }
    }

    /// A parameter of the query; `None` when it is absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The names in the query.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }

    /// A number in the query, cut to `most`; `None` when it is absent or none.
    pub(crate) fn number(&self, name: &str, most: usize) -> Option<usize> {
        let number: usize = self.parameter(name)?.parse().ok()?;
        Some(number.min(most))
    }

    /// The length that the request announces.
    pub(crate) fn length(&self) -> Option<u64> {
        self.wire.header("content-length")?.trim().parse().ok()
    }

    /// What the headers say about the object. Where a request is signed in the AWS way, its headers are named so.
    pub(crate) fn about(&self, aws: bool) -> About {
        let prefix = rules::header_prefix(self.cloud, aws);
        let meta = format!("{prefix}meta-");
        let mut about = About {
            content_type: self.wire.header("content-type").map(str::to_owned),
            storage_class: self.wire.header(&format!("{prefix}storage-class")).map(str::to_owned),
            ..About::default()
        };
        if rules::keeps_metadata(self.cloud) {
            for (name, value) in &self.wire.headers {
                if let Some(name) = name.to_ascii_lowercase().strip_prefix(&meta) {
                    about.metadata.insert(name.to_owned(), value.clone());
                }
            }
        }
        about
    }

    /// `/bucket/key`.
    pub(crate) fn resource(&self) -> String {
        format!("/{}/{}", self.bucket, self.key)
    }

    /// The address under which the object is read.
    pub(crate) fn location(&self, region: &str) -> String {
        let endpoint = host::endpoint(self.cloud, region);
        format!("http://{}.{endpoint}/{}", self.bucket, self.key)
    }
}

/// A request and where it leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'c> {
    pub(crate) call: &'c Call,
    /// The bucket's region.
    pub(crate) region: &'c str,
    /// Signed in the AWS way.
    pub(crate) aws: bool,
}

impl Place<'_> {
    pub(crate) fn bucket<'w>(&self, world: &'w World) -> Result<&'w Bucket, Missing> {
        world.store.bucket(self.call.cloud, self.region, &self.call.bucket)
    }

    pub(crate) fn bucket_mut<'w>(&self, world: &'w mut World) -> Result<&'w mut Bucket, Missing> {
        world.store.bucket_mut(self.call.cloud, self.region, &self.call.bucket)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(cloud: Cloud, host: &str, path: &str) -> Call {
        let wire = WireRequest {
            method: "PUT".to_owned(),
            path: path.to_owned(),
            headers: vec![
                ("X-Oss-Meta-Sha256".to_owned(), "abc".to_owned()),
                ("x-amz-meta-a".to_owned(), "b".to_owned()),
            ],
            ..WireRequest::default()
        };
        Call::new(cloud, host::parse(cloud, host), wire)
    }

    #[test]
    fn bucket_and_key_are_in_host_and_path_or_both_in_the_path() {
        let virtual_host = call(Cloud::Aliyun, "b.oss-cn-x.aliyuncs.com", "/dir%2Fsub/a%20b+c");
        assert_eq!(
            (virtual_host.bucket.as_str(), virtual_host.key.as_str()),
            ("b", "dir/sub/a b+c")
        );
        assert_eq!(virtual_host.region.as_deref(), Some("cn-x"));
        assert_eq!(virtual_host.addressing(), Addressing::VirtualHost { bucket: "b" });
        let path_style = call(Cloud::Aliyun, "oss-cn-x.aliyuncs.com", "/b/dir/k");
        assert_eq!((path_style.bucket.as_str(), path_style.key.as_str()), ("b", "dir/k"));
        assert_eq!(path_style.addressing(), Addressing::PathStyle);
        let address = call(Cloud::Aliyun, "127.0.0.1", "/b");
        assert_eq!((address.bucket.as_str(), address.key.as_str()), ("b", ""));
        assert_eq!(address.region, None);
    }

    #[test]
    fn metadata_is_what_has_the_vendors_prefix() {
        let about = call(Cloud::Aliyun, "b.oss-cn-x.aliyuncs.com", "/k").about(false);
        assert_eq!(
            about.metadata.into_iter().collect::<Vec<_>>(),
            [("sha256".to_owned(), "abc".to_owned())]
        );
        let host = "b.obs.cn-north-4.myhuaweicloud.com";
        assert!(call(Cloud::Huawei, host, "/k").about(false).metadata.is_empty());
        assert_eq!(call(Cloud::Huawei, host, "/k").about(true).metadata["a"], "b");
    }
}
