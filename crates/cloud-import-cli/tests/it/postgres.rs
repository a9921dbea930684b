//! Records in a database: any machine goes on with what another began.

#[path = "../../../../tests/support/postgres.rs"]
pub(crate) mod server;

use std::{fs, process::Output};

use cloud_import_sim::Cloud;

use self::server::Postgres;
use super::{again::Scene, command, err, expect_code, out};

/// An import to all five clouds.
pub(crate) const ORDER: [&str; 10] = [
    "import",
    "web.qcow2",
    "--name",
    "web",
    "--os",
    "CentOS 7.9",
    "--to",
    "all",
    "--bucket",
    "images-1250000000",
];

/// A machine: a home of its own, and an image at the same place.
fn on(machine: &str, scene: &Scene, url: &str, arguments: &[&str]) -> Output {
    let home = scene.folder.join(machine);
    fs::create_dir_all(&home).unwrap();
    let simulate = format!("--simulate={}", scene.path("sim.json"));
    let mut command = command(arguments);
    command.current_dir(&scene.folder).env("HOME", &home);
    command.args(["--state", url]).arg(simulate).output().unwrap()
}

#[test]
fn a_machine_goes_on_with_what_another_began() {
    let Some(server) = Postgres::start() else { return };
    let scene = Scene::new("postgres", |config| config);
    let url = server.url();
    let begun = on("one", &scene, &url, &[&ORDER[..], &["--no-wait"]].concat());
    expect_code(&begun, 0);
    assert!(err(&begun).contains(&format!("--state {url}")), "{}", err(&begun));
    let listed = on("other", &scene, &url, &["list"]);
    assert!(out(&listed).contains("web"), "{}", out(&listed));
    let done = on("other", &scene, &url, &["wait", "web"]);
    expect_code(&done, 0);
    // The same order from a third machine, which never heard of it, finds the five images.
    let again = on("third", &scene, &url, &ORDER);
    expect_code(&again, 0);
    for cloud in Cloud::ALL {
        assert_eq!(scene.simulator.counters().imports_of(*cloud, "web"), 1, "{cloud:?}");
    }
    assert!(scene.simulator.objects().is_empty());
    assert!(!scene.folder.join("postgres:").exists());
    let kept = server.sql("images", "select name || ' ' || body from cloud_import.record");
    assert!(kept.contains("aliyun") && !kept.contains("its-secret-key"), "{kept}");
    let forgotten = command(&["forget", "web", "--state", &url]).output().unwrap();
    expect_code(&forgotten, 0);
    assert_eq!(
        server
            .sql(
                "images",
                "select count(*) from cloud_import.record where name like 'jobs/%'"
            )
            .trim(),
        "0"
    );
}

#[test]
fn a_password_in_the_url_is_refused_and_not_shown() {
    let output = command(&["list", "--state", "postgres://images:tops3cret@localhost/images"])
        .output()
        .unwrap();
    expect_code(&output, 2);
    let told = err(&output);
    assert!(told.contains("PGPASSWORD") && !told.contains("tops3cret"), "{told}");
}
