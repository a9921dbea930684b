//! JD Cloud after the import: copies, shares, community images, exports, and tags at their own service.

use std::io::Read as _;

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use crate::{
    http::{Answer, send, try_send},
    put, qcow2, quick, sign, slow, started,
};

const REGION: &str = "cn-north-1";

async fn ask(simulator: &Simulator, method: &'static str, region: &str, rest: &str, query: &str, body: &str) -> Answer {
    let path = format!("/v1/regions/{region}/{rest}");
    let request = sign::jdcloud(method, &path, query, body, region);
    send(simulator.address(Cloud::Jdcloud), &request).await
}

async fn post(simulator: &Simulator, rest: &str, body: Value) -> Answer {
    ask(simulator, "POST", REGION, rest, "", &body.to_string()).await
}

/// What is answered with this status and code.
async fn refused(simulator: &Simulator, rest: &str, body: Value, http: u16, status: &str) -> String {
    let answer = post(simulator, rest, body).await;
    assert_eq!(answer.status, http, "{rest}: {}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["status"], status, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

/// An image of the region, as it is told.
async fn image(simulator: &Simulator, region: &str, id: &str) -> Value {
    let answer = ask(simulator, "GET", region, &format!("images/{id}"), "", "").await;
    answer.json()["result"]["image"].clone()
}

async fn import(simulator: &Simulator, name: &str) -> String {
    let body = json!({
        "architecture": "x86_64",
        "osType": "linux",
        "platform": "Other Linux",
        "diskFormat": "qcow2",
        "systemDiskSizeGB": 40,
        "imageUrl": "https://bucket-1.s3-internal.cn-north-1.jdcloud-oss.com/k.qcow2",
        "imageName": name,
        "description": "first",
    });
    let answer = post(simulator, "images:import", body).await;
    let id = answer.json()["result"]["imageId"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("{}", answer.text()))
}

async fn with_image(config: Config) -> (Simulator, String) {
    let simulator = started(config).await;
    put(&simulator, Cloud::Jdcloud, REGION);
    let id = import(&simulator, "web").await;
    (simulator, id)
}

fn copying(ids: &[&str], region: &str) -> Value {
    json!({"sourceImageIds": ids, "destinationRegion": region})
}

async fn copy(simulator: &Simulator, body: Value) -> Vec<String> {
    let answer = post(simulator, "images:copyImages", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let copies = answer.json()["result"]["copyImages"].clone();
    let ids = copies.as_array().unwrap().iter();
    ids.map(|copy| copy["destinationImageId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_copy_is_an_image_of_the_region_that_it_goes_to() {
    let (simulator, id) = with_image(quick()).await;
    let other = import(&simulator, "db").await;
    let ids = copy(&simulator, copying(&[&id, &other], "cn-east-2")).await;
    let copied = image(&simulator, "cn-east-2", &ids[0]).await;
    assert_eq!((&copied["name"], &copied["status"]), (&json!("web"), &json!("ready")));
    assert_eq!(
        (&copied["platform"], &copied["progress"]),
        (&json!("Other Linux"), &json!("100"))
    );
    assert_ne!(copied["desc"], "first");
    assert_eq!(image(&simulator, "cn-east-2", &ids[1]).await["name"], "db");
    assert_eq!(image(&simulator, REGION, &ids[0]).await, Value::Null);
    assert_eq!(image(&simulator, REGION, &id).await["status"], "ready");

    let mut named = copying(&[&id], REGION);
    named["name"] = json!("web.1");
    named["description"] = json!("mine");
    let here = copy(&simulator, named).await;
    let here = image(&simulator, REGION, &here[0]).await;
    assert_eq!((&here["name"], &here["desc"]), (&json!("web.1"), &json!("mine")));
    let counters = simulator.counters();
    let copies = ["web", "db", "web.1"].map(|name| counters.copies_of(Cloud::Jdcloud, name));
    assert_eq!((copies, counters.imports_of(Cloud::Jdcloud, "web")), ([1, 1, 1], 1));
    // A copy has no task.
    let tasks = ask(
        &simulator,
        "GET",
        "cn-east-2",
        "imageTasks",
        "taskAction=ImportImage",
        "",
    )
    .await;
    assert_eq!(tasks.json()["result"]["totalCount"], 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_copy_is_said_at_once() {
    let (simulator, id) = with_image(quick().quota(Cloud::Jdcloud, 2)).await;
    let with = |name: &str, value: Value| {
        let mut body = copying(&[&id], "cn-east-2");
        body[name] = value;
        body
    };
    let many: Vec<&str> = vec![&id; 11];
    for body in [
        copying(&[&id], "cn-nowhere-1"),
        copying(&[], "cn-east-2"),
        copying(&many, "cn-east-2"),
        with("name", json!("n".repeat(33))),
        with("name", json!("a/b")),
        with("description", json!("d".repeat(257))),
        with("clientToken", json!("t")),
    ] {
        refused(&simulator, "images:copyImages", body, 400, "INVALID_ARGUMENT").await;
    }
    refused(
        &simulator,
        "images:copyImages",
        copying(&["img-none"], "cn-east-2"),
        404,
        "NOT_FOUND",
    )
    .await;
    // Nothing of a call is done when a part of it cannot be.
    let two_and_a_third = copying(&[&id, &id, &id], "cn-east-2");
    let message = refused(&simulator, "images:copyImages", two_and_a_third, 429, "QUOTA_EXCEEDED").await;
    assert_eq!(message, "Image quota limit exceeded");
    assert_eq!(simulator.images(Cloud::Jdcloud).len(), 1);
    copy(&simulator, copying(&[&id, &id], "cn-east-2")).await;
}

#[tokio::test]
async fn an_image_that_is_not_ready_is_not_copied() {
    let (simulator, id) = with_image(slow()).await;
    let message = refused(
        &simulator,
        "images:copyImages",
        copying(&[&id], "cn-east-2"),
        400,
        "FAILED_PRECONDITION",
    )
    .await;
    assert_eq!(message, "Invalid image status");
    for rest in ["share", "release", "exportImage"] {
        let body = match rest {
            "share" => json!({"pins": ["p"]}),
            "release" => json!({}),
            _ => json!({"roleName": "r", "ossUrl": "https://out.s3.cn-north-1.jdcloud-oss.com"}),
        };
        refused(
            &simulator,
            &format!("images/{id}:{rest}"),
            body,
            400,
            "FAILED_PRECONDITION",
        )
        .await;
    }
}

#[tokio::test]
async fn faults_of_imports_are_those_of_copies() {
    let (simulator, id) = with_image(quick()).await;
    let fault = |kind| Fault::new(kind).operation("copyImages");
    simulator.inject(fault(FaultKind::FailImport {
        code: "c".into(),
        reason: "r".into(),
    }));
    let failed = copy(&simulator, copying(&[&id], "cn-east-2")).await;
    assert_eq!(image(&simulator, "cn-east-2", &failed[0]).await["status"], "error");

    simulator.inject(fault(FaultKind::Hide(1)));
    let hidden = copy(&simulator, copying(&[&id], "cn-east-2")).await;
    assert_eq!(image(&simulator, "cn-east-2", &hidden[0]).await, Value::Null);
    assert_eq!(image(&simulator, "cn-east-2", &hidden[0]).await["status"], "ready");

    simulator.inject(fault(FaultKind::Stall));
    let stalled = copy(&simulator, copying(&[&id], "cn-east-2")).await;
    assert_eq!(image(&simulator, "cn-east-2", &stalled[0]).await["status"], "pending");
    // Neither the copy nor its source goes while it is made.
    for (region, id) in [("cn-east-2", &stalled[0]), (REGION, &id)] {
        let answer = ask(&simulator, "DELETE", region, &format!("images/{id}"), "", "").await;
        assert_eq!(answer.json()["error"]["status"], "FAILED_PRECONDITION", "{region}");
    }

    simulator.inject(fault(FaultKind::DropAfter));
    let path = format!("/v1/regions/{REGION}/images:copyImages");
    let mut body = copying(&[&id], "cn-south-1");
    body["name"] = json!("lost");
    let request = sign::jdcloud("POST", &path, "", &body.to_string(), REGION);
    assert!(try_send(simulator.address(Cloud::Jdcloud), &request).await.is_err());
    let listed = ask(
        &simulator,
        "GET",
        "cn-south-1",
        "images",
        "imageName=lost&imageSource=private",
        "",
    )
    .await;
    assert_eq!(listed.json()["result"]["totalCount"], 1);
}

async fn members(simulator: &Simulator, id: &str) -> Value {
    let answer = ask(simulator, "GET", REGION, &format!("images/{id}/members"), "", "").await;
    answer.json()["result"].clone()
}

#[tokio::test]
async fn an_image_is_shared_and_not_deleted_while_it_is() {
    let (simulator, id) = with_image(quick()).await;
    let share = format!("images/{id}:share");
    let unshare = format!("images/{id}:unshare");
    let body = json!({"pins": ["a", "b"], "loginNames": ["c@example.org"]});
    for _ in 0..2 {
        assert_eq!(post(&simulator, &share, body.clone()).await.status, 200);
    }
    assert_eq!(
        members(&simulator, &id).await,
        json!({"pins": ["a", "b"], "loginNames": ["c@example.org"]})
    );
    assert_eq!(
        image(&simulator, REGION, &id).await["launchPermission"],
        "specifiedUsers"
    );
    let asked = "imageId=ID&filters.1.name=resourceTypes&filters.1.values.1=imageShare".replace("ID", &id);
    let quotas = ask(&simulator, "GET", REGION, "quotas", &sorted(&asked), "").await;
    let expected = json!([{"resourceType": "imageShare", "limit": 20, "used": 3}]);
    assert_eq!(quotas.json()["result"]["quotas"], expected, "{}", quotas.text());
    let nameless = "filters.1.name=resourceTypes&filters.1.values.1=imageShare";
    assert_eq!(ask(&simulator, "GET", REGION, "quotas", nameless, "").await.status, 400);

    let delete = async || ask(&simulator, "DELETE", REGION, &format!("images/{id}"), "", "").await;
    assert_eq!(delete().await.json()["error"]["status"], "FAILED_PRECONDITION");
    assert_eq!(
        post(&simulator, &unshare, json!({"pins": ["a", "x"]})).await.status,
        200
    );
    assert_eq!(delete().await.status, 400);
    let rest = json!({"pins": ["b"], "loginNames": ["c@example.org"]});
    assert_eq!(post(&simulator, &unshare, rest).await.status, 200);
    assert_eq!(members(&simulator, &id).await, json!({"pins": [], "loginNames": []}));
    assert_eq!(image(&simulator, REGION, &id).await["launchPermission"], "ownerOnly");
    assert_eq!(delete().await.status, 200);
}

/// The parameters of a query in the order that the signer of these tests wants.
fn sorted(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    pairs.join("&")
}

#[tokio::test]
async fn a_share_that_cannot_be_is_refused_as_a_whole() {
    let (simulator, id) = with_image(quick()).await;
    let share = format!("images/{id}:share");
    refused(&simulator, &share, json!({}), 400, "INVALID_ARGUMENT").await;
    refused(
        &simulator,
        &format!("images/{id}:unshare"),
        json!({}),
        400,
        "INVALID_ARGUMENT",
    )
    .await;
    refused(
        &simulator,
        "images/img-none:share",
        json!({"pins": ["a"]}),
        404,
        "NOT_FOUND",
    )
    .await;
    let own = image(&simulator, REGION, &id).await["ownerPin"].clone();
    for pin in [own, json!("")] {
        let message = refused(
            &simulator,
            &share,
            json!({"pins": ["a", pin]}),
            400,
            "FAILED_PRECONDITION",
        )
        .await;
        assert!(message.starts_with("Invalid pin"), "{message}");
    }
    let pins: Vec<String> = (0..20).map(|number| format!("p-{number}")).collect();
    let more = json!({"pins": pins, "loginNames": ["one-more"]});
    let message = refused(&simulator, &share, more, 429, "QUOTA_EXCEEDED").await;
    assert_eq!(message, "Image share quota limit exceeded");
    assert_eq!(members(&simulator, &id).await["pins"], json!([]));
    assert_eq!(post(&simulator, &share, json!({"pins": pins})).await.status, 200);
    refused(&simulator, &share, json!({"pins": ["another"]}), 429, "QUOTA_EXCEEDED").await;
}

#[tokio::test]
async fn a_community_image_has_no_shares_and_is_not_deleted() {
    let (simulator, id) = with_image(quick()).await;
    let (share, release) = (format!("images/{id}:share"), format!("images/{id}:release"));
    assert_eq!(post(&simulator, &share, json!({"pins": ["a"]})).await.status, 200);
    for _ in 0..2 {
        assert_eq!(post(&simulator, &release, json!({})).await.status, 200);
    }
    assert_eq!(members(&simulator, &id).await["pins"], json!([]));
    assert_eq!(image(&simulator, REGION, &id).await["launchPermission"], "all");
    let community = ask(&simulator, "GET", REGION, "images", "imageSource=community", "").await;
    assert_eq!(community.json()["result"]["images"][0]["imageId"], *id);
    assert!(simulator.images(Cloud::Jdcloud)[0].public);
    let message = refused(&simulator, &share, json!({"pins": ["a"]}), 400, "FAILED_PRECONDITION").await;
    assert_eq!(message, "Community image can't be shared");
    let delete = async || {
        ask(&simulator, "DELETE", REGION, &format!("images/{id}"), "", "")
            .await
            .status
    };
    assert_eq!(delete().await, 400);
    assert_eq!(
        post(&simulator, &format!("images/{id}:unrelease"), json!({}))
            .await
            .status,
        200
    );
    let constraints = ask(&simulator, "GET", REGION, &format!("images/{id}/constraints"), "", "").await;
    assert_eq!(constraints.json()["result"]["imageConstraints"]["imageId"], *id);
    assert_eq!(delete().await, 200);
}

fn exporting(extra: &Value) -> Value {
    let mut body = json!({
        "roleName": "ExportRole",
        "ossUrl": "https://out.s3.cn-north-1.jdcloud-oss.com",
        "ossPrefix": "web1",
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn tasks(simulator: &Simulator, query: &str) -> Value {
    let answer = ask(simulator, "GET", REGION, "imageTasks", query, "").await;
    answer.json()["result"]["taskSet"].clone()
}

#[tokio::test]
async fn an_export_ends_with_its_object_in_the_bucket() {
    let (simulator, id) = with_image(quick()).await;
    simulator.create_bucket(Cloud::Jdcloud, REGION, "out", Default::default());
    let rest = format!("images/{id}:exportImage");
    let token = exporting(&json!({"clientToken": "t-1"}));
    let first = post(&simulator, &rest, token.clone()).await.json()["result"].clone();
    assert_eq!(post(&simulator, &rest, token).await.json()["result"], first);
    assert_eq!(simulator.counters().exports[&Cloud::Jdcloud][&id], 1);
    let query = format!("taskAction=ExportImage&taskIds.1={}", first["taskId"].as_str().unwrap());
    let task = tasks(&simulator, &query).await[0].clone();
    assert_eq!(
        (&task["taskStatus"], &task["imageId"]),
        (&json!("finished"), &json!(id))
    );
    assert_eq!(task["ossUrl"], "https://out.s3.cn-north-1.jdcloud-oss.com");
    let key = task["ossObject"].as_str().unwrap();
    assert!(key.starts_with("web1") && task["ossObjects"] == json!([key]), "{task}");
    let mut bytes = Vec::new();
    let mut object = simulator.object(Cloud::Jdcloud, REGION, "out", key).unwrap();
    object.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, qcow2());
    // The two kinds of tasks are listed apart.
    assert_eq!(
        tasks(&simulator, "taskAction=ExportImage")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(tasks(&simulator, "taskAction=ImportImage").await[0]["imageName"], "web");
}

#[tokio::test]
async fn an_export_that_fails_says_why_and_one_that_runs_holds_its_image() {
    let (simulator, id) = with_image(quick()).await;
    let rest = format!("images/{id}:exportImage");
    assert_eq!(post(&simulator, &rest, exporting(&json!({}))).await.status, 200);
    let task = tasks(&simulator, "taskAction=ExportImage&taskStatus=failed").await[0].clone();
    assert!(task["errorInfo"].as_str().unwrap().contains("Upload"), "{task}");
    assert_eq!(simulator.objects().len(), 1, "the imported file alone");

    simulator.inject(Fault::new(FaultKind::Stall).operation("exportImage"));
    simulator.create_bucket(Cloud::Jdcloud, REGION, "out", Default::default());
    let running = post(&simulator, &rest, exporting(&json!({}))).await.json();
    let task = running["result"]["taskId"].as_str().unwrap();
    for (rest, body) in [
        (rest.as_str(), exporting(&json!({}))),
        ("images:copyImages", copying(&[&id], "cn-east-2")),
    ] {
        let message = refused(&simulator, rest, body, 400, "FAILED_PRECONDITION").await;
        assert_eq!(message, format!("Conflict with underlay image task '{task}'"));
    }
    let deleted = ask(&simulator, "DELETE", REGION, &format!("images/{id}"), "", "").await;
    assert_eq!(deleted.json()["error"]["status"], "FAILED_PRECONDITION");
}

#[tokio::test]
async fn what_is_wrong_with_an_export_is_said_at_once() {
    let (simulator, id) = with_image(quick().any_bucket(true)).await;
    let rest = format!("images/{id}:exportImage");
    for (extra, status) in [
        (json!({"roleName": null}), "INVALID_ARGUMENT"),
        (
            json!({"ossUrl": "http://out.s3.cn-north-1.jdcloud-oss.com"}),
            "INVALID_ARGUMENT",
        ),
        (
            json!({"ossUrl": "https://s3.cn-north-1.jdcloud-oss.com"}),
            "INVALID_ARGUMENT",
        ),
        (json!({"ossUrl": "https://out.example.com"}), "INVALID_ARGUMENT"),
        (
            json!({"ossUrl": "https://out.s3.cn-north-1.jdcloud-oss.com/folder"}),
            "INVALID_ARGUMENT",
        ),
        (json!({"ossPrefix": "a_b"}), "INVALID_ARGUMENT"),
        (json!({"ossPrefix": "a".repeat(33)}), "INVALID_ARGUMENT"),
        (json!({"clientToken": "t".repeat(65)}), "INVALID_ARGUMENT"),
        (
            json!({"ossUrl": "https://out.s3.cn-east-2.jdcloud-oss.com"}),
            "CONFLICT",
        ),
    ] {
        refused(&simulator, &rest, exporting(&extra), 400, status).await;
    }
    assert!(simulator.counters().exports.is_empty());
}

async fn tag(simulator: &Simulator, host: &str, action: &str, resources: Value) -> Answer {
    let path = format!("/v1/regions/{REGION}/tags:{action}");
    let body =
        json!({action: {"resources": resources, "tags": [{"key": "环境", "value": "a"}, {"key": "b", "value": ""}]}});
    let request = sign::jdcloud_at(host, "resourcetag", "POST", &path, "", &body.to_string(), REGION);
    send(simulator.address(Cloud::Jdcloud), &request).await
}

const TAGS: &str = "resourcetag.jdcloud-api.com";

#[tokio::test]
async fn tags_are_set_where_the_service_takes_images_and_failures_are_in_a_success() {
    let (simulator, id) = with_image(quick().tags_of_images(true)).await;
    let resources = json!([{"serviceCode": "vm", "resourceId": [id, "img-none"]}]);
    for host in [TAGS, "resource-tag.jdcloud-api.com"] {
        let answer = tag(&simulator, host, "tagResources", resources.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let data = &answer.json()["result"]["data"];
        assert_eq!((&data["successCount"], &data["region"]), (&json!(2), &json!(REGION)));
        assert_eq!(data["failedResourcesMap"].as_array().unwrap().len(), 1);
        assert_eq!(data["failedResourcesMap"][0]["resourceId"], "img-none");
    }
    let tags = || simulator.images(Cloud::Jdcloud)[0].tags.clone();
    assert_eq!(tags().len(), 2);
    let gone = tag(&simulator, TAGS, "unTagResources", resources.clone()).await.json();
    assert_eq!(gone["result"]["data"]["successCount"], 2);
    assert!(tags().is_empty());
    let again = tag(&simulator, TAGS, "unTagResources", resources).await.json();
    assert_eq!(again["result"]["data"]["successCount"], 0);
}

#[tokio::test]
async fn no_source_says_that_images_have_tags() {
    let (simulator, id) = with_image(quick()).await;
    let answer = tag(
        &simulator,
        TAGS,
        "tagResources",
        json!([{"serviceCode": "vm", "resourceId": [id]}]),
    )
    .await
    .json();
    assert_eq!(answer["result"]["data"]["failedResourcesMap"][0]["resourceId"], *id);
    assert!(simulator.images(Cloud::Jdcloud)[0].tags.is_empty());
    for resources in [
        json!([]),
        json!([{"serviceCode": "image", "resourceId": [id]}]),
        json!([{"serviceCode": "vm", "resourceId": [id]}, {"serviceCode": "disk", "resourceId": ["d"]}]),
    ] {
        let answer = tag(&simulator, TAGS, "tagResources", resources).await;
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn tags_are_another_service_at_its_own_host() {
    let (simulator, _) = with_image(quick()).await;
    let address = simulator.address(Cloud::Jdcloud);
    let status = async |host: &str, service: &str, rest: &str, body: &str| {
        let path = format!("/v1/regions/{REGION}/{rest}");
        let request = sign::jdcloud_at(host, service, "POST", &path, "", body, REGION);
        send(address, &request).await.status
    };
    let tags = r#"{"tagResources":{"resources":[{"serviceCode":"vm","resourceId":[]}],"tags":[]}}"#;
    assert_eq!(status(TAGS, "resourcetag", "tags:tagResources", tags).await, 200);
    assert_eq!(status(TAGS, "vm", "tags:tagResources", tags).await, 401);
    assert_eq!(status("vm.jdcloud-api.com", "vm", "tags:tagResources", tags).await, 404);
    assert_eq!(
        status("www.jdcloud-api.com", "resourcetag", "tags:tagResources", tags).await,
        200
    );
    assert_eq!(status(TAGS, "resourcetag", "images/i:release", "{}").await, 404);
}
