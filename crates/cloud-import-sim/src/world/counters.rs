//! What tests ask the simulator afterwards: how often something was asked for. Counts only, decides nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;

/// What goes on for a while, and is counted by how much of it went on at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Activity {
    /// A request to a cloud's API that is being served.
    Request,
    /// A part on its way to a cloud's store.
    Part,
}

/// Numbers since the simulator started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Requests per cloud and operation, refused and unanswered ones included. A request that names no known operation
    /// counts as `unknown`.
    pub requests: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Accepted imports per cloud and image name; a replayed client token is none.
    pub imports: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Accepted copies of images per cloud and name of the copy; a replayed client token is none.
    #[serde(default)]
    pub copies: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Accepted exports per cloud and image id; a replayed client token is none.
    #[serde(default)]
    pub exports: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Requests that were answered with the result of an earlier one with the same client token.
    pub tokens_replayed: BTreeMap<Cloud, u64>,
    /// The most requests of a cloud's API that were being served at one time.
    pub peak_concurrency: BTreeMap<Cloud, u64>,
    /// Bytes of objects and parts that a cloud's store took off the wire, whatever became of them.
    #[serde(default)]
    pub bytes_received: BTreeMap<Cloud, u64>,
    /// Bytes of objects that a cloud's store set out to send, whatever became of them.
    #[serde(default)]
    pub bytes_sent: BTreeMap<Cloud, u64>,
    /// Parts that were stored, repeated ones included.
    #[serde(default)]
    pub parts_stored: BTreeMap<Cloud, u64>,
    /// Parts that were stored though their upload had one of the same number.
    #[serde(default)]
    pub parts_repeated: BTreeMap<Cloud, u64>,
    /// The most parts of a cloud that were on their way at one time.
    #[serde(default)]
    pub peak_parts_in_flight: BTreeMap<Cloud, u64>,
    /// Objects that were put or completed through a cloud's store.
    #[serde(default)]
    pub objects_stored: BTreeMap<Cloud, u64>,
    /// Objects that were deleted through a cloud's store.
    #[serde(default)]
    pub deletions: BTreeMap<Cloud, u64>,
    /// Objects that are in a cloud's store now.
    #[serde(default)]
    pub objects: BTreeMap<Cloud, u64>,
    /// Uploads of a cloud that are neither completed nor aborted now.
    #[serde(default)]
    pub open_uploads: BTreeMap<Cloud, u64>,
}

impl Counters {
    /// How often an operation of a cloud was requested.
    #[must_use]
    pub fn requests_of(&self, cloud: Cloud, operation: &str) -> u64 {
        Self::entry(&self.requests, cloud, operation)
    }

    /// How many imports of this name a cloud accepted.
    #[must_use]
    pub fn imports_of(&self, cloud: Cloud, name: &str) -> u64 {
        Self::entry(&self.imports, cloud, name)
    }

    /// How many copies of this name a cloud accepted.
    #[must_use]
    pub fn copies_of(&self, cloud: Cloud, name: &str) -> u64 {
        Self::entry(&self.copies, cloud, name)
    }

    fn entry(map: &BTreeMap<Cloud, BTreeMap<String, u64>>, cloud: Cloud, key: &str) -> u64 {
        map.get(&cloud).and_then(|counts| counts.get(key)).copied().unwrap_or(0)
    }

    pub(crate) fn count_request(&mut self, cloud: Cloud, operation: &str) {
        Self::add(&mut self.requests, cloud, operation);
    }

    pub(crate) fn count_import(&mut self, cloud: Cloud, name: &str) {
        Self::add(&mut self.imports, cloud, name);
    }

    pub(crate) fn count_copy(&mut self, cloud: Cloud, name: &str) {
        Self::add(&mut self.copies, cloud, name);
    }

    pub(crate) fn count_export(&mut self, cloud: Cloud, image_id: &str) {
        Self::add(&mut self.exports, cloud, image_id);
    }

    pub(crate) fn count_replay(&mut self, cloud: Cloud) {
        *self.tokens_replayed.entry(cloud).or_default() += 1;
    }

    pub(crate) fn note_peak(&mut self, cloud: Cloud, activity: Activity, now: u64) {
        let peaks = match activity {
            Activity::Request => &mut self.peak_concurrency,
            Activity::Part => &mut self.peak_parts_in_flight,
        };
        let peak = peaks.entry(cloud).or_default();
        *peak = (*peak).max(now);
    }

    pub(crate) fn count_part(&mut self, cloud: Cloud, repeated: bool) {
        *self.parts_stored.entry(cloud).or_default() += 1;
        if repeated {
            *self.parts_repeated.entry(cloud).or_default() += 1;
        }
    }

    pub(crate) fn count_object(&mut self, cloud: Cloud) {
        *self.objects_stored.entry(cloud).or_default() += 1;
    }

    pub(crate) fn count_deletion(&mut self, cloud: Cloud) {
        *self.deletions.entry(cloud).or_default() += 1;
    }

    /// Fills in what is counted elsewhere; a cloud whose store was never used stays out.
    pub(crate) fn note_store(&mut self, cloud: Cloud, received: u64, sent: u64, objects: u64, open_uploads: u64) {
        for (map, number) in [
            (&mut self.bytes_received, received),
            (&mut self.bytes_sent, sent),
            (&mut self.objects, objects),
            (&mut self.open_uploads, open_uploads),
        ] {
            if number > 0 {
                map.insert(cloud, number);
            }
        }
    }

    fn add(map: &mut BTreeMap<Cloud, BTreeMap<String, u64>>, cloud: Cloud, key: &str) {
        *map.entry(cloud).or_default().entry(key.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_peaks_stay() {
        let mut counters = Counters::default();
        counters.count_request(Cloud::Tencent, "ImportImage");
        counters.count_request(Cloud::Tencent, "ImportImage");
        counters.count_import(Cloud::Tencent, "web");
        counters.note_peak(Cloud::Tencent, Activity::Request, 3);
        counters.note_peak(Cloud::Tencent, Activity::Request, 1);
        assert_eq!(counters.requests_of(Cloud::Tencent, "ImportImage"), 2);
        assert_eq!(counters.requests_of(Cloud::Ucloud, "ImportImage"), 0);
        assert_eq!(counters.imports_of(Cloud::Tencent, "web"), 1);
        assert_eq!(counters.peak_concurrency[&Cloud::Tencent], 3);
        let text = serde_json::to_string(&counters).unwrap();
        assert_eq!(serde_json::from_str::<Counters>(&text).unwrap(), counters);
    }
}
