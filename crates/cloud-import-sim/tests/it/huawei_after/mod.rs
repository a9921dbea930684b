//! Huawei after the import: what these tests share.

mod copies;
mod exports;
mod members;
mod tags;

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use crate::{
    file,
    http::{Answer, send},
    quick, sign, started,
};

const REGION: &str = "cn-north-4";
const OTHER: &str = "cn-east-3";
/// The project that imports.
const OWNER: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
/// A project that gets something.
const RECEIVER: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// A project of a region.
#[derive(Clone, Copy)]
struct At<'a> {
    region: &'a str,
    project: Option<&'a str>,
}

const HERE: At<'_> = At {
    region: REGION,
    project: Some(OWNER),
};
const THEIRS: At<'_> = At {
    region: REGION,
    project: Some(RECEIVER),
};
/// The other region's own project.
const THERE: At<'_> = At {
    region: OTHER,
    project: None,
};

async fn call(simulator: &Simulator, at: At<'_>, method: &'static str, path: &str, body: Value) -> Answer {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let host = format!("ims.{}.myhuaweicloud.com", at.region);
    let request = sign::huawei(method, &host, path, query, &body, at.project);
    send(simulator.address(Cloud::Huawei), &request).await
}

async fn get(simulator: &Simulator, at: At<'_>, path: &str) -> Answer {
    call(simulator, at, "GET", path, Value::Null).await
}

/// The code of a refusal; empty where there is none.
fn code(answer: &Answer) -> String {
    if answer.status < 300 {
        return String::new();
    }
    answer.json()["error"]["code"].as_str().unwrap().to_owned()
}

async fn job(simulator: &Simulator, at: At<'_>, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["job_id"].as_str().unwrap().to_owned();
    get(simulator, at, &format!("/v1/cloudimages/job/{id}")).await.json()
}

/// A simulator in which imports are over at once, and the id of an image.
async fn imported(extra: Value) -> (Simulator, String) {
    let simulator = started(quick().any_bucket(true)).await;
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "k.zvhd2", file(b"z2strm\0\0"));
    let id = import(&simulator, extra).await;
    (simulator, id)
}

/// Imports one more.
async fn import(simulator: &Simulator, extra: Value) -> String {
    let mut body = json!({
        "name": "web", "os_version": "CentOS 7.9 64bit", "image_url": "bucket-1:k.zvhd2", "min_disk": 40,
        "image_tags": [{"key": "env", "value": "ci"}], "min_ram": 1024,
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = call(simulator, HERE, "POST", "/v2/cloudimages/action", body).await;
    let job = job(simulator, HERE, &answer).await;
    assert_eq!(job["status"], "SUCCESS", "{job}");
    job["entities"]["image_id"].as_str().unwrap().to_owned()
}

async fn image(simulator: &Simulator, at: At<'_>, id: &str) -> Value {
    get(simulator, at, &format!("/v2/images/{id}")).await.json()
}
