//! What data may not choose: where keys and files go. No cloud is reached: listeners on this machine stand in for those who wait for keys.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Output,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::{IMAGE, Sim, command, err, expect_code, out};

const TOKEN: &str = "STS-TOKEN-0123456789";

/// Takes whatever is sent, and refuses it.
struct Catcher {
    url: String,
    caught: Arc<Mutex<Vec<String>>>,
}

impl Catcher {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let caught: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&caught);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 16 << 10];
                let length = stream.read(&mut request).unwrap_or_default();
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&request[..length]).into_owned());
                let _ = stream.write_all(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { url, caught }
    }

    fn count(&self) -> usize {
        self.caught.lock().unwrap().len()
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cloud-import-trust-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("home")).unwrap();
    folder
}

/// The command in a folder, with temporary keys of Alibaba Cloud.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command.current_dir(folder).env("HOME", folder.join("home")).envs([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIkey"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-secret-of-aliyun"),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN),
    ]);
    command.output().unwrap()
}

const CHECK: [&str; 6] = ["check", "--name", "web", "--os", "CentOS 7.9", "images:web.qcow2"];

#[test]
fn a_file_of_the_working_directory_decides_only_once_it_was_trusted() {
    let (folder, catcher) = (folder("here"), Catcher::new());
    let file = folder.join("cloud-import.toml");
    let text = format!("to = ['aliyun/cn-hangzhou']\n[endpoint]\naliyun = '{}'\n", catcher.url);
    fs::write(&file, &text).unwrap();
    let check = |more: &[&str]| run_in(&folder, &[&CHECK, more].concat());
    let output = check(&[]);
    expect_code(&output, 2);
    let told = err(&output);
    assert!(
        told.contains("defaults from") && told.contains("sets endpoint") && told.contains("--trust-here"),
        "{told}"
    );
    assert_eq!(catcher.count(), 0);
    // What is typed counts, and what decides nothing does.
    check(&["--endpoint", &format!("aliyun={}", catcher.url)]);
    let typed = catcher.count();
    assert!(typed > 0);
    let simulated = err(&check(&["--simulate"]));
    assert!(
        !simulated.contains("sets endpoint"),
        "nothing leaves this machine: {simulated}"
    );
    assert_eq!(catcher.count(), typed);

    check(&["--trust-here"]);
    let trusted = catcher.count();
    assert!(trusted > typed);
    check(&[]);
    assert!(catcher.count() > trusted, "it is remembered");
    let trusted = catcher.count();
    for (place, text) in [
        (&file, format!("{text}# another\n")),
        (&folder.join("home/cloud-import.toml"), text.clone()),
    ] {
        fs::write(place, text).unwrap();
        expect_code(&run_in(place.parent().unwrap(), &CHECK), 2);
    }
    assert_eq!(
        catcher.count(),
        trusted,
        "another text, and another place, is another file"
    );
    for key in [
        "bucket = 'x'",
        "state = 'x'",
        "targets = 'x.toml'",
        "instance_metadata = true",
        "account = ['aliyun=x']",
        "vendor_profile = ['aliyun=x']",
    ] {
        fs::write(&file, format!("to = ['aliyun/cn-hangzhou']\n{key}\n")).unwrap();
        let output = run_in(&folder, &["import", "--name", "web", "--os", "CentOS 7.9", IMAGE]);
        expect_code(&output, 2);
        // Also by a name of before.
        let name = key.split_once(' ').unwrap().0.replace("vendor_profile", "account");
        assert!(
            err(&output).contains(&format!("sets {name}:")),
            "{key}: {}",
            err(&output)
        );
    }
    fs::remove_file(&file).unwrap();
    expect_code(&check(&["--trust-here"]), 2);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_task_does_not_choose_who_gets_signed_requests() {
    let (folder, catcher) = (folder("task"), Catcher::new());
    let sim = Sim::start("trust", &[]);
    let import = [
        "import",
        &sim.option(),
        "--to",
        "aliyun",
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--no-wait",
    ];
    let state = folder.join("state");
    let output = run_in(
        &folder,
        &[&import[..], &["--state", state.to_str().unwrap(), IMAGE]].concat(),
    );
    expect_code(&output, 0);
    let mut task: Value = serde_json::from_str(&out(&output)).unwrap();
    task["endpoint"] = Value::from(catcher.url.as_str());
    fs::write(folder.join("tasks.jsonl"), task.to_string()).unwrap();
    // In a record, too: the directory may be another's.
    let job = fs::read_dir(state.join("jobs")).unwrap().next().unwrap().unwrap();
    let record = job.path().join("aliyun_2fcn-hangzhou.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(
        &record,
        text.replace("https://ecs.cn-hangzhou.aliyuncs.com", &catcher.url),
    )
    .unwrap();
    let of_state = ["--state", state.to_str().unwrap()];
    for verb in ["status", "cancel", "wait"] {
        for named in [
            &["tasks.jsonl"][..],
            &[&of_state[..], &[job.file_name().to_str().unwrap()]].concat(),
        ] {
            let output = run_in(&folder, &[&[verb, "--no-config"], named].concat());
            assert_ne!(output.status.code(), Some(0));
            assert!(err(&output).contains("not Alibaba Cloud's"), "{verb}: {}", err(&output));
            assert!(
                err(&output).contains("--endpoint aliyun=http://127.0.0.1:"),
                "{verb}: {}",
                err(&output)
            );
        }
    }
    assert_eq!(catcher.count(), 0);
    let endpoint = format!("aliyun={}", catcher.url);
    run_in(&folder, &["status", "--endpoint", &endpoint, "tasks.jsonl"]);
    assert!(
        catcher
            .caught
            .lock()
            .unwrap()
            .iter()
            .any(|request| request.contains(TOKEN))
    );
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn keys_do_not_go_over_plain_http_unless_that_is_asked_for() {
    let folder = folder("plain");
    let check = |endpoint: &str, more: &[&str]| {
        let endpoint = format!("aliyun=http://{endpoint}");
        let fixed = ["--to", "aliyun/cn-hangzhou", "--endpoint", &endpoint];
        err(&run_in(&folder, &[&CHECK, &fixed[..], more].concat()))
            + &out(&run_in(&folder, &[&CHECK, &fixed[..], more].concat()))
    };
    // Nobody has this address (RFC 5737).
    let told = check("192.0.2.1:9", &[]);
    assert!(told.contains("plain HTTP") && told.contains("--plain-http"), "{told}");
    let told = check("127.0.0.1:9", &[]);
    assert!(!told.contains("plain HTTP"), "{told}");
    let told = check("no-such-host.invalid:9", &["--plain-http"]);
    assert!(!told.contains("plain HTTP"), "{told}");
    fs::remove_dir_all(&folder).unwrap();
}

#[cfg(unix)]
#[test]
fn what_stands_beside_an_image_is_sent_only_where_it_is_that_and_is_told() {
    let folder = folder("beside");
    let sim = Sim::start("beside", &[]);
    fs::write(folder.join("disk.raw"), vec![7; 300_000]).unwrap();
    fs::write(folder.join("private"), "TOPSECRET").unwrap();
    let beside = folder.join("disk.mf");
    let import = |name: &str, more: &[&str]| {
        let simulate = sim.option();
        let fixed = [
            "import",
            &simulate,
            "--to",
            "huawei",
            "--name",
            name,
            "--os",
            "CentOS 7.9",
            "--keep-object",
            "--prefix",
            name,
        ];
        run_in(&folder, &[&fixed[..], more, &["--format", "raw", "disk.raw"]].concat())
    };
    std::os::unix::fs::symlink(folder.join("private"), &beside).unwrap();
    let output = import("web-1", &[]);
    expect_code(&output, 0);
    assert!(
        err(&output).contains("is not sent: `disk.mf`") && err(&output).contains("symbolic link"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("is sent with the image"), "{}", err(&output));
    assert_eq!(err(&output).matches("symbolic link").count(), 1, "{}", err(&output));
    // It is told with what else is wrong, before the file is read.
    let refused = import("web-0", &["--arch", "i386"]);
    expect_code(&refused, 2);
    let told = err(&refused);
    assert!(told.contains("--arch `i386` is not one"), "{told}");
    let bitmap = told
        .lines()
        .find(|line| line.contains("--bitmap is not sent"))
        .unwrap_or_default();
    assert!(
        bitmap.contains("`disk.mf`")
            && bitmap.contains("symbolic link")
            && bitmap.ends_with("use --bitmap. (bitmap.not_sent)"),
        "{told}"
    );
    let simulate = sim.option();
    let checked = run_in(
        &folder,
        &[
            "check",
            &simulate,
            "--to",
            "huawei",
            "--name",
            "web-0",
            "--os",
            "CentOS 7.9",
            "--format",
            "raw",
            "disk.raw",
        ],
    );
    assert!(out(&checked).contains("--bitmap is not sent"), "{}", out(&checked));
    fs::remove_file(&beside).unwrap();
    fs::write(&beside, "a bitmap").unwrap();
    let output = import("web-2", &[]);
    expect_code(&output, 0);
    assert!(
        err(&output).contains("disk.mf is sent with the image"),
        "{}",
        err(&output)
    );
    let output = import("web-3", &["--bitmap", "private", "--events"]);
    expect_code(&output, 0);
    assert!(
        out(&output)
            .lines()
            .any(|line| line.contains(r#""event":"side_file""#) && line.contains(r#""path":"private""#)),
        "{}",
        out(&output)
    );
    fs::remove_dir_all(&folder).unwrap();
}
