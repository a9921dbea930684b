//! Five simulated clouds, a folder with a state directory, an image file; and the command over them.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    places::{self, Place},
    process::{Ended, Running},
};

const KEYS: [&str; 2] = ["an-access-key-id", "its-secret-key"];
const BUCKET: &str = "simulated-images-1250000000";

/// The name of every image.
pub(crate) const NAME: &str = "survivor";

/// A scene; its folder goes with it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) simulator: Simulator,
    folder: Folder,
    image: PathBuf,
    runs: AtomicU32,
    /// Images whose import the cloud ended as failed.
    failed: Mutex<BTreeMap<Cloud, Vec<String>>>,
}

/// A folder that goes with its owner.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("cloud-import-survival-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Settings of the simulator with its keys.
pub(crate) fn config() -> Config {
    Config::new(KEYS[0], KEYS[1])
}

/// The command with these arguments, the simulated clouds' keys, and nothing of this machine.
fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloud-import"));
    command.env_clear().args(arguments).envs([
        ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
        ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", KEYS[1]),
    ]);
    command
}

impl Scene {
    pub(crate) async fn new(config: Config, image: &Path) -> Self {
        let folder = Folder::new();
        let config = config.store_dir(folder.path());
        let simulator = Simulator::start(config).await.unwrap();
        for place in &places::ALL {
            simulator.create_bucket(place.cloud, place.region, BUCKET, BucketSettings::default());
        }
        fs::write(folder.path().join("sim.json"), simulator.ready_line()).unwrap();
        Self {
            simulator,
            folder,
            image: image.to_owned(),
            runs: AtomicU32::new(0),
            failed: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the jobs are.
    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The command with these arguments and a state directory.
    pub(crate) fn command_at(&self, state: &Path, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.arg("--state").arg(state);
        command
    }

    /// `--simulate=…`.
    pub(crate) fn simulate(&self) -> String {
        format!("--simulate={}", self.path("sim.json").display())
    }

    /// A subcommand that reaches the clouds.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_at(&self.state(), arguments);
        command.arg(self.simulate());
        command
    }

    /// Starts a command.
    pub(crate) fn start(&self, command: Command) -> Running {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        Running::start(command, &self.path(&format!("run-{run}")))
    }

    /// The import of the image at these places, with more options.
    pub(crate) fn import_at(&self, state: &Path, places: &[Place], more: &[&str]) -> Running {
        let mut command = self.command_at(
            state,
            &["import", "--name", NAME, "--os", "CentOS 7.9", "--size-gib", "40"],
        );
        command.arg(self.simulate()).args(["--output", "json"]).args(more);
        for place in places {
            command.args(["--to", place.target]);
        }
        command.arg(&self.image);
        self.start(command)
    }

    pub(crate) fn import(&self, places: &[Place], more: &[&str]) -> Running {
        self.import_at(&self.state(), places, more)
    }

    /// Runs a subcommand to its end.
    ///
    /// # Errors
    /// It hangs.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Ended, String> {
        self.start(self.command(arguments)).end().await
    }

    /// Runs a command to its end by arguments that name the state directory and the simulator themselves.
    pub(crate) async fn run_as_it_is(&self, arguments: &[&str]) -> Result<Ended, String> {
        self.start(bare(arguments)).end().await
    }

    /// How many imports a cloud accepted, those aside that it ended as failed.
    pub(crate) fn imports(&self, cloud: Cloud) -> u64 {
        self.simulator.counters().imports_of(cloud, NAME) - self.failed_at(cloud).len() as u64
    }

    /// The images of a cloud that are there, those of failed imports aside.
    pub(crate) fn images(&self, cloud: Cloud) -> Vec<String> {
        let (images, failed) = (self.simulator.images(cloud).into_iter(), self.failed_at(cloud));
        let ids = images.filter(|image| !image.deleted).map(|image| image.image_id);
        ids.filter(|id| !failed.contains(id)).collect()
    }

    /// Takes every image of a cloud for one whose import failed, which the command was told.
    pub(crate) fn all_failed(&self, cloud: Cloud) {
        let images = self.simulator.images(cloud).into_iter();
        let ids = images.map(|image| image.image_id).collect();
        self.failed.lock().unwrap().insert(cloud, ids);
    }

    fn failed_at(&self, cloud: Cloud) -> Vec<String> {
        self.failed.lock().unwrap().get(&cloud).cloned().unwrap_or_default()
    }

    /// Whether the staged object is the image's file, byte by byte; `None` when there is none.
    pub(crate) fn staged_as_it_is(&self, place: &Place) -> Option<bool> {
        let mut objects = self.simulator.objects().into_iter();
        let object = objects.rfind(|object| object.cloud == place.cloud)?;
        let mut reader = self
            .simulator
            .object(place.cloud, &object.region, &object.bucket, &object.key)?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        Some(bytes == fs::read(&self.image).unwrap())
    }

    /// The record of a target, as it is now.
    pub(crate) fn record(&self, place: &Place) -> Option<Value> {
        let name = place.target.replace('/', "_2f") + ".json";
        let jobs = fs::read_dir(self.state().join("jobs")).ok()?;
        let found = jobs.flatten().find_map(|job| fs::read(job.path().join(&name)).ok())?;
        Some(serde_json::from_slice(&found).unwrap_or_else(|error| {
            panic!("{name} is not whole: {error}");
        }))
    }

    /// The step in a target's record.
    pub(crate) fn step(&self, place: &Place) -> Option<String> {
        self.record(place)?["step"].as_str().map(str::to_owned)
    }

    /// Every JSON file of the state directory can be read.
    ///
    /// # Errors
    /// One cannot.
    pub(crate) fn files_are_whole(&self) -> Result<(), String> {
        let mut folders = vec![self.state()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "json") {
                    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                    serde_json::from_slice::<Value>(&bytes)
                        .map_err(|error| format!("{} is not whole: {error}", path.display()))?;
                }
            }
        }
        Ok(())
    }

    /// One image at this place, the one that was told; nothing staged is left, and no open upload.
    ///
    /// # Errors
    /// What is not so.
    pub(crate) fn one_image(&self, place: &Place, told: Option<&str>) -> Result<(), String> {
        let (imports, images) = (self.imports(place.cloud), self.images(place.cloud));
        if imports != 1 {
            return Err(format!("{}: {imports} imports were accepted", place.target));
        }
        if images.len() != 1 || told != images.first().map(String::as_str) {
            return Err(format!("{}: told is {told:?}, there are {images:?}", place.target));
        }
        self.nothing_left(place)?;
        self.files_are_whole()
    }

    /// # Errors
    /// What is left of staging.
    pub(crate) fn nothing_left(&self, place: &Place) -> Result<(), String> {
        let objects = self.simulator.objects();
        let objects: Vec<_> = objects.iter().filter(|object| object.cloud == place.cloud).collect();
        let mut uploads = self.simulator.open_uploads(place.cloud);
        // US3 lists no uploads: one whose id never arrived, or was never recorded, cannot be found again. It holds no byte.
        uploads.retain(|upload| place.cloud != Cloud::Ucloud || upload.parts > 0);
        if objects.is_empty() && uploads.is_empty() {
            return Ok(());
        }
        Err(format!("{}: left are {objects:?} and {uploads:?}", place.target))
    }
}
