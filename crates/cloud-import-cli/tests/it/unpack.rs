//! Images as people have them: compressed, or in an archive. Only simulated clouds are reached.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use super::{command, err, expect_code, out};

/// A folder with a place for temporary files; both go with it.
struct Scene(PathBuf);

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unpack-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("tmp")).unwrap();
        Self(folder)
    }

    /// One of `tests/images/packed`.
    fn packed(&self, name: &str, as_what: &str) {
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/images/packed");
        fs::copy(packed.join(name), self.0.join(as_what)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = command(words);
        command.current_dir(&self.0).env("TMPDIR", self.0.join("tmp"));
        command.output().unwrap()
    }

    fn import(&self, more: &[&str]) -> Output {
        let order = [
            "import",
            "--simulate",
            "--no-config",
            "--to",
            "aliyun",
            "--state",
            "jobs",
        ];
        self.run(
            &[
                &order[..],
                &["--name", "web", "--os", "CentOS 7.9", "--size-gib", "40"],
                more,
            ]
            .concat(),
        )
    }

    fn nothing_is_left(&self) {
        assert_eq!(fs::read_dir(self.0.join("tmp")).unwrap().count(), 0);
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_packed_image_is_imported_under_its_own_name_and_leaves_nothing() {
    let scene = Scene::new("import");
    for (packed, file) in [
        ("disk.xz", "web.raw.xz"),
        ("disk.zst", "web.zst"),
        ("disk.gz", "web.gz"),
        ("disk.bz2", "web.bz2"),
    ] {
        scene.packed(packed, file);
        let done = scene.import(&["--again", file]);
        expect_code(&done, 0);
        assert!(out(&done).starts_with("aliyun/cn-hangzhou m-"), "{}", out(&done));
        scene.nothing_is_left();
    }
    let jobs = scene.run(&["list", "--state", "jobs"]);
    // They hold the same disk, so it is one job, which is called by the first.
    assert!(
        out(&jobs).contains("web.raw.xz") && !out(&jobs).contains("tmp"),
        "{}",
        out(&jobs)
    );
}

#[test]
fn an_appliance_is_imported_as_any_format() {
    let scene = Scene::new("appliance");
    scene.packed("good.ova.gz", "web.ova");
    let done = scene.import(&["--convert", "qcow2", "web.ova"]);
    expect_code(&done, 0);
    let told = err(&done);
    assert!(
        told.contains("\"web.ova\" was unpacked to ") && told.contains(": \"web/web-disk1.vmdk\" in it"),
        "{told}"
    );
    scene.nothing_is_left();
    let checked = scene.run(&["inspect", "--output", "json", "web.ova"]);
    expect_code(&checked, 0);
    assert!(
        out(&checked).contains("\"virtual_size_bytes\": 1048576"),
        "{}",
        out(&checked)
    );
    scene.nothing_is_left();
}

#[test]
fn the_sum_that_is_expected_is_that_of_the_packed_file() {
    let scene = Scene::new("sum");
    scene.packed("disk.xz", "web.raw.xz");
    let sum = "f".repeat(64);
    fs::write(scene.0.join("SHA256SUMS"), format!("{sum}  web.raw.xz\n")).unwrap();
    let refused = scene.import(&["--expect-sha256", "SHA256SUMS", "web.raw.xz"]);
    expect_code(&refused, 2);
    assert!(
        err(&refused).contains(&format!("and {sum} is expected")),
        "{}",
        err(&refused)
    );
    assert!(!err(&refused).contains("unpack"), "{}", err(&refused));
    let own = cloud_import::provider::digest::sha256_hex(&fs::read(scene.0.join("web.raw.xz")).unwrap());
    fs::write(scene.0.join("SHA256SUMS"), format!("{own}  web.raw.xz\n")).unwrap();
    expect_code(&scene.import(&["--expect-sha256", "SHA256SUMS", "web.raw.xz"]), 0);
    scene.nothing_is_left();
}

#[test]
fn what_is_damaged_or_holds_no_disk_is_refused() {
    let scene = Scene::new("refused");
    for (packed, told) in [
        ("damaged.ova.gz", "has another SHA-256 than its list of sums tells"),
        ("two-disks.tar.xz", "it holds more than one disk"),
        ("no-disk.tar.zst", "no disk is in it"),
    ] {
        scene.packed(packed, "web");
        let refused = scene.import(&["web"]);
        expect_code(&refused, 2);
        assert!(
            err(&refused).contains("`web` cannot be unpacked: "),
            "{}",
            err(&refused)
        );
        assert!(err(&refused).contains(told), "{}", err(&refused));
        scene.nothing_is_left();
    }
}
