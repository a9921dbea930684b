//! Sharing and publishing, and reading both back.

use std::ops::Range;

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use super::{REGION, call, code, image, is, ok, with_image};
use crate::quick;

/// Ids of accounts, and the fields that name them.
fn accounts(field: &str, numbers: Range<u32>) -> Vec<(String, String)> {
    let pair = |(place, number)| (format!("{field}.{place}"), format!("11000000{number:08}"));
    (1..).zip(numbers).map(pair).collect()
}

async fn modify(simulator: &Simulator, image: &str, more: &[(String, String)]) -> (u16, String) {
    let mut pairs = vec![("RegionId", REGION), ("ImageId", image)];
    pairs.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    code(&call(simulator, "ModifyImageSharePermission", &pairs).await)
}

fn one(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

async fn shared(simulator: &Simulator, image: &str) -> Value {
    let pairs = [("RegionId", REGION), ("ImageId", image), ("PageSize", "100")];
    ok(simulator, "DescribeImageSharePermission", &pairs).await
}

#[tokio::test]
async fn an_image_is_shared_and_taken_back() {
    let (simulator, id) = with_image(quick()).await;
    assert_eq!(
        modify(&simulator, &id, &accounts("AddAccount", 0..3)).await,
        is(200, "")
    );
    let list = shared(&simulator, &id).await;
    assert_eq!((&list["TotalCount"], &list["ImageId"]), (&json!(3), &json!(id)));
    let first = &list["Accounts"]["Account"][0];
    assert_eq!(first["AliyunId"], "1100000000000000");
    assert!(first["SharedTime"].as_str().unwrap().ends_with('Z'));
    let second = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("PageNumber", "2"),
        ("PageSize", "2"),
    ];
    let second = ok(&simulator, "DescribeImageSharePermission", &second).await;
    assert_eq!(second["Accounts"]["Account"].as_array().unwrap().len(), 1);

    let by_id = [("RegionId", REGION), ("ImageId", id.as_str())];
    assert_eq!(
        code(&call(&simulator, "DeleteImage", &by_id).await),
        is(403, "ImageUseShared")
    );
    assert_eq!(
        modify(&simulator, &id, &accounts("AddAccount", 0..1)).await,
        is(200, "")
    );
    assert_eq!(
        modify(&simulator, &id, &accounts("RemoveAccount", 0..9)).await,
        is(200, "")
    );
    assert_eq!(shared(&simulator, &id).await["TotalCount"], 0);
    ok(&simulator, "DeleteImage", &by_id).await;
    let gone = call(&simulator, "DescribeImageSharePermission", &by_id).await;
    assert_eq!(code(&gone), is(404, "InvalidImageId.NotFound"));
}

#[tokio::test]
async fn more_than_ten_accounts_are_lost_and_more_than_fifty_refused() {
    let (simulator, id) = with_image(quick()).await;
    assert_eq!(
        modify(&simulator, &id, &accounts("AddAccount", 0..11)).await,
        is(200, "")
    );
    assert_eq!(shared(&simulator, &id).await["TotalCount"], 10);
    for from in [10, 20, 30, 40] {
        let ten = accounts("AddAccount", from..from + 10);
        assert_eq!(modify(&simulator, &id, &ten).await, is(200, ""));
    }
    let more = accounts("AddAccount", 50..51);
    assert_eq!(
        modify(&simulator, &id, &more).await,
        is(403, "QuotaExceed.ShareImageUser")
    );
    let list = shared(&simulator, &id).await;
    assert_eq!(
        (
            &list["TotalCount"],
            simulator.images(Cloud::Aliyun)[0].shared_with.len()
        ),
        (&json!(50), 50)
    );
}

#[tokio::test]
async fn accounts_must_be_other_ones_and_exist() {
    let (simulator, id) = with_image(quick()).await;
    let own = one("AddAccount.1", "1234567890123456");
    assert_eq!(modify(&simulator, &id, &own).await, is(404, "InvalidAccount.Forbbiden"));
    let name = one("AddAccount.1", "someone");
    assert_eq!(modify(&simulator, &id, &name).await, is(404, "InvalidAccount.NotFound"));
    let nobody = modify(&simulator, "m-0", &accounts("AddAccount", 0..1)).await;
    assert_eq!(nobody, is(404, "InvalidImageId.NotFound"));
    let mut dry = accounts("AddAccount", 0..1);
    dry.extend(one("DryRun", "true"));
    assert_eq!(modify(&simulator, &id, &dry).await, is(400, "DryRunOperation"));
    assert_eq!(shared(&simulator, &id).await["TotalCount"], 0);
}

#[tokio::test]
async fn a_community_image_is_neither_shared_nor_copied_nor_exported() {
    let (simulator, id) = with_image(quick()).await;
    modify(&simulator, &id, &accounts("AddAccount", 0..1)).await;
    assert_eq!(modify(&simulator, &id, &one("IsPublic", "true")).await, is(200, ""));
    assert_eq!(image(&simulator, REGION, &id).await["IsPublic"], true);
    assert_eq!(
        shared(&simulator, &id).await["ShareGroups"]["ShareGroup"][0]["Group"],
        "all"
    );
    let more = modify(&simulator, &id, &accounts("AddAccount", 1..2)).await;
    assert_eq!(more, is(403, "OperationDenied"));
    let copy = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("DestinationRegionId", "cn-beijing"),
    ];
    assert_eq!(
        code(&call(&simulator, "CopyImage", &copy).await),
        is(403, "OperationDenied")
    );
    let export = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("OSSBucket", "bucket-1"),
    ];
    assert_eq!(
        code(&call(&simulator, "ExportImage", &export).await),
        is(403, "ImageNotSupported")
    );
    assert_eq!(modify(&simulator, &id, &one("IsPublic", "false")).await, is(200, ""));
    let list = shared(&simulator, &id).await;
    assert_eq!(
        (&list["TotalCount"], &list["ShareGroups"]["ShareGroup"]),
        (&json!(1), &json!([]))
    );
}

#[tokio::test]
async fn what_the_services_key_encrypts_is_not_shared_and_nothing_encrypted_published() {
    let (simulator, source) = with_image(quick()).await;
    for (key, shares) in [
        ("", is(403, "OperationDeined.EncryptedSnapshot")),
        ("key-1", is(200, "")),
    ] {
        let mut pairs = vec![
            ("RegionId", REGION),
            ("ImageId", source.as_str()),
            ("DestinationRegionId", REGION),
            ("Encrypted", "true"),
        ];
        pairs.extend((!key.is_empty()).then_some(("KMSKeyId", key)));
        let copy = ok(&simulator, "CopyImage", &pairs).await;
        let copy = copy["ImageId"].as_str().unwrap();
        assert_eq!(modify(&simulator, copy, &accounts("AddAccount", 0..1)).await, shares);
        assert_eq!(
            modify(&simulator, copy, &one("IsPublic", "true")).await,
            is(403, "OperationDeined.EncryptedSnapshot")
        );
        let export = [("RegionId", REGION), ("ImageId", copy), ("OSSBucket", "bucket-1")];
        assert_eq!(
            code(&call(&simulator, "ExportImage", &export).await),
            is(400, "ImageNotSupported")
        );
    }
}
