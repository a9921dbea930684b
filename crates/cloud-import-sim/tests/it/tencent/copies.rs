//! Copies: images of other regions, one source at a time.

use std::time::Duration;

use cloud_import_sim::{Cloud, Fault, FaultKind};
use serde_json::{Value, json};

use super::{REGION, call, call_in, image_in, named, ready};
use crate::{pause, put, quick, started};

const OTHER: &str = "ap-nanjing";

fn to(id: &Value, extra: &Value) -> Value {
    let mut body = json!({"ImageIds": [id], "DestinationRegions": [OTHER], "ImageSetRequired": true});
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_copy_is_an_image_of_each_region() {
    let simulator = started(quick()).await;
    let id = ready(
        &simulator,
        json!({"ImageDescription": "of it", "ImageFamily": "f", "TagSpecification": [
            {"ResourceType": "image", "Tags": [{"Key": "env", "Value": "ci"}]},
        ]}),
    )
    .await;
    let regions = json!({"DestinationRegions": [OTHER, "na-toronto"], "ImageName": "copy"});
    let answer = call(&simulator, "SyncImages", &to(&id, &regions)).await;
    let copies = answer["ImageSet"].as_array().unwrap();
    assert_eq!((copies.len(), &copies[1]["Region"]), (2, &json!("na-toronto")));
    let copy = image_in(&simulator, OTHER, &copies[0]["ImageId"]).await;
    assert_eq!(
        (&copy["ImageState"], &copy["SyncPercent"]),
        (&json!("NORMAL"), &json!(100))
    );
    assert_eq!(
        (&copy["ImageName"], &copy["ImageDescription"]),
        (&json!("copy"), &json!("of it"))
    );
    assert_eq!((&copy["Tags"], &copy["ImageFamily"]), (&json!([]), &Value::Null));
    assert_eq!(image_in(&simulator, REGION, &copies[0]["ImageId"]).await, Value::Null);
    assert_eq!(simulator.counters().copies_of(Cloud::Tencent, "copy"), 2);
    let from = simulator.images(Cloud::Tencent)[1].copied_from.clone();
    assert_eq!(from.unwrap(), format!("{REGION}/{}", id.as_str().unwrap()));
}

#[tokio::test]
async fn ids_are_told_only_when_asked_for() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let body = json!({"ImageIds": [id], "DestinationRegions": [OTHER]});
    assert_eq!(call(&simulator, "SyncImages", &body).await["ImageSet"], json!([]));
    // The second finds the name taken, which is the only way to find the first.
    let again = call(&simulator, "SyncImages", &body).await;
    assert_eq!(again["Error"]["Code"], "InvalidImageName.Duplicate");
}

#[tokio::test]
async fn a_copy_that_runs_shows_how_far_it_is_and_keeps_both_images() {
    let simulator = started(quick().import_time(Duration::from_millis(400))).await;
    let id = ready(&simulator, json!({})).await;
    let early = call(&simulator, "SyncImages", &to(&id, &json!({}))).await;
    assert_eq!(early["Error"]["Code"], "InvalidImageId.IncorrectState");
    while named(&simulator, "web").await["ImageSet"][0]["ImageState"] != "NORMAL" {
        pause(20).await;
    }
    simulator.inject(Fault::new(FaultKind::Stall).operation("SyncImages"));
    let answer = call(&simulator, "SyncImages", &to(&id, &json!({}))).await;
    let copy = &answer["ImageSet"][0]["ImageId"];
    let shown = image_in(&simulator, OTHER, copy).await;
    assert_eq!(shown["ImageState"], "SYNCING");
    assert!(shown["SyncPercent"].as_i64().unwrap() < 100, "{shown}");
    for (region, id) in [(REGION, &id), (OTHER, copy)] {
        let answer = call_in(&simulator, region, "DeleteImages", &json!({"ImageIds": [id]})).await;
        assert_eq!(answer["Error"]["Code"], "InvalidImageId.IncorrectState", "{region}");
    }
}

#[tokio::test]
async fn faults_of_imports_hit_copies() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let failure = FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "R".to_owned(),
    };
    simulator.inject(Fault::new(failure).operation("SyncImages"));
    let failed = call(&simulator, "SyncImages", &to(&id, &json!({}))).await;
    let shown = image_in(&simulator, OTHER, &failed["ImageSet"][0]["ImageId"]).await;
    assert_eq!(shown["ImageState"], "CREATEFAILED");
    simulator.inject(Fault::new(FaultKind::Hide(1)).operation("SyncImages"));
    let hidden = call(&simulator, "SyncImages", &to(&id, &json!({}))).await;
    let hidden = &hidden["ImageSet"][0]["ImageId"];
    assert_eq!(image_in(&simulator, OTHER, hidden).await, Value::Null);
    assert_eq!(image_in(&simulator, OTHER, hidden).await["ImageState"], "NORMAL");
}

#[tokio::test]
async fn what_cannot_be_copied_has_a_code() {
    let simulator = started(quick().quota(Cloud::Tencent, 2)).await;
    let id = ready(&simulator, json!({})).await;
    for (extra, code) in [
        (json!({"ImageIds": ["img-0"]}), "InvalidImageId.NotFound"),
        (json!({"ImageIds": ["0"]}), "InvalidImageId.Malformed"),
        (json!({"ImageIds": [id, id]}), "InvalidParameterValue.LimitExceeded"),
        (json!({"ImageName": "n".repeat(61)}), "InvalidParameterValue.TooLarge"),
        (json!({"DestinationRegions": []}), "MissingParameter"),
        (
            json!({"DestinationRegions": [REGION]}),
            "InvalidParameterValue.InvalidRegion",
        ),
        (json!({"DestinationRegions": ["moon"]}), "InvalidRegion.NotFound"),
        (
            json!({"DestinationRegions": ["ap-shanghai-fsi"]}),
            "InvalidRegion.Unavailable",
        ),
        (
            json!({"DestinationRegions": [OTHER, OTHER]}),
            "InvalidImageName.Duplicate",
        ),
        (json!({"Encrypt": true}), "InvalidParameterValue.InvalidRegion"),
        (
            json!({"Encrypt": true, "KmsKeyId": "a b", "DestinationRegions": [REGION]}),
            "InvalidParameter.InvalidKmsKeyId",
        ),
    ] {
        let answer = call(&simulator, "SyncImages", &to(&id, &extra)).await;
        assert_eq!(answer["Error"]["Code"], code, "{extra}");
    }
    let dry = call(&simulator, "SyncImages", &to(&id, &json!({"DryRun": true}))).await;
    assert_eq!(dry.as_object().unwrap().len(), 1);
    assert_eq!(simulator.images(Cloud::Tencent).len(), 1);
    // Both images of the other region are there, whatever the quota of this one.
    for name in ["a", "b"] {
        let answer = call(&simulator, "SyncImages", &to(&id, &json!({"ImageName": name}))).await;
        assert!(answer["ImageSet"].is_array(), "{answer}");
    }
    let third = call(&simulator, "SyncImages", &to(&id, &json!({"ImageName": "c"}))).await;
    assert_eq!(third["Error"]["Code"], "ImageQuotaLimitExceeded");
}

#[tokio::test]
async fn an_encrypted_copy_stays_in_its_region_and_goes_nowhere() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    put(&simulator, Cloud::Tencent, REGION);
    let here = json!({"Encrypt": true, "KmsKeyId": "k-1", "ImageName": "safe", "DestinationRegions": [REGION]});
    let answer = call(&simulator, "SyncImages", &to(&id, &here)).await;
    let safe = &answer["ImageSet"][0]["ImageId"];
    assert_eq!(
        simulator.images(Cloud::Tencent)[1].encrypted_with.as_deref(),
        Some("k-1")
    );
    let away = call(&simulator, "SyncImages", &to(safe, &json!({}))).await;
    assert_eq!(
        away["Error"]["Code"],
        "UnsupportedOperation.EncryptedImagesNotSupported"
    );
    let twice = json!({"Encrypt": true, "ImageName": "safer", "DestinationRegions": [REGION]});
    let twice = call(&simulator, "SyncImages", &to(safe, &twice)).await;
    assert_eq!(
        twice["Error"]["Code"],
        "UnsupportedOperation.SyncEncryptImageNotSupport"
    );
    let share = json!({"ImageId": safe, "AccountIds": ["100000000101"], "Permission": "SHARE"});
    let share = call(&simulator, "ModifyImageSharePermission", &share).await;
    assert_eq!(
        share["Error"]["Code"],
        "UnsupportedOperation.EncryptedImagesNotSupported"
    );
}
