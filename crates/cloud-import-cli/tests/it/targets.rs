//! Orders that differ from target to target: fields of their own, templates, objects in buckets, and sums that are expected.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::Value;

use super::{IMAGE, KEYS, command, err, expect_code, out, run};

const BUCKET: &str = "images-1250000000";

const PLACES: [(Cloud, &str, &str); 5] = [
    (Cloud::Jdcloud, "jdcloud", "cn-north-1"),
    (Cloud::Tencent, "tencent", "ap-guangzhou"),
    (Cloud::Huawei, "huawei", "cn-north-4"),
    (Cloud::Aliyun, "aliyun", "cn-hangzhou"),
    (Cloud::Ucloud, "ucloud", "cn-bj2"),
];

/// A simulator, and a folder for what is remembered and for files.
struct World {
    simulator: Simulator,
    folder: PathBuf,
}

impl World {
    async fn new(name: &str) -> Self {
        let config = Config::new(KEYS[0], KEYS[1])
            .import_time(Duration::from_millis(100))
            .any_bucket(true);
        let simulator = Simulator::start(config).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("targets-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self { simulator, folder }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// A command of this simulator and this state.
    fn run(&self, command: &str, more: &[&str]) -> std::process::Output {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let state = format!("--state={}", self.folder.join("jobs").display());
        let fixed = match command {
            "import" => vec![command, &simulate, &state],
            _ => vec![command, &simulate],
        };
        run(&[&fixed, more].concat())
    }

    /// The results of an import, as JSON.
    #[track_caller]
    fn import(&self, more: &[&str]) -> Vec<Value> {
        let output = self.run("import", &[&["--output", "json"], more].concat());
        expect_code(&output, 0);
        let report: Value = serde_json::from_str(&out(&output)).unwrap();
        report["results"].as_array().unwrap().clone()
    }

    fn names(&self, cloud: Cloud) -> Vec<String> {
        self.simulator
            .images(cloud)
            .into_iter()
            .map(|image| image.name)
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The sample image with a disk of 20 GiB, of which all but its beginning is empty: a longer first table, behind what is there.
fn of_20_gib() -> Vec<u8> {
    let mut image = fs::read(IMAGE).unwrap();
    let cluster_bits = u32::from_be_bytes(image[20..24].try_into().unwrap());
    let entries = u32::from_be_bytes(image[36..40].try_into().unwrap()) as usize;
    let table = u64::from_be_bytes(image[40..48].try_into().unwrap()) as usize;
    let size = 20_u64 << 30;
    // An entry of it is for a table of as many clusters as fit into one.
    let wanted = size.div_ceil(1 << (2 * cluster_bits - 3)) as usize;
    let mut longer = image[table..table + entries * 8].to_vec();
    longer.resize(wanted * 8, 0);
    let at = image.len() as u64;
    assert_eq!(at % (1 << cluster_bits), 0);
    image[24..32].copy_from_slice(&size.to_be_bytes());
    image[36..40].copy_from_slice(&u32::try_from(wanted).unwrap().to_be_bytes());
    image[40..48].copy_from_slice(&at.to_be_bytes());
    image.extend(longer);
    image
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_of_20_gib_goes_to_all_five_without_a_warning_of_its_size() {
    let world = World::new("sizes").await;
    let image = world.put("web.qcow2", &of_20_gib());
    let order = ["--os", "CentOS 7.9", "--to", "all", &image];
    let warned = world.run("import", &[&["--name", "web", "--size-gib", "40"], &order[..]].concat());
    assert!(
        err(&warned).contains("warning: tencent/ap-guangzhou: "),
        "one size for all fits none: {}",
        err(&warned)
    );
    let sizes = [
        "--name",
        "web2",
        "--size-gib",
        "huawei=40",
        "--size-gib",
        "ali=20",
        "--events",
    ];
    let output = world.run("import", &[&sizes, &order[..]].concat());
    expect_code(&output, 0);
    let events: Vec<Value> = out(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let problems: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "problem" || event["event"] == "warning")
        .collect();
    // JD Cloud asks for guests without cloud-init, and others for guests with it.
    let of_guest = |problem: &&&Value| {
        problem["message"]
            .as_str()
            .unwrap()
            .contains("`guest.cloud_init_present`")
    };
    assert_eq!(
        (problems.len(), problems.iter().filter(of_guest).count()),
        (1, 1),
        "{problems:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_target_of_a_file_has_fields_of_its_own() {
    let world = World::new("fields").await;
    let targets = "
        [defaults]
        os = 'CentOS 7.9'
        name = 'web-{region}'
        bucket = 'images-{provider}-1250000000'
        prefix = '{target}/'
        [defaults.tencent]
        tags = { team = 'of-{provider}' }
        [targets.north]
        to = 'jd/cn-north-1'
        [targets.south]
        to = 'qcloud/ap-guangzhou'
        name = 'db'
        description = 'of {region}'
        keep_object = true
    ";
    let file = world.put("targets.toml", targets.as_bytes());
    let rows = world.import(&["--targets", &file, IMAGE]);
    let labels: Vec<&str> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(labels, ["north", "south"]);
    assert_eq!(world.names(Cloud::Jdcloud), ["web-cn-north-1"]);
    assert_eq!(world.names(Cloud::Tencent), ["db"]);
    // What one target keeps is there, and what the other does not keep is gone.
    let left: Vec<(String, String)> = world
        .simulator
        .objects()
        .into_iter()
        .map(|object| (object.bucket, object.key))
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].0, "images-tencent-1250000000");
    assert!(left[0].1.starts_with("south/"), "{left:?}");
    // For one of them alone it is the same job, and nothing is made again.
    let again = world.import(&["--targets", &file, "--to", "south", IMAGE]);
    assert_eq!(again[0]["image_id"], rows[1]["image_id"]);
    let jobs = world.run(
        "list",
        &[
            "--output",
            "json",
            "--state",
            &world.folder.join("jobs").display().to_string(),
        ],
    );
    let jobs: Value = serde_json::from_str(&out(&jobs)).unwrap();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1, "{jobs}");
    assert_eq!(jobs["jobs"][0]["name"], "web-{region}");
    // The command line comes before the file where it names the target.
    let renamed = [
        "--targets",
        &file,
        "--to",
        "south",
        "--name",
        "south=db2",
        "--prefix",
        "south=x/",
        IMAGE,
    ];
    world.import(&renamed);
    assert_eq!(world.names(Cloud::Tencent).len(), 2);
    assert!(
        world
            .simulator
            .objects()
            .iter()
            .any(|object| object.key.starts_with("x/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_the_same_day_finds_the_image_that_the_date_names() {
    let world = World::new("date").await;
    let order = [
        "--to",
        "jdcloud",
        "--os",
        "CentOS 7.9",
        "--name",
        "web-{date}-{sha8}",
        "--prefix",
        "{date}/",
        IMAGE,
    ];
    let mut made: Vec<Value> = Vec::new();
    // Midnight may pass once.
    for _ in 0..3 {
        made.push(world.import(&order)[0]["image_id"].clone());
    }
    made.dedup();
    assert!(made.len() <= 2, "{made:?}");
    let names = world.names(Cloud::Jdcloud);
    assert_eq!(names.len(), made.len());
    let sum = cloud_import_sum(IMAGE);
    assert!(
        names[0].ends_with(&sum[..8]) && names[0].starts_with("web-20"),
        "{names:?}"
    );
    for (option, text, told) in [
        ("--name", "web-{dat}", "Did you mean `date`?"),
        ("--description", "of {date}", "not in the name"),
        ("--bucket", "images-{sha8}", "before the file is read"),
    ] {
        let fixed = ["--to", "jdcloud", "--os", "CentOS 7.9", "--name", "web", IMAGE];
        let output = world.run("import", &[&fixed[..], &[option, text]].concat());
        expect_code(&output, 2);
        assert!(err(&output).contains(told), "{text}: {}", err(&output));
    }
}

/// The sum of a file, by another program.
fn cloud_import_sum(path: &str) -> String {
    let output = std::process::Command::new("sha256sum").arg(path).output().unwrap();
    out(&output).split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_a_bucket_goes_to_all_five() {
    let world = World::new("objects").await;
    for (cloud, _, region) in PLACES {
        let bytes = fs::read(IMAGE).unwrap().into();
        world.simulator.put_object(cloud, region, BUCKET, "dir/web.img", bytes);
        world.simulator.guard_object(cloud, region, BUCKET, "dir/web.img");
    }
    let place = format!("{BUCKET}:dir/web.img");
    let order = ["--to", "all", "--name", "web", "--os", "CentOS 7.9", &place];
    let checked = world.run("check", &order);
    expect_code(&checked, 0);
    let output = world.run("import", &[&["--output", "json"], &order[..]].concat());
    expect_code(&output, 0);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let rows = report["results"].as_array().unwrap();
    for ((cloud, id, region), row) in PLACES.iter().zip(rows) {
        assert_eq!(
            (&row["status"], world.names(*cloud)),
            (&"succeeded".into(), vec!["web".to_owned()]),
            "{id}"
        );
        // It is not ours.
        assert!(
            world.simulator.object(*cloud, region, BUCKET, "dir/web.img").is_some(),
            "{id}"
        );
        let parts = world.simulator.counters();
        assert_eq!(parts.requests_of(*cloud, "PutObject"), 0, "{id}");
    }
    // The signature of a link is on no stream and in no record.
    let mut told = out(&output) + &err(&output);
    for entry in walk(&world.folder.join("jobs")) {
        told.push_str(&fs::read_to_string(entry).unwrap_or_default());
    }
    for secret in ["Signature=", "q-signature", "X-Amz-Signature", "signature="] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    // The format is the header's: the name says nothing.
    assert!(rows.iter().all(|row| row["task"].is_object()), "{rows:?}");
    let again = world.import(&order);
    for (row, first) in again.iter().zip(rows) {
        assert_eq!(row["image_id"], first["image_id"], "a repeat finds its record");
    }
    let missing = format!("{BUCKET}:nothing.qcow2");
    let order = ["--to", "all", "--name", "web", "--os", "CentOS 7.9", &missing];
    let places = PLACES.map(|(_, id, region)| format!("{id}/{region}")).join(", ");
    let told = format!("error: {places}: the place of the image is `{missing}`, and there is no such object");
    for verb in ["check", "import"] {
        let output = world.run(verb, &order);
        expect_code(&output, 2);
        let said = out(&output) + &err(&output);
        assert!(said.contains(&told), "{verb}: {said}");
    }
    for (cloud, id, _) in PLACES {
        assert_eq!(world.names(cloud), ["web"], "{id}");
    }
    // Of what is gone an image was made: a repeat finds it, where the object is not needed to know the order.
    let told = ["--name", "told", "--format", "qcow2", "--size-gib", "40"];
    let order = [&["--to", "all", "--os", "CentOS 7.9", &place], &told[..]].concat();
    let made = world.import(&order);
    for (cloud, _, region) in PLACES {
        world.simulator.delete_object(cloud, region, BUCKET, "dir/web.img");
    }
    let again = world.import(&order);
    for (row, first) in again.iter().zip(&made) {
        assert_eq!(row["image_id"], first["image_id"], "its object is gone");
    }
    let link = "https://b.example/k.qcow2";
    let output = world.run(
        "import",
        &["--to", "huawei", "--name", "web", "--os", "CentOS 7.9", link],
    );
    expect_code(&output, 2);
    assert!(err(&output).contains("BUCKET:KEY"), "{}", err(&output));
}

/// Every file in a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn data_disks_in_buckets_are_signed_too() {
    let world = World::new("data").await;
    for key in ["web.qcow2", "data.qcow2"] {
        let bytes = fs::read(IMAGE).unwrap().into();
        let (simulator, place) = (&world.simulator, (Cloud::Tencent, "ap-guangzhou"));
        simulator.put_object(place.0, place.1, BUCKET, key, bytes);
        simulator.guard_object(place.0, place.1, BUCKET, key);
    }
    let (image, data) = (format!("{BUCKET}:web.qcow2"), format!("tencent={BUCKET}:data.qcow2@10"));
    world.import(&[
        "--to",
        "tencent",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--data-disk",
        &data,
        &image,
    ]);
    // A file is staged beside a disk that is there.
    world.import(&[
        "--to",
        "tencent",
        "--name",
        "web2",
        "--os",
        "CentOS 7.9",
        "--bucket",
        BUCKET,
        "--data-disk",
        &data,
        IMAGE,
    ]);
    assert!(
        world
            .simulator
            .object(Cloud::Tencent, "ap-guangzhou", BUCKET, "data.qcow2")
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_sum_than_expected_is_not_sent() {
    let world = World::new("sums").await;
    let image = world.put("web.qcow2", &fs::read(IMAGE).unwrap());
    let sum = cloud_import_sum(&image);
    let sums = world.put(
        "SHA256SUMS",
        format!("{}  db.qcow2\n{sum} *web.qcow2\n", "0".repeat(64)).as_bytes(),
    );
    let order = |expected: &str, more: &[&str]| {
        let fixed = [
            "--to",
            "jdcloud",
            "--os",
            "CentOS 7.9",
            "--expect-sha256",
            expected,
            &image,
        ];
        world.run("import", &[&fixed, more].concat())
    };
    let wrong = "f".repeat(64);
    for more in [&["--name", "web"][..], &["--name", "web", "--convert", "raw"]] {
        let output = order(&wrong, more);
        expect_code(&output, 2);
        assert!(
            err(&output).contains(&sum) && err(&output).contains(&wrong),
            "{}",
            err(&output)
        );
        assert!(world.simulator.objects().is_empty() && world.names(Cloud::Jdcloud).is_empty());
    }
    expect_code(&order(&sums, &["--name", "web"]), 0);
    expect_code(&order(&sum.to_uppercase(), &["--name", "web"]), 0);
    let state = world.folder.join("jobs").display().to_string();
    let shown = run(&["show", "web", "--output", "json", "--state", &state]);
    let shown: Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(shown["job"]["expected_sha256"], sum);
    let id = shown["job"]["id"].as_str().unwrap().to_owned();
    let mistyped = id.replace("web-", "wbe-");
    for command in ["show", "status", "report"] {
        let more: &[&str] = if command == "report" { &["--markdown", "-"] } else { &[] };
        let told = run(&[&[command, &mistyped, "--state", &state], more].concat());
        assert!(
            err(&told).contains(&format!("Did you mean `{id}`?")),
            "{command}: {}",
            err(&told)
        );
    }
    let of_another = world.put("web2.qcow2", &fs::read(IMAGE).unwrap());
    let output = world.run(
        "import",
        &[
            "--to",
            "jdcloud",
            "--os",
            "CentOS 7.9",
            "--name",
            "web",
            "--expect-sha256",
            &sums,
            &of_another,
        ],
    );
    expect_code(&output, 2);
    assert!(err(&output).contains("none of its 2 sums"), "{}", err(&output));
    let elsewhere = [
        "--to",
        "jdcloud",
        "--os",
        "CentOS 7.9",
        "--name",
        "web",
        "--expect-sha256",
        &sum,
        "https://b.example/k.qcow2",
    ];
    let output = world.run("import", &elsewhere);
    expect_code(&output, 2);
    assert!(err(&output).contains("file of this machine"), "{}", err(&output));
}

#[test]
fn what_is_mistyped_is_told_with_what_may_be_meant() {
    let order = |more: &[&str]| {
        let output = command(&[&["import", "--simulate", "--name", "web", IMAGE], more].concat());
        let mut output = output;
        let output = output.env("CLOUD_IMPORT_BUCKTE", "x").output().unwrap();
        err(&output)
    };
    let os = ["--os", "CentOS 7.9"];
    for (more, told) in [
        (&["--to", "alyun"][..], "Did you mean `aliyun`?"),
        (
            &["--to", "aliyun", "--bucket", "aws=x"],
            "there is no cloud and no target `aws`",
        ),
        (&["--to", "aliyun", "--bucket", "hauwei=x"], "Did you mean `huawei`?"),
        (&["--to", "aliyun/cn-hangzuo"], "Did you mean `cn-hangzhou`?"),
        (&["--to", "aliyun", "--arch", "arn64"], "Did you mean `arm64`?"),
        (
            &["--to", "aliyun", "--set", "aliyun.RoleNam=x"],
            "Did you mean `RoleName`?",
        ),
        (
            &["--to", "jdcloud"],
            "the variable CLOUD_IMPORT_BUCKTE is not known and counts for nothing. Did you mean CLOUD_IMPORT_BUCKET?",
        ),
    ] {
        let found = order(&[&os, more].concat());
        assert!(found.contains(told), "{more:?}: {found}");
    }
    let explained = run(&["explain", "OperationDeneid"]);
    expect_code(&explained, 2);
    assert!(
        err(&explained).contains("Did you mean `OperationDenied`?"),
        "{}",
        err(&explained)
    );
    let found = order(&["--to", "jdcloud", "--to", "huawei", "--os", "Cenots 7.9"]);
    assert_eq!(found.matches("`centos 7.9` is meant").count(), 2, "{found}");
}

#[test]
fn the_file_of_targets_in_the_book_is_read() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/targets.md")).unwrap();
    let targets = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let path = std::env::temp_dir().join(format!("cloud-import-targets-readme-{}.toml", std::process::id()));
    fs::write(&path, targets).unwrap();
    let output = run(&[
        "check",
        "--simulate",
        "--targets",
        path.to_str().unwrap(),
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    fs::remove_file(path).unwrap();
    for label in ["aliyun/cn-hangzhou", "second"] {
        assert!(out(&output).contains(label), "{}{}", out(&output), err(&output));
    }
    assert_ne!(output.status.code(), Some(2), "{}", err(&output));
}
