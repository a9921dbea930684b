//! `import --convert` to what `qemu-img` writes, with scripts in the place of `qemu-img`: what they are given and may do, what is never handed to them, and
//! what an interrupt leaves. Only simulated clouds are reached. Where the system cannot confine it, that is what is tested.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use super::{command, err, expect_code, images, interrupt, out, signal};

/// What a script says when it was run at all.
const RAN: &str = "it ran";

/// A folder with a disk, a `qemu-img` and a place for temporary files; all go with it.
struct Scene(PathBuf);

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("convert-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("tmp")).unwrap();
        let scene = Self(folder);
        scene.put("disk", &images::image("qcow2-compat-1-1"));
        scene
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    /// A `qemu-img` that does this, with the file that it writes in `$out`. It measures nothing in use.
    fn qemu_img(&self, script: &str) {
        let measure = "[ \"$1\" = measure ] && { echo '{\"required\": 1}'; exit; }";
        self.program(&format!("{measure}\nfor out; do :; done\n{script}"));
    }

    fn program(&self, script: &str) {
        let draft = self.0.join("draft");
        fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(draft, self.0.join("qemu-img")).unwrap();
    }

    fn import(&self, file: &str, more: &[&str]) -> Command {
        let arguments = [
            "import",
            "--simulate",
            "--no-config",
            "--to",
            "aliyun",
            "--os",
            "CentOS 7.9",
        ];
        let order = ["--name", "hello", "--convert", "vhd", file];
        let mut command = command(&[&arguments, &order[..], more].concat());
        command
            .current_dir(&self.0)
            .env("PATH", format!("{}:/usr/bin:/bin", self.0.display()))
            .env("TMPDIR", self.0.join("tmp"));
        command
    }

    fn imported(&self, file: &str, more: &[&str]) -> Output {
        self.import(file, more).output().unwrap()
    }

    /// What stands in the error of a script that fails with what it found out.
    fn found(&self, script: &str) -> String {
        self.qemu_img(&format!("{{ {script}; }} >&2\nexit 3"));
        let done = self.imported("disk", &["--trust-image"]);
        expect_code(&done, 2);
        err(&done)
    }

    /// Files for conversions that are there.
    fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.join("tmp")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains('.')).collect()
    }

    /// The command, once the script has begun to convert.
    fn converting(&self) -> Child {
        self.qemu_img("echo x > \"$out\"; exec sleep 600");
        let mut command = self.import("disk", &["--trust-image"]);
        let running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let is_begun = || {
            let sizes = self
                .left()
                .into_iter()
                .map(|name| fs::metadata(self.0.join("tmp").join(name)));
            sizes.filter_map(Result::ok).any(|facts| facts.len() == 2)
        };
        wait_for(|| is_begun() && !children(running.id()).is_empty());
        running
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wait_for(is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert!(is_so(), "it did not come to that in half a minute");
}

/// The living children of a process.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    processes
        .filter(|process| parent_of(*process) == Some(parent))
        .collect()
}

fn is_alive(process: u32) -> bool {
    parent_of(process).is_some()
}

/// The parent of a process that lives, and is not only not buried yet.
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, which may hold anything, stands in brackets.
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    (fields.next()? != "Z").then(|| fields.next()?.parse().ok())?
}

/// Shapes that lead readers elsewhere, each beside an honest one; the reader's own tests have many more.
fn forged() -> Vec<(&'static str, Vec<u8>)> {
    let put = |file: &mut Vec<u8>, at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    let sparse = images::image("vmdk-subformat-monolithicSparse");
    let text = |more: &str| {
        let mut file = sparse.clone();
        let end = file[512..].iter().position(|byte| *byte == 0).unwrap();
        put(&mut file, 512 + end, more.as_bytes());
        file
    };
    let descriptor = |extent: &str| {
        format!(
            "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n{extent}\n"
        )
    };
    let mut embedded = sparse.clone();
    put(&mut embedded, 12, &[0; 8]);
    embedded[512..21 * 512].fill(0);
    put(
        &mut embedded,
        512,
        descriptor("RW 64 FLAT \"/etc/passwd\" 0").as_bytes(),
    );
    let mut data_file = images::image("qcow2-compat-1-1");
    put(&mut data_file, 72, &4_u64.to_be_bytes());
    let start = u32::from_be_bytes(data_file[100..104].try_into().unwrap()) as usize;
    data_file[start..65536].fill(0);
    put(&mut data_file, start, &[0x12, 0x34, 0x56, 0x78, 0, 0, 0x44, 0]);
    put(&mut data_file, start + 8 + 0x4400, b"DATA\0\0\0\x0b/etc/passwd");
    vec![
        ("a.vmdk", descriptor("RW 64 VMFS \"/etc/passwd").into_bytes()),
        ("b.vmdk", descriptor("RW 64 FLAT \"/etc/passwd\" 0").into_bytes()),
        ("c.vmdk", embedded),
        ("d.vmdk", text("# parentFileNameHint=\"/etc/passwd\"\n")),
        ("e.qcow2", data_file),
        ("f.qcow2", images::image("overlay")),
        ("g.vmdk", text("# parentFileNameHint=\"nbd:127.0.0.1:10999\"\n")),
        ("h.vmdk", [b"COWD\x01\0\0\0".as_slice(), &[1; 4088]].concat()),
    ]
}

#[test]
fn what_may_lead_elsewhere_is_never_handed_over_trusted_or_not() {
    let scene = Scene::new("forged");
    scene.program(&format!("echo '{RAN}' >&2; exit 3"));
    for (name, file) in forged() {
        scene.put(name, &file);
        for more in [&["--no-validate"][..], &["--no-validate", "--trust-image"]] {
            let done = scene.imported(name, more);
            expect_code(&done, 2);
            let said = err(&done);
            assert!(said.contains("cannot convert") && !said.contains(RAN), "{name}: {said}");
            assert!(out(&done).is_empty());
        }
    }
    // It would have been heard.
    let said = err(&scene.imported("disk", &["--trust-image"]));
    assert!(said.contains(RAN), "{said}");
}

#[test]
fn it_gets_nothing_of_the_environment() {
    let scene = Scene::new("environment");
    scene.qemu_img("env >&2; exit 3");
    let mut command = scene.import("disk", &["--trust-image"]);
    let secret = "a-secret-of-the-environment";
    let done = command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret).output().unwrap();
    let said = err(&done);
    assert!(said.contains("LC_ALL=C") && said.contains("PATH="), "{said}");
    assert!(
        !said.contains(secret) && !said.contains("TMPDIR") && !said.contains("HOME"),
        "{said}"
    );
}

/// What the system cannot confine is refused; where it can, whatever is tried beside the two files is refused by the system.
#[test]
fn it_is_confined_to_the_two_files_or_not_run_at_all() {
    let scene = Scene::new("confined");
    scene.put("secret", b"a-secret-in-a-file");
    let here = scene.0.display();
    scene.qemu_img(&format!(
        "{{ cat {here}/secret; cat /etc/passwd; ls {here}; echo x > {here}/new; mkdir {here}/tmp/new; \
         echo out; echo x > \"$out\" && echo written; }} >&2\nexit 3"
    ));
    let done = scene.imported("disk", &[]);
    let said = err(&done);
    expect_code(&done, 2);
    assert!(!scene.0.join("new").exists() && !scene.0.join("tmp/new").exists());
    assert!(
        !said.contains("a-secret-in-a-file") && !said.contains("root:"),
        "{said}"
    );
    if said.contains("would not be confined") {
        assert!(said.contains("--trust-image"), "{said}");
        return;
    }
    assert_eq!(said.matches("ermission denied").count(), 5, "{said}");
    assert!(said.contains("written"), "its own file may be written: {said}");
}

#[test]
fn memory_time_and_files_are_bounded() {
    let scene = Scene::new("bounded");
    let said = scene.found("echo v=$(ulimit -v) t=$(ulimit -t) c=$(ulimit -c) f=$(ulimit -f).");
    // In KiB, seconds, and blocks of 512 bytes: the disk has 4 MiB, and 16 MiB are free to tables.
    let blocks = ((16 << 20) + 1 + 16_777_217 / 32 + (16 << 20)) / 512;
    let expected = format!("v=524288 t=604 c=0 f={blocks}.");
    assert!(said.contains(&expected), "{expected} in {said}");
    scene.qemu_img("exec yes > \"$out\"");
    let killed = err(&scene.imported("disk", &["--trust-image"]));
    assert!(killed.contains("signal: 25"), "{killed}");
}

#[test]
fn an_order_that_is_refused_converts_nothing() {
    let scene = Scene::new("late");
    scene.program(&format!("echo '{RAN}' >&2; exit 3"));
    // No cloud takes that name.
    let refused = scene.imported("disk", &["--name", "x"]);
    expect_code(&refused, 2);
    assert!(
        err(&refused).contains("--name") && !err(&refused).contains(RAN),
        "{}",
        err(&refused)
    );
    // A state directory that cannot be is told before, too.
    let unwritable = scene.imported("disk", &["--state", "disk/state"]);
    expect_code(&unwritable, 2);
    assert!(err(&unwritable).contains("cannot be written"), "{}", err(&unwritable));
    assert!(!err(&unwritable).contains(RAN) && !err(&unwritable).contains("hashing"));
}

#[test]
fn an_interrupt_ends_a_conversion_at_once_and_leaves_nothing() {
    let scene = Scene::new("interrupted");
    for name in super::signals::that_stop() {
        let mut running = scene.converting();
        let children = children(running.id());
        signal(running.id(), name);
        let code = running.wait().unwrap().code();
        assert_eq!(code, Some(130), "SIG{name}");
        assert_eq!(scene.left(), [""; 0], "SIG{name}");
        wait_for(|| children.iter().all(|child| !is_alive(*child)));
    }
}

#[test]
fn who_starts_it_to_outlive_the_terminal_is_heard() {
    let scene = Scene::new("nohup");
    scene.qemu_img("echo x > \"$out\"; exec sleep 600");
    let line = scene.import("disk", &["--trust-image"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(line.get_program())
        .args(line.get_args());
    shell
        .current_dir(&scene.0)
        .env_clear()
        .envs(line.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(|| scene.left().len() == 2 && !children(running.id()).is_empty());
    signal(running.id(), "HUP");
    thread::sleep(Duration::from_millis(500));
    assert!(running.try_wait().unwrap().is_none(), "it ended");
    interrupt(running.id());
    assert_eq!(running.wait().unwrap().code(), Some(130));
}

#[test]
fn a_killed_command_takes_qemu_img_with_it_and_the_next_one_removes_its_file() {
    let scene = Scene::new("killed");
    let mut running = scene.converting();
    let children = children(running.id());
    running.kill().unwrap();
    running.wait().unwrap();
    wait_for(|| children.iter().all(|child| !is_alive(*child)));
    let left = scene.left();
    assert_eq!(left.len(), 2, "the new file and its lock");
    // The next one is at work: its own files are there, and the first one's are not.
    let mut next = scene.converting();
    wait_for(|| scene.left().len() == 2 && left.iter().all(|name| !scene.left().contains(name)));
    let mut beside = scene.converting();
    wait_for(|| scene.left().len() == 4);
    for running in [&mut next, &mut beside] {
        interrupt(running.id());
        running.wait().unwrap();
    }
    assert_eq!(scene.left(), [""; 0]);
}
