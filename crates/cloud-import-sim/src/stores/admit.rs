//! Whether a request may do what it asks for: its signature, its time, its bucket. Executes nothing.

use std::time::Duration;

use super::{
    call::{Call, Place},
    operation::Operation,
    traffic::Stores,
    trouble::Trouble,
};
use crate::{
    clock,
    cloud::Cloud,
    objects::{BucketSettings, Missing, host},
    verify::{
        Refusal,
        store::{Payload, StoreAlgorithm, StoreVerified, store as verify},
    },
    world::{World, single_use},
};

/// How far a signature's time may be off.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// A request that may go on.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The bucket's region.
    pub(crate) region: String,
    /// Signed in the AWS way.
    pub(crate) aws: bool,
    /// The SHA-256 that the body must have, in lower-case hexadecimal.
    pub(crate) sha256: Option<String>,
}

impl Admitted {
    /// Where the request that was admitted leads.
    pub(crate) fn place<'c>(&'c self, call: &'c Call) -> Place<'c> {
        Place {
            call,
            region: &self.region,
            aws: self.aws,
        }
    }
}

/// Checks a request. `skew`: seconds by which the server's clock is ahead.
pub(crate) fn admit(stores: &Stores, call: &Call, skew: i64) -> Result<Admitted, Trouble> {
    let secret_of = |id: &str| stores.shared.secret_of(id);
    let verified = match verify(call.cloud, &call.wire, call.addressing(), &secret_of) {
        Ok(verified) => Some(verified),
        Err(Refusal::MissingSignature) if call.operation.is_public_read() => None,
        Err(refusal) => return Err(Trouble::Signature(refusal)),
    };
    if let Some(verified) = &verified {
        check_time(call.cloud, verified, skew)?;
    }
    if call.operation == Operation::Unknown {
        return Err(Trouble::NotImplemented);
    }
    let mut world = stores.world();
    let scope = verified.as_ref().and_then(|verified| verified.region.as_deref());
    let region = region(&mut world, call, scope)?;
    if call.operation != Operation::CreateBucket {
        let settings = &world.store.bucket(call.cloud, &region, &call.bucket)?.settings;
        let (public, other) = (settings.public, settings.owner_is_other);
        if other {
            return Err(Trouble::AccessDenied);
        }
        if verified.is_none() && !public {
            return Err(Trouble::Signature(Refusal::MissingSignature));
        }
        let presigned = verified.as_ref().is_some_and(|verified| verified.presigned);
        if presigned && !public && world.config.tencent_links_open_once {
            open_once(&mut world, call)?;
        }
    }
    if scope.is_some_and(|scope| scope != region) {
        return Err(Trouble::WrongScope { region });
    }
    let sha256 = match verified.as_ref().map(|verified| &verified.payload) {
        Some(Payload::Sha256(hash)) => Some(hash.clone()),
        _ => None,
    };
    Ok(Admitted {
        region,
        aws: verified.is_some_and(|verified| verified.algorithm == StoreAlgorithm::ObsAws4),
        sha256,
    })
}

fn check_time(cloud: Cloud, verified: &StoreVerified, skew: i64) -> Result<(), Trouble> {
    let server = clock::ahead(skew);
    if verified.expires_at.is_some_and(|end| end < server) {
        return Err(Trouble::Expired);
    }
    let Some(instant) = verified.instant else {
        return Ok(());
    };
    // COS signs a span of time, and a link counts from when it was made: only what is yet to come is wrong.
    let good = match verified.presigned || cloud == Cloud::Tencent {
        true => instant <= server + WINDOW,
        false => clock::within(instant, server, WINDOW),
    };
    if good { Ok(()) } else { Err(Trouble::TooSkewed) }
}

/// The region of the request's bucket, which is made if the simulator was told to.
fn region(world: &mut World, call: &Call, scope: Option<&str>) -> Result<String, Trouble> {
    let asked = call.region.as_deref();
    let here = || asked.or(scope).unwrap_or(host::default_region(call.cloud)).to_owned();
    if call.operation == Operation::CreateBucket {
        return Ok(here());
    }
    match world.store.region_of(call.cloud, &call.bucket, asked) {
        Err(Missing::Bucket) if world.config.any_bucket => {
            let region = here();
            let settings = BucketSettings::of_any();
            world.store.create(call.cloud, &region, &call.bucket, settings);
            Ok(region)
        }
        found => Ok(found?),
    }
}

/// Tencent's guide: a signed link can be opened only once.
fn open_once(world: &mut World, call: &Call) -> Result<(), Trouble> {
    if !matches!(call.operation, Operation::GetObject | Operation::HeadObject) {
        return Ok(());
    }
    match single_use(call.cloud, &call.wire) {
        Some(signature) if !world.store.open_link(&signature) => Err(Trouble::Opened),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Now;

    fn verified(algorithm: StoreAlgorithm, seconds_ago: i64, life: Option<i64>) -> StoreVerified {
        let instant = Now::read().utc - time::Duration::seconds(seconds_ago);
        StoreVerified {
            algorithm,
            access_key_id: "ak".to_owned(),
            instant: Some(instant),
            expires_at: life.map(|life| instant + time::Duration::seconds(life)),
            region: None,
            payload: Payload::Unsigned,
            signed_headers: Vec::new(),
            presigned: life.is_some(),
        }
    }

    #[test]
    fn a_signature_in_headers_has_its_window_and_a_link_its_life() {
        let s3 = |ago, life| check_time(Cloud::Jdcloud, &verified(StoreAlgorithm::S3V4, ago, life), 0);
        assert_eq!(s3(890, None), Ok(()));
        assert_eq!(s3(910, None), Err(Trouble::TooSkewed));
        assert_eq!(s3(-910, None), Err(Trouble::TooSkewed));
        assert_eq!(s3(3600, Some(3700)), Ok(()));
        assert_eq!(s3(3600, Some(3500)), Err(Trouble::Expired));
        assert_eq!(s3(-910, Some(3500)), Err(Trouble::TooSkewed));
        let skewed = verified(StoreAlgorithm::S3V4, 0, None);
        assert_eq!(check_time(Cloud::Jdcloud, &skewed, 1000), Err(Trouble::TooSkewed));
    }

    #[test]
    fn at_cos_a_signature_holds_for_its_own_span() {
        let mut signed = verified(StoreAlgorithm::CosSha1, 3600, Some(7200));
        signed.presigned = false;
        assert_eq!(check_time(Cloud::Tencent, &signed, 0), Ok(()));
        assert_eq!(check_time(Cloud::Tencent, &signed, 4000), Err(Trouble::Expired));
    }
}
