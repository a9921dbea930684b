//! The SHA-256 of a web file, made of its parts in their order while they pass, and remembered so that no part is fetched twice for it.
//! Fetches nothing itself.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cloud_import_core::provider::digest;
use sha2::{
    Digest as _, Sha256,
    digest::common::hazmat::{SerializableState as _, SerializedState},
};

use crate::{
    record::{UploadRecord, WebRecord},
    web::WebStamp,
};

/// How far a file is summed.
#[derive(Clone)]
pub(super) struct Sum {
    hash: Sha256,
    /// The first part that is not in the sum.
    next: u32,
    /// The MD5s of the parts that are, until the store has them.
    passed: BTreeMap<u32, String>,
}

impl Sum {
    /// Nothing is summed yet, and the first part has this number.
    pub(super) fn new(first: u32) -> Self {
        Self {
            hash: Sha256::new(),
            next: first,
            passed: BTreeMap::new(),
        }
    }

    /// As it was remembered; `None` if that is of no use: then all parts are sent again.
    pub(super) fn of(record: &WebRecord) -> Option<Self> {
        let state = STANDARD.decode(&record.state).ok()?;
        let state = SerializedState::<Sha256>::try_from(state.as_slice()).ok()?;
        Some(Self {
            hash: Sha256::deserialize(&state).ok()?,
            next: record.next,
            passed: record.passed.clone(),
        })
    }

    pub(super) fn remembered(&self, stamp: &WebStamp) -> WebRecord {
        WebRecord {
            stamp: stamp.clone(),
            next: self.next,
            state: STANDARD.encode(self.hash.serialize()),
            passed: self.passed.clone(),
        }
    }

    /// The first part that is not in the sum.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The MD5 of a part that passed, and that the store did not have then.
    pub(super) fn passed(&self, number: u32) -> Option<&str> {
        self.passed.get(&number).map(String::as_str)
    }

    /// The next part passes.
    pub(super) fn add(&mut self, content: &[u8], md5: &[u8; 16]) {
        self.hash.update(content);
        self.passed.insert(self.next, digest::hex(md5));
        self.next += 1;
    }

    /// The store has a part.
    pub(super) fn is_there(&mut self, number: u32) {
        self.passed.remove(&number);
    }

    /// The SHA-256 of all parts that passed.
    pub(super) fn sha256(&self) -> String {
        digest::hex(&self.hash.clone().finalize())
    }
}

/// Makes a record one that can be gone on with. Of a web file, parts count that are in the sum; a sum that lacks one is begun anew.
///
/// Parts of a file of this machine are in no sum, and what came from the web was not compared with the file that is sent now: where the
/// source is another than before, none of them counts.
pub(super) fn fit(record: &mut UploadRecord, stamp: Option<&WebStamp>, first: u32) {
    let Some(stamp) = stamp else {
        if record.web.take().is_some() {
            record.parts.clear();
        }
        return;
    };
    let is_known = |sum: &Sum, number| record.parts.contains_key(&number) || sum.passed(number).is_some();
    let sum = record.web.as_ref().and_then(Sum::of);
    match sum.filter(|sum| (first..sum.next()).all(|number| is_known(sum, number))) {
        Some(sum) => record.parts.retain(|number, _| *number < sum.next()),
        None => {
            record.parts.clear();
            record.web = Some(Sum::new(first).remembered(stamp));
        }
    }
}
