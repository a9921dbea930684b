//! `import --convert` to what is made on its way: no program beside the command, no copy on disk, holes that are not sent, and parts
//! that are the same after a kill. Only simulated clouds are reached.

use std::{
    fs::{self, File},
    io::{Cursor, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use cloud_import::{
    env::{Env as _, SystemEnv},
    publish::disk::{Content, Format, Limits, inspect},
};
use cloud_import_sim::{Cloud, Config, Simulator};

use super::{KEYS, command, err, expect_code, images, out};

const MIB: u64 = 1 << 20;
/// The size of the disk, of which little is content.
const SIZE: u64 = 2 << 30;
const BUCKET: &str = "images-1250000000";
/// Of a part, in bytes.
const PART: u64 = 8 << 20;

/// Clouds, and a folder with a disk that has holes.
struct World {
    simulator: Simulator,
    folder: PathBuf,
}

impl World {
    /// Stores that take so many bytes a second, or as many as come.
    async fn new(name: &str, rate: Option<u64>) -> Self {
        let mut config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::from_millis(100));
        if let Some(rate) = rate {
            config = config.store_rate(rate);
        }
        let simulator = Simulator::start(config.any_bucket(true)).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("converted-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("tmp")).unwrap();
        fs::create_dir_all(folder.join("none")).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        let world = Self { simulator, folder };
        let mut disk = File::create(world.path("disk.raw")).unwrap();
        disk.set_len(SIZE).unwrap();
        for (at, bytes) in content() {
            disk.seek(SeekFrom::Start(at)).unwrap();
            disk.write_all(&bytes).unwrap();
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn line(&self, format: &str, file: &str, more: &[&str]) -> Command {
        let simulate = format!("--simulate={}", self.path("sim.json").display());
        let order = [
            "import", &simulate, "--state", "jobs", "--bucket", BUCKET, "--name", "web",
        ];
        let kept = ["--os", "CentOS 7.9", "--keep-object", "--convert", format, file];
        let mut command = command(&[&order[..], &kept, more].concat());
        // Where no program is, and what is written for a while would be seen.
        command
            .current_dir(&self.folder)
            .env("PATH", self.path("none"))
            .env("TMPDIR", self.path("tmp"));
        command
    }

    fn import(&self, format: &str, file: &str, more: &[&str]) -> Output {
        self.line(format, file, more).output().unwrap()
    }

    /// The one object there is, with its key.
    fn object(&self) -> (String, Vec<u8>) {
        let objects = self.simulator.objects();
        assert_eq!(objects.len(), 1, "{objects:?}");
        let object = &objects[0];
        let reader = self
            .simulator
            .object(object.cloud, &object.region, &object.bucket, &object.key);
        let mut bytes = Vec::new();
        reader.unwrap().read_to_end(&mut bytes).unwrap();
        (object.key.clone(), bytes)
    }

    fn received(&self, cloud: Cloud) -> u64 {
        self.simulator
            .counters()
            .bytes_received
            .get(&cloud)
            .copied()
            .unwrap_or_default()
    }

    /// What records say of parts that arrived.
    fn parts_on_record(&self) -> usize {
        let (mut parts, mut folders) = (0, vec![self.path("jobs/jobs")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => {
                        parts += fs::read_to_string(entry.path())
                            .unwrap_or_default()
                            .matches("\"etag\"")
                            .count()
                    }
                }
            }
        }
        parts
    }
}

/// A disk of tens of MiB is not left behind, nor are its copies.
impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What the disk holds: a partition table, and 40 MiB here and there.
fn content() -> Vec<(u64, Vec<u8>)> {
    let mut first = vec![0; 512];
    first[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0x3F, 0]);
    first[510..].copy_from_slice(&[0x55, 0xAA]);
    let mut state = 1_u64;
    let mut noise = || {
        let word = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) as u32).to_le_bytes()
        };
        (0..MIB).map(word).collect::<Vec<_>>().concat()
    };
    let places = (0..10_u64).map(|number| (MIB + number * 200 * MIB, noise()));
    [(0, first)].into_iter().chain(places).collect()
}

/// Whether the disk in a file holds that, and zeros else.
fn is_the_disk(bytes: &[u8]) -> bool {
    let mut disk = Content::open(Cursor::new(bytes), Limits::NONE).unwrap();
    let holds = |(at, expected): (u64, Vec<u8>)| {
        let mut bytes = vec![1; expected.len()];
        disk.read_at(at, &mut bytes).unwrap();
        bytes == expected
    };
    let mut used = 0;
    let is_there = content().into_iter().all(holds);
    let mut at = 0;
    while let Some(range) = disk.next_used(at).unwrap() {
        used += range.end - range.start;
        at = range.end;
    }
    // Between them, what units have around their content.
    is_there && used <= 41 * MIB + 10 * 4 * MIB
}

#[tokio::test(flavor = "multi_thread")]
async fn holes_are_not_sent_nothing_is_written_and_a_repeat_finds_the_image() {
    let world = World::new("holes", None).await;
    let done = world.import("qcow2", "disk.raw", &["--to", "aliyun"]);
    expect_code(&done, 0);
    assert!(err(&done).contains("converting to qcow2: 100%"), "{}", err(&done));
    let (key, bytes) = world.object();
    assert!(key.ends_with(".qcow2"), "{key}");
    let info = inspect(Cursor::new(&bytes)).unwrap();
    assert_eq!((info.format, info.virtual_size_bytes), (Format::Qcow2, Some(SIZE)));
    assert!(is_the_disk(&bytes));
    assert_eq!(world.received(Cloud::Aliyun), bytes.len() as u64);
    assert!((40 * MIB..43 * MIB).contains(&world.received(Cloud::Aliyun)));
    assert_eq!(fs::read_dir(world.path("tmp")).unwrap().count(), 0);
    // The same order again, also from the same disk in another form.
    let again = world.import("qcow2", "disk.raw", &["--to", "aliyun"]);
    expect_code(&again, 0);
    assert_eq!(out(&again), out(&done));
    fs::write(world.path("disk.qcow2"), &bytes).unwrap();
    let from_another = world.import("qcow2", "disk.qcow2", &["--to", "aliyun"]);
    expect_code(&from_another, 0);
    assert_eq!(out(&from_another), out(&done));
    assert_eq!(world.received(Cloud::Aliyun), bytes.len() as u64);
    assert_eq!(world.simulator.counters().imports_of(Cloud::Aliyun, "web"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_upload_of_what_is_nowhere_goes_on_with_the_parts_that_are_missing() {
    let world = World::new("killed", Some(8 * MIB)).await;
    let mut line = world.line("qcow2", "disk.raw", &["--to", "aliyun", "--parallel", "1"]);
    let mut child = line.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while world.parts_on_record() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        SystemEnv.sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = world.received(Cloud::Aliyun);
    let stored = world.simulator.counters().parts_stored[&Cloud::Aliyun];
    let again = world.import("qcow2", "disk.raw", &["--to", "aliyun", "--parallel", "1"]);
    expect_code(&again, 0);
    let (_, bytes) = world.object();
    assert!(is_the_disk(&bytes));
    let counters = world.simulator.counters();
    let parts = (bytes.len() as u64).div_ceil(PART);
    // At most the one that was on its way is sent anew.
    assert!(
        counters.parts_stored[&Cloud::Aliyun] - stored <= parts - 2,
        "{counters:?}"
    );
    // What had left the killed one and was not received yet is counted, too: of the part that was on its way.
    assert!(world.received(Cloud::Aliyun) - before <= bytes.len() as u64 - PART);
    assert_eq!(counters.parts_repeated.get(&Cloud::Aliyun), None);
    assert_eq!(counters.requests_of(Cloud::Aliyun, "InitiateMultipartUpload"), 1);
    assert_eq!(counters.imports_of(Cloud::Aliyun, "web"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn zvhd2_is_for_one_cloud_and_said_to_be_unverified() {
    let world = World::new("zvhd2", None).await;
    let refused = world.import("zvhd2", "disk.raw", &["--to", "aliyun"]);
    expect_code(&refused, 2);
    assert!(err(&refused).contains("zvhd2"), "{}", err(&refused));
    assert!(world.simulator.objects().is_empty());
    let done = world.import("zvhd2", "disk.raw", &["--to", "huawei", "--size-gib", "40"]);
    expect_code(&done, 0);
    assert_eq!(err(&done).matches("unverified").count(), 1, "{}", err(&done));
    let (key, bytes) = world.object();
    assert!(key.ends_with(".zvhd2"), "{key}");
    assert_eq!(inspect(Cursor::new(&bytes)).unwrap().format, Format::Zvhd2);
    assert!(is_the_disk(&bytes));
    assert_eq!(fs::read_dir(world.path("tmp")).unwrap().count(), 0);
}

/// A disk that changes meanwhile is told, and what this program does not read is left to `qemu-img`, which is not there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_here_takes_qemu_img() {
    let world = World::new("left", None).await;
    for (name, format) in [
        ("qcow", "raw"),
        ("qcow", "qcow2"),
        ("qcow2-compat-1-1", "vhd"),
        ("vdi-static-off", "vmdk"),
    ] {
        fs::write(world.path("other"), images::image(name)).unwrap();
        let refused = world.import(format, "other", &["--to", "aliyun", "--no-validate"]);
        expect_code(&refused, 2);
        assert!(
            err(&refused).contains("`qemu-img`, which converts"),
            "{name}: {}",
            err(&refused)
        );
    }
    for (name, word) in [
        ("overlay", "`good.qcow2`"),
        ("luks", "LUKS"),
        ("encrypted", "encrypted"),
    ] {
        fs::write(world.path("other"), images::image(name)).unwrap();
        let refused = world.import("qcow2", "other", &["--to", "aliyun", "--no-validate"]);
        expect_code(&refused, 2);
        let said = err(&refused);
        assert!(said.contains("cannot convert") && said.contains(word), "{name}: {said}");
    }
    // A raw file is what all others have become.
    fs::write(world.path("other"), images::image("vhdx-subformat-dynamic")).unwrap();
    expect_code(&world.import("raw", "other", &["--to", "aliyun"]), 0);
    let (key, bytes) = world.object();
    assert!(key.ends_with(".raw") && bytes == images::image("raw"), "{key}");
}
