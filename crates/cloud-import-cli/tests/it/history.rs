//! What is remembered of a night: the same row by every command, a timeline, and reports that nothing foreign gets through.

use std::{fs, path::PathBuf, time::Duration};

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    IMAGE, KEYS, err, expect_code, out, run,
    sim::{HOUR, while_time_passes},
};

/// Two clouds refuse, each in its own way; what they write is hostile.
struct Night {
    // Before the runtime: it stops on it.
    simulator: Simulator,
    _runtime: Runtime,
    folder: PathBuf,
}

const HOSTILE: &str = "no <script>alert(1)</script> & \"more\" | `images` \u{202e}";

impl Night {
    fn new(name: &str) -> Self {
        // So long that each is seen on its way.
        Self::with_imports_of(name, Duration::from_secs(3))
    }

    /// Whose later imports take so long.
    fn with_imports_of(name: &str, time: Duration) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("night-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let runtime = Runtime::new().unwrap();
        let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true).import_time(time);
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        let refuse = FaultKind::Refuse {
            http: 400,
            code: "QUOTA_EXCEEDED".to_owned(),
            message: HOSTILE.to_owned(),
        };
        simulator.inject(Fault::new(refuse).cloud(Cloud::Jdcloud).operation("importImage"));
        let fail = FaultKind::FailImport {
            code: "InvalidImage".to_owned(),
            reason: HOSTILE.to_owned(),
        };
        simulator.inject(Fault::new(fail).cloud(Cloud::Aliyun));
        let night = Self {
            simulator,
            _runtime: runtime,
            folder,
        };
        let order = ["import", "--to", "all", "--name", "night", "--os", "CentOS 7.9", IMAGE];
        let import = || night.reaching(&[&order[..], &["--output", "json"]].concat());
        let imported = match time {
            HOUR => while_time_passes(&night.simulator, import),
            _ => import(),
        };
        expect_code(&imported, 6);
        fs::write(night.folder.join("import.json"), out(&imported)).unwrap();
        night
    }

    /// With its clouds.
    fn reaching(&self, arguments: &[&str]) -> std::process::Output {
        let simulate = format!("--simulate={}", self.folder.join("sim.json").display());
        self.run(&[arguments, &[&simulate]].concat())
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let state = self.folder.join("state").display().to_string();
        run(&[arguments, &["--state", &state]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&out(&output)).unwrap()
    }

    fn report(&self, form: &str) -> String {
        let output = self.run(&["report", "night", form, "-"]);
        expect_code(&output, 0);
        out(&output)
    }
}

/// A row without what only one command knows: the cloud's own word.
fn row(rows: &Value, target: &str) -> Value {
    let rows = rows.as_array().unwrap();
    let mut row = rows.iter().find(|row| row["target"] == target).unwrap().clone();
    let fields = row.as_object_mut().unwrap();
    fields.retain(|name, _| !["state", "history", "inspection"].contains(&name.as_str()));
    row
}

#[test]
fn every_command_shows_the_same_row() {
    let night = Night::new("rows");
    let imported: Value = serde_json::from_str(&fs::read_to_string(night.folder.join("import.json")).unwrap()).unwrap();
    let status: Value = serde_json::from_str(&out(&night.reaching(&["status", "night", "--output", "json"]))).unwrap();
    let waited: Value = serde_json::from_str(&out(&night.reaching(&["wait", "night", "--output", "json"]))).unwrap();
    // Nothing of it runs: what cannot be cancelled is as it was.
    let canceled = night.reaching(&["cancel", "night", "--output", "json"]);
    assert_eq!(
        err(&canceled).matches("nothing of it runs").count(),
        5,
        "{}",
        err(&canceled)
    );
    let canceled: Value = serde_json::from_str(&out(&canceled)).unwrap();
    let (listed, shown) = (night.json(&["list"]), night.json(&["show", "night"]));
    for target in [
        "aliyun/cn-hangzhou",
        "jdcloud/cn-north-1",
        "tencent/ap-guangzhou",
        "huawei/cn-north-4",
        "ucloud/cn-bj2",
    ] {
        let first = row(&imported["results"], target);
        assert_eq!(row(&status["results"], target), first, "status");
        assert_eq!(row(&listed["jobs"][0]["targets"], target), first, "list");
        assert_eq!(row(&shown["targets"], target), first, "show");
        assert_eq!(row(&canceled["results"], target), first, "cancel");
        assert_eq!(row(&waited["results"], target), first, "wait");
    }
    let refused = row(&listed["jobs"][0]["targets"], "jdcloud/cn-north-1");
    let error = &refused["error"];
    assert_eq!(
        (&error["code"], &error["http_status"], &error["operation"]),
        (&"QUOTA_EXCEEDED".into(), &400.into(), &"importImage".into())
    );
    assert!(
        error["request_id"].as_str().unwrap().len() > 8 && error["attempts"] == 1,
        "{error}"
    );
    assert!(error["remedy"].as_str().unwrap().contains("quota"), "{error}");
    assert_eq!(
        (&refused["status"], &refused["exit"]),
        (&"not_started".into(), &4.into())
    );
    assert!(
        refused["began_at"].is_string() && refused["ended_at"].is_string(),
        "{refused}"
    );
}

#[test]
fn jobs_are_listed_a_line_each_and_found_by_what_they_did() {
    let night = Night::new("list");
    let listed = night.run(&["list"]);
    assert!(err(&listed).contains("1 job, 5 targets: "), "{}", err(&listed));
    let text = out(&listed);
    assert_eq!(text.lines().count(), 1, "{text}");
    for told in ["3 succeeded", "1 failed", "1 not started", "tiny-linux.qcow2", "T"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let failed = night.json(&["list", "--failed"]);
    let targets = failed["jobs"][0]["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 2, "{failed}");
    for (more, many) in [
        (&["--since", "1h"][..], 1),
        (&["--since", "0s"], 0),
        (&["--name", "igh"], 1),
        (&["--name", "day"], 0),
        (&["--cloud", "aliyun", "--failed"], 1),
        (&["--cloud", "ucloud", "--failed"], 0),
    ] {
        let listed = night.json(&[&["list"], more].concat());
        assert_eq!(listed["jobs"].as_array().unwrap().len(), many, "{more:?}");
    }
}

#[test]
fn a_job_is_named_by_a_part_of_its_id_or_by_its_image() {
    let night = Night::new("names");
    let id = night.json(&["list"])["jobs"][0]["id"].as_str().unwrap().to_owned();
    for name in [id.as_str(), "night", &id[..9]] {
        assert_eq!(night.json(&["show", name])["job"]["id"], id.as_str(), "{name}");
    }
    let nothing = night.run(&["show", "nothing"]);
    expect_code(&nothing, 4);
    assert!(err(&nothing).contains("there is no job `nothing`"), "{}", err(&nothing));
    let other = night.reaching(&[
        "import",
        "--to",
        "ucloud",
        "--name",
        "night-2",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ]);
    expect_code(&other, 0);
    let several = night.run(&["show", "nigh"]);
    expect_code(&several, 2);
    assert!(
        err(&several).contains(&id) && err(&several).contains("may be any of these jobs"),
        "{}",
        err(&several)
    );
    assert_eq!(
        night.json(&["show", "night"])["job"]["id"],
        id.as_str(),
        "a name is whole"
    );
}

#[test]
fn a_timeline_tells_each_step_and_why() {
    let night = Night::new("timeline");
    let shown = out(&night.run(&["show", "night"]));
    let of = |target: &str| {
        let begin = shown.find(target).unwrap();
        shown[begin..].split("\n\n").next().unwrap().to_owned()
    };
    let good = of("tencent/ap-guangzhou");
    let mut rest = good.as_str();
    for step in [
        "hashing",
        "hashed",
        "staging",
        "staged",
        "starting",
        "started",
        "state IMPORTING",
        "succeeded img-",
        "tidied ",
        "in all: ",
    ] {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} in {good}"));
        rest = &rest[at..];
    }
    let refused = of("jdcloud/cn-north-1");
    for told in [
        "error QUOTA_EXCEEDED",
        "not started",
        "importImage, code QUOTA_EXCEEDED, HTTP 400, request ",
        "quota",
    ] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    assert!(!shown.contains('\u{202e}'), "what is unseen is escaped");
}

#[test]
fn reports_hold_everything_and_nothing_foreign_acts_in_them() {
    let night = Night::new("reports");
    let (page, markdown, junit) = (
        night.report("--html"),
        night.report("--markdown"),
        night.report("--junit"),
    );
    for text in [&page, &markdown, &junit] {
        for told in ["tencent/ap-guangzhou", "img-", "InvalidImage", "aliyun/cn-hangzhou"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains("<script>alert") && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("&lt;script&gt;alert"), "it is shown: {text}");
    }
    // One file: nothing is fetched, and the page says so to the browser.
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("href=").count(), page.matches("href=\"#").count());
    for fetched in ["src=", "url(", "@import", "<link", "http://", "https://"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("<svg role=\"img\"") && page.contains("class=\"import\""));
    assert!(
        markdown.contains("QUOTA\\_EXCEEDED") && markdown.contains("\\|"),
        "{markdown}"
    );
    assert!(
        junit.contains(r#"tests="5" failures="1" errors="1" skipped="0""#),
        "{junit}"
    );

    let file = night.folder.join("night.html");
    let written = night.run(&["report", "night", "--html", file.to_str().unwrap()]);
    expect_code(&written, 0);
    assert!(out(&written).is_empty() && fs::read_to_string(&file).unwrap().starts_with("<!doctype html>"));
    let nowhere = file.join("night.html").display().to_string();
    let nowhere = night.run(&["report", "night", "--html", &nowhere]);
    expect_code(&nowhere, 2);
    expect_code(&night.run(&["report", "night"]), 2);
}

#[test]
fn what_runs_can_be_gone_on_with() {
    let night = Night::new("runs");
    let started = night.reaching(&[
        "import",
        "--to",
        "tencent",
        "--name",
        "later",
        "--os",
        "CentOS 7.9",
        IMAGE,
        "--no-wait",
    ]);
    expect_code(&started, 0);
    let listed = night.json(&["list", "--name", "later"]);
    let job = listed["jobs"][0]["id"].as_str().unwrap();
    let page = out(&night.run(&["report", "later", "--html", "-"]));
    let line = format!(
        "cloud-import resume {job} --state {} --simulate={}",
        night.folder.join("state").display(),
        night.folder.join("sim.json").display()
    );
    assert!(page.contains(&line), "{page}");
    let shown = err(&night.run(&["show", "later"]));
    assert!(shown.contains(&format!("to continue: {line}")), "{shown}");
    expect_code(&night.reaching(&["wait", job]), 0);
    assert_eq!(night.json(&["show", "later"])["targets"][0]["status"], "succeeded");
}

/// Whatever a job's import is named by, what is settled of it is on record afterwards.
#[test]
fn a_task_is_its_jobs_in_whatever_form_it_comes() {
    let night = Night::with_imports_of("tasks", HOUR);
    for (name, in_a_file) in [("task-1", true), ("task-2", false)] {
        let started = night.reaching(&[
            "import",
            "--to",
            "aliyun",
            "--name",
            name,
            "--os",
            "CentOS 7.9",
            IMAGE,
            "--no-wait",
        ]);
        expect_code(&started, 0);
        let file = night.folder.join("tasks.jsonl").display().to_string();
        fs::write(&file, out(&started)).unwrap();
        let task = out(&started);
        let named = if in_a_file { file.as_str() } else { task.trim() };
        let waited = night.reaching(&["wait", "--timeout", "0s", named]);
        let advice = err(&waited);
        let job = night.json(&["show", name])["job"]["id"].as_str().unwrap().to_owned();
        assert!(
            advice.contains(&format!("to continue: cloud-import resume {job}")),
            "{advice}"
        );
        night.simulator.pass(HOUR);
        expect_code(&night.reaching(&["wait", named]), 0);
        let shown = night.json(&["show", name]);
        assert_eq!(shown["targets"][0]["status"], "succeeded", "{shown}");
        let history = shown["targets"][0]["history"].as_array().unwrap();
        assert!(
            history.iter().any(|event| event["what"] == "tidied"),
            "its object is gone: {shown}"
        );
    }
    let nothing = night.reaching(&["wait"]);
    expect_code(&nothing, 0);
    assert!(err(&nothing).contains("waits for a result"), "{}", err(&nothing));
    // A directory that nobody named is no news to anybody.
    let nothing = run(&["wait", "--simulate"]);
    expect_code(&nothing, 0);
    let said = err(&nothing);
    assert!(
        said.contains("no job waits for a result") && !said.contains("/cloud-import-"),
        "{said}"
    );
}
