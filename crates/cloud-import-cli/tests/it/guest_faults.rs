//! What is wrong inside a disk, as each cloud tells it after the upload.

use serde_json::Value;

use super::{
    err, expect_code, import, out, run,
    sim::{Sim, control},
};

fn fault(sim: &Sim, cloud: &str, fault: &str) {
    let fault = format!(r#"{{"cloud":"{cloud}","kind":{{"guest":"{fault}"}}}}"#);
    assert_eq!(control(&sim.ready(), "POST", "/faults", &fault).0, 204, "{fault}");
}

/// The codes with which imports of a cloud failed, whether its API shows them or not.
fn failures(sim: &Sim, cloud: &str) -> Vec<String> {
    let images: Value = serde_json::from_str(&control(&sim.ready(), "GET", "/images", "").1).unwrap();
    let own = images
        .as_array()
        .unwrap()
        .iter()
        .filter(|image| image["cloud"] == cloud);
    own.filter_map(|image| Some(image["failure"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn each_of_tencents_four_codes_is_told_among_the_likely_causes() {
    let sim = Sim::start("guest-tencent", &["--import-time", "0s", "--any-object"]);
    let faults = [
        ("tencent/ap-guangzhou", "partition_missing", "PartitionNotPresent"),
        ("tencent/ap-shanghai", "root_missing", "RootPartitionNotFound"),
        ("tencent/ap-beijing", "virtio_missing", "VirtioNotInstall"),
        ("tencent/ap-nanjing", "cloud_init_missing", "CloudInitNotInstalled"),
    ];
    for (number, (target, what, code)) in faults.into_iter().enumerate() {
        fault(&sim, "tencent", what);
        let failed = run(&import(&sim.option(), &["--to", target]));
        expect_code(&failed, 5);
        assert_eq!(failures(&sim, "tencent").len(), number + 1);
        assert_eq!(failures(&sim, "tencent")[number], code);
        // Its API shows a failed image alone.
        let told = err(&failed);
        assert!(
            !told.contains(&format!("(code {code})")) && told.contains(&format!("{code}: ")),
            "{told}"
        );
    }
}

#[test]
fn what_the_guest_lacks_is_told_as_each_cloud_tells_it() {
    let sim = Sim::start("guest-all", &["--import-time", "0s", "--any-object"]);
    let clouds = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];
    clouds.iter().for_each(|cloud| fault(&sim, cloud, "virtio_missing"));
    let all = [
        "--to",
        "all",
        "--set",
        "aliyun.DetectionStrategy=Standard",
        "--output",
        "json",
    ];
    let output = run(&import(&sim.option(), &all));
    expect_code(&output, 6);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let of = |cloud: &str| {
        let rows = report["results"].as_array().unwrap().iter();
        let mut rows = rows.filter(|row| row["target"].as_str().unwrap().starts_with(cloud));
        rows.next().unwrap().clone()
    };
    let reason = of("jdcloud")["error"]["message"].as_str().unwrap().to_owned();
    assert!(reason.contains("virtio driver not installed"), "{reason}");
    assert_eq!(of("tencent")["error"]["kind"], "task_failed");
    for cloud in ["huawei", "aliyun", "ucloud"] {
        assert!(of(cloud)["image_id"].is_string(), "{cloud}: {}", of(cloud));
    }
    let found = &of("aliyun")["inspection"]["findings"][0];
    assert_eq!(
        (&found["name"], &found["value"]),
        (&"GUESTOS.Virtio".into(), &"NotInstalled".into())
    );
}

#[test]
fn a_check_that_is_skipped_finds_nothing() {
    let sim = Sim::start("guest-skipped", &["--import-time", "0s", "--any-object"]);
    fault(&sim, "jdcloud", "cloud_init_present");
    fault(&sim, "tencent", "cloud_init_missing");
    let both = ["--to", "jdcloud", "--to", "tencent", "--skip-guest-check"];
    expect_code(&run(&import(&sim.option(), &both)), 0);
    // Tencent's Force is about cloud-init alone.
    fault(&sim, "tencent", "virtio_missing");
    let forced = ["--to", "tencent/ap-shanghai", "--skip-guest-check"];
    expect_code(&run(&import(&sim.option(), &forced)), 5);
    assert_eq!(failures(&sim, "tencent"), ["VirtioNotInstall"]);
}
