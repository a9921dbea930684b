//! What tests ask the simulator afterwards: how often something was asked for. Counts only, decides nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;

/// Numbers since the simulator started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Requests per cloud and operation, refused and unanswered ones included. A request that names no known operation
    /// counts as `unknown`.
    pub requests: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Accepted imports per cloud and image name; a replayed client token is none.
    pub imports: BTreeMap<Cloud, BTreeMap<String, u64>>,
    /// Requests that were answered with the result of an earlier one with the same client token.
    pub tokens_replayed: BTreeMap<Cloud, u64>,
    /// The most requests of a cloud that were being served at one time.
    pub peak_concurrency: BTreeMap<Cloud, u64>,
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

    fn entry(map: &BTreeMap<Cloud, BTreeMap<String, u64>>, cloud: Cloud, key: &str) -> u64 {
        map.get(&cloud).and_then(|counts| counts.get(key)).copied().unwrap_or(0)
    }

    pub(crate) fn count_request(&mut self, cloud: Cloud, operation: &str) {
        Self::add(&mut self.requests, cloud, operation);
    }

    pub(crate) fn count_import(&mut self, cloud: Cloud, name: &str) {
        Self::add(&mut self.imports, cloud, name);
    }

    pub(crate) fn count_replay(&mut self, cloud: Cloud) {
        *self.tokens_replayed.entry(cloud).or_default() += 1;
    }

    pub(crate) fn note_concurrency(&mut self, cloud: Cloud, now: u64) {
        let peak = self.peak_concurrency.entry(cloud).or_default();
        *peak = (*peak).max(now);
    }

    fn add(map: &mut BTreeMap<Cloud, BTreeMap<String, u64>>, cloud: Cloud, key: &str) {
        let counts = map.entry(cloud).or_default();
        match counts.get_mut(key) {
            Some(count) => *count += 1,
            None => {
                counts.insert(key.to_owned(), 1);
            }
        }
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
        counters.note_concurrency(Cloud::Tencent, 3);
        counters.note_concurrency(Cloud::Tencent, 1);
        assert_eq!(counters.requests_of(Cloud::Tencent, "ImportImage"), 2);
        assert_eq!(counters.requests_of(Cloud::Ucloud, "ImportImage"), 0);
        assert_eq!(counters.imports_of(Cloud::Tencent, "web"), 1);
        assert_eq!(counters.peak_concurrency[&Cloud::Tencent], 3);
        let text = serde_json::to_string(&counters).unwrap();
        assert_eq!(serde_json::from_str::<Counters>(&text).unwrap(), counters);
    }
}
