//! Shares: whom an image is shared with, and what cannot be.

use serde_json::{Value, json};

use super::{call, import, ready};
use crate::{put, quick, slow, started};
use cloud_import_sim::{Cloud, Simulator};

async fn change(simulator: &Simulator, id: &Value, permission: &str, accounts: &[&str]) -> Value {
    let body = json!({"ImageId": id, "AccountIds": accounts, "Permission": permission});
    let answer = call(simulator, "ModifyImageSharePermission", &body).await;
    answer["Error"]["Code"].clone()
}

async fn shared_with(simulator: &Simulator, id: &Value) -> Vec<Value> {
    let answer = call(simulator, "DescribeImageSharePermission", &json!({"ImageId": id})).await;
    let set = answer["SharePermissionSet"].as_array().unwrap().clone();
    assert!(
        set.iter()
            .all(|share| share["CreatedTime"].as_str().unwrap().ends_with('Z'))
    );
    set.iter().map(|share| share["AccountId"].clone()).collect()
}

#[tokio::test]
async fn a_share_is_read_back_and_keeps_the_image() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    assert_eq!(change(&simulator, &id, "SHARE", &["101", "102"]).await, Value::Null);
    assert_eq!(shared_with(&simulator, &id).await, ["101", "102"]);
    // One that is there already refuses the new one with it.
    let again = change(&simulator, &id, "SHARE", &["103", "102"]).await;
    assert_eq!(again, "FailedOperation.AccountAlreadyExists");
    assert_eq!(shared_with(&simulator, &id).await.len(), 2);
    let delete = call(&simulator, "DeleteImages", &json!({"ImageIds": [id]})).await;
    assert_eq!(delete["Error"]["Code"], "InvalidImageId.InShared");
    assert_eq!(
        change(&simulator, &id, "CANCEL", &["101", "102", "103"]).await,
        Value::Null
    );
    assert!(shared_with(&simulator, &id).await.is_empty());
    let delete = call(&simulator, "DeleteImages", &json!({"ImageIds": [id]})).await;
    assert!(delete.get("Error").is_none(), "{delete}");
}

#[tokio::test]
async fn an_image_is_shared_with_500_accounts() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let accounts: Vec<String> = (1..=500).map(|nth| nth.to_string()).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    assert_eq!(change(&simulator, &id, "SHARE", &accounts).await, Value::Null);
    assert_eq!(change(&simulator, &id, "SHARE", &["501"]).await, "OverQuota");
}

#[tokio::test]
async fn what_cannot_be_shared_has_a_code() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let own = "100000000001";
    for (id, permission, account, code) in [
        (&id, "SHARE", own, "FailedOperation.AccountIsYourSelf"),
        (&id, "SHARE", "somebody", "InvalidAccountId.NotFound"),
        (&id, "GIVE", "101", "InvalidParameterValue"),
        (&json!("img-0"), "SHARE", "101", "InvalidImageId.NotFound"),
        (&json!("0"), "SHARE", "101", "InvalidImageId.Malformed"),
    ] {
        assert_eq!(change(&simulator, id, permission, &[account]).await, code);
    }
    for (name, extra, code) in [
        (
            "b",
            json!({"LicenseType": "BYOL"}),
            "FailedOperation.BYOLImageShareFailed",
        ),
        ("r", json!({"OsType": "Redhat"}), "FailedOperation.RImageShareFailed"),
    ] {
        let mut extra = extra.clone();
        extra["ImageName"] = json!(name);
        let id = import(&simulator, extra).await["ImageId"].clone();
        assert_eq!(change(&simulator, &id, "SHARE", &["101"]).await, code);
    }
}

#[tokio::test]
async fn an_image_that_is_not_ready_is_not_shared() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Tencent, super::REGION);
    let id = import(&simulator, json!({})).await["ImageId"].clone();
    let code = change(&simulator, &id, "SHARE", &["101"]).await;
    assert_eq!(code, "InvalidParameterValue.InvalidImageState");
}
