//! The same command on another machine, with nothing remembered there, while the first one's import runs, when it is done, and at
//! the same moment. What is guaranteed is checked; what depends on when a cloud shows a new image is counted and told.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    form::Form,
    places::{self, Place},
    scene::{self, Scene},
    side_by_side::{self, piece},
    together,
};

/// When the other machine begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The first import runs and is listed.
    Running,
    /// The first import runs, and the cloud does not list it yet.
    Hidden,
    /// The first import is done and its staged object deleted.
    Done,
    /// Both at the same moment.
    AtOnce,
}

const WHEN: [When; 4] = [When::Running, When::Done, When::Hidden, When::AtOnce];

impl When {
    /// One image, whatever the moment: by the token, or because the image is found.
    fn is_guaranteed(self, place: &Place) -> bool {
        place.token || matches!(self, Self::Running | Self::Done)
    }
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut work = Vec::new();
    for place in places::ALL {
        for when in WHEN {
            let form = Arc::clone(&form);
            work.push(piece(format!("{} {when:?}", place.target), async move {
                one(&form, place, when).await
            }));
        }
    }
    let imports = side_by_side::all(10, work).await?;
    let mut told = format!("{:20}", "images (* guaranteed one)");
    for when in WHEN {
        let _ = write!(told, " {:>9}", format!("{when:?}"));
    }
    for (place, imports) in places::ALL.iter().zip(imports.chunks(WHEN.len())) {
        let _ = write!(told, "\n{:25}", place.target);
        for (when, imports) in WHEN.iter().zip(imports) {
            let star = if when.is_guaranteed(place) { "*" } else { " " };
            let _ = write!(told, " {imports:>8}{star}");
        }
    }
    Ok(format!("another machine with the same command\n{told}"))
}

async fn one(form: &Form, place: Place, when: When) -> Result<u64, String> {
    let import_time = if when == When::Done { 300 } else { 2_500 };
    let hidden = if when == When::Hidden { 4 } else { 0 };
    let config = scene::config()
        .import_time(Duration::from_millis(import_time))
        .visible_after_polls(hidden);
    let scene = Scene::new(config, &form.small).await;
    let (here, there) = (scene.state(), scene.path("elsewhere"));
    let more: &[&str] = if matches!(when, When::Running | When::Hidden) {
        &["--no-wait"]
    } else {
        &[]
    };
    let first = scene.import_at(&here, &[place], more);
    let (first, second) = if when == When::AtOnce {
        let second = scene.import_at(&there, &[place], &[]);
        tokio::join!(first.end(), second.end())
    } else {
        let first = first.end().await;
        if when == When::Running {
            SystemEnv.sleep(Duration::from_millis(100)).await;
        }
        (first, scene.import_at(&there, &[place], &[]).end().await)
    };
    let (first, second) = (first?, second?);
    let imports = scene.imports(place.cloud);
    if !when.is_guaranteed(&place) {
        return Ok(imports);
    }
    // The first machine goes on, if it did not wait.
    let first = match more {
        [] => first,
        _ => scene.import_at(&here, &[place], &[]).end().await?,
    };
    let (first, second) = (together::ids(&first)?, together::ids(&second)?);
    if first != second {
        return Err(format!("one tells {first:?}, the other {second:?}"));
    }
    scene.one_image(&place, second.get(place.target).map(String::as_str))?;
    Ok(imports)
}
