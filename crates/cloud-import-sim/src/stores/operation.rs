//! What a request to a store asks for, by method, path and query. Executes nothing.

use crate::cloud::Cloud;

/// The operations of the stores, by the names that their documents share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    PutObject,
    HeadObject,
    GetObject,
    DeleteObject,
    InitiateMultipartUpload,
    UploadPart,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListMultipartUploads,
    ListObjects,
    ListObjectsV2,
    HeadBucket,
    CreateBucket,
    DeleteBucket,
    GetBucketTagging,
    PutBucketTagging,
    GetBucketEncryption,
    PutBucketEncryption,
    PutBucketLifecycle,
    GetBucketLocation,
    GetBucketAcl,
    GetBucketLifecycle,
    GetBucketInfo,
    GetBucketStorageClass,
    /// Something that the store may have, but not here.
    Unknown,
}

impl Operation {
    /// All that a store has here.
    const ALL: &'static [Operation] = &[
        Operation::PutObject,
        Operation::HeadObject,
        Operation::GetObject,
        Operation::DeleteObject,
        Operation::InitiateMultipartUpload,
        Operation::UploadPart,
        Operation::ListParts,
        Operation::CompleteMultipartUpload,
        Operation::AbortMultipartUpload,
        Operation::ListMultipartUploads,
        Operation::ListObjects,
        Operation::ListObjectsV2,
        Operation::HeadBucket,
        Operation::CreateBucket,
        Operation::DeleteBucket,
        Operation::GetBucketTagging,
        Operation::PutBucketTagging,
        Operation::GetBucketEncryption,
        Operation::PutBucketEncryption,
        Operation::PutBucketLifecycle,
        Operation::GetBucketLocation,
        Operation::GetBucketAcl,
        Operation::GetBucketLifecycle,
        Operation::GetBucketInfo,
        Operation::GetBucketStorageClass,
    ];

    /// As faults and counters name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::PutObject => "PutObject",
            Operation::HeadObject => "HeadObject",
            Operation::GetObject => "GetObject",
            Operation::DeleteObject => "DeleteObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::ListParts => "ListParts",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListMultipartUploads => "ListMultipartUploads",
            Operation::ListObjects => "ListObjects",
            Operation::ListObjectsV2 => "ListObjectsV2",
            Operation::HeadBucket => "HeadBucket",
            Operation::CreateBucket => "CreateBucket",
            Operation::DeleteBucket => "DeleteBucket",
            Operation::GetBucketTagging => "GetBucketTagging",
            Operation::PutBucketTagging => "PutBucketTagging",
            Operation::GetBucketEncryption => "GetBucketEncryption",
            Operation::PutBucketEncryption => "PutBucketEncryption",
            Operation::PutBucketLifecycle => "PutBucketLifecycle",
            Operation::GetBucketLocation => "GetBucketLocation",
            Operation::GetBucketAcl => "GetBucketAcl",
            Operation::GetBucketLifecycle => "GetBucketLifecycle",
            Operation::GetBucketInfo => "GetBucketInfo",
            Operation::GetBucketStorageClass => "GetBucketStorageClass",
            Operation::Unknown => "unknown",
        }
    }

    /// Whether its body is an object or a part of one, of any length.
    pub(crate) fn takes_data(self) -> bool {
        matches!(self, Operation::PutObject | Operation::UploadPart)
    }

    /// Whether a public bucket lets anybody do it.
    pub(crate) fn is_public_read(self) -> bool {
        matches!(self, Operation::GetObject | Operation::HeadObject)
    }
}

/// The names of the stores' operations, as faults and counters have them.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    Operation::ALL.iter().map(|operation| operation.name())
}

/// Sub-resources of buckets and objects that the vendors have and the simulator has not. Taken for something else, a request
/// that names one would do harm.
const UNKNOWN: &str = "acl append cors delete encryption legal-hold policy restore retention tagging versioning \
    website";

/// Sorts a request. `key` is empty when it concerns the bucket; `has` says whether the query has a parameter of this name.
pub(crate) fn sort(cloud: Cloud, method: &str, bucket: &str, key: &str, has: &dyn Fn(&str) -> bool) -> Operation {
    if bucket.is_empty() {
        return Operation::Unknown;
    }
    if key.is_empty() {
        return of_bucket(cloud, method, has);
    }
    if UNKNOWN.split(' ').any(has) {
        return Operation::Unknown;
    }
    match (method, has("uploadId")) {
        ("PUT", true) if has("partNumber") => Operation::UploadPart,
        ("PUT", false) => Operation::PutObject,
        ("HEAD", false) => Operation::HeadObject,
        ("GET", true) => Operation::ListParts,
        ("GET", false) => Operation::GetObject,
        ("DELETE", true) => Operation::AbortMultipartUpload,
        ("DELETE", false) => Operation::DeleteObject,
        ("POST", true) => Operation::CompleteMultipartUpload,
        ("POST", false) if has("uploads") => Operation::InitiateMultipartUpload,
        _ => Operation::Unknown,
    }
}

fn of_bucket(cloud: Cloud, method: &str, has: &dyn Fn(&str) -> bool) -> Operation {
    // What US3 says about a bucket, it says at the API's endpoint.
    let facts = cloud != Cloud::Ucloud;
    let has_tags = !matches!(cloud, Cloud::Jdcloud | Cloud::Ucloud);
    // OSS's form of it is another one, and nobody here needs it: its import reads from no bucket that encrypts.
    let encrypts = matches!(cloud, Cloud::Tencent | Cloud::Huawei);
    match method {
        "GET" if has_tags && has("tagging") => Operation::GetBucketTagging,
        "PUT" if has_tags && has("tagging") => Operation::PutBucketTagging,
        "GET" if encrypts && has("encryption") => Operation::GetBucketEncryption,
        "PUT" if encrypts && has("encryption") => Operation::PutBucketEncryption,
        "PUT" if has_tags && has("lifecycle") => Operation::PutBucketLifecycle,
        "HEAD" if facts => Operation::HeadBucket,
        "GET" if facts && has("acl") => Operation::GetBucketAcl,
        "GET" if facts && has("location") => Operation::GetBucketLocation,
        "GET" if facts && has("lifecycle") => Operation::GetBucketLifecycle,
        "GET" if cloud == Cloud::Aliyun && has("bucketInfo") => Operation::GetBucketInfo,
        "GET" if cloud == Cloud::Huawei && has("storageClass") => Operation::GetBucketStorageClass,
        _ if UNKNOWN.split(' ').any(has) => Operation::Unknown,
        "GET" if has("uploads") || has("muploadid") => Operation::ListMultipartUploads,
        "GET" if !facts && has("muploadpart") => Operation::ListParts,
        "GET" if facts && has("list-type") => Operation::ListObjectsV2,
        "GET" if facts || has("list") || has("listobjects") => Operation::ListObjects,
        _ if has("lifecycle") || has("uploads") || has("location") => Operation::Unknown,
        "PUT" if facts => Operation::CreateBucket,
        "DELETE" if facts => Operation::DeleteBucket,
        _ => Operation::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(cloud: Cloud, method: &str, key: &str, query: &[&str]) -> &'static str {
        sort(cloud, method, "b", key, &|name| query.contains(&name)).name()
    }

    #[test]
    fn requests_are_sorted_by_method_key_and_query() {
        let s3 = |method, key, query: &[&str]| sorted(Cloud::Jdcloud, method, key, query);
        assert_eq!(s3("PUT", "k", &[]), "PutObject");
        assert_eq!(s3("PUT", "k", &["uploadId", "partNumber"]), "UploadPart");
        assert_eq!(s3("PUT", "k", &["uploadId"]), "unknown");
        assert_eq!(s3("PUT", "k", &["acl"]), "unknown");
        assert_eq!(s3("POST", "k", &["uploads"]), "InitiateMultipartUpload");
        assert_eq!(s3("POST", "k", &["uploadId"]), "CompleteMultipartUpload");
        assert_eq!(s3("POST", "k", &[]), "unknown");
        assert_eq!(s3("GET", "k", &["uploadId"]), "ListParts");
        assert_eq!(s3("DELETE", "k", &["uploadId"]), "AbortMultipartUpload");
        assert_eq!(s3("DELETE", "k", &[]), "DeleteObject");
        assert_eq!(s3("GET", "", &["uploads"]), "ListMultipartUploads");
        assert_eq!(s3("GET", "", &["list-type"]), "ListObjectsV2");
        assert_eq!(s3("GET", "", &["versioning"]), "unknown");
        assert_eq!(s3("DELETE", "", &[]), "DeleteBucket");
        for query in ["lifecycle", "tagging", "encryption", "policy"] {
            assert_eq!(s3("DELETE", "", &[query]), "unknown", "{query}");
            assert_eq!(s3("PUT", "", &[query]), "unknown", "{query}");
        }
        assert_eq!(sorted(Cloud::Huawei, "PUT", "", &["lifecycle"]), "PutBucketLifecycle");
        assert_eq!(sorted(Cloud::Aliyun, "PUT", "", &["encryption"]), "unknown");
        assert_eq!(sorted(Cloud::Ucloud, "DELETE", "", &[]), "unknown");
        assert_eq!(sorted(Cloud::Aliyun, "GET", "", &["bucketInfo"]), "GetBucketInfo");
        assert_eq!(sorted(Cloud::Ucloud, "GET", "", &["acl"]), "unknown");
        for (query, expected) in [
            ("list", "ListObjects"),
            ("listobjects", "ListObjects"),
            ("muploadid", "ListMultipartUploads"),
            ("muploadpart", "ListParts"),
        ] {
            assert_eq!(sorted(Cloud::Ucloud, "GET", "", &[query]), expected);
        }
        assert_eq!(sorted(Cloud::Jdcloud, "GET", "", &["muploadpart"]), "ListObjects");
        assert_eq!(sort(Cloud::Jdcloud, "GET", "", "", &|_| false), Operation::Unknown);
    }
}
