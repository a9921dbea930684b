//! How an import opens a link: the object it names, and whether its signature and time let it be read.

use time::OffsetDateTime;

use super::host::{self, StoreHost};
use super::memory::Lookup;
use crate::cloud::Cloud;
use crate::link::{self, Link};
use crate::verify::store::{Addressing, store as verify};
use crate::wire::WireRequest;
use crate::world::World;

/// Reads what a link of this cloud's storage leads to, at this time. `at` is what [`super::host::parse`] says of the link's host;
/// a link without a bucket in its host leads nowhere.
pub(crate) fn read(world: &World, cloud: Cloud, at: &StoreHost, link: &Link, when: OffsetDateTime) -> Lookup {
    let Some(bucket) = at.bucket.as_deref() else {
        return Lookup::Absent;
    };
    let found = world.find_object(cloud, &at.region, bucket, &link.key);
    let checked = matches!(found, Lookup::Here(_)) && world.store.is_guarded(cloud, &at.region, bucket, &link.key);
    if checked && !is_good(world, cloud, bucket, link, when) {
        return Lookup::Unreadable;
    }
    found
}

fn is_good(world: &World, cloud: Cloud, bucket: &str, link: &Link, when: OffsetDateTime) -> bool {
    let request = WireRequest {
        method: "GET".to_owned(),
        path: link.path.clone(),
        query: link.query.clone(),
        headers: vec![("host".to_owned(), link.authority.clone())],
        body: Vec::new(),
    };
    let secret_of = |id: &str| world.config.secret_of(id);
    let Ok(verified) = verify(cloud, &request, Addressing::VirtualHost { bucket }, &secret_of) else {
        return false;
    };
    if verified.expires_at.is_some_and(|end| end < when) {
        return false;
    }
    let opened = signature(cloud, &request).is_some_and(|signature| world.store.was_opened(&signature));
    !opened
}

/// Whether an import's source, which is a link without its query or `bucket:key`, is this object.
pub(crate) fn leads_to(source: &str, cloud: Cloud, region: &str, bucket: &str, key: &str) -> bool {
    if let Some(link) = link::parse(source) {
        let at = host::parse(cloud, &link.host);
        return at.is_some_and(|at| at.region == region && at.bucket.as_deref() == Some(bucket)) && link.key == key;
    }
    source.split_once(':') == Some((bucket, key))
}

/// The signature of a link that holds for one use; `None` at clouds whose links hold until they expire.
pub(crate) fn signature(cloud: Cloud, request: &WireRequest) -> Option<String> {
    if cloud != Cloud::Tencent {
        return None;
    }
    let mut pairs = request.query_pairs().into_iter();
    pairs.find(|(name, _)| name == "q-signature").map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use time::macros::datetime;

    use super::*;
    use crate::clock::Now;
    use crate::config::Config;

    /// The link that UCloud's Python SDK made of these keys.
    const LINK: &str = "http://demobucket.cn-bj.ufileos.com/dir/img.qcow2?UCloudPublicKey=TOKEN_test-public\
                        &Expires=1735873445&Signature=xPr8rZjFD%2F9swkQ6IybldpVeTGk%3D";

    fn looked_up(link: &str, guarded: bool, when: OffsetDateTime) -> Lookup {
        let config = Config::new("TOKEN_test-public", "test-private-key");
        let mut world = World::new(config);
        let bytes = Bytes::from_static(b"x");
        world
            .store
            .put(Cloud::Ucloud, "cn-bj2", "demobucket", "dir/img.qcow2", bytes);
        let bucket = world.store.made(Cloud::Ucloud, "cn-bj2", "demobucket");
        for object in bucket.objects.values_mut() {
            object.guarded = guarded;
        }
        let link = link::parse(link).unwrap();
        let at = host::parse(Cloud::Ucloud, &link.host).unwrap();
        read(&world, Cloud::Ucloud, &at, &link, when)
    }

    #[test]
    fn a_link_is_good_until_it_expires() {
        let end = datetime!(2025-01-03 03:04:05 UTC);
        assert!(matches!(looked_up(LINK, true, end), Lookup::Here(_)));
        let after = end + Duration::from_secs(1);
        assert_eq!(looked_up(LINK, true, after), Lookup::Unreadable);
        assert!(matches!(looked_up(LINK, false, after), Lookup::Here(_)));
        let changed = LINK.replace("1735873445", "1835873445");
        assert_eq!(looked_up(&changed, true, end), Lookup::Unreadable);
        assert_eq!(looked_up(&LINK.replace("dir/", ""), true, end), Lookup::Absent);
    }

    #[test]
    fn an_import_reads_at_the_end_of_its_queue() {
        let world = World::new(Config::new("a", "s").import_time(Duration::from_secs(100)));
        let now = Now::read();
        assert_eq!(world.reading_time(&now), now.utc + Duration::from_secs(10));
    }

    #[test]
    fn a_source_leads_to_its_object_alone() {
        let leads = |source, region, key| leads_to(source, Cloud::Ucloud, region, "b", key);
        assert!(leads("http://b.cn-bj.ufileos.com/a%20b", "cn-bj2", "a b"));
        assert!(!leads("http://b.cn-bj.ufileos.com/a%20b", "hk", "a b"));
        assert!(!leads("http://c.cn-bj.ufileos.com/a%20b", "cn-bj2", "a b"));
        assert!(leads("b:dir/k", "any", "dir/k"));
        assert!(!leads("b:dir/k", "any", "k"));
    }
}
