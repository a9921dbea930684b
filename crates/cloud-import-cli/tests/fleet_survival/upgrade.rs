//! The tables are brought up to date by a new worker while an old one is in its steps. Whatever the versions are: the tables are made
//! those of the first one.

use std::{path::Path, time::Duration};

use cloud_import_sim::{Fault, FaultKind};

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::until,
    standing::Standing,
};

const JOBS: usize = 3;

/// The tables of the first version.
const FIRST: [&str; 2] = ["record", "version"];

pub(crate) fn run(_: &Form) -> Result<String, String> {
    let fleet = Fleet::new(config().import_time(Duration::from_secs(3)), Path::new(IMAGE))?;
    for number in 0..JOBS {
        fleet.submit(&format!("web-{number}"))?;
    }
    let (newest, tables) = (version(&fleet), tables(&fleet));
    // Steps take a while.
    fleet
        .simulator
        .inject(Fault::new(FaultKind::Delay(300)).times(u32::MAX));
    let old = fleet.worker("old", &["--slots", "4"]);
    until(
        "the old worker is in its steps, and some orders have started",
        60,
        || fleet.queued("locked_at is not null") > 0 && fleet.imports() > 1 && fleet.at(&["succeeded"]) < JOBS,
    )?;
    for table in tables.iter().filter(|table| !FIRST.contains(&table.as_str())) {
        fleet.sql(&format!("drop table cloud_import.{table} cascade"));
    }
    fleet.sql("update cloud_import.version set version = 1");
    let (held, open) = (fleet.queued("locked_at is not null"), fleet.open());
    let new = fleet.worker("new", &["--slots", "4"]);
    until("the new worker has brought the tables up to date", 30, || {
        version(&fleet) == newest
    })?;
    if self::tables(&fleet) != tables {
        return Err(format!("there were {tables:?}, and are {:?}", self::tables(&fleet)));
    }
    until("no order is open", 120, || fleet.open() == 0)?;
    fleet.simulator.clear_faults();
    let standing = Standing::of(&fleet, JOBS).expect_good()?;
    for worker in [old, new] {
        worker.signal("TERM");
        worker.ended(60)?.expect(0)?;
    }
    Ok(format!(
        "from version 1 to {newest} with {held} of {open} orders in hand: {standing}"
    ))
}

fn version(fleet: &Fleet) -> String {
    fleet.sql("select version from cloud_import.version")
}

fn tables(fleet: &Fleet) -> Vec<String> {
    let sql = "select tablename from pg_tables where schemaname = 'cloud_import' order by tablename";
    fleet.sql(sql).lines().map(str::to_owned).collect()
}
