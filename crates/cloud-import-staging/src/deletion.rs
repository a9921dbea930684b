//! Deletes what is in a store, and looks whether it is gone: an answer alone is not believed.

use std::time::Duration;

use cloud_import_core::{Bytes, Error, ErrorKind, Result, http::Response};

use crate::{
    answer::headers,
    dialect::Call,
    store::{Store, nothing, unless_gone},
};

/// How often a deletion that did nothing is sent.
const DELETIONS: u32 = 3;

/// Before one is sent again: a store may show for a moment what is gone.
const PAUSE: Duration = Duration::from_secs(1);

impl Store {
    /// Deletes an object: this version of it where one is named, and what is shown under the key then. One that is not there is
    /// deleted already.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with the code `VersionStays` when the bucket hides the object and keeps a version of it, which is
    /// paid for; [`ErrorKind::InvalidResponse`] when the store acknowledges the deletion and still shows the object; every kind
    /// that a request can end with.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be gone or not. Call it again.
    pub async fn delete(&self, key: &str, version: Option<&str>) -> Result<()> {
        let mut known = version.map(str::to_owned);
        let mut asked = None;
        for round in 0..=DELETIONS {
            let head = self.head(key).await?;
            // A version that is known goes by its id even where it is hidden.
            if head.is_none() && known.is_none() {
                return Ok(());
            }
            if round == DELETIONS {
                break;
            }
            if round > 0 {
                self.pipeline().env.sleep(PAUSE).await;
            }
            let size = head.as_ref().map(|head| head.size);
            let version = known.take().or(head.and_then(|head| head.receipt.version));
            let call = Call::DeleteObject {
                key,
                version: version.as_deref(),
            };
            let done = self.call(call, |answer| Ok(self.marker(answer))).await;
            if let Some(Some(marker)) = unless_gone(done)?
                && version.as_ref() != Some(&marker)
            {
                return Err(self.version_stays(key, size, version.as_deref()));
            }
            asked = version;
        }
        let version = asked.map(|id| format!(" (version {})", id.escape_debug()));
        let what = format!("the object `{key}`{}", version.unwrap_or_default());
        Err(self.still_there(&what, "DeleteObject"))
    }

    /// Gives an upload up. One that is not there is given up already.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidResponse`] when the store acknowledges it and still lists its parts; every kind that a request can end
    /// with.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be open or not. Call it again.
    pub async fn abort(&self, key: &str, upload_id: &str) -> Result<()> {
        for round in 0..DELETIONS {
            if round > 0 {
                self.pipeline().env.sleep(PAUSE).await;
            }
            unless_gone(self.call(Call::AbortMultipartUpload { key, upload_id }, nothing).await)?;
            // Where parts cannot be listed, or not by these keys, the answer is all that there is.
            if !matches!(self.list_parts(key, upload_id).await, Ok(Some(_))) {
                return Ok(());
            }
        }
        Err(self.still_there(&format!("the upload {upload_id} of `{key}`"), "AbortMultipartUpload"))
    }

    /// Gives up the open uploads of exactly this key that hold no part, and says how many: those of which the answer to the
    /// beginning was lost are among them. Whoever else has just begun one begins another. `None` when the store does not list uploads
    /// or their parts to this account.
    ///
    /// # Errors
    /// As [`Self::abort`].
    ///
    /// # Cancel safety
    /// As [`Self::abort`].
    pub async fn abort_empty(&self, key: &str) -> Result<Option<u32>> {
        let Some(open) = self.open_uploads(key).await? else {
            return Ok(None);
        };
        let mut aborted = 0;
        for upload in open.iter().filter(|upload| upload.key == key) {
            match unless_gone(self.list_parts(key, &upload.upload_id).await)? {
                Some(Some(parts)) if parts.is_empty() => {
                    self.abort(key, &upload.upload_id).await?;
                    aborted += 1;
                }
                Some(None) => return Ok(None),
                _ => {}
            }
        }
        Ok(Some(aborted))
    }

    /// The id of the mark that a deletion put over a version instead of deleting it.
    fn marker(&self, answer: &Response<Bytes>) -> Option<String> {
        let names = &self.dialect().spec().headers;
        let is_mark = headers::text(answer.headers(), names.delete_marker)?.eq_ignore_ascii_case("true");
        let id = headers::version(answer.headers(), names).unwrap_or_default();
        is_mark.then(|| id.to_owned())
    }

    fn version_stays(&self, key: &str, size: Option<u64>, version: Option<&str>) -> Error {
        let size = size.map(|size| format!(" of {}", shown_size(size))).unwrap_or_default();
        let id = version
            .map(|id| format!(" ({})", id.escape_debug()))
            .unwrap_or_default();
        let message = format!(
            "the bucket keeps versions: `{key}` is hidden, and a version{size}{id} stays there and is paid for"
        );
        Error::new(ErrorKind::Conflict, message)
            .with_provider(self.bucket().provider)
            .with_operation("DeleteObject")
            .with_code("VersionStays")
            .with_may_have_executed(true)
            .with_remedy("Delete that version in the vendor's console, or add a rule that expires old versions.")
    }

    fn still_there(&self, what: &str, operation: &'static str) -> Error {
        let message = format!("the store acknowledged {DELETIONS} times that it deletes {what}, which is still there");
        Error::new(ErrorKind::InvalidResponse, message)
            .with_provider(self.bucket().provider)
            .with_operation(operation)
            .with_remedy("Look whether something answers in the store's place, and delete it in the vendor's console.")
    }
}

fn shown_size(bytes: u64) -> String {
    const GIB: f64 = 1_073_741_824.0;
    let gib = bytes as f64 / GIB;
    if gib >= 0.1 {
        format!("{gib:.1} GiB")
    } else {
        format!("{bytes} bytes")
    }
}
