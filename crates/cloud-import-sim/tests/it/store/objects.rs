//! Objects at once: put, shown, read in parts, deleted; digests, lengths, signatures, times.

use cloud_import_sim::{Cloud, DiskFormat};
use time::Duration;

use super::{
    ask, code, open,
    sign::{Ask, BUCKET, content_md5, md5_hex, region, sha256_hex},
    stored,
};
use crate::{
    http::{Request, send},
    quick,
    sign::now,
};

const KEY: &str = "dir/a b+c.qcow2";

#[tokio::test]
async fn an_object_is_put_shown_read_and_deleted_in_every_store() {
    let simulator = open().await;
    let body = format!("QFI\u{1}{}", "x".repeat(3000));
    for &cloud in Cloud::ALL {
        let put = Ask::new(cloud, "PUT", KEY)
            .header("content-type", "application/x-disk")
            .header("content-md5", &content_md5(&body))
            .body(&body);
        let answer = ask(&simulator, &put).await;
        assert_eq!(answer.status, 200, "{cloud} {}", answer.text());
        let etag = answer.header("etag").to_owned();
        if cloud != Cloud::Ucloud {
            assert_eq!(etag, format!("\"{}\"", md5_hex(body.as_bytes())), "{cloud}");
        }
        assert_eq!(stored(&simulator, cloud, KEY), body.as_bytes());

        let head = ask(&simulator, &Ask::new(cloud, "HEAD", KEY)).await;
        assert_eq!((head.status, head.header("content-length")), (200, "3004"), "{cloud}");
        assert_eq!(head.header("etag"), etag);
        assert_eq!(head.header("content-type"), "application/x-disk");
        assert!(head.body.is_empty());

        let get = ask(&simulator, &Ask::new(cloud, "GET", KEY)).await;
        assert_eq!((get.status, get.text().as_str()), (200, body.as_str()), "{cloud}");
        let range = Ask::new(cloud, "GET", KEY).header("range", "bytes=4-13");
        let range = ask(&simulator, &range).await;
        assert_eq!((range.status, range.text().as_str()), (206, "xxxxxxxxxx"), "{cloud}");
        assert_eq!(range.header("content-range"), "bytes 4-13/3004");
        // US3 documents no such header, and overlooks it.
        let expecting = |etag: &str| Ask::new(cloud, "GET", KEY).header("if-match", etag);
        assert_eq!(ask(&simulator, &expecting(&etag)).await.status, 200, "{cloud}");
        let other = ask(&simulator, &expecting("\"other\"")).await;
        match cloud {
            Cloud::Ucloud => assert_eq!(other.status, 200),
            _ => assert_eq!(
                (other.status, code(&other).as_str()),
                (412, "PreconditionFailed"),
                "{cloud}"
            ),
        }

        assert_eq!(ask(&simulator, &Ask::new(cloud, "DELETE", KEY)).await.status, 204);
        let gone = ask(&simulator, &Ask::new(cloud, "GET", KEY)).await;
        assert_eq!(gone.status, 404, "{cloud}");
        let head = ask(&simulator, &Ask::new(cloud, "HEAD", KEY)).await;
        assert_eq!((head.status, head.body.len()), (404, 0), "{cloud}");
        let counters = simulator.counters();
        assert_eq!(counters.requests_of(cloud, "PutObject"), 1);
        assert_eq!(counters.bytes_received[&cloud], 3004);
        let whole = if cloud == Cloud::Ucloud { 3 } else { 2 };
        assert_eq!(counters.bytes_sent[&cloud], whole * 3004 + 10);
        assert_eq!(counters.deletions[&cloud], 1);
        assert_eq!(counters.objects.get(&cloud), None);
    }
}

#[tokio::test]
async fn metadata_comes_back_under_the_vendors_prefix() {
    let simulator = open().await;
    for (cloud, name) in [
        (Cloud::Jdcloud, "x-amz-meta-sha256"),
        (Cloud::Tencent, "x-cos-meta-sha256"),
        (Cloud::Huawei, "x-obs-meta-sha256"),
        (Cloud::Aliyun, "x-oss-meta-sha256"),
    ] {
        let put = Ask::new(cloud, "PUT", "k").header(name, "abc").body("x");
        assert_eq!(ask(&simulator, &put).await.status, 200, "{cloud}");
        let head = ask(&simulator, &Ask::new(cloud, "HEAD", "k")).await;
        assert_eq!(head.header(name), "abc", "{cloud}");
    }
    assert!(
        simulator
            .objects()
            .iter()
            .all(|object| object.metadata["sha256"] == "abc")
    );
}

#[tokio::test]
async fn a_digest_that_does_not_fit_is_refused_and_nothing_is_stored() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let put = |md5: &str| Ask::new(cloud, "PUT", "k").header("content-md5", md5).body("body");
        let wrong = ask(&simulator, &put(&content_md5("other"))).await;
        let short = ask(&simulator, &put("YWJj")).await;
        if cloud == Cloud::Ucloud {
            // It does not look at the digest.
            assert_eq!((wrong.status, short.status), (200, 200));
            continue;
        }
        let bad = if cloud == Cloud::Aliyun {
            "InvalidDigest"
        } else {
            "BadDigest"
        };
        assert_eq!((wrong.status, code(&wrong).as_str()), (400, bad), "{cloud}");
        assert_eq!((short.status, code(&short).as_str()), (400, "InvalidDigest"), "{cloud}");
    }
    assert_eq!(simulator.objects().len(), 1);
}

#[tokio::test]
async fn a_signature_covers_what_it_says_and_a_request_without_one_is_refused() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let put = Ask::new(cloud, "PUT", "k").body("x");
        let address = simulator.address(cloud);
        assert_eq!(send(address, &put.unsigned()).await.status, 403, "{cloud}");
        let mut other = put.signed();
        other.target = "/other".to_owned();
        let answer = send(address, &other).await;
        assert_eq!(answer.status, 403, "{cloud}");
        if cloud != Cloud::Ucloud {
            assert_eq!(code(&answer), "SignatureDoesNotMatch", "{cloud}");
        }
    }
    assert!(simulator.objects().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_off_is_told() {
    let simulator = open().await;
    for cloud in [Cloud::Jdcloud, Cloud::Huawei, Cloud::Aliyun] {
        let late = Ask::new(cloud, "PUT", "k").body("x").at(now() - Duration::minutes(16));
        let answer = ask(&simulator, &late).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (403, "RequestTimeTooSkewed"),
            "{cloud}"
        );
    }
    let old = Ask::new(Cloud::Tencent, "PUT", "k")
        .body("x")
        .at(now() - Duration::minutes(16));
    let answer = ask(&simulator, &old).await;
    assert_eq!((answer.status, code(&answer).as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn a_hash_of_the_payload_is_compared() {
    let simulator = open().await;
    let put = |hash: &str| {
        Ask::new(Cloud::Jdcloud, "PUT", "k")
            .header("x-amz-content-sha256", hash)
            .body("x")
    };
    let wrong = ask(&simulator, &put(&sha256_hex("y"))).await;
    assert_eq!(
        (wrong.status, code(&wrong).as_str()),
        (400, "XAmzContentSHA256Mismatch")
    );
    assert!(simulator.objects().is_empty());
    assert_eq!(ask(&simulator, &put(&sha256_hex("x"))).await.status, 200);
    // It is part of what is signed.
    let other = put(&sha256_hex("x"))
        .signed()
        .set("x-amz-content-sha256", &sha256_hex("y"));
    let answer = send(simulator.address(Cloud::Jdcloud), &other).await;
    assert_eq!((answer.status, code(&answer).as_str()), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_length_is_needed_and_has_its_limit() {
    let simulator = open().await;
    let mut put = Ask::new(Cloud::Ucloud, "PUT", "k").signed();
    put.headers.push(("expect".to_owned(), "100-continue".to_owned()));
    put.headers
        .push(("content-length".to_owned(), ((512 << 20) + 1).to_string()));
    let answer = crate::http::send_as_is(simulator.address(Cloud::Ucloud), &put).await;
    assert_eq!(answer.status, 400);
    let put = Ask::new(Cloud::Jdcloud, "PUT", "k").signed();
    let put = put.set("transfer-encoding", "chunked").set("expect", "100-continue");
    let answer = crate::http::send_as_is(simulator.address(Cloud::Jdcloud), &put).await;
    assert_eq!((answer.status, code(&answer).as_str()), (411, "MissingContentLength"));
}

#[tokio::test]
async fn a_store_answers_by_its_names_and_by_an_address() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let put = Ask::new(cloud, "PUT", "dir/k").body("x");
        // By the name of the region's store, with the bucket in the path.
        let endpoint = put.host.split_once('.').unwrap().1.to_owned();
        let named = put.clone().path_style(&endpoint);
        assert_eq!(ask(&simulator, &named).await.status, 200, "{cloud}");
        // By the address of the store's own listener.
        let address = simulator.store_address(cloud);
        let plain = put.clone().path_style(&address.to_string());
        assert_eq!(send(address, &plain.signed()).await.status, 200, "{cloud}");
        // There, too, by its name.
        assert_eq!(send(address, &put.signed()).await.status, 200, "{cloud}");
        assert_eq!(simulator.counters().objects[&cloud], 1, "{cloud}");
        // And not under the name of another store.
        let other = put.clone().host("bucket-1.example.com");
        assert_eq!(send(address, &other.signed()).await.status, 421, "{cloud}");
    }
}

#[tokio::test]
async fn an_object_over_another_takes_its_place() {
    let simulator = open().await;
    for body in ["first", "QFI\u{fb} second"] {
        let put = Ask::new(Cloud::Huawei, "PUT", "k").body(body);
        assert_eq!(ask(&simulator, &put).await.status, 200);
        assert_eq!(stored(&simulator, Cloud::Huawei, "k"), body.as_bytes());
    }
    assert_eq!(simulator.objects().len(), 1);
    assert_eq!(simulator.objects()[0].format, DiskFormat::Raw);
    assert_eq!(simulator.counters().objects_stored[&Cloud::Huawei], 2);
}

#[tokio::test]
async fn nothing_stays_on_disk() {
    let parent = std::env::temp_dir().join(format!("cloud-import-sim-it-{}", std::process::id()));
    std::fs::create_dir(&parent).unwrap();
    let entries = || std::fs::read_dir(&parent).unwrap().count();
    let simulator = super::shop(quick().store_dir(&parent)).await;
    assert_eq!(entries(), 0);
    let put = Ask::new(Cloud::Jdcloud, "PUT", "k").body("x");
    ask(&simulator, &put).await;
    let id = super::begin(&simulator, Cloud::Jdcloud, "k2").await;
    super::send_part(&simulator, Cloud::Jdcloud, "k2", &id, 1, "part").await;
    assert_eq!(entries(), 1);
    simulator.stop().await;
    assert_eq!(entries(), 0);
    let simulator = super::shop(quick().store_dir(&parent)).await;
    ask(&simulator, &put).await;
    assert_eq!(entries(), 1);
    drop(simulator);
    assert_eq!(entries(), 0);
    std::fs::remove_dir(&parent).unwrap();
}

#[tokio::test]
async fn an_object_that_was_put_by_hand_is_read_through_the_store() {
    let simulator = open().await;
    crate::put(&simulator, Cloud::Aliyun, region(Cloud::Aliyun));
    let get = ask(&simulator, &Ask::new(Cloud::Aliyun, "GET", "k.qcow2")).await;
    assert_eq!((get.status, get.body.len()), (200, 1024));
    let control = Request::plain("GET", &format!("/objects/aliyun/cn-hangzhou/{BUCKET}/k.qcow2"), "");
    assert_eq!(send(simulator.control_address(), &control).await.body, get.body);
}
