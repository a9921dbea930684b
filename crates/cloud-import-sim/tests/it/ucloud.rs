//! UCloud: an import is its image, and nothing more is told.

use cloud_import_sim::{Cloud, Simulator};
use serde_json::Value;

use crate::{LISTED_AFTER, clock, file, http::send, listed_in_time, put, quick, sign, slow, started};

const IMPORT: &[(&str, &str)] = &[
    ("Region", "cn-bj2"),
    ("ProjectId", "org-abc"),
    ("ImageName", "web"),
    (
        "UFileUrl",
        "http://bucket-1.cn-bj.ufileos.com/k.qcow2?UCloudPublicKey=p&Expires=1&Signature=a%2Bb",
    ),
    ("OsType", "CentOS"),
    ("OsName", "CentOS 7.9 64位"),
    ("Format", "qcow2"),
    ("Auth", "true"),
];

fn with<'p>(changes: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let mut pairs = IMPORT.to_vec();
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    pairs
}

async fn call(simulator: &Simulator, action: &str, pairs: &[(&str, &str)]) -> Value {
    let answer = send(simulator.address(Cloud::Ucloud), &sign::ucloud(action, pairs)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-ucloud-request-uuid").len(), 36);
    let body = answer.json();
    assert_eq!(body["Action"], format!("{action}Response"));
    body
}

async fn images(simulator: &Simulator, region: &str, project: &str) -> Value {
    let pairs = [("Region", region), ("ProjectId", project), ("ImageType", "Custom")];
    call(simulator, "DescribeImage", &pairs).await
}

#[tokio::test]
async fn an_import_becomes_an_image_of_its_project() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    let answer = call(&simulator, "ImportCustomImage", IMPORT).await;
    assert_eq!(answer["RetCode"], 0);
    let id = answer["ImageId"].as_str().unwrap();
    let listed = images(&simulator, "cn-bj2", "org-abc").await;
    assert_eq!(listed["ImageSet"][0]["ImageId"], *id);
    assert_eq!(listed["ImageSet"][0]["State"], "Available");
    // A date as text; a strictly typed SDK fails on a number.
    assert_eq!(listed["ImageSet"][0]["MaintainEol"], "");
    assert_eq!(images(&simulator, "cn-bj2", "org-other").await["TotalCount"], 0);
    assert_eq!(images(&simulator, "hk", "org-abc").await["TotalCount"], 0);

    let by_ids = [("Region", "cn-bj2"), ("ProjectId", "org-abc"), ("ImageIds.0", id)];
    assert_eq!(call(&simulator, "DescribeImage", &by_ids).await["TotalCount"], 1);
    let shifted = [("Region", "cn-bj2"), ("ProjectId", "org-abc"), ("ImageIds.1", id)];
    assert_eq!(call(&simulator, "DescribeImage", &shifted).await["RetCode"], 230);

    let delete = [("Region", "cn-bj2"), ("ProjectId", "org-abc"), ("ImageId", id)];
    assert_eq!(call(&simulator, "TerminateCustomImage", &delete).await["RetCode"], 0);
    assert_eq!(call(&simulator, "TerminateCustomImage", &delete).await["RetCode"], 8956);
}

#[tokio::test]
async fn a_running_import_is_being_made() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    call(&simulator, "ImportCustomImage", IMPORT).await;
    let listed = images(&simulator, "cn-bj2", "org-abc").await;
    assert_eq!(listed["ImageSet"][0]["State"], "Making");
}

#[tokio::test]
async fn every_failure_looks_the_same() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    simulator.put_object(Cloud::Ucloud, "hk", "bucket-2", "k.qcow2", file(b"QFI\xfb"));
    for changes in [
        [("Format", "VHD")],
        [("UFileUrl", "http://bucket-1.cn-bj.ufileos.com/none")],
        [("UFileUrl", "http://bucket-2.hk.ufileos.com/k.qcow2")],
        [("UFileUrl", "http://example.com/k.qcow2")],
    ] {
        let answer = call(&simulator, "ImportCustomImage", &with(&changes)).await;
        assert_eq!(answer["RetCode"], 0);
        let id = answer["ImageId"].as_str().unwrap();
        let pairs = [("Region", "cn-bj2"), ("ProjectId", "org-abc"), ("ImageId", id)];
        let shown = call(&simulator, "DescribeImage", &pairs).await;
        assert_eq!(shown["ImageSet"][0]["State"], "Unavailable", "{changes:?}");
    }
}

#[tokio::test]
async fn wrong_parameters_have_codes() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    for (changes, code) in [
        ([("Auth", "false")], 8300),
        ([("Auth", "yes")], 230),
        ([("Format", "QCOW2")], 230),
        ([("OsType", "Other")], 230),
        ([("ImageName", "")], 230),
        ([("Fromat", "qcow2")], 230),
        ([("UFileUrl", "bucket-1:k.qcow2")], 230),
    ] {
        let answer = call(&simulator, "ImportCustomImage", &with(&changes)).await;
        assert_eq!(answer["RetCode"], code, "{changes:?}");
        assert!(answer["Message"].is_string());
    }
    assert_eq!(call(&simulator, "ImportImage", &[]).await["RetCode"], 161);
    assert!(simulator.images(Cloud::Ucloud).is_empty());
    // The numeral of a truth value is what the vendor's example shows.
    let answer = call(&simulator, "ImportCustomImage", &with(&[("Auth", "1")])).await;
    assert_eq!(answer["RetCode"], 0);
}

#[tokio::test]
async fn a_query_does_as_well_and_codes_may_be_text() {
    let simulator = started(quick().ucloud_ret_code_text(true)).await;
    let address = simulator.address(Cloud::Ucloud);
    let answer = send(address, &sign::ucloud_get("GetProjectList", &[])).await.json();
    assert_eq!(answer["RetCode"], "0");
    assert_eq!(answer["ProjectSet"][0]["IsDefault"], true);
    let regions = call(&simulator, "GetRegion", &[]).await;
    assert!(regions["Regions"].as_array().is_some_and(|list| !list.is_empty()));
}

#[tokio::test]
async fn a_wrong_signature_is_answered_with_200() {
    let simulator = started(quick()).await;
    let mut request = sign::ucloud("GetRegion", &[]);
    request.body = request.body.replace("Signature=", "Signature=0");
    let answer = send(simulator.address(Cloud::Ucloud), &request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["RetCode"], 171);
    assert!(!answer.text().contains(crate::SK));
}

#[tokio::test]
async fn a_new_image_is_found_only_after_its_time() {
    let simulator = started(quick().listed_after(LISTED_AFTER)).await;
    put(&simulator, Cloud::Ucloud, "cn-bj2");
    let begun = clock();
    let answer = call(&simulator, "ImportCustomImage", IMPORT).await;
    let id = answer["ImageId"].as_str().unwrap();
    let by_id = [("Region", "cn-bj2"), ("ProjectId", "org-abc"), ("ImageId", id)];
    listed_in_time(begun, async || {
        let found = call(&simulator, "DescribeImage", &by_id).await;
        let listed = images(&simulator, "cn-bj2", "org-abc").await;
        vec![found["TotalCount"] == 1, listed["TotalCount"] == 1]
    })
    .await;
}
