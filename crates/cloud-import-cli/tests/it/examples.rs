//! The examples of every help, as they stand, through a shell; those of README and book are run by `book`. Where one means a real cloud, it
//! meets the simulator: `--simulate=…` is added, and a number to the image's name. Each stands in [`CASES`]: a new one fails until it does.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{IMAGE, expect_code, out, sim::Sim};

/// What is done with an example.
enum Case {
    /// It is run, and ends with one of these.
    Ends(&'static [i32]),
    /// A test of its own runs it.
    Own,
}

use Case::{Ends, Own};

const DONE: Case = Ends(&[0]);

/// The examples, each once, without the remarks behind them.
const CASES: &[(&str, Case)] = &[
    (
        "cloud-import import --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2",
        DONE,
    ),
    ("cloud-import inspect disk.qcow2", DONE),
    ("cloud-import inspect --for aliyun disk.qcow2", DONE),
    ("cloud-import explain --all huawei", DONE),
    ("cloud-import explain guest.virtio_missing", DONE),
    ("cloud-import explain exit 6", DONE),
    ("cloud-import explain quota_exceeded", DONE),
    ("cloud-import completions bash > cloud-import.bash", DONE),
    ("cloud-import completions zsh > _cloud-import", DONE),
    ("cloud-import man import > import.1", DONE),
    ("cloud-import man --folder man1", DONE),
    ("cloud-import sim -- printenv CLOUD_IMPORT_SIM_FILE", DONE),
    (
        "cloud-import check --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2",
        DONE,
    ),
    (
        "cloud-import import --to aliyun --bucket my-bucket --name web --os \"CentOS 7.9\" disk.qcow2",
        DONE,
    ),
    #[cfg(feature = "fleet")]
    (
        "cloud-import fleet serve --fleet postgres://fleet@db/images --serves 'aliyun/*,tencent/*'",
        Own,
    ),
    #[cfg(feature = "fleet")]
    (
        "cloud-import fleet serve --fleet postgres://fleet@db/images --serves all --http",
        Own,
    ),
    #[cfg(feature = "fleet")]
    ("cloud-import fleet health", Own),
    ("cloud-import list", DONE),
    ("cloud-import wait", DONE),
    (
        "cloud-import import --to aliyun --to huawei --name web --os \"CentOS 7.9\" images:web.qcow2",
        DONE,
    ),
    (
        "cloud-import import --targets targets.toml --to @east --name web --os \"CentOS 7.9\" disk.qcow2",
        DONE,
    ),
    (
        "cloud-import check --simulate --to all --name hello --os \"CentOS 7.9\" disk.qcow2",
        DONE,
    ),
    (
        "cloud-import check --to aliyun/cn-hangzhou --name web --os \"CentOS 7.9\" my-bucket:web.qcow2",
        DONE,
    ),
    // Nobody has keys on the desk.
    ("cloud-import doctor", Ends(&[3])),
    ("cloud-import doctor --simulate", DONE),
    ("cloud-import doctor aliyun --bucket my-bucket", DONE),
    (
        "cloud-import doctor aliyun/cn-hangzhou tencent --bucket tencent=images-1250000000 --output json",
        DONE,
    ),
    ("cloud-import init", Own),
    (
        "cloud-import init --yes --to aliyun/cn-hangzhou --bucket my-bucket --name web-{date}",
        Own,
    ),
    (
        "cloud-import init --yes --force --to aliyun --to tencent --bucket tencent=images-1250000000",
        Own,
    ),
    ("cloud-import wait tasks.jsonl", DONE),
    ("cloud-import wait --timeout 2h - < tasks.jsonl", DONE),
    ("cloud-import resume web-4f0c6a2d91be", DONE),
    ("cloud-import resume web-2026-11 --no-wait", DONE),
    ("cloud-import retry web-4f0c6a2d91be", DONE),
    ("cloud-import retry web-2026-11 --failed", DONE),
    ("cloud-import retry web --to aliyun/cn-hangzhou", DONE),
    ("cloud-import status", DONE),
    ("cloud-import status web-4f0c6a2d91be", DONE),
    // What is over by then cannot be cancelled.
    ("cloud-import cancel web-4f0c6a2d91be", Ends(&[0, 7])),
    ("cloud-import cancel tasks.jsonl", Ends(&[0, 7])),
    ("cloud-import list --failed --since 24h", DONE),
    ("cloud-import list --output json --state ./jobs", DONE),
    ("cloud-import list --to aliyun/cn-hangzhou --bucket my-bucket", DONE),
    ("cloud-import show web-4f0c6a2d91be", DONE),
    ("cloud-import show --output json web", DONE),
    ("cloud-import report web-4f0c6a2d91be --html web.html", DONE),
    ("cloud-import report web --markdown - >> \"$GITHUB_STEP_SUMMARY\"", DONE),
    ("cloud-import report web --junit web.xml", DONE),
    (
        "cloud-import export m-bp1abc --from aliyun/cn-hangzhou --bucket my-bucket",
        Own,
    ),
    (
        "cloud-import export img-1 --from jdcloud --bucket b --set jdcloud.roleName=r",
        Own,
    ),
    (
        "cloud-import export m-bp1abc --from aliyun/cn-hangzhou --bucket my-bucket --download web.tar.gz",
        Own,
    ),
    ("cloud-import export --task export.json", Own),
    (
        "cloud-import move m-bp1abc --from aliyun --through exports --to tencent --bucket b --name web",
        Own,
    ),
    (
        "cloud-import download export-web-4f0c6a2d91be --output-file disk.raw",
        Own,
    ),
    (
        "cloud-import download my-bucket:web.qcow2 --from aliyun/cn-hangzhou",
        Own,
    ),
    (
        "cloud-import download my-bucket:exports/web.raw --from jdcloud --output-file disk.raw",
        Own,
    ),
    ("cloud-import clean", DONE),
    ("cloud-import clean --yes", DONE),
    ("cloud-import forget web-4f0c6a2d91be", DONE),
    ("cloud-import forget --older-than 30d --dry-run", DONE),
    ("cloud-import forget --older-than 30d --keep 100", DONE),
    (
        "cloud-import clean --to aliyun/cn-hangzhou --bucket my-bucket --older-than 240h",
        DONE,
    ),
    ("cloud-import inspect --output json disk.vmdk", DONE),
    ("cloud-import capabilities", DONE),
    ("cloud-import capabilities huawei", DONE),
    (
        "cloud-import bucket create aliyun/cn-hangzhou --bucket my-bucket --dry-run",
        DONE,
    ),
    ("cloud-import bucket create aliyun/cn-hangzhou --bucket my-bucket", Own),
    ("cloud-import bucket remove aliyun/cn-hangzhou --bucket my-bucket", Own),
    ("cloud-import policy aliyun --bucket my-bucket", DONE),
    ("cloud-import policy tencent --for import --bucket web-1250000000", DONE),
    ("cloud-import policy huawei --for all --output json", DONE),
    ("cloud-import regions aliyun", DONE),
    ("cloud-import regions ucloud --ask", DONE),
    ("cloud-import regions huawei --output json", DONE),
    ("cloud-import explain InvalidImageName.Duplicate", DONE),
    ("cloud-import explain --provider ucloud 8301", DONE),
    ("cloud-import sim > sim.json &", Own),
    (
        "cloud-import import --simulate=sim.json --to all --name hello --os \"CentOS 7.9\" disk.qcow2",
        Own,
    ),
    // About images that are there.
    ("cloud-import images --to aliyun/cn-hangzhou", DONE),
    ("cloud-import images --to all --ours", DONE),
    ("cloud-import images --to tencent --tag team=web --output json", DONE),
    (
        "cloud-import copy m-bp1abc --from aliyun/cn-hangzhou --to cn-beijing,cn-shenzhen",
        DONE,
    ),
    (
        "cloud-import copy web-2026-11 --from aliyun --to cn-beijing --no-wait",
        DONE,
    ),
    (
        "cloud-import copy web-4f0c6a2d91be/aliyun/cn-hangzhou --to cn-beijing --encrypt",
        DONE,
    ),
    (
        "cloud-import share m-bp1abc --to aliyun/cn-hangzhou --with 1000000000000001",
        DONE,
    ),
    (
        "cloud-import unshare m-bp1abc --to aliyun/cn-hangzhou --with 1000000000000001",
        DONE,
    ),
    (
        "cloud-import tag m-bp1abc --to aliyun/cn-hangzhou team=web stage=live",
        DONE,
    ),
    ("cloud-import tag m-bp1abc --to aliyun/cn-hangzhou --remove stage", DONE),
    ("cloud-import accept 0f6e5d4c-img --to huawei/cn-north-4", Own),
    ("cloud-import accept 0f6e5d4c-img --to huawei/cn-north-4 --reject", Own),
    ("cloud-import set m-bp1abc --to aliyun/cn-hangzhou --family web", DONE),
    ("cloud-import set m-bp1abc --to aliyun/cn-hangzhou --public", DONE),
    ("cloud-import deprecate m-bp1abc --to aliyun/cn-hangzhou", DONE),
    ("cloud-import deprecate m-bp1abc --to aliyun/cn-hangzhou --undo", DONE),
    // Nobody is there to be asked.
    ("cloud-import delete m-bp1abc --to aliyun/cn-hangzhou", Ends(&[2])),
    ("cloud-import delete --yes web-4f0c6a2d91be/aliyun/cn-hangzhou", DONE),
];

/// The commands about images that are there.
const OF_IMAGES: [&str; 8] = [
    "images",
    "copy",
    "share",
    "unshare",
    "tag",
    "set",
    "deprecate",
    "delete",
];

/// A folder with what the examples name, and the command in the `PATH`.
struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cloud-import"), folder.join("bin/cloud-import")).unwrap();
        for file in ["disk.qcow2", "web.qcow2"] {
            fs::copy(IMAGE, folder.join(file)).unwrap();
        }
        // Any format will do: it is only looked at.
        fs::copy(IMAGE, folder.join("disk.vmdk")).unwrap();
        let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/targets.md")).unwrap();
        let targets = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        fs::write(folder.join("targets.toml"), targets).unwrap();
        Self { folder }
    }

    fn run(&self, line: &str) -> Output {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.folder.join("bin").display());
        Command::new("sh")
            .args(["-c", line])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.folder)
            .output()
            .unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The lines of examples in the help of every command.
fn of_helps() -> Vec<String> {
    let help = |words: &[&str]| out(&super::run(words));
    let top = help(&["--help"]);
    let commands = top.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = commands.lines().filter_map(|line| line.split_whitespace().next());
    let mut helps = vec![top.clone()];
    helps.extend(
        commands
            .filter(|name| *name != "help")
            .map(|name| help(&[name, "--help"])),
    );
    let mut found = Vec::new();
    for help in helps {
        let (_, examples) = help.split_once(":\n").unwrap();
        let lines: Vec<&str> = examples.lines().take_while(|line| line.starts_with("  ")).collect();
        assert!(help.starts_with("Example") && !lines.is_empty(), "{help}");
        found.extend(lines.into_iter().map(|line| line.trim().to_owned()));
    }
    found
}

/// All examples, each once, without the remark behind it.
fn examples() -> Vec<String> {
    let mut seen = BTreeSet::new();
    let plain = of_helps().into_iter().map(|line| {
        let line = line.split(" # ").next().unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    plain.filter(|example| seen.insert(example.clone())).collect()
}

/// An example that is not in the table was never run; one that is in it alone is nowhere any more.
#[test]
fn every_example_has_a_case() {
    let examples: BTreeSet<String> = examples().into_iter().collect();
    let cases: BTreeSet<String> = CASES.iter().map(|(line, _)| (*line).to_owned()).collect();
    assert_eq!(cases.len(), CASES.len(), "one has two cases");
    let missing: Vec<&String> = examples.difference(&cases).collect();
    let gone: Vec<&String> = cases.difference(&examples).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without a case: {missing:?}\nnowhere any more: {gone:?}"
    );
}

/// An example with the simulator in the place of the clouds, and a job that is there.
fn simulated(line: &str, option: &str, state: &str, job: &str) -> String {
    let line = line.replace("web-4f0c6a2d91be", job);
    let name = line.split_whitespace().nth(1).unwrap();
    let command = format!("cloud-import {name}");
    let state = if line.contains("--state") { "" } else { state };
    match name {
        _ if line.contains("--simulate") => line,
        // Which keys are there is what it is asked for.
        "doctor" if line == command => line,
        "check" | "doctor" | "regions" => line.replacen(&command, &format!("{command} {option}"), 1),
        "show" | "report" | "forget" | "resume" | "retry" => {
            let words = line.split(' ').map(|word| {
                if matches!(word, "web" | "web-2026-11") {
                    job
                } else {
                    word
                }
            });
            let line = words.collect::<Vec<_>>().join(" ");
            let option = if matches!(name, "resume" | "retry") { option } else { "" };
            line.replacen(&command, &format!("{command} {option} {state}"), 1)
        }
        "import" | "wait" | "status" | "cancel" | "clean" | "list" => {
            line.replacen(&command, &format!("{command} {option} {state}"), 1)
        }
        _ if OF_IMAGES.contains(&name) => line.replacen(&command, &format!("{command} {option} {state}"), 1),
        _ => line,
    }
}

/// An example about an image, with one that is made for it in the place of its own, and the job that made it.
fn with_image(example: &str, index: usize, job: &str, run: &dyn Fn(&str) -> Output) -> (String, String) {
    if !["m-bp1abc", "web-2026-11", "web-4f0c6a2d91be/"]
        .iter()
        .any(|image| example.contains(image))
    {
        return (example.to_owned(), job.to_owned());
    }
    let name = format!("image-{index}");
    let made = run(&format!(
        "cloud-import import OPTIONS --to aliyun --name {name} --os 'CentOS 7.9' web.qcow2"
    ));
    expect_code(&made, 0);
    let id = out(&made).trim().split_once(' ').unwrap().1.to_owned();
    let listed = out(&run(&format!("cloud-import list --state state --name {name}")));
    let job = listed.split_whitespace().next().unwrap().to_owned();
    (example.replace("m-bp1abc", &id).replace("web-2026-11", &name), job)
}

#[test]
fn every_example_runs() {
    // What the examples read from buckets is looked at there.
    let objects = [
        "aliyun/cn-hangzhou/images/web.qcow2",
        "aliyun/cn-hangzhou/my-bucket/web.qcow2",
        "huawei/cn-north-4/images/web.qcow2",
    ];
    let objects = objects.map(|place| format!("--object={place}={IMAGE}"));
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    let more = ["--any-object", "--import-time", "0s", "--quota", "100"];
    let sim = Sim::start("examples", &[&more[..], &objects].concat());
    let desk = Desk::new("examples");
    let (option, state) = (sim.option(), "--state state");
    let keys = "CLOUD_IMPORT_SIM_ACCESS_KEY_ID=an-access-key-id CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY=its-secret-key";
    let run = |line: &str| desk.run(&format!("export {keys} GITHUB_STEP_SUMMARY=summary.md\n{line}"));
    let first = format!("cloud-import import {option} {state} --to aliyun --name web --os 'CentOS 7.9' web.qcow2");
    // A job whose import goes on, and the same with its verdict.
    let started = format!("{first} --no-wait > tasks.jsonl && cp -r state started");
    expect_code(&run(&format!("{started} && {first} && mv state ended")), 0);
    for (index, example) in examples().into_iter().enumerate() {
        let case = CASES.iter().find(|(line, _)| *line == example);
        let Some((_, Ends(allowed))) = case else { continue };
        let _ = fs::remove_dir_all(desk.folder.join("state"));
        let job = if [" forget ", " retry "].iter().any(|verb| example.contains(verb)) {
            "ended"
        } else {
            "started"
        };
        let copied = desk.run(&format!(
            "cp -r {job} state && cloud-import list --state state --output json"
        ));
        let text = out(&copied);
        let at = text.find("\"web-").unwrap_or_else(|| panic!("{text}")) + 1;
        let job = text[at..].split('"').next().unwrap();
        // One account has one image of a name.
        let example = example.replace("--name web", &format!("--name web-{index}"));
        let is_of_image = OF_IMAGES
            .iter()
            .any(|verb| example.starts_with(&format!("cloud-import {verb} ")));
        let (example, job) = match is_of_image {
            true => with_image(&example, index, job, &|line| {
                run(&line.replace("OPTIONS", &format!("{option} {state}")))
            }),
            false => (example, job.to_owned()),
        };
        let line = simulated(&example, &option, state, &job);
        let output = run(&line);
        let code = output.status.code();
        assert!(
            code.is_some_and(|code| allowed.contains(&code)),
            "{example}\nas {line}\n{code:?}\n{}\n{}",
            out(&output),
            super::err(&output)
        );
    }
}

/// Both lines as they stand, one right behind the other, without any variable.
#[test]
fn the_simulators_example_runs_as_it_stands() {
    let desk = Desk::new("example-of-sim");
    let lines: Vec<String> = of_helps()
        .into_iter()
        .filter(|line| line.contains("sim.json"))
        .collect();
    let [start, import] = &lines[..] else {
        panic!("{lines:?}");
    };
    let output = desk.run(&format!("{start}\n{import}\nended=$?\nkill $!\nwait $!\nexit $ended"));
    expect_code(&output, 0);
    assert_eq!(out(&output).lines().count(), 5, "{}", out(&output));
}
