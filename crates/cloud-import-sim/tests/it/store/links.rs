//! Imports read through links, which have to be good when the import comes to read them.

use std::time::Duration;

use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};

use super::{
    ask, shop,
    sign::{Ask, BUCKET, region},
};
use crate::{
    http::{Request, send},
    quick, sign,
};

const KEY: &str = "dir/disk 1.qcow2";

async fn staged(config: Config) -> Simulator {
    let simulator = shop(config).await;
    for &cloud in Cloud::ALL {
        // As text: the bytes of the magic are no UTF-8.
        let put = Ask::new(cloud, "PUT", KEY).body("x".repeat(2048));
        assert_eq!(ask(&simulator, &put).await.status, 200, "{cloud}");
    }
    simulator
}

fn import(cloud: Cloud, name: &str, link: &str) -> Request {
    match cloud {
        Cloud::Jdcloud => {
            let body = serde_json::json!({
                "architecture": "x86_64", "osType": "linux", "platform": "CentOS", "diskFormat": "raw", "systemDiskSizeGB": 40,
                "imageUrl": link, "osVersion": "7", "imageName": name, "forceImport": false, "clientToken": name,
            });
            sign::jdcloud(
                "POST",
                "/v1/regions/cn-north-1/images:import",
                "",
                &body.to_string(),
                "cn-north-1",
            )
        }
        Cloud::Tencent => {
            let body = serde_json::json!({
                "Architecture": "x86_64", "OsType": "CentOS", "OsVersion": "7", "ImageUrl": link, "ImageName": name,
                "Force": true,
            });
            sign::tencent("ImportImage", "ap-guangzhou", "", &body.to_string())
        }
        _ => sign::ucloud(
            "ImportCustomImage",
            &[
                ("Region", "cn-bj2"),
                ("ImageName", name),
                ("UFileUrl", link),
                ("OsType", "Other"),
                ("OsName", "Other"),
                ("Format", "RAW"),
                ("Auth", "true"),
            ],
        ),
    }
}

const BY_LINK: [Cloud; 3] = [Cloud::Jdcloud, Cloud::Tencent, Cloud::Ucloud];

/// How an import of this name ended.
fn state(simulator: &Simulator, cloud: Cloud, name: &str) -> String {
    let images = simulator.images(cloud);
    let image = images.iter().find(|image| image.name == name);
    image.map_or_else(String::new, |image| image.state.clone())
}

fn good(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "ready",
        Cloud::Tencent => "NORMAL",
        _ => "Available",
    }
}

async fn imported(simulator: &Simulator, cloud: Cloud, name: &str, link: &str) -> bool {
    let answer = send(simulator.address(cloud), &import(cloud, name, link)).await;
    assert_eq!(answer.status, 200, "{cloud} {}", answer.text());
    let state = state(simulator, cloud, name);
    assert_ne!(state, "", "{cloud} {}", answer.text());
    state == good(cloud)
}

fn link(cloud: Cloud, seconds: i64) -> String {
    Ask::new(cloud, "GET", KEY).link(seconds)
}

/// A link that held until a minute ago.
fn late(cloud: Cloud) -> String {
    let then = sign::now() - time::Duration::minutes(2);
    Ask::new(cloud, "GET", KEY).at(then).link(60)
}

#[tokio::test]
async fn a_link_needs_a_signature_that_is_good() {
    let simulator = staged(quick()).await;
    for cloud in BY_LINK {
        let good = link(cloud, 3600);
        assert!(imported(&simulator, cloud, "good", &good).await, "{cloud}");
        let plain = good.split('?').next().unwrap();
        assert!(!imported(&simulator, cloud, "plain", plain).await, "{cloud}");
        let other = good.replace("disk%201", "disk%202");
        assert!(!imported(&simulator, cloud, "other", &other).await, "{cloud}");
        let longer = good.replace("3600", "7200");
        let changed = if longer == good { format!("{good}0") } else { longer };
        assert!(!imported(&simulator, cloud, "changed", &changed).await, "{cloud}");
        assert!(!imported(&simulator, cloud, "late", &late(cloud)).await, "{cloud}");
    }
}

#[tokio::test]
async fn a_public_bucket_needs_no_signature() {
    let simulator = staged(quick()).await;
    let public = BucketSettings::default().public(true);
    for cloud in BY_LINK {
        simulator.create_bucket(cloud, region(cloud), BUCKET, public.clone());
        let plain = link(cloud, 60).split('?').next().unwrap().to_owned();
        assert!(imported(&simulator, cloud, "plain", &plain).await, "{cloud}");
    }
}

#[tokio::test]
async fn what_is_archived_encrypted_or_not_ours_cannot_be_imported() {
    let other = BucketSettings::default().owner_is_other(true);
    let archive = BucketSettings::default().storage_class("Archive");
    let encrypted = BucketSettings::default().encryption("KMS");
    let simulator = staged(quick()).await;
    for (settings, status, code) in [
        (archive, 400, "InvalidOSSObject.NeedRestore"),
        (other.clone(), 403, "InvalidOSS.NotAuthorized"),
        (encrypted, 403, "InvalidOSSBucket.EncryptUnsupported"),
        (BucketSettings::default(), 200, ""),
    ] {
        simulator.create_bucket(Cloud::Aliyun, region(Cloud::Aliyun), BUCKET, settings);
        let pairs = [
            ("RegionId", region(Cloud::Aliyun)),
            ("ImageName", "web-1"),
            ("DiskDeviceMapping.1.OSSBucket", BUCKET),
            ("DiskDeviceMapping.1.OSSObject", KEY),
        ];
        let answer = send(simulator.address(Cloud::Aliyun), &sign::aliyun("ImportImage", &pairs)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.json()["Code"].as_str().unwrap_or_default(), code);
    }
    for cloud in BY_LINK {
        simulator.create_bucket(cloud, region(cloud), BUCKET, other.clone());
        assert!(!imported(&simulator, cloud, "web", &link(cloud, 3600)).await, "{cloud}");
    }
}

#[tokio::test]
async fn tencents_link_holds_for_one_use_if_that_is_on() {
    for (once, second) in [(true, 403), (false, 200)] {
        let simulator = staged(quick().tencent_links_open_once(once)).await;
        let link = link(Cloud::Tencent, 3600);
        let (host, target) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let get = Request::plain("GET", &format!("/{target}"), "").set("host", host);
        let address = simulator.address(Cloud::Tencent);
        assert_eq!(send(address, &get).await.status, 200);
        assert_eq!(send(address, &get).await.status, second);
        assert_eq!(imported(&simulator, Cloud::Tencent, "opened", &link).await, !once);
    }
}

#[tokio::test]
async fn a_link_opens_the_object_for_anybody_while_it_holds() {
    let simulator = staged(quick()).await;
    for cloud in BY_LINK {
        for (link, status) in [(link(cloud, 3600), 200), (late(cloud), 403)] {
            let (host, target) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
            let get = Request::plain("GET", &format!("/{target}"), "").set("host", host);
            assert_eq!(send(simulator.address(cloud), &get).await.status, status, "{cloud}");
        }
    }
}

#[tokio::test]
async fn an_object_that_is_deleted_while_it_is_read_fails_the_import() {
    let simulator = staged(quick().import_time(Duration::from_millis(300))).await;
    for cloud in BY_LINK {
        let answer = send(simulator.address(cloud), &import(cloud, "web", &link(cloud, 3600))).await;
        assert_eq!(answer.status, 200, "{cloud}");
        let deleted = ask(&simulator, &Ask::new(cloud, "DELETE", KEY)).await;
        assert_eq!(deleted.status, 204, "{cloud}");
    }
    crate::pause(350).await;
    for cloud in BY_LINK {
        assert_ne!(state(&simulator, cloud, "web"), good(cloud), "{cloud}");
    }
}
