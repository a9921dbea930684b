//! Where a cloud's API answers, and its regions: rows of generated tables. A region that is not among them may be newer than
//! the table: it is never refused.

use crate::{Endpoint, text::suggest::near};

/// A host beside the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherHost {
    /// A word for it.
    pub name: &'static str,
    /// The host; `{region}` stands for the region.
    pub host: &'static str,
    /// Whether it has TLS.
    pub tls: bool,
    /// What it is for.
    pub purpose: &'static str,
    /// The ending of those regions that are reached only there.
    pub only_for: Option<&'static str>,
}

impl OtherHost {
    /// A host that is taken when it is asked for.
    pub const fn new(name: &'static str, host: &'static str, tls: bool, purpose: &'static str) -> Self {
        Self {
            name,
            host,
            tls,
            purpose,
            only_for: None,
        }
    }

    /// Regions with this ending are reached only there.
    #[must_use]
    pub const fn only_for(mut self, ending: &'static str) -> Self {
        self.only_for = Some(ending);
        self
    }
}

/// The hosts and regions of a cloud.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Hosts {
    /// The usual host; `{region}` stands for the region.
    pub usual: &'static str,
    /// Other hosts.
    pub others: &'static [OtherHost],
    /// Regions by id and name.
    pub regions: &'static [(&'static str, &'static str)],
}

impl Hosts {
    /// The tables of a cloud.
    pub const fn new(
        usual: &'static str,
        others: &'static [OtherHost],
        regions: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { usual, others, regions }
    }

    /// The host of a region.
    pub(super) fn of(&self, region: &str) -> &'static str {
        let only = |own: &&OtherHost| own.only_for.is_some_and(|ending| region.ends_with(ending));
        self.others.iter().find(only).map_or(self.usual, |own| own.host)
    }

    /// Whether an endpoint is one of these, for a region.
    pub(super) fn has(&self, endpoint: &Endpoint, region: &str) -> bool {
        let others = self.others.iter().map(|other| (other.host, other.tls));
        let mut known = others.chain([(self.usual, true)]);
        known.any(|(host, tls)| {
            endpoint.authority() == host.replace("{region}", region) && (endpoint.scheme() == "https" || !tls)
        })
    }

    /// The host of another region that answers as an endpoint does for its own; `None` for an endpoint that is none of these.
    pub(super) fn moved(&self, endpoint: &Endpoint, from: &str, to: &str) -> Option<String> {
        let is_it = |host: &str| endpoint.authority() == host.replace("{region}", from);
        let host = match is_it(self.of(from)) {
            true => self.of(to),
            false => self.others.iter().find(|other| is_it(other.host))?.host,
        };
        Some(host.replace("{region}", to))
    }

    /// Regions that are spelt nearly so, the nearest first, three at the most; none for a region that is listed.
    pub(super) fn near(&self, region: &str) -> Vec<&'static str> {
        if self.regions.iter().any(|(id, _)| *id == region) {
            return Vec::new();
        }
        near(region, self.regions.iter().map(|(id, _)| *id))
            .into_iter()
            .take(3)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: Hosts = Hosts::new(
        "api.{region}.example",
        &[OtherHost::new("bank", "api.{region}.bank.example", true, "for banks").only_for("-fsi")],
        &[
            ("cn-hangzhou", ""),
            ("cn-shanghai", ""),
            ("cn-north-1", ""),
            ("cn-north-4", ""),
            ("hk", ""),
        ],
    );

    #[test]
    fn a_region_has_its_own_host_where_there_is_one() {
        assert_eq!(HOSTS.of("cn-north-1"), HOSTS.usual);
        assert_eq!(HOSTS.of("cn-north-1-fsi"), "api.{region}.bank.example");
    }

    #[test]
    fn another_region_is_reached_as_the_first_is() {
        let moved = |endpoint: &str, to: &str| HOSTS.moved(&endpoint.parse().unwrap(), "cn-north-1", to);
        let usual = "http://api.cn-north-1.example";
        assert_eq!(moved(usual, "hk").as_deref(), Some("api.hk.example"));
        assert_eq!(moved(usual, "hk-fsi").as_deref(), Some("api.hk-fsi.bank.example"));
        let bank = "https://api.cn-north-1.bank.example";
        assert_eq!(moved(bank, "hk").as_deref(), Some("api.hk.bank.example"));
        for other in [
            "https://api.cn-north-1.example:8443",
            "https://10.0.0.1",
            "https://api.hk.example",
        ] {
            assert_eq!(moved(other, "hk"), None, "{other}");
        }
    }

    #[test]
    fn what_a_vendor_publishes_is_told_from_what_looks_like_it() {
        let has = |endpoint: &str| HOSTS.has(&endpoint.parse().unwrap(), "cn-north-1");
        assert!(has("https://api.cn-north-1.example") && has("https://api.cn-north-1.bank.example"));
        for other in [
            "http://api.cn-north-1.example",
            "https://api.cn-north-1.example:8443",
            "https://api.cn-north-4.example",
            "https://api.cn-north-1.example.evil.example",
            "https://127.0.0.1",
        ] {
            assert!(!has(other), "{other}");
        }
        const INSIDE: Hosts = Hosts::new(
            "api.example",
            &[OtherHost::new("vpc", "in.example", false, "inside")],
            &[],
        );
        assert!(INSIDE.has(&"http://in.example".parse().unwrap(), ""));
    }

    #[test]
    fn a_region_with_a_typo_is_near_those_that_are_spelt_like_it() {
        assert_eq!(HOSTS.near("cn-hangzhuo"), ["cn-hangzhou"]);
        assert_eq!(HOSTS.near("cn-north4"), ["cn-north-4", "cn-north-1"]);
        for far in ["cn-north-1", "eu-west-3", "hl", "", "北京"] {
            assert!(HOSTS.near(far).is_empty(), "{far}");
        }
    }
}
