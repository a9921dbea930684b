//! Huawei: jobs, two ways of import, three shapes of error, projects.

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use crate::{
    LISTED_AFTER, clock, file,
    http::{Answer, send},
    listed_in_time, put, qcow2_of, quick, sign, slow, started,
};

const REGION: &str = "cn-north-4";
const HOST: &str = "ims.cn-north-4.myhuaweicloud.com";
const QUICK: &str = "/v2/cloudimages/quickimport/action";
const COMMON: &str = "/v2/cloudimages/action";

async fn call(simulator: &Simulator, method: &'static str, path: &str, query: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = sign::huawei(method, HOST, path, query, &body, None);
    send(simulator.address(Cloud::Huawei), &request).await
}

fn body(extra: &Value) -> Value {
    let mut body = json!({
        "name": "web",
        "os_version": "CentOS 7.9 64bit",
        "image_url": "bucket-1:dir/k.zvhd2",
        "min_disk": 40,
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn import(simulator: &Simulator, path: &str, extra: Value) -> Answer {
    call(simulator, "POST", path, "", &body(&extra)).await
}

async fn job(simulator: &Simulator, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["job_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cloudimages/job/{id}");
    call(simulator, "GET", &path, "", &Value::Null).await.json()
}

async fn list(simulator: &Simulator, query: &str) -> Vec<Value> {
    let answer = call(simulator, "GET", "/v2/cloudimages", query, &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["images"].as_array().unwrap().clone()
}

fn put_zvhd2(simulator: &Simulator) {
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "dir/k.zvhd2", file(b"z2strm\0\0"));
}

#[tokio::test]
async fn a_quick_import_becomes_an_image() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    let tags = json!([{"key": "env", "value": "ci"}]);
    let answer = import(&simulator, QUICK, json!({"image_tags": tags})).await;
    assert_eq!(answer.header("x-request-id").len(), 32);
    let job = job(&simulator, &answer).await;
    assert_eq!(job["status"], "SUCCESS");
    assert_eq!(job["error_code"], Value::Null);
    assert_eq!(job["entities"]["process_percent"], 1.0);
    let id = job["entities"]["image_id"].as_str().unwrap();

    let images = list(&simulator, "__imagetype=private&name=web&tag=env.ci").await;
    assert_eq!(images[0]["id"], *id);
    assert_eq!(images[0]["status"], "active");
    assert_eq!(images[0]["__data_origin"], "file,bucket-1:dir/k.zvhd2");
    assert!(list(&simulator, "name=we").await.is_empty());

    let path = format!("/v2/images/{id}");
    let gone = call(&simulator, "DELETE", &path, "", &Value::Null).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert!(list(&simulator, "name=web").await.is_empty());
    assert_eq!(call(&simulator, "DELETE", &path, "", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_running_job_is_a_fraction_and_belongs_to_its_project() {
    let simulator = started(slow()).await;
    put_zvhd2(&simulator);
    let address = simulator.address(Cloud::Huawei);
    let request = sign::huawei("POST", HOST, QUICK, "", &body(&json!({})).to_string(), Some("p1"));
    let answer = send(address, &request).await;
    let id = answer.json()["job_id"].as_str().unwrap().to_owned();
    let ask = async |project: &str| {
        let path = format!("/v1/{project}/jobs/{id}");
        send(address, &sign::huawei("GET", HOST, &path, "", "", Some(project))).await
    };
    let job = ask("p1").await.json();
    assert_eq!(job["status"], "INIT");
    assert_eq!(job["end_time"], "");
    assert_eq!(job["entities"]["process_percent"], 0.0);
    assert!(job["entities"].get("image_id").is_none());
    assert_eq!(ask("p2").await.status, 404);
    let image = &simulator.images(Cloud::Huawei)[0];
    assert_eq!(image.project, "p1");
    let path = format!("/v2/images/{}", image.image_id);
    let request = sign::huawei("DELETE", HOST, &path, "", "", Some("p1"));
    let refused = send(address, &request).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["code"], "IMG.0090");
}

#[tokio::test]
async fn quick_import_takes_zvhd2_or_raw_with_its_bitmap() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Huawei, REGION);
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "a.b/disk.raw", file(b"raw"));
    let code = async |url: &str| {
        let answer = import(&simulator, QUICK, json!({"image_url": url})).await;
        answer.json()["error"]["code"].clone()
    };
    assert_eq!(code("bucket-1:k.qcow2").await, "IMG.0158");
    assert_eq!(code("bucket-1:a.b/disk.raw").await, "IMG.0158");
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "a.b/disk.mf", file(b"mf"));
    assert_eq!(code("bucket-1:a.b/disk.raw").await, Value::Null);
    let common = import(
        &simulator,
        COMMON,
        json!({"name": "other", "image_url": "bucket-1:k.qcow2"}),
    )
    .await;
    assert_eq!(job(&simulator, &common).await["status"], "SUCCESS");
}

#[tokio::test]
async fn data_disks_need_no_system() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    let data = json!({
        "name": "data", "image_url": "bucket-1:dir/k.zvhd2", "os_type": "Linux", "min_disk": 40,
        "type": "DataImage", "tags": ["a.1", "b"],
    });
    let answer = call(&simulator, "POST", QUICK, "", &data).await;
    assert_eq!(job(&simulator, &answer).await["job_type"], "imsImportDataImageJob");
    let image = &list(&simulator, "name=data").await[0];
    assert_eq!(image["virtual_env_type"], "DataImage");
    assert_eq!(image["tags"], json!(["a.1", "b."]));

    let mut empty = data;
    empty["name"] = json!("data-2");
    empty["os_version"] = json!("");
    assert_eq!(call(&simulator, "POST", QUICK, "", &empty).await.status, 200);
    empty["name"] = json!("data-3");
    empty["os_version"].take();
    let path = "/v1/cloudimages/dataimages/action";
    let common = json!({"name": "data-4", "image_url": "bucket-1:dir/k.zvhd2", "os_type": "Linux", "min_disk": 40});
    assert_eq!(call(&simulator, "POST", path, "", &common).await.status, 200);
}

#[tokio::test]
async fn a_common_import_may_bring_data_disks() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Huawei, REGION);
    let data = json!([{"name": "data", "image_url": "bucket-1:k.qcow2", "min_disk": 100}]);
    let extra = json!({"image_url": "bucket-1:k.qcow2", "data_images": data});
    let answer = import(&simulator, COMMON, extra).await;
    assert_eq!(job(&simulator, &answer).await["status"], "SUCCESS");
    let names: Vec<String> = simulator
        .images(Cloud::Huawei)
        .into_iter()
        .map(|image| image.name)
        .collect();
    assert_eq!(names, ["web", "data"]);
}

#[tokio::test]
async fn what_is_wrong_has_a_code() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    simulator.put_object(Cloud::Huawei, "cn-east-3", "bucket-2", "k.zvhd2", file(b"z2strm\0\0"));
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "empty", bytes::Bytes::new());
    let both = json!({"tags": ["a.b"], "image_tags": [{"key": "a", "value": "b"}]});
    for (extra, code) in [
        (json!({"image_url": "bucket-1:none"}), "IMG.0057"),
        (json!({"image_url": "bucket-1:empty"}), "IMG.0057"),
        (json!({"image_url": "bucket-2:k.zvhd2"}), "IMG.0058"),
        (json!({"image_url": "https://bucket-1/k"}), "IMG.0017"),
        (json!({"image_url": "bucket-1:a b"}), "IMG.0175"),
        (json!({"os_version": null}), "IMG.0159"),
        (json!({"name": "n".repeat(129)}), "IMG.0002"),
        (json!({"name": " web"}), "IMG.0003"),
        (json!({"description": "a<b"}), "IMG.0054"),
        (json!({"min_disk": 1025}), "IMG.0111"),
        (json!({"min_disk": "40"}), "IMG.0111"),
        (json!({"architecture": "x86_64"}), "IMG.0212"),
        (json!({"architecture": "arm", "hw_firmware_type": "bios"}), "IMG.0141"),
        (json!({"type": "VM"}), "IMG.0157"),
        (json!({"enterprise_project_id": "mine"}), "IMG.0154"),
        (both, "IMG.0115"),
        (json!({"client_token": "t"}), "IMG.0001"),
    ] {
        let answer = import(&simulator, QUICK, extra.clone()).await;
        assert_eq!(answer.status, 400, "{extra}");
        assert_eq!(answer.json()["error"]["code"], code, "{extra}");
    }
    assert!(simulator.images(Cloud::Huawei).is_empty());
    assert_eq!(import(&simulator, QUICK, json!({})).await.status, 200);
    let again = import(&simulator, QUICK, json!({})).await;
    assert_eq!(again.json()["error"]["code"], "IMG.0009");
}

#[tokio::test]
async fn a_disk_that_is_too_large_fails_the_job() {
    let simulator = started(quick()).await;
    simulator.put_object(Cloud::Huawei, REGION, "bucket-1", "big.qcow2", qcow2_of(41));
    let answer = import(&simulator, COMMON, json!({"image_url": "bucket-1:big.qcow2"})).await;
    let job = job(&simulator, &answer).await;
    assert_eq!(job["status"], "FAIL");
    assert_eq!(job["error_code"], "IMG.0111");
    assert!(job["fail_reason"].as_str().unwrap().contains("larger than"));
    assert_eq!(list(&simulator, "name=web").await[0]["status"], "killed");
}

#[tokio::test]
async fn images_of_an_enterprise_project_are_asked_for() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    let project = "7b5a1a2c-6a3e-4a57-9f0c-0b6f6f1f2a3b";
    import(&simulator, QUICK, json!({"enterprise_project_id": project})).await;
    assert!(list(&simulator, "name=web").await.is_empty());
    let all = "enterprise_project_id=all_granted_eps&name=web";
    assert_eq!(list(&simulator, all).await.len(), 1);
    let later = "created_at=gte%3A2099-01-01T00%3A00%3A00Z&enterprise_project_id=all_granted_eps";
    assert!(list(&simulator, later).await.is_empty());
}

#[tokio::test]
async fn the_project_of_a_region_is_found_by_its_name() {
    let simulator = started(quick()).await;
    let address = simulator.address(Cloud::Huawei);
    let host = "iam.cn-north-4.myhuaweicloud.com";
    let ask = async |query: &str| {
        let request = sign::huawei("GET", host, "/v3/projects", query, "", None);
        send(address, &request).await.json()["projects"].clone()
    };
    let found = ask("name=cn-north-4").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    // What is imported without a project is found in the region's own.
    put_zvhd2(&simulator);
    import(&simulator, QUICK, json!({})).await;
    assert_eq!(simulator.images(Cloud::Huawei)[0].project, found[0]["id"]);

    let projects = vec![("cn-north-4".to_owned(), "p-1".to_owned())];
    let other = started(quick().huawei_projects(projects)).await;
    let request = sign::huawei("GET", host, "/v3/projects", "name=cn-east-3", "", None);
    let none = send(other.address(Cloud::Huawei), &request).await.json();
    assert_eq!(none["projects"], json!([]));
}

#[tokio::test]
async fn an_image_can_be_registered_before_its_file() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    let metadata = json!({"name": "late", "__os_version": "CentOS 7.9 64bit", "min_disk": 40});
    let created = call(&simulator, "POST", "/v2/images", "", &metadata).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(list(&simulator, "name=late").await[0]["status"], "queued");
    let path = format!("/v1/cloudimages/{id}/upload");
    let url = json!({"image_url": "bucket-1:dir/k.zvhd2"});
    let answer = call(&simulator, "PUT", &path, "", &url).await;
    assert_eq!(job(&simulator, &answer).await["entities"]["image_id"], *id);
    let shown = call(&simulator, "GET", &format!("/v2/images/{id}"), "", &Value::Null).await;
    assert_eq!(shown.json()["status"], "active");
    assert_eq!(call(&simulator, "PUT", &path, "", &url).await.status, 400);
}

#[tokio::test]
async fn an_image_without_a_file_has_the_documented_defaults() {
    let simulator = started(quick()).await;
    let metadata = json!({"name": "late", "protected": true, "disk_format": "qcow2"});
    let created = call(&simulator, "POST", "/v2/images", "", &metadata).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let image = created.json();
    assert_eq!(image["__os_version"], "Other Linux(64 bit)");
    assert_eq!(
        [
            &image["min_disk"],
            &image["protected"],
            &image["disk_format"],
            &image["status"]
        ],
        [&json!(40), &json!(true), &json!("qcow2"), &json!("queued")]
    );
    for wrong in [
        json!({"disk_format": "vmdk"}),
        json!({"visibility": "public"}),
        json!({"n": 1}),
    ] {
        assert_eq!(
            call(&simulator, "POST", "/v2/images", "", &wrong).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn lists_filter_by_attributes_and_go_on() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    for name in ["a", "b", "c"] {
        let extra = json!({"name": name, "architecture": if name == "b" { "arm" } else { "x86" }});
        assert_eq!(import(&simulator, QUICK, extra).await.status, 200);
    }
    let names = |images: &[Value]| images.iter().map(|image| image["name"].clone()).collect::<Vec<_>>();
    for (query, expected) in [
        ("sort_dir=asc", vec!["a", "b", "c"]),
        ("sort_dir=desc&sort_key=name", vec!["c", "b", "a"]),
        ("__os_type=Linux&architecture=arm", vec!["b"]),
        ("__os_type=Windows", vec![]),
        ("__support_arm=true", vec!["b"]),
        ("__isregistered=false", vec![]),
        ("virtual_env_type=DataImage", vec![]),
        ("member_status=accepted&visibility=shared", vec![]),
        ("min_disk=40&name=c&protected=false", vec!["c"]),
        ("updated_at=lt%3A2000-01-01T00%3A00%3A00Z", vec![]),
    ] {
        assert_eq!(names(&list(&simulator, query).await), expected, "{query}");
    }
    let page = async |target: &str| {
        let (path, query) = target.split_once('?').unwrap();
        let answer = call(&simulator, "GET", path, query, &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let first = page("/v2/images?__imagetype=private&limit=2&sort_dir=asc").await;
    assert_eq!(names(first["images"].as_array().unwrap()), ["a", "b"]);
    let second = page(first["next"].as_str().unwrap()).await;
    assert_eq!(names(second["images"].as_array().unwrap()), ["c"]);
    assert!(second.get("next").is_none());
    let first = page("/v2/cloudimages?limit=2").await;
    assert_eq!(first["page_info"]["next_marker"], first["images"][1]["id"]);
    assert!(page("/v2/cloudimages?limit=3").await.get("page_info").is_none());
}

#[tokio::test]
async fn systems_are_listed_by_tag() {
    let simulator = started(quick()).await;
    let systems = async |query: &str| {
        let answer = call(&simulator, "GET", "/v1/cloudimages/os_version", query, &Value::Null).await;
        answer.json().to_string()
    };
    assert!(systems("").await.contains("Windows Server 2022") && systems("").await.contains("with ARM"));
    let arm = systems("tag=arm").await;
    assert!(arm.contains("with ARM") && !arm.contains("Windows"), "{arm}");
    let wrong = call(&simulator, "GET", "/v1/cloudimages/os_version", "tag=x", &Value::Null).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn errors_have_the_shape_of_where_they_come_from() {
    let simulator = started(quick()).await;
    let address = simulator.address(Cloud::Huawei);
    let gateway = call(&simulator, "GET", "/v9/nothing", "", &Value::Null).await;
    assert_eq!(gateway.status, 404);
    assert_eq!(gateway.json()["error_code"], "APIGW.0101");
    assert_eq!(gateway.json()["request_id"], gateway.header("x-request-id"));

    let mut request = sign::huawei("GET", HOST, "/v2/cloudimages", "limit=1", "", None);
    request.target.push_str("&name=x");
    let refused = send(address, &request).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error_code"], "APIGW.0301");

    let host = "iam.cn-north-4.myhuaweicloud.com";
    let mut request = sign::huawei("GET", host, "/v3/projects", "name=x", "", None);
    request.target.push('y');
    let refused = send(address, &request).await.json();
    assert_eq!(refused["error"]["code"], 401);
    assert_eq!(refused["error"]["title"], "Unauthorized");
}

#[tokio::test]
async fn a_token_does_instead_of_a_signature() {
    let simulator = started(quick().huawei_auth_token("iam-token")).await;
    let address = simulator.address(Cloud::Huawei);
    let request = crate::http::Request::plain("GET", "/v1/cloudimages/quota", "").set("host", HOST);
    let good = send(address, &request.clone().set("x-auth-token", "iam-token")).await;
    assert_eq!(good.status, 200, "{}", good.text());
    assert_eq!(good.json()["quotas"]["resources"][0]["quota"], 50);
    let bad = send(address, &request.set("x-auth-token", "other")).await;
    assert_eq!(bad.status, 401);
}

#[tokio::test]
async fn an_image_is_renamed_by_a_list_of_changes() {
    let simulator = started(quick()).await;
    put_zvhd2(&simulator);
    let answer = import(&simulator, QUICK, json!({})).await;
    let id = job(&simulator, &answer).await["entities"]["image_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = import(&simulator, QUICK, json!({"name": "other"})).await;
    job(&simulator, &other).await;
    let change =
        async |id: &str, body: Value| call(&simulator, "PATCH", &format!("/v2/cloudimages/{id}"), "", &body).await;
    let name = |name: &str| json!([{"op": "replace", "path": "/name", "value": name}]);
    let taken = change(&id, name("other")).await;
    assert_eq!(
        (taken.status, &taken.json()["error"]["code"]),
        (400, &json!("IMG.0009"))
    );
    let renamed = change(&id, name("new")).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("new")));
    assert_eq!(list(&simulator, "name=new").await[0]["id"], *id);
    // What is not there is added, and then it can be replaced.
    let describe = |op: &str| json!([{"op": op, "path": "/__description", "value": "d"}]);
    let missing = change(&id, describe("replace")).await;
    assert_eq!(missing.json()["error"]["code"], "IMG.0035");
    for op in ["add", "replace"] {
        assert_eq!(change(&id, describe(op)).await.json()["__description"], "d", "{op}");
    }
    assert_eq!(change("0", name("x")).await.status, 404);
    assert_eq!(change(&id, json!({"name": "x"})).await.status, 400, "it takes a list");
}

#[tokio::test]
async fn a_new_image_and_its_job_are_found_only_after_their_time() {
    let simulator = started(quick().listed_after(LISTED_AFTER)).await;
    put_zvhd2(&simulator);
    let begun = clock();
    let answer = import(&simulator, QUICK, json!({})).await;
    let job = format!("/v1/cloudimages/job/{}", answer.json()["job_id"].as_str().unwrap());
    let id = &simulator.images(Cloud::Huawei)[0].image_id;
    let image = format!("/v2/images/{id}");
    // Changes by id do not wait.
    let new = json!([{"op": "replace", "path": "/name", "value": "new"}]);
    let renamed = call(&simulator, "PATCH", &format!("/v2/cloudimages/{id}"), "", &new).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("new")));
    let status = async |path: &str| call(&simulator, "GET", path, "", &Value::Null).await.status;
    listed_in_time(begun, async || {
        vec![
            list(&simulator, "name=new").await.len() == 1,
            status(&image).await == 200,
            status(&job).await == 200,
        ]
    })
    .await;
}
