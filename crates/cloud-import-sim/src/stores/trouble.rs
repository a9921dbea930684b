//! Why a store refuses a request, and how each vendor says so: status, code and text. Writes no body.
//!
//! Source: the vendors' documents (2026-08). Of US3's numbers only -30010 is documented in what could be read, the others are
//! the simulator's own; which status comes with each of them is unverified, too.

use super::host;
use crate::cloud::Cloud;
use crate::verify::Refusal;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    NoSuchBucket,
    /// The bucket is in this region, which is not the one that was asked.
    Elsewhere {
        region: String,
    },
    BucketExists,
    NoSuchKey,
    NoSuchUpload,
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
        let (http, code, message) = match self {
            Trouble::Asked { http, code, message } => (*http, code.as_str(), message.clone()),
            Trouble::Elsewhere { .. } | Trouble::Signature(_) | Trouble::WrongScope { .. } => {
                return self.special(cloud);
            }
            Trouble::InvalidArgument(what) => (400, "InvalidArgument", what.clone()),
            Trouble::Broken { http } => (*http, "InternalError", "We encountered an internal error.".to_owned()),
            other => {
                let (http, code, message) = other.plain(cloud);
                (http, code, message.to_owned())
            }
        };
        let code = match (cloud, self) {
            (Cloud::Ucloud, Trouble::Asked { .. }) => code.to_owned(),
            (Cloud::Ucloud, _) => self.number().to_string(),
            _ => code.to_owned(),
        };
        Told {
            http,
            code,
            message,
            element: None,
        }
    }

    fn plain(&self, cloud: Cloud) -> (u16, &'static str, &'static str) {
        match self {
            Trouble::NoSuchBucket if cloud == Cloud::Ucloud => (404, "", "bucket not exist"),
            Trouble::NoSuchBucket => (404, "NoSuchBucket", "The specified bucket does not exist."),
            Trouble::BucketExists => (
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available.",
            ),
            Trouble::NoSuchKey => (404, "NoSuchKey", "The specified key does not exist."),
            Trouble::NoSuchUpload => (
                404,
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
            ),
            Trouble::Expired => (403, "AccessDenied", "Request has expired."),
            Trouble::Opened => (403, "AccessDenied", "The link was opened before."),
            Trouble::TooSkewed => (
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            // Alibaba has one code for both.
            Trouble::BadDigest if cloud == Cloud::Aliyun => (
                400,
                "InvalidDigest",
                "The Content-MD5 you specified did not match what we received.",
            ),
            Trouble::BadDigest => (
                400,
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
            ),
            Trouble::InvalidDigest => (400, "InvalidDigest", "The Content-MD5 you specified is not valid."),
            Trouble::WrongSha256 => (
                400,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            Trouble::EntityTooSmall => (
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size.",
            ),
            Trouble::EntityTooLarge => (
                400,
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size.",
            ),
            Trouble::InvalidPart => (
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found, or its entity tag did not match.",
            ),
            Trouble::InvalidPartOrder => (400, "InvalidPartOrder", "The list of parts was not in ascending order."),
            Trouble::InvalidRange => (416, "InvalidRange", "The requested range is not satisfiable."),
            Trouble::MalformedXml => (400, "MalformedXML", "The XML you provided was not well-formed."),
            Trouble::MissingLength => (
                411,
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            ),
            Trouble::NotImplemented => (
                501,
                "NotImplemented",
                "A header or parameter you provided implies functionality that is not implemented.",
            ),
            Trouble::Throttled if cloud == Cloud::Aliyun => {
                (503, "QpsLimitExceeded", "Please reduce your request rate.")
            }
            Trouble::Throttled => (503, "SlowDown", "Please reduce your request rate."),
            _ => (403, "AccessDenied", "Access denied."),
        }
    }

    fn special(&self, cloud: Cloud) -> Told {
        let told = |http, code: &str, message: &str, element| Told {
            http,
            code: if cloud == Cloud::Ucloud {
                self.number().to_string()
            } else {
                code.to_owned()
            },
            message: message.to_owned(),
            element,
        };
        match self {
            Trouble::Elsewhere { region } => match cloud {
                // Their regions are separate name spaces: another region's bucket is not known.
                Cloud::Tencent | Cloud::Ucloud => Trouble::NoSuchBucket.told(cloud),
                _ => {
                    let (http, code) = match cloud {
                        Cloud::Aliyun => (403, "AccessDenied"),
                        _ => (301, "PermanentRedirect"),
                    };
                    let endpoint = host::endpoint(cloud, region);
                    told(
                        http,
                        code,
                        "The bucket you are attempting to access must be addressed using the specified endpoint.",
                        Some(("Endpoint", endpoint)),
                    )
                }
            },
            Trouble::WrongScope { region } => told(
                400,
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the region is wrong.",
                Some(("Region", region.clone())),
            ),
            Trouble::Signature(refusal) => match refusal {
                Refusal::MissingSignature => told(403, "AccessDenied", "Anonymous access is forbidden.", None),
                Refusal::Malformed(what) => told(400, "InvalidArgument", what, None),
                Refusal::UnknownAccessKey(_) => told(
                    403,
                    "InvalidAccessKeyId",
                    "The access key ID you provided does not exist in our records.",
                    None,
                ),
                Refusal::WrongToken if cloud == Cloud::Aliyun => told(
                    403,
                    "InvalidSecurityToken",
                    "The security token you provided is invalid.",
                    None,
                ),
                Refusal::WrongToken => told(
                    400,
                    "InvalidToken",
                    "The provided token is malformed or otherwise invalid.",
                    None,
                ),
                Refusal::SignatureMismatch { .. } => told(
                    403,
                    "SignatureDoesNotMatch",
                    "The request signature we calculated does not match the signature you provided.",
                    None,
                ),
            },
            other => other.told(cloud),
        }
    }

    /// US3's `RetCode`.
    fn number(&self) -> i64 {
        match self {
            Trouble::NoSuchBucket | Trouble::Elsewhere { .. } => -30010,
            Trouble::NoSuchKey => -30020,
            Trouble::NoSuchUpload => -30030,
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
        let trouble = Trouble::Elsewhere {
            region: "cn-x".to_owned(),
        };
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
        for cloud in Cloud::ALL {
            let told = trouble.told(cloud);
            assert_eq!((told.http, told.code.as_str(), told.message.as_str()), (418, "-1", "m"));
        }
    }
}
