//! An image that is fetched from a web server while it is sent: five clouds, interruptions, and servers that are not as they should be.

#[path = "../../../../tests/support/web.rs"]
pub(crate) mod web;

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    time::Duration,
};

use cloud_import::{
    env::{Env as _, SystemEnv},
    provider::digest::sha256_hex,
};
use cloud_import_sim::{Cloud, Config, Simulator};

use super::{IMAGE, KEYS, command, err, expect_code, out, run};
use web::{Fate, Web};

const MIB: usize = 1 << 20;

/// Of a part of a file on the web, in bytes.
const PART: u64 = 5 << 20;

const BUCKET: &str = "images-1250000000";

/// A small disk with so many MiB behind it, which belong to the file and to no cluster.
fn image(mib: usize) -> Vec<u8> {
    let mut image = fs::read(IMAGE).unwrap();
    let from = image.len();
    image.resize(mib * MIB, 0);
    for (number, some) in image[from..].chunks_mut(1000).enumerate() {
        some.fill((number % 251) as u8);
    }
    image
}

/// Clouds, a web server with a file, and a folder for what is remembered.
struct World {
    simulator: Simulator,
    web: Web,
    content: Vec<u8>,
    folder: PathBuf,
}

impl World {
    async fn new(name: &str, mib: usize) -> Self {
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::from_millis(300));
        let simulator = Simulator::start(config.any_bucket(true)).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fetch-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        let content = image(mib);
        Self {
            simulator,
            web: Web::of(content.clone()),
            content,
            folder,
        }
    }

    fn sha256(&self) -> String {
        sha256_hex(&self.content)
    }

    fn source(&self) -> String {
        format!("fetch+{}?signature=s3cret#sha256={}", self.web.link(), self.sha256())
    }

    fn line(&self, source: &str, more: &[&str]) -> Vec<String> {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let state = format!("--state={}", self.folder.join("jobs").display());
        let order = [
            "import",
            &simulate,
            &state,
            "--bucket",
            BUCKET,
            "--name",
            "web",
            "--os",
            "CentOS 7.9",
        ];
        [&order, more, &[source]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    fn begin(&self, more: &[&str]) -> Child {
        let line = self.line(&self.source(), more);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let child = command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.unwrap()
    }

    fn import(&self, more: &[&str]) -> Output {
        self.import_of(&self.source(), more)
    }

    fn import_of(&self, source: &str, more: &[&str]) -> Output {
        let line = self.line(source, more);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        run(&line)
    }

    /// All that is remembered, as text.
    fn remembered(&self) -> String {
        let (mut text, mut folders) = (String::new(), vec![self.folder.join("jobs")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => text.push_str(&fs::read_to_string(entry.path()).unwrap_or_default()),
                }
            }
        }
        text
    }

    fn requests(&self, operation: &str) -> u64 {
        let counters = self.simulator.counters();
        Cloud::ALL
            .iter()
            .map(|cloud| counters.requests_of(*cloud, operation))
            .sum()
    }

    /// The first bytes of the parts that were asked for since so many requests.
    fn parts_asked(&self, since: usize) -> Vec<u64> {
        let asked = self.web.asked().into_iter().skip(since).filter_map(|asked| asked.range);
        let parts = asked.filter(|(first, last)| last - first + 1 == PART);
        parts.map(|(first, _)| first).collect()
    }

    /// Ends the process in the middle of the fourth part, when three are on record.
    async fn killed_in_the_middle(&self) {
        self.web.plan(|asked| match asked.range {
            Some((first, _)) if first >= 3 * PART => Fate::Hangs,
            _ => Fate::Served,
        });
        let mut child = self.begin(&["--to", "aliyun"]);
        let three_are_there = || {
            let remembered = self.remembered().split_whitespace().collect::<String>();
            // They end in any order.
            (1..=3).all(|part| remembered.contains(&format!(r#""{part}":{{"etag""#)))
        };
        while !three_are_there() {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            SystemEnv.sleep(Duration::from_millis(20)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.web.plan(|_| Fate::Served);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_clouds_get_the_bytes_whatever_breaks_on_the_way() {
    let world = World::new("five", 10).await;
    world.web.plan(|asked| match asked.index % 7 {
        2 => Fate::Breaks(100_000),
        4 => Fate::Status(503),
        6 => Fate::Short(1000),
        _ => Fate::Served,
    });
    let output = world.import(&["--to", "all", "--keep-object"]);
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 5);
    let objects = world.simulator.objects();
    assert_eq!(objects.len(), 5);
    for object in objects {
        assert_eq!(object.key, format!("cloud-import/{}.qcow2", world.sha256()));
        let reader = world
            .simulator
            .object(object.cloud, &object.region, &object.bucket, &object.key);
        let mut there = Vec::new();
        reader.unwrap().read_to_end(&mut there).unwrap();
        assert!(there == world.content, "{}", object.cloud);
    }
    assert!(world.simulator.open_uploads(Cloud::Aliyun).is_empty());
    let told = out(&output) + &err(&output) + &world.remembered();
    assert!(!told.contains("s3cret"), "{told}");
    let held: Vec<_> = world.web.asked().into_iter().flat_map(|asked| asked.head).collect();
    assert!(
        held.iter()
            .all(|line| !line.to_ascii_lowercase().starts_with("authorization")),
        "{held:?}"
    );
    // The same content is the same order, wherever it comes from.
    let file = world.folder.join("web.qcow2");
    fs::write(&file, &world.content).unwrap();
    let again = world.import_of(&file.display().to_string(), &["--to", "all", "--keep-object"]);
    expect_code(&again, 0);
    assert_eq!(out(&again), out(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_fetches_only_what_is_missing() {
    let world = World::new("killed", 28).await;
    world.killed_in_the_middle().await;
    let (asked, served) = (world.web.asked().len(), world.web.served());
    assert_eq!(world.requests("UploadPart"), 3);
    expect_code(&world.import(&["--to", "aliyun", "--keep-object"]), 0);
    // The last one is shorter.
    assert_eq!(world.parts_asked(asked), [3 * PART, 4 * PART]);
    let again = world.web.served() - served;
    let missing = world.content.len() as u64 - 3 * PART;
    assert!(again < missing + (1 << 20), "{again} bytes were fetched again");
    assert_eq!(world.requests("UploadPart"), 6);
    assert_eq!(world.requests("InitiateMultipartUpload"), 1);
    assert_eq!(world.simulator.objects()[0].parts, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_meanwhile_is_refused_and_then_begun_anew() {
    let world = World::new("changed", 28).await;
    world.killed_in_the_middle().await;
    world.web.plan(|_| Fate::Etag("\"two\""));
    let refused = world.import(&["--to", "aliyun"]);
    assert_ne!(refused.status.code(), Some(0));
    let told = err(&refused);
    assert!(
        told.contains("changed on its server") && told.contains("was `one`") && told.contains("is `two`"),
        "{told}"
    );
    assert!(told.contains("Start again"), "{told}");
    assert!(world.simulator.open_uploads(Cloud::Aliyun).is_empty() && world.simulator.objects().is_empty());
    let asked = world.web.asked().len();
    expect_code(&world.import(&["--to", "aliyun", "--keep-object"]), 0);
    assert_eq!(world.parts_asked(asked).len(), 5);
    // Within one run.
    let world = World::new("changes", 28).await;
    world.web.plan(|asked| match asked.range {
        Some((first, _)) if first >= 3 * PART => Fate::Etag("\"two\""),
        _ => Fate::Served,
    });
    let refused = world.import(&["--to", "aliyun"]);
    assert!(err(&refused).contains("changed on its server"), "{}", err(&refused));
    assert!(world.simulator.open_uploads(Cloud::Aliyun).is_empty() && world.simulator.objects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_object_is_made_of_other_bytes() {
    for (name, mib, alters) in [("other", 10, false), ("small", 1, false), ("altered", 28, true)] {
        let world = World::new(name, mib).await;
        let source = match alters {
            // The server says nothing of it, and those that came before are in the store already.
            true => {
                world.killed_in_the_middle().await;
                world.web.plan(|asked| match asked.range {
                    Some((first, _)) if first >= 3 * PART => Fate::Altered,
                    _ => Fate::Served,
                });
                world.source()
            }
            false => format!("fetch+{}#sha256={}", world.web.link(), "0".repeat(64)),
        };
        let refused = world.import_of(&source, &["--to", "aliyun"]);
        expect_code(&refused, 2);
        assert!(err(&refused).contains("has the SHA-256"), "{name}: {}", err(&refused));
        assert!(world.simulator.objects().is_empty(), "{name}");
        assert!(world.simulator.open_uploads(Cloud::Aliyun).is_empty(), "{name}");
        assert_eq!(
            world.requests("CompleteMultipartUpload") + world.requests("PutObject"),
            0,
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_as_it_should_be_is_told_by_what_it_does() {
    let world = World::new("servers", 5).await;
    let (link, at) = (world.web.link(), world.web.address);
    for (fate, code, told, remedy) in [
        (Fate::Whole, 2, "sends no parts of a file", "Download the file"),
        (Fate::Endless, 2, "more bytes than were asked for", "Download the file"),
        (
            Fate::Redirect(link.clone()),
            2,
            "elsewhere more than 5 times",
            "Download the file",
        ),
        (
            Fate::Redirect("http://images.example/web".to_owned()),
            2,
            "plain http",
            "Use https",
        ),
        (
            Fate::Redirect(format!("http://me:pw@{at}/web")),
            2,
            "a user name or a password",
            "signed",
        ),
        (Fate::Status(404), 4, "is not there", "Check the link"),
        (Fate::Status(403), 4, "without a login", "new signed one"),
        (Fate::Status(416), 4, "is empty", "Name a disk image"),
    ] {
        world.web.plan(move |_| fate.clone());
        let refused = world.import(&["--to", "aliyun"]);
        let text = err(&refused);
        assert!(
            text.contains(told) && text.contains(remedy) && !text.contains("pw@"),
            "{told}: {text}"
        );
        assert_eq!(refused.status.code(), Some(code), "{text}");
    }
    // It says another size when the parts are asked for.
    world.web.plan(|asked| match asked.range {
        Some((first, last)) if last - first > 1 << 20 => Fate::Size(100 << 20),
        _ => Fate::Served,
    });
    let refused = world.import(&["--to", "aliyun"]);
    assert!(err(&refused).contains("now has 104857600"), "{}", err(&refused));
    assert_eq!(world.requests("UploadPart"), 0);
    assert!(world.simulator.objects().is_empty());
    // Where it is moved to is asked from then on.
    let moved = world.web.link().replace("/images/", "/moved/");
    world.web.plan(move |asked| match asked.path.starts_with("/moved/") {
        true => Fate::Served,
        false => Fate::Redirect(moved.clone()),
    });
    let asked = world.web.asked().len();
    expect_code(&world.import(&["--to", "aliyun"]), 0);
    let led = world
        .web
        .asked()
        .into_iter()
        .skip(asked)
        .filter(|asked| asked.path.starts_with("/images/"));
    assert_eq!(led.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_fetched_is_refused_before_anything_is_asked() {
    let world = World::new("refused", 1).await;
    let (link, digest) = (world.web.link(), world.sha256());
    let cases: [(String, &[&str], &str); 7] = [
        (format!("fetch+{link}"), &[], "names no SHA-256"),
        (format!("fetch+{link}#sha256=beef"), &[], "is not a SHA-256"),
        (
            format!("fetch+https://images.example/web.qcow2#sha256={digest}"),
            &[],
            "does not leave",
        ),
        (
            format!("fetch+http://images.example/web.qcow2#sha256={digest}"),
            &[],
            "plain http",
        ),
        (
            format!("fetch+http://me:pw@{}/web#sha256={digest}", world.web.address),
            &[],
            "a user name or a password",
        ),
        (
            "b:web.qcow2".to_owned(),
            &["--data-disk", "fetch+https://b.example/d#sha256=00@40"],
            "IMAGE argument",
        ),
        (world.source(), &["--limit-rate", "fast"], "write bytes a second"),
    ];
    for (source, more, told) in cases {
        let refused = world.import_of(&source, &[&["--to", "aliyun"], more].concat());
        expect_code(&refused, 2);
        assert!(
            err(&refused).contains(told) && !err(&refused).contains("pw@"),
            "{source}: {}",
            err(&refused)
        );
    }
    assert_eq!(world.web.asked().len(), 0);
    let refused = world.import(&["--to", "aliyun", "--convert", "raw"]);
    expect_code(&refused, 2);
    assert!(
        err(&refused).contains("only a local file can be converted"),
        "{}",
        err(&refused)
    );
    assert_eq!(world.requests("HeadBucket"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_are_under_way_than_were_allowed() {
    let world = World::new("parallel", 24).await;
    let fetched = ["--to", "all", "--parallel", "1", "--limit-rate", "1g", "--keep-object"];
    expect_code(&world.import(&fetched), 0);
    assert_eq!(world.web.most_under_way(), 1);
    let counters = world.simulator.counters();
    assert!(
        counters.peak_parts_in_flight.values().all(|most| *most == 1),
        "{counters:?}"
    );
    let file = world.folder.join("web.qcow2");
    let mut content = world.content.clone();
    content[23 * MIB] ^= 1;
    fs::write(&file, content).unwrap();
    let two = ["--to", "ucloud", "--parallel", "2"];
    expect_code(&world.import_of(&file.display().to_string(), &two), 0);
    assert!(world.simulator.counters().peak_parts_in_flight[&Cloud::Ucloud] <= 2);
}

/// Whatever the size and the number of targets: the file is twice as large as that, and goes to five. What counts is what the process
/// has of its own: the pages of the program itself are many in a build for tests.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn it_takes_no_more_than_40_mib_of_memory() {
    let world = World::new("memory", 80).await;
    let mut child = world.begin(&["--to", "all"]);
    let status = format!("/proc/{}/status", child.id());
    let (mut most, mut program) = (0_u64, 0_u64);
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
                .unwrap_or(0)
        };
        (most, program) = (most.max(kib("VmHWM:")), program.max(kib("RssFile:")));
        SystemEnv.sleep(Duration::from_millis(10)).await;
    }
    let mut output = child.wait_with_output().unwrap();
    // Under load a connection may break as an order is sent on it: what became of that is found out by a repeat.
    for _ in 0..300 {
        if output.status.code() == Some(0) {
            break;
        }
        SystemEnv.sleep(Duration::from_secs(1)).await;
        output = world.import(&["--to", "all"]);
    }
    expect_code(&output, 0);
    assert!(world.web.served() >= 5 * 80 * MIB as u64);
    let own = most - program;
    assert!(
        (1..=40 << 10).contains(&own),
        "{own} KiB beside the program's {program}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_fetched_and_fetches_none_of_it() {
    let world = World::new("dry-run", 8).await;
    let planned = world.import(&["--to", "all", "--dry-run"]);
    expect_code(&planned, 0);
    let to = format!(
        "({} bytes) to {BUCKET}:cloud-import/{}.qcow2",
        world.content.len(),
        world.sha256()
    );
    assert_eq!(out(&planned).matches(&to).count(), 5, "{}", out(&planned));
    assert!(world.web.served() < MIB as u64 && world.simulator.objects().is_empty());
    assert!(!world.folder.join("jobs").exists());
}
