//! Two names for one place, and what an earlier version recorded of it.

use std::fs;

use super::{IMAGE, Sim, err, expect_code, import, out, run};

#[test]
fn two_names_for_one_place_are_refused_and_one_of_them_finds_the_image_of_the_other() {
    let folder = std::env::temp_dir().join(format!("cloud-import-places-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let sim = Sim::start("places", &["--import-time", "50ms"]);
    let (simulate, file, state) = (sim.option(), folder.join("targets.toml"), folder.join("state"));
    fs::write(&file, "[targets.other]\nto = \"ucloud/cn-bj2\"\n").unwrap();
    let (file, state) = (file.to_str().unwrap(), state.to_str().unwrap());
    let named = |to: &[&str]| {
        let more = [&["--targets", file, "--state", state], to].concat();
        run(&import(&simulate, &more))
    };
    let both = named(&["--to", "ucloud", "--to", "other"]);
    expect_code(&both, 2);
    let told = err(&both);
    assert!(
        told.contains("the targets `ucloud/cn-bj2` and `other` are the same place"),
        "{told}"
    );
    assert!(told.contains("Leave out `ucloud/cn-bj2` or `other`"), "{told}");
    let one = named(&["--to", "ucloud"]);
    expect_code(&one, 0);
    let other = named(&["--to", "other"]);
    expect_code(&other, 0);
    assert_eq!(
        out(&one).replace("ucloud/cn-bj2", "other"),
        out(&other),
        "each by its own name"
    );
    assert!(
        err(&other).contains("other: ") && err(&other).contains("(made before)"),
        "{}",
        err(&other)
    );
    fs::remove_dir_all(folder).unwrap();
}

/// The record is of a version that did not write endpoint, project and account, as it wrote it. Its image was another simulator's: it
/// is gone, and none is made in its place.
#[test]
fn what_an_earlier_version_made_is_looked_at_by_its_name_and_by_another() {
    let folder = std::env::temp_dir().join(format!("cloud-import-earlier-{}", std::process::id()));
    let (job, file) = (folder.join("state/jobs/web-3776bfcbb9fa"), folder.join("targets.toml"));
    fs::create_dir_all(&job).unwrap();
    let facts = r#"{ "schema": 1, "id": "web-3776bfcbb9fa", "name": "web", "source": "web.qcow2" }"#;
    fs::write(job.join("job.json"), facts).unwrap();
    let record = include_str!("records/ucloud.json");
    fs::write(job.join("ucloud_2fcn-bj2.json"), record).unwrap();
    fs::write(&file, "[targets.other]\nto = \"ucloud/cn-bj2\"\n").unwrap();
    let state = folder.join("state");
    for to in ["other", "ucloud"] {
        let words = [
            "import",
            "--simulate",
            "--name",
            "web",
            "--os",
            "CentOS 7.9",
            "--to",
            to,
        ];
        let places = ["--targets", file.to_str().unwrap(), "--state", state.to_str().unwrap()];
        let found = run(&[&words[..], &places, &[IMAGE]].concat());
        expect_code(&found, 10);
        assert_eq!(out(&found), "");
        assert!(err(&found).contains("its image is gone"), "{}", err(&found));
    }
    fs::remove_dir_all(folder).unwrap();
}
