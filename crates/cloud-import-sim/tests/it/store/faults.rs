//! What can go wrong on purpose, seen from the other side of the socket.

use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};

use super::{
    ask, begin, code, completion, found, open, part, send_part,
    sign::{Ask, content_md5, md5_hex},
    stored, try_ask, whole,
};

const KEY: &str = "k";
const CLOUD: Cloud = Cloud::Tencent;

fn inject(simulator: &Simulator, operation: &str, kind: FaultKind) {
    simulator.inject(Fault::new(kind).cloud(CLOUD).operation(operation));
}

fn put(body: &str) -> Ask {
    Ask::new(CLOUD, "PUT", KEY).body(body)
}

#[tokio::test]
async fn a_request_is_dropped_before_or_after_it_is_executed() {
    let simulator = open().await;
    inject(&simulator, "PutObject", FaultKind::DropBefore);
    assert!(try_ask(&simulator, &put("x")).await.is_err());
    assert!(simulator.objects().is_empty());
    inject(&simulator, "PutObject", FaultKind::DropAfter);
    assert!(try_ask(&simulator, &put("x")).await.is_err());
    assert_eq!(simulator.objects().len(), 1);
    inject(&simulator, "GetObject", FaultKind::Cut);
    assert!(try_ask(&simulator, &Ask::new(CLOUD, "GET", KEY)).await.is_err());
    // The fault is used up.
    assert_eq!(ask(&simulator, &Ask::new(CLOUD, "GET", KEY)).await.text(), "x");
}

#[tokio::test]
async fn a_part_that_breaks_off_in_the_middle_is_not_stored() {
    let simulator = open().await;
    let id = begin(&simulator, CLOUD, KEY).await;
    let body = whole(CLOUD, "a");
    send_part(&simulator, CLOUD, KEY, &id, 1, "old").await;
    inject(&simulator, "UploadPart", FaultKind::DropMidBody);
    assert!(try_ask(&simulator, &part(CLOUD, KEY, &id, 1, &body)).await.is_err());
    let seen = simulator.counters().bytes_received[&CLOUD];
    assert!(seen < body.len() as u64 + 3, "{seen}");
    let upload = &simulator.open_uploads(CLOUD)[0];
    assert_eq!((upload.parts, upload.bytes), (1, 3));
    assert_eq!(simulator.counters().parts_stored[&CLOUD], 1);
}

#[tokio::test]
async fn a_byte_that_was_changed_shows_in_the_etag_alone() {
    let simulator = open().await;
    inject(&simulator, "PutObject", FaultKind::CorruptBody);
    let answer = ask(&simulator, &put("abc").header("content-md5", &content_md5("abc"))).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("etag"), format!("\"{}\"", md5_hex(b"abc")));
    assert_ne!(stored(&simulator, CLOUD, KEY), b"abc");
    assert_eq!(
        answer.header("etag"),
        format!("\"{}\"", md5_hex(&stored(&simulator, CLOUD, KEY)))
    );
}

#[tokio::test]
async fn a_part_of_an_object_comes_changed_or_as_the_whole() {
    let simulator = open().await;
    ask(&simulator, &put("abcdef")).await;
    let get = Ask::new(CLOUD, "GET", KEY).header("range", "bytes=2-3");
    inject(&simulator, "GetObject", FaultKind::CorruptBody);
    let changed = ask(&simulator, &get).await;
    assert_eq!((changed.status, changed.text().as_str()), (206, "bd"));
    inject(&simulator, "GetObject", FaultKind::WholeObject);
    let whole = ask(&simulator, &get).await;
    assert_eq!((whole.status, whole.text().as_str()), (200, "abcdef"));
    assert_eq!(whole.header("content-range"), "");
    assert_eq!(ask(&simulator, &get).await.text(), "cd");
}

#[tokio::test]
async fn an_upload_is_forgotten() {
    let simulator = open().await;
    let id = begin(&simulator, CLOUD, KEY).await;
    inject(&simulator, "UploadPart", FaultKind::ForgetUpload);
    let answer = ask(&simulator, &part(CLOUD, KEY, &id, 1, "x")).await;
    assert_eq!((answer.status, code(&answer).as_str()), (404, "NoSuchUpload"));
    assert!(simulator.open_uploads(CLOUD).is_empty());
}

#[tokio::test]
async fn a_completion_fails_with_200_and_can_be_repeated() {
    let simulator = open().await;
    let id = begin(&simulator, CLOUD, KEY).await;
    let etag = send_part(&simulator, CLOUD, KEY, &id, 1, "x").await;
    inject(&simulator, "CompleteMultipartUpload", FaultKind::Error200InBody);
    let done = completion(CLOUD, KEY, &id, &[(1, etag)]);
    let answer = ask(&simulator, &done).await;
    assert_eq!((answer.status, code(&answer).as_str()), (200, "InternalError"));
    assert!(simulator.objects().is_empty());
    assert_eq!(ask(&simulator, &done).await.status, 200);
    assert_eq!(simulator.objects().len(), 1);
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_has_made_the_object() {
    let simulator = open().await;
    let id = begin(&simulator, CLOUD, KEY).await;
    let etag = send_part(&simulator, CLOUD, KEY, &id, 1, "x").await;
    inject(&simulator, "CompleteMultipartUpload", FaultKind::DropAfter);
    let done = completion(CLOUD, KEY, &id, &[(1, etag)]);
    assert!(try_ask(&simulator, &done).await.is_err());
    assert_eq!(ask(&simulator, &Ask::new(CLOUD, "HEAD", KEY)).await.status, 200);
    assert_eq!(code(&ask(&simulator, &done).await), "NoSuchUpload");
}

#[tokio::test]
async fn refusals_come_in_the_vendors_form_and_after_the_whole_body() {
    let simulator = open().await;
    let body = "x".repeat(3 << 20);
    for (kind, status, text) in [
        (FaultKind::Throttle, 503, "SlowDown"),
        (FaultKind::ThrottleFor { seconds: 7 }, 503, "SlowDown"),
        (FaultKind::ServerError { http: 502 }, 502, "InternalError"),
        (
            FaultKind::Refuse {
                http: 403,
                code: "ExpiredToken".to_owned(),
                message: "m".to_owned(),
            },
            403,
            "ExpiredToken",
        ),
    ] {
        inject(&simulator, "PutObject", kind.clone());
        let answer = ask(&simulator, &put(&body)).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, text), "{kind:?}");
        if matches!(kind, FaultKind::ThrottleFor { .. }) {
            assert_eq!(answer.header("retry-after"), "7");
        }
    }
    assert!(simulator.objects().is_empty());
    inject(&simulator, "InitiateMultipartUpload", FaultKind::Garbage);
    let begun = ask(&simulator, &Ask::new(CLOUD, "POST", KEY).query("uploads", "")).await;
    assert_eq!((begun.status, found(&begun, "UploadId").as_str()), (200, ""));
}

#[tokio::test]
async fn a_skewed_clock_refuses_what_was_signed_by_the_right_one() {
    let simulator = open().await;
    simulator.inject(Fault::new(FaultKind::SkewedDate(3600)).operation("HeadObject"));
    let head = ask(&simulator, &Ask::new(Cloud::Huawei, "HEAD", KEY)).await;
    assert_eq!(head.status, 403);
    assert_ne!(head.header("date"), "");
    assert_eq!(ask(&simulator, &Ask::new(Cloud::Huawei, "HEAD", KEY)).await.status, 404);
}
