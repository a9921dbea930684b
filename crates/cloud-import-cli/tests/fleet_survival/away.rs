//! The database is away for 20 seconds while orders run and one who submitted follows them: all is done, and who followed is told so.

use std::{path::Path, thread, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::until,
    standing::Standing,
};

const AWAY: Duration = Duration::from_secs(20);

pub(crate) fn run(_: &Form) -> Result<String, String> {
    let mut fleet = Fleet::new(config().import_time(Duration::from_secs(6)), Path::new(IMAGE))?;
    let workers = ["one", "other"].map(|machine| fleet.worker(machine, &["--slots", "3"]));
    let following = fleet.submitter("submitter", "web-0", &[]);
    until("an order has started", 60, || fleet.imports() > 0)?;
    fleet.server.kill();
    thread::sleep(AWAY);
    fleet.server.go_on();
    let begun = SystemEnv.monotonic();
    let ended = following.ended(120)?.expect(0)?;
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    if ended.out.lines().count() != 5 {
        return Err(format!("five images were to be told: {}", ended.out));
    }
    until("no order is open", 30, || fleet.open() == 0)?;
    let standing = Standing::of(&fleet, 1).expect_good()?;
    for worker in workers {
        worker.signal("TERM");
        worker.ended(60)?.expect(0)?;
    }
    Ok(format!("{standing}; over {seconds:.1} s after it was back"))
}
