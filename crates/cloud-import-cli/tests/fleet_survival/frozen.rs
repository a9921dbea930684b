//! A worker stands still until its lock is lost and another has done its work, and goes on then: there is one image of each order, and
//! nothing that it had in hand is written over.

use std::{path::Path, thread, time::Duration};

use cloud_import_sim::Cloud;
use serde_json::Value;

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::{Process, until},
    standing::Standing,
};

/// Where it stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// While it puts the file into a bucket.
    Staging,
    /// It is on record that an order leaves, which does not know of that yet.
    BeforeSending,
    /// A cloud has answered, and that is not on record.
    BeforeRecording,
}

const MOMENTS: [Moment; 3] = [Moment::Staging, Moment::BeforeSending, Moment::BeforeRecording];

/// How long a write waits in which a worker is to stand still, in milliseconds.
const PAUSE: u64 = 1_500;

/// Bytes per second of a store: the file takes some seconds.
const RATE: u64 = 100 << 10;

pub(crate) fn run(_: &Form) -> Result<String, String> {
    for moment in MOMENTS {
        frozen(moment).map_err(|error| format!("{moment:?}: {error}"))?;
    }
    Ok(format!("frozen at {MOMENTS:?}"))
}

fn frozen(moment: Moment) -> Result<(), String> {
    let config = config().import_time(Duration::from_millis(300));
    let config = if moment == Moment::Staging {
        config.store_rate(RATE)
    } else {
        config
    };
    let fleet = Fleet::new(config, Path::new(IMAGE))?;
    fleet.submit("web-0")?;
    match moment {
        Moment::Staging => {}
        Moment::BeforeSending => fleet.pause("staged", "starting", PAUSE),
        Moment::BeforeRecording => fleet.pause("starting", "started", PAUSE),
    }
    let one = fleet.worker("one", &["--slots", "8"]);
    until("it is at that moment", 60, || match moment {
        Moment::Staging => {
            let received = fleet.simulator.counters().bytes_received;
            Cloud::ALL
                .iter()
                .all(|cloud| received.get(cloud).is_some_and(|bytes| *bytes > 0))
        }
        _ => fleet.pausing() > 0,
    })?;
    one.signal("STOP");
    if moment == Moment::BeforeSending {
        // What it waited for is written, and it has not been told.
        until("nothing waits to be written", 30, || fleet.pausing() == 0)?;
    }
    fleet.end_sessions();
    fleet.sql("drop trigger if exists pause on cloud_import.record");
    let other = fleet.worker("other", &["--slots", "8"]);
    // An order that is on record and was not sent is looked for until somebody sends it: there is no proof that none will.
    until("the other has finished what it can", 120, || {
        let is_sent = |cloud: &&Cloud| fleet.simulator.counters().imports_of(**cloud, "web-0") > 0;
        let sent = Cloud::ALL.iter().filter(is_sent).count();
        sent + 1 >= Cloud::ALL.len() && fleet.at(&["succeeded"]) == sent && fleet.open() == Cloud::ALL.len() - sent
    })?;
    let before = fleet.records();
    one.signal("CONT");
    // Where what it was told came too late, it sent nothing.
    let _ = until("no order is open", 20, || fleet.open() == 0);
    fleet.settle_by_hand()?;
    until("no order is open", 60, || fleet.open() == 0)?;
    lives(&fleet, one, other)?;
    Standing::of(&fleet, 2).expect_good()?;
    let after = fleet.records();
    let changed = before.iter().find(|(name, record)| {
        record["step"] == "succeeded" && !after.get(*name).is_some_and(|now| is_same(record, now))
    });
    match changed {
        Some((name, record)) => Err(format!("{name} was written over: {record} and {}", after[name])),
        None => Ok(()),
    }
}

/// Whether a record says what it said. That an object was looked for once more, and was gone, is added to its history.
fn is_same(before: &Value, after: &Value) -> bool {
    let [mut one, mut other] = [before, after].map(Clone::clone);
    let [was, is] = [&mut one, &mut other].map(|record| record["history"].take());
    let (Some(was), Some(is)) = (was.as_array(), is.as_array()) else {
        return false;
    };
    one == other && is.starts_with(was) && is[was.len()..].iter().all(|event| event["what"] == "tidied")
}

/// The one that stood still works on: it does a job alone.
fn lives(fleet: &Fleet, one: Process, other: Process) -> Result<(), String> {
    // What it had in hand comes to its end.
    thread::sleep(Duration::from_secs(6));
    other.signal("TERM");
    other.ended(60)?.expect(0)?;
    fleet.submit("web-1")?;
    until("it has done another job", 120, || fleet.open() == 0).map_err(|error| format!("{error}\n{}", one.said()))?;
    one.signal("TERM");
    one.ended(60)?.expect(0).map(drop)
}
