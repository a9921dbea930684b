//! The system on a disk is looked at, and judged for each cloud.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Output,
    sync::atomic::{AtomicUsize, Ordering},
};

use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::Value;

use super::{err, expect_code, out, run};

/// One of the disks of `cloud-import-guest`, as a file that goes with it.
struct Disk(PathBuf);

impl Disk {
    fn new(name: &str) -> Self {
        let disks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cloud-import-guest/tests/disks");
        let packed = File::open(disks.join(format!("{name}.zst"))).unwrap();
        let mut disk = Vec::new();
        let mut unpacked = ruzstd::decoding::StreamingDecoder::new(packed).unwrap();
        unpacked.read_to_end(&mut disk).unwrap();
        static DISKS: AtomicUsize = AtomicUsize::new(0);
        let which = DISKS.fetch_add(1, Ordering::Relaxed);
        let file = format!(
            "cloud-import-{}-{}-{which}.raw",
            name.replace('/', "-"),
            std::process::id()
        );
        let path = std::env::temp_dir().join(file);
        let mut out = File::create(&path).unwrap();
        if name.starts_with("windows/") {
            out.write_all(&disk).unwrap();
            return Self(path);
        }
        // Its size, and the blocks that are not zeros, each behind its place.
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        let (size, blocks) = disk.split_at(8);
        out.set_len(number(size)).unwrap();
        for block in blocks.chunks_exact(8 + 4096) {
            out.seek(SeekFrom::Start(number(&block[..8]))).unwrap();
            out.write_all(&block[8..]).unwrap();
        }
        Self(path)
    }

    fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn facts(&self) -> Value {
        let output = run(&["inspect", "--output", "json", self.name()]);
        expect_code(&output, 0);
        serde_json::from_str(&out(&output)).unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a cloud says of the guest.
fn reasons(facts: &Value, cloud: &str) -> Vec<String> {
    let clouds = facts["clouds"].as_array().unwrap();
    let own = clouds.iter().find(|own| own["provider"] == cloud).unwrap();
    let reasons = own["reasons"].as_array().unwrap().iter();
    let reasons = reasons.map(|reason| reason.as_str().unwrap().to_owned());
    reasons.filter(|reason| reason.contains("`guest.")).collect()
}

#[test]
fn a_good_system_is_told_and_no_cloud_has_a_word_against_it() {
    let disk = Disk::new("debian-good");
    let facts = disk.facts();
    assert_eq!(facts["guest"]["read"], "whole", "{facts}");
    assert_eq!(facts["guest"]["os"]["id"], "debian");
    for cloud in ["tencent", "huawei", "aliyun", "ucloud"] {
        assert_eq!(reasons(&facts, cloud), [""; 0], "{cloud}");
    }
    // JD Cloud's guide asks for a guest without it.
    let told = reasons(&facts, "jdcloud");
    assert!(
        told.len() == 1 && told[0].contains("guest.cloud_init_present"),
        "{told:?}"
    );
    let text = out(&run(&["inspect", disk.name()]));
    assert!(text.contains("\n  system               Debian GNU/Linux 12"), "{text}");
    assert!(text.contains("virtio_blk in the initramfs"), "{text}");
}

#[test]
fn a_system_that_would_not_start_is_refused_where_the_cloud_refuses_it() {
    let disk = Disk::new("debian-bad");
    let facts = disk.facts();
    for cloud in ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"] {
        let told = reasons(&facts, cloud);
        let virtio = told
            .iter()
            .find(|reason| reason.contains("`guest.virtio_missing`"))
            .unwrap();
        let refuses = ["jdcloud", "tencent"].contains(&cloud);
        assert_eq!(virtio.starts_with("warning: "), !refuses, "{cloud}: {virtio}");
        // Its source is named, and the option that skips the check, where there is one.
        assert!(virtio.ends_with(']'), "{virtio}");
        assert_eq!(virtio.contains("--skip-guest-check"), refuses, "{virtio}");
        assert!(
            told.iter().any(|reason| reason.contains("`guest.fstab_device`")),
            "{told:?}"
        );
        let own = facts["clouds"].as_array().unwrap();
        let own = own.iter().find(|own| own["provider"] == cloud).unwrap();
        assert_eq!(own["takes_it"], !refuses, "{own}");
    }
    let text = out(&run(&["inspect", disk.name()]));
    assert!(
        text.contains("\n  found                guest.virtio_missing: "),
        "{text}"
    );
    assert!(text.contains("Tencent Cloud: does not take it"), "{text}");
}

#[test]
fn rules_of_linux_are_none_of_windows() {
    let facts = Disk::new("windows/vmware").facts();
    assert_eq!(facts["guest"]["os"]["family"], "windows", "{facts}");
    let has = |cloud| {
        reasons(&facts, cloud)
            .iter()
            .any(|reason| reason.contains("`guest.virtio_missing`"))
    };
    // UCloud starts a Windows by IDE.
    assert!(has("tencent") && has("huawei") && !has("ucloud"), "{facts}");
}

#[test]
fn what_is_no_disk_has_no_system() {
    let path = std::env::temp_dir().join(format!("cloud-import-cli-no-guest-{}", std::process::id()));
    fs::write(&path, [&[0x1f, 0x8b, 8, 0][..], &[0; 600]].concat()).unwrap();
    let output = run(&["inspect", "--output", "json", path.to_str().unwrap()]);
    let facts: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(facts["guest"], Value::Null);
    fs::remove_file(path).unwrap();
}

/// A simulator, and a folder for what is left there.
struct Scene {
    simulator: Simulator,
    folder: PathBuf,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let config = Config::new(super::KEYS[0], super::KEYS[1]).any_bucket(true);
        let simulator = Simulator::start(config).await.unwrap();
        let folder = std::env::temp_dir().join(format!("cloud-import-guest-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self { simulator, folder }
    }

    /// An import to all five.
    fn import(&self, more: &[&str]) -> Output {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let state = format!("--state={}", self.folder.join("jobs").display());
        let order = [
            "import",
            &simulate,
            &state,
            "--no-config",
            "--bucket",
            "images-1250000000",
            "--to",
            "all",
        ];
        run(&[&order[..], more].concat())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_system_takes_it_from_the_disk_in_each_cloud_s_words() {
    let scene = Scene::new("derived").await;
    let done = scene.import(&["--name", "web", super::IMAGE]);
    expect_code(&done, 0);
    assert_eq!(out(&done).lines().count(), 5, "{}", out(&done));
    let told = err(&done);
    let taken = "taken from the disk: --os \"CentOS Linux 7.9\" (/etc/centos-release), --arch x86_64\n";
    assert_eq!(told.matches(taken).count(), 1, "{told}");
    let words: [(Cloud, &[(&str, &str)]); 5] = [
        (Cloud::Jdcloud, &[("platform", "CentOS"), ("osVersion", "7.9")]),
        (Cloud::Tencent, &[("OsType", "CentOS"), ("OsVersion", "7")]),
        (Cloud::Huawei, &[("os_version", "CentOS 7.9 64bit")]),
        (Cloud::Aliyun, &[("Platform", "CentOS")]),
        (Cloud::Ucloud, &[("OsType", "CentOS"), ("OsName", "CentOS 7.9 64位")]),
    ];
    for (cloud, expected) in words {
        let images = scene.simulator.images(cloud);
        for (name, value) in expected {
            assert_eq!(
                images[0].system.get(*name).map(String::as_str),
                Some(*value),
                "{:?}",
                images[0].system
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_order_says_counts_and_what_the_disk_contradicts_is_told() {
    let scene = Scene::new("contradicted").await;
    let order = ["--name", "web", "--os", "Debian 12", "--arch", "x86_64"];
    let done = scene.import(&[&order[..], &[super::IMAGE]].concat());
    expect_code(&done, 0);
    let told = err(&done);
    assert!(
        told.contains("is `Debian 12`, but the disk holds CentOS Linux 7.9. Use --os \"CentOS Linux 7.9\""),
        "{told}"
    );
    assert!(!told.contains("taken from the disk"), "{told}");
    assert_eq!(scene.simulator.images(Cloud::Tencent)[0].system["OsType"], "Debian");
}

/// What starts by UEFI alone is imported so where the cloud has that; a warning of the guest is one like the others.
#[tokio::test(flavor = "multi_thread")]
async fn firmware_is_taken_from_the_disk_and_what_is_known_of_a_guest_can_be_accepted() {
    let scene = Scene::new("firmware").await;
    let disk = Disk::new("rocky-uefi");
    let simulate = format!("--simulate={}", scene.folder.join("sim.json").display());
    let order = [
        "import",
        &simulate,
        "--no-config",
        "--bucket",
        "images-1250000000",
        "--to",
        "aliyun",
        "--size-gib",
        "40",
    ];
    let state = format!("--state={}", scene.folder.join("jobs").display());
    let import = |more: &[&str]| run(&[&order[..], &[&state, disk.name()], more].concat());
    let done = import(&["--name", "web"]);
    expect_code(&done, 0);
    assert!(
        err(&done).contains("--arch x86_64, --boot-mode uefi\n"),
        "{}",
        err(&done)
    );
    let images = scene.simulator.images(Cloud::Aliyun);
    assert_eq!(images[0].system["BootMode"], "UEFI");
    let warned = "`guest.net_static`";
    assert!(err(&done).contains(warned), "{}", err(&done));
    let accepted = import(&["--name", "web2", "--accept-warning", "guest.net_static"]);
    expect_code(&accepted, 0);
    assert!(!err(&accepted).contains(warned), "{}", err(&accepted));
    assert!(err(&accepted).contains("1 warning acknowledged"), "{}", err(&accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_a_cloud_refuses_stops_all_until_its_check_is_skipped() {
    let scene = Scene::new("refused").await;
    let disk = Disk::new("debian-bad");
    let order = ["--name", "web", "--size-gib", "40", disk.name()];
    let refused = scene.import(&order);
    expect_code(&refused, 2);
    let told = err(&refused);
    assert!(
        told.contains("error: jdcloud/cn-north-1") && told.contains("`guest.virtio_missing`"),
        "{told}"
    );
    assert!(scene.simulator.counters().imports.is_empty());
    assert_eq!(scene.simulator.objects(), []);
    let skipped = scene.import(&[&order[..], &["--skip-guest-check"]].concat());
    let told = err(&skipped);
    let virtio: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("`guest.virtio_missing`"))
        .collect();
    assert!(virtio.iter().all(|line| line.starts_with("warning: ")), "{told}");
    assert!(
        virtio.iter().any(|line| line.contains("tencent/ap-guangzhou")),
        "{told}"
    );
    let check = scene.folder.join("sim.json");
    let simulate = format!("--simulate={}", check.display());
    let checked = run(&[
        "check",
        &simulate,
        "--no-config",
        "--bucket",
        "images-1250000000",
        "--to",
        "tencent",
        "--name",
        "w",
        disk.name(),
    ]);
    expect_code(&checked, 2);
    assert!(out(&checked).contains("error: tencent/ap-guangzhou: the system on the disk has `guest.virtio_missing`"));
}

#[test]
fn a_finding_is_explained_by_what_it_is_worth_to_each_cloud() {
    let text = out(&run(&["explain", "guest.virtio_missing"]));
    assert!(
        text.contains("Tencent Cloud: guest.virtio_missing\n  what it is  an error\n"),
        "{text}"
    );
    assert!(text.contains("a warning, for linux alone"), "{text}");
    let output = run(&["explain", "--provider", "jdcloud", "--output", "json", "guest.qemu_ga"]);
    let found: Value = serde_json::from_str(&out(&output)).unwrap();
    let row = &found["guests"][0];
    assert_eq!(
        (&row["provider"], &row["severity"]),
        (&"jdcloud".into(), &"warning".into()),
        "{found}"
    );
    assert!(row["source"].as_str().unwrap().contains("JD Cloud"), "{found}");
    expect_code(&run(&["explain", "guest.no_such_thing"]), 2);
}
