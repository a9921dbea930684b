//! Why a store refuses a request, and how each vendor says so: status, code and text. Writes no body.
//!
//! Source: the vendors' documents (2026-08). Of US3's numbers only -30010 is documented in what could be read, the others are
//! the simulator's own; which status comes with each of them is unverified, too.

use crate::{
    cloud::Cloud,
    objects::{Missing, host},
    verify::Refusal,
};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Missing(Missing),
    BucketExists,
    /// It is this account's already.
    BucketOwned,
    BucketNotEmpty,
    AccessDenied,
    /// A signed link whose time has passed.
    Expired,
    /// A link that holds for one use was used.
    Opened,
    TooSkewed,
    /// The region of the signature's scope is not the bucket's, which is this.
    WrongScope {
        region: String,
    },
    Signature(Refusal),
    BadDigest,
    InvalidDigest,
    WrongSha256,
    EntityTooSmall,
    EntityTooLarge,
    InvalidPart,
    InvalidPartOrder,
    InvalidArgument(String),
    InvalidRange,
    /// What the request says of the object is not so.
    PreconditionFailed,
    MalformedXml,
    MissingLength,
    NotImplemented,
    Throttled,
    Broken {
        http: u16,
    },
    Asked {
        http: u16,
        code: String,
        message: String,
    },
}

impl From<Missing> for Trouble {
    fn from(missing: Missing) -> Self {
        Trouble::Missing(missing)
    }
}

/// A refusal in a vendor's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) http: u16,
    /// For US3 a number.
    pub(crate) code: String,
    pub(crate) message: String,
    /// An element beside those of every error.
    pub(crate) element: Option<(&'static str, String)>,
}

impl Trouble {
    /// In the words of the cloud's store.
    pub(crate) fn told(&self, cloud: Cloud) -> Told {
        let element = match self {
            Trouble::Missing(Missing::Elsewhere { region }) => match cloud {
                // Their regions are separate name spaces: another region's bucket is not known.
                Cloud::Tencent | Cloud::Ucloud => return Trouble::Missing(Missing::Bucket).told(cloud),
                _ => Some(("Endpoint", host::endpoint(cloud, region))),
            },
            Trouble::WrongScope { region } => Some(("Region", region.clone())),
            _ => None,
        };
        let (http, code) = self.code(cloud);
        Told {
            http,
            code: match (cloud, self) {
                (Cloud::Ucloud, Trouble::Asked { .. }) => code.to_owned(),
                (Cloud::Ucloud, _) => self.number().to_string(),
                _ => code.to_owned(),
            },
            message: self.message(cloud).to_owned(),
            element,
        }
    }

    /// Status and code. Alibaba has some codes of its own.
    fn code(&self, cloud: Cloud) -> (u16, &str) {
        let aliyun = cloud == Cloud::Aliyun;
        match self {
            Trouble::Missing(Missing::Bucket) => (404, "NoSuchBucket"),
            Trouble::Missing(Missing::Elsewhere { .. }) if aliyun => (403, "AccessDenied"),
            Trouble::Missing(Missing::Elsewhere { .. }) => (301, "PermanentRedirect"),
            Trouble::Missing(Missing::Key) => (404, "NoSuchKey"),
            Trouble::Missing(Missing::Upload) => (404, "NoSuchUpload"),
            Trouble::BucketExists => (409, "BucketAlreadyExists"),
            Trouble::BucketOwned => (409, "BucketAlreadyOwnedByYou"),
            Trouble::BucketNotEmpty => (409, "BucketNotEmpty"),
            Trouble::AccessDenied | Trouble::Expired | Trouble::Opened => (403, "AccessDenied"),
            Trouble::TooSkewed => (403, "RequestTimeTooSkewed"),
            Trouble::WrongScope { .. } => (400, "AuthorizationHeaderMalformed"),
            Trouble::Signature(Refusal::MissingSignature) => (403, "AccessDenied"),
            Trouble::Signature(Refusal::UnknownAccessKey(_)) => (403, "InvalidAccessKeyId"),
            Trouble::Signature(Refusal::WrongToken) if aliyun => (403, "InvalidSecurityToken"),
            Trouble::Signature(Refusal::WrongToken) => (400, "InvalidToken"),
            Trouble::Signature(Refusal::SignatureMismatch { .. }) => (403, "SignatureDoesNotMatch"),
            Trouble::Signature(Refusal::Malformed(_)) | Trouble::InvalidArgument(_) => (400, "InvalidArgument"),
            Trouble::BadDigest if aliyun => (400, "InvalidDigest"),
            Trouble::BadDigest => (400, "BadDigest"),
            Trouble::InvalidDigest => (400, "InvalidDigest"),
            Trouble::WrongSha256 => (400, "XAmzContentSHA256Mismatch"),
            Trouble::EntityTooSmall => (400, "EntityTooSmall"),
            Trouble::EntityTooLarge => (400, "EntityTooLarge"),
            Trouble::InvalidPart => (400, "InvalidPart"),
            Trouble::InvalidPartOrder => (400, "InvalidPartOrder"),
            Trouble::InvalidRange => (416, "InvalidRange"),
            Trouble::PreconditionFailed => (412, "PreconditionFailed"),
            Trouble::MalformedXml => (400, "MalformedXML"),
            Trouble::MissingLength => (411, "MissingContentLength"),
            Trouble::NotImplemented => (501, "NotImplemented"),
            Trouble::Throttled if aliyun => (503, "QpsLimitExceeded"),
            Trouble::Throttled => (503, "SlowDown"),
            Trouble::Broken { http } => (*http, "InternalError"),
            Trouble::Asked { http, code, .. } => (*http, code),
        }
    }

    fn message(&self, cloud: Cloud) -> &str {
        match self {
            Trouble::Missing(Missing::Bucket) if cloud == Cloud::Ucloud => "bucket not exist",
            Trouble::Missing(Missing::Bucket) => "The specified bucket does not exist.",
            Trouble::Missing(Missing::Elsewhere { .. }) => {
                "The bucket you are attempting to access must be addressed using the specified endpoint."
            }
            Trouble::Missing(Missing::Key) => "The specified key does not exist.",
            Trouble::Missing(Missing::Upload) => {
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
            }
            Trouble::BucketExists => "The requested bucket name is not available.",
            Trouble::BucketOwned => {
                "Your previous request to create the named bucket succeeded and you already own it."
            }
            Trouble::BucketNotEmpty => "The bucket you tried to delete is not empty.",
            Trouble::AccessDenied => "Access denied.",
            Trouble::Expired => "Request has expired.",
            Trouble::Opened => "The link was opened before.",
            Trouble::TooSkewed => "The difference between the request time and the current time is too large.",
            Trouble::WrongScope { .. } => "The authorization header is malformed; the region is wrong.",
            Trouble::Signature(refusal) => match refusal {
                Refusal::MissingSignature => "Anonymous access is forbidden.",
                Refusal::Malformed(what) => what,
                Refusal::UnknownAccessKey(_) => "The access key ID you provided does not exist in our records.",
                Refusal::WrongToken if cloud == Cloud::Aliyun => "The security token you provided is invalid.",
                Refusal::WrongToken => "The provided token is malformed or otherwise invalid.",
                Refusal::SignatureMismatch { .. } => {
                    "The request signature we calculated does not match the signature you provided."
                }
            },
            Trouble::BadDigest => "The Content-MD5 you specified did not match what we received.",
            Trouble::InvalidDigest => "The Content-MD5 you specified is not valid.",
            Trouble::WrongSha256 => "The provided 'x-amz-content-sha256' header does not match what was computed.",
            Trouble::EntityTooSmall => "Your proposed upload is smaller than the minimum allowed size.",
            Trouble::EntityTooLarge => "Your proposed upload exceeds the maximum allowed size.",
            Trouble::InvalidPart => {
                "One or more of the specified parts could not be found, or its entity tag did not match."
            }
            Trouble::InvalidPartOrder => "The list of parts was not in ascending order.",
            Trouble::InvalidArgument(what) => what,
            Trouble::InvalidRange => "The requested range is not satisfiable.",
            Trouble::PreconditionFailed => "At least one of the pre-conditions you specified did not hold.",
            Trouble::MalformedXml => "The XML you provided was not well-formed.",
            Trouble::MissingLength => "You must provide the Content-Length HTTP header.",
            Trouble::NotImplemented => {
                "A header or parameter you provided implies functionality that is not implemented."
            }
            Trouble::Throttled => "Please reduce your request rate.",
            Trouble::Broken { .. } => "We encountered an internal error.",
            Trouble::Asked { message, .. } => message,
        }
    }

    /// US3's `RetCode`.
    fn number(&self) -> i64 {
        match self {
            Trouble::Missing(Missing::Bucket) | Trouble::Missing(Missing::Elsewhere { .. }) => -30010,
            Trouble::Missing(Missing::Key) => -30020,
            Trouble::Missing(Missing::Upload) => -30030,
            Trouble::Signature(_) | Trouble::Expired | Trouble::AccessDenied => -30040,
            Trouble::EntityTooLarge | Trouble::EntityTooSmall => -30050,
            Trouble::InvalidPart | Trouble::InvalidPartOrder => -30060,
            Trouble::Throttled => -30070,
            Trouble::Broken { .. } => -30080,
            _ => -30090,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_elsewhere_is_told_in_each_vendors_way() {
        let trouble = Trouble::Missing(Missing::Elsewhere {
            region: "cn-x".to_owned(),
        });
        let told = trouble.told(Cloud::Jdcloud);
        assert_eq!((told.http, told.code.as_str()), (301, "PermanentRedirect"));
        let told = trouble.told(Cloud::Aliyun);
        assert_eq!((told.http, told.code.as_str()), (403, "AccessDenied"));
        assert_eq!(told.element, Some(("Endpoint", "oss-cn-x.aliyuncs.com".to_owned())));
        let told = trouble.told(Cloud::Tencent);
        assert_eq!((told.http, told.code.as_str()), (404, "NoSuchBucket"));
        let told = trouble.told(Cloud::Ucloud);
        assert_eq!(
            (told.code.as_str(), told.message.as_str()),
            ("-30010", "bucket not exist")
        );
    }

    #[test]
    fn what_was_asked_for_is_told_unchanged() {
        let trouble = Trouble::Asked {
            http: 418,
            code: "-1".to_owned(),
            message: "m".to_owned(),
        };
        for &cloud in Cloud::ALL {
            let told = trouble.told(cloud);
            assert_eq!((told.http, told.code.as_str(), told.message.as_str()), (418, "-1", "m"));
        }
    }
}
