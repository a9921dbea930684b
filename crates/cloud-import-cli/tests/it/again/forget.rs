//! Jobs that are forgotten by name, by age and by number; never one that has something to do or something in a cloud.

use std::process::Output;

use cloud_import_sim::Cloud;

use super::{
    super::{err, expect_code, out},
    Scene,
};

impl Scene {
    fn named(&self, name: &str, more: &[&str]) -> String {
        let order = ["import", "--name", name, "--os", "CentOS 7.9", "web.qcow2"];
        let done = self.run(&[&order[..], more].concat());
        assert!(done.status.code() != Some(2), "{}", err(&done));
        self.json(&["show", name])["job"]["id"].as_str().unwrap().to_owned()
    }

    /// As if all of it had happened in the year before.
    fn grow_old(&self, id: &str) {
        let shown = self.json(&["show", id]);
        let year = &shown["targets"][0]["began_at"].as_str().unwrap()[..4];
        let before = (year.parse::<u32>().unwrap() - 1).to_string();
        for file in std::fs::read_dir(self.folder.join("state/jobs").join(id))
            .unwrap()
            .flatten()
        {
            if file.path().extension().is_some_and(|suffix| suffix == "json") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                std::fs::write(
                    file.path(),
                    text.replace(&format!("\"{year}-"), &format!("\"{before}-")),
                )
                .unwrap();
            }
        }
    }

    fn there(&self) -> Vec<String> {
        let listed = self.json(&["list"]);
        let jobs = listed["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn lines(output: &Output) -> Vec<String> {
    expect_code(output, 0);
    out(output).lines().map(str::to_owned).collect()
}

#[test]
fn finished_jobs_are_forgotten_by_age_and_number() {
    let scene = Scene::new("forget", |config| config);
    scene.fail(Cloud::Tencent);
    let to = ["--to", "ucloud"];
    let old = ["a", "b"].map(|name| scene.named(name, &to));
    let runs = scene.named("runs", &["--to", "jdcloud", "--no-wait"]);
    // Its failed image is still in the cloud.
    let failed = scene.named("failed", &["--to", "tencent"]);
    for id in old.iter().chain([&runs, &failed]) {
        scene.grow_old(id);
    }
    let new = scene.named("new", &to);

    assert_eq!(
        lines(&scene.run(&["forget", "--older-than", "30d", "--dry-run"])).len(),
        2
    );
    assert_eq!(scene.there().len(), 5, "nothing was done yet");
    assert!(lines(&scene.run(&["forget", "--older-than", "800d"])).is_empty());
    assert!(lines(&scene.run(&["forget", "--older-than", "30d", "--keep", "3"])).is_empty());
    let gone = lines(&scene.run(&["forget", "--older-than", "30d", "--keep", "2"]));
    assert!(gone.len() == 1 && old.contains(&gone[0]), "{gone:?}");
    expect_code(&scene.run(&["clean", "--yes"]), 0);
    // Cleaning it was the last that happened to it.
    let cleaned = lines(&scene.run(&["forget", "--older-than", "30d"]));
    assert!(cleaned.len() == 1 && cleaned != gone, "{cleaned:?}");
    // By number alone.
    let rest = lines(&scene.run(&["forget", "--keep", "0"]));
    assert!(
        rest.len() == 2 && rest.contains(&new) && rest.contains(&failed),
        "{rest:?}"
    );
    assert_eq!(scene.there(), ["runs"]);

    let refused = scene.run(&["forget", "runs"]);
    expect_code(&refused, 4);
    assert!(err(&refused).contains("no verdict yet"), "{}", err(&refused));
    assert_eq!(lines(&scene.run(&["forget", "runs", "--yes"])), [runs]);
    assert!(scene.there().is_empty());
    for nonsense in [&["forget"][..], &["forget", "a", "--keep", "1"]] {
        expect_code(&scene.run(nonsense), 2);
    }
}

#[test]
fn an_import_forgets_what_its_user_keeps_no_longer() {
    let scene = Scene::new("retention", |config| config);
    let old = scene.named("old", &["--to", "ucloud"]);
    scene.grow_old(&old);
    scene.named("other", &["--to", "ucloud"]);
    assert_eq!(scene.there().len(), 2, "all are kept by default");
    scene.named("new", &["--to", "ucloud", "--keep-jobs", "30d"]);
    // Of one second, they are listed in any order.
    let mut there = scene.there();
    there.sort_unstable();
    assert_eq!(there, ["new", "other"]);
}
