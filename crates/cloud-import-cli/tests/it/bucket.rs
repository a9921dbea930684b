//! `list` and `clean` with `--bucket`: what other machines staged, by the form of its keys.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{IMAGE, Sim, expect_code, import, out, run};

const BUCKET: &str = "simulated-images-1250000000";

/// A directory for jobs that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("cloud-import-bucket-{name}-{}", std::process::id())))
    }

    fn option(&self) -> String {
        format!("--state={}", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_others_left_goes_when_it_is_old_and_what_is_read_stays() {
    let sim = Sim::start("bucket", &["--import-time", "1m"]);
    for target in [
        "jdcloud/cn-north-1",
        "tencent/ap-guangzhou",
        "huawei/cn-north-4",
        "aliyun/cn-hangzhou",
        "ucloud/cn-bj2",
    ] {
        what_others_left_in(target, &sim);
    }
}

fn what_others_left_in(target: &str, sim: &Sim) {
    let name = target.replace('/', "-");
    let simulate = sim.option();
    let (here, elsewhere) = (
        Folder::new(&format!("here-{name}")),
        Folder::new(&format!("else-{name}")),
    );
    let staged = run(&import(&simulate, &["--to", target, "--no-wait", &here.option()]));
    expect_code(&staged, 0);
    let in_bucket = |command: &str, state: &Folder, more: &[&str]| {
        let state = state.option();
        let fixed = [
            command,
            simulate.as_str(),
            "--to",
            target,
            "--bucket",
            BUCKET,
            "--output",
            "json",
            state.as_str(),
        ];
        let output = run(&[&fixed, more].concat());
        expect_code(&output, 0);
        let found: Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!((&found["schema"], &found["bucket"]), (&1.into(), &BUCKET.into()));
        // UCloud lists unfinished uploads only for who applied for it, which is told.
        assert_eq!(found["lists_uploads"], !target.starts_with("ucloud"));
        found["items"].as_array().unwrap().clone()
    };
    let listed = in_bucket("list", &here, &[]);
    assert_eq!((listed.len(), &listed[0]["known"]), (1, &"in_use".into()), "{listed:?}");
    assert_eq!(listed[0]["size_bytes"], fs::metadata(IMAGE).unwrap().len());
    // It is being read: not even its age lets it go.
    let kept = in_bucket("clean", &here, &["--older-than", "0s", "--yes"]);
    assert_eq!(kept[0]["outcome"], "kept");

    // Another machine knows nothing of it and goes by its age.
    assert_eq!(in_bucket("list", &elsewhere, &[])[0]["known"], "not_here");
    assert_eq!(
        in_bucket("clean", &elsewhere, &["--yes"])[0]["outcome"],
        "kept",
        "it is young"
    );
    let shown = in_bucket("clean", &elsewhere, &["--older-than", "0s"]);
    assert_eq!(shown[0]["outcome"], "deletable");
    assert_eq!(in_bucket("list", &here, &[]).len(), 1, "it was only shown");
    let deleted = in_bucket("clean", &elsewhere, &["--older-than", "0s", "--yes"]);
    assert_eq!(deleted[0]["outcome"], "deleted");
    assert!(in_bucket("list", &here, &[]).is_empty());
}
