//! Exports: the image is busy, and at the end its file is there.

use std::time::Duration;

use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use super::{REGION, call, image_in, import, ready};
use crate::{pause, put, qcow2, quick, started};

async fn export(simulator: &Simulator, ids: &[&Value], extra: &Value) -> Value {
    let mut body = json!({"BucketName": "bucket-1", "ImageIds": ids});
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    call(simulator, "ExportImages", &body).await
}

#[tokio::test]
async fn an_export_ends_with_a_file_in_the_bucket() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let options = json!({"ExportFormat": "QCOW2", "FileNamePrefixList": ["web"]});
    let answer = export(&simulator, &[&id], &options).await;
    assert!(answer["TaskId"].is_u64(), "{answer}");
    let path = answer["CosPaths"][0].as_str().unwrap();
    let own = id.as_str().unwrap();
    assert!(path.starts_with(&format!("web_{own}_system_snap-")) && path.ends_with(".qcow2"));
    // The file comes with the next request, whichever that is.
    assert_eq!(image_in(&simulator, REGION, &id).await["ImageState"], "NORMAL");
    let objects = simulator.objects();
    let object = objects.iter().find(|object| object.key == path).unwrap();
    assert_eq!(object.size, qcow2().len() as u64);
    assert_eq!(simulator.counters().exports[&Cloud::Tencent][own], 1);
    let plain = export(&simulator, &[&id], &json!({})).await;
    let path = plain["CosPaths"][0].as_str().unwrap();
    assert!(path.starts_with(&format!("{own}_system_")) && path.ends_with(".raw"));
}

#[tokio::test]
async fn an_image_that_is_exported_is_busy() {
    let simulator = started(quick().import_time(Duration::from_millis(300))).await;
    let id = ready(&simulator, json!({})).await;
    let early = export(&simulator, &[&id], &json!({})).await;
    assert_eq!(early["Error"]["Code"], "InvalidParameterValue.InvalidImageState");
    while image_in(&simulator, REGION, &id).await["ImageState"] != "NORMAL" {
        pause(20).await;
    }
    simulator.inject(Fault::new(FaultKind::Stall).operation("ExportImages"));
    assert!(export(&simulator, &[&id], &json!({})).await["TaskId"].is_u64());
    let state = image_in(&simulator, REGION, &id).await["ImageState"].clone();
    assert!(state != "NORMAL" && state != "IMPORTFAILED", "{state}");
    for (action, body, code) in [
        (
            "ExportImages",
            json!({"BucketName": "bucket-1", "ImageIds": [id]}),
            "InvalidParameterValue.InvalidImageState",
        ),
        (
            "SyncImages",
            json!({"ImageIds": [id], "DestinationRegions": ["ap-nanjing"]}),
            "FailedOperation.InvalidImageState",
        ),
        (
            "ModifyImageSharePermission",
            json!({"ImageId": id, "AccountIds": ["101"], "Permission": "SHARE"}),
            "InvalidParameterValue.InvalidImageState",
        ),
        (
            "DeleteImages",
            json!({"ImageIds": [id]}),
            "InvalidImageId.IncorrectState",
        ),
    ] {
        let answer = call(&simulator, action, &body).await;
        assert_eq!(answer["Error"]["Code"], code, "{action}");
    }
}

#[tokio::test]
async fn an_export_that_fails_leaves_no_file() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let failure = FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "R".to_owned(),
    };
    simulator.inject(Fault::new(failure).operation("ExportImages"));
    export(&simulator, &[&id], &json!({})).await;
    assert_eq!(image_in(&simulator, REGION, &id).await["ImageState"], "NORMAL");
    assert_eq!(simulator.objects().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_exported_has_a_code() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    for (extra, code) in [
        (json!({"ImageIds": null}), "InvalidParameter.ImageIdsSnapshotIdsMustOne"),
        (json!({"ImageIds": ["0"]}), "InvalidImageId.Malformed"),
        (json!({"ImageIds": ["img-0"]}), "InvalidImageId.NotFound"),
        (json!({"ExportFormat": "ISO"}), "InvalidParameterValue"),
        (
            json!({"FileNamePrefixList": ["a", "b"]}),
            "InvalidParameterValue.InvalidFileNamePrefixList",
        ),
        (
            json!({"RoleName": "Nobody"}),
            "AuthFailure.CamRoleNameAuthenticateFailed",
        ),
        (
            json!({"BucketName": "bucket-2"}),
            "InvalidParameterValue.BucketNotFound",
        ),
    ] {
        let answer = export(&simulator, &[&id], &extra).await;
        assert_eq!(answer["Error"]["Code"], code, "{extra}");
    }
    for (system, version, code) in [
        ("Redhat", "7", "UnsupportedOperation.RedHatImageExportUnsupported"),
        (
            "Windows Server 2019",
            "9",
            "UnsupportedOperation.WindowsImageExportUnsupported",
        ),
    ] {
        let order = json!({"ImageName": system, "OsType": system, "OsVersion": version});
        let id = import(&simulator, order).await["ImageId"].clone();
        let answer = export(&simulator, &[&id], &json!({})).await;
        assert_eq!(answer["Error"]["Code"], code);
    }
    let dry = export(&simulator, &[&id], &json!({"DryRun": true})).await;
    assert_eq!(dry.as_object().unwrap().len(), 1);
    assert!(simulator.counters().exports.is_empty());
}

#[tokio::test]
async fn only_so_many_exports_run_at_once() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Tencent, REGION);
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        ids.push(import(&simulator, json!({"ImageName": name})).await["ImageId"].clone());
    }
    simulator.inject(Fault::new(FaultKind::Stall).operation("ExportImages").times(5));
    for id in &ids[..5] {
        assert!(export(&simulator, &[id], &json!({})).await["TaskId"].is_u64());
    }
    let sixth = export(&simulator, &[&ids[5]], &json!({})).await;
    assert_eq!(sixth["Error"]["Code"], "LimitExceeded.ExportImageTaskLimitExceeded");
}
