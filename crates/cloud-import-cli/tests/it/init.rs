//! `init` where nobody can be asked: what it writes is what the next command goes by.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{IMAGE, KEYS, err, expect_code, out};

/// An empty directory, whose user has an empty home.
struct Here(PathBuf);

impl Here {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("init-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("home")).unwrap();
        Self(folder)
    }

    /// A line as it is typed.
    fn run(&self, line: &str) -> Output {
        self.run_with(line, &[])
    }

    fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloud-import"));
        command.args(line.split(' ').skip(1)).current_dir(&self.0).env_clear();
        command.env("HOME", self.0.join("home")).envs([
            ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
            ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", KEYS[1]),
        ]);
        command.envs(variables.iter().copied()).output().unwrap()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FIRST: &str = "cloud-import init --yes --to aliyun/cn-hangzhou --bucket my-bucket --name web-{date}";
const SECOND: &str = "cloud-import init --yes --force --to aliyun --to tencent --bucket tencent=images-1250000000";

#[test]
fn the_next_commands_go_by_what_is_written() {
    let here = Here::new("next");
    let output = here.run(FIRST);
    expect_code(&output, 0);
    assert_eq!(out(&output), "targets.toml\ncloud-import.toml\n");
    // It is the user's own, so that it counts without another word.
    let looked = here.run("cloud-import doctor");
    expect_code(&looked, 3);
    let text = out(&looked);
    assert!(
        text.starts_with("aliyun/cn-hangzhou is not ready\n"),
        "{text}\n{}",
        err(&looked)
    );
    let imported = here.run(&format!("cloud-import import --simulate --os centos7.9 {IMAGE}"));
    expect_code(&imported, 0);
    assert!(
        out(&imported).starts_with("aliyun/cn-hangzhou m-"),
        "{}",
        out(&imported)
    );
    // What somebody else puts there does not.
    fs::write(here.0.join("cloud-import.toml"), "targets = \"other.toml\"\n").unwrap();
    expect_code(&here.run("cloud-import doctor"), 2);
}

#[test]
fn a_cloud_is_in_the_region_beside_its_keys_also_as_one_of_all() {
    let here = Here::new("all");
    let set = [("ALIBABA_CLOUD_REGION_ID", "cn-beijing")];
    let output = here.run_with("cloud-import init --yes --to all", &set);
    expect_code(&output, 0);
    let written = here.read("targets.toml").unwrap();
    assert_eq!(written.matches("[targets.").count(), 5, "{written}");
    assert!(
        written.contains("aliyun/cn-beijing") && written.contains("ucloud/cn-bj2"),
        "{written}"
    );
    // Why the others are where they are.
    let told = err(&output);
    assert_eq!(told.matches(": its usual region is taken").count(), 4, "{told}");
    assert!(
        told.contains("target `ucloud` has no region") && !told.contains("target `aliyun`"),
        "{told}"
    );
}

#[test]
fn nothing_is_overwritten_unless_that_is_said() {
    let here = Here::new("force");
    expect_code(&here.run(FIRST), 0);
    let first = here.read("targets.toml").unwrap();
    let again = here.run(&SECOND.replace("--force ", ""));
    expect_code(&again, 2);
    assert!(err(&again).contains("--force"), "{}", err(&again));
    assert_eq!(here.read("targets.toml").unwrap(), first);
    expect_code(&here.run(SECOND), 0);
    let second = here.read("targets.toml").unwrap();
    assert!(
        second.contains("[targets.\"tencent/ap-guangzhou\"]\nbucket = \"images-1250000000\"") && second != first,
        "{second}"
    );
    // One of the two is enough to refuse.
    fs::remove_file(here.0.join("targets.toml")).unwrap();
    expect_code(&here.run(FIRST), 2);
    assert_eq!(here.read("targets.toml"), None);
}

#[test]
fn without_a_terminal_and_targets_nothing_is_written() {
    let here = Here::new("nobody");
    for (line, part) in [
        ("cloud-import init", "--yes with --to"),
        ("cloud-import init --yes", "--to"),
        ("cloud-import init --yes --to aws", "unknown provider `aws`"),
        ("cloud-import init --yes --to tencent --bucket images", "APPID"),
        (
            "cloud-import init --yes --to ucloud --bucket aliyun=images",
            "none of the targets",
        ),
        ("cloud-import init --yes --to ucloud --name web-{day}", "{day}"),
    ] {
        let output = here.run(line);
        expect_code(&output, 2);
        assert!(err(&output).contains(part), "{line}: {}", err(&output));
    }
    assert_eq!(
        [here.read("targets.toml"), here.read("cloud-import.toml")],
        [None, None]
    );
}
