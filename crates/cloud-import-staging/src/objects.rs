//! What a store holds, as plain data: objects, parts, uploads that were begun. Knows no store.

use std::time::SystemTime;

use cloud_import_core::{Error, ErrorKind, Result};

/// What HEAD tells of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectHead {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content in hex, where the one who put it there said so in its metadata.
    pub sha256: Option<String>,
    /// What the store says of these bytes beside it.
    pub receipt: Receipt,
}

/// What a store says of bytes that it took or holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Receipt {
    /// The ETag, without quotes; empty where it told none. The MD5 of the bytes only where [`Self::md5`] says so.
    pub etag: String,
    /// Their CRC-64 (ECMA-182), where the store tells (OSS and COS).
    pub crc64: Option<u64>,
    /// How the store encrypts them, in its word (`kms`, `SM4`), where their ETag is no MD5 for that: at COS and OBS also with its own
    /// keys (`AES256`).
    pub encryption: Option<String>,
    /// The id of this version of the object, where the bucket keeps versions.
    pub version: Option<String>,
}

impl Receipt {
    /// The MD5 that the ETag is, if it is one: it has the form, and the bytes are not encrypted in a way that makes it another.
    pub fn md5(&self) -> Option<&str> {
        let is_md5 = self.etag.len() == 32 && self.etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_md5 && self.encryption.is_none()).then_some(self.etag.as_str())
    }
}

/// A multipart upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploading {
    /// Its id.
    pub upload_id: String,
    /// The part size that the store fixed for it (US3).
    pub part_size: Option<u64>,
}

/// A part that a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Its number, from [`Limits::first_part`](crate::Limits::first_part).
    pub number: u32,
    /// Its ETag, without quotes; empty where a store lists none.
    pub etag: String,
    /// Its size in bytes, where the store tells.
    pub size: Option<u64>,
}

impl Part {
    /// A part with the ETag that the store answered with, and its size where it is known.
    pub fn new(number: u32, etag: impl Into<String>, size: Option<u64>) -> Self {
        let etag = etag.into();
        Self { number, etag, size }
    }

    /// The ETag, without which no object is made of it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is not known.
    pub(crate) fn known_etag(&self) -> Result<&str> {
        if self.etag.is_empty() {
            let number = self.number;
            let message = format!("part {number} has no ETag, and the upload cannot be completed without it");
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Send that part again."));
        }
        Ok(&self.etag)
    }
}

/// An object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was put there, where the store tells (US3 is not documented to).
    pub modified: Option<SystemTime>,
}

/// An upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenUpload {
    /// The key.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it was begun, as the store writes it.
    pub initiated: Option<String>,
}

/// A page of a list, and whether more follow.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) more: bool,
}
