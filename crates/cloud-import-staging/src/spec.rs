//! What is known of a store beside its calls: the form of what stands in `generated`. No fact and no behaviour is here.

use std::time::Duration;

use cloud_import_core::{Provider, provider::capabilities::BucketNames};

/// What a store takes. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The smallest part, but for the last.
    pub min_part: u64,
    /// The largest part.
    pub max_part: u64,
    /// Every part but the last has exactly this size, where the store wants that.
    pub fixed_part: Option<u64>,
    /// How many parts at most.
    pub max_parts: u32,
    /// Number of the first part: 0 at US3, else 1.
    pub first_part: u32,
    /// The largest object of a single PUT.
    pub max_put: u64,
    /// The largest object.
    pub max_object: u64,
    /// Whether parts can be listed, as far as is known.
    pub lists_parts: bool,
    /// Whether every account may list unfinished uploads: US3 opens that to those who apply for it.
    pub lists_uploads: bool,
    /// Whether the ETag of a part is its MD5 in hex, where nothing says that it is encrypted.
    pub etag_is_md5: bool,
    /// The longest time for which a signed link may be valid.
    pub longest_link: Duration,
}

/// One store. Text that is empty stands for what it does not have.
#[derive(Debug)]
pub(crate) struct StoreSpec {
    /// The cloud.
    pub(crate) provider: Provider,
    /// The feature of this crate that builds its dialect.
    pub(crate) feature: &'static str,
    /// Where requests go, without the bucket; `{region}` stands for the store's name of the region.
    pub(crate) host: &'static str,
    /// Where the cloud itself reads an object.
    pub(crate) inside: &'static str,
    /// Regions that the store calls otherwise than the import API: the API's name and the store's.
    pub(crate) region_names: &'static [[&'static str; 2]],
    /// What stands before a region where the store says where a bucket is.
    pub(crate) region_prefix: &'static str,
    /// The longest key in bytes.
    pub(crate) longest_key: usize,
    /// As much as one page of a list may hold.
    pub(crate) page: &'static str,
    /// Whether objects are listed by the second version of S3's call.
    pub(crate) lists_v2: bool,
    /// What stands before the signature in `Authorization`, where that is not the word `Signature=`.
    pub(crate) signature_after: &'static str,
    /// Whether no signature in a header holds a time.
    pub(crate) signs_no_time: bool,
    /// The sub-resource that describes a bucket, where HEAD is not documented for it.
    pub(crate) bucket_query: &'static str,
    /// The host of the cloud's API, where that describes a bucket.
    pub(crate) bucket_api: &'static str,
    /// Whether it is asked where a bucket is that did not say so by itself.
    pub(crate) asks_location: bool,
    /// Whether it is asked who may read a bucket.
    pub(crate) asks_acl: bool,
    /// Whether it is asked what expires in a bucket.
    pub(crate) asks_lifecycle: bool,
    /// Whether no rule of a bucket can expire unfinished uploads.
    pub(crate) never_expires_uploads: bool,
    /// The only storage class that the import reads from.
    pub(crate) readable_class: &'static str,
    /// What the names of storage classes have in them that the import does not read from.
    pub(crate) unreadable_class: &'static str,
    /// Where that was read.
    pub(crate) class_source: &'static str,
    /// Where it was read that the import reads from no bucket that encrypts, where that is so.
    pub(crate) encryption_refused: &'static str,
    /// Whether an object is sent on condition that its ETag is the one that is named.
    pub(crate) takes_if_match: bool,
    /// How a bucket is made.
    pub(crate) new_bucket: NewBucket,
    /// What its buckets may be called.
    pub(crate) bucket_names: BucketNames,
    /// What it takes.
    pub(crate) limits: Limits,
    /// Names of its own headers.
    pub(crate) headers: Headers,
}

/// How a store makes a bucket.
#[derive(Debug)]
pub(crate) struct NewBucket {
    /// What says who may read it: a header, or a parameter of the API's call.
    pub(crate) acl: &'static str,
    /// The element that says where it is to be, where the host alone does not.
    pub(crate) place: &'static str,
    /// Whether buckets have tags.
    pub(crate) tagged: bool,
    /// The elements of a rule that expires unfinished uploads, from the outside.
    pub(crate) unfinished: &'static [&'static str],
    /// Whether the prefix of a rule stands in a filter.
    pub(crate) filtered: bool,
    /// Why no such rule is set, where that is so.
    pub(crate) not_expiring: &'static str,
    /// The algorithm by which it encrypts with the store's own keys.
    pub(crate) encryption: &'static str,
    /// Why it is not encrypted, where that is so.
    pub(crate) not_encrypted: &'static str,
}

/// Names of a store's own headers, in lower case.
#[derive(Debug)]
pub(crate) struct Headers {
    /// Of the request id: the first that is there counts.
    pub(crate) request_id: &'static [&'static str],
    /// Of the object's SHA-256 in its metadata.
    pub(crate) sha256: &'static str,
    /// Of the bucket's region.
    pub(crate) region: &'static str,
    /// Of the storage class of bucket or object.
    pub(crate) storage_class: &'static str,
    /// Of the code of an error that has no body.
    pub(crate) error_code: &'static str,
    /// Of the id of an object's version.
    pub(crate) version: &'static str,
    /// Of a deletion that only put a mark over the versions.
    pub(crate) delete_marker: &'static str,
    /// Of how an object is encrypted, where no ETag is an MD5 then, by whatever keys.
    pub(crate) encryption: &'static str,
    /// Of the CRC-64 of an object or part.
    pub(crate) crc64: &'static str,
    /// Of a whole error document in base64, where the answer has no body.
    pub(crate) error_document: &'static str,
}

impl StoreSpec {
    /// A region without what some stores put in front of it.
    pub(crate) fn own_region<'r>(&self, name: &'r str) -> &'r str {
        name.strip_prefix(self.region_prefix).unwrap_or(name)
    }

    /// The region whose host this is, public or inside, with a bucket in front or without one.
    pub(crate) fn region_of_host<'h>(&self, host: &'h str) -> Option<&'h str> {
        [self.host, self.inside].iter().find_map(|form| {
            let (front, behind) = form.split_once("//")?.1.split_once("{region}")?;
            let stem = host.strip_suffix(behind)?;
            let region = stem
                .strip_prefix(front)
                .or_else(|| Some(stem.rsplit_once(&format!(".{front}"))?.1))?;
            let region = region.strip_suffix("-internal").unwrap_or(region);
            (!region.is_empty() && !region.contains('.')).then_some(region)
        })
    }

    /// The store's own name of a region of the import API.
    pub(crate) fn region<'r>(&self, region: &'r str) -> &'r str {
        let other = self.region_names.iter().find(|[api, _]| *api == region);
        other.map_or(region, |[_, own]| own)
    }
}
