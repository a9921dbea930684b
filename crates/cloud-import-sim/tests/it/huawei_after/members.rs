//! Members: who gets an image, and what they say to it.

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use super::{At, HERE, OWNER, RECEIVER, REGION, THEIRS, call, code, get, image, import, imported, job};
use crate::{http::Answer, quick, started};

const MEMBERS: &str = "/v1/cloudimages/members";

async fn share(simulator: &Simulator, images: &[&str], projects: &[&str]) -> Answer {
    let body = json!({"images": images, "projects": projects});
    call(simulator, HERE, "POST", MEMBERS, body).await
}

async fn members(simulator: &Simulator, id: &str, query: &str) -> Value {
    let path = format!("/v1/{OWNER}/cloudimages/{id}/members{query}");
    let answer = get(simulator, HERE, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn names(simulator: &Simulator, at: At<'_>, query: &str) -> Vec<String> {
    let listed = get(simulator, at, &format!("/v2/cloudimages{query}")).await.json();
    let images = listed["images"].as_array().unwrap().iter();
    images.map(|image| image["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_receiver_sees_an_image_when_it_accepts_it() {
    let (simulator, id) = imported(json!({})).await;
    assert_eq!(get(&simulator, THEIRS, &format!("/v2/images/{id}")).await.status, 404);
    let answer = share(&simulator, &[&id], &[RECEIVER]).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(
        (&done["status"], &done["job_type"]),
        (&json!("SUCCESS"), &json!("imsAddImageMembersJob"))
    );
    let result = json!({"image_id": id, "project_id": RECEIVER, "status": "success"});
    assert_eq!(done["entities"]["results"], json!([result]));
    assert_eq!(job(&simulator, THEIRS, &answer).await["error"]["code"], "IMG.0061");

    // Not in its list, but there all the same.
    assert!(names(&simulator, THEIRS, "").await.is_empty());
    assert_eq!(
        names(&simulator, THEIRS, "?member_status=pending&visibility=shared").await,
        ["web"]
    );
    let shown = image(&simulator, THEIRS, &id).await;
    assert_eq!(
        (&shown["visibility"], &shown["owner"]),
        (&json!("shared"), &json!(OWNER))
    );

    let say = async |at: At<'_>, status: &str| {
        let body = json!({"images": [id], "project_id": RECEIVER, "status": status});
        call(&simulator, at, "PUT", MEMBERS, body).await
    };
    assert_eq!(
        code(&say(HERE, "accepted").await),
        "IMG.0030",
        "it is for the receiver to say"
    );
    let answer = say(THEIRS, "accepted").await;
    assert_eq!(
        job(&simulator, THEIRS, &answer).await["job_type"],
        "imsUpdateImageMembersJob"
    );
    assert_eq!(names(&simulator, THEIRS, "").await, ["web"]);
    assert_eq!(names(&simulator, THEIRS, "?__imagetype=shared").await, ["web"]);
    assert!(names(&simulator, THEIRS, "?__imagetype=private").await.is_empty());
    assert_eq!(names(&simulator, HERE, "?__imagetype=private").await, ["web"]);
    let shown = members(&simulator, &id, "").await;
    assert_eq!(shown["members"][0]["status"], "accepted");
    job(&simulator, THEIRS, &say(THEIRS, "rejected").await).await;
    assert!(names(&simulator, THEIRS, "").await.is_empty());

    // A receiver changes nothing of it.
    let path = format!("/v2/images/{id}");
    assert_eq!(
        code(&call(&simulator, THEIRS, "DELETE", &path, Value::Null).await),
        "IMG.0092"
    );
    let change = json!([{"op": "replace", "path": "/name", "value": "x"}]);
    let path = format!("/v2/cloudimages/{id}");
    assert_eq!(
        code(&call(&simulator, THEIRS, "PATCH", &path, change).await),
        "IMG.0047"
    );

    let body = json!({"images": [id], "projects": [RECEIVER]});
    let answer = call(&simulator, HERE, "DELETE", MEMBERS, body).await;
    assert_eq!(
        job(&simulator, HERE, &answer).await["job_type"],
        "imsDelImageMembersJob"
    );
    assert_eq!(get(&simulator, THEIRS, &format!("/v2/images/{id}")).await.status, 404);
    assert_eq!(members(&simulator, &id, "").await["members"], json!([]));
}

#[tokio::test]
async fn a_share_is_there_when_its_job_is_over() {
    // Its job takes as long as an import.
    let simulator = started(
        quick()
            .any_object(true)
            .import_time(std::time::Duration::from_millis(400)),
    )
    .await;
    let body = json!({"name": "web", "image_url": "b:k.qcow2", "min_disk": 40});
    call(&simulator, HERE, "POST", "/v2/cloudimages/action", body).await;
    let id = simulator.images(Cloud::Huawei)[0].image_id.clone();
    while image(&simulator, HERE, &id).await["status"] != "active" {
        crate::pause(20).await;
    }
    let answer = share(&simulator, &[&id], &[RECEIVER]).await;
    loop {
        let shown = members(&simulator, &id, "").await["members"].as_array().unwrap().len();
        let done = job(&simulator, HERE, &answer).await;
        if done["status"] == "SUCCESS" {
            break;
        }
        assert_eq!(shown, 0, "the job was not over: {done}");
        assert!(done["entities"].get("results").is_none());
        crate::pause(20).await;
    }
    assert_eq!(
        members(&simulator, &id, "").await["members"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_share_is_refused_for_its_reason() {
    let (simulator, id) = imported(json!({})).await;
    assert_eq!(code(&share(&simulator, &[&id], &[OWNER]).await), "IMG.0076");
    assert_eq!(code(&share(&simulator, &[&id], &["me"]).await), "IMG.0067");
    assert_eq!(code(&share(&simulator, &[&id], &[]).await), "IMG.0041");
    assert_eq!(code(&share(&simulator, &[], &[RECEIVER]).await), "IMG.0066");
    assert_eq!(code(&share(&simulator, &["none"], &[RECEIVER]).await), "IMG.0027");
    let secret = import(&simulator, json!({"name": "secret", "cmk_id": "key-1"})).await;
    assert_eq!(code(&share(&simulator, &[&secret], &[RECEIVER]).await), "IMG.0098");

    // Of several images, each has its own verdict.
    let answer = share(&simulator, &[&id, &secret], &[RECEIVER]).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(done["status"], "SUCCESS");
    let words: Vec<&Value> = done["entities"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(words, ["success", "fail"]);
    let answer = share(&simulator, &[&secret, "none"], &[RECEIVER]).await;
    let done = job(&simulator, HERE, &answer).await;
    assert_eq!(
        (&done["status"], &done["error_code"]),
        (&json!("FAIL"), &json!("IMG.0098"))
    );
    assert_eq!(
        members(&simulator, &id, "").await["members"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn an_image_has_128_receivers_and_pages_go_on() {
    let (simulator, id) = imported(json!({})).await;
    let all: Vec<String> = (0..129).map(|at| format!("{at:032x}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(code(&share(&simulator, &[&id], &all).await), "IMG.0088");
    job(&simulator, HERE, &share(&simulator, &[&id], &all[..128]).await).await;
    // Who is one already takes no room.
    job(&simulator, HERE, &share(&simulator, &[&id], &all[..1]).await).await;
    assert_eq!(code(&share(&simulator, &[&id], &all[128..]).await), "IMG.0088");
    let path = format!("/v2/images/{id}/members");
    assert_eq!(
        code(&call(&simulator, HERE, "POST", &path, json!({"member": all[128]})).await),
        "IMG.0088"
    );

    let first = members(&simulator, &id, "?limit=100").await;
    assert_eq!(first["page_info"]["current_count"], 100);
    let marker = first["page_info"]["next_marker"].as_str().unwrap().replace('=', "%3D");
    let second = members(&simulator, &id, &format!("?limit=100&marker={marker}")).await;
    assert_eq!(second["members"].as_array().unwrap().len(), 28);
    assert_eq!(second["members"][27]["member_id"], all[127]);
    assert_eq!(second["page_info"]["next_marker"], "");
}

#[tokio::test]
async fn in_the_words_of_openstack() {
    let (simulator, id) = imported(json!({})).await;
    let path = format!("/v2/images/{id}/members");
    let add = async || call(&simulator, HERE, "POST", &path, json!({"member": RECEIVER})).await;
    let added = add().await;
    assert_eq!((added.status, &added.json()["status"]), (200, &json!("pending")));
    assert_eq!(add().await.status, 409);
    let own = format!("{path}/{RECEIVER}");
    let say = async |at: At<'_>| call(&simulator, at, "PUT", &own, json!({"status": "accepted"})).await;
    assert_eq!(say(HERE).await.status, 403);
    assert_eq!(say(THEIRS).await.json()["status"], "accepted");
    for at in [HERE, THEIRS] {
        let listed = get(&simulator, at, &path).await.json();
        assert_eq!(listed["members"][0]["member_id"], RECEIVER);
    }
    let one = get(
        &simulator,
        HERE,
        &format!("/v1/{OWNER}/cloudimages/{id}/members/{RECEIVER}"),
    )
    .await;
    assert_eq!(one.json()["member_type"], "project");
    let none = get(
        &simulator,
        HERE,
        &format!("/v1/{OWNER}/cloudimages/{id}/members/{OWNER}"),
    )
    .await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn accounts_and_organizations_are_not_asked_and_keep_an_image() {
    let (simulator, id) = imported(json!({})).await;
    let (domain, organization) = ("d0d0d0d0aaaabbbbccccddddeeeeffff", "organizations:pub:ou:o-1/r-1/ou-1");
    let body = json!({"images": [id], "domains": [domain], "organizations": [organization]});
    let answer = call(&simulator, HERE, "POST", MEMBERS, body.clone()).await;
    job(&simulator, HERE, &answer).await;
    let shown = members(&simulator, &id, "").await;
    assert_eq!(shown["members"][0]["member_type"], "domain");
    assert_eq!(shown["members"][1]["member_type"], "organization");
    assert_eq!(
        (&shown["members"][1]["member_id"], &shown["members"][1]["urn"]),
        (&json!("ou-1"), &json!(organization))
    );
    assert_eq!(shown["members"][1]["status"], "accepted");
    let delete = async || call(&simulator, HERE, "DELETE", &format!("/v2/images/{id}"), Value::Null).await;
    assert_eq!(code(&delete().await), "IMG.0105");
    job(&simulator, HERE, &call(&simulator, HERE, "DELETE", MEMBERS, body).await).await;
    job(&simulator, HERE, &share(&simulator, &[&id], &[RECEIVER]).await).await;
    assert_eq!(delete().await.status, 204, "shares with projects do not keep it");
}

#[tokio::test]
async fn a_share_stays_in_its_region() {
    let projects = [(REGION, OWNER), ("cn-east-3", RECEIVER)];
    let projects = projects.map(|(name, id)| (name.to_owned(), id.to_owned()));
    let simulator = started(quick().any_object(true).huawei_projects(projects.to_vec())).await;
    let id = import(&simulator, json!({})).await;
    assert_eq!(code(&share(&simulator, &[&id], &[RECEIVER]).await), "IMG.0108");
}
