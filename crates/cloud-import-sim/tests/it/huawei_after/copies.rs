//! Copies between regions and within one.

use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use super::{HERE, OTHER, REGION, THEIRS, THERE, call, code, get, image, import, imported, job};
use crate::{http::Answer, quick, slow, started};

async fn across(simulator: &Simulator, id: &str, extra: Value) -> Answer {
    let mut body = json!({"name": "web", "region": OTHER, "project_name": OTHER, "agency_name": "ims_copy"});
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    call(
        simulator,
        HERE,
        "POST",
        &format!("/v1/cloudimages/{id}/cross_region_copy"),
        body,
    )
    .await
}

async fn within(simulator: &Simulator, id: &str, body: Value) -> Answer {
    call(simulator, HERE, "POST", &format!("/v1/cloudimages/{id}/copy"), body).await
}

#[tokio::test]
async fn a_copy_is_an_image_of_the_other_region_and_its_job_is_of_this_one() {
    let (simulator, id) = imported(json!({"description": "first"})).await;
    let answer = across(&simulator, &id, json!({"description": "second"})).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(
        (&done["status"], &done["job_type"]),
        (&json!("SUCCESS"), &json!("imsCrossRegionCopyImageJob"))
    );
    assert!(
        done["entities"].get("process_percent").is_none(),
        "it tells no progress"
    );
    let copy = done["entities"]["image_id"].as_str().unwrap();
    assert_eq!(job(&simulator, THERE, &answer).await["error"]["code"], "IMG.0061");

    let shown = image(&simulator, THERE, copy).await;
    assert_eq!((&shown["name"], &shown["status"]), (&json!("web"), &json!("active")));
    assert_eq!(shown["__data_origin"], format!("image,{REGION},{id}"));
    assert_eq!(shown["__description"], "second");
    assert_eq!(shown["__os_version"], "CentOS 7.9 64bit");
    // These do not go with it.
    assert_eq!((&shown["tags"], &shown["min_ram"]), (&json!([]), &json!(0)));
    assert_eq!(get(&simulator, HERE, &format!("/v2/images/{copy}")).await.status, 404);
    let listed = get(&simulator, THERE, "/v2/cloudimages?name=web").await.json();
    assert_eq!(listed["images"][0]["id"], *copy);
    assert_eq!(simulator.counters().copies_of(Cloud::Huawei, "web"), 1);
    assert_eq!(simulator.counters().imports_of(Cloud::Huawei, "web"), 1);
}

#[tokio::test]
async fn a_copy_between_regions_is_refused_for_its_reason() {
    let (simulator, id) = imported(json!({})).await;
    for (extra, wanted) in [
        (json!({"region": REGION, "project_name": REGION}), "IMG.0142"),
        (json!({"region": "the moon", "project_name": "the moon"}), "IMG.0147"),
        (json!({"project_name": "cn-east-4"}), "IMG.0145"),
        (json!({"project_name": "cn-east-33"}), "IMG.0145"),
        (json!({"project_name": null}), "IMG.0104"),
        (json!({"agency_name": ""}), "IMG.0151"),
        (json!({"name": " web"}), "IMG.0003"),
        (json!({"description": "a\nb"}), "IMG.0054"),
        (json!({"name": "web", "project_name": "cn-east-3_pub"}), ""),
        (json!({}), ""),
        (json!({}), "IMG.0009"),
    ] {
        assert_eq!(code(&across(&simulator, &id, extra.clone()).await), wanted, "{extra}");
    }
    assert_eq!(code(&across(&simulator, "none", json!({})).await), "IMG.0027");
    let encrypted = import(&simulator, json!({"name": "secret", "cmk_id": "key-1"})).await;
    assert_eq!(
        code(&across(&simulator, &encrypted, json!({"name": "b"})).await),
        "IMG.0143"
    );
    let iso = import(&simulator, json!({"name": "iso", "type": "IsoImage"})).await;
    assert_eq!(code(&across(&simulator, &iso, json!({"name": "b"})).await), "IMG.0167");
}

#[tokio::test]
async fn the_quota_of_the_other_region_counts() {
    let simulator = started(quick().any_object(true).quota(Cloud::Huawei, 1)).await;
    let id = import(&simulator, json!({})).await;
    assert_eq!(code(&within(&simulator, &id, json!({"name": "b"})).await), "IMG.0015");
    assert_eq!(code(&across(&simulator, &id, json!({})).await), "");
    assert_eq!(code(&across(&simulator, &id, json!({"name": "b"})).await), "IMG.0015");
}

#[tokio::test]
async fn five_copies_to_other_regions_run_at_once() {
    let (simulator, id) = imported(json!({})).await;
    for at in 0..5 {
        let stall = Fault::new(FaultKind::Stall).operation("CopyImageCrossRegion");
        simulator.inject(stall);
        let answer = across(&simulator, &id, json!({"name": format!("copy-{at}")})).await;
        assert_eq!(job(&simulator, HERE, &answer).await["status"], "RUNNING");
    }
    assert_eq!(
        code(&across(&simulator, &id, json!({"name": "one-more"})).await),
        "IMG.0149"
    );
    // One within the region is none of them.
    assert_eq!(code(&within(&simulator, &id, json!({"name": "one-more"})).await), "");
}

#[tokio::test]
async fn an_image_that_is_being_made_is_not_copied() {
    let simulator = started(slow().any_object(true)).await;
    let body = json!({"name": "web", "image_url": "b:k.qcow2", "min_disk": 40});
    let answer = call(&simulator, HERE, "POST", "/v2/cloudimages/action", body).await;
    assert_eq!(answer.status, 200);
    let id = simulator.images(Cloud::Huawei)[0].image_id.clone();
    assert_eq!(code(&across(&simulator, &id, json!({})).await), "IMG.0046");
    assert_eq!(code(&within(&simulator, &id, json!({"name": "b"})).await), "IMG.0046");
}

#[tokio::test]
async fn a_copy_within_the_region_encrypts_or_not() {
    let (simulator, id) = imported(json!({})).await;
    let answer = within(&simulator, &id, json!({"name": "secret", "cmk_id": "key-1"})).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(done["job_type"], "imsCopyImageInRegionJob");
    let secret = done["entities"]["image_id"].as_str().unwrap();
    let shown = image(&simulator, HERE, secret).await;
    assert_eq!(shown["__system__cmkid"], "key-1");
    assert_eq!(shown["__data_origin"], format!("image,{REGION},{id}"));
    assert_eq!(
        code(&within(&simulator, secret, json!({"name": "c", "cmk_id": "key-1"})).await),
        "IMG.0096"
    );

    // The twin does the same.
    let path = format!("/v2.1/cloudimages/{secret}/copy");
    let answer = call(&simulator, HERE, "POST", &path, json!({"name": "plain"})).await;
    let plain = job(&simulator, HERE, &answer).await["entities"]["image_id"].clone();
    let shown = image(&simulator, HERE, plain.as_str().unwrap()).await;
    assert!(shown.get("__system__cmkid").is_none(), "{shown}");

    let data = json!({"name": "data", "image_url": "bucket-1:k.zvhd2", "min_disk": 40});
    let answer = call(&simulator, HERE, "POST", "/v1/cloudimages/dataimages/action", data).await;
    let data = job(&simulator, HERE, &answer).await["entities"]["image_id"].clone();
    let answer = within(&simulator, data.as_str().unwrap(), json!({"name": "data-2"})).await;
    let copy = job(&simulator, HERE, &answer).await["entities"]["image_id"].clone();
    assert_eq!(
        image(&simulator, HERE, copy.as_str().unwrap()).await["virtual_env_type"],
        "DataImage"
    );
}

#[tokio::test]
async fn faults_of_imports_are_faults_of_copies() {
    let (simulator, id) = imported(json!({})).await;
    simulator.inject(Fault::new(FaultKind::FailImport {
        code: "IMG.0061".into(),
        reason: "Unknown system error".into(),
    }));
    let failed = across(&simulator, &id, json!({})).await;
    let failed = job(&simulator, HERE, &failed).await;
    assert_eq!(
        (&failed["status"], &failed["error_code"]),
        (&json!("FAIL"), &json!("IMG.0061"))
    );
    assert_eq!(failed["fail_reason"], "Unknown system error");
    assert!(failed["entities"].get("image_id").is_none());

    simulator.inject(Fault::new(FaultKind::Hide(1)));
    let hidden = across(&simulator, &id, json!({"name": "hidden"})).await;
    let names = async || {
        let listed = get(&simulator, THERE, "/v2/cloudimages?name=hidden").await.json();
        listed["images"].as_array().unwrap().len()
    };
    assert_eq!((names().await, names().await), (0, 1));
    assert_eq!(job(&simulator, HERE, &hidden).await["status"], "SUCCESS");

    simulator.inject(Fault::new(FaultKind::HideFor(3_600_000)));
    let late = across(&simulator, &id, json!({"name": "late"})).await;
    assert_eq!(job(&simulator, HERE, &late).await["error"]["code"], "IMG.0061");
}

#[tokio::test]
async fn a_shared_image_is_copied_by_its_receiver_once_it_is_accepted() {
    let (simulator, id) = imported(json!({})).await;
    let share = json!({"member": super::RECEIVER});
    let path = format!("/v2/images/{id}/members");
    assert_eq!(call(&simulator, HERE, "POST", &path, share).await.status, 200);
    let copy = async |kind: &str| {
        let body = match kind {
            "copy" => json!({"name": "mine"}),
            _ => json!({"name": "mine", "region": OTHER, "project_name": OTHER, "agency_name": "a"}),
        };
        call(
            &simulator,
            THEIRS,
            "POST",
            &format!("/v1/cloudimages/{id}/{kind}"),
            body,
        )
        .await
    };
    assert_eq!(code(&copy("copy").await), "IMG.0196");
    let path = format!("{path}/{}", super::RECEIVER);
    let accept = call(&simulator, THEIRS, "PUT", &path, json!({"status": "accepted"})).await;
    assert_eq!(accept.json()["status"], "accepted");
    assert_eq!(code(&copy("cross_region_copy").await), "IMG.0047");
    let answer = copy("copy").await;
    let done = job(&simulator, THEIRS, &answer).await;
    let mine = done["entities"]["image_id"].as_str().unwrap();
    assert_eq!(image(&simulator, THEIRS, mine).await["visibility"], "private");
}
