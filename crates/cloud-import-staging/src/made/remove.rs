//! Removes a bucket that this tool made, and only an empty one.

use cloud_import_core::{Error, ErrorKind, Result};

use super::{MARK_OBJECT, Mark, Removal, Standing, conflict, not_ours};
use crate::{
    dialect::Call,
    store::{Store, nothing},
};

impl Store {
    /// Removes the bucket if it has this tool's mark and holds nothing beside it. One without the mark is this tool's only if `begun`
    /// says that an earlier call set out to make it, or to remove it, and was not seen to end.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a bucket that is not this tool's, and for one that holds what no list of it shows, such as older
    /// versions; every kind that a request can end with. Nothing in the bucket is deleted but the mark, and that is put back when
    /// the store does not remove the bucket.
    ///
    /// # Cancel safety
    /// When the future is dropped, the bucket may be there without its mark. Call it again, with `begun`.
    pub async fn remove_bucket(&self, begun: bool) -> Result<Removal> {
        match self.bucket_standing().await? {
            Standing::Absent => return Ok(Removal::NotThere),
            Standing::Unmarked if !begun => {
                let remedy = "Remove it in the vendor's console, if it is to go.";
                return Err(not_ours(self.bucket(), remedy).with_operation("DeleteBucket"));
            }
            Standing::Ours | Standing::Unmarked => {}
        }
        let listed = self.list("").await?;
        let objects = listed
            .iter()
            .filter(|object| object.key != MARK_OBJECT || self.mark() == Mark::Tag);
        let objects = objects.count();
        let uploads = self.open_uploads("").await?.map(|open| open.len());
        if objects > 0 || uploads.is_some_and(|open| open > 0) {
            return Ok(Removal::NotEmpty { objects, uploads });
        }
        if self.mark() == Mark::Object {
            self.delete(MARK_OBJECT, None).await?;
        }
        match unless_no_bucket(self.call(Call::DeleteBucket, nothing).await) {
            Ok(()) => Ok(Removal::Removed),
            Err(error) if error.may_have_executed() => match self.bucket_is_there().await {
                Ok(false) => Ok(Removal::Removed),
                _ => Err(error),
            },
            Err(error) => {
                // Without its mark nobody would know it again.
                if self.mark() == Mark::Object {
                    self.put_mark().await?;
                }
                Err(match error.kind() {
                    ErrorKind::Conflict => self.holds_what_is_hidden(error.code()),
                    _ => error,
                })
            }
        }
    }

    fn holds_what_is_hidden(&self, code: Option<&str>) -> Error {
        let name = &self.bucket().name;
        let message = format!(
            "the bucket `{name}` holds what its lists do not show, such as older versions or unfinished uploads"
        );
        let remedy = "Delete that in the vendor's console, and repeat the command.".to_owned();
        let told = conflict(self.bucket().provider, message, remedy).with_operation("DeleteBucket");
        match code {
            Some(code) => told.with_code(code),
            None => told,
        }
    }
}

/// A bucket that is not there is removed already.
fn unless_no_bucket(sent: Result<()>) -> Result<()> {
    match sent {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        sent => sent,
    }
}
