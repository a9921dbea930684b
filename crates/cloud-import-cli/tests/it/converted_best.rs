//! `import --convert auto`: the form that is best for a file, whichever the targets are.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use cloud_import_sim::{Cloud, Config, DiskFormat, Simulator};

use super::{KEYS, command, err, expect_code, images, out};

const MIB: u64 = 1 << 20;

struct World {
    simulator: Simulator,
    folder: PathBuf,
}

impl World {
    async fn new(name: &str) -> Self {
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::from_millis(100));
        let simulator = Simulator::start(config.any_bucket(true)).await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("best-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("none")).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self { simulator, folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        let mut command = command(&[arguments, &[&simulate, "--state", "jobs"]].concat());
        // There is no `qemu-img`.
        command.current_dir(&self.folder).env("PATH", self.folder.join("none"));
        command.output().unwrap()
    }

    fn import(&self, name: &str, file: &str, targets: &[&str]) -> Output {
        let done = self.converted("auto", name, file, targets);
        expect_code(&done, 0);
        done
    }

    fn converted(&self, to: &str, name: &str, file: &str, targets: &[&str]) -> Output {
        let order = ["import", "--name", name, "--os", "CentOS 7.9", "--convert", to];
        let order = [&order[..], &["--bucket", "images-1250000000", file], targets].concat();
        self.run(&order)
    }

    /// The formats of what was imported under a name.
    fn formats(&self, name: &str) -> Vec<DiskFormat> {
        let images = Cloud::ALL.iter().flat_map(|cloud| self.simulator.images(*cloud));
        let own = images.filter(|image| image.name == name);
        own.filter_map(|image| image.format).collect()
    }

    /// A raw disk of 8 MiB: a partition table, then noise from this byte on.
    fn disk(&self, name: &str, noise_from: u64) {
        let mut first = vec![0; 512];
        first[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x30, 0, 0]);
        first[510..].copy_from_slice(&[0x55, 0xAA]);
        let mut disk = File::create(self.folder.join(name)).unwrap();
        disk.set_len(8 * MIB).unwrap();
        disk.write_all(&first).unwrap();
        disk.seek(SeekFrom::Start(noise_from)).unwrap();
        let noise: Vec<u8> = (0..8 * MIB - noise_from)
            .map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8 | 1)
            .collect();
        disk.write_all(&noise).unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zeros_of_a_raw_file_are_not_sent_unless_there_are_none() {
    let world = World::new("raw").await;
    world.disk("empty.raw", 6 * MIB);
    let said = err(&world.import("empty", "empty.raw", &["--to", "all"]));
    assert_eq!(world.formats("empty"), [DiskFormat::Qcow2; 5]);
    assert!(
        said.contains("sent as qcow2: ") && said.contains(" instead of 8.0 MiB"),
        "{said}"
    );
    world.disk("full.raw", 512);
    let said = err(&world.import("full", "full.raw", &["--to", "all"]));
    assert_eq!(world.formats("full"), [DiskFormat::Raw; 5]);
    assert!(
        said.contains("sent as it is: as qcow2 it would be no smaller"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_few_clouds_take_is_sent_as_what_all_take() {
    let world = World::new("taken").await;
    fs::write(world.folder.join("disk.vhdx"), images::image("vhdx-subformat-dynamic")).unwrap();
    // Also where the target takes it as it is: with other targets the next time it is the same file.
    let said = err(&world.import("few", "disk.vhdx", &["--to", "huawei"]));
    assert_eq!(world.formats("few"), [DiskFormat::Qcow2]);
    assert!(said.contains("sent as qcow2, which more clouds take"), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_disk_is_sent_as_it_is_and_no_other_program_runs() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new("damaged").await;
    let mut disk = images::image("vhdx-subformat-dynamic-block_size-1M");
    damage_a_block(&mut disk);
    fs::write(world.folder.join("disk.vhdx"), disk).unwrap();
    let [draft, program] = ["draft", "none/qemu-img"].map(|name| world.folder.join(name));
    fs::write(&draft, "#!/bin/sh\necho it ran >&2\nexit 3\n").unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(draft, program).unwrap();
    let said = err(&world.import("web", "disk.vhdx", &["--to", "huawei"]));
    // The simulator calls all raw that it does not know.
    assert_eq!(world.formats("web"), [DiskFormat::Raw]);
    assert!(
        said.contains("sent as it is: ") && !said.contains("it ran") && !said.contains("qemu-img"),
        "{said}"
    );
    // Where that form was asked for it is tried.
    let asked = world.converted("qcow2", "asked", "disk.vhdx", &["--to", "huawei"]);
    assert!(
        err(&asked).contains("qemu-img is tried") && err(&asked).contains("it ran"),
        "{}",
        err(&asked)
    );
}

/// Lets nobody know what the second block of a VHDX is. Its header is left as it is.
#[cfg(target_os = "linux")]
fn damage_a_block(disk: &mut [u8]) {
    const REGIONS: usize = 192 << 10;
    const BLOCKS: [u8; 4] = 0x2DC2_7766_u32.to_le_bytes();
    let entry = (REGIONS + 16..).step_by(32).find(|&at| disk[at..at + 4] == BLOCKS);
    let at = entry.unwrap() + 16;
    let table = u64::from_le_bytes(disk[at..at + 8].try_into().unwrap()) as usize;
    // A state that there is not.
    disk[table + 8..table + 16].copy_from_slice(&5_u64.to_le_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_small_already_is_sent_as_it_is() {
    let world = World::new("small").await;
    let zeros_are_left_out = ["qcow2-compat-1-1", "packed", "vmdk-subformat-monolithicSparse"];
    for (name, format) in zeros_are_left_out
        .into_iter()
        .zip([DiskFormat::Qcow2, DiskFormat::Qcow2, DiskFormat::Vmdk])
    {
        fs::write(world.folder.join(name), images::image(name)).unwrap();
        world.import(name, name, &["--to", "tencent"]);
        assert_eq!(world.formats(name), [format], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_and_a_retry_with_fewer_targets_find_the_images() {
    let world = World::new("again").await;
    world.disk("disk.raw", 6 * MIB);
    let both = ["--to", "jdcloud", "--to", "ucloud"];
    let done = out(&world.import("web", "disk.raw", &both));
    assert_eq!(out(&world.import("web", "disk.raw", &both)), done);
    let one = out(&world.import("web", "disk.raw", &both[2..]));
    assert!(done.contains(&one), "{one}");
    let retried = world.run(&["retry", "web", "--to", "ucloud/cn-bj2"]);
    expect_code(&retried, 0);
    assert_eq!(world.formats("web").len(), 2);
}
