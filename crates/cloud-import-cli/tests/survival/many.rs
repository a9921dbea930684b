//! A thousand targets in one command: peak memory of the process and requests per second.

use std::{fmt::Write as _, fs, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    form::Form,
    places,
    scene::{self, Scene},
};

/// The most memory that the command may ever have taken.
const MOST_MIB: u64 = 140;

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let each = if form.long { 200 } else { 10 };
    let config = scene::config().any_bucket(true).import_time(Duration::from_millis(500));
    let scene = Scene::new(config, &form.small).await;
    let mut targets = String::new();
    for place in places::ALL {
        for number in 0..each {
            // No bucket is in two regions.
            let _ = writeln!(
                targets,
                "[targets.{name}-{number}]\nto = \"{name}/cn-many-{number}\"\nbucket = \"{name}-{number}-1250000000\"",
                name = place.cloud.name()
            );
        }
    }
    let file = scene.path("targets.toml");
    fs::write(&file, targets).unwrap();
    let begun = SystemEnv.monotonic();
    // The clouds list none of these regions.
    let mut running = scene.import(&[], &["--no-preflight", "--targets", file.to_str().unwrap()]);
    let mut peak = 0;
    while running.is_alive() {
        peak = peak.max(peak_kib(running.id()));
        SystemEnv.sleep(Duration::from_millis(20)).await;
    }
    let seconds = (SystemEnv.monotonic() - begun).as_secs_f64();
    let ended = running.end().await?;
    let rows = ended.rows()?;
    let good = rows
        .iter()
        .filter(|row| row.status == "succeeded" && row.image_id.is_some())
        .count();
    let targets = each * places::ALL.len();
    if good != targets {
        let bad = rows.iter().find(|row| row.status != "succeeded");
        return Err(format!(
            "{good} of {targets} succeeded; exit {:?}; such as {bad:?}",
            ended.code
        ));
    }
    for place in &places::ALL {
        let (imports, images) = (scene.imports(place.cloud), scene.images(place.cloud).len());
        if (imports, images) != (each as u64, each) {
            return Err(format!("{}: {imports} imports, {images} images", place.cloud.name()));
        }
        scene.nothing_left(place)?;
    }
    scene.files_are_whole()?;
    let counters = scene.simulator.counters();
    let requests: u64 = counters
        .requests
        .values()
        .flat_map(|operations| operations.values())
        .sum();
    let told = format!(
        "{targets} targets, {targets} images, {seconds:.1} s, {requests} requests, {:.0} requests/s, peak memory {} MiB",
        requests as f64 / seconds,
        peak / 1024
    );
    if peak / 1024 >= MOST_MIB {
        return Err(format!("{told}: more than {MOST_MIB} MiB"));
    }
    Ok(told)
}

/// The most memory that a process has had; 0 where this system does not tell.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
