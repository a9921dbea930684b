//! What must be remembered of a download so that another process can go on with it: which object it is of, and which of its parts are in
//! the file. Plain data; nothing secret.

use std::collections::BTreeSet;

use cloud_import_core::{Provider, provider::Schema};
use serde::{Deserialize, Serialize};

use crate::{bucket::Bucket, objects::ObjectHead};

/// A download under way. Written before the first byte is fetched, and after parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    schema: Schema<1>,
    provider: Provider,
    region: String,
    bucket: String,
    key: String,
    size: u64,
    etag: String,
    /// Size of every part but the last, in bytes.
    pub(super) part_size: u64,
    /// Numbers of the parts that are in the file, from 0.
    #[serde(with = "runs")]
    pub(super) present: BTreeSet<u64>,
}

impl Record {
    /// Of an object of which nothing is here.
    pub(super) fn new(bucket: &Bucket, key: &str, head: &ObjectHead, part_size: u64) -> Self {
        Self {
            schema: Schema,
            provider: bucket.provider,
            region: bucket.region.clone(),
            bucket: bucket.name.clone(),
            key: key.to_owned(),
            size: head.size,
            etag: head.receipt.etag.clone(),
            part_size: part_size.max(1),
            present: BTreeSet::new(),
        }
    }

    /// Whether what is here of `other` is a part of the same state of the same object. Without an ETag nobody knows.
    pub(super) fn goes_on_with(&self, other: &Self) -> bool {
        let of = |record: &Self| Self {
            part_size: 1,
            present: BTreeSet::new(),
            ..record.clone()
        };
        let has_parts = other.part_size > 0 && other.count() <= MOST;
        !self.etag.is_empty() && has_parts && of(self) == of(other)
    }

    /// How many parts there are.
    pub(super) fn count(&self) -> u64 {
        self.size.div_ceil(self.part_size)
    }

    /// First byte and length of a part.
    pub(super) fn range(&self, number: u64) -> (u64, u64) {
        let first = number.saturating_mul(self.part_size);
        (first, self.part_size.min(self.size.saturating_sub(first)))
    }

    /// How many bytes are in the file.
    pub(super) fn bytes(&self) -> u64 {
        self.present.iter().map(|number| self.range(*number).1).sum()
    }

    /// The parts that are not in the file, in their order.
    pub(super) fn missing(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.count()).filter(|number| !self.present.contains(number))
    }
}

/// More parts than these no record has: one that says so is broken.
const MOST: u64 = 1 << 24;

/// Numbers as runs of them, each with its first and last: a large object has many parts.
mod runs {
    use std::collections::BTreeSet;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(numbers: &BTreeSet<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut runs: Vec<[u64; 2]> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some([_, last]) if last.checked_add(1) == Some(*number) => *last = *number,
                _ => runs.push([*number; 2]),
            }
        }
        runs.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<u64>, D::Error> {
        let runs = Vec::<[u64; 2]>::deserialize(deserializer)?;
        if runs.iter().any(|[first, last]| first > last || *last > super::MOST) {
            return Err(serde::de::Error::custom("a run of parts that is none"));
        }
        Ok(runs.into_iter().flat_map(|[first, last]| first..=last).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Receipt;

    fn record(size: u64, etag: &str) -> Record {
        let bucket = Bucket::new(Provider::ALIYUN, "cn-hangzhou", "images").unwrap();
        let receipt = Receipt {
            etag: etag.to_owned(),
            ..Receipt::default()
        };
        let head = ObjectHead {
            size,
            sha256: None,
            receipt,
        };
        Record::new(&bucket, "a/b", &head, 10)
    }

    #[test]
    fn it_survives_json_and_is_short() {
        let mut one = record(95, "e");
        one.present = BTreeSet::from([0, 1, 2, 5, 9]);
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.contains(r#""present":[[0,2],[5,5],[9,9]]"#), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), one);
        assert_eq!((one.count(), one.bytes()), (10, 45));
        assert_eq!(one.missing().collect::<Vec<_>>(), [3, 4, 6, 7, 8]);
        for broken in ["[[3,2]]", "[[0,18446744073709551615]]", "[[0]]"] {
            assert!(serde_json::from_str::<Record>(&text.replace("[[0,2],[5,5],[9,9]]", broken)).is_err());
        }
        assert!(serde_json::from_str::<Record>(&text.replace(r#""schema":1"#, r#""schema":2"#)).is_err());
    }

    #[test]
    fn only_the_same_state_of_the_same_object_is_gone_on_with() {
        let now = record(95, "e");
        let mut before = record(95, "e");
        (before.part_size, before.present) = (7, BTreeSet::from([1]));
        assert!(now.goes_on_with(&before));
        for broken in [0, 1] {
            let mut before = record(u64::MAX, "e");
            before.part_size = broken;
            assert!(!record(u64::MAX, "e").goes_on_with(&before), "{broken}");
        }
        assert!(!now.goes_on_with(&record(96, "e")) && !now.goes_on_with(&record(95, "f")));
        assert!(!record(95, "").goes_on_with(&record(95, "")), "nobody knows");
        let elsewhere = Record {
            region: "cn-beijing".to_owned(),
            ..now.clone()
        };
        assert!(!now.goes_on_with(&elsewhere));
    }
}
