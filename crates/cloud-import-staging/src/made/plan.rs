//! What would be sent to make a bucket or to remove it. No I/O.

use cloud_import_core::{Bytes, Result, http::Request};

use super::{DAYS, MARK_OBJECT, MARK_TEXT, Mark, own_tag};
use crate::{dialect::Call, store::Store};

/// A request as it would be sent, without a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedRequest {
    /// The operation, by the name that the stores have in common.
    pub operation: &'static str,
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Its headers but for host and length, sorted by name.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Store {
    /// The requests by which [`Self::create_bucket`] makes a bucket that is not there, in their order. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) for a name that the store does not allow.
    pub fn creation_plan(&self) -> Result<Vec<PlannedRequest>> {
        self.check_name()?;
        let new = &self.dialect().spec().new_bucket;
        let tags = [own_tag()];
        let mut calls = vec![Call::HeadBucket, Call::CreateBucket];
        match self.mark() {
            Mark::Tag => calls.extend([Call::GetBucketTagging, Call::PutBucketTagging { tags: &tags }]),
            Mark::Object => calls.push(Call::PutObject {
                key: MARK_OBJECT,
                body: Bytes::from_static(MARK_TEXT.as_bytes()),
                md5: None,
                sha256: None,
            }),
        }
        if new.not_expiring.is_empty() {
            calls.push(Call::PutBucketLifecycle { days: DAYS });
        }
        if !new.encryption.is_empty() {
            calls.push(Call::PutBucketEncryption);
        }
        calls.push(self.look_for_mark());
        self.planned(&calls)
    }

    /// The requests by which [`Self::remove_bucket`] removes a bucket that is empty, in their order. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](cloud_import_core::ErrorKind::InvalidRequest) for a name that the store does not allow.
    pub fn removal_plan(&self) -> Result<Vec<PlannedRequest>> {
        self.check_name()?;
        let mut calls = vec![
            Call::HeadBucket,
            self.look_for_mark(),
            Call::ListObjects {
                prefix: "",
                after: None,
            },
            Call::ListMultipartUploads { prefix: "" },
        ];
        if self.mark() == Mark::Object {
            let version = None;
            calls.push(Call::DeleteObject {
                key: MARK_OBJECT,
                version,
            });
        }
        calls.push(Call::DeleteBucket);
        self.planned(&calls)
    }

    fn look_for_mark(&self) -> Call<'static> {
        match self.mark() {
            Mark::Tag => Call::GetBucketTagging,
            Mark::Object => Call::HeadObject { key: MARK_OBJECT },
        }
    }

    fn planned(&self, calls: &[Call<'_>]) -> Result<Vec<PlannedRequest>> {
        let planned = calls.iter().map(|call| {
            let request = self.dialect().request(call)?;
            Ok(shown(call.operation().name, &request))
        });
        planned.collect()
    }
}

fn shown(operation: &'static str, request: &Request<Bytes>) -> PlannedRequest {
    let headers = request
        .headers()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"));
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort_unstable();
    PlannedRequest {
        operation,
        method: request.method().to_string(),
        url: request.uri().to_string(),
        headers,
        body: String::from_utf8_lossy(request.body()).into_owned(),
    }
}
