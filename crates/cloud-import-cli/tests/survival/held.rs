//! The first signal ends the command within half a minute, whatever a server or a file does: a request that is held, a store that
//! takes a byte now and then, a file that takes an hour to read. What is bounded is how often something is sent and how it ends.

use std::{
    fs::{self, File},
    sync::Arc,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Fault, FaultKind};

use crate::{
    form::Form,
    places::{self, Place},
    process::Running,
    repeat,
    scene::{self, Scene},
    side_by_side::{self, piece},
};

/// Half a minute, and as much again for a machine that does other things, too.
const END: Duration = Duration::from_secs(60);

/// Alibaba Cloud, which settles a lost order by its token.
const PLACE: Place = places::ALL[3];

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut work = Vec::new();
    for operation in ["HeadObject", "PutObject", PLACE.import] {
        let form = Arc::clone(&form);
        work.push(piece(format!("{operation} is held"), async move {
            held(&form, operation).await
        }));
    }
    let of_store = Arc::clone(&form);
    work.push(piece(
        "a store drips".to_owned(),
        async move { dripping(&of_store).await },
    ));
    work.push(piece(
        "a file is hashed".to_owned(),
        async move { hashing(&form).await },
    ));
    let cases = side_by_side::all(5, work).await?.len();
    Ok(format!("{cases} kinds of standing still"))
}

async fn held(form: &Form, operation: &str) -> Result<(), String> {
    let scene = Scene::new(scene::config(), &form.small).await;
    let minutes = FaultKind::Delay(600_000);
    scene
        .simulator
        .inject(Fault::new(minutes).operation(operation).cloud(PLACE.cloud).times(9));
    let sent = || scene.simulator.counters().requests_of(PLACE.cloud, operation);
    let mut running = scene.import(&[PLACE], &[]);
    until(&mut running, || sent() > 0).await?;
    interrupted(running, "TERM").await?;
    if sent() != 1 {
        return Err(format!("it was sent {} times", sent()));
    }
    scene.simulator.clear_faults();
    repeat::to_the_end(&scene, &[PLACE]).await.map(drop)
}

async fn dripping(form: &Form) -> Result<(), String> {
    let scene = Scene::new(scene::config().store_rate(64), &form.small).await;
    let mut running = scene.import(&[PLACE], &[]);
    until(&mut running, || {
        scene.simulator.counters().requests_of(PLACE.cloud, "PutObject") > 0
    })
    .await?;
    interrupted(running, "INT").await?;
    let counters = scene.simulator.counters();
    match counters.requests_of(PLACE.cloud, "PutObject") {
        1 => Ok(()),
        times => Err(format!("it was sent {times} times")),
    }
}

async fn hashing(form: &Form) -> Result<(), String> {
    // Sparse but for a table of one partition, in the folder of the other images.
    let large = form.parts.with_file_name("of-40-gib.raw");
    let mut record = [0; 512];
    record[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0]);
    record[510..].copy_from_slice(&[0x55, 0xAA]);
    fs::write(&large, record).unwrap();
    File::options()
        .write(true)
        .open(&large)
        .unwrap()
        .set_len(40 << 30)
        .unwrap();
    let scene = Scene::new(scene::config(), &large).await;
    for signal in crate::signals::that_stop() {
        let mut running = scene.import(&[PLACE], &[]);
        while !running.said().contains("hashing") {
            if !running.is_alive() {
                return Err(format!("it ended before that:\n{}", running.said()));
            }
            SystemEnv.sleep(Duration::from_millis(10)).await;
        }
        let ended = interrupted(running, signal).await;
        let (objects, sent) = (scene.simulator.objects(), scene.simulator.counters().requests);
        // The clouds were asked before, and nothing else.
        let asks = |operation: &str| {
            ["Describe", "Get", "List"]
                .iter()
                .any(|verb| operation.starts_with(verb))
        };
        let mut operations = sent.values().flat_map(|operations| operations.keys());
        if ended.is_err() || !objects.is_empty() || !operations.all(|operation| asks(operation)) {
            return Err(format!("SIG{signal}: {ended:?}, {objects:?}, {sent:?}"));
        }
    }
    Ok(())
}

async fn until(running: &mut Running, is_so: impl Fn() -> bool) -> Result<(), String> {
    while !is_so() {
        if !running.is_alive() {
            return Err(format!("it ended before that:\n{}", running.said()));
        }
        SystemEnv.sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn interrupted(running: Running, signal: &str) -> Result<(), String> {
    running.signal(signal).await;
    let ended = running.end_within(END).await?;
    match ended.code {
        Some(130) => Ok(()),
        other => Err(format!("exit {other:?}\n{}", ended.err)),
    }
}
