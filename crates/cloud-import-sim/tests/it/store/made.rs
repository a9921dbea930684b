//! Buckets that are made, set up and removed through the stores, and what is refused of that.

use base64::{Engine, engine::general_purpose::STANDARD};
use cloud_import_sim::{BucketSettings, Cloud};
use md5::{Digest, Md5};

use super::{
    ask, code, found,
    sign::{Ask, md5_hex, region},
};
use crate::{quick, started};

const XML: [Cloud; 4] = [Cloud::Jdcloud, Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun];

fn acl(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "x-amz-acl",
        Cloud::Tencent => "x-cos-acl",
        Cloud::Huawei => "x-obs-acl",
        _ => "x-oss-acl",
    }
}

/// The document that says where a bucket is to be.
fn place(cloud: Cloud, region: &str) -> String {
    match cloud {
        Cloud::Jdcloud => format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        ),
        Cloud::Huawei => {
            format!("<CreateBucketConfiguration><Location>{region}</Location></CreateBucketConfiguration>")
        }
        _ => String::new(),
    }
}

fn create(cloud: Cloud) -> Ask {
    Ask::new(cloud, "PUT", "")
        .header(acl(cloud), "private")
        .body(place(cloud, region(cloud)))
}

/// A document with its sum.
fn put(cloud: Cloud, name: &str, body: &str) -> Ask {
    let sum = STANDARD.encode(Md5::digest(body));
    Ask::new(cloud, "PUT", "")
        .query(name, "")
        .header("content-md5", &sum)
        .body(body)
}

#[tokio::test]
async fn a_bucket_is_made_once_and_removed_when_it_is_empty() {
    let simulator = started(quick()).await;
    for cloud in XML {
        assert_eq!(ask(&simulator, &create(cloud)).await.status, 200, "{cloud}");
        let again = ask(&simulator, &create(cloud)).await;
        match cloud {
            Cloud::Jdcloud | Cloud::Tencent => assert_eq!(code(&again), "BucketAlreadyOwnedByYou", "{cloud}"),
            _ => assert_eq!(again.status, 200, "{cloud}"),
        }
        let delete = Ask::new(cloud, "DELETE", "");
        ask(&simulator, &Ask::new(cloud, "PUT", "k").body("x")).await;
        let full = ask(&simulator, &delete).await;
        assert_eq!((full.status, code(&full).as_str()), (409, "BucketNotEmpty"), "{cloud}");
        ask(&simulator, &Ask::new(cloud, "DELETE", "k")).await;
        assert_eq!(ask(&simulator, &delete).await.status, 204, "{cloud}");
        assert_eq!(ask(&simulator, &delete).await.status, 404, "{cloud}");

        let other = BucketSettings::default().owner_is_other(true);
        simulator.create_bucket(cloud, region(cloud), super::BUCKET, other);
        let taken = ask(&simulator, &create(cloud)).await;
        assert_eq!(
            (taken.status, code(&taken).as_str()),
            (409, "BucketAlreadyExists"),
            "{cloud}"
        );
    }
}

#[tokio::test]
async fn who_may_read_a_bucket_is_what_the_request_says() {
    let simulator = started(quick()).await;
    for cloud in XML {
        let with = |word: &str| {
            Ask::new(cloud, "PUT", "")
                .header(acl(cloud), word)
                .body(place(cloud, region(cloud)))
        };
        let odd = ask(&simulator, &with("everybody")).await;
        assert_eq!((odd.status, code(&odd).as_str()), (400, "InvalidArgument"), "{cloud}");
        assert_eq!(ask(&simulator, &with("public-read")).await.status, 200, "{cloud}");
        let told = ask(&simulator, &Ask::new(cloud, "GET", "").query("acl", ""))
            .await
            .text();
        assert!(told.contains("READ") || told.contains("public-read"), "{cloud}: {told}");
    }
}

#[tokio::test]
async fn a_request_that_says_too_much_or_something_else_is_refused() {
    let simulator = started(quick()).await;
    for cloud in XML {
        for wrong in [
            create(cloud).query("x", "1"),
            create(cloud).body("<CreateBucketConfiguration>"),
            create(cloud).body("<Other/>"),
            create(cloud).body("<CreateBucketConfiguration><X>1</X></CreateBucketConfiguration>"),
        ] {
            assert_eq!(ask(&simulator, &wrong).await.status, 400, "{cloud}");
        }
        let elsewhere = create(cloud).body(place(cloud, "elsewhere"));
        if matches!(cloud, Cloud::Jdcloud | Cloud::Huawei) {
            assert_eq!(code(&ask(&simulator, &elsewhere).await), "InvalidArgument", "{cloud}");
        }
    }
    let bare = Ask::new(Cloud::Huawei, "PUT", "");
    assert_eq!(
        code(&ask(&simulator, &bare).await),
        "InvalidArgument",
        "OBS is told the place"
    );
}

#[tokio::test]
async fn tags_are_replaced_all_at_once() {
    let simulator = started(quick()).await;
    let tags = |name: &str| format!("<Tagging><TagSet><Tag><Key>{name}</Key><Value>v</Value></Tag></TagSet></Tagging>");
    for cloud in [Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun] {
        ask(&simulator, &create(cloud)).await;
        let get = Ask::new(cloud, "GET", "").query("tagging", "");
        let none = ask(&simulator, &get).await;
        assert_eq!(none.status, if cloud == Cloud::Aliyun { 200 } else { 404 }, "{cloud}");
        for name in ["a", "b"] {
            assert!(
                ask(&simulator, &put(cloud, "tagging", &tags(name))).await.status < 300,
                "{cloud}"
            );
            let told = ask(&simulator, &get).await;
            assert_eq!(
                (found(&told, "Key").as_str(), found(&told, "Value").as_str()),
                (name, "v"),
                "{cloud}"
            );
        }
        for wrong in [
            "",
            "<Tagging/>",
            "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>",
            &tags(""),
        ] {
            assert_eq!(
                ask(&simulator, &put(cloud, "tagging", wrong)).await.status,
                400,
                "{cloud}: {wrong}"
            );
        }
        let unsummed = Ask::new(cloud, "PUT", "").query("tagging", "").body(tags("a"));
        let refused = ask(&simulator, &unsummed).await.status == 400;
        assert_eq!(refused, cloud != Cloud::Aliyun, "{cloud}");
        let more = put(cloud, "tagging", &tags("a")).query("x", "1");
        assert_eq!(ask(&simulator, &more).await.status, 400, "{cloud}");
    }
    ask(&simulator, &create(Cloud::Jdcloud)).await;
    let jd = ask(&simulator, &put(Cloud::Jdcloud, "tagging", &tags("a"))).await;
    assert_eq!(jd.status, 501);
}

#[tokio::test]
async fn a_rule_has_each_stores_own_form() {
    let simulator = started(quick()).await;
    let rule = |prefix: &str, outer: &str, inner: &str, days: &str| {
        format!(
            "<LifecycleConfiguration><Rule><ID>r</ID>{prefix}<Status>Enabled</Status><{outer}><{inner}>{days}</{inner}></{outer}></Rule></LifecycleConfiguration>"
        )
    };
    let (plain, filter) = ("<Prefix></Prefix>", "<Filter><Prefix></Prefix></Filter>");
    let ours = ["AbortMultipartUpload", "Days"];
    let theirs = ["AbortIncompleteMultipartUpload", "DaysAfterInitiation"];
    for (cloud, prefix, other, names, wrong) in [
        (Cloud::Tencent, filter, plain, theirs, ours),
        (Cloud::Huawei, plain, filter, theirs, ours),
        (Cloud::Aliyun, plain, filter, ours, theirs),
    ] {
        ask(&simulator, &create(cloud)).await;
        for bad in [
            rule(prefix, wrong[0], wrong[1], "7"),
            rule(other, names[0], names[1], "7"),
            rule(prefix, names[0], names[1], "0"),
            rule(prefix, names[0], names[1], "x"),
        ] {
            let refused = ask(&simulator, &put(cloud, "lifecycle", &bad)).await;
            assert_eq!(code(&refused), "MalformedXML", "{cloud}: {bad}");
        }
        let get = Ask::new(cloud, "GET", "").query("lifecycle", "");
        assert_eq!(ask(&simulator, &get).await.status, 404, "{cloud}");
        let good = rule(prefix, names[0], names[1], "7");
        assert_eq!(
            ask(&simulator, &put(cloud, "lifecycle", &good)).await.status,
            200,
            "{cloud}"
        );
        assert!(ask(&simulator, &get).await.text().contains(names[0]), "{cloud}");
    }
}

#[tokio::test]
async fn an_encrypted_bucket_tells_no_md5() {
    let simulator = started(quick()).await;
    let with = |word: &str| {
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{word}</SSEAlgorithm>\
             </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        )
    };
    for (cloud, header) in [
        (Cloud::Tencent, "x-cos-server-side-encryption"),
        (Cloud::Huawei, "x-obs-server-side-encryption"),
    ] {
        ask(&simulator, &create(cloud)).await;
        let get = Ask::new(cloud, "GET", "").query("encryption", "");
        assert_eq!(ask(&simulator, &get).await.status, 404, "{cloud}");
        assert_eq!(
            ask(&simulator, &put(cloud, "encryption", &with("kms"))).await.status,
            501,
            "{cloud}"
        );
        assert_eq!(
            ask(&simulator, &put(cloud, "encryption", &with("AES256"))).await.status,
            200,
            "{cloud}"
        );
        assert_eq!(found(&ask(&simulator, &get).await, "SSEAlgorithm"), "AES256", "{cloud}");
        let stored = ask(&simulator, &Ask::new(cloud, "PUT", "k").body("x")).await;
        assert_eq!(stored.header(header), "AES256", "{cloud}");
        assert_ne!(stored.header("etag"), format!("\"{}\"", md5_hex(b"x")), "{cloud}");
    }
}
