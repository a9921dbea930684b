//! A release is killed at each of its steps and at random moments: the import, the copies, and what is done with the images then. The
//! same command again ends it, and the clouds have one image in each region, shared and tagged exactly as it was ordered.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::datetime,
};
use cloud_import_sim::{Cloud, ImageSummary};
use serde_json::Value;

use crate::{
    form::Form,
    places::{self, Place},
    process::{Ended, Running},
    random::Random,
    scene::{self, NAME, Scene},
    side_by_side::{self, piece},
};

/// A release that needs more runs than this does not get on.
const MOST: usize = 10;

/// The name of the image of before.
const BEFORE: &str = "survivor-0";

/// The longest time until a kill, in milliseconds: about what a release takes when it is let alone.
const LONGEST: u64 = 3_500;

/// What a release is in a cloud.
#[derive(Debug, Clone, Copy)]
struct Released {
    /// By its cloud.
    place: usize,
    to: [&'static str; 2],
    account: &'static str,
    tags: bool,
    /// It has families, and deprecates images.
    family: bool,
    more: &'static str,
}

const ALL: [Released; 4] = [
    Released {
        place: 0,
        to: ["cn-south-1", "cn-east-2"],
        account: "jdpub-partner01",
        tags: false,
        family: false,
        more: "",
    },
    Released {
        place: 1,
        to: ["ap-nanjing", "ap-beijing"],
        account: "200000000001",
        tags: true,
        family: true,
        more: "",
    },
    Released {
        place: 2,
        to: ["cn-east-3", "cn-south-1"],
        account: "00000000000000000000000000000001",
        tags: true,
        family: false,
        more: "options = { agency_name = 'ims_copy' }\n",
    },
    Released {
        place: 3,
        to: ["cn-beijing", "cn-shenzhen"],
        account: "1234567890000001",
        tags: true,
        family: true,
        more: "",
    },
];

/// Where a process is killed: a target, by its place among those of the release, and the step that its record shows.
#[derive(Debug, Clone, Copy)]
struct Cut {
    target: usize,
    step: &'static str,
}

/// The steps of an image and of what is done with it, in order.
const STEPS: [&str; 8] = [
    "staging",
    "staged",
    "starting",
    "started",
    "succeeded",
    "looked",
    "changed",
    "done",
];

impl Released {
    fn place(self) -> Place {
        places::ALL[self.place]
    }

    fn targets(self) -> [String; 3] {
        let Place { cloud, target, .. } = self.place();
        let [one, other] = self.to;
        [target.to_owned(), format!("{cloud}/{one}"), format!("{cloud}/{other}")]
    }

    /// Of the image of before, what makes it that.
    fn write(self, scene: &Scene) {
        let target = self.place().target;
        let [one, other] = self.to;
        let mut text = format!("[defaults]\nshare = ['{}']\n", self.account);
        if self.tags {
            text += "tags = { team = 'web' }\n";
        }
        if self.family {
            text += "family = 'survivors'\ndeprecate_previous = true\n";
        }
        text += &format!("[targets.'{target}']\nregions = ['{one}', '{other}']\n{}", self.more);
        fs::write(scene.path("targets.toml"), text).unwrap();
    }

    fn order(self, scene: &Scene, form: &Form, name: &str) -> Running {
        let file = scene.path("targets.toml");
        let order = ["import", "--os", "CentOS 7.9", "--output", "json", "--name", name];
        let mut command = scene.command(&[&order[..], &["--to", self.place().target]].concat());
        command.arg("--targets").arg(file).arg(&form.small);
        scene.start(command)
    }

    async fn scene(self, form: &Form) -> Result<Scene, String> {
        let config = scene::config()
            .import_time(Duration::from_millis(400))
            .visible_after_polls(1);
        let scene = Scene::new(config, &form.small).await;
        self.write(&scene);
        if self.family {
            let made = self.order(&scene, form, BEFORE).end().await?;
            if made.code != Some(0) {
                return Err(format!("the image of before: {made:?}"));
            }
        }
        Ok(scene)
    }

    fn images(self, scene: &Scene, name: &str) -> Vec<ImageSummary> {
        let images = scene.simulator.images(self.place().cloud).into_iter();
        images.filter(|image| image.name == name && !image.deleted).collect()
    }

    /// # Errors
    /// There is a second image.
    fn is_none_twice(self, scene: &Scene) -> Result<(), String> {
        let images = self.images(scene, NAME);
        let mut regions: Vec<&str> = images.iter().map(|image| image.region.as_str()).collect();
        regions.sort_unstable();
        let count = regions.len();
        regions.dedup();
        match regions.len() == count {
            true => Ok(()),
            false => Err(format!("two images in a region: {images:?}")),
        }
    }

    /// # Errors
    /// What is not as it was ordered.
    fn is_done(self, scene: &Scene, ended: &Ended) -> Result<(), String> {
        let cloud = self.place().cloud;
        let counters = scene.simulator.counters();
        let counted = (counters.imports_of(cloud, NAME), counters.copies_of(cloud, NAME));
        if counted != (1, 2) {
            return Err(format!("{counted:?} imports and copies were accepted\n{}", ended.err));
        }
        let images = self.images(scene, NAME);
        for target in self.targets() {
            let region = target.split_once('/').map_or("", |(_, region)| region);
            let image = images.iter().find(|image| image.region == region);
            let image = image.ok_or_else(|| format!("no image in {region}"))?;
            let told = ended.row(&target)?.image_id;
            if told.as_ref() != Some(&image.image_id) {
                return Err(format!("{target}: told is {told:?}, there is {}", image.image_id));
            }
            self.is_released(image)?;
        }
        for older in self.images(scene, BEFORE) {
            // At Alibaba Cloud what is deprecated must be shared with nobody.
            let is_shared = !older.shared_with.is_empty();
            if !older.deprecated || is_shared == (cloud == Cloud::Aliyun) {
                return Err(format!("the image of before is not retired as it is to be: {older:?}"));
            }
        }
        scene.nothing_left(&self.place())?;
        scene.files_are_whole()
    }

    fn is_released(self, image: &ImageSummary) -> Result<(), String> {
        // What else stands there is the mark by which an image is known again.
        let tags = image.tags.iter().filter(|(key, _)| *key == "team");
        let tags: BTreeMap<&str, &str> = tags.map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let wanted: BTreeMap<&str, &str> = self.tags.then_some(("team", "web")).into_iter().collect();
        let is_right = image.shared_with == [self.account]
            && tags == wanted
            && image.family.as_deref() == self.family.then_some("survivors")
            && !image.deprecated
            && !image.public;
        match is_right {
            true => Ok(()),
            false => Err(format!("not as it was ordered: {image:?}")),
        }
    }
}

/// The record of a target of the job of that name.
fn record(scene: &Scene, target: &str) -> Option<Value> {
    let name = target.replace('/', "_2f") + ".json";
    let jobs = fs::read_dir(scene.state().join("jobs")).ok()?.flatten();
    let records = jobs.filter_map(|job| fs::read(job.path().join(&name)).ok());
    let mut records = records.filter_map(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    records.find(|record| record["name"] == NAME)
}

/// How far a record has come: the image, and then what is done with it.
fn rank(record: &Value) -> usize {
    let rank = |step: &Value| STEPS.iter().position(|known| step == known);
    let image = rank(&record["step"]).unwrap_or(0);
    image.max(rank(&record["release"]["step"]).unwrap_or(0))
}

impl Cut {
    fn is_reached(self, scene: &Scene, released: Released) -> bool {
        let wanted = STEPS.iter().position(|step| *step == self.step);
        let target = &released.targets()[self.target];
        record(scene, target).is_some_and(|record| Some(rank(&record)) >= wanted)
    }
}

/// The same command until all is done; what came of copies of which that is not known is settled as it is advised.
///
/// # Errors
/// It does not come to an end, or something is not as it has to be.
async fn to_the_end(scene: &Scene, form: &Form, released: Released) -> Result<usize, String> {
    let mut last = String::new();
    for run in 1..=MOST {
        let ended = released.order(scene, form, NAME).end().await?;
        released.is_none_twice(scene)?;
        if ended.code == Some(0) {
            released.is_done(scene, &ended)?;
            return Ok(run);
        }
        last = format!("exit {:?}\n{}", ended.code, ended.err);
        let now = SystemEnv.now();
        let mut from = now;
        for row in ended.rows()? {
            let is_not_listed = row
                .message
                .is_some_and(|message| message.contains("is not listed since "));
            if row.status == "unknown" && is_not_listed {
                let to = ["--to", &row.target];
                let again = scene.run(&[&["retry", NAME, "--again"], &to[..]].concat()).await?;
                last = format!("{last}\nretry: exit {:?}\n{}", again.code, again.err);
                released
                    .is_none_twice(scene)
                    .map_err(|error| format!("{error}\n{last}"))?;
            }
            let at = row.repeat_from.as_deref().and_then(datetime::parse_rfc3339);
            from = from.max(at.unwrap_or(from));
        }
        SystemEnv
            .sleep(from.duration_since(SystemEnv.now()).unwrap_or_default())
            .await;
    }
    Err(format!("not at its end after {MOST} runs: {last}"))
}

/// A release that is killed at these points, and then repeated until it ends: kills and runs.
async fn at_steps(form: &Form, released: Released, cuts: &[Cut]) -> Result<(usize, usize), String> {
    let scene = released.scene(form).await?;
    let mut kills = 0;
    for cut in cuts {
        let mut running = released.order(&scene, form, NAME);
        while running.is_alive() && !cut.is_reached(&scene, released) {
            SystemEnv.sleep(Duration::from_millis(1)).await;
        }
        let (killed, _) = running.kill().await;
        kills += usize::from(killed);
        scene.files_are_whole()?;
        released
            .is_none_twice(&scene)
            .map_err(|error| format!("after {cut:?}: {error}"))?;
    }
    Ok((kills, to_the_end(&scene, form, released).await?))
}

/// A release that is killed so often at random moments.
async fn at_moments(form: &Form, released: Released, kills: usize, seed: u64) -> Result<(usize, usize), String> {
    let scene = released.scene(form).await?;
    let mut random = Random::new(seed);
    let mut done = 0;
    for _ in 0..kills {
        let running = released.order(&scene, form, NAME);
        SystemEnv.sleep(Duration::from_millis(random.below(LONGEST))).await;
        let (killed, _) = running.kill().await;
        scene.files_are_whole()?;
        released.is_none_twice(&scene)?;
        if !killed {
            break;
        }
        done += 1;
    }
    Ok((done, to_the_end(&scene, form, released).await?))
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut random = Random::new(form.seed);
    let mut work = Vec::new();
    for released in ALL {
        let name = released.place().target;
        // Those of the image that is imported, and those of a copy of it.
        for target in [0, 1] {
            let cuts: Vec<Cut> = STEPS.iter().map(|step| Cut { target, step }).collect();
            let alone = cuts.iter().map(|cut| vec![*cut]).filter(|_| form.long);
            let (some, form) = (form.long || target == 1, Arc::clone(&form));
            let in_turn = match some {
                true => cuts.clone(),
                // Before its image is there, it is an import like any other.
                false => cuts[3..].to_vec(),
            };
            for cuts in alone.chain([in_turn]) {
                let form = Arc::clone(&form);
                work.push(piece(format!("a release of {name} killed at {cuts:?}"), async move {
                    at_steps(&form, released, &cuts).await
                }));
            }
        }
        for _ in 0..form.kills.div_ceil(25) {
            let (seed, form) = (random.next(), Arc::clone(&form));
            let kills = form.kills.min(25).div_ceil(6);
            work.push(piece(format!("a release of {name} with seed {seed}"), async move {
                at_moments(&form, released, kills, seed).await
            }));
        }
    }
    let jobs = work.len();
    let done = side_by_side::all(12, work).await?;
    let kills: usize = done.iter().map(|(kills, _)| kills).sum();
    let runs: usize = done.iter().map(|(_, runs)| runs).sum();
    if kills < jobs {
        return Err(format!("only {kills} kills in {jobs} releases"));
    }
    Ok(format!(
        "{jobs} releases, {kills} kills, {runs} runs to the end, {} images",
        3 * jobs
    ))
}
