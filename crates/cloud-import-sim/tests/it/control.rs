//! The control endpoint, as a script would use it.

use cloud_import_sim::{Cloud, Counters, ImageSummary, ObjectSummary};

use crate::{
    http::{Request, send},
    put, quick, sign, slow, started,
};

#[tokio::test]
async fn a_script_can_do_what_a_test_can() {
    let simulator = started(quick()).await;
    let control = simulator.control_address();
    let put = Request::plain("PUT", "/objects/ucloud/cn-bj2/bucket-1/dir/a%20b.raw", "raw bytes");
    assert_eq!(send(control, &put).await.status, 204);
    let objects = send(control, &Request::plain("GET", "/objects", "")).await;
    let objects: Vec<ObjectSummary> = serde_json::from_slice(&objects.body).unwrap();
    assert_eq!((objects[0].key.as_str(), objects[0].size), ("dir/a b.raw", 9));
    let fetched = Request::plain("GET", "/objects/ucloud/cn-bj2/bucket-1/dir/a%20b.raw", "");
    assert_eq!(send(control, &fetched).await.text(), "raw bytes");

    let fault = r#"{"cloud":"ucloud","operation":"ImportCustomImage","kind":"throttle"}"#;
    assert_eq!(
        send(control, &Request::plain("POST", "/faults", fault)).await.status,
        204
    );
    let import = sign::ucloud(
        "ImportCustomImage",
        &[
            ("Region", "cn-bj2"),
            ("ImageName", "web"),
            ("UFileUrl", "http://bucket-1.cn-bj.ufileos.com/dir/a%20b.raw"),
            ("OsType", "Other"),
            ("OsName", "Other"),
            ("Format", "RAW"),
            ("Auth", "true"),
        ],
    );
    let address = simulator.address(Cloud::Ucloud);
    assert_eq!(send(address, &import).await.json()["RetCode"], 153);
    assert_eq!(send(address, &import).await.json()["RetCode"], 0);

    let images = send(control, &Request::plain("GET", "/images", "")).await;
    let images: Vec<ImageSummary> = serde_json::from_slice(&images.body).unwrap();
    assert_eq!(images, simulator.images(Cloud::Ucloud));
    assert_eq!(images[0].state, "Available");
    let counters = send(control, &Request::plain("GET", "/counters", "")).await;
    let counters: Counters = serde_json::from_slice(&counters.body).unwrap();
    assert_eq!(counters.requests_of(Cloud::Ucloud, "ImportCustomImage"), 2);
    assert_eq!(counters.imports_of(Cloud::Ucloud, "web"), 1);
}

#[tokio::test]
async fn time_passes_for_what_is_under_way_when_a_script_says_so() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    let control = simulator.control_address();
    let import = sign::ucloud(
        "ImportCustomImage",
        &[
            ("Region", "cn-bj2"),
            ("ImageName", "web"),
            ("UFileUrl", "http://bucket-1.cn-bj.ufileos.com/k.qcow2"),
            ("OsType", "Other"),
            ("OsName", "Other"),
            ("Format", "qcow2"),
            ("Auth", "true"),
        ],
    );
    let answer = send(simulator.address(Cloud::Ucloud), &import).await;
    assert_eq!(answer.json()["RetCode"], 0, "{}", answer.text());
    let state = || simulator.images(Cloud::Ucloud)[0].state.clone();
    let pass = async |body: &str| send(control, &Request::plain("POST", "/time", body)).await.status;
    for (body, status) in [("1800", 204), ("an hour", 400), ("-1", 400)] {
        assert_eq!(pass(body).await, status, "{body}");
    }
    assert_eq!(state(), "Making");
    assert_eq!(pass("1800").await, 204);
    assert_eq!(state(), "Available");
}

#[tokio::test]
async fn faults_can_be_taken_back_and_nonsense_is_refused() {
    let simulator = started(quick()).await;
    let control = simulator.control_address();
    let fault = r#"{"kind":"drop_before","times":9}"#;
    assert_eq!(
        send(control, &Request::plain("POST", "/faults", fault)).await.status,
        204
    );
    assert_eq!(
        send(control, &Request::plain("DELETE", "/faults", "")).await.status,
        204
    );
    let request = sign::ucloud("GetRegion", &[]);
    assert_eq!(send(simulator.address(Cloud::Ucloud), &request).await.status, 200);

    for (method, target, body, status) in [
        ("POST", "/faults", r#"{"kind":"explode"}"#, 400),
        ("PUT", "/objects/nowhere/r/b/k", "", 400),
        ("PUT", "/objects/ucloud/cn-bj2/b", "", 400),
        ("GET", "/objects/ucloud/cn-bj2/b/none", "", 404),
        ("GET", "/", "", 404),
    ] {
        let answer = send(control, &Request::plain(method, target, body)).await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
}

#[tokio::test]
async fn an_object_has_a_largest_size() {
    let simulator = started(quick()).await;
    let large = "x".repeat((64 << 20) + 1);
    let put = Request::plain("PUT", "/objects/ucloud/cn-bj2/b/k", &large);
    let answer = crate::http::try_send(simulator.control_address(), &put).await;
    // The refusal may be lost when the connection closes on bytes that nobody reads any more.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
    assert!(simulator.objects().is_empty());
}
