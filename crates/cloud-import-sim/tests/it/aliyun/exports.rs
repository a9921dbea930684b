//! Exports: a task, and the object at its end.

use std::time::Duration;

use bytes::Bytes;
use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{REGION, call, code, import, is, ok, task, with, with_image};
use crate::{http, put, quick, sign, started};

fn export_of<'p>(image: &'p str, more: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let mut pairs = vec![("RegionId", REGION), ("ImageId", image), ("OSSBucket", "bucket-1")];
    pairs.retain(|(name, _)| more.iter().all(|(changed, _)| changed != name));
    pairs.extend(more);
    pairs
}

async fn exported(simulator: &Simulator, image: &str, more: &[(&str, &str)]) -> String {
    let answer = ok(simulator, "ExportImage", &export_of(image, more)).await;
    answer["TaskId"].as_str().unwrap().to_owned()
}

fn keys(simulator: &Simulator) -> Vec<String> {
    let objects = simulator.objects();
    objects.into_iter().map(|object| object.key).collect()
}

#[tokio::test]
async fn the_object_is_in_the_bucket_when_the_task_is_over() {
    let (simulator, image) = with_image(quick()).await;
    let id = exported(&simulator, &image, &[("OSSPrefix", "web1"), ("ImageFormat", "qcow2")]).await;
    let task = task(&simulator, &id).await;
    assert_eq!(
        (&task["TaskAction"], &task["TaskStatus"]),
        (&"ExportImage".into(), &"Finished".into())
    );
    // Where a format cannot be chosen it is raw.
    let key = format!("web1_{image}_system.raw.tar.gz");
    assert!(keys(&simulator).contains(&key), "{:?}", keys(&simulator));
    let of_kind = async |pairs: &[(&str, &str)]| {
        let mut all = vec![("RegionId", REGION)];
        all.extend(pairs);
        ok(&simulator, "DescribeTasks", &all).await["TotalCount"].clone()
    };
    assert_eq!(of_kind(&[]).await, 2);
    assert_eq!(of_kind(&[("TaskAction", "ExportImage")]).await, 1);
    assert_eq!(of_kind(&[("TaskAction", "ImportImage")]).await, 1);
    assert_eq!(simulator.counters().exports[&Cloud::Aliyun][&image], 1);
}

#[tokio::test]
async fn a_format_can_be_chosen_in_some_regions() {
    let simulator = started(quick().any_object(true).any_bucket(true)).await;
    let there = ("RegionId", "eu-central-1");
    let image = ok(&simulator, "ImportImage", &with(&[there])).await;
    let image = image["ImageId"].as_str().unwrap();
    exported(
        &simulator,
        image,
        &[there, ("OSSBucket", "new-one"), ("ImageFormat", "vhd")],
    )
    .await;
    ok(&simulator, "DescribeTasks", &[there]).await;
    assert_eq!(keys(&simulator), [format!("{image}_system.vhd")]);
}

#[tokio::test]
async fn what_is_wrong_has_a_code() {
    let (simulator, image) = with_image(quick()).await;
    simulator.put_object(Cloud::Aliyun, "cn-beijing", "far", "k", Bytes::from_static(b"x"));
    for (change, expected) in [
        (("ImageId", "m-0"), is(404, "InvalidImageId.NotFound")),
        (("OSSBucket", "none"), is(400, "InvalidOSSBucket.NotFound")),
        (("OSSBucket", "far"), is(400, "InvalidOSSBucket.NotMatched")),
        (("OSSBucket", ""), is(400, "MissingParameter")),
        (("OSSPrefix", "a-b"), is(400, "InvalidOSSPrefix.Malformed")),
        (
            ("OSSPrefix", "a234567890123456789012345678901"),
            is(400, "InvalidOSSPrefix.Malformed"),
        ),
        (("ImageFormat", "RAW"), is(400, "InvalidImageFormat.Malformed")),
        (
            ("RoleName", "AliyunECSImageImportDefaultRole"),
            is(403, "NoSetRoletoECSServiceAcount"),
        ),
        (("DryRun", "true"), is(400, "DryRunOperation")),
    ] {
        let answer = call(&simulator, "ExportImage", &export_of(&image, &[change])).await;
        assert_eq!(code(&answer), expected, "{change:?}");
    }
    assert!(simulator.counters().exports.is_empty());
    let disks: Vec<(String, &str)> = (2..=6)
        .flat_map(|number| {
            let field = |name: &str| format!("DiskDeviceMapping.{number}.{name}");
            [(field("OSSBucket"), "bucket-1"), (field("OSSObject"), "k.qcow2")]
        })
        .collect();
    let mut pairs = with(&[("ImageName", "many")]);
    pairs.extend(disks.iter().map(|(name, value)| (name.as_str(), *value)));
    let many = ok(&simulator, "ImportImage", &pairs).await;
    let answer = call(
        &simulator,
        "ExportImage",
        &export_of(many["ImageId"].as_str().unwrap(), &[]),
    )
    .await;
    assert_eq!(code(&answer), is(400, "InvalidImage.DiskAmountOrSize"));
}

#[tokio::test]
async fn an_export_needs_its_own_role() {
    let config = quick().aliyun_import_role(false).aliyun_role_delay(Duration::ZERO);
    let simulator = started(config).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let ram = async |action: &str, pairs: &[(&str, &str)]| {
        let request = sign::aliyun_at("ram.aliyuncs.com", "2015-05-01", action, pairs);
        let answer = http::send(simulator.address(Cloud::Aliyun), &request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let make = async |role: &str, policy: &str| {
        let role = ("RoleName", role);
        let trust = r#"{"Statement":[{"Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;
        ram("CreateRole", &[role, ("AssumeRolePolicyDocument", trust)]).await;
        ram(
            "AttachPolicyToRole",
            &[role, ("PolicyName", policy), ("PolicyType", "System")],
        )
        .await;
    };
    make("AliyunECSImageImportDefaultRole", "AliyunECSImageImportRolePolicy").await;
    let (image, _) = import(&simulator).await;
    let answer = call(&simulator, "ExportImage", &export_of(&image, &[])).await;
    assert_eq!(code(&answer), is(403, "NoSetRoletoECSServiceAcount"));
    make("AliyunECSImageExportDefaultRole", "AliyunECSImageExportRolePolicy").await;
    exported(&simulator, &image, &[]).await;
}

#[tokio::test]
async fn an_image_must_be_available() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    simulator.inject(Fault::new(FaultKind::Stall));
    let (image, _) = import(&simulator).await;
    let early = call(&simulator, "ExportImage", &export_of(&image, &[])).await;
    assert_eq!(code(&early), is(400, "IncorrectImageStatus"));
}

#[tokio::test]
async fn one_export_at_a_time_which_can_be_cancelled() {
    let (simulator, image) = with_image(quick()).await;
    simulator.inject(Fault::new(FaultKind::Stall));
    let id = exported(&simulator, &image, &[]).await;
    let busy = is(403, "ImageIsExporting");
    let again = call(&simulator, "ExportImage", &export_of(&image, &[])).await;
    assert_eq!(code(&again), busy);
    let by_id = [("RegionId", REGION), ("ImageId", image.as_str())];
    assert_eq!(code(&call(&simulator, "DeleteImage", &by_id).await), busy);
    let state = task(&simulator, &id).await;
    assert_eq!(
        (&state["TaskStatus"], &state["SupportCancel"]),
        (&"Processing".into(), &"true".into())
    );

    let cancel = [("RegionId", REGION), ("TaskId", id.as_str())];
    ok(&simulator, "CancelTask", &cancel).await;
    assert_eq!(task(&simulator, &id).await["TaskStatus"], "Deleted");
    assert_eq!(
        code(&call(&simulator, "CancelTask", &cancel).await),
        is(403, "InvalidTaskId.IncorrectTaskStatus")
    );
    ok(&simulator, "DeleteImage", &by_id).await;
    ok(&simulator, "DescribeTasks", &[("RegionId", REGION)]).await;
    assert_eq!(keys(&simulator), ["k.qcow2"]);
}

#[tokio::test]
async fn a_failed_export_tells_why_and_leaves_nothing() {
    let (simulator, image) = with_image(quick()).await;
    let fault = FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "because".to_owned(),
    };
    simulator.inject(Fault::new(fault).operation("ExportImage"));
    let id = exported(&simulator, &image, &[]).await;
    let state: Value = task(&simulator, &id).await;
    assert_eq!(state["TaskStatus"], "Failed");
    assert_eq!(
        state["OperationProgressSet"]["OperationProgress"][0]["ErrorMsg"],
        "because"
    );
    assert_eq!(keys(&simulator), ["k.qcow2"]);
}
