//! Buckets: absent, elsewhere, of another account, public, made on first use; facts about them; lists.

use cloud_import_sim::{BucketSettings, Cloud};

use super::{
    ask, begin, code, found, open, shop,
    sign::{Ask, region},
};
use crate::{
    http::{Request, send},
    quick, sign, started,
};

#[tokio::test]
async fn an_absent_bucket_is_told_and_another_accounts_denied() {
    let simulator = open().await;
    for &cloud in Cloud::ALL {
        let absent = ask(&simulator, &Ask::new(cloud, "PUT", "k").bucket("absent").body("x")).await;
        assert_eq!(absent.status, 404, "{cloud}");
        if cloud == Cloud::Ucloud {
            assert_eq!(code(&absent), "-30010");
            assert_eq!(found(&absent, "ErrMsg"), "bucket not exist");
        } else {
            assert_eq!(code(&absent), "NoSuchBucket", "{cloud}");
        }
        let settings = BucketSettings::default().owner_is_other(true);
        simulator.create_bucket(cloud, region(cloud), "other", settings);
        let denied = ask(&simulator, &Ask::new(cloud, "PUT", "k").bucket("other").body("x")).await;
        assert_eq!(denied.status, 403, "{cloud}");
    }
    assert!(simulator.objects().is_empty());
}

#[tokio::test]
async fn a_bucket_of_another_region_is_told_as_each_vendor_does() {
    let simulator = started(quick()).await;
    for (cloud, status, told) in [
        (Cloud::Jdcloud, 301, "PermanentRedirect"),
        (Cloud::Tencent, 404, "NoSuchBucket"),
        (Cloud::Huawei, 301, "PermanentRedirect"),
        (Cloud::Aliyun, 403, "AccessDenied"),
        (Cloud::Ucloud, 404, "-30010"),
    ] {
        simulator.create_bucket(cloud, "elsewhere", super::BUCKET, BucketSettings::default());
        let answer = ask(&simulator, &Ask::new(cloud, "PUT", "k").body("x")).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, told), "{cloud}");
    }
    let head = ask(&simulator, &Ask::new(Cloud::Jdcloud, "HEAD", "k")).await;
    assert_eq!(head.header("x-amz-bucket-region"), "elsewhere");
    let get = ask(&simulator, &Ask::new(Cloud::Aliyun, "GET", "k")).await;
    assert_eq!(found(&get, "Endpoint"), "oss-elsewhere.aliyuncs.com");
}

#[tokio::test]
async fn a_bucket_is_made_on_first_use_if_the_simulator_was_told_so() {
    let simulator = started(quick().any_bucket(true)).await;
    for &cloud in Cloud::ALL {
        let put = Ask::new(cloud, "PUT", "k").body("x");
        assert_eq!(ask(&simulator, &put).await.status, 200, "{cloud}");
        assert!(
            simulator.object(cloud, region(cloud), super::BUCKET, "k").is_some(),
            "{cloud}"
        );
    }
}

#[tokio::test]
async fn a_public_bucket_is_read_by_anybody_and_written_by_its_owner() {
    let simulator = started(quick()).await;
    let settings = BucketSettings::default().public(true);
    for &cloud in Cloud::ALL {
        simulator.create_bucket(cloud, region(cloud), super::BUCKET, settings.clone());
        let put = Ask::new(cloud, "PUT", "k").body("x");
        let address = simulator.address(cloud);
        assert_eq!(send(address, &put.unsigned()).await.status, 403, "{cloud}");
        assert_eq!(ask(&simulator, &put).await.status, 200, "{cloud}");
        let get = Ask::new(cloud, "GET", "k").unsigned();
        assert_eq!(send(address, &get).await.text(), "x", "{cloud}");
    }
}

#[tokio::test]
async fn facts_of_a_bucket_are_told() {
    let simulator = started(quick()).await;
    let settings = |class: &str| {
        BucketSettings::default()
            .storage_class(class)
            .public(true)
            .expires_uploads(true)
    };
    for (cloud, class) in [
        (Cloud::Jdcloud, "STANDARD_IA"),
        (Cloud::Tencent, "ARCHIVE"),
        (Cloud::Huawei, "COLD"),
        (Cloud::Aliyun, "Archive"),
    ] {
        simulator.create_bucket(cloud, region(cloud), super::BUCKET, settings(class));
        let about = |name: &str| Ask::new(cloud, "GET", "").query(name, "");
        let location = ask(&simulator, &about("location")).await.text();
        assert!(location.contains(region(cloud)), "{cloud} {location}");
        let acl = ask(&simulator, &about("acl")).await.text();
        assert!(acl.contains("READ") || acl.contains("public-read"), "{cloud} {acl}");
        let lifecycle = ask(&simulator, &about("lifecycle")).await;
        if cloud == Cloud::Jdcloud {
            assert_eq!(
                (lifecycle.status, code(&lifecycle).as_str()),
                (404, "NoSuchLifecycleConfiguration")
            );
        } else {
            assert!(lifecycle.text().contains("MultipartUpload>"), "{cloud}");
        }
        let head = ask(&simulator, &Ask::new(cloud, "HEAD", "")).await;
        assert_eq!(head.status, 200, "{cloud}");
        match cloud {
            Cloud::Huawei => {
                assert_eq!(head.header("x-obs-bucket-location"), region(cloud));
                assert_eq!(head.header("x-obs-storage-class"), class);
                assert_eq!(
                    found(
                        &ask(&simulator, &about("storageClass")).await,
                        "StorageClass xmlns=\"http://obs.myhwclouds.com/doc/2015-06-30/\""
                    ),
                    class
                );
            }
            Cloud::Tencent => assert_eq!(head.header("x-cos-bucket-region"), region(cloud)),
            Cloud::Aliyun => {
                let info = ask(&simulator, &about("bucketInfo")).await;
                assert_eq!(found(&info, "StorageClass"), class);
                assert_eq!(found(&info, "Grant"), "public-read");
                assert_eq!(found(&info, "Location"), "oss-cn-hangzhou");
                assert_eq!(found(&info, "SSEAlgorithm"), "None");
            }
            _ => assert_eq!(head.header("x-amz-bucket-region"), region(cloud)),
        }
        let put = Ask::new(cloud, "PUT", "k").body("x");
        assert_eq!(ask(&simulator, &put).await.status, 200);
        let prefix = ["x-amz-", "x-cos-", "x-obs-", "x-oss-"][cloud as usize];
        let head = ask(&simulator, &Ask::new(cloud, "HEAD", "k")).await;
        assert_eq!(head.header(&format!("{prefix}storage-class")), class, "{cloud}");
    }
}

#[tokio::test]
async fn ucloud_tells_of_buckets_at_its_api() {
    let simulator = started(quick()).await;
    let public = BucketSettings::default().public(true);
    simulator.create_bucket(Cloud::Ucloud, "cn-bj2", "open-1", public);
    simulator.create_bucket(Cloud::Ucloud, "hk", "closed-1", BucketSettings::default());
    let describe = async |name: &str| {
        let request = sign::ucloud("DescribeBucket", &[("BucketName", name)]);
        send(simulator.address(Cloud::Ucloud), &request).await.json()
    };
    let open = describe("open-1").await;
    assert_eq!(open["RetCode"], 0);
    assert_eq!(open["DataSet"][0]["Type"], "public");
    assert_eq!(open["DataSet"][0]["Region"], "cn-bj2");
    assert_eq!(open["DataSet"][0]["Domain"]["Src"][0], "open-1.cn-bj.ufileos.com");
    let closed = describe("closed-1").await;
    assert_eq!(closed["DataSet"][0]["Type"], "private");
    assert_eq!(closed["DataSet"][0]["Domain"]["Src"][0], "closed-1.hk.ufileos.com");
    assert_ne!(describe("absent").await["RetCode"], 0);
    assert_eq!(simulator.counters().requests_of(Cloud::Ucloud, "DescribeBucket"), 3);
}

#[tokio::test]
async fn a_script_makes_buckets_and_sees_what_is_in_them() {
    let simulator = started(quick()).await;
    let control = simulator.control_address();
    let make = |path: &str, settings: &str| Request::plain("PUT", path, settings);
    for (path, settings, status) in [
        ("/buckets/huawei/cn-north-4/bucket-1", "", 204),
        ("/buckets/aliyun/cn-hangzhou/bucket-1", r#"{"public":true}"#, 204),
        ("/buckets/aliyun/cn-hangzhou/bucket-1", r#"{"publik":true}"#, 400),
        ("/buckets/aliyun/cn-hangzhou", "", 400),
        ("/buckets/other/cn-hangzhou/bucket-1", "", 400),
    ] {
        assert_eq!(
            send(control, &make(path, settings)).await.status,
            status,
            "{path} {settings}"
        );
    }
    let put = Ask::new(Cloud::Huawei, "PUT", "dir/k").body("x");
    assert_eq!(ask(&simulator, &put).await.status, 200);
    let get = Request::plain("GET", "/objects/huawei/cn-north-4/bucket-1/dir/k", "");
    assert_eq!(send(control, &get).await.text(), "x");
    let id = begin(&simulator, Cloud::Huawei, "k2").await;
    let uploads = send(control, &Request::plain("GET", "/uploads", "")).await.json();
    assert_eq!(uploads[0]["upload_id"], id.as_str());
    let counters = send(control, &Request::plain("GET", "/counters", "")).await.json();
    assert_eq!(counters["open_uploads"]["huawei"], 1);
    assert_eq!(counters["bytes_received"]["huawei"], 1);
}

#[tokio::test]
async fn objects_and_uploads_are_listed() {
    let simulator = shop(quick()).await;
    for cloud in [Cloud::Jdcloud, Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun] {
        for key in ["a/1", "a/2", "b", "c&d"] {
            assert_eq!(
                ask(&simulator, &Ask::new(cloud, "PUT", key).body("x")).await.status,
                200
            );
        }
        let list = |pairs: &[(&str, &str)]| {
            let ask = Ask::new(cloud, "GET", "");
            pairs.iter().fold(ask, |ask, (name, value)| ask.query(name, value))
        };
        let all = ask(&simulator, &list(&[])).await;
        assert_eq!(all.text().matches("<Contents>").count(), 4, "{cloud}");
        assert!(all.text().contains("<Key>c&amp;d</Key>"), "{cloud}");
        let folder = ask(&simulator, &list(&[("prefix", "a/")])).await;
        assert_eq!(folder.text().matches("<Contents>").count(), 2, "{cloud}");
        let top = ask(&simulator, &list(&[("delimiter", "/"), ("max-keys", "2")])).await;
        assert_eq!(top.text().matches("<Contents>").count(), 1, "{cloud} {}", top.text());
        assert_eq!(top.text().matches("<CommonPrefixes>").count(), 1, "{cloud}");
        assert_eq!(found(&top, "NextMarker"), "b", "{cloud}");
        let first = ask(&simulator, &list(&[("list-type", "2"), ("max-keys", "1")])).await;
        let token = found(&first, "NextContinuationToken");
        let second = list(&[("list-type", "2"), ("continuation-token", &token)]);
        let second = ask(&simulator, &second).await;
        assert_eq!(second.text().matches("<Contents>").count(), 3, "{cloud}");

        let ids = [
            begin(&simulator, cloud, "u/1").await,
            begin(&simulator, cloud, "v").await,
        ];
        let uploads = ask(&simulator, &list(&[("uploads", "")])).await;
        assert!(ids.iter().all(|id| uploads.text().contains(id.as_str())), "{cloud}");
        let page = ask(&simulator, &list(&[("uploads", ""), ("max-uploads", "1")])).await;
        assert_eq!(found(&page, "NextKeyMarker"), "u/1", "{cloud}");
        let rest = list(&[("uploads", ""), ("key-marker", "u/1"), ("upload-id-marker", &ids[0])]);
        let rest = ask(&simulator, &rest).await;
        assert_eq!(rest.text().matches("<Upload>").count(), 1, "{cloud}");
        assert_eq!(found(&rest, "Key"), "v", "{cloud}");
    }
}
