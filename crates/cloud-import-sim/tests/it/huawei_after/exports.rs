//! Exports to a bucket.

use std::io::Read as _;

use cloud_import_sim::{BucketSettings, Cloud, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use super::{HERE, OTHER, REGION, call, code, get, import, imported, job};
use crate::{file, http::Answer, quick, started};

async fn export(simulator: &Simulator, id: &str, url: &str, extra: Value) -> Answer {
    let mut body = json!({"bucket_url": url});
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    call(simulator, HERE, "POST", &format!("/v1/cloudimages/{id}/file"), body).await
}

#[tokio::test]
async fn the_object_is_there_when_the_job_is_over() {
    let (simulator, id) = imported(json!({})).await;
    let answer = export(&simulator, &id, "out:dir/导出 1.qcow2", json!({"file_format": "qcow2"})).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(
        (&done["status"], &done["job_type"]),
        (&json!("SUCCESS"), &json!("imsNativeExportImageJob"))
    );
    assert_eq!(done["entities"]["image_id"], *id);
    let mut bytes = Vec::new();
    let reader = simulator.object(Cloud::Huawei, REGION, "out", "dir/导出 1.qcow2");
    reader.unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, file(b"z2strm\0\0"));
    assert_eq!(simulator.counters().exports[&Cloud::Huawei][&id], 1);

    let again = export(&simulator, &id, "out:dir/导出 1.qcow2", json!({"file_format": "qcow2"})).await;
    assert_eq!(code(&again), "IMG.0070");
    // The quick one takes no format, and the twin does the same.
    let body = json!({"bucket_url": "out:quick.zvhd2", "is_quick_export": true});
    let answer = call(&simulator, HERE, "POST", &format!("/v2.1/cloudimages/{id}/file"), body).await;
    assert_eq!(job(&simulator, HERE, &answer).await["status"], "SUCCESS");
    assert!(simulator.object(Cloud::Huawei, REGION, "out", "quick.zvhd2").is_some());
}

#[tokio::test]
async fn an_export_is_refused_for_its_reason() {
    let (simulator, id) = imported(json!({})).await;
    let qcow2 = || json!({"file_format": "qcow2"});
    for (url, extra, wanted) in [
        ("out", qcow2(), "IMG.0017"),
        ("https://out/k", qcow2(), "IMG.0017"),
        (":k", qcow2(), "IMG.0068"),
        ("out:", qcow2(), "IMG.0073"),
        ("out:k", json!({"file_format": "iso"}), "IMG.0072"),
        ("out:k", json!({}), "IMG.0072"),
        (
            "out:k",
            json!({"file_format": "vhd", "is_quick_export": true}),
            "IMG.0072",
        ),
        ("bucket-1:k.zvhd2", qcow2(), "IMG.0070"),
    ] {
        assert_eq!(
            code(&export(&simulator, &id, url, extra.clone()).await),
            wanted,
            "{url} {extra}"
        );
    }
    let long = format!("out:{}", "k".repeat(1025));
    assert_eq!(code(&export(&simulator, &id, &long, qcow2()).await), "IMG.0074");
    simulator.create_bucket(Cloud::Huawei, OTHER, "elsewhere", BucketSettings::default());
    assert_eq!(code(&export(&simulator, &id, "elsewhere:k", qcow2()).await), "IMG.0058");
    assert_eq!(code(&export(&simulator, "none", "out:k", qcow2()).await), "IMG.0027");
    let iso = import(&simulator, json!({"name": "iso", "type": "IsoImage"})).await;
    assert_eq!(code(&export(&simulator, &iso, "out:k", qcow2()).await), "IMG.0167");
    let secret = import(&simulator, json!({"name": "secret", "cmk_id": "key-1"})).await;
    let quickly = export(&simulator, &secret, "out:k", json!({"is_quick_export": true})).await;
    assert_eq!(code(&quickly), "IMG.0071");
}

#[tokio::test]
async fn a_bucket_must_be_there() {
    let simulator = started(quick().any_object(true)).await;
    let id = import(&simulator, json!({})).await;
    let answer = export(&simulator, &id, "none:k", json!({"file_format": "vmdk"})).await;
    assert_eq!(code(&answer), "IMG.0069");
}

#[tokio::test]
async fn one_export_of_an_image_runs_at_a_time_and_may_fail() {
    let (simulator, id) = imported(json!({})).await;
    let start = async |key: &str| export(&simulator, &id, &format!("out:{key}"), json!({"file_format": "vhd"})).await;
    simulator.inject(Fault::new(FaultKind::FailImport {
        code: "IMG.0069".into(),
        reason: "The bucket cannot be accessed".into(),
    }));
    let failed = job(&simulator, HERE, &start("a").await).await;
    assert_eq!(
        (&failed["status"], &failed["error_code"]),
        (&json!("FAIL"), &json!("IMG.0069"))
    );
    simulator.inject(Fault::new(FaultKind::Stall).operation("ExportImage"));
    let answer = start("b").await;
    assert_eq!(job(&simulator, HERE, &answer).await["status"], "RUNNING");
    assert_eq!(code(&start("c").await), "IMG.0148");
    assert!(simulator.object(Cloud::Huawei, REGION, "out", "a").is_none());
    let own = answer.json()["job_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/{}/jobs/{own}", super::RECEIVER);
    assert_eq!(get(&simulator, super::THEIRS, &path).await.status, 404);
}

/// A file with a hole is large and takes no room.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the file is this test's own")]
async fn large_images_go_the_quick_way_and_not_everywhere() {
    const GIB: u64 = 1 << 30;
    let simulator = started(quick().any_bucket(true)).await;
    let path = std::env::temp_dir().join(format!("cloud-import-sim-huawei-{}", std::process::id()));
    std::fs::write(&path, b"z2strm\0\0").unwrap();
    let large = std::fs::File::options().write(true).open(&path).unwrap();
    let mut ids = Vec::new();
    for gib in [129, 301] {
        large.set_len(gib * GIB).unwrap();
        let key = format!("{gib}.zvhd2");
        let put = simulator.put_object_file(Cloud::Huawei, REGION, "bucket-1", &key, &path);
        put.unwrap();
        let url = format!("bucket-1:{key}");
        ids.push(
            import(
                &simulator,
                json!({"name": key, "image_url": url, "is_quick_import": true}),
            )
            .await,
        );
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        code(&export(&simulator, &ids[0], "out:k", json!({"file_format": "vhd"})).await),
        "IMG.0160"
    );
    assert_eq!(
        code(&export(&simulator, &ids[0], "out:k", json!({"is_quick_export": true})).await),
        ""
    );
    // From this region, up to 300 GB are copied.
    for (id, wanted) in ids.iter().zip(["", "IMG.0146"]) {
        let body = json!({"name": "copy", "region": OTHER, "project_name": OTHER, "agency_name": "a"});
        let path = format!("/v1/cloudimages/{id}/cross_region_copy");
        assert_eq!(code(&call(&simulator, HERE, "POST", &path, body).await), wanted);
    }
}
