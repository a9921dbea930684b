//! A disk that is mostly holes goes to all clouds as a qcow2 that stands nowhere, and the process is killed on the way: each store is sent
//! what is in use, once, but for the part that each kill cuts, and holds the file that one run makes.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use cloud_import::{
    env::{Env as _, SystemEnv},
    publish::{
        disk::{Content, Converted, Limits, Survey, Target},
        staging::LocalFile,
    },
};
use cloud_import_sim::Cloud;

use crate::{
    form::Form,
    places::{self, Place},
    process::Running,
    random::Random,
    scene::{self, Folder, Scene},
};

const MIB: u64 = 1 << 20;
/// Bytes of a part.
const PART: u64 = 8 * MIB;
const KILLS: u64 = 2;
/// What a qcow2 of these disks takes beside what is in use.
const TABLES: u64 = MIB;

/// Sizes in MiB.
struct Sizes {
    disk: u64,
    used: u64,
    /// What a store takes in a second.
    rate: u64,
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let sizes = match form.long {
        true => Sizes {
            disk: 10 << 10,
            used: 900,
            rate: 160,
        },
        false => Sizes {
            disk: 64,
            used: 22,
            rate: 8,
        },
    };
    let folder = Folder::new();
    let raw = folder.path().join("disk.raw");
    make(&raw, &sizes, form.seed);
    let config = scene::config()
        .import_time(Duration::from_millis(500))
        .store_rate(sizes.rate * MIB);
    let scene = Scene::new(config, &raw).await;
    let parts = (sizes.used * MIB).div_ceil(PART) * places::ALL.len() as u64;
    for number in 1..=KILLS {
        let mut running = start(&scene);
        while stored(&scene) < parts * number / (KILLS + 1) {
            if !running.is_alive() {
                return Err(format!("it ended before kill {number}: {}", running.said()));
            }
            SystemEnv.sleep(Duration::from_millis(5)).await;
        }
        if !running.kill().await.0 {
            return Err(format!("it ended before kill {number}"));
        }
        scene.files_are_whole()?;
    }
    to_the_end(&scene).await?;
    let sent = places::ALL.map(|place| is_there_once(&scene, &place, &raw, &sizes));
    let most = sent
        .into_iter()
        .collect::<Result<Vec<u64>, String>>()?
        .into_iter()
        .max();
    Ok(format!(
        "{} MiB of a disk of {} MiB in use, at most {:.1} MiB sent to each of {} clouds, {KILLS} kills",
        sizes.used,
        sizes.disk,
        most.unwrap_or_default() as f64 / MIB as f64,
        places::ALL.len()
    ))
}

/// One part of each cloud at a time, so that a kill cuts one.
fn start(scene: &Scene) -> Running {
    let more = ["--convert", "qcow2", "--parallel", "1", "--keep-object"];
    scene.import(&places::ALL, &more)
}

async fn to_the_end(scene: &Scene) -> Result<(), String> {
    for _ in 0..30 {
        let ended = start(scene).end().await?;
        match ended.code {
            Some(0) => return Ok(()),
            // It is looked again whether what was sent arrived.
            Some(6 | 8) => SystemEnv.sleep(Duration::from_millis(300)).await,
            code => return Err(format!("ended with {code:?}\n{}\n{}", ended.out, ended.err)),
        }
    }
    Err("it never ended well".to_owned())
}

/// Parts that all stores have.
fn stored(scene: &Scene) -> u64 {
    scene.simulator.counters().parts_stored.values().sum()
}

/// One import, of the object that one run would have made, and no more sent than that takes. Gives back how much that was.
fn is_there_once(scene: &Scene, place: &Place, raw: &Path, sizes: &Sizes) -> Result<u64, String> {
    let imports = scene.imports(place.cloud);
    if imports != 1 {
        return Err(format!("{}: {imports} imports", place.target));
    }
    let counters = scene.simulator.counters();
    let of = |counts: &std::collections::BTreeMap<_, u64>| counts.get(&place.cloud).copied().unwrap_or_default();
    let (received, repeated, open) = (
        of(&counters.bytes_received),
        of(&counters.parts_repeated),
        of(&counters.open_uploads),
    );
    // A part that arrived and is not on record is known again by its MD5, which US3 does not show: each kill may come between the two.
    let known_again = place.cloud != Cloud::Ucloud;
    let most_repeated = if known_again { 0 } else { KILLS };
    if received > sizes.used * MIB + TABLES + KILLS * PART || repeated > most_repeated || open > 0 {
        return Err(format!(
            "{}: {received} bytes for {} MiB, {repeated} parts twice, {open} uploads are open",
            place.target, sizes.used
        ));
    }
    let objects = scene.simulator.objects();
    let found = objects.iter().find(|object| object.cloud == place.cloud);
    let object = found.ok_or_else(|| format!("{}: no object", place.target))?;
    let simulator = &scene.simulator;
    let staged = simulator.object(place.cloud, &object.region, &object.bucket, &object.key);
    let mut staged = staged.ok_or_else(|| format!("{}: no bytes", place.target))?;
    let mut expected = converted(raw);
    let (mut ours, mut theirs) = (vec![0; MIB as usize], vec![0; MIB as usize]);
    let mut left = expected.size();
    while left > 0 {
        let len = left.min(MIB) as usize;
        expected.read_exact(&mut ours[..len]).unwrap();
        let read = staged.read_exact(&mut theirs[..len]);
        if read.is_err() || ours[..len] != theirs[..len] {
            return Err(format!(
                "{}: another file arrived, {left} bytes before the end",
                place.target
            ));
        }
        left -= len as u64;
    }
    match staged.read(&mut theirs).unwrap() {
        0 => Ok(received),
        _ => Err(format!("{}: the file is too long", place.target)),
    }
}

fn converted(raw: &Path) -> Converted<File> {
    let holes = LocalFile::open(raw).unwrap();
    let disk = Content::open(File::open(raw).unwrap(), Limits::NONE).unwrap();
    let survey = Survey::new(disk, Target::Qcow2).unwrap();
    survey.skipping(move |from| holes.next_data(from)).finish().unwrap()
}

/// A disk with a table of partitions, and content that no two of its MiB have alike, in places that lie far apart.
fn make(path: &Path, sizes: &Sizes, seed: u64) {
    let mut file = File::create(path).unwrap();
    file.set_len(sizes.disk * MIB).unwrap();
    let mut random = Random::new(seed);
    let mut bytes = vec![0; MIB as usize];
    for number in 0..sizes.used {
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&random.next().to_le_bytes());
        }
        if number == 0 {
            bytes[..512].fill(0);
            bytes[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0]);
            bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        }
        let at = number * sizes.disk / sizes.used * MIB;
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&bytes).unwrap();
    }
    drop(file);
    assert_eq!(fs::metadata(path).unwrap().len(), sizes.disk * MIB);
}
