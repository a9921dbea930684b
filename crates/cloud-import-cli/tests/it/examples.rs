//! The examples of every help and of the READMEs, as they stand, through a shell. Where one means a real cloud, it meets the
//! simulator: `--simulate=…` is added, and a number to the image's name.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{IMAGE, expect_code, out, sim::Sim};

/// A folder with what the examples name, and the command in the `PATH`.
struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::create_dir_all(folder.join("tests/images")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cloud-import"), folder.join("bin/cloud-import")).unwrap();
        for file in ["disk.qcow2", "web.qcow2"] {
            fs::copy(IMAGE, folder.join(file)).unwrap();
        }
        let sample = "tests/images/linux-40-gib.qcow2";
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::copy(root.join(sample), folder.join(sample)).unwrap();
        // Any format will do: it is only looked at.
        fs::copy(IMAGE, folder.join("disk.vmdk")).unwrap();
        let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
        let targets = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        // The simulator has one account, and in it one role: the second place is another region instead.
        let targets = targets
            .replace("to = \"aliyun/cn-hangzhou\"", "to = \"aliyun/cn-beijing\"")
            .replace("\"MyRole\"", "\"AliyunECSImageImportDefaultRole\"");
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
    assert_eq!(helps.len(), 14);
    let mut found = Vec::new();
    for help in helps {
        let (_, examples) = help.split_once(":\n").unwrap();
        let lines: Vec<&str> = examples.lines().take_while(|line| line.starts_with("  ")).collect();
        assert!(help.starts_with("Example") && !lines.is_empty(), "{help}");
        found.extend(lines.into_iter().map(|line| line.trim().to_owned()));
    }
    found
}

/// The commands of a README's consoles.
fn of_readme(path: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut found = Vec::new();
    for console in text.split("```console\n").skip(1) {
        let block = console.split("```").next().unwrap().replace("\\\n", " ");
        let lines = block.lines().filter_map(|line| line.strip_prefix("$ "));
        let lines = lines.map(|line| line.replace("cargo run --release -p cloud-import-cli --", "cloud-import"));
        found.extend(lines.filter(|line| line.starts_with("cloud-import ")));
    }
    assert!(!found.is_empty(), "{path}");
    found
}

/// An example with the simulator in the place of the clouds, and a job that is there.
fn simulated(line: &str, option: &str, state: &str, job: &str) -> String {
    let line = line.replace("web-4f0c6a2d91be", job);
    let name = line.split_whitespace().nth(1).unwrap();
    let command = format!("cloud-import {name}");
    let state = if line.contains("--state") { "" } else { state };
    match name {
        _ if line.contains("--simulate") => line,
        "check" => line.replacen(&command, &format!("{command} {option}"), 1),
        "show" | "report" => {
            let words = line.split(' ').map(|word| {
                if matches!(word, "web" | "web-2026-11") {
                    job
                } else {
                    word
                }
            });
            let line = words.collect::<Vec<_>>().join(" ");
            line.replacen(&command, &format!("{command} {state}"), 1)
        }
        "import" | "wait" | "status" | "cancel" | "clean" | "list" => {
            line.replacen(&command, &format!("{command} {option} {state}"), 1)
        }
        _ => line,
    }
}

#[test]
fn every_example_runs() {
    let sim = Sim::start("examples", &["--any-object", "--import-time", "0s", "--quota", "100"]);
    let desk = Desk::new("examples");
    let (option, state) = (sim.option(), "--state state");
    let keys = "CLOUD_IMPORT_SIM_ACCESS_KEY_ID=an-access-key-id CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY=its-secret-key";
    let run = |line: &str| desk.run(&format!("export {keys} GITHUB_STEP_SUMMARY=summary.md\n{line}"));
    let first = format!("cloud-import import {option} {state} --to aliyun --name web --os 'CentOS 7.9' web.qcow2");
    // A job whose import goes on, and the same with its verdict.
    let started = format!("{first} --no-wait > tasks.jsonl && cp -r state started");
    expect_code(&run(&format!("{started} && {first} && mv state ended")), 0);
    let examples = [of_helps(), of_readme("../../README.md"), of_readme("README.md")].concat();
    assert!(examples.len() > 35, "{examples:?}");
    for (index, example) in examples.into_iter().enumerate() {
        // Its own test below.
        if example.contains("sim.json") {
            continue;
        }
        let _ = fs::remove_dir_all(desk.folder.join("state"));
        let job = if example.contains("--forget") {
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
        let line = simulated(&example, &option, state, job);
        let output = run(&line);
        let code = output.status.code();
        // An import that is over cannot be cancelled.
        let allowed: &[i32] = if example.contains(" cancel ") { &[0, 7] } else { &[0] };
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
