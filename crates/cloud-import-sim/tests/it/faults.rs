//! Every fault, seen from the other side of the socket.

use std::time::Duration;

use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};
use serde_json::json;

use crate::{
    http::{Answer, Request, send, try_send},
    pause, put, quick, sign, slow, started,
};

const REGION: &str = "cn-hangzhou";

fn import(name: &str) -> Request {
    sign::aliyun(
        "ImportImage",
        &[
            ("RegionId", REGION),
            ("ImageName", name),
            ("DiskDeviceMapping.1.OSSBucket", "bucket-1"),
            ("DiskDeviceMapping.1.OSSObject", "k.qcow2"),
        ],
    )
}

fn regions() -> Request {
    sign::aliyun("DescribeRegions", &[])
}

async fn aliyun() -> Simulator {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    simulator
}

async fn after(simulator: &Simulator, kind: FaultKind, request: &Request) -> std::io::Result<Answer> {
    simulator.inject(Fault::new(kind).cloud(Cloud::Aliyun));
    try_send(simulator.address(Cloud::Aliyun), request).await
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after_the_request_is_executed() {
    let simulator = aliyun().await;
    assert!(after(&simulator, FaultKind::DropBefore, &import("a-1")).await.is_err());
    assert!(simulator.images(Cloud::Aliyun).is_empty());
    assert!(after(&simulator, FaultKind::DropAfter, &import("b-1")).await.is_err());
    assert_eq!(simulator.images(Cloud::Aliyun).len(), 1);
    assert!(after(&simulator, FaultKind::Cut, &import("c-1")).await.is_err());
    assert_eq!(simulator.images(Cloud::Aliyun).len(), 2);
    // The fault is used up.
    assert_eq!(send(simulator.address(Cloud::Aliyun), &import("d-1")).await.status, 200);
    assert_eq!(simulator.counters().requests_of(Cloud::Aliyun, "ImportImage"), 4);
}

#[tokio::test]
async fn a_cut_answer_begins_like_the_whole_one() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let simulator = aliyun().await;
    simulator.inject(Fault::new(FaultKind::Cut));
    let request = regions();
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("content-length: 0\r\n\r\n");
    let mut stream = tokio::net::TcpStream::connect(simulator.address(Cloud::Aliyun))
        .await
        .unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut raw = Vec::new();
    // A reset instead of an end is as good a cut.
    let _ = stream.read_to_end(&mut raw).await;
    let text = String::from_utf8(raw).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let length = text
        .split_once("content-length: ")
        .unwrap()
        .1
        .split_once("\r\n")
        .unwrap()
        .0;
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(body.starts_with('{'));
}

#[tokio::test]
async fn answers_in_the_servers_stead_execute_nothing() {
    let simulator = aliyun().await;
    let garbage = after(&simulator, FaultKind::Garbage, &import("a-1")).await.unwrap();
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.body).is_err());
    let empty = after(&simulator, FaultKind::Empty, &import("b-1")).await.unwrap();
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let large = after(&simulator, FaultKind::Oversized(3), &import("c-1"))
        .await
        .unwrap();
    assert_eq!((large.status, large.body.len()), (200, 3 << 20));
    let hidden = after(&simulator, FaultKind::Error200, &import("d-1")).await.unwrap();
    assert_eq!(hidden.status, 200);
    assert_eq!(hidden.json()["Code"], "InternalError");
    let refuse = FaultKind::Refuse {
        http: 403,
        code: "Forbidden.RAM".to_owned(),
        message: "no".to_owned(),
    };
    let refused = after(&simulator, refuse, &import("e-1")).await.unwrap();
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["Code"], "Forbidden.RAM");
    let broken = after(&simulator, FaultKind::ServerError { http: 503 }, &import("f-1"))
        .await
        .unwrap();
    assert_eq!(broken.status, 503);
    assert_eq!(broken.json()["Code"], "ServiceUnavailable");
    assert!(simulator.images(Cloud::Aliyun).is_empty());
}

#[tokio::test]
async fn each_cloud_throttles_in_its_own_way() {
    let simulator = started(quick()).await;
    simulator.inject(Fault::new(FaultKind::Throttle).times(u32::MAX));
    let jdcloud = sign::jdcloud(
        "GET",
        "/v1/regions/cn-north-1/imageTasks",
        "taskAction=ImportImage",
        "",
        "cn-north-1",
    );
    let answer = send(simulator.address(Cloud::Jdcloud), &jdcloud).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error"]["status"], "HTTP_RATE_LIMIT_EXCEEDED");

    let tencent = sign::tencent("DescribeImages", "ap-guangzhou", "", "{}");
    let answer = send(simulator.address(Cloud::Tencent), &tencent).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["Response"]["Error"]["Code"], "RequestLimitExceeded");

    let huawei = sign::huawei(
        "GET",
        "ims.cn-north-4.myhuaweicloud.com",
        "/v2/cloudimages",
        "",
        "",
        None,
    );
    let answer = send(simulator.address(Cloud::Huawei), &huawei).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error_code"], "APIGW.0308");
    assert_eq!(answer.header("retry-after"), "");

    let answer = send(simulator.address(Cloud::Aliyun), &regions()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["Code"], "Throttling.User");

    let answer = send(simulator.address(Cloud::Ucloud), &sign::ucloud("GetRegion", &[])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["RetCode"], 153);

    simulator.clear_faults();
    simulator.inject(Fault::new(FaultKind::ThrottleFor { seconds: 7 }).times(2));
    let answer = send(simulator.address(Cloud::Huawei), &huawei).await;
    assert_eq!(answer.header("retry-after"), "7");
    let answer = send(simulator.address(Cloud::Aliyun), &regions()).await;
    assert_eq!(answer.header("x-acs-retry-after"), "7000");
}

#[tokio::test]
async fn a_gateway_error_is_no_answer_of_the_api_where_the_api_answers_200() {
    let simulator = started(quick()).await;
    simulator.inject(Fault::new(FaultKind::ServerError { http: 502 }).times(2));
    let tencent = sign::tencent("DescribeImages", "ap-guangzhou", "", "{}");
    let answer = send(simulator.address(Cloud::Tencent), &tencent).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().starts_with("<html>"));
    let answer = send(simulator.address(Cloud::Ucloud), &sign::ucloud("GetRegion", &[])).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().starts_with("<html>"));
}

#[tokio::test]
async fn a_server_clock_can_be_wrong() {
    let simulator = started(quick()).await;
    simulator.inject(Fault::new(FaultKind::SkewedDate(3600)));
    let address = simulator.address(Cloud::Tencent);
    let request = sign::tencent("DescribeImageQuota", "ap-guangzhou", "", "{}");
    let off = send(address, &request).await;
    assert_eq!(off.json()["Response"]["Error"]["Code"], "AuthFailure.SignatureExpire");
    let right = send(address, &request).await;
    assert_eq!(right.json()["Response"]["ImageNumQuota"], 20);
    assert_ne!(off.header("date"), right.header("date"));

    // Who signs by the server's clock gets through.
    simulator.inject(Fault::new(FaultKind::SkewedDate(-3600)));
    let at = sign::now() - time::Duration::hours(1);
    let request = sign::tencent_at("DescribeImageQuota", "ap-guangzhou", "", "{}", at);
    assert_eq!(send(address, &request).await.json()["Response"]["ImageNumQuota"], 20);
}

#[tokio::test]
async fn an_answer_can_be_late_and_several_requests_are_counted() {
    let simulator = aliyun().await;
    simulator.inject(Fault::new(FaultKind::Delay(300)).times(2));
    let address = simulator.address(Cloud::Aliyun);
    let before = sign::now();
    let (first, second) = (regions(), regions());
    let (first, second) = tokio::join!(send(address, &first), send(address, &second));
    assert_eq!((first.status, second.status), (200, 200));
    assert!(sign::now() - before >= Duration::from_millis(300));
    assert_eq!(simulator.counters().peak_concurrency[&Cloud::Aliyun], 2);
}

#[tokio::test]
async fn an_unknown_state_is_shown_by_one_query() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Tencent, "ap-guangzhou");
    let address = simulator.address(Cloud::Tencent);
    let body = json!({
        "Architecture": "x86_64", "OsType": "CentOS", "OsVersion": "7", "ImageName": "web",
        "ImageUrl": "https://bucket-1.cos.ap-guangzhou.myqcloud.com/k.qcow2",
    });
    send(
        address,
        &sign::tencent("ImportImage", "ap-guangzhou", "", &body.to_string()),
    )
    .await;
    simulator.inject(Fault::new(FaultKind::UnknownState("PONDERING".to_owned())));
    let mut states = Vec::new();
    for _ in 0..2 {
        let request = sign::tencent("DescribeImages", "ap-guangzhou", "", "{}");
        let answer = send(address, &request).await.json();
        states.push(answer["Response"]["ImageSet"][0]["ImageState"].clone());
    }
    assert_eq!(states, ["PONDERING", "IMPORTING"]);
}

#[tokio::test]
async fn imports_fail_hide_and_stall_on_request() {
    let simulator = aliyun().await;
    let address = simulator.address(Cloud::Aliyun);
    simulator.inject(Fault::new(FaultKind::FailImport {
        code: "ImportImageFailed".to_owned(),
        reason: "on request".to_owned(),
    }));
    let failed = send(address, &import("failed")).await.json();
    simulator.inject(Fault::new(FaultKind::Stall));
    let stalled = send(address, &import("stalled")).await.json();
    simulator.inject(Fault::new(FaultKind::Hide(2)));
    let hidden = send(address, &import("hidden")).await.json();
    pause(20).await;
    let task = async |answer: &serde_json::Value| {
        let id = answer["TaskId"].as_str().unwrap();
        let pairs = [("RegionId", REGION), ("TaskId", id)];
        send(address, &sign::aliyun("DescribeTaskAttribute", &pairs))
            .await
            .json()
    };
    let shown = task(&failed).await;
    assert_eq!(shown["TaskStatus"], "Failed");
    let reason = &shown["OperationProgressSet"]["OperationProgress"][0];
    assert_eq!(reason["ErrorCode"], "ImportImageFailed");
    assert_eq!(reason["ErrorMsg"], "on request");
    assert_eq!(task(&stalled).await["TaskStatus"], "Processing");
    assert_eq!(task(&hidden).await["Code"], "InvalidTaskId.NotFound");
    assert_eq!(task(&hidden).await["Code"], "InvalidTaskId.NotFound");
    assert_eq!(task(&hidden).await["TaskStatus"], "Finished");
}
