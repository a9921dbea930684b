//! What reaches the two streams: results arrive or that is told, and nothing that a file or a path brought is obeyed by a terminal.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
};

use cloud_import::Shown;

use super::{IMAGE, command, err, expect_code, out};

/// A folder of this test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const IMPORT: [&str; 9] = [
    "import",
    "--simulate",
    "--to",
    "tencent",
    "--name",
    "case",
    "--os",
    "CentOS 7.9",
    IMAGE,
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&IMPORT[..], more].concat()
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_told_with_a_code_of_their_own() {
    let commands = [
        vec!["inspect", IMAGE],
        vec!["inspect", "--output", "json", IMAGE],
        vec!["capabilities"],
        vec!["explain", "InvalidImageName.Duplicate"],
        vec!["completions", "fish"],
        vec!["man"],
        vec!["list", "--output", "json"],
        vec!["sim", "--access-key-id", "a", "--secret-access-key", "b"],
        vec!["--help"],
        vec!["import", "--help"],
        vec!["--version"],
        [&["check"], &IMPORT[1..]].concat(),
        with(&["--events"]),
        with(&["--output", "json"]),
    ];
    for arguments in commands {
        let full = File::create("/dev/full").unwrap();
        let output = command(&arguments).stdout(full).output().unwrap();
        expect_code(&output, 9);
        assert!(
            err(&output).contains("standard output: No space left"),
            "{}",
            err(&output)
        );
    }
    for (more, lost) in [
        (&[][..], "not written: tencent/ap-guangzhou img-"),
        (&["--no-wait"], r#"not written: {"version":1,"#),
    ] {
        let full = File::create("/dev/full").unwrap();
        let output = command(&with(more)).stdout(full).output().unwrap();
        expect_code(&output, 9);
        assert!(err(&output).contains(lost), "{}", err(&output));
    }
    // A descriptor that cannot be written at all.
    let output = command(&["capabilities"])
        .stdout(File::open("/dev/null").unwrap())
        .output()
        .unwrap();
    expect_code(&output, 9);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    for arguments in [
        &["capabilities"][..],
        &["--help"],
        &["inspect", "--output", "json", IMAGE],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(arguments).stdout(writer).output().unwrap();
        expect_code(&output, 0);
        assert_eq!(err(&output), "");
    }
}

#[track_caller]
fn assert_harmless(text: &str) {
    let found = text.chars().find(|c| *c != '\n' && Shown::is_unseen(*c));
    assert!(found.is_none(), "{found:?} in {text:?}");
}

#[cfg(unix)]
#[test]
fn names_and_texts_of_files_are_shown_and_not_obeyed() {
    let folder = Folder::new("names");
    let name = "a\x1b]0;x\x07\x1b[2Jb\u{202e}c\u{9b}31m\naliyun m-FORGED\n.qcow2";
    let vmdk = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"\x1b[31m\u{202e}x\"\nRW 100 FLAT \"\x1b[1m.vmdk\" 0\n";
    let (image, descriptor, long) = (folder.0.join(name), folder.0.join("t.vmdk"), folder.0.join("long.vmdk"));
    fs::copy(IMAGE, &image).unwrap();
    fs::write(&descriptor, vmdk).unwrap();
    fs::write(&long, vmdk.replace("\x1b[31m", &"A".repeat(100_000))).unwrap();
    let import = |file: &OsStr, more: &[&str]| {
        let mut command = command(&with(more)[..8]);
        command.arg(file).args(more).output().unwrap()
    };
    let inspect = |file: &OsStr, more: &[&str]| command(&["inspect"]).arg(file).args(more).output().unwrap();
    let outputs = [
        inspect(image.as_os_str(), &[]),
        inspect(image.as_os_str(), &["--output", "json"]),
        inspect(descriptor.as_os_str(), &[]),
        inspect(descriptor.as_os_str(), &["--output", "json"]),
        inspect(long.as_os_str(), &[]),
        import(image.as_os_str(), &["--format", "vhd"]),
        import(image.as_os_str(), &["--format", "vhd", "--output", "json"]),
        import(image.as_os_str(), &["--events"]),
        import(descriptor.as_os_str(), &[]),
        import(folder.0.join("\x1b[2J").as_os_str(), &[]),
        import(image.as_os_str(), &["--\x1b[2J"]),
    ];
    for output in &outputs {
        for text in [out(output), err(output)] {
            assert_harmless(&text);
            assert!(!text.lines().any(|line| line.starts_with("aliyun m-")), "{text}");
            assert!(text.len() < 40_000, "{} bytes", text.len());
        }
    }
    assert!(
        out(&outputs[0]).contains(r"b\u{202e}c\u{9b}31m\naliyun"),
        "{}",
        out(&outputs[0])
    );
    assert!(
        out(&outputs[2]).contains(r"(\u{1b}[31m\u{202e}x)"),
        "{}",
        out(&outputs[2])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_need_not_be_text() {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

    let folder = Folder::new("paths");
    let image = folder.0.join(OsStr::from_bytes(b"web\xff.qcow2"));
    let state = folder.0.join(OsStr::from_bytes(b"state\xff"));
    let tasks = folder.0.join(OsStr::from_bytes(b"tasks\xff.jsonl"));
    fs::copy(IMAGE, &image).unwrap();
    let output = command(&IMPORT[..8])
        .arg(&image)
        .env("CLOUD_IMPORT_STATE", "never")
        .output()
        .unwrap();
    expect_code(&output, 0);
    let mut option = OsString::from_vec(b"--state=".to_vec());
    option.push(&state);
    let output = command(&IMPORT[..8])
        .arg(&image)
        .arg(&option)
        .arg("--no-wait")
        .output()
        .unwrap();
    expect_code(&output, 0);
    assert!(state.join("jobs").is_dir());
    fs::write(&tasks, &output.stdout).unwrap();
    // The cloud of that task is gone: what counts is that the file is found.
    let output = command(&["status", "--simulate"]).arg(&tasks).output().unwrap();
    assert!(!err(&output).contains("neither a job nor"), "{}", err(&output));
    // By a variable, too.
    let output = command(&["list"]).env("CLOUD_IMPORT_STATE", &state).output().unwrap();
    expect_code(&output, 0);
    assert!(out(&output).contains("web\u{fffd}.qcow2"), "{}", out(&output));
}

#[test]
fn logs_have_no_colours_where_there_is_no_terminal() {
    let mut command = command(&[
        "check",
        "-vv",
        "--to",
        "aliyun/cn-hangzhou",
        "--endpoint",
        "aliyun=http://127.0.0.1:9",
    ]);
    command.args(["--name", "case", "--os", "CentOS 7.9", "images:k.qcow2"]);
    command.envs([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "SK"),
    ]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(err(&output).contains("DEBUG"), "{}", err(&output));
    assert_harmless(&err(&output));
}
