//! `import --convert` with the installed `qemu-img`: what arrives in the cloud is the disk that was in the file.
//!
//! Not among the workspace's tests, as it needs that tool: `cargo test --workspace --test qemu-img` runs it, and CI does.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

#[cfg(target_os = "linux")]
mod apart;
#[path = "../../../../tests/images/unpack.rs"]
mod images;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cloud_import::env;
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};

const KEYS: [&str; 2] = ["an-access-key-id", "its-secret-key"];
const REGION: &str = "cn-hangzhou";
const BUCKET: &str = "images";
/// The size of the disk in every file.
const SIZE: usize = 64 << 20;

/// A folder with `disk.raw`, and a simulated cloud; both go with it.
struct Scene {
    folder: PathBuf,
    simulator: Option<Simulator>,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("convert-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("tmp")).unwrap();
        fs::write(folder.join("disk.raw"), disk()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::ZERO);
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        simulator.create_bucket(Cloud::Aliyun, REGION, BUCKET, BucketSettings::default());
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self {
            folder,
            simulator: Some(simulator),
            runtime,
        }
    }

    fn qemu_img(&self, line: &str) {
        let mut command = Command::new("qemu-img");
        let done = command.args(line.split_whitespace()).current_dir(&self.folder).output();
        let lacking = |error| format!("qemu-img cannot be run; install it (Debian package qemu-utils): {error}");
        let done = done.map_err(lacking).unwrap();
        assert!(
            done.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Imports a file, converted to `format`. Gives back what was staged, and what was said.
    fn imported(&self, file: &str, format: &str, name: &str) -> (Vec<u8>, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_cloud-import"))
            .args(["import", "--simulate=sim.json", "--state", "state", "--keep-object"])
            .args(["--os", "CentOS 7.9", "--to", "aliyun/cn-hangzhou", "--bucket", BUCKET])
            .args(["--name", name, "--prefix", name, "--convert", format, file])
            .current_dir(&self.folder)
            .env_clear()
            .envs([
                ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
                ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", KEYS[1]),
                ("PATH", &env::variable("PATH").unwrap()),
            ])
            .env("TMPDIR", self.folder.join("tmp"))
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success(), "{file} to {format}: {said}");
        assert_eq!(
            fs::read_dir(self.folder.join("tmp")).unwrap().count(),
            0,
            "nothing stays"
        );
        let simulator = self.simulator.as_ref().unwrap();
        let mut objects = simulator.objects().into_iter();
        let object = objects.find(|object| object.key.starts_with(name)).unwrap();
        let mut staged = Vec::new();
        let mut reader = simulator.object(Cloud::Aliyun, REGION, BUCKET, &object.key).unwrap();
        std::io::Read::read_to_end(&mut reader, &mut staged).unwrap();
        (staged, said)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
        drop(self.simulator.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A disk with some content that does not compress, and holes.
fn disk() -> Vec<u8> {
    let mut disk = vec![0; SIZE];
    let mut state = 1_u64;
    for byte in &mut disk[1024..4 << 20] {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0]);
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk
}

#[test]
fn every_target_holds_the_same_disk() {
    let scene = Scene::new("to");
    scene.qemu_img("convert -f raw -O vdi disk.raw disk.vdi");
    for (format, theirs) in [("qcow2", "qcow2"), ("raw", "raw"), ("vhd", "vpc"), ("vmdk", "vmdk")] {
        let (staged, said) = scene.imported("disk.vdi", format, &format!("to-{format}"));
        fs::write(scene.folder.join("staged"), &staged).unwrap();
        let info = cloud_import::publish::disk::inspect(std::io::Cursor::new(&staged)).unwrap();
        assert_eq!(
            (info.format.name(), info.virtual_size_bytes),
            (format, Some(SIZE as u64))
        );
        scene.qemu_img(&format!("compare -f raw -F {theirs} disk.raw staged"));
        assert!(said.contains(&format!("converting to {format}: 100%")), "{said}");
        // Others are written in steps too large for a file of this size.
        if format == "vmdk" {
            let steps = said.matches("converting to vmdk: ").count();
            assert!(steps > 2, "{said}");
        }
    }
}

#[test]
fn every_source_that_is_read_is_converted() {
    let scene = Scene::new("from");
    for (number, options) in [
        "qcow2",
        "qcow2 -c",
        "qcow",
        "vpc -o subformat=fixed,force_size=on",
        "vpc -o force_size=on",
        "vhdx",
        "vmdk",
        "vmdk -o subformat=streamOptimized",
        "vdi",
        "qed",
        "parallels",
        "raw",
    ]
    .iter()
    .enumerate()
    {
        scene.qemu_img(&format!("convert -f raw disk.raw -O {options} source"));
        let (staged, _) = scene.imported("source", "raw", &format!("from-{number}"));
        assert!(staged == disk(), "{options}");
    }
}
