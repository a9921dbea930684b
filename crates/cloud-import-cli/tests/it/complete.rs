//! Completion, as bash asks for it: its own script, run by a real bash that is told the line. On a terminal, and in other shells,
//! `tests/completions/run` does it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{IMAGE, expect_code, out, run};

/// What bash does before it calls the script's function: `$1` is the line, `$2` what it takes for the word, then the words.
const TAB: &str = "\
PATH=${PROGRAM%/*}:$PATH
source /dev/stdin <<<\"$(cloud-import completions bash)\"
COMP_LINE=$1 COMP_POINT=${#1} WORD=$2
shift 2
COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))
_cloud_import cloud-import \"$WORD\" \"\"
printf '%s\\n' \"${COMPREPLY[@]}\"";

/// A folder with a job on record and a file of targets.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("complete-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let targets =
            "[groups]\neast = [\"second\", \"aliyun/cn-hangzhou\"]\n[targets.second]\nto = \"ucloud/cn-sh2\"\n";
        fs::write(folder.join("targets.toml"), targets).unwrap();
        let state = folder.join("state");
        let order = [
            "import",
            "--simulate",
            "--to",
            "ucloud",
            "--os",
            "CentOS 7.9",
            IMAGE,
            "--name",
            "webshop",
        ];
        expect_code(&run(&[&order[..], &["--state", state.to_str().unwrap()]].concat()), 0);
        Self(folder)
    }

    /// What a line's last word may become, as bash would write it in the place of that word.
    fn completed_with(&self, line: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let words = parted(line);
        let word = words.last().map_or("", |word| word.trim_start_matches(['=', ':', '@']));
        let output = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", TAB, "bash", line, word])
            .args(&words)
            .current_dir(&self.0)
            .env("PROGRAM", env!("CARGO_BIN_EXE_cloud-import"))
            .env("HOME", &self.0)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            told.is_empty(),
            "{line}: a shell on which somebody types is told: {told}"
        );
        out(&output)
            .lines()
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn completed(&self, line: &str) -> Vec<String> {
        self.completed_with(line, &[])
    }
}

/// As bash parts a line: at blanks, and around runs of `=`, `:` and `@`.
fn parted(line: &str) -> Vec<String> {
    let is_sign = |c: char| matches!(c, '=' | ':' | '@');
    let mut words = Vec::new();
    for word in line.split(' ') {
        let mut rest = word;
        while !rest.is_empty() {
            let first = rest.starts_with(is_sign);
            let end = rest.find(|c| is_sign(c) != first).unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    if line.ends_with(' ') {
        words.push(String::new());
    }
    words
}

#[test]
fn words_complete_by_what_is_known_here() {
    let desk = Desk::new("known");
    let jobs = fs::read_dir(desk.0.join("state/jobs")).unwrap();
    let job = jobs
        .map(|job| job.unwrap().file_name().into_string().unwrap())
        .next()
        .unwrap();
    let image = format!("{job}/ucloud/cn-bj2");
    for (line, words) in [
        ("cloud-import capabi", vec!["capabilities"]),
        ("cloud-import show --state state we", vec![&job]),
        ("cloud-import show --state=state we", vec![&job]),
        ("cloud-import forget we --state state", vec!["state/"]),
        ("cloud-import delete --state state we", vec![&image]),
        ("cloud-import capabilities u", vec!["ucloud"]),
        ("cloud-import images --to aliyun/cn-hangz", vec!["aliyun/cn-hangzhou"]),
        ("cloud-import images --to=aliyun/cn-hangz", vec!["aliyun/cn-hangzhou"]),
        ("cloud-import images --targets targets.toml --to se", vec!["second"]),
        ("cloud-import images --targets targets.toml --to @ea", vec!["east"]),
        ("cloud-import images --targets targets.toml --to @", vec!["east"]),
        ("cloud-import copy m --from huawei --to af-sou", vec!["af-south-1"]),
        (
            "cloud-import import x --copy-to aliyun=cn-beijing,cn-shangh",
            vec!["cn-beijing,cn-shanghai"],
        ),
        ("cloud-import import --format qcow", vec!["qcow2", "qcow"]),
        ("cloud-import import --convert au", vec!["auto"]),
        ("cloud-import check --convert=zv", vec!["zvhd2"]),
        ("cloud-import man capab", vec!["capabilities"]),
        ("cloud-import inspect targets.t", vec!["targets.toml"]),
        ("cloud-import show --state nowhere we", vec![]),
    ] {
        assert_eq!(desk.completed(line), words, "{line}");
    }
    assert!(!desk.0.join("nowhere").exists(), "a Tab makes nothing");
}

#[test]
fn defaults_count_and_those_of_a_folder_only_once_it_is_trusted() {
    let desk = Desk::new("defaults");
    let line = "cloud-import show we";
    assert!(desk.completed(line).is_empty());
    assert_eq!(desk.completed_with(line, &[("CLOUD_IMPORT_STATE", "state")]).len(), 1);
    assert_eq!(
        desk.completed_with(
            "cloud-import images --to @ea",
            &[("CLOUD_IMPORT_TARGETS", "targets.toml")]
        ),
        ["east"]
    );
    // Where jobs are is not another's to say.
    fs::write(desk.0.join("cloud-import.toml"), "state = \"state\"\n").unwrap();
    assert!(desk.completed(line).is_empty());
    fs::rename(desk.0.join("cloud-import.toml"), desk.0.join("mine.toml")).unwrap();
    assert_eq!(desk.completed("cloud-import status --config mine.toml we").len(), 1);
}

#[test]
fn every_shell_has_a_script_that_calls_the_program_by_its_name() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        expect_code(&script, 0);
        let text = out(&script);
        assert!(
            text.contains("_CLOUD_IMPORT_COMPLETE") && text.contains("cloud-import"),
            "{text}"
        );
        assert!(!text.contains(env!("CARGO_BIN_EXE_cloud-import")), "{text}");
    }
    expect_code(&run(&["completions", "csh"]), 2);
}
