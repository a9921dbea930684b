//! What `qemu-img` opens: nothing but its two files, of whatever is called contained; and nothing else even of what is not, where
//! the system can confine it.

use std::{
    fs::{self, File},
    io::Cursor,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use cloud_import::publish::disk::{Format, contained, inspect};

use crate::{Scene, images};

const SECRET: &[u8] = b"the-secret-of-another-file";

/// Forged files and what `qemu-img` takes them for; each leads to `secret` beside it.
fn forged(secret: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let secret = secret.to_str().unwrap();
    let head = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n";
    let text = |extent: &str| format!("{head}createType=\"monolithicFlat\"\n{extent}\n").into_bytes();
    let flat = text(&format!("RW 64 FLAT \"{secret}\" 0"));
    let mut embedded = images::image("vmdk-subformat-monolithicSparse");
    embedded[12..20].fill(0);
    embedded[512..21 * 512].fill(0);
    embedded[512..512 + flat.len()].copy_from_slice(&flat);
    let mut data_file = images::image("external");
    let start = u32::from_be_bytes(data_file[100..104].try_into().unwrap()) as usize;
    data_file[start..65536].fill(0);
    let length = u32::try_from(secret.len()).unwrap().to_be_bytes();
    let extension = [b"DATA".as_slice(), &length, secret.as_bytes()].concat();
    data_file[start..start + extension.len()].copy_from_slice(&extension);
    vec![
        ("vmdk", text(&format!("RW 64 VMFS \"{secret}"))),
        ("vmdk", flat),
        ("vmdk", embedded),
        ("qcow2", data_file),
    ]
}

fn holds_secret(file: &Path) -> bool {
    let bytes = fs::read(file).unwrap_or_default();
    bytes.windows(SECRET.len()).any(|bytes| bytes == SECRET)
}

/// `qemu-img` as the command confines it, with `input` and `output` as its standard streams.
fn confined(arguments: &[&str], input: &Path, output: &Path) -> Output {
    let bounds = format!(
        r#"{{"parent":{},"input":0,"output":1,"file_bytes":1000000000,"cpu_seconds":60,"is_trusted":false}}"#,
        std::process::id()
    );
    Command::new(env!("CARGO_BIN_EXE_cloud-import"))
        .arg0("cloud-import (confined)")
        .args([bounds.as_str(), "/usr/bin/qemu-img"])
        .args(arguments)
        .stdin(File::open(input).unwrap())
        .stdout(File::create(output).unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap()
}

/// Whether this system confines anything at all; it says so where it does not.
fn confines(done: &Output) -> bool {
    let said = String::from_utf8_lossy(&done.stderr);
    let refused = done.status.code() == Some(125);
    assert_eq!(refused, said.contains("this kernel"), "{said}");
    !refused
}

#[test]
fn forged_files_lead_nowhere_even_if_they_are_opened() {
    let scene = Scene::new("forged");
    let secret = scene.folder.join("secret");
    // As content at every place that a table may point to.
    fs::write(&secret, SECRET.repeat((8 << 20) / SECRET.len())).unwrap();
    let (file, out) = (scene.folder.join("forged"), scene.folder.join("out"));
    for (number, (format, bytes)) in forged(&secret).into_iter().enumerate() {
        fs::write(&file, bytes).unwrap();
        // What it would do: else nothing is proven by what it does not.
        scene.qemu_img(&format!("convert -f {format} -O raw forged out"));
        // The disk of the last one is empty: that its data file is opened is seen below.
        let is_empty = format == "qcow2";
        assert!(
            holds_secret(&out) || is_empty,
            "{number}: the forged file leads nowhere"
        );
        fs::remove_file(&out).unwrap();
        let done = confined(
            &["convert", "-f", format, "-O", "raw", "/dev/fd/0", "/dev/fd/1"],
            &file,
            &out,
        );
        assert!(!done.status.success() && !holds_secret(&out), "{number}");
        if confines(&done) {
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(said.contains("ermission denied"), "{number}: {said}");
        }
    }
    // Honest files are converted.
    let done = confined(
        &["convert", "-f", "raw", "-O", "raw", "/dev/fd/0", "/dev/fd/1"],
        &secret,
        &out,
    );
    assert_eq!(done.status.success(), confines(&done));
    assert_eq!(holds_secret(&out), confines(&done));
}

#[test]
fn there_is_no_network() {
    let scene = Scene::new("network");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("nbd://{}/x", listener.local_addr().unwrap());
    let out = scene.folder.join("out");
    let done = confined(&["info", &url], &scene.folder.join("disk.raw"), &out);
    assert!(!done.status.success());
    confines(&done);
    thread::sleep(Duration::from_millis(300));
    assert!(listener.accept().is_err(), "it connected");
    // It would have been heard.
    let mut control = Command::new("qemu-img").args(["info", &url]).spawn().unwrap();
    let heard = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        listener.accept().is_ok()
    });
    let _ = control.kill();
    control.wait().unwrap();
    assert!(heard);
}

#[test]
fn a_kernel_that_confines_nobody_is_refused_unless_the_image_is_trusted() {
    let scene = Scene::new("kernel");
    for (lacking, more, code) in [
        ("landlock_create_ruleset", "--again", 2),
        ("landlock_create_ruleset", "--trust-image", 0),
        // The other one is enough for the network.
        ("unshare", "--again", 0),
    ] {
        let inject = format!("inject={lacking}:error=EPERM");
        let inject = inject.replace("ruleset:error=EPERM", "ruleset:error=ENOSYS");
        let done = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "trace",
                "-e",
                &format!("trace={lacking}"),
                "-e",
                &inject,
            ])
            .arg(env!("CARGO_BIN_EXE_cloud-import"))
            .args([
                "import",
                "--simulate",
                "--no-config",
                "--to",
                "aliyun",
                "--os",
                "CentOS 7.9",
            ])
            .args(["--name", "hello", "--convert", "vhd", "disk.raw", more])
            .current_dir(&scene.folder)
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        let trace = fs::read_to_string(scene.folder.join("trace")).unwrap();
        assert!(trace.contains("INJECTED"), "{lacking}: {trace}");
        // A kernel that has no Landlock for the network, either, is one that confines nobody.
        let is_refused = said.contains("would not be confined");
        assert_eq!(done.status.code(), Some(if is_refused { 2 } else { 0 }), "{said}");
        assert!(
            is_refused == (code == 2) || lacking == "unshare",
            "{lacking} {more}: {said}"
        );
        assert_eq!(is_refused, said.contains("--trust-image"), "{said}");
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// A file with its header changed: numbers, names and what names stand behind.
fn changed(file: &[u8], random: &mut Random) -> Vec<u8> {
    const PIECES: [&[u8]; 9] = [
        &[0; 8],
        &[0xFF; 8],
        &[0, 0, 0, 0, 0, 0, 2, 0],
        &[1, 0, 0, 0, 0, 0, 0, 0],
        b"/etc/hostname\0",
        b"DATA\0\0\0\x0d/etc/hostname\0\0\0",
        b"\xE2\x79\x2A\xCA\0\0\0\x03raw\0\0\0\0\0",
        b"\nparentFileNameHint=\"/etc/hostname\"\n",
        b"\nRW 64 FLAT \"/etc/hostname\" 0\n",
    ];
    let mut file = file.to_vec();
    for _ in 0..=random.below(3) {
        let piece = PIECES[random.below(PIECES.len())];
        // Where headers are, and texts, and those of the formats whose headers lie deeper or at the end.
        let places = [128, 512, 2048, 11_000, file.len()];
        let reach = places[random.below(places.len())].min(file.len() - piece.len());
        let at = random.below(reach) / 4 * 4;
        file[at..at + piece.len()].copy_from_slice(piece);
    }
    file
}

/// What a conversion opened beside its two files and what every program has, and each socket.
fn opened(scene: &Scene, format: &str) -> Vec<String> {
    let image = format!(r#"json:{{"driver":"{format}","backing":null,"file":{{"driver":"file","filename":"image"}}}}"#);
    let done = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "trace",
            "-e",
            "trace=open,openat,openat2,creat,socket,connect",
        ])
        .args(["timeout", "20", "qemu-img", "convert", "-O", "qcow2", &image, "out"])
        .current_dir(&scene.folder)
        // Where cargo has libraries for tests, the loader would look for those of qemu-img first.
        .env_remove("LD_LIBRARY_PATH")
        .output();
    let lacking = |error| format!("strace cannot be run; install it (Debian package strace): {error}");
    done.map_err(lacking).unwrap();
    let trace = fs::read_to_string(scene.folder.join("trace")).unwrap();
    assert!(trace.contains("\"image\""), "the trace is empty: {trace}");
    let is_known = |line: &&str| {
        let path = line.split('"').nth(1).unwrap_or_default();
        let system = [
            "/usr/",
            "/lib",
            "/bin/",
            "/etc/ld.so",
            "/proc/",
            "/sys/",
            "/dev/null",
            "/dev/urandom",
        ];
        let known = matches!(path, "image" | "out") || system.iter().any(|start| path.starts_with(start));
        // A thread that ends with its program is let go in a call that strace cannot name.
        let lost = line.contains("???(");
        lost || known && !line.contains("socket(") && !line.contains("connect(")
    };
    trace
        .lines()
        .filter(|line| line.contains('(') && !is_known(line))
        .map(str::to_owned)
        .collect()
}

fn theirs(format: Format) -> &'static str {
    match format {
        Format::Raw => "raw",
        Format::Qcow1 => "qcow",
        Format::Vhd => "vpc",
        other => other.name(),
    }
}

/// The two readers agree: of what is called contained, `qemu-img` opens nothing else.
#[test]
fn what_is_called_contained_opens_nothing_but_the_two_files() {
    const CHANGES: usize = 12;
    let scene = Scene::new("contained");
    let mut random = Random(20_261_129);
    let (mut traced, mut refused) = (0, 0);
    for name in images::names() {
        let honest = images::image(&name);
        let mut files = vec![honest.clone()];
        files.extend((0..CHANGES).map(|_| changed(&honest, &mut random)));
        for file in files {
            let Ok(info) = inspect(Cursor::new(&file)) else {
                continue;
            };
            if contained(Cursor::new(&file), info.format).is_err() {
                refused += 1;
                continue;
            }
            fs::write(scene.folder.join("image"), &file).unwrap();
            let opened = opened(&scene, theirs(info.format));
            assert!(opened.is_empty(), "{name}, {traced} files before: {opened:?}");
            traced += 1;
        }
    }
    assert!(
        traced > 100 && refused > 20,
        "{traced} were traced and {refused} refused"
    );
    // A file that does lead elsewhere is seen to.
    let secret = scene.folder.join("secret");
    fs::write(&secret, SECRET).unwrap();
    for (format, bytes) in forged(&secret) {
        fs::write(scene.folder.join("image"), bytes).unwrap();
        assert!(!opened(&scene, format).is_empty());
    }
}
