//! The way of one request through a cloud: counted, verified, hit by faults, executed, answered.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::answer::{Answer, Delivery};
use crate::clock::{self, Now};
use crate::cloud::Cloud;
use crate::clouds::{self, Failure, Outcome, Vendor};
use crate::config::Config;
use crate::counters::Counters;
use crate::faults::{FaultKind, When};
use crate::stores::Stores;
use crate::verify::Secret;
use crate::wire::WireRequest;
use crate::world::World;

/// What all listeners share.
#[derive(Debug)]
pub(crate) struct Shared {
    config: Config,
    world: Mutex<World>,
    pub(crate) stores: Stores,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Shared {
            world: Mutex::new(World::new(config.clone())),
            stores: Stores::new(&config),
            config,
        }
    }

    /// The memory. A panic of another holder leaves it as it was: every change is one assignment or one push.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn secret_of(&self, access_key_id: &str) -> Option<Secret> {
        self.config.secret_of(access_key_id)
    }

    /// What was counted, with what is counted where bodies move.
    pub(crate) fn counters(&self) -> Counters {
        let world = self.world();
        let mut counters = world.counters.clone();
        for cloud in Cloud::ALL {
            let (objects, open_uploads) = world.store.totals(cloud);
            counters.note_store(cloud, self.stores.received(cloud), objects, open_uploads);
        }
        counters
    }
}

/// Counts a request as being served for as long as it lives.
struct Active<'s> {
    shared: &'s Shared,
    cloud: Cloud,
}

impl<'s> Active<'s> {
    fn enter(shared: &'s Shared, cloud: Cloud) -> Self {
        shared.world().enter(cloud);
        Active { shared, cloud }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.shared.world().leave(self.cloud);
    }
}

/// Serves one request. `too_large` says that its body was longer than the server reads.
pub(crate) async fn exchange(shared: &Shared, cloud: Cloud, request: &WireRequest, too_large: bool) -> Delivery {
    let vendor = clouds::vendor(cloud);
    let operation = vendor.operation(request).unwrap_or("unknown");
    let _active = Active::enter(shared, cloud);
    let (request_id, skew) = {
        let mut world = shared.world();
        world.counters.count_request(cloud, operation);
        let skew = world.faults.hit(When::Clock, cloud, operation);
        (vendor.request_id(&mut world), seconds(&skew))
    };
    let render = |outcome: &Outcome| {
        let answer = vendor.render(&shared.config, request, &request_id, outcome);
        dated(answer, skew)
    };
    let admitted = if too_large {
        Err(vendor.too_large())
    } else {
        admit(shared, vendor, request, skew)
    };
    if let Err(failure) = admitted {
        return Delivery::Whole(render(&Err(failure)));
    }
    let mut faults = shared.world().faults.hit(When::Request, cloud, operation);
    for fault in &faults {
        if let FaultKind::Delay(millis) = fault {
            clock::sleep(Duration::from_millis(*millis)).await;
        }
    }
    faults.retain(|fault| !matches!(fault, FaultKind::Delay(_)));
    let execute = || render(&vendor.execute(&mut shared.world(), request, &Now::read()));
    match faults.pop() {
        Some(FaultKind::DropBefore) => Delivery::Close,
        Some(FaultKind::DropAfter | FaultKind::DropMidBody) => {
            execute();
            Delivery::Close
        }
        Some(FaultKind::Cut) => Delivery::Half(execute()),
        Some(FaultKind::Oversized(mib)) => {
            let answer = Answer::new(200, "application/json", "");
            Delivery::Flood(dated(answer, skew), mib)
        }
        Some(FaultKind::Garbage) => {
            let answer = Answer::new(200, "application/json", "\u{1f}\u{8b} this is not JSON <");
            Delivery::Whole(dated(answer, skew))
        }
        Some(FaultKind::Empty) => {
            let answer = Answer::new(200, "application/json", "");
            Delivery::Whole(dated(answer, skew))
        }
        Some(fault) => match refusal(vendor, fault) {
            Some(failure) => Delivery::Whole(render(&Err(failure))),
            None => Delivery::Whole(execute()),
        },
        None => Delivery::Whole(execute()),
    }
}

/// The failure with which a fault answers in the vendor's form.
fn refusal(vendor: &dyn Vendor, fault: FaultKind) -> Option<Failure> {
    match fault {
        FaultKind::Refuse { http, code, message } => Some(Failure::new(http, &code, message)),
        FaultKind::Throttle => Some(vendor.throttled()),
        FaultKind::ThrottleFor { seconds } => Some(Failure {
            retry_after: Some(seconds),
            ..vendor.throttled()
        }),
        FaultKind::ServerError { http } => Some(vendor.broken(http)),
        FaultKind::Error200 | FaultKind::Error200InBody => Some(Failure {
            http: 200,
            page: false,
            ..vendor.broken(500)
        }),
        _ => None,
    }
}

/// Checks signature, time and nonce, in this order.
fn admit(shared: &Shared, vendor: &dyn Vendor, request: &WireRequest, skew: i64) -> Result<(), Failure> {
    let verified = vendor
        .verify(request, &|id| shared.secret_of(id))
        .map_err(|refusal| vendor.refused(refusal))?;
    let now = Now::read();
    let server = now.utc + time::Duration::seconds(skew);
    if let (Some(instant), Some(window)) = (verified.instant, vendor.window(&verified.algorithm))
        && !clock::within(instant, server, window)
    {
        return Err(vendor.expired(&verified.algorithm));
    }
    match verified.nonce {
        Some(nonce) if vendor.nonce_is_single_use() && !shared.world().fresh_nonce(&nonce, &now) => {
            Err(vendor.nonce_used())
        }
        _ => Ok(()),
    }
}

/// The seconds by which a fault sets the clock ahead.
pub(crate) fn seconds(skew: &[FaultKind]) -> i64 {
    skew.iter()
        .find_map(|fault| match fault {
            FaultKind::SkewedDate(seconds) => Some(*seconds),
            _ => None,
        })
        .unwrap_or(0)
}

/// Adds the server's date; it comes with every answer.
fn dated(answer: Answer, skew: i64) -> Answer {
    let server = Now::read().utc + time::Duration::seconds(skew);
    answer.header("date", clock::http_date(server))
}
