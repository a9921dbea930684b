//! `move` is killed at moments all over its way, from each cloud that exports to the others; then the same command again until it ends.
//! There is one export and one image at each target, and nothing is left on the way.

use std::{fs, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};

use crate::{
    export::{BUCKET, Exporter, exporters},
    form::Form,
    places::{self, Place},
    process::Running,
    scene::{self, Scene},
    side_by_side::{self, piece},
};

/// How often each is killed.
const KILLS: u64 = 6;
/// How much longer it is left alone each time.
const LONGER: Duration = Duration::from_millis(350);

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut work = Vec::new();
    for exporter in exporters() {
        let form = Arc::clone(&form);
        let moved = async move { killed(&form, exporter).await };
        work.push(piece(format!("from {}", exporter.place.target), moved));
    }
    let kills: Vec<u64> = side_by_side::all(20, work).await?;
    let all: u64 = kills.iter().sum();
    if kills.iter().any(|kills| *kills < 2) {
        return Err(format!("too few kills: {kills:?}"));
    }
    Ok(format!(
        "{} images moved to the other clouds, {all} kills, one export and one image each",
        kills.len()
    ))
}

async fn killed(form: &Form, exporter: Exporter) -> Result<u64, String> {
    let moving = Moving::new(form, exporter).await?;
    let mut kills = 0;
    for number in 0..KILLS {
        let running = moving.start();
        SystemEnv.sleep(LONGER * u32::try_from(number + 1).unwrap()).await;
        kills += u64::from(running.kill().await.0);
        moving.is_once()?;
    }
    moving.to_the_end().await?;
    // And once more, when all is done.
    let ended = moving.start().end().await?;
    for place in &moving.to {
        moving
            .scene
            .one_image(place, ended.row(place.target)?.image_id.as_deref())?;
    }
    // The file is gone, and so is the object that it was fetched from.
    let objects = moving.scene.simulator.objects();
    let left = objects.iter().any(|object| object.key.contains(&moving.image_id));
    let folder = moving.scene.path("way");
    if left || fs::read_dir(folder).unwrap().count() > 0 {
        return Err(format!("something is left: {objects:?}"));
    }
    Ok(kills)
}

/// An image that is there, and the command that makes it one elsewhere.
struct Moving {
    scene: Scene,
    exporter: Exporter,
    image_id: String,
    to: Vec<Place>,
}

impl Moving {
    async fn new(form: &Form, exporter: Exporter) -> Result<Self, String> {
        let config = scene::config()
            .import_time(Duration::from_millis(700))
            .store_rate(40 << 20);
        let scene = Scene::new(config, &form.small).await;
        let state = scene.path("imported");
        let imported = scene.import_at(&state, &[exporter.place], &[]).end().await?;
        let image_id = imported.row(exporter.place.target)?.image_id;
        let to = places::ALL.iter().filter(|place| place.cloud != exporter.place.cloud);
        Ok(Self {
            image_id: image_id.ok_or(imported.err)?,
            scene,
            exporter,
            to: to.copied().collect(),
        })
    }

    fn start(&self) -> Running {
        let mut command = self
            .scene
            .command(&["move", &self.image_id, "--from", self.exporter.place.target]);
        command.args(["--through", BUCKET, "--name", "survivor", "--tidy", "--size-gib", "40"]);
        command
            .args(["--output", "json", "--no-config", "--folder"])
            .arg(self.scene.path("way"));
        for option in self.exporter.options {
            command.arg(option.replace("--set", "--export-set"));
        }
        for place in &self.to {
            command.args(["--to", place.target]);
        }
        self.scene.start(command)
    }

    async fn to_the_end(&self) -> Result<(), String> {
        for _ in 0..60 {
            let ended = self.start().end().await?;
            match ended.code {
                Some(0) => return Ok(()),
                // Nothing shows whether it was ordered, and it was not: the user says so.
                Some(8) if self.exports() == 0 => {
                    let words = [
                        "export",
                        &self.image_id,
                        "--from",
                        self.exporter.place.target,
                        "--bucket",
                        BUCKET,
                    ];
                    let more = ["--again", "--no-config"];
                    let told = self.scene.command(&[&words[..], &more, self.exporter.options].concat());
                    self.scene.start(told).end().await?;
                }
                // It is looked again whether what was sent arrived.
                Some(6 | 8) => SystemEnv.sleep(Duration::from_millis(300)).await,
                code => return Err(format!("ended with {code:?}\n{}\n{}", ended.out, ended.err)),
            }
        }
        Err("it never ended well".to_owned())
    }

    fn exports(&self) -> u64 {
        let exports = self.scene.simulator.counters().exports;
        let of_cloud = exports.get(&self.exporter.place.cloud);
        of_cloud.and_then(|of| of.get(&self.image_id)).copied().unwrap_or(0)
    }

    fn is_once(&self) -> Result<(), String> {
        let imports = self.to.iter().map(|place| self.scene.imports(place.cloud)).max();
        match (self.exports(), imports) {
            (0 | 1, Some(0 | 1)) => self.scene.files_are_whole(),
            (exports, imports) => Err(format!("{exports} exports, at most {imports:?} imports of one cloud")),
        }
    }
}
