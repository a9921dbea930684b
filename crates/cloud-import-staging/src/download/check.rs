//! Whether what is in the file is the object: its sums, against all that store and caller say of it.

use std::sync::Arc;

use cloud_import_core::{Error, ErrorKind, Result, Stop, provider::digest};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::{
    file::PartFile,
    options::{CheckedBy, DownloadProgress, OnDownload, stopped},
};
use crate::{blocking, crc64, objects::ObjectHead};

/// How much is read at once, in bytes.
const STEP: usize = 1 << 20;

/// The code of an error that says that the file is not the object.
const DIFFERS: &str = "ContentDiffers";

/// The sums of a file.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) sha256: String,
    md5: Option<String>,
    crc64: Option<u64>,
}

impl Sums {
    /// Reads the file once. Of the slower sums only those are made that the store tells, too.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when it cannot be read, [`ErrorKind::Stopped`] when a stop was requested.
    pub(super) async fn of(file: Arc<PartFile>, head: &ObjectHead, progress: OnDownload, stop: &Stop) -> Result<Self> {
        let (total, stop) = (head.size, stop.clone());
        let (tells_md5, tells_crc64) = (head.receipt.md5().is_some(), head.receipt.crc64.is_some());
        blocking::run(move || {
            let (mut sha256, mut md5, mut crc64) = (Sha256::new(), Md5::new(), 0);
            let mut buffer = vec![0; STEP];
            let mut done = 0;
            while done < total {
                if stop.is_requested() {
                    return Err(stopped());
                }
                let length = usize::try_from(total - done).map_or(STEP, |left| left.min(STEP));
                let piece = &mut buffer[..length];
                file.read_at(piece, done)?;
                sha256.update(&*piece);
                if tells_md5 {
                    md5.update(&*piece);
                }
                if tells_crc64 {
                    crc64 = crc64::update(crc64, piece);
                }
                done += u64::try_from(length).unwrap_or(u64::MAX);
                progress(DownloadProgress::Checking { done, total });
            }
            Ok(Self {
                sha256: digest::hex(&sha256.finalize()),
                md5: tells_md5.then(|| digest::hex(&md5.finalize())),
                crc64: tells_crc64.then_some(crc64),
            })
        })
        .await
    }

    /// What they were held against. `etag_is_md5`: where it has the form of one, in this store.
    ///
    /// # Errors
    /// See [`Mismatch`].
    pub(super) fn held_against(
        &self,
        head: &ObjectHead,
        etag_is_md5: bool,
        expected_sha256: Option<&str>,
    ) -> Result<Vec<CheckedBy>, Mismatch> {
        let mut checked_by = Vec::new();
        let receipt = &head.receipt;
        // The store's own sum counts before an ETag, which may only look like one.
        if let (Some(told), Some(own)) = (receipt.crc64, self.crc64) {
            if told != own {
                return Err(Mismatch::Object(format!(
                    "its CRC-64 is {own}, and the store says {told}"
                )));
            }
            checked_by.push(CheckedBy::Crc64);
        }
        if let (Some(told), Some(own)) = (receipt.md5().filter(|_| etag_is_md5), &self.md5) {
            match told.eq_ignore_ascii_case(own) {
                true => checked_by.push(CheckedBy::Md5),
                false if !checked_by.is_empty() => {}
                false => return Err(Mismatch::Object(format!("its MD5 is {own}, and the store says {told}"))),
            }
        }
        if let Some(told) = &head.sha256 {
            if *told != self.sha256 {
                let how = format!("its SHA-256 is {}, and the object's metadata say {told}", self.sha256);
                return Err(match checked_by.is_empty() {
                    true => Mismatch::Object(how),
                    false => Mismatch::Expected(how),
                });
            }
            checked_by.push(CheckedBy::Metadata);
        }
        if let Some(expected) = expected_sha256 {
            if !expected.eq_ignore_ascii_case(&self.sha256) {
                let how = format!("its SHA-256 is {}, and not {expected}", self.sha256);
                return Err(match checked_by.is_empty() {
                    true => Mismatch::Object(how),
                    false => Mismatch::Expected(how),
                });
            }
            checked_by.push(CheckedBy::Expected);
        }
        Ok(checked_by)
    }
}

/// What is in the file is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// As far as anybody knows it came otherwise than it is in the store.
    Object(String),
    /// It is as it is in the store, and not what somebody said of it.
    Expected(String),
}

impl Mismatch {
    /// As an error about the object of this key.
    pub(super) fn told(self, key: &str) -> Error {
        let (kind, how, remedy) = match self {
            Self::Object(how) => (
                ErrorKind::InvalidResponse,
                how,
                "What came is deleted: start again. If it stays so, look for a proxy that alters what is sent, for faulty memory, and \
                 at who wrote the object.",
            ),
            Self::Expected(how) => (
                ErrorKind::Conflict,
                how,
                "The object came as the store has it: check the sum, and who wrote the object. What came stays.",
            ),
        };
        Error::new(kind, format!("what came of `{key}` is not what it should be: {how}"))
            .with_code(DIFFERS)
            .with_remedy(remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Receipt;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn sums() -> Sums {
        Sums {
            sha256: "ab".repeat(32),
            md5: Some(MD5.to_owned()),
            crc64: Some(7),
        }
    }

    fn head(etag: &str, crc64: Option<u64>, sha256: Option<&str>) -> ObjectHead {
        ObjectHead {
            size: 3,
            sha256: sha256.map(str::to_owned),
            receipt: Receipt {
                etag: etag.to_owned(),
                crc64,
                ..Receipt::default()
            },
        }
    }

    #[test]
    fn all_that_is_told_is_compared() {
        let own = "ab".repeat(32);
        let all = sums().held_against(&head(MD5, Some(7), Some(&own)), true, Some(&own.to_uppercase()));
        assert_eq!(
            all.unwrap(),
            [
                CheckedBy::Crc64,
                CheckedBy::Md5,
                CheckedBy::Metadata,
                CheckedBy::Expected
            ]
        );
        let none = sums().held_against(&head("x-2", None, None), true, None);
        assert_eq!(none.unwrap(), []);
        // US3's ETag is none, whatever its form.
        let other = "0".repeat(32);
        assert_eq!(sums().held_against(&head(&other, None, None), false, None).unwrap(), []);
        // Where the store's own sum fits, an ETag of that form is none.
        let fits = sums().held_against(&head(&other, Some(7), None), true, None);
        assert_eq!(fits.unwrap(), [CheckedBy::Crc64]);
    }

    #[test]
    fn what_the_store_vouches_for_is_not_the_stores_fault() {
        let other = "cd".repeat(32);
        for (head, expected, is_the_object) in [
            (head(MD5, Some(8), None), None, true),
            (head(&"0".repeat(32), None, None), None, true),
            (head("x-2", None, Some(&other)), None, true),
            (head("x-2", None, None), Some(&other), true),
            (head("x-2", Some(7), None), Some(&other), false),
            (head(MD5, None, Some(&other)), None, false),
        ] {
            let mismatch = sums()
                .held_against(&head, true, expected.map(String::as_str))
                .unwrap_err();
            assert_eq!(matches!(mismatch, Mismatch::Object(_)), is_the_object, "{head:?}");
            let error = mismatch.told("k");
            assert_eq!((error.code(), error.is_retryable()), (Some(DIFFERS), is_the_object));
        }
    }
}
