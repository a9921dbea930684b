//! Defaults: where they are looked for, and what comes before them.

use std::{fs, path::Path, process::Output};

use serde_json::Value;

use super::{IMAGE, Sim, command, err, expect_code, out};

fn import(sim: &Sim, folder: &Path, variables: &[(&str, &str)], more: &[&str]) -> Output {
    let simulate = sim.option();
    let mut command = command(&[&["import", &simulate, "--name", "hello-clouds", IMAGE], more].concat());
    command
        .current_dir(folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The one target of a run whose defaults ask for JSON.
#[track_caller]
fn target(output: &Output) -> String {
    expect_code(output, 0);
    let report: Value = serde_json::from_str(&out(output)).unwrap();
    assert_eq!(report["results"].as_array().unwrap().len(), 1);
    report["results"][0]["target"].as_str().unwrap().to_owned()
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let sim = Sim::start("config", &["--import-time", "1ms"]);
    let import = |folder: &Path, variables: &[_], more: &[_]| import(&sim, folder, variables, more);
    let folder = std::env::temp_dir().join(format!("cloud-import-cli-config-{}", std::process::id()));
    let (here, home) = (folder.join("here"), folder.join("home"));
    for folder in [&here, &home.join(".config/cloud-import")] {
        fs::create_dir_all(folder).unwrap();
    }
    let text = "to = ['aliyun']\nos = 'CentOS 7.9'\noutput = 'json'\n[profiles.second]\nto = ['ucloud']\n";
    fs::write(here.join("cloud-import.toml"), text).unwrap();
    assert_eq!(target(&import(&here, &[], &[])), "aliyun/cn-hangzhou");
    let variable = [("CLOUD_IMPORT_TO", "tencent")];
    assert_eq!(target(&import(&here, &variable, &[])), "tencent/ap-guangzhou");
    assert_eq!(
        target(&import(&here, &variable, &["--to", "huawei"])),
        "huawei/cn-north-4"
    );
    assert_eq!(target(&import(&here, &[], &["--defaults", "second"])), "ucloud/cn-bj2");
    assert_eq!(
        target(&import(&here, &[("CLOUD_IMPORT_PROFILE", "second")], &[])),
        "ucloud/cn-bj2"
    );

    let home_of = home.to_str().unwrap();
    let users = home.join(".config/cloud-import/cloud-import.toml");
    fs::write(&users, text.replace("aliyun", "jdcloud")).unwrap();
    assert_eq!(target(&import(&home, &[("HOME", home_of)], &[])), "jdcloud/cn-north-1");
    assert_eq!(
        target(&import(&here, &[("HOME", home_of)], &[])),
        "aliyun/cn-hangzhou",
        "the nearer one counts alone"
    );
    let named = users.to_str().unwrap();
    assert_eq!(target(&import(&here, &[], &["--config", named])), "jdcloud/cn-north-1");
    assert_eq!(
        target(&import(&here, &[("CLOUD_IMPORT_CONFIG", named)], &[])),
        "jdcloud/cn-north-1"
    );

    let output = import(&here, &[], &["--no-config", "--os", "CentOS 7.9"]);
    expect_code(&output, 2);
    assert!(err(&output).contains("no target given"), "{}", err(&output));
    fs::write(
        here.join("cloud-import.toml"),
        format!("{text}secret_access_key = 'x'\n"),
    )
    .unwrap();
    let output = import(&here, &[], &[]);
    expect_code(&output, 2);
    assert!(
        err(&output).contains("cloud-import.toml`, line 6: ") && err(&output).contains("secret_access_key"),
        "{}",
        err(&output)
    );
    let output = import(&here, &[], &["--config", "nowhere.toml"]);
    expect_code(&output, 2);
    assert!(err(&output).contains("nowhere.toml"), "{}", err(&output));
    fs::remove_dir_all(folder).unwrap();
}
