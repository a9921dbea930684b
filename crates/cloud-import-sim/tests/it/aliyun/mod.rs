//! Alibaba: tasks and images beside each other, tokens, nonces, cancelling, two signatures, two languages.

mod attributes;
mod copies;
mod exports;
mod sharing;
mod tags;

use std::time::Duration;

use cloud_import_sim::{AliyunDryRun, Cloud, Config, Simulator};
use serde_json::{Value, json};

use crate::{
    LISTED_AFTER, clock,
    http::{Answer, send},
    listed_in_time, pause, put, qcow2_of, quick, sign, slow, started,
};

const REGION: &str = "cn-hangzhou";

const IMPORT: &[(&str, &str)] = &[
    ("RegionId", REGION),
    ("ImageName", "web"),
    ("DiskDeviceMapping.1.OSSBucket", "bucket-1"),
    ("DiskDeviceMapping.1.OSSObject", "k.qcow2"),
    ("DiskDeviceMapping.1.Format", "QCOW2"),
    ("Tag.1.Key", "env"),
    ("Tag.1.Value", "ci"),
];

fn with<'p>(changes: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let mut pairs = IMPORT.to_vec();
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    pairs
}

async fn call(simulator: &Simulator, action: &str, pairs: &[(&str, &str)]) -> Answer {
    send(simulator.address(Cloud::Aliyun), &sign::aliyun(action, pairs)).await
}

async fn ok(simulator: &Simulator, action: &str, pairs: &[(&str, &str)]) -> Value {
    let answer = call(simulator, action, pairs).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Status and code of an answer; no code is a success.
fn code(answer: &Answer) -> (u16, String) {
    let code = answer.json()["Code"].as_str().unwrap_or_default().to_owned();
    (answer.status, code)
}

/// What [`code`] gives of a refusal, or of a success.
fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// An image as its region lists it, in whatever state; `null` where it does not.
async fn image(simulator: &Simulator, region: &str, id: &str) -> Value {
    let pairs = [("RegionId", region), ("ImageId", id), ("Status", "ALL")];
    ok(simulator, "DescribeImages", &pairs).await["Images"]["Image"][0].clone()
}

/// A simulator in which an image has been imported.
async fn with_image(config: Config) -> (Simulator, String) {
    let simulator = started(config).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (image, _) = import(&simulator).await;
    (simulator, image)
}

async fn import(simulator: &Simulator) -> (String, String) {
    let answer = ok(simulator, "ImportImage", IMPORT).await;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("ImageId"), text("TaskId"))
}

async fn task(simulator: &Simulator, task: &str) -> Value {
    let pairs = [("RegionId", REGION), ("TaskId", task)];
    ok(simulator, "DescribeTaskAttribute", &pairs).await
}

#[tokio::test]
async fn an_import_becomes_an_image() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (image, id) = import(&simulator).await;
    let task = task(&simulator, &id).await;
    assert_eq!(task["TaskStatus"], "Finished");
    assert_eq!(task["TaskProcess"], "100%");
    let tasks = [
        ("RegionId", REGION),
        ("TaskIds", id.as_str()),
        ("TaskAction", "ImportImage"),
    ];
    let tasks = ok(&simulator, "DescribeTasks", &tasks).await;
    assert_eq!(tasks["TaskSet"]["Task"][0]["ResourceId"], *image);

    let shown = ok(
        &simulator,
        "DescribeImages",
        &[("RegionId", REGION), ("ImageId", &image)],
    )
    .await;
    let shown = &shown["Images"]["Image"][0];
    assert_eq!(shown["Status"], "Available");
    assert_eq!(shown["Tags"], json!({"Tag": [{"TagKey": "env", "TagValue": "ci"}]}));
    let disk = &shown["DiskDeviceMappings"]["DiskDeviceMapping"][0];
    assert_eq!(disk["ImportOSSObject"], "k.qcow2");

    let pairs = [("RegionId", REGION), ("ImageId", image.as_str())];
    assert!(ok(&simulator, "DeleteImage", &pairs).await["RequestId"].is_string());
    let gone = call(&simulator, "DeleteImage", &pairs).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.json()["Code"], "InvalidImageId.NotFound");
}

#[tokio::test]
async fn a_snapshot_goes_after_its_image_and_once() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (image, _) = import(&simulator).await;
    let by_id = [("RegionId", REGION), ("ImageId", image.as_str())];
    let shown = ok(&simulator, "DescribeImages", &by_id).await;
    let disk = &shown["Images"]["Image"][0]["DiskDeviceMappings"]["DiskDeviceMapping"][0];
    let snapshot = disk["SnapshotId"].as_str().unwrap().to_owned();
    let delete = async |pairs: &[(&str, &str)]| {
        let answer = call(&simulator, "DeleteSnapshot", pairs).await;
        (answer.status, answer.json()["Code"].as_str().unwrap_or("").to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(
        delete(&[("SnapshotId", &snapshot)]).await,
        refused(403, "SnapshotCreatedImage")
    );
    ok(&simulator, "DeleteImage", &by_id).await;
    assert_eq!(delete(&[]).await, refused(400, "MissingParameter"));
    let gone = refused(404, "InvalidSnapshotId.NotFound");
    let elsewhere = [("RegionId", "cn-beijing"), ("SnapshotId", snapshot.as_str())];
    assert_eq!(delete(&elsewhere).await, gone);
    assert_eq!(delete(&[("SnapshotId", "s-1")]).await, gone);
    assert_eq!(
        delete(&[("RegionId", REGION), ("SnapshotId", &snapshot)]).await,
        (200, String::new())
    );
    assert_eq!(delete(&[("SnapshotId", &snapshot)]).await, gone);
}

#[tokio::test]
async fn a_running_import_is_shown_to_those_who_ask() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (image, _) = import(&simulator).await;
    let count = async |status: &str| {
        let mut pairs = vec![("RegionId", REGION), ("ImageId", image.as_str())];
        pairs.extend((!status.is_empty()).then_some(("Status", status)));
        ok(&simulator, "DescribeImages", &pairs).await["TotalCount"].clone()
    };
    assert_eq!(count("").await, 0);
    assert_eq!(count("Creating,Waiting,Available,UnAvailable,CreateFailed").await, 1);
    assert_eq!(count("ALL").await, 1);
    let refused = call(&simulator, "DeleteImage", &[("RegionId", REGION), ("ImageId", &image)]).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["Code"], "ImageIsImporting");
}

#[tokio::test]
async fn an_import_can_be_cancelled_while_it_runs() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (_, id) = import(&simulator).await;
    assert_eq!(task(&simulator, &id).await["SupportCancel"], "true");
    let pairs = [("RegionId", REGION), ("TaskId", id.as_str())];
    ok(&simulator, "CancelTask", &pairs).await;
    assert_eq!(task(&simulator, &id).await["TaskStatus"], "Deleted");
    let again = call(&simulator, "CancelTask", &pairs).await;
    assert_eq!(again.status, 403);
    assert_eq!(again.json()["Code"], "InvalidTaskId.IncorrectTaskStatus");
    assert!(simulator.images(Cloud::Aliyun)[0].canceled);
    // The name is free again.
    import(&simulator).await;
}

#[tokio::test]
async fn a_token_repeats_the_answer_or_is_refused() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let first = ok(&simulator, "ImportImage", &with(&[("ClientToken", "t-1")])).await;
    let again = ok(&simulator, "ImportImage", &with(&[("ClientToken", "t-1")])).await;
    assert_eq!(first["ImageId"], again["ImageId"]);
    assert_eq!(first["TaskId"], again["TaskId"]);
    assert_ne!(first["RequestId"], again["RequestId"]);
    let other = with(&[("ClientToken", "t-1"), ("ImageName", "other")]);
    let refused = call(&simulator, "ImportImage", &other).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["Code"], "IdempotentParameterMismatch");
    let taken = call(&simulator, "ImportImage", &with(&[("ClientToken", "t-2")])).await;
    assert_eq!(taken.json()["Code"], "InvalidImageName.Duplicated");
    let counters = simulator.counters();
    assert_eq!(counters.imports_of(Cloud::Aliyun, "web"), 1);
    assert_eq!(counters.tokens_replayed[&Cloud::Aliyun], 1);
}

#[tokio::test]
async fn what_is_wrong_has_a_code() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    put(&simulator, Cloud::Aliyun, "cn-beijing");
    simulator.put_object(Cloud::Aliyun, "cn-beijing", "bucket-2", "k.qcow2", crate::qcow2());
    simulator.put_object(Cloud::Aliyun, REGION, "bucket-1", "empty", bytes::Bytes::new());
    for (changes, code) in [
        ([("DiskDeviceMapping.1.OSSObject", "none")], "InvalidOSSObject.NotFound"),
        ([("DiskDeviceMapping.1.OSSObject", "empty")], "InvalidOSSObject.Size"),
        ([("DiskDeviceMapping.1.OSSObject", "")], "MissingParameter"),
        (
            [("DiskDeviceMapping.1.OSSObject", "a.iso")],
            "UnsupportedSuffix.OSSObject",
        ),
        (
            [("DiskDeviceMapping.1.OSSBucket", "bucket-2")],
            "InvalidOSSBucket.NotMatched",
        ),
        (
            [("DiskDeviceMapping.1.OSSBucket", "Bucket")],
            "InvalidOSSBucket.Malformed",
        ),
        (
            [("DiskDeviceMapping.1.Format", "qcow2")],
            "InvalidImageFormat.Malformed",
        ),
        ([("DiskDeviceMapping.1.DiskImageSize", "0")], "InvalidImageSize"),
        ([("DiskDeviceMapping.1.DiskImageSize", "big")], "InvalidParameter"),
        ([("DiskDeviceMapping.0.OSSBucket", "bucket-1")], "InvalidParameter"),
        ([("ImageName", "aliyun-web")], "InvalidImageName.Malformed"),
        ([("ImageName", "w")], "InvalidImageName.Malformed"),
        ([("OSType", "Linux")], "InvalidOSType.Malformed"),
        ([("Platform", "Plan 9")], "InvalidPlatform.Malformed"),
        ([("RegionId", "")], "MissingParameter"),
        ([("RegionId", "hangzhou")], "InvalidRegionId.NotFound"),
        ([("StorageClass", "Standard")], "UnsupportedParameter"),
    ] {
        let answer = call(&simulator, "ImportImage", &with(&changes)).await;
        assert_eq!(answer.status, 400, "{changes:?} {}", answer.text());
        assert_eq!(answer.json()["Code"], code, "{changes:?}");
    }
    assert!(simulator.images(Cloud::Aliyun).is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_file_is_the_reason_of_the_task() {
    let simulator = started(quick()).await;
    simulator.put_object(Cloud::Aliyun, REGION, "bucket-1", "k.qcow2", qcow2_of(41));
    for (changes, code) in [
        ([("DiskDeviceMapping.1.Format", "VHD")], "InvalidImageFormat.Malformed"),
        ([("DiskDeviceMapping.1.DiskImageSize", "40")], "InvalidImageSize"),
    ] {
        let answer = ok(&simulator, "ImportImage", &with(&changes)).await;
        let task = task(&simulator, answer["TaskId"].as_str().unwrap()).await;
        assert_eq!(task["TaskStatus"], "Failed");
        let reason = &task["OperationProgressSet"]["OperationProgress"][0];
        assert_eq!(reason["ErrorCode"], code);
        assert!(!reason["ErrorMsg"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_dry_run_ends_in_one_of_two_codes() {
    for (form, code) in [
        (AliyunDryRun::DryrunSuccess, "DRYRUN.SUCCESS"),
        (AliyunDryRun::DryRunOperation, "DryRunOperation"),
    ] {
        let simulator = started(quick().aliyun_dry_run(form)).await;
        put(&simulator, Cloud::Aliyun, REGION);
        let answer = call(&simulator, "ImportImage", &with(&[("DryRun", "true")])).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["Code"], code);
        assert!(simulator.images(Cloud::Aliyun).is_empty());
    }
}

#[tokio::test]
async fn a_nonce_is_good_once() {
    let simulator = started(quick()).await;
    let address = simulator.address(Cloud::Aliyun);
    let request = sign::aliyun("DescribeRegions", &[]);
    assert_eq!(send(address, &request).await.status, 200);
    let again = send(address, &request).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["Code"], "SignatureNonceUsed");
}

#[tokio::test]
async fn a_wrong_signature_is_told_what_the_server_signed() {
    let simulator = started(quick()).await;
    let request = sign::aliyun("DescribeRegions", &[]).set("x-acs-action", "DescribeTasks");
    let answer = send(simulator.address(Cloud::Aliyun), &request).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(body["Code"], "SignatureDoesNotMatch");
    assert_eq!(body["HostId"], "ecs.cn-hangzhou.aliyuncs.com");
    let message = body["Message"].as_str().unwrap();
    assert!(
        message.contains("server string to sign is:ACS3-HMAC-SHA256\n"),
        "{message}"
    );
}

#[tokio::test]
async fn the_rpc_scheme_speaks_xml_unless_asked_for_json() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let address = simulator.address(Cloud::Aliyun);
    let xml = send(address, &sign::aliyun_rpc("ImportImage", IMPORT)).await;
    assert_eq!(xml.status, 200, "{}", xml.text());
    assert!(xml.text().contains("<ImportImageResponse>"), "{}", xml.text());
    assert!(xml.text().contains("<TaskId>t-"));
    let again = send(address, &sign::aliyun_rpc("ImportImage", &with(&[("Format", "JSON")]))).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["Code"], "InvalidImageName.Duplicated");
    let error = send(address, &sign::aliyun_rpc("ImportImage", IMPORT)).await;
    assert!(
        error.text().contains("<Error><Code>InvalidImageName.Duplicated</Code>"),
        "{}",
        error.text()
    );
}

#[tokio::test]
async fn a_role_is_made_and_seen_a_little_later() {
    let config = quick()
        .aliyun_import_role(false)
        .aliyun_role_delay(Duration::from_millis(200));
    let simulator = started(config).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let ram = async |action: &str, pairs: &[(&str, &str)]| {
        let request = sign::aliyun_at("ram.aliyuncs.com", "2015-05-01", action, pairs);
        let answer = send(simulator.address(Cloud::Aliyun), &request).await;
        (answer.status, answer.json())
    };
    let is = |answer: (u16, Value), status: u16, code: &str| {
        assert_eq!((answer.0, &answer.1["Code"]), (status, &json!(code)), "{}", answer.1);
    };
    let name = ("RoleName", "AliyunECSImageImportDefaultRole");
    let trust = (
        "AssumeRolePolicyDocument",
        r#"{"Statement":[{"Action":"sts:AssumeRole","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#,
    );
    let policy = ("PolicyName", "AliyunECSImageImportRolePolicy");
    let refused = |answer: &Answer| {
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json()["Code"], "NoSetRoletoECSServiceAcount");
    };
    refused(&call(&simulator, "ImportImage", IMPORT).await);
    is(ram("GetRole", &[name]).await, 404, "EntityNotExist.Role");
    is(
        ram("AttachPolicyToRole", &[name, policy, ("PolicyType", "System")]).await,
        404,
        "EntityNotExist.Role",
    );
    is(
        ram("CreateRole", &[name, (trust.0, "{}")]).await,
        400,
        "MalformedPolicyDocument",
    );
    is(
        ram("CreateRole", &[("RoleName", "a_b"), trust]).await,
        400,
        "InvalidParameter.RoleName.InvalidChars",
    );
    assert_eq!(ram("CreateRole", &[name, trust]).await.0, 200);
    is(ram("CreateRole", &[name, trust]).await, 409, "EntityAlreadyExists.Role");
    assert_eq!(
        ram("GetRole", &[name]).await.1["Role"]["AssumeRolePolicyDocument"],
        trust.1
    );
    is(
        ram("AttachPolicyToRole", &[name, policy, ("PolicyType", "Custom")]).await,
        404,
        "EntityNotExist.Policy",
    );
    assert_eq!(
        ram("AttachPolicyToRole", &[name, policy, ("PolicyType", "System")])
            .await
            .0,
        200
    );
    is(
        ram("AttachPolicyToRole", &[name, policy, ("PolicyType", "System")]).await,
        409,
        "EntityAlreadyExists.Role.Policy",
    );
    let policies = ram("ListPoliciesForRole", &[name]).await.1;
    assert_eq!(policies["Policies"]["Policy"][0]["PolicyName"], policy.1);
    refused(&call(&simulator, "ImportImage", IMPORT).await);
    pause(250).await;
    import(&simulator).await;
    // Each API has its own actions, at its own host.
    is(ram("DescribeRegions", &[]).await, 404, "InvalidAction.NotFound");
    let at_ecs = sign::aliyun_at("ecs.aliyuncs.com", "2015-05-01", "GetRole", &[name]);
    assert_eq!(
        send(simulator.address(Cloud::Aliyun), &at_ecs).await.json()["Code"],
        "InvalidVersion"
    );
}

#[tokio::test]
async fn an_image_is_renamed_unless_the_name_is_taken() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (image, _) = import(&simulator).await;
    ok(&simulator, "ImportImage", &with(&[("ImageName", "other")])).await;
    let rename = async |id: &str, name: &str| {
        let pairs = [("RegionId", REGION), ("ImageId", id), ("ImageName", name)];
        let answer = call(&simulator, "ModifyImageAttribute", &pairs).await;
        answer.json()["Code"].clone()
    };
    assert_eq!(rename(&image, "other").await, "InvalidImageName.Duplicated");
    assert_eq!(rename(&image, "web").await, Value::Null, "its own name is not taken");
    assert_eq!(rename(&image, "new").await, Value::Null);
    let listed = ok(
        &simulator,
        "DescribeImages",
        &[("RegionId", REGION), ("ImageName", "new")],
    )
    .await;
    assert_eq!(listed["Images"]["Image"][0]["ImageId"], *image);
    assert_eq!(rename("m-0", "x").await, "InvalidImageId.NotFound");
}

#[tokio::test]
async fn a_new_image_and_its_task_are_found_only_after_their_time() {
    let simulator = started(quick().listed_after(LISTED_AFTER)).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let begun = clock();
    let (image, task) = import(&simulator).await;
    let shown = async |action: &str, pair: (&str, &str)| {
        let answer = call(&simulator, action, &[("RegionId", REGION), pair]).await;
        answer.status == 200 && answer.json()["TotalCount"] == 1
    };
    listed_in_time(begun, async || {
        vec![
            shown("DescribeImages", ("ImageName", "web")).await,
            shown("DescribeImages", ("ImageId", &image)).await,
            shown("DescribeTasks", ("TaskAction", "ImportImage")).await,
            shown("DescribeTaskAttribute", ("TaskId", &task)).await,
        ]
    })
    .await;
}
