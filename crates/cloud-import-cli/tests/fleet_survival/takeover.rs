//! A worker is killed in the middle of its uploads, and another one with a home of its own goes on with them: it sends what is missing.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use cloud_import_sim::Cloud;

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::until,
    random::Random,
    standing::Standing,
};

/// What looks like content behind the image's own.
const MIB: usize = 48;

/// Bytes per second of each store.
const RATE: u64 = 8 << 20;

/// How long nothing arrives once all has.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) fn run(form: &Form) -> Result<String, String> {
    let config = config().import_time(Duration::from_millis(300)).store_rate(RATE);
    let fleet = Fleet::new(config, Path::new(IMAGE))?;
    let size = grown(&fleet.path("web.qcow2"), form.seed);
    fleet.submit("web-0")?;
    let one = fleet.worker("one", &["--slots", "8"]);
    let stored = |cloud: &Cloud| {
        fleet
            .simulator
            .open_uploads(*cloud)
            .first()
            .map_or((0, 0), |upload| (upload.parts, upload.bytes))
    };
    until("each store has two parts", 120, || {
        Cloud::ALL.iter().all(|cloud| stored(cloud).0 >= 2)
    })?;
    one.kill();
    // What was on its way arrives.
    let mut received = fleet.simulator.counters().bytes_received;
    until("nothing arrives any more", 60, || {
        thread::sleep(QUIET);
        let earlier = std::mem::replace(&mut received, fleet.simulator.counters().bytes_received);
        earlier == received
    })?;
    let before: Vec<(u64, u64)> = Cloud::ALL.iter().map(stored).collect();
    let _other = fleet.worker("other", &["--slots", "8"]);
    until("no order is open", 240, || fleet.open() == 0)?;
    Standing::of(&fleet, 1).expect_good()?;
    let counters = fleet.simulator.counters();
    let mut told =
        format!("{size} bytes to each of five stores; bytes kept at the kill, sent behind it, parts sent again:");
    let mut wrong = String::new();
    for (cloud, (parts, bytes)) in Cloud::ALL.iter().zip(before) {
        let sent = counters.bytes_received[cloud] - received[cloud];
        let again = counters.parts_repeated.get(cloud).copied().unwrap_or_default();
        let line = format!("\n  {:8} {bytes:>9} in {parts} parts, {sent:>9}, {again}", cloud.name());
        told.push_str(&line);
        // US3 lists no parts: what is there is known to the one that sent it alone.
        if *cloud != Cloud::Ucloud && (sent > size - bytes || again > 0) {
            wrong.push_str(&line);
        }
    }
    match wrong.is_empty() {
        true => Ok(told),
        false => Err(format!("more than what was missing was sent: {told}")),
    }
}

/// Its size, once it has more behind it.
fn grown(image: &Path, seed: u64) -> u64 {
    let mut file = BufWriter::new(File::options().append(true).open(image).unwrap());
    let mut random = Random::new(seed);
    for _ in 0..MIB * (1 << 20) / 8 {
        file.write_all(&random.next().to_le_bytes()).unwrap();
    }
    file.flush().unwrap();
    fs::metadata(image).unwrap().len()
}
