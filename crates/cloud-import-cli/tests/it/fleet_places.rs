//! Where the image of a fleet's order may be: on the web, and in a bucket. That workers mount its path is tried beside.

use std::fs;

use cloud_import::provider::digest::sha256_hex;
use cloud_import_sim::Cloud;

use super::{
    IMAGE, err, expect_code,
    fetch::web::Web,
    fleet::{Fleet, until},
    out,
};

const BUCKET: &str = "images-1250000000";

#[test]
fn workers_fetch_what_is_on_the_web_and_never_what_has_another_sum() {
    let Some(fleet) = Fleet::new("web", |config| config) else {
        return;
    };
    let content = fs::read(IMAGE).unwrap();
    let web = Web::of(content.clone());
    let _one = fleet.worker("one", "all", &[]);
    let _other = fleet.worker("other", "all", &[]);
    let order = |name: &str, sum: &str| {
        let source = format!("fetch+{}#sha256={sum}", web.link());
        let words = ["import", &source, "--name", name, "--os", "CentOS 7.9", "--to", "all"];
        fleet.submit(&[&words[..], &["--bucket", BUCKET, "--timeout", "60s"]].concat())
    };
    let done = order("web", &sha256_hex(&content));
    expect_code(&done, 0);
    assert_eq!(out(&done).lines().count(), 5, "{}", out(&done));
    fleet.expect_one_image_each();
    let other = order("other", &"0".repeat(64));
    assert_ne!(other.status.code(), Some(0));
    assert!(err(&other).contains("SHA-256"), "{}", err(&other));
    let counters = fleet.scene.simulator.counters();
    assert!(Cloud::ALL.iter().all(|cloud| counters.imports_of(*cloud, "other") == 0));
}

#[test]
fn what_is_in_a_bucket_is_imported_from_there() {
    let Some(fleet) = Fleet::new("bucket", |config| config) else {
        return;
    };
    let simulator = &fleet.scene.simulator;
    let place = (Cloud::Huawei, "cn-north-4");
    simulator
        .put_object_file(place.0, place.1, BUCKET, "web.qcow2", IMAGE.as_ref())
        .unwrap();
    let _one = fleet.worker("one", "huawei/*", &[]);
    let source = format!("{BUCKET}:web.qcow2");
    let order = [
        "import",
        &source,
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--to",
        "huawei",
        "--size-gib",
        "40",
    ];
    let done = fleet.submit(&[&order[..], &["--timeout", "60s"]].concat());
    expect_code(&done, 0);
    assert_eq!(simulator.counters().imports_of(Cloud::Huawei, "web"), 1);
    assert_eq!(simulator.objects().len(), 1, "it is the user's");
    until(|| fleet.waiting() == 0);
}
