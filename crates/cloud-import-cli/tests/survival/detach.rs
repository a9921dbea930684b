//! Detach and go on later: `--no-wait`, `wait`, `status`, `list`, `clean`, `--timeout`, `--again`, and a command that was done
//! before.

use std::{sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Cloud, Counters, Fault, FaultKind};

use crate::{
    form::Form,
    places,
    process::Ended,
    repeat,
    scene::{self, NAME, Scene},
    side_by_side::{self, piece},
    together::ids,
};

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let work = vec![
        piece("detached".to_owned(), detached(Arc::clone(&form))),
        piece("timeout".to_owned(), timeout(Arc::clone(&form))),
        piece("unfinished".to_owned(), unfinished(Arc::clone(&form))),
        piece("refused".to_owned(), refused(Arc::clone(&form))),
        piece("again".to_owned(), again(form)),
    ];
    let cases = side_by_side::all(4, work).await?.len();
    Ok(format!("{cases} ways to come back later"))
}

fn expect(ended: &Ended, code: i32, words: &[&str]) -> Result<(), String> {
    let all = format!("{}{}", ended.out, ended.err);
    if ended.code == Some(code) && words.iter().all(|word| all.contains(word)) {
        return Ok(());
    }
    Err(format!("exit {:?}, expected {code} and {words:?}\n{all}", ended.code))
}

/// Starts and leaves; looks, cleans, waits; and is then done for good.
async fn detached(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().import_time(Duration::from_secs(12)), &form.small).await;
    let started = scene.import(&places::ALL, &["--no-wait"]).end().await?;
    expect(&started, 0, &["running"])?;
    let listed = scene.start(scene.command_at(&scene.state(), &["list"])).end().await?;
    expect(&listed, 0, &[NAME, "still running"])?;
    expect(
        &scene.run(&["status"]).await?,
        7,
        &["jdcloud/cn-north-1", "huawei/cn-north-4"],
    )?;
    // What runs may still read its object: it is shown, and never deleted.
    for clean in [&["clean"][..], &["clean", "--yes"]] {
        expect(&scene.run(clean).await?, 0, &["in use"])?;
        if scene.simulator.objects().len() != places::ALL.len() {
            return Err(format!("{clean:?} deleted what is in use"));
        }
    }
    let waited = scene.run(&["wait", "--output", "json"]).await?;
    let told = ids(&waited)?;
    for place in &places::ALL {
        scene.one_image(place, told.get(place.target).map(String::as_str))?;
    }
    expect(&scene.run(&["wait"]).await?, 0, &["waits for a result"])?;
    expect(&scene.run(&["clean"]).await?, 0, &["nothing is left"])?;
    // Done before: each cloud is asked once for its image, and for nothing else.
    let before = scene.simulator.counters();
    let repeated = scene.import(&places::ALL, &[]).end().await?;
    if ids(&repeated)? != told {
        return Err(format!("told were {told:?}, then {:?}", ids(&repeated)?));
    }
    let after = scene.simulator.counters();
    for place in &places::ALL {
        let asked = |counters: &Counters| counters.requests[&place.cloud].values().sum::<u64>();
        let more = asked(&after) - asked(&before);
        if more != 1 {
            return Err(format!("{}: {more} requests for what was done", place.target));
        }
    }
    Ok(())
}

/// The time is up: said so, kept all, and goes on by the command that is printed.
async fn timeout(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().import_time(Duration::from_secs(6)), &form.small).await;
    let ended = scene.import(&places::ALL, &["--timeout", "1s"]).end().await?;
    expect(&ended, 7, &["to continue: cloud-import resume survivor-"])?;
    if scene.simulator.objects().len() != places::ALL.len() {
        return Err("objects are gone that imports still read".to_owned());
    }
    let line = ended
        .err
        .lines()
        .find_map(|line| line.split_once("cloud-import resume "))
        .map(|(_, words)| words.trim());
    // The whole line counts: it names the state directory and the simulator, too.
    let words = line.ok_or("no job is named")?.split(' ');
    let arguments: Vec<&str> = std::iter::once("resume")
        .chain(words)
        .chain(["--output", "json"])
        .collect();
    let waited = ids(&scene.run_as_it_is(&arguments).await?)?;
    for place in &places::ALL {
        scene.one_image(place, waited.get(place.target).map(String::as_str))?;
    }
    Ok(())
}

/// A killed upload is shown by `clean`, left alone while a process works on it, and aborted with `--yes`.
async fn unfinished(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().store_rate(3 << 20), &form.parts).await;
    let mut running = scene.import(&places::ALL, &[]);
    let open = || {
        places::ALL
            .iter()
            .filter(|place| !scene.simulator.open_uploads(place.cloud).is_empty())
            .count()
    };
    while running.is_alive() && open() < places::ALL.len() {
        SystemEnv.sleep(Duration::from_millis(5)).await;
    }
    SystemEnv.sleep(Duration::from_millis(100)).await;
    expect(&scene.run(&["clean", "--yes"]).await?, 0, &["in use"])?;
    if open() != places::ALL.len() {
        return Err("clean aborted an upload that a process works on".to_owned());
    }
    running.kill().await;
    expect(
        &scene.run(&["clean"]).await?,
        0,
        &["unfinished upload", "nothing was deleted"],
    )?;
    if open() != places::ALL.len() {
        return Err("clean deleted without --yes".to_owned());
    }
    expect(&scene.run(&["clean", "--yes"]).await?, 0, &["deleted"])?;
    if open() != 0 {
        return Err("uploads are open after clean --yes".to_owned());
    }
    scene.files_are_whole()?;
    drop(scene);
    // And where nobody cleaned up, the same command does.
    let scene = Scene::new(scene::config().store_rate(40 << 20), &form.parts).await;
    repeat::to_the_end(&scene, &places::ALL).await.map(drop)
}

/// What a refused order had staged is kept for the repeat, and goes by `clean --yes` all the same.
async fn refused(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().import_time(Duration::from_millis(300)), &form.small).await;
    for place in &places::ALL {
        let kind = FaultKind::Refuse {
            http: 400,
            code: "QuotaExceeded".to_owned(),
            message: "no".to_owned(),
        };
        scene.simulator.inject(
            Fault::new(kind)
                .cloud(place.cloud)
                .operation(place.import)
                .times(u32::MAX),
        );
    }
    expect(&scene.import(&places::ALL, &[]).end().await?, 4, &["QuotaExceeded"])?;
    let objects = || scene.simulator.objects().len();
    if objects() != places::ALL.len() {
        return Err("what was staged is not kept".to_owned());
    }
    expect(&scene.run(&["clean"]).await?, 0, &["to delete", "nothing was deleted"])?;
    if objects() != places::ALL.len() {
        return Err("clean deleted without --yes".to_owned());
    }
    expect(&scene.run(&["clean", "--yes"]).await?, 0, &["deleted"])?;
    if objects() != 0 {
        return Err(format!("left are {:?}", scene.simulator.objects()));
    }
    scene.simulator.clear_faults();
    repeat::to_the_end(&scene, &places::ALL).await.map(drop)
}

/// `--again` makes another image where names may be taken twice, and is refused with the reason elsewhere.
async fn again(form: Arc<Form>) -> Result<(), String> {
    let scene = Scene::new(scene::config().import_time(Duration::from_millis(300)), &form.small).await;
    let first = ids(&scene.import(&places::ALL, &[]).end().await?)?;
    let second = scene.import(&places::ALL, &["--again"]).end().await?;
    for place in &places::ALL {
        let (row, images) = (second.row(place.target)?, scene.images(place.cloud).len());
        let good = match place.cloud {
            Cloud::Jdcloud | Cloud::Ucloud => {
                row.image_id.is_some() && row.image_id.as_ref() != first.get(place.target) && images == 2
            }
            _ => row.status == "not_started" && row.message.is_some() && images == 1,
        };
        if !good {
            return Err(format!("{images} images, {row:?}\n{}", second.err));
        }
    }
    Ok(())
}
