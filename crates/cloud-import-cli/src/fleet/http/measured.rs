//! What is measured of a fleet by its queue, and of this worker: under the names of the other metrics.

use cloud_import::Provider;
use cloud_import_fleet::{Counted, Waits};

use crate::metrics::family::{Family, Kind};

/// All of it. `own`: what this process measures of itself. `slots`: how many are busy, of how many.
pub(super) fn families(own: Vec<Family>, counted: &[Counted], slots: [usize; 2], is_ready: bool) -> Vec<Family> {
    // The targets of a worker come and go.
    let mut all: Vec<Family> = own
        .into_iter()
        .filter(|family| family.name != "cloud_import_targets")
        .collect();
    let gauge = |name, help| Family::new(name, help, Kind::Gauge);
    let [busy, slots] = slots.map(|many| many as f64);
    all.extend([
        gauge("cloud_import_fleet_ready", "1 while this worker takes orders.").with([], f64::from(u8::from(is_ready))),
        gauge(
            "cloud_import_fleet_slots",
            "Orders that this worker works on at a time.",
        )
        .with([], slots),
        gauge("cloud_import_fleet_busy_slots", "Orders that this worker works on now.").with([], busy),
    ]);
    let mut orders = gauge(
        "cloud_import_fleet_orders",
        "Orders of the fleet that are not over, by what they wait for.",
    );
    let mut oldest = gauge(
        "cloud_import_fleet_oldest_order_seconds",
        "How long ago the oldest of them was submitted.",
    );
    let mut tries = gauge(
        "cloud_import_fleet_vain_attempts",
        "Attempts at orders that are not over, which could not begin them.",
    );
    let mut late = gauge(
        "cloud_import_fleet_due_seconds",
        "How long the order that is due for longest has waited for a worker.",
    );
    // All are told, so that a graph of one has no gaps.
    for provider in Provider::all() {
        for waits in Waits::ALL {
            orders.add([("provider", provider.id()), ("state", waits.as_str())], 0.0);
        }
        tries.add([("provider", provider.id())], 0.0);
        late.add([("provider", provider.id())], 0.0);
    }
    for one in counted {
        let cloud = ("provider", one.provider.as_str());
        let labels = [cloud, ("state", one.waits.as_str())];
        orders.add(labels, one.orders as f64);
        oldest.add(labels, one.oldest.as_secs() as f64);
        tries.add([cloud], one.tries as f64);
    }
    for provider in Provider::all() {
        let of_cloud = counted.iter().filter(|one| one.provider == provider.id());
        let longest = of_cloud.map(|one| one.late.as_secs()).max().unwrap_or_default();
        late.add([("provider", provider.id())], longest as f64);
    }
    all.extend([orders, oldest, tries, late]);
    all
}
