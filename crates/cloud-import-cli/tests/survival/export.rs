//! `export --download` is killed at each step of its record, while its order is at the cloud, and while the file comes; then the same
//! command again until it ends. There is one export, and the file is what was exported.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Cloud, Fault, FaultKind};
use serde_json::Value;

use crate::{
    form::Form,
    places::{self, Place},
    process::{Ended, Running},
    scene::{self, Scene},
    side_by_side::{self, piece},
    steps,
};

pub(crate) const BUCKET: &str = "simulated-images-1250000000";

/// Where a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The record shows the step, or one behind it.
    At(&'static str),
    /// The cloud is asked, and holds the order up.
    Held,
    /// The cloud accepted the order and its answer is lost.
    Lost,
    /// A part of the file is on record.
    Part,
    /// The file is whole, as the record says, and may not have its name yet.
    Whole,
    /// The file has its name.
    Named,
    /// The object is removed, as the record says.
    Removed,
}

const CUTS: [Cut; 9] = [
    Cut::At("starting"),
    Cut::Held,
    Cut::Lost,
    Cut::At("started"),
    Cut::At("succeeded"),
    Cut::Part,
    Cut::Whole,
    Cut::Named,
    Cut::Removed,
];

/// A cloud that exports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exporter {
    pub(crate) place: Place,
    /// The operation that orders an export.
    order: &'static str,
    pub(crate) options: &'static [&'static str],
}

pub(crate) fn exporters() -> Vec<Exporter> {
    let of = |place: &Place| {
        let (order, options): (_, &[_]) = match place.cloud {
            Cloud::Jdcloud => ("exportImage", &["--set", "jdcloud.roleName=exporter"]),
            Cloud::Tencent => ("ExportImages", &[]),
            Cloud::Huawei | Cloud::Aliyun => ("ExportImage", &[]),
            // It exports nothing.
            _ => return None,
        };
        Some(Exporter {
            place: *place,
            order,
            options,
        })
    };
    places::ALL.iter().filter_map(of).collect()
}

/// An image that is there, and the command that exports it.
struct Exporting {
    scene: Scene,
    exporter: Exporter,
    image_id: String,
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut work = Vec::new();
    for exporter in exporters() {
        let name = |what: String| format!("{} killed at {what}", exporter.place.target);
        for cut in CUTS {
            let form = Arc::clone(&form);
            let work_of_it = async move { killed(&form, exporter, &[cut]).await };
            work.push(piece(name(format!("{cut:?}")), work_of_it));
        }
        let form = Arc::clone(&form);
        let work_of_it = async move { killed(&form, exporter, &CUTS).await };
        work.push(piece(name("each step".to_owned()), work_of_it));
    }
    let jobs = work.len();
    let tallies = side_by_side::all(20, work).await?;
    let kills: usize = tallies.iter().map(|(kills, _)| kills).sum();
    let again: usize = tallies.iter().map(|(_, again)| again).sum();
    if kills < jobs {
        return Err(format!("only {kills} kills in {jobs} jobs"));
    }
    Ok(format!(
        "{jobs} jobs, {kills} kills, {jobs} exports and files, {again} unknown and then ordered because the user said so"
    ))
}

/// Killed at these points, and then repeated until it ends; how many kills, and how often the user had to decide.
async fn killed(form: &Form, exporter: Exporter, cuts: &[Cut]) -> Result<(usize, usize), String> {
    let exporting = Exporting::new(form, exporter).await?;
    let (scene, cloud) = (&exporting.scene, exporter.place.cloud);
    let removes = cuts.contains(&Cut::Removed);
    let mut kills = 0;
    for cut in cuts {
        let fault = match cut {
            Cut::Lost => Some(FaultKind::DropAfter),
            Cut::Held => Some(FaultKind::Delay(3_000)),
            _ => None,
        };
        if let Some(kind) = fault {
            scene
                .simulator
                .inject(Fault::new(kind).cloud(cloud).operation(exporter.order));
        }
        let mut running = exporting.start(removes, &[]);
        while running.is_alive() && !exporting.is_reached(*cut) {
            SystemEnv.sleep(Duration::from_millis(1)).await;
        }
        kills += usize::from(running.kill().await.0);
        scene.simulator.clear_faults();
        scene.files_are_whole()?;
        if exporting.exports() > 1 {
            return Err(format!("{} exports after the kill at {cut:?}", exporting.exports()));
        }
    }
    let again = exporting.to_the_end(removes).await?;
    exporting.is_done(form, removes)?;
    // And once more, when all is done.
    let repeated = exporting.start(removes, &[]).end().await?;
    if repeated.code != Some(0) || exporting.exports() != 1 {
        return Err(format!("repeated: {:?}\n{}", repeated.code, repeated.err));
    }
    exporting.is_done(form, removes)?;
    // Where it lasts a moment only, the process may have been quicker.
    Ok((kills.max(usize::from(is_short(cuts))), again))
}

/// Whether a process may well end before it is killed there.
fn is_short(cuts: &[Cut]) -> bool {
    matches!(cuts, [Cut::Whole | Cut::Named | Cut::Removed])
}

impl Exporting {
    async fn new(form: &Form, exporter: Exporter) -> Result<Self, String> {
        let config = scene::config()
            .import_time(Duration::from_millis(700))
            .store_rate(40 << 20);
        let scene = Scene::new(config, &form.parts).await;
        let state = scene.path("imported");
        let imported = scene.import_at(&state, &[exporter.place], &[]).end().await?;
        let image_id = imported.row(exporter.place.target)?.image_id;
        Ok(Self {
            image_id: image_id.ok_or(imported.err)?,
            scene,
            exporter,
        })
    }

    fn start(&self, removes: bool, more: &[&str]) -> Running {
        let (target, file) = (self.exporter.place.target, self.file());
        let mut command = self.scene.command(&["export", &self.image_id, "--from", target]);
        command.args(["--bucket", BUCKET, "--output", "json", "--no-config", "--download"]);
        command.arg(file).args(self.exporter.options).args(more);
        if removes {
            command.arg("--remove-object");
        }
        self.scene.start(command)
    }

    fn file(&self) -> PathBuf {
        self.scene.path("exported.img")
    }

    fn exports(&self) -> u64 {
        let exports = self.scene.simulator.counters().exports;
        let of_cloud = exports.get(&self.exporter.place.cloud);
        of_cloud.and_then(|of| of.get(&self.image_id)).copied().unwrap_or(0)
    }

    /// By the record where it tells, else by what the cloud or the folder shows.
    fn is_reached(&self, cut: Cut) -> bool {
        let record = self.scene.record(&self.exporter.place).unwrap_or_default();
        let files = &record["export"]["files"];
        let is_there = |name: &str| self.scene.path(name).exists();
        match cut {
            Cut::At(step) => !record.is_null() && steps::is_at(&record, step),
            Cut::Held => {
                let counters = self.scene.simulator.counters();
                counters.requests_of(self.exporter.place.cloud, self.exporter.order) > 0
            }
            Cut::Lost => self.exports() > 0,
            Cut::Part => is_there("exported.img.part.json"),
            Cut::Whole => files[0].is_object(),
            Cut::Named => is_there("exported.img"),
            Cut::Removed => files[0]["removed_at"].is_string(),
        }
    }

    /// Repeats the command until it ends well. Where nothing shows whether the order was sent and it was not, the user says so.
    async fn to_the_end(&self, removes: bool) -> Result<usize, String> {
        let mut again = 0;
        for _ in 0..60 {
            let ended: Ended = self.start(removes, &[]).end().await?;
            match ended.code {
                Some(0) => return Ok(again),
                Some(8) if self.exports() == 0 => {
                    again += 1;
                    let told = self.start(removes, &["--again"]).end().await?;
                    if told.code == Some(0) {
                        return Ok(again);
                    }
                }
                Some(8) => SystemEnv.sleep(Duration::from_millis(100)).await,
                code => return Err(format!("ended with {code:?}\n{}\n{}", ended.out, ended.err)),
            }
        }
        Err("it never ended well".to_owned())
    }

    fn is_done(&self, form: &Form, removes: bool) -> Result<(), String> {
        if self.exports() != 1 {
            return Err(format!("{} exports", self.exports()));
        }
        if fs::read(self.file()).map_err(|error| error.to_string())? != fs::read(&form.parts).unwrap() {
            return Err("the file is not what was exported".to_owned());
        }
        let objects = self.scene.simulator.objects();
        let is_own = |key: &str| key.contains(&self.image_id);
        let there = objects.iter().filter(|object| is_own(&object.key)).count();
        if there != usize::from(!removes) {
            return Err(format!("there are {objects:?}"));
        }
        let record: Value = self.scene.record(&self.exporter.place).unwrap_or_default();
        if record["step"] != "succeeded" {
            return Err(format!("the record says {record}"));
        }
        self.scene.files_are_whole()
    }
}
