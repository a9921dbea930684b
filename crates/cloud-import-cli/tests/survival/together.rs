//! Two processes with the same command at the same time, also where one calls the targets by other names: one image per target, and
//! both tell the same.

use std::{collections::BTreeMap, fmt::Write as _, fs, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    form::Form,
    places,
    process::Ended,
    scene::{self, Scene},
    side_by_side::{self, piece},
};

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let rounds: u64 = if form.long { 12 } else { 3 };
    let work = (0..2 * rounds).map(|round| {
        let form = Arc::clone(&form);
        // At once, while the first hashes, stages, or waits.
        let head_start = Duration::from_millis([0, 150, 900][round as usize / 2 % 3]);
        let is_renamed = round % 2 == 1;
        piece(
            format!("the second {head_start:?} later, renamed: {is_renamed}"),
            async move { twice(&form, head_start, is_renamed).await },
        )
    });
    let pairs = side_by_side::all(3, work.collect()).await?.len();
    Ok(format!(
        "{pairs} pairs of processes, {} images, the same told by both",
        pairs * places::ALL.len()
    ))
}

async fn twice(form: &Form, head_start: Duration, is_renamed: bool) -> Result<(), String> {
    let config = scene::config()
        .import_time(Duration::from_millis(900))
        .visible_after_polls(2)
        .store_rate(40 << 20);
    let scene = Scene::new(config, &form.parts).await;
    let first = scene.import(&places::ALL, &[]);
    SystemEnv.sleep(head_start).await;
    let renamed = scene.path("targets.toml");
    let mut targets = String::new();
    for place in &places::ALL {
        let _ = writeln!(targets, "[targets.{}]\nto = \"{}\"", place.cloud.name(), place.target);
    }
    fs::write(&renamed, targets).map_err(|error| error.to_string())?;
    let second = match is_renamed {
        true => scene.import(&[], &["--targets", &renamed.display().to_string()]),
        false => scene.import(&places::ALL, &[]),
    };
    let (first, second) = tokio::join!(first.end(), second.end());
    let (first, mut second) = (ids(&first?)?, ids(&second?)?);
    if is_renamed {
        let found = |place: &places::Place| Some((place.target.to_owned(), second.remove(place.cloud.name())?));
        second = places::ALL.iter().filter_map(found).collect();
    }
    if first != second {
        return Err(format!("one tells {first:?}, the other {second:?}"));
    }
    for place in &places::ALL {
        scene.one_image(place, first.get(place.target).map(String::as_str))?;
    }
    Ok(())
}

/// The image ids that a command told.
///
/// # Errors
/// It did not end well.
pub(crate) fn ids(ended: &Ended) -> Result<BTreeMap<String, String>, String> {
    if ended.code != Some(0) {
        return Err(format!("exit {:?}\n{}", ended.code, ended.err));
    }
    let rows = ended.rows()?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.target, row.image_id?)))
        .collect())
}
