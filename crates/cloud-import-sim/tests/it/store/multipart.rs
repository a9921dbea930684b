//! Uploads in parts: rules of parts, lists, completion, abortion.

use cloud_import_sim::Cloud;

use super::{
    ask, begin, code, completion, first, found, open, part, send_part, shop,
    sign::{Ask, BUCKET, md5_hex},
    stored, try_ask, whole,
};
use crate::{http::send, quick};

const KEY: &str = "dir/disk 1.raw";

#[tokio::test]
async fn parts_become_an_object_in_every_store() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let id = begin(&simulator, cloud, KEY).await;
        let bodies = [whole(cloud, "a"), whole(cloud, "b"), "end".to_owned()];
        let mut parts = Vec::new();
        // The last one first: order is that of the numbers.
        for (number, body) in (first(cloud)..first(cloud) + 3).zip(&bodies).rev() {
            parts.push((number, send_part(&simulator, cloud, KEY, &id, number, body).await));
        }
        parts.reverse();
        assert_eq!(simulator.open_uploads(cloud)[0].parts, 3, "{cloud}");
        let answer = ask(&simulator, &completion(cloud, KEY, &id, &parts)).await;
        assert_eq!(answer.status, 200, "{cloud} {}", answer.text());
        let etag = if cloud == Cloud::Ucloud {
            answer.header("etag").to_owned()
        } else {
            let md5s: Vec<u8> = bodies.iter().flat_map(<md5::Md5 as md5::Digest>::digest).collect();
            let etag = format!("\"{}-3\"", md5_hex(&md5s));
            assert_eq!(found(&answer, "ETag"), etag, "{cloud}");
            etag
        };
        assert_eq!(found(&answer, "Key"), KEY);
        assert!(stored(&simulator, cloud, KEY) == bodies.concat().as_bytes(), "{cloud}");
        let head = ask(&simulator, &Ask::new(cloud, "HEAD", KEY)).await;
        assert_eq!(head.header("etag"), etag, "{cloud}");
        let size = bodies.concat().len();
        assert_eq!(head.header("content-length"), size.to_string());
        let seam = bodies[0].len();
        let range = Ask::new(cloud, "GET", KEY).header("range", &format!("bytes={}-{}", seam - 2, seam + 1));
        assert_eq!(ask(&simulator, &range).await.text(), "aabb", "{cloud}");
        // It is over.
        let again = ask(&simulator, &completion(cloud, KEY, &id, &parts)).await;
        assert_eq!(again.status, 404, "{cloud}");
        assert!(simulator.open_uploads(cloud).is_empty());
        assert_eq!(simulator.counters().parts_stored[&cloud], 3);
        assert_eq!(simulator.counters().peak_parts_in_flight[&cloud], 1);
    }
}

#[tokio::test]
async fn a_part_that_is_sent_again_takes_the_place_of_the_old_one() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let id = begin(&simulator, cloud, KEY).await;
        let number = first(cloud);
        let old = send_part(&simulator, cloud, KEY, &id, number, "old").await;
        let new = send_part(&simulator, cloud, KEY, &id, number, "newer").await;
        assert_eq!(simulator.counters().parts_repeated[&cloud], 1, "{cloud}");
        let wrong = ask(&simulator, &completion(cloud, KEY, &id, &[(number, old)])).await;
        assert_eq!(wrong.status, 400, "{cloud}");
        if cloud != Cloud::Ucloud {
            assert_eq!(code(&wrong), "InvalidPart", "{cloud}");
        }
        let right = ask(&simulator, &completion(cloud, KEY, &id, &[(number, new)])).await;
        assert_eq!(right.status, 200, "{cloud}");
        assert_eq!(stored(&simulator, cloud, KEY), b"newer", "{cloud}");
    }
}

#[tokio::test]
async fn a_small_part_may_only_be_the_last() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let id = begin(&simulator, cloud, KEY).await;
        let from = first(cloud);
        let small = whole(cloud, "s")[1..].to_owned();
        let parts = [
            (from, send_part(&simulator, cloud, KEY, &id, from, &small).await),
            (from + 1, send_part(&simulator, cloud, KEY, &id, from + 1, "end").await),
        ];
        let answer = ask(&simulator, &completion(cloud, KEY, &id, &parts)).await;
        assert_eq!(answer.status, 400, "{cloud}");
        if cloud != Cloud::Ucloud {
            assert_eq!(code(&answer), "EntityTooSmall", "{cloud}");
        }
        // Nothing is lost: the part can be sent anew.
        assert_eq!(simulator.open_uploads(cloud)[0].parts, 2, "{cloud}");
    }
}

#[tokio::test]
async fn a_block_of_us3_has_its_size() {
    let simulator = open().await;
    let id = begin(&simulator, Cloud::Ucloud, KEY).await;
    let large = format!("{}x", whole(Cloud::Ucloud, "a"));
    let answer = try_ask(&simulator, &part(Cloud::Ucloud, KEY, &id, 0, &large)).await;
    assert_eq!(answer.unwrap().status, 400);
    let initiated = ask(&simulator, &Ask::new(Cloud::Ucloud, "POST", KEY).query("uploads", "")).await;
    assert_eq!(found(&initiated, "BlkSize"), "4194304");
    assert_eq!(found(&initiated, "Bucket"), BUCKET);
}

#[tokio::test]
async fn numbers_order_and_uploads_have_to_be_right() {
    let simulator = open().await;
    for cloud in [Cloud::Jdcloud, Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun] {
        let id = begin(&simulator, cloud, KEY).await;
        for number in [0, 10_001] {
            let answer = ask(&simulator, &part(cloud, KEY, &id, number, "x")).await;
            assert_eq!(code(&answer), "InvalidArgument", "{cloud}");
        }
        for (key, id) in [(KEY, "none"), ("other", id.as_str())] {
            let answer = ask(&simulator, &part(cloud, key, id, 1, "x")).await;
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (404, "NoSuchUpload"),
                "{cloud}"
            );
        }
        let one = send_part(&simulator, cloud, KEY, &id, 1, &whole(cloud, "a")).await;
        let two = send_part(&simulator, cloud, KEY, &id, 2, "x").await;
        let parts = [(2, two), (1, one)];
        let answer = ask(&simulator, &completion(cloud, KEY, &id, &parts)).await;
        assert_eq!(code(&answer), "InvalidPartOrder", "{cloud}");
        let odd = Ask::new(cloud, "POST", KEY).query("uploadId", &id).body("<x>");
        assert_eq!(code(&ask(&simulator, &odd).await), "MalformedXML", "{cloud}");
    }
}

#[tokio::test]
async fn an_upload_that_is_aborted_is_gone() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let id = begin(&simulator, cloud, KEY).await;
        send_part(&simulator, cloud, KEY, &id, first(cloud), "x").await;
        assert_eq!(simulator.counters().open_uploads[&cloud], 1);
        let abort = Ask::new(cloud, "DELETE", KEY).query("uploadId", &id);
        assert_eq!(ask(&simulator, &abort).await.status, 204, "{cloud}");
        assert!(simulator.open_uploads(cloud).is_empty());
        assert_eq!(ask(&simulator, &abort).await.status, 404, "{cloud}");
    }
}

#[tokio::test]
async fn parts_are_listed_page_by_page() {
    let simulator = open().await;
    for cloud in [Cloud::Jdcloud, Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun] {
        let id = begin(&simulator, cloud, KEY).await;
        for number in [1, 2, 5] {
            send_part(&simulator, cloud, KEY, &id, number, &"x".repeat(number as usize)).await;
        }
        let list = Ask::new(cloud, "GET", KEY).query("uploadId", &id);
        let all = ask(&simulator, &list).await;
        assert_eq!(all.text().matches("<Part>").count(), 3, "{cloud}");
        assert_eq!(found(&all, "IsTruncated"), "false");
        assert_eq!(found(&all, "ETag"), format!("\"{}\"", md5_hex(b"x")));
        let page = list.clone().query("max-parts", "2");
        let page = ask(&simulator, &page).await;
        assert_eq!(found(&page, "IsTruncated"), "true", "{cloud}");
        assert_eq!(found(&page, "NextPartNumberMarker"), "2", "{cloud}");
        let rest = list.query("part-number-marker", "2");
        let rest = ask(&simulator, &rest).await;
        assert_eq!(rest.text().matches("<Part>").count(), 1, "{cloud}");
        assert_eq!(
            (found(&rest, "PartNumber").as_str(), found(&rest, "Size").as_str()),
            ("5", "5")
        );
    }
}

#[tokio::test]
async fn a_store_may_have_no_list_of_parts_or_one_without_etags() {
    let config = quick().listed_without_etag(true).list_parts(Cloud::Huawei, false);
    let simulator = shop(config).await;
    for (cloud, status) in [(Cloud::Huawei, 501), (Cloud::Ucloud, 501), (Cloud::Tencent, 200)] {
        let id = begin(&simulator, cloud, KEY).await;
        send_part(&simulator, cloud, KEY, &id, 1, "x").await;
        let list = Ask::new(cloud, "GET", KEY).query("uploadId", &id);
        let answer = ask(&simulator, &list).await;
        assert_eq!(answer.status, status, "{cloud}");
        assert!(!answer.text().contains("<ETag>"), "{cloud}");
    }
}

#[tokio::test]
async fn metadata_and_digests_hold_for_parts_too() {
    let simulator = open().await;
    let cloud = Cloud::Aliyun;
    let begun = Ask::new(cloud, "POST", KEY)
        .query("uploads", "")
        .header("x-oss-meta-size", "1")
        .header("content-type", "application/x-disk");
    let id = found(&ask(&simulator, &begun).await, "UploadId");
    let wrong = part(cloud, KEY, &id, 1, "x").header("content-md5", &super::sign::content_md5("y"));
    assert_eq!(ask(&simulator, &wrong).await.status, 400);
    assert_eq!(simulator.open_uploads(cloud)[0].parts, 0);
    let etag = send_part(&simulator, cloud, KEY, &id, 1, "x").await;
    let done = completion(cloud, KEY, &id, &[(1, etag)]);
    assert_eq!(ask(&simulator, &done).await.status, 200);
    let head = ask(&simulator, &Ask::new(cloud, "HEAD", KEY)).await;
    assert_eq!(head.header("x-oss-meta-size"), "1");
    assert_eq!(head.header("content-type"), "application/x-disk");
    assert_eq!(head.header("x-oss-object-type"), "Multipart");
}

#[tokio::test]
async fn many_parts_are_on_their_way_at_one_time() {
    let simulator = shop(quick().store_rate(4 << 20)).await;
    let cloud = Cloud::Huawei;
    let id = begin(&simulator, cloud, KEY).await;
    let body = "x".repeat(256 << 10);
    let requests: Vec<_> = (1..=4)
        .map(|number| part(cloud, KEY, &id, number, &body).signed())
        .collect();
    let address = simulator.address(cloud);
    let began = std::time::Duration::from_micros(micros());
    let (a, b, c, d) = tokio::join!(
        send(address, &requests[0]),
        send(address, &requests[1]),
        send(address, &requests[2]),
        send(address, &requests[3]),
    );
    let took = std::time::Duration::from_micros(micros()) - began;
    assert!([a, b, c, d].iter().all(|answer| answer.status == 200));
    assert_eq!(simulator.counters().peak_parts_in_flight[&cloud], 4);
    // 1 MiB at 4 MiB/s.
    assert!(took.as_millis() >= 200, "{took:?}");
}

fn micros() -> u64 {
    u64::try_from(crate::sign::now().unix_timestamp_nanos() / 1000).unwrap()
}
