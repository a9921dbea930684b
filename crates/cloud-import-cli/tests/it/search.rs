//! Where region and credentials come from when the command line names none. No cloud is reached: what is looked for is not
//! there, or is refused on this machine.

use std::{fs, process::Output};

use crate::{command, err, expect_code};

const LINK: &str = "https://bucket.example/k.qcow2";

/// An order that is right but for what its environment lacks. A proxy where nobody listens: nothing could leave.
fn order(to: &str, image: &str, more: &[&str], environment: &[(&str, &str)]) -> Output {
    let arguments = ["import", "--to", to, "--name", "nn", "--os", "CentOS 7.9", image];
    command(&[&arguments, more].concat())
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn instance_metadata_is_asked_only_with_the_flag() {
    // Switched off by the vendor's own variable, so that the search says what it would have done.
    let off = [("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")];
    for (flags, expected) in [
        (&[][..], "(not asked for)"),
        (
            &["--instance-metadata"],
            "(off by `ALIBABA_CLOUD_ECS_METADATA_DISABLED`)",
        ),
    ] {
        let output = order("aliyun/cn-hangzhou", "bucket:k.qcow2", flags, &off);
        expect_code(&output, 3);
        let said = err(&output);
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
}

#[test]
fn a_target_without_a_region_goes_where_the_vendors_tools_would() {
    let output = order("tencent", LINK, &[], &[]);
    expect_code(&output, 3);
    let said = err(&output);
    for expected in ["`tencent` has no region", "TENCENTCLOUD_REGION", "tencent/REGION"] {
        assert!(said.contains(expected), "{said}");
    }

    let output = order("tencent", LINK, &[], &[("TENCENTCLOUD_REGION", "ap-singapore")]);
    expect_code(&output, 3);
    let said = err(&output);
    assert!(
        said.contains("tencent/ap-singapore") && said.contains("no credentials"),
        "{said}"
    );

    let home = std::env::temp_dir().join(format!("cloud-import-cli-region-{}", std::process::id()));
    let folder = home.join(".tccli");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("work.credential"), r#"{"secretId":"AK","secretKey":"SK"}"#).unwrap();
    fs::write(
        folder.join("work.configure"),
        r#"{"_sys_param":{"region":"ap-beijing"}}"#,
    )
    .unwrap();
    let variables = [
        ("HOME", home.to_str().unwrap()),
        ("TENCENTCLOUD_REGION", "ap-singapore"),
    ];
    // Keys are there, so the order must be one that is refused before anything is sent.
    let output = order("tencent", "bucket:k.qcow2", &["--profile", "tencent=work"], &variables);
    fs::remove_dir_all(home).unwrap();
    expect_code(&output, 2);
    let said = err(&output);
    assert!(said.contains("tencent/ap-beijing"), "{said}");
}
