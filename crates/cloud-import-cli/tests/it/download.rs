//! `download`: an object becomes a file, and whatever ends it in between, the same command goes on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::digest::sha256_hex,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{IMAGE, KEYS, command, err, expect_code, out, schemas::holds, signal};

const MIB: usize = 1 << 20;
const BUCKET: &str = "images-1250000000";
const KEY: &str = "exports/web.raw";
const REGION: &str = "cn-hangzhou";
const FROM: &str = "aliyun/cn-hangzhou";

/// Clouds with an object, and a folder to work in.
struct World {
    simulator: Simulator,
    content: Vec<u8>,
    folder: PathBuf,
}

impl World {
    async fn new(name: &str, mib: usize) -> Self {
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::ZERO);
        let simulator = Simulator::start(config.any_bucket(true)).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("download-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        let mut content = vec![0; mib * MIB + 5];
        for (number, some) in content.chunks_mut(1000).enumerate() {
            some.fill((number % 251) as u8);
        }
        let world = Self {
            simulator,
            content,
            folder,
        };
        world.put(Cloud::Aliyun, REGION);
        world
    }

    fn put(&self, cloud: Cloud, region: &str) {
        let bytes = self.content.clone().into();
        self.simulator.put_object(cloud, region, BUCKET, KEY, bytes);
    }

    fn command(&self, words: &[&str]) -> Command {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let mut command = command(&[words, &["--no-config", &simulate]].concat());
        command.current_dir(&self.folder);
        command
    }

    /// `download` of the object, with more words.
    fn download(&self, more: &[&str]) -> Output {
        self.command(&self.line(more)).output().unwrap()
    }

    fn line<'w>(&self, more: &[&'w str]) -> Vec<&'w str> {
        [&["download", "images-1250000000:exports/web.raw", "--from", FROM], more].concat()
    }

    fn file(&self) -> PathBuf {
        self.folder.join("web.raw")
    }

    fn gets(&self) -> u64 {
        self.simulator.counters().requests_of(Cloud::Aliyun, "GetObject")
    }

    /// How many parts are on record.
    fn recorded(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join("web.raw.part.json")).unwrap_or_default();
        let record: Value = serde_json::from_str(&text).unwrap_or_default();
        let runs = record["present"].as_array().into_iter().flatten();
        runs.map(|run| run[1].as_u64().unwrap() - run[0].as_u64().unwrap() + 1)
            .sum()
    }

    #[track_caller]
    fn is_whole(&self) {
        assert!(fs::read(self.file()).unwrap() == self.content);
        for left in ["web.raw.part", "web.raw.part.json"] {
            assert!(!self.folder.join(left).exists(), "{left}");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_each_cloud_becomes_a_file() {
    let world = World::new("each", 9).await;
    let sha256 = sha256_hex(&world.content);
    for (cloud, region) in [
        (Cloud::Jdcloud, "cn-north-1"),
        (Cloud::Tencent, "ap-guangzhou"),
        (Cloud::Huawei, "cn-north-4"),
        (Cloud::Aliyun, "cn-beijing"),
        (Cloud::Ucloud, "cn-bj2"),
    ] {
        world.put(cloud, region);
        let target = format!("{cloud}/{region}");
        let object = format!("{BUCKET}:{KEY}");
        let words = [
            "download",
            &object,
            "--from",
            &target,
            "--output-file",
            "disk.raw",
            "--force",
        ];
        let text = world.command(&words).output().unwrap();
        expect_code(&text, 0);
        assert_eq!(out(&text), format!("{sha256}  disk.raw\n"));
        assert!(
            fs::read(world.folder.join("disk.raw")).unwrap() == world.content,
            "{cloud}"
        );
        let says_nothing = err(&text).contains("its size alone");
        assert_eq!(says_nothing, cloud == Cloud::Ucloud, "{cloud}: {}", err(&text));

        let json = world
            .command(&[&words[..], &["--output", "json"]].concat())
            .output()
            .unwrap();
        expect_code(&json, 0);
        let json = holds("download", &out(&json));
        assert_eq!(json["target"], target.as_str());
        assert_eq!(
            (&json["bucket"], &json["key"], &json["file"]),
            (&BUCKET.into(), &KEY.into(), &"disk.raw".into())
        );
        assert_eq!(
            (&json["size_bytes"], &json["sha256"]),
            (&world.content.len().into(), &sha256.as_str().into())
        );
        // Objects that did not come through the store have no CRC-64 there.
        let md5: &[&str] = if cloud == Cloud::Ucloud { &[] } else { &["md5"] };
        assert_eq!(json["checked_by"], serde_json::json!(md5), "{cloud}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_is_fetched_as_it_is_printed() {
    let world = World::new("exported", 1).await;
    let target = FROM;
    let words = [
        "import",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--to",
        target,
        "--bucket",
        BUCKET,
        IMAGE,
    ];
    let imported = world.command(&words).output().unwrap();
    expect_code(&imported, 0);
    let line = out(&imported);
    let (_, image) = line.trim_end().split_once(' ').unwrap();
    let exported = world
        .command(&["export", image, "--from", target, "--bucket", BUCKET])
        .output()
        .unwrap();
    expect_code(&exported, 0);
    let line = out(&exported);
    let (from, object) = line.trim_end().split_once(' ').unwrap();
    let fetched = world.command(&["download", object, "--from", from]).output().unwrap();
    expect_code(&fetched, 0);
    let name = object.rsplit('/').next().unwrap().rsplit(':').next().unwrap();
    let content = fs::read(world.folder.join(name)).unwrap();
    assert_eq!(out(&fetched), format!("{}  {name}\n", sha256_hex(&content)));
    assert!(!content.is_empty());
}

/// Waits until so many parts are on record.
async fn until_recorded(world: &World, child: &mut Child, parts: u64) {
    while world.recorded() < parts {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        SystemEnv.sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_one_goes_on_and_fetches_nothing_twice() {
    let world = World::new("killed", 12).await;
    // Parts of 1 MiB; from the fifth on, none comes.
    let fault = Fault::new(FaultKind::Delay(600_000)).operation("GetObject");
    world.simulator.inject(fault.skip(4).times(u32::MAX));
    let line = world.line(&["--limit-rate", "1m"]);
    let mut child = world
        .command(&line)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_recorded(&world, &mut child, 4).await;
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!world.file().exists());
    let (recorded, before) = (world.recorded(), world.gets());
    assert_eq!(recorded, 4);
    world.simulator.clear_faults();
    let again = world.download(&["--output", "json"]);
    expect_code(&again, 0);
    world.is_whole();
    assert_eq!(world.gets() - before, 13 - recorded);
    let json: Value = serde_json::from_str(&out(&again)).unwrap();
    assert_eq!(json["resumed_bytes"], recorded * MIB as u64);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_one_says_how_to_go_on() {
    let world = World::new("interrupted", 12).await;
    let line = world.line(&["--limit-rate", "1m"]);
    let mut child = world
        .command(&line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until_recorded(&world, &mut child, 2).await;
    signal(child.id(), "INT");
    let ended = child.wait_with_output().unwrap();
    expect_code(&ended, 130);
    assert!(err(&ended).contains("interrupted"), "{}", err(&ended));
    let (recorded, before) = (world.recorded(), world.gets());
    expect_code(&world.download(&[]), 0);
    world.is_whole();
    assert_eq!(world.gets() - before, 13 - recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_written_line_by_line() {
    let world = World::new("events", 9).await;
    let fault = Fault::new(FaultKind::ServerError { http: 500 }).operation("GetObject");
    world.simulator.inject(fault.times(5));
    let told = world.download(&["--events", "--parallel", "1"]);
    expect_code(&told, 0);
    let lines: Vec<Value> = out(&told).lines().map(|line| holds("events", line)).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    for event in ["downloading", "retrying", "checking"] {
        assert!(events.contains(&event), "{event}: {events:?}");
    }
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&"results".into(), &0.into()));
    assert_eq!(last["sha256"], sha256_hex(&world.content));
    let whole = lines
        .iter()
        .any(|line| line["event"] == "downloading" && line["done_bytes"] == world.content.len());
    assert!(whole, "{lines:?}");

    let failed = world.download(&["--events"]);
    expect_code(&failed, 2);
    let last: Value = serde_json::from_str(out(&failed).lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["event"], &last["error"]["kind"]),
        (&"results".into(), &"local".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
    let world = World::new("there", 1).await;
    fs::write(world.file(), "precious").unwrap();
    let refused = world.download(&[]);
    expect_code(&refused, 2);
    for part in ["web.raw", "--force", "--output-file"] {
        assert!(err(&refused).contains(part), "{part}: {}", err(&refused));
    }
    assert_eq!(fs::read(world.file()).unwrap(), b"precious");
    assert_eq!(world.gets(), 0);
    expect_code(&world.download(&["--force"]), 0);
    world.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sum_that_is_expected_counts() {
    let world = World::new("expected", 1).await;
    let other = "0".repeat(64);
    let wrong = world.download(&["--expect-sha256", &other]);
    expect_code(&wrong, 4);
    assert!(
        err(&wrong).contains(&other) && err(&wrong).contains(&sha256_hex(&world.content)),
        "{}",
        err(&wrong)
    );
    assert!(!world.file().exists());
    let sums = format!("{other}  other.raw\n{} *web.raw\n", sha256_hex(&world.content));
    fs::write(world.folder.join("SHA256SUMS"), sums).unwrap();
    let right = world.download(&["--expect-sha256", "SHA256SUMS", "--output", "json"]);
    expect_code(&right, 0);
    world.is_whole();
    let json: Value = serde_json::from_str(&out(&right)).unwrap();
    assert_eq!(json["checked_by"], serde_json::json!(["md5", "expected_sha256"]));
    // All was there.
    assert_eq!(world.gets(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_is_told_with_what_helps() {
    let world = World::new("told", 1).await;
    for (words, code, parts) in [
        (
            &["download", "web.raw", "--from", FROM][..],
            2,
            &["`web.raw`", "BUCKET:KEY", "the bucket, a colon"][..],
        ),
        (
            &["download", "oss://b/web.raw", "--from", FROM],
            2,
            &["Write b:web.raw"],
        ),
        (&["download", "b:web.raw"], 2, &["--from"]),
        (&["download", "UPPER:web.raw", "--from", FROM], 2, &["UPPER"]),
        (
            &["download", "b-1250000000:dir/", "--from", FROM],
            2,
            &["--output-file"],
        ),
        (
            &["download", "images-1250000000:no/such", "--from", FROM],
            4,
            &["no object `no/such`", BUCKET],
        ),
        (
            &[
                "download",
                "images-1250000000:exports/web.raw",
                "--from",
                FROM,
                "--output-file",
                "no/web.raw",
            ],
            2,
            &["no/web.raw.part", "Make the folder"],
        ),
    ] {
        let output = world.command(words).output().unwrap();
        expect_code(&output, code);
        for part in parts {
            assert!(err(&output).contains(part), "{words:?} `{part}`: {}", err(&output));
        }
        assert!(out(&output).is_empty());
    }
    let refuse = FaultKind::Refuse {
        http: 403,
        code: "AccessDenied".to_owned(),
        message: "You have no right to access this object.".to_owned(),
    };
    world
        .simulator
        .inject(Fault::new(refuse).operation("GetObject").times(u32::MAX));
    let output = world.download(&[]);
    expect_code(&output, 4);
    assert!(err(&output).contains("no right to access"), "{}", err(&output));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_is_told_before_and_meanwhile() {
    let world = World::new("full", 1).await;
    let huge = world.folder.join("huge.raw");
    // It is all hole, and more than any disk has.
    fs::File::create(&huge).unwrap().set_len(8 << 40).unwrap();
    world
        .simulator
        .put_object_file(Cloud::Aliyun, REGION, BUCKET, "huge", &huge)
        .unwrap();
    let output = world
        .command(&["download", "images-1250000000:huge", "--from", FROM])
        .output()
        .unwrap();
    expect_code(&output, 2);
    assert!(
        err(&output).contains("MiB free") && err(&output).contains("--output-file"),
        "{}",
        err(&output)
    );
    assert_eq!(world.gets(), 0);

    // A limit of the shell's, in blocks.
    let line = world.line(&[]);
    let real = world.command(&line);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""]);
    shell
        .arg(real.get_program())
        .args(real.get_args())
        .current_dir(&world.folder)
        .env_clear();
    shell.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    expect_code(&output, 2);
    assert!(
        err(&output).contains("web.raw.part` cannot be written"),
        "{}",
        err(&output)
    );
    expect_code(&world.download(&[]), 0);
    world.is_whole();
}
