//! The simulator as a user starts it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use cloud_import_sim::Simulator;
use serde_json::Value;

use super::{IMAGE, KEYS, command};

/// A simulator in a process of its own, and the file with the line that it printed.
pub(crate) struct Sim {
    process: Child,
    line: PathBuf,
}

impl Sim {
    pub(crate) fn start(name: &str, more: &[&str]) -> Self {
        Self::in_folder(name, more, None)
    }

    /// With a folder of its own for temporary files.
    fn in_folder(name: &str, more: &[&str], temporary: Option<&Path>) -> Self {
        let mut command = command(&[&["sim"], more].concat());
        if let Some(folder) = temporary {
            command.env("TMPDIR", folder);
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let file = std::env::temp_dir().join(format!("cloud-import-cli-{name}-{}.json", std::process::id()));
        fs::write(&file, line).unwrap();
        Self { process, line: file }
    }

    pub(crate) fn option(&self) -> String {
        format!("--simulate={}", self.line.display())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.line);
    }
}

/// Asks a simulator's control endpoint by hand: status and body.
pub(crate) fn control(line: &Value, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = line["control"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Works while time passes in the clouds, an hour at a time: what is under way is over when it is asked for again, however long the work
/// itself takes.
pub(crate) fn while_time_passes<T>(simulator: &Simulator, work: impl FnOnce() -> T) -> T {
    /// Says that the work is over, also where it fails.
    struct Over<'a>(&'a AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                simulator.pass(HOUR);
                thread::sleep(Duration::from_millis(50));
            }
        });
        let _over = Over(&is_over);
        work()
    })
}

/// An import that takes so long is over when its test says so.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

impl Sim {
    /// Lets an hour pass in its clouds.
    pub(crate) fn pass_an_hour(&self) {
        assert_eq!(control(&self.ready(), "POST", "/time", "3600").0, 204);
    }

    pub(crate) fn ready(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(&self.line).unwrap()).unwrap()
    }
}

#[test]
fn a_fault_of_no_operation_is_refused() {
    let sim = Sim::start("faults", &[]);
    let ready = sim.ready();
    let post = |fault: &str| control(&ready, "POST", "/faults", fault);
    for known in [
        r#"{"cloud":"aliyun","operation":"ImportImage","kind":"throttle"}"#,
        r#"{"cloud":"ucloud","operation":"DescribeBucket","kind":"throttle"}"#,
        r#"{"cloud":"huawei","operation":"UploadPart","kind":"throttle"}"#,
        r#"{"operation":"importImage","kind":"throttle"}"#,
        r#"{"kind":"throttle"}"#,
    ] {
        assert_eq!(post(known).0, 204, "{known}");
    }
    for (unknown, known) in [
        (
            r#"{"cloud":"aliyun","operation":"importImage","kind":"throttle"}"#,
            "ImportImage",
        ),
        (
            r#"{"cloud":"tencent","operation":"DescribeBucket","kind":"throttle"}"#,
            "DescribeImages",
        ),
        (r#"{"operation":"NoSuch","kind":"throttle"}"#, "CreateImage"),
    ] {
        let (status, body) = post(unknown);
        assert_eq!(status, 400, "{unknown}");
        assert!(body.contains("there is no operation") && body.contains(known), "{body}");
    }
}

#[test]
fn a_quota_is_set_for_all_or_for_one_cloud() {
    let object = |place: &str| format!("--object={place}/images/k.qcow2={IMAGE}");
    let sim = Sim::start(
        "quota",
        &[
            "--quota",
            "1",
            "--quota",
            "alicloud=2",
            "--any-object",
            "--import-time",
            "0s",
            &object("aliyun/cn-hangzhou"),
            &object("huawei/cn-north-4"),
        ],
    );
    let option = sim.option();
    let import = |to: &str, name: &str| {
        let words = [
            "import",
            &option,
            "--to",
            to,
            "--name",
            name,
            "--os",
            "CentOS 7.9",
            "images:k.qcow2",
        ];
        super::run(&words).status.code()
    };
    for (to, name, code) in [
        ("huawei", "one", 0),
        ("huawei", "two", 4),
        ("aliyun", "one", 0),
        ("aliyun", "two", 0),
        ("aliyun", "three", 4),
    ] {
        assert_eq!(import(to, name), Some(code), "{to} {name}");
    }
}

/// The signals that end a service or a terminal end it, and nothing of its stores stays on the disk.
#[test]
fn signals_end_it_and_its_stores_are_removed() {
    for signal in super::signals::that_stop() {
        let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sim-{signal}"));
        let _ = fs::remove_dir_all(&temporary);
        fs::create_dir_all(&temporary).unwrap();
        let mut sim = Sim::in_folder(&format!("signal-{signal}"), &[], Some(&temporary));
        let option = sim.option();
        // The object stays, and with it a folder of the store.
        let output = super::run(&super::import(&option, &["--to", "tencent", "--keep-object"]));
        super::expect_code(&output, 0);
        assert!(fs::read_dir(&temporary).unwrap().next().is_some());
        let id = sim.process.id();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -s {signal} {id}")])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(sim.process.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "{signal}");
        fs::remove_dir(&temporary).unwrap();
    }
}

#[test]
fn keys_are_those_of_the_variables_and_a_mismatch_is_told() {
    let sim = Sim::start("keys", &[]);
    let option = sim.option();
    let words = super::import(&option, &["--to", "aliyun"]);
    super::expect_code(&super::run(&words), 0);
    let mut other = command(&words);
    other.env_remove("CLOUD_IMPORT_SIM_ACCESS_KEY_ID");
    other.env_remove("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY");
    // The cloud's own keys are not sent, unless they are the simulator's.
    let of_cloud = ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"];
    for (keys, code) in [
        ([None, None], 3),
        ([Some("a-real-id"), Some("r3al")], 3),
        (KEYS.map(Some), 0),
    ] {
        for (name, key) in of_cloud.into_iter().zip(keys) {
            other.envs(key.map(|key| (name, key)));
        }
        let output = other.output().unwrap();
        super::expect_code(&output, code);
        let told = super::err(&output);
        let names_the_id = told.contains("was started with the access key id `an-access-key-id`");
        assert_eq!(names_the_id, code != 0, "{told}");
        assert!(!told.contains(KEYS[1]) && !told.contains("r3al"), "{told}");
    }
    let output = other.env("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]).output().unwrap();
    super::expect_code(&output, 3);
    assert!(super::err(&output).contains("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY is not set"));
}

#[cfg(unix)]
mod commands {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sim-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_command_runs_as_long_as_they_do_and_its_code_is_theirs() {
        let folder = scratch("command");
        let import = format!(
            "{} import --simulate=\"$CLOUD_IMPORT_SIM_FILE\" --to aliyun --name web --os 'CentOS 7.9' {}; echo $? > code; exit 7",
            env!("CARGO_BIN_EXE_cloud-import"),
            IMAGE
        );
        let mut sim = command(&["sim", "--import-time", "0s", "--", "sh", "-c", &import]);
        let output = sim.current_dir(&folder).env("TMPDIR", &folder).output().unwrap();
        super::super::expect_code(&output, 7);
        assert_eq!(
            fs::read_to_string(folder.join("code")).unwrap(),
            "0\n",
            "{}",
            super::super::err(&output)
        );
        let printed = super::super::out(&output);
        assert!(
            printed.starts_with("aliyun/cn-hangzhou m-") && printed.lines().count() == 1,
            "{printed}"
        );
        fs::remove_file(folder.join("code")).unwrap();
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            0,
            "the file that nobody named goes"
        );
        let output = super::super::run(&["sim", "--", "/nonexistent/program"]);
        super::super::expect_code(&output, 2);
        let output = super::super::run(&["sim", "--", "sh", "-c", "kill -9 $$"]);
        super::super::expect_code(&output, 137);
    }

    #[test]
    fn a_command_is_asked_to_end_with_them() {
        let folder = scratch("asked");
        let script = "trap 'echo asked > asked; exit 9' TERM; touch ready; while :; do sleep 0.1; done";
        let mut sim = command(&["sim", "--", "sh", "-c", script]);
        let mut sim = sim.current_dir(&folder).spawn().unwrap();
        while !folder.join("ready").exists() {
            thread::sleep(Duration::from_millis(20));
        }
        super::super::signal(sim.id(), "TERM");
        assert_eq!(sim.wait().unwrap().code(), Some(9));
        assert!(folder.join("asked").exists());
    }

    #[test]
    fn the_ready_file_is_whole_when_it_is_there() {
        let folder = scratch("ready");
        let file = folder.join("ready.json");
        let words = ["sim", "--ready-file", file.to_str().unwrap()];
        let mut sim = command(&words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let text = loop {
            match fs::read_to_string(&file) {
                Ok(text) => break text,
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        };
        assert!(
            serde_json::from_str::<Value>(&text).unwrap()["control"].is_string(),
            "{text}"
        );
        super::super::signal(sim.id(), "TERM");
        assert_eq!(sim.wait().unwrap().code(), Some(0));
        assert!(file.exists(), "who named it keeps it");
    }
}
