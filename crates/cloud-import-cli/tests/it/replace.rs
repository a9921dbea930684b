//! `--replace`: what is told of it, and what it does not go with.

use std::fs;

use serde_json::Value;

use super::{IMAGE, Sim, command, err, expect_code, import, out, run};

#[test]
fn older_images_are_replaced_and_that_is_told() {
    let folder = std::env::temp_dir().join(format!("cloud-import-cli-replace-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let sim = Sim::start("replace", &["--import-time", "50ms"]);
    let option = sim.option();
    let (other, state) = (folder.join("other.qcow2"), folder.join("state"));
    fs::write(&other, [&fs::read(IMAGE).unwrap()[..], &[0; 512]].concat()).unwrap();
    let named = ["--state", state.to_str().unwrap(), "--to", "tencent", "--to", "jdcloud"];
    let first = run(&import(&option, &named));
    expect_code(&first, 0);
    let of_other = [
        &[
            "import",
            &option,
            "--name",
            "hello-clouds",
            "--os",
            "CentOS 7.9",
            other.to_str().unwrap(),
            "--replace",
        ][..],
        &named,
    ]
    .concat();
    let output = command(&[&of_other[..], &["--events"]].concat()).output().unwrap();
    expect_code(&output, 0);
    let seen = super::events::seen(&out(&output));
    for (name, times) in [("retiring", 2), ("retired", 2), ("renamed", 1)] {
        assert_eq!(
            seen.iter().filter(|seen| *seen == name).count(),
            times,
            "{name}: {seen:?}"
        );
    }
    let again = run(&of_other);
    expect_code(&again, 0);
    assert_ne!(out(&again), out(&first));

    let list = run(&["list", "--output", "json", "--state", state.to_str().unwrap()]);
    let jobs: Value = serde_json::from_str(&out(&list)).unwrap();
    let targets = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|job| job["targets"].as_array().unwrap());
    let done = targets.filter(|target| target["replacement"] == "done");
    assert_eq!(done.count(), 2, "{jobs}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn replacing_is_waited_for() {
    for other in ["--no-wait", "--vendor-dry-run"] {
        let output = run(&import("--simulate", &["--to", "tencent", "--replace", other]));
        expect_code(&output, 2);
        assert!(
            err(&output).contains("--replace") && err(&output).contains(other),
            "{}",
            err(&output)
        );
    }
}
