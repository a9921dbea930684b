//! JD Cloud: tasks with progress and reasons, tokens, errors with statuses.

use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::{Value, json};

use crate::{
    LISTED_AFTER, clock,
    http::{Answer, send},
    listed_in_time, put, qcow2_of, quick, sign, slow, started,
};

const REGION: &str = "cn-north-1";

fn body(extra: &Value) -> String {
    let mut body = json!({
        "architecture": "x86_64",
        "osType": "linux",
        "platform": "Other Linux",
        "diskFormat": "qcow2",
        "systemDiskSizeGB": 40,
        "imageUrl": "https://bucket-1.s3-internal.cn-north-1.jdcloud-oss.com/k.qcow2?X-Amz-Signature=s",
        "imageName": "web",
        "description": null,
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

async fn import(simulator: &Simulator, extra: Value) -> Answer {
    let path = format!("/v1/regions/{REGION}/images:import");
    let request = sign::jdcloud("POST", &path, "", &body(&extra), REGION);
    send(simulator.address(Cloud::Jdcloud), &request).await
}

async fn get(simulator: &Simulator, rest: &str, query: &str) -> Answer {
    let path = format!("/v1/regions/{REGION}/{rest}");
    let request = sign::jdcloud("GET", &path, query, "", REGION);
    send(simulator.address(Cloud::Jdcloud), &request).await
}

async fn delete(simulator: &Simulator, id: &str) -> Answer {
    let path = format!("/v1/regions/{REGION}/images/{id}");
    let request = sign::jdcloud("DELETE", &path, "deleteSnapshot=true", "", REGION);
    send(simulator.address(Cloud::Jdcloud), &request).await
}

async fn with_file(config: Config) -> Simulator {
    let simulator = started(config).await;
    put(&simulator, Cloud::Jdcloud, REGION);
    simulator
}

#[tokio::test]
async fn an_import_becomes_an_image() {
    let simulator = with_file(quick()).await;
    let answer = import(&simulator, json!({"regionId": REGION})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(answer.header("x-jdcloud-request-id"), body["requestId"]);
    assert!(answer.header("date").ends_with(" GMT"));
    let id = body["result"]["imageId"].as_str().unwrap().to_owned();
    let task = body["result"]["taskId"].as_str().unwrap();

    let tasks = get(
        &simulator,
        "imageTasks",
        &format!("pageSize=10&taskAction=ImportImage&taskIds.1={task}"),
    )
    .await
    .json();
    assert_eq!(tasks["result"]["totalCount"], 1);
    let task = &tasks["result"]["taskSet"][0];
    assert_eq!(task["taskStatus"], "finished");
    assert_eq!(task["progress"], 100);
    assert_eq!(task["imageId"], *id);
    assert_eq!(
        task["imageUrl"],
        "https://bucket-1.s3-internal.cn-north-1.jdcloud-oss.com/k.qcow2"
    );

    let image = get(&simulator, &format!("images/{id}"), "").await.json();
    assert_eq!(image["result"]["image"]["status"], "ready");
    let listed = get(&simulator, "images", "imageName=we&imageSource=private")
        .await
        .json();
    assert_eq!(listed["result"]["images"][0]["imageId"], *id);

    assert_eq!(delete(&simulator, &id).await.status, 200);
    let gone = get(&simulator, &format!("images/{id}"), "").await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.json()["error"]["status"], "NOT_FOUND");
    assert!(simulator.images(Cloud::Jdcloud)[0].deleted);
}

#[tokio::test]
async fn a_running_import_cannot_be_deleted() {
    let simulator = with_file(slow()).await;
    let answer = import(&simulator, json!({})).await.json();
    let id = answer["result"]["imageId"].as_str().unwrap();
    let refused = delete(&simulator, id).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["status"], "FAILED_PRECONDITION");
    let tasks = get(&simulator, "imageTasks", "taskAction=ImportImage").await.json();
    assert_eq!(tasks["result"]["taskSet"][0]["taskStatus"], "pending");
    assert_eq!(tasks["result"]["taskSet"][0]["finishedTime"], "");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_at_once() {
    let simulator = with_file(quick()).await;
    let elsewhere = "https://bucket-1.s3.cn-east-2.jdcloud-oss.com/k.qcow2";
    for (extra, status) in [
        (json!({"imageUrl": elsewhere}), "CONFLICT"),
        (json!({"systemDiskSizeGB": 45}), "OUT_OF_RANGE"),
        (json!({"systemDiskSizeGB": 30}), "OUT_OF_RANGE"),
        (json!({"systemDiskSizeGB": "40"}), "INVALID_ARGUMENT"),
        (json!({"imageName": "n".repeat(33)}), "INVALID_ARGUMENT"),
        (json!({"imageName": null}), "INVALID_ARGUMENT"),
        (json!({"diskFormat": "QCOW2"}), "INVALID_ARGUMENT"),
        (json!({"imageNmae": "web"}), "INVALID_ARGUMENT"),
        (json!({"imageUrl": "bucket-1:k.qcow2"}), "INVALID_ARGUMENT"),
    ] {
        let answer = import(&simulator, extra.clone()).await;
        assert_eq!(answer.status, 400, "{extra}");
        let error = &answer.json()["error"];
        assert_eq!(error["status"], status, "{extra}");
        assert_eq!(error["code"], 400);
    }
    assert!(simulator.images(Cloud::Jdcloud).is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_file_fails_the_task() {
    let simulator = with_file(quick()).await;
    simulator.put_object(Cloud::Jdcloud, REGION, "bucket-1", "big", qcow2_of(41));
    let link = |key: &str| format!("https://bucket-1.s3.cn-north-1.jdcloud-oss.com/{key}");
    let data = json!([{"dataDiskSizeGB": 20, "imageUrl": link("none")}]);
    for (extra, words) in [
        (json!({"imageUrl": link("none")}), "Download"),
        (json!({"diskFormat": "vhd"}), "'qcow2' not match"),
        (json!({"imageUrl": link("big")}), "41GB"),
        (json!({"dataDisks": data}), "Download"),
    ] {
        let answer = import(&simulator, extra.clone()).await.json();
        let task = answer["result"]["taskId"].as_str().unwrap();
        let query = format!("taskAction=ImportImage&taskIds.1={task}");
        let tasks = get(&simulator, "imageTasks", &query).await.json();
        let task = &tasks["result"]["taskSet"][0];
        assert_eq!(task["taskStatus"], "failed", "{extra}");
        assert!(task["errorInfo"].as_str().unwrap().contains(words), "{task}");
        let id = answer["result"]["imageId"].as_str().unwrap();
        let image = get(&simulator, &format!("images/{id}"), "").await.json();
        assert_eq!(image["result"]["image"]["status"], "error");
    }
}

#[tokio::test]
async fn a_token_gives_the_first_result_and_names_may_repeat() {
    let simulator = with_file(quick()).await;
    let token = json!({"clientToken": "t-1"});
    let first = import(&simulator, token.clone()).await.json();
    let again = import(&simulator, token).await.json();
    assert_eq!(first["result"], again["result"]);
    let other = json!({"clientToken": "t-1", "imageName": "other"});
    assert_eq!(import(&simulator, other).await.json()["result"], first["result"]);
    assert_eq!(simulator.images(Cloud::Jdcloud).len(), 1);
    let counters = simulator.counters();
    assert_eq!(counters.imports_of(Cloud::Jdcloud, "web"), 1);
    assert_eq!(counters.tokens_replayed[&Cloud::Jdcloud], 2);

    assert_eq!(import(&simulator, json!({})).await.status, 200);
    assert_eq!(simulator.images(Cloud::Jdcloud).len(), 2);
}

#[tokio::test]
async fn the_quota_and_the_old_task_id() {
    let simulator = with_file(quick().quota(Cloud::Jdcloud, 1).jdcloud_import_task_id_number(true)).await;
    let first = import(&simulator, json!({})).await.json();
    assert!(first["result"]["importTaskId"].is_u64(), "{first}");
    assert!(first["result"].get("taskId").is_none());
    let refused = import(&simulator, json!({})).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"]["status"], "QUOTA_EXCEEDED");
}

#[tokio::test]
async fn the_quota_is_told() {
    let simulator = with_file(quick().quota(Cloud::Jdcloud, 5)).await;
    assert_eq!(import(&simulator, json!({})).await.status, 200);
    let asked = "filters.1.name=resourceTypes&filters.1.values.1=image";
    let expected = json!([{"resourceType": "image", "limit": 5, "used": 1}]);
    for query in ["", asked] {
        assert_eq!(
            get(&simulator, "quotas", query).await.json()["result"]["quotas"],
            expected
        );
    }
    let other = asked.replace("=image", "=keypair");
    let answer = get(&simulator, "quotas", &other).await;
    assert_eq!(answer.json()["result"]["quotas"], json!([]));
    let unknown = get(&simulator, "quotas", "filters.1.name=x&filters.1.values.1=image").await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn name_and_description_of_an_image_can_be_changed() {
    let simulator = with_file(quick()).await;
    let first = import(&simulator, json!({})).await.json();
    let id = first["result"]["imageId"].as_str().unwrap().to_owned();
    let modify = async |id: &str, body: Value| {
        let path = format!("/v1/regions/{REGION}/images/{id}:modifyImageAttribute");
        let request = sign::jdcloud("POST", &path, "", &body.to_string(), REGION);
        send(simulator.address(Cloud::Jdcloud), &request).await
    };
    let image = async || get(&simulator, &format!("images/{id}"), "").await.json()["result"]["image"].clone();
    let changed = modify(&id, json!({"name": "new", "description": "d"})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        (&image().await["name"], &image().await["desc"]),
        (&json!("new"), &json!("d"))
    );
    assert_eq!(modify(&id, json!({"description": ""})).await.status, 200);
    assert_eq!(
        (&image().await["name"], &image().await["desc"]),
        (&json!("new"), &json!(""))
    );
    assert_eq!(modify(&id, json!({"name": "n".repeat(33)})).await.status, 400);
    assert_eq!(modify("img-other", json!({"name": "n"})).await.status, 404);
}

#[tokio::test]
async fn the_signature_and_its_region_are_checked() {
    let simulator = with_file(quick()).await;
    let address = simulator.address(Cloud::Jdcloud);
    let path = format!("/v1/regions/{REGION}/images");
    let query = "imageSource=private";
    let good = sign::jdcloud("GET", &path, query, "", REGION);
    assert_eq!(send(address, &good).await.status, 200);

    let mut changed = good;
    changed.target = changed.target.replace("private", "public");
    let answer = send(address, &changed).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["status"], "ACCESS_ERROR");

    let other = sign::jdcloud("GET", &path, query, "", "cn-east-2");
    assert_eq!(send(address, &other).await.status, 401);

    let nowhere = sign::jdcloud("GET", "/v1/regions/cn-north-1/nothing", "", "", REGION);
    let answer = send(address, &nowhere).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"]["status"], "NOT_FOUND");
}

#[tokio::test]
async fn lists_of_a_query_are_numbered_from_one() {
    let simulator = with_file(quick()).await;
    let answer = get(&simulator, "images", "ids.0=img-1").await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(get(&simulator, "images", "ids.1=img-1").await.status, 200);
    let missing = get(&simulator, "images", "").await.json();
    assert_eq!(missing["error"]["status"], "FAILED_PRECONDITION");
}

#[tokio::test]
async fn a_new_image_and_its_task_are_found_only_after_their_time() {
    let simulator = with_file(quick().listed_after(LISTED_AFTER)).await;
    let begun = clock();
    let answer = import(&simulator, json!({})).await.json()["result"].clone();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let by_id = format!("images/{}", text("imageId"));
    let tasks = format!("taskIds.1={}", text("taskId"));
    let count = async |rest: &str, query: &str| get(&simulator, rest, query).await.json()["result"]["totalCount"] == 1;
    listed_in_time(begun, async || {
        vec![
            count("images", "imageName=web&imageSource=private").await,
            get(&simulator, &by_id, "").await.status == 200,
            count("imageTasks", &tasks).await,
        ]
    })
    .await;
}
