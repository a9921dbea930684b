//! How an import opens a link: the object it names, and whether its signature and time let it be read.

use time::OffsetDateTime;

use super::memory::World;
use crate::{
    clock::Now,
    cloud::Cloud,
    objects::{
        Lookup,
        host::{self, StoreHost},
    },
    verify::store::{Addressing, store as verify},
    wire::{WireRequest, link::Link},
};

/// The region of a link's bucket, and what an import that is accepted now will read there; `None` when the link leads to no
/// store of this cloud. A link without a bucket in its host leads nowhere.
pub(crate) fn read(world: &World, cloud: Cloud, link: &Link, now: &Now) -> Option<(String, Lookup)> {
    let StoreHost { bucket, region } = host::parse(cloud, &link.host)?;
    let Some(bucket) = bucket else {
        return Some((region, Lookup::Absent));
    };
    let found = match world.find_object(cloud, &region, &bucket, &link.key) {
        Lookup::Here(_)
            if world.store.is_guarded(cloud, &region, &bucket, &link.key)
                && !is_good(world, cloud, &bucket, link, world.reading_time(now)) =>
        {
            Lookup::Unreadable
        }
        found => found,
    };
    Some((region, found))
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
    use crate::{wire::link, world::config::Config};

    /// The link that UCloud's Python SDK made of these keys.
    const LINK: &str = "http://demobucket.cn-bj.ufileos.com/dir/img.qcow2?UCloudPublicKey=TOKEN_test-public\
                        &Expires=1735873445&Signature=xPr8rZjFD%2F9swkQ6IybldpVeTGk%3D";

    fn looked_up(link: &str, guarded: bool, when: OffsetDateTime) -> Lookup {
        let config = Config::new("TOKEN_test-public", "test-private-key").import_time(Duration::ZERO);
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
        let now = Now {
            utc: when,
            ..Now::read()
        };
        read(&world, Cloud::Ucloud, &link, &now).unwrap().1
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
}
