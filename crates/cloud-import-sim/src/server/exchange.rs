//! The way of one request through a cloud: counted, verified, hit by faults, executed, answered.

use super::backend::Backend;
use crate::{
    clock::{self, Now},
    cloud::Cloud,
    clouds::{Failure, Outcome, Vendor},
    wire::{Answer, Delivery, WireRequest},
    world::{Activity, FaultKind, Shared},
};

/// Serves one request. `too_large` says that its body was longer than the server reads.
pub(crate) async fn exchange(backend: &Backend, cloud: Cloud, request: &WireRequest, too_large: bool) -> Delivery {
    let vendor = backend.clouds.of(cloud);
    let shared = &*backend.shared;
    let operation = vendor.operation(request).unwrap_or("unknown");
    let _active = shared.enter(cloud, Activity::Request);
    let (request_id, skew) = {
        let mut world = shared.world();
        let skew = world.arrived(cloud, operation);
        (vendor.request_id(&mut world), skew)
    };
    // The server's date comes with every answer.
    let dated = |answer: Answer| answer.header("date", clock::http_date(clock::ahead(skew)));
    let render = |outcome: &Outcome| dated(vendor.render(&shared.config, request, &request_id, outcome));
    let admitted = if too_large {
        Err(vendor.too_large())
    } else {
        admit(shared, vendor, request, skew)
    };
    if let Err(failure) = admitted {
        return Delivery::Whole(render(&Err(failure)));
    }
    let execute = || {
        let outcome = {
            let mut world = shared.world();
            let now = world.now();
            vendor.execute(&mut world, request, &now)
        };
        render(&outcome)
    };
    let odd = |body: &str| dated(Answer::new(200, "application/json", body));
    match shared.fault(cloud, operation).await {
        Some(FaultKind::DropBefore) => Delivery::Close,
        Some(FaultKind::DropAfter | FaultKind::DropMidBody) => {
            execute();
            Delivery::Close
        }
        Some(FaultKind::Cut) => Delivery::Half(execute()),
        Some(FaultKind::Oversized(mib)) => Delivery::Flood(odd(""), mib),
        Some(FaultKind::Garbage) => Delivery::Whole(odd("\u{1f}\u{8b} this is not JSON <")),
        Some(FaultKind::Empty) => Delivery::Whole(odd("")),
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
    if let (Some(instant), Some((window, failure))) = (verified.instant, vendor.window(verified.algorithm))
        && !clock::within(instant, clock::ahead(skew), window)
    {
        return Err(failure);
    }
    match (verified.nonce, vendor.nonce_used()) {
        (Some(nonce), Some(failure)) if !shared.world().fresh_nonce(&nonce, &Now::read()) => Err(failure),
        _ => Ok(()),
    }
}
