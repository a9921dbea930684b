//! What people are spared and how they see the rest, which results the exit code tells, and the command at the end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::{IMAGE, command, err, expect_code, import, out, run, sim::Sim};

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("flags-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(arguments).envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn quiet_leaves_warnings_errors_and_results() {
    let all = ["--to", "all"];
    let usual = err(&run(&import("--simulate", &all)));
    assert!(usual.contains("simulated: ") && usual.contains("importing"), "{usual}");
    for place in [&["-q"][..], &["--quiet"]] {
        let output = run(&[place, &import("--simulate", &all)[..]].concat());
        expect_code(&output, 0);
        assert_eq!(out(&output).lines().count(), 5);
        let told = err(&output);
        assert!(told.lines().all(|line| line.starts_with("warning: ")), "{told}");
    }
    let output = run(&import("--simulate", &["--to", "all", "--no-progress"]));
    expect_code(&output, 0);
    let told = err(&output);
    assert!(told.contains("simulated: ") && !told.contains("importing"), "{told}");
    // An error is told, with its remedy, and so is how to go on with what is not over.
    let output = run(&[
        "-q",
        "import",
        "--to",
        "tencent/ap-guangzhou",
        "--name",
        "n",
        "https://b.example/k.qcow2",
    ]);
    assert!(err(&output).starts_with("error: "), "{}", err(&output));
    let output = run(&["list", "-q", "--state", "/nonexistent/jobs"]);
    expect_code(&output, 0);
    assert_eq!(err(&output), "");
}

#[test]
fn what_runs_is_told_to_be_gone_on_with_even_quietly() {
    let sim = Sim::start("flags-quiet", &["--import-time", "1m"]);
    let (option, folder) = (sim.option(), scratch("quiet"));
    let order = ["--to", "aliyun", "-q", "--state", folder.to_str().unwrap()];
    let output = run(&import(&option, &[&order[..], &["--timeout", "100ms"]].concat()));
    expect_code(&output, 7);
    assert!(
        err(&output).contains("to continue: cloud-import resume hello-clouds-"),
        "{}",
        err(&output)
    );
    // Who does not wait knows that it runs.
    let output = run(&import(&option, &[&order[..], &["--no-wait"]].concat()));
    expect_code(&output, 0);
    assert!(!err(&output).contains("to continue"), "{}", err(&output));
}

#[test]
fn colours_are_where_they_are_wanted() {
    let wrong = ["inspect", "/nonexistent/disk.qcow2"];
    let has_colours = |output: &Output| err(output).contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m: ");
    let plain = |output: &Output| !err(output).contains('\u{1b}') && err(output).starts_with("error: ");
    assert!(plain(&run(&wrong)), "no terminal");
    let forced = [("CLICOLOR_FORCE", "1")];
    assert!(has_colours(&with(&wrong, &forced)), "{:?}", err(&with(&wrong, &forced)));
    let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert!(plain(&with(&wrong, &both)));
    assert!(has_colours(&with(
        &[&["--color=always"], &wrong[..]].concat(),
        &[("NO_COLOR", "1")]
    )));
    assert!(plain(&with(&[&wrong[..], &["--color", "never"]].concat(), &forced)));
    // What is wrong with the line itself, and help, heed it too.
    assert!(has_colours(&run(&["inspect", "--nonsense", "--color=always"])));
    assert!(plain(&with(&["inspect", "--nonsense", "--color=never"], &forced)));
    assert!(out(&run(&["--color=always", "-h"])).contains("\u{1b}["));
    assert!(!out(&with(&["--color=never", "-h"], &forced)).contains('\u{1b}'));
    expect_code(&run(&["--color=red", "list"]), 2);
    // Verdicts on standard output, and nothing of a file's name becomes one.
    let told = out(&run(&["inspect", "--color=always", IMAGE]));
    assert!(told.contains("UCloud: \u{1b}[32mtakes it\u{1b}[0m"), "{told:?}");
    let hostile = run(&["inspect", "--color=always", "/nonexistent/\u{1b}[2J.qcow2"]);
    assert!(!err(&hostile).contains("\u{1b}[2J"), "{:?}", err(&hostile));
}

#[test]
fn output_has_a_letter() {
    for words in [
        &["inspect", "-o", "json", IMAGE][..],
        &["capabilities", "-ojson"],
        &["list", "-o", "json"],
    ] {
        let output = run(words);
        expect_code(&output, 0);
        serde_json::from_str::<Value>(&out(&output)).unwrap();
    }
}

/// One target of two fails: JD Cloud takes the declared format at its word.
fn one_of_two<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let order = ["--to", "jdcloud", "--to", "tencent", "--format", "vhd", "--no-validate"];
    import("--simulate", &[&order[..], more].concat())
}

#[test]
fn which_results_count_is_said_by_an_option_or_a_variable() {
    for (which, both, failed) in [("any", 6, 5), ("all", 0, 5), ("never", 0, 0)] {
        expect_code(&run(&one_of_two(&["--fail-if", which])), both);
        let alone = [
            "--to",
            "jdcloud",
            "--format",
            "vhd",
            "--no-validate",
            "--fail-if",
            which,
        ];
        expect_code(&run(&import("--simulate", &alone)), failed);
    }
    expect_code(&with(&one_of_two(&[]), &[("CLOUD_IMPORT_FAIL_IF", "all")]), 0);
    // Each target's own code is told in any case; and what is wrong before stays wrong.
    let output = run(&one_of_two(&["--fail-if=never", "-o", "json"]));
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (&report["results"][0]["exit"], &report["results"][1]["exit"]),
        (&5.into(), &0.into())
    );
    expect_code(
        &run(&import("--simulate", &["--to", "nowhere", "--fail-if", "never"])),
        2,
    );
}

#[test]
fn a_simulators_file_without_its_sign_is_known() {
    let words = [
        "import",
        "--simulate",
        "sim.json",
        "--to",
        "all",
        "--name",
        "n",
        "--os",
        "CentOS 7.9",
        IMAGE,
    ];
    for words in [&words[..], &["status", "--simulate", "sim.json"]] {
        let output = run(words);
        expect_code(&output, 2);
        assert!(
            err(&output).contains("tip: ") && err(&output).contains("--simulate=sim.json"),
            "{}",
            err(&output)
        );
    }
    let output = run(&["help", "imprt"]);
    expect_code(&output, 2);
    assert!(err(&output).contains("tip: similar commands: "), "{}", err(&output));
}

#[test]
fn options_that_differ_and_the_owner_of_a_name_are_named() {
    let sim = Sim::start("flags-differ", &["--import-time", "0s"]);
    let (option, folder) = (sim.option(), scratch("differ"));
    let state = ["--state", folder.to_str().unwrap()];
    let order = |more: &[&'static str]| {
        let words = import(&option, &["--to", "tencent"]);
        run(&[&words[..], &state, more].concat())
    };
    let first = order(&[]);
    expect_code(&first, 0);
    let text = out(&first);
    let id = text.trim_end().rsplit(' ').next().unwrap();
    let output = order(&["--tag", "team=images", "--description", "d"]);
    expect_code(&output, 4);
    let told = err(&output);
    let which = "was made of this content with other options: description, tags\n";
    assert!(told.contains(which), "{told}");
    expect_code(&order(&[]), 0);
    // Another place for records: the cloud itself refuses the name.
    let other = scratch("differ-elsewhere");
    let words = import(&option, &["--to", "tencent", "--description", "other"]);
    let output = run(&[&words[..], &["--state", other.to_str().unwrap()]].concat());
    expect_code(&output, 4);
    let told = err(&output);
    for part in [
        &format!("there is an image named `hello-clouds`: {id} (NORMAL)"),
        "If the new image is to take its place, use --replace, or give another --name.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[cfg(unix)]
mod at_the_end {
    use super::*;

    /// Writes down what the command gets.
    fn hook(folder: &Path) -> String {
        let file = |name: &str| folder.join(name).display().to_string();
        format!("cat > {}; env > {}; echo said", file("results"), file("variables"))
    }

    fn told(folder: &Path) -> (Value, String) {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        (serde_json::from_str(&read("results")).unwrap(), read("variables"))
    }

    #[test]
    fn a_command_is_told_how_it_ended_and_no_secret() {
        let folder = scratch("hook");
        let (hook, state) = (hook(&folder), folder.join("state"));
        let order = one_of_two(&["--state", state.to_str().unwrap(), "--on-end", &hook]);
        let secrets = [
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s3cret-1"),
            ("TENCENTCLOUD_TOKEN", "s3cret-2"),
            ("OTHER", "kept"),
        ];
        let output = with(&order, &secrets);
        expect_code(&output, 6);
        assert_eq!(out(&output).lines().count(), 1, "results alone: {}", out(&output));
        assert!(err(&output).contains("said"), "{}", err(&output));
        let (results, variables) = told(&folder);
        assert_eq!(results["results"].as_array().unwrap().len(), 2);
        for line in [
            "CLOUD_IMPORT_EXIT=6",
            "CLOUD_IMPORT_SUCCEEDED=1",
            "CLOUD_IMPORT_FAILED=1",
            "OTHER=kept",
        ] {
            assert!(variables.lines().any(|found| found == line), "{line}: {variables}");
        }
        let job = variables
            .lines()
            .find_map(|line| line.strip_prefix("CLOUD_IMPORT_JOB="))
            .unwrap();
        expect_code(&run(&["show", job, "--state", state.to_str().unwrap()]), 0);
        assert!(
            !variables.contains("s3cret") && !variables.contains("SECRET"),
            "{variables}"
        );
    }

    #[test]
    fn an_order_that_comes_to_nothing_is_told_too_and_wait_tells_the_same() {
        let folder = scratch("hook-early");
        let hook = hook(&folder);
        let output = run(&import("--simulate", &["--to", "nowhere", "--on-end", &hook]));
        expect_code(&output, 2);
        let (results, variables) = told(&folder);
        assert_eq!(results["error"]["kind"], "invalid_request");
        assert!(variables.contains("CLOUD_IMPORT_EXIT=2\n"), "{variables}");

        let sim = Sim::start("flags-hook", &["--import-time", "0s"]);
        let (option, state) = (sim.option(), folder.join("state"));
        let state = state.to_str().unwrap();
        expect_code(
            &run(&import(&option, &["--to", "aliyun", "--no-wait", "--state", state])),
            0,
        );
        expect_code(&run(&["wait", &option, "--state", state, "--on-end", &hook]), 0);
        let (results, variables) = told(&folder);
        assert_eq!(results["results"][0]["status"], "succeeded");
        assert!(variables.contains("CLOUD_IMPORT_JOB=hello-clouds-"), "{variables}");
    }

    #[test]
    fn what_comes_of_the_command_changes_nothing() {
        for (hook, why) in [("exit 3", "ended with exit status: 3"), ("kill -9 $$", "signal: 9")] {
            let output = run(&import("--simulate", &["--to", "aliyun", "--on-end", hook]));
            expect_code(&output, 0);
            let told = err(&output);
            assert!(
                told.contains(&format!("warning: the command of --on-end {why}")) || told.contains(why),
                "{told}"
            );
        }
    }

    #[test]
    fn a_folder_of_others_runs_nothing() {
        let folder = scratch("hook-here");
        fs::write(folder.join("cloud-import.toml"), "on_end = \"touch ran\"\n").unwrap();
        let here = |more: &[&str]| {
            let mut command = command(&[&import("--simulate", &["--to", "aliyun"])[..], more].concat());
            command.current_dir(&folder).env("HOME", &folder).output().unwrap()
        };
        let output = here(&[]);
        expect_code(&output, 2);
        assert!(
            err(&output).contains("sets on_end") && !folder.join("ran").exists(),
            "{}",
            err(&output)
        );
        // What is typed counts before it.
        expect_code(&here(&["--on-end", "true"]), 0);
        assert!(!folder.join("ran").exists());
        expect_code(&here(&["--trust-here"]), 0);
        assert!(folder.join("ran").exists());
    }
}
