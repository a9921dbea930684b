//! What is common to all listeners: addresses, the end, wrong hosts, large bodies, tokens.

use std::io::Write;

use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::Value;

use crate::{
    AK, SK,
    http::{Request, send, try_send},
    quick, sign, started,
};

#[tokio::test]
async fn the_ready_line_says_where_everything_is() {
    let simulator = started(quick()).await;
    let line = simulator.ready_line();
    assert!(!line.contains('\n'));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line.as_object().unwrap().len(), 8);
    for &cloud in Cloud::ALL {
        let address = simulator.address(cloud);
        assert!(address.ip().is_loopback());
        assert_eq!(line[cloud.name()], format!("http://{address}"));
        let store = simulator.store_address(cloud);
        assert!(store.ip().is_loopback() && store != address);
        assert_eq!(line["stores"][cloud.name()], format!("http://{store}"));
    }
    assert_eq!(line["control"], format!("http://{}", simulator.control_address()));
    assert_eq!(line["access_key_id"], AK);
}

#[tokio::test]
async fn it_stops_when_told_and_when_dropped() {
    let simulator = started(quick()).await;
    let address = simulator.address(Cloud::Ucloud);
    simulator.stop().await;
    assert!(try_send(address, &sign::ucloud("GetRegion", &[])).await.is_err());

    let simulator = started(quick()).await;
    let address = simulator.address(Cloud::Ucloud);
    drop(simulator);
    crate::pause(50).await;
    assert!(try_send(address, &sign::ucloud("GetRegion", &[])).await.is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let first = started(quick()).await;
    let mut ports = [0; 5];
    ports[3] = first.address(Cloud::Ucloud).port();
    assert!(Simulator::start(quick().ports(ports)).await.is_err());
}

#[tokio::test]
async fn another_clouds_request_is_misdirected() {
    let simulator = started(quick()).await;
    let answer = send(simulator.address(Cloud::Aliyun), &sign::ucloud("GetRegion", &[])).await;
    assert_eq!(answer.status, 421);
}

#[tokio::test]
async fn a_request_without_a_signature_is_refused_by_all() {
    let simulator = started(quick()).await;
    let ask = async |cloud: Cloud, target: &str| {
        let request = Request::plain("GET", target, "");
        send(simulator.address(cloud), &request).await
    };
    assert_eq!(ask(Cloud::Jdcloud, "/v1/regions/cn-north-1/images").await.status, 401);
    let tencent = ask(Cloud::Tencent, "/?Action=DescribeImages").await.json();
    assert_eq!(tencent["Response"]["Error"]["Code"], "AuthFailure.InvalidAuthorization");
    assert_eq!(ask(Cloud::Huawei, "/v2/cloudimages").await.status, 401);
    let aliyun = ask(Cloud::Aliyun, "/?Action=DescribeImages&Format=JSON").await;
    assert_eq!(aliyun.status, 400);
    assert_eq!(aliyun.json()["Code"], "IncompleteSignature");
    assert_eq!(ask(Cloud::Ucloud, "/?Action=GetRegion").await.json()["RetCode"], 170);
}

#[tokio::test]
async fn temporary_keys_need_their_token() {
    let simulator = started(Config::new(AK, SK).security_token("tok")).await;
    let address = simulator.address(Cloud::Ucloud);
    let without = send(address, &sign::ucloud("GetRegion", &[])).await.json();
    assert_eq!(without["RetCode"], 174);
    let with = sign::ucloud("GetRegion", &[("SecurityToken", "tok")]);
    assert_eq!(send(address, &with).await.json()["RetCode"], 0);
}

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let simulator = started(quick()).await;
    let large = format!("{{\"ImageName\":\"{}\"}}", "n".repeat(3 << 20));
    let request = sign::tencent("ImportImage", "ap-guangzhou", "", &large);
    // The refusal may be lost when the connection closes on bytes that nobody reads any more.
    if let Ok(answer) = try_send(simulator.address(Cloud::Tencent), &request).await {
        assert_eq!(answer.json()["Response"]["Error"]["Code"], "RequestSizeLimitExceeded");
    }
    assert_eq!(simulator.counters().requests_of(Cloud::Tencent, "ImportImage"), 1);
    assert!(simulator.images(Cloud::Tencent).is_empty());
}

#[tokio::test]
async fn any_object_does_without_a_store_but_looks_at_what_is_there() {
    let simulator = started(quick().any_object(true)).await;
    let address = simulator.address(Cloud::Ucloud);
    let path = std::env::temp_dir().join(format!("cloud-import-sim-it-{}", std::process::id()));
    std::fs::File::create(&path).unwrap().write_all(b"QFI\xfb....").unwrap();
    simulator
        .put_object_file(Cloud::Ucloud, "cn-bj2", "bucket-1", "real", &path)
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    for (name, key) in [("assumed", "none"), ("real", "real")] {
        let url = format!("http://bucket-1.cn-bj.ufileos.com/{key}");
        let request = sign::ucloud(
            "ImportCustomImage",
            &[
                ("Region", "cn-bj2"),
                ("ImageName", name),
                ("UFileUrl", &url),
                ("OsType", "Other"),
                ("OsName", "Other"),
                ("Format", "RAW"),
                ("Auth", "true"),
            ],
        );
        assert_eq!(send(address, &request).await.json()["RetCode"], 0);
    }
    let states: Vec<String> = simulator
        .images(Cloud::Ucloud)
        .into_iter()
        .map(|image| image.state)
        .collect();
    assert_eq!(states, ["Available", "Unavailable"]);
}
