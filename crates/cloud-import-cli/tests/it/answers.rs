//! For programs: whatever goes wrong before there is a result, there is one JSON document on standard output, and it has the error.

#![expect(clippy::panic, reason = "helpers of tests fail by panicking, too")]

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{IMAGE, command, err, expect_code, import, interrupt, out, run, sim::Sim};

/// The verbs that answer as JSON, with what each needs.
const VERBS: [(&str, &[&str]); 11] = [
    (
        "import",
        &[
            "--simulate",
            "--name",
            "web",
            "--os",
            "CentOS 7.9",
            "--to",
            "aliyun",
            IMAGE,
        ],
    ),
    (
        "check",
        &[
            "--simulate",
            "--name",
            "web",
            "--os",
            "CentOS 7.9",
            "--to",
            "aliyun",
            IMAGE,
        ],
    ),
    ("doctor", &["--simulate"]),
    ("inspect", &[IMAGE]),
    ("capabilities", &[]),
    ("wait", &["--simulate"]),
    ("status", &["--simulate"]),
    ("cancel", &["--simulate", "web"]),
    ("list", &[]),
    ("show", &["web"]),
    ("clean", &[]),
];

/// Verbs that write events, too.
const WITH_EVENTS: [&str; 2] = ["import", "wait"];

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-answers-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The one document, which says why there is no result and how the command ended.
#[track_caller]
fn refused(output: &Output, what: &str) -> Value {
    let text = out(output);
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{what}: {error}\nstdout: {text}\nstderr: {}", err(output));
    });
    let code = output.status.code().unwrap();
    assert_ne!(code, 0, "{what}: {text}");
    assert_eq!(answer["schema"], 1, "{what}: {text}");
    assert_eq!(answer["exit"], code, "{what}: {text}");
    assert_eq!(answer["results"], Value::Array(Vec::new()), "{what}: {text}");
    for field in ["kind", "message"] {
        let value = answer["error"][field].as_str().unwrap_or_default();
        assert!(!value.is_empty(), "{what}: no {field} in {text}");
    }
    assert!(!err(output).is_empty(), "{what}: nothing for people");
    answer
}

/// What makes a verb end early: its name, the words, the variables, and the exit code.
struct Early {
    name: &'static str,
    words: Vec<String>,
    variables: Vec<(&'static str, String)>,
    /// The verbs that end early by it.
    verbs: &'static [&'static str],
}

fn early(folder: &Folder) -> Vec<Early> {
    const ALL: &[&str] = &[
        "import",
        "check",
        "doctor",
        "inspect",
        "capabilities",
        "wait",
        "status",
        "cancel",
        "list",
        "show",
        "clean",
    ];
    const CONFIGURED: &[&str] = &["import", "check", "doctor", "wait", "status", "cancel", "list", "clean"];
    const ORDERS: &[&str] = &["import", "check"];
    let broken = folder.file("broken.toml", "to = [");
    let unknown = folder.file("unknown.toml", "tooo = 1\n");
    // Nothing is in a file.
    let missing = format!("{broken}/missing");
    let of = |name, verbs, words: &[&str]| Early {
        name,
        words: words.iter().map(|&word| word.to_owned()).collect(),
        variables: Vec::new(),
        verbs,
    };
    let set = |name, verbs, variable, value: &str| Early {
        variables: vec![(variable, value.to_owned())],
        ..of(name, verbs, &[])
    };
    vec![
        of("an unknown flag", ALL, &["--nonsense"]),
        of("a flag without its value", ALL, &["--log-file"]),
        of("a filter that is none", ALL, &["--log-level", "a=b=c"]),
        of("a log that cannot be written", ALL, &["--log-file", &missing]),
        of("a configuration that is missing", CONFIGURED, &["--config", &missing]),
        of("a configuration that is broken", CONFIGURED, &["--config", &broken]),
        of("a key that is unknown", CONFIGURED, &["--config", &unknown]),
        of("defaults that are missing", CONFIGURED, &["--defaults", "nowhere"]),
        set("a variable that is broken", CONFIGURED, "CLOUD_IMPORT_TIMEOUT", "soon"),
        of("a target that is unknown", ORDERS, &["--to", "aws/us-east-1"]),
        of("a target that is cut", ORDERS, &["--to", "aliyun/"]),
        of(
            "a file of targets that is missing",
            &["import", "check", "doctor"],
            &["--targets", &missing],
        ),
        of("a size that is none", ORDERS, &["--size-gib", "many"]),
        of(
            "a bucket without its target",
            &["list", "clean"],
            &["--bucket", "images"],
        ),
        of(
            "a place that is none",
            &["list", "clean"],
            &["--to", "nowhere", "--bucket", "images"],
        ),
        of("a cloud that is unknown", &["capabilities"], &["aws"]),
        of(
            "a word too many",
            &["import", "check", "inspect", "list", "show"],
            &["one", "two"],
        ),
        of(
            "a job that is not there",
            &["wait", "status", "cancel"],
            &["web-0123456789ab"],
        ),
        of(
            "a job to forget that is not there",
            &["clean"],
            &["--forget", "web-0123456789ab"],
        ),
        of("nothing more", &["cancel", "show"], &[]),
    ]
}

#[test]
fn every_verb_answers_every_early_error_with_one_document() {
    let folder = Folder::new("early");
    let state = folder.0.join("state");
    for early in early(&folder) {
        for (verb, own) in VERBS.iter().filter(|(verb, _)| early.verbs.contains(verb)) {
            let mut forms = vec![&["--output", "json"][..], &["--output=json"]];
            if WITH_EVENTS.contains(verb) {
                forms.push(&["--events"]);
            }
            for form in forms {
                let what = format!("{verb} {form:?} with {}", early.name);
                let mut command = command(&[verb]);
                command.args(form).args(*own).args(&early.words);
                command.env("CLOUD_IMPORT_STATE", &state).envs(early.variables.clone());
                if matches!(*verb, "show") {
                    command.arg("--state").arg(&state);
                }
                let answer = refused(&command.output().unwrap(), &what);
                assert_eq!(answer.get("event").is_some(), form[0] == "--events", "{what}");
                if form[0] == "--events" {
                    assert!(
                        answer["event"] == "results" && answer["time"].is_string(),
                        "{what}: {answer}"
                    );
                }
            }
        }
    }
}

#[test]
fn files_that_are_missing_are_answered_with_one_document() {
    for (verb, own) in VERBS.iter().filter(|(_, own)| own.contains(&IMAGE)) {
        let words: Vec<&str> = own
            .iter()
            .map(|word| if *word == IMAGE { "missing.qcow2" } else { word })
            .collect();
        let output = run(&[&[*verb, "--output", "json"], &words[..]].concat());
        let answer = refused(&output, verb);
        assert!(
            answer["error"]["message"].as_str().unwrap().contains("missing.qcow2"),
            "{answer}"
        );
    }
    for verb in ["import", "check", "wait", "status", "list", "clean"] {
        let of_bucket: &[&str] = match verb {
            "list" | "clean" => &["--to", "aliyun/cn-hangzhou", "--bucket", "images"],
            "import" | "check" => &["--to", "aliyun", "--name", "web", "--os", "CentOS 7.9", IMAGE],
            _ => &[],
        };
        let output = run(&[&[verb, "--output", "json", "--simulate=missing.json"], of_bucket].concat());
        refused(&output, verb);
    }
}

#[test]
fn lines_that_are_no_command_are_answered_in_their_form() {
    for line in [
        &["improt", "--output", "json"][..],
        &["--output", "json"],
        &["import", "--output", "json"],
        &["explain", "--output", "json", "--no"],
    ] {
        refused(&run(line), &line.join(" "));
    }
    // By the variable, where the command has it.
    let output = command(&["list", "--nonsense"])
        .env("CLOUD_IMPORT_OUTPUT", "json")
        .output()
        .unwrap();
    let answer = refused(&output, "list by its variable");
    assert_eq!(answer["error"]["message"], "unexpected argument '--nonsense' found");
    for text in [&["list", "--nonsense", "--output", "text"][..], &["show", "--nonsense"]] {
        let output = command(text).env("CLOUD_IMPORT_OUTPUT", "json").output().unwrap();
        expect_code(&output, 2);
        assert_eq!(out(&output), "", "{text:?}");
    }
    // Help is no error.
    let output = run(&["list", "--output", "json", "--help"]);
    expect_code(&output, 0);
    assert!(out(&output).starts_with("Examples:"), "{}", out(&output));
}

/// A server that takes connections and says nothing.
#[cfg(unix)]
#[test]
fn an_interrupt_is_answered_with_one_document() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("aliyun=http://{}", silent.local_addr().unwrap());
    let mut process = command(&[
        "check",
        "--output",
        "json",
        "--to",
        "aliyun/cn-hangzhou",
        "--endpoint",
        &endpoint,
    ])
    .args(["--name", "case", "--os", "CentOS 7.9", "images:k.qcow2"])
    .envs([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "AK"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "SK"),
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let _connection = silent.accept().unwrap();
    interrupt(process.id());
    let mut waited = 0;
    while process.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(50));
        waited += 1;
        assert!(waited < 600, "it goes on");
    }
    let output = process.wait_with_output().unwrap();
    expect_code(&output, 130);
    assert_eq!(refused(&output, "check")["error"]["kind"], "stopped");
}

#[test]
fn wait_tells_the_events_of_import() {
    let folder = Folder::new("wait");
    let state = folder.0.join("state").to_str().unwrap().to_owned();
    let sim = Sim::start("answers-wait", &["--import-time", "1h", "--any-object"]);
    let option = sim.option();
    let fixed = ["--no-config", "--state", &state];
    let both = ["--to", "aliyun", "--to", "tencent", "--events", "--no-wait"];
    let output = run(&[&import(&option, &both)[..], &fixed].concat());
    expect_code(&output, 0);
    let started = super::events::seen(&out(&output));
    assert_eq!(
        started.iter().filter(|name| *name == "started").count(),
        2,
        "{started:?}"
    );
    assert_eq!(started.last().unwrap(), "results");
    let running: Value = serde_json::from_str(out(&output).lines().last().unwrap()).unwrap();
    assert_eq!(
        (&running["results"][0]["status"], &running["exit"]),
        (&"running".into(), &0.into())
    );

    let words = [&["wait", &option, "--events"][..], &fixed].concat();
    let mut process = command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    // They run until it was seen that they do.
    let begun: Vec<String> = lines.by_ref().take(2).collect();
    assert_eq!(super::events::seen(&begun.join("\n")), ["polled", "polled"]);
    sim.pass_an_hour();
    let rest: Vec<String> = lines.collect();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert!(
        super::events::seen(&rest.join("\n")).contains(&"over".to_owned()),
        "{rest:?}"
    );
    let last: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!(last["event"], "results");
    assert_eq!(last["results"].as_array().unwrap().len(), 2);
    assert_eq!(last["results"][1]["status"], "succeeded");
}

/// Whatever a verb has to say: a full disk behind standard output is an error of its own, with the ids on standard error.
#[cfg(target_os = "linux")]
#[test]
fn no_verb_loses_its_results_quietly() {
    let folder = Folder::new("full");
    let state = folder.0.join("state").to_str().unwrap().to_owned();
    let sim = Sim::start("answers-full", &["--import-time", "1h", "--any-object"]);
    let option = sim.option();
    let fixed = ["--no-config", "--state", &state];
    let output = run(&[&import(&option, &["--to", "aliyun", "--no-wait"])[..], &fixed].concat());
    expect_code(&output, 0);
    let listed: Value = serde_json::from_str(&out(&run(&["list", "--output", "json", "--state", &state]))).unwrap();
    let job = listed["jobs"][0]["id"].as_str().unwrap();
    let json = ["--output", "json"];
    let bucket = ["--to", "aliyun/cn-hangzhou", "--bucket", "simulated-images-1250000000"];
    let reached = [&option[..], "--no-config", "--state", &state];
    let verbs: [(Vec<&str>, &str); 9] = [
        ([&["list"][..], &fixed].concat(), ""),
        ([&["show", job][..], &fixed[1..]].concat(), ""),
        ([&["report", job, "--html", "-"][..], &fixed[1..]].concat(), ""),
        ([&["clean"][..], &reached].concat(), ""),
        ([&["list"][..], &bucket, &reached].concat(), ""),
        ([&["clean"][..], &bucket, &reached].concat(), ""),
        (
            [&["status", job][..], &reached].concat(),
            "not written: aliyun/cn-hangzhou ",
        ),
        (
            [&["wait", job, "--timeout", "1s"][..], &reached].concat(),
            "to continue: cloud-import resume",
        ),
        (
            [&["cancel", job][..], &reached].concat(),
            "not written: aliyun/cn-hangzhou ",
        ),
    ];
    for (words, told) in verbs {
        let forms: &[&[&str]] = match words[0] {
            "report" => &[&[]],
            "wait" => &[&[], &json, &["--events"]],
            _ => &[&[], &json],
        };
        for form in forms {
            let full = File::create("/dev/full").unwrap();
            let output = command(&words).args(*form).stdout(full).output().unwrap();
            // While the import goes on, a wait has no image to write.
            let code = if words[0] == "wait" && form.is_empty() { 7 } else { 9 };
            expect_code(&output, code);
            let is_said = err(&output).contains("standard output: No space left");
            assert_eq!(is_said, code == 9, "{words:?}: {}", err(&output));
            assert!(err(&output).contains(told), "{words:?}: {}", err(&output));
        }
    }
}
