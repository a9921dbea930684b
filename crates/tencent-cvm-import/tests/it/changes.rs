//! What a change of an image becomes, and what is made of a success in which something failed.

use std::sync::Arc;

use cloud_import_core::{
    ErrorKind, ImageAttributes, ImageChange, ImageImporter as _, ImportedImage, Result, testing::Scripted,
};
use serde_json::{Value, json};
use tencent_cvm_import::Importer;

use super::importer::order;

const DONE: &str = r#"{"Response":{"RequestId":"r"}}"#;

fn image(fields: Value) -> String {
    let mut image = json!({"ImageId": "img-1", "ImageName": "web", "ImageState": "NORMAL", "ImageDeprecated": false});
    for (name, value) in fields.as_object().unwrap() {
        image[name] = value.clone();
    }
    json!({"Response": {"ImageSet": [image], "TotalCount": 1, "RequestId": "r"}}).to_string()
}

fn tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, total: usize) -> String {
    let tags = tags
        .into_iter()
        .map(|(key, value)| json!({"TagKey": key, "TagValue": value, "ResourceId": "img-1"}));
    json!({"Response": {"Tags": tags.collect::<Vec<_>>(), "TotalCount": total, "RequestId": "r"}}).to_string()
}

fn shared(accounts: &[&str]) -> String {
    let shares: Vec<Value> = accounts.iter().map(|account| json!({"AccountId": account})).collect();
    json!({"Response": {"SharePermissionSet": shares, "RequestId": "r"}}).to_string()
}

fn refused(code: &str) -> String {
    json!({"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}}).to_string()
}

/// What a change leads to, and what was sent.
async fn changed(change: &ImageChange, answers: &[String]) -> (Result<ImageAttributes>, Vec<(String, Value)>) {
    let script = Arc::new(Scripted::new(answers.iter().map(|answer| (200, answer.as_str()))));
    let importer = Importer::new(super::client(&script));
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "img-1");
    let outcome = importer.change(&image, change).await;
    let sent = script.sent();
    let sent = sent.iter().map(|request| {
        let action = request.headers()["x-tc-action"].to_str().unwrap().to_owned();
        (action, serde_json::from_slice(request.body()).unwrap())
    });
    (outcome, sent.collect())
}

#[tokio::test]
async fn tags_go_to_their_own_service_ten_at_a_time() {
    let keys: Vec<String> = (0..12).map(|number| format!("k{number:02}")).collect();
    let change = keys
        .iter()
        .fold(ImageChange::default(), |change, key| change.tag(key, "v"));
    let shown = |from: usize, to: usize| tags(keys[from..to].iter().map(|key| (key.as_str(), "v")), 12);
    let (outcome, sent) = changed(
        &change,
        &[
            image(json!({})),
            tags([], 0),
            DONE.to_owned(),
            DONE.to_owned(),
            image(json!({})),
            shown(0, 12),
        ],
    )
    .await;
    assert_eq!(outcome.unwrap().tags.len(), 12);
    let set = |index: usize| sent[index].1["Tags"].as_array().unwrap().len();
    assert_eq!((sent[2].0.as_str(), set(2), set(3)), ("TagResources", 10, 2));
    assert_eq!(
        sent[3].1["ResourceList"],
        json!(["qcs::cvm:ap-guangzhou:uin/:image/img-1"])
    );
    assert_eq!(
        sent[1].1,
        json!({
            "ServiceType": "cvm", "ResourcePrefix": "image", "ResourceIds": ["img-1"], "ResourceRegion": "ap-guangzhou",
            "Limit": 15,
        })
    );
}

#[tokio::test]
async fn a_success_in_which_something_failed_is_an_error() {
    let failed = |code: &str, message: &str| {
        let failed = json!([{"Resource": "qcs::cvm:x:uin/:image/img-1", "Code": code, "Message": message}]);
        json!({"Response": {"FailedResources": failed, "RequestId": "r-1"}}).to_string()
    };
    for (code, message, kind) in [
        ("FailedOperation.ResourceTagProcessing", "busy", ErrorKind::Conflict),
        (
            "LimitExceeded.ResourceAttachedTags",
            "too many",
            ErrorKind::QuotaExceeded,
        ),
        ("Unheard", "no", ErrorKind::Service),
        ("", "", ErrorKind::Service),
    ] {
        let set = ImageChange::default().tag("a", "1");
        let (outcome, sent) = changed(&set, &[image(json!({})), tags([], 0), failed(code, message)]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (kind, false), "{error:?}");
        assert_eq!(error.code().unwrap_or_default(), code);
        assert_eq!(error.request_id(), Some("r-1"));
        assert!(
            error.message().contains("img-1 was not changed") && error.message().contains(message),
            "{error}"
        );
        assert_eq!(sent[2].0, "TagResources");
    }
    let unset = ImageChange::default().untag("a");
    let answers = [
        image(json!({})),
        tags([("a", "1")], 1),
        failed("FailedOperation.ResourceTagProcessing", "busy"),
    ];
    let (outcome, sent) = changed(&unset, &answers).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sent[2].1["TagKeys"], json!(["a"]));
}

#[tokio::test]
async fn an_account_that_has_the_image_does_not_keep_it_from_others() {
    let exists = || refused("FailedOperation.AccountAlreadyExists");
    let change = ImageChange::default().share("1").share("2");
    let (outcome, sent) = changed(
        &change,
        &[
            image(json!({})),
            shared(&[]),
            exists(),
            exists(),
            DONE.to_owned(),
            image(json!({})),
            shared(&["1", "2"]),
        ],
    )
    .await;
    assert_eq!(outcome.unwrap().shared_with.len(), 2);
    let accounts: Vec<&Value> = sent[2..5].iter().map(|(_, body)| &body["AccountIds"]).collect();
    assert_eq!(accounts, [&json!(["1", "2"]), &json!(["1"]), &json!(["2"])]);
    let alone = ImageChange::default().share("1");
    let answers = [
        image(json!({})),
        shared(&[]),
        exists(),
        image(json!({})),
        shared(&["1"]),
    ];
    let (outcome, sent) = changed(&alone, &answers).await;
    assert!(outcome.is_ok() && sent.len() == 5);
    let other = [image(json!({})), shared(&[]), refused("InvalidAccountId.NotFound")];
    assert_eq!(
        changed(&alone, &other).await.0.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
}

/// The documents say that an image which is shared takes no other change.
#[tokio::test]
async fn a_family_is_set_before_the_image_is_shared() {
    let change = ImageChange::default().share("1").family("web");
    let (outcome, sent) = changed(
        &change,
        &[
            image(json!({})),
            shared(&[]),
            DONE.to_owned(),
            DONE.to_owned(),
            image(json!({"ImageFamily": "web"})),
            shared(&["1"]),
        ],
    )
    .await;
    assert_eq!(outcome.unwrap().family.as_deref(), Some("web"));
    assert_eq!(
        sent[2..4],
        [
            (
                "ModifyImageAttribute".to_owned(),
                json!({"ImageId": "img-1", "ImageFamily": "web"})
            ),
            (
                "ModifyImageSharePermission".to_owned(),
                json!({"ImageId": "img-1", "AccountIds": ["1"], "Permission": "SHARE"})
            ),
        ]
    );
}

#[tokio::test]
async fn what_the_cloud_does_not_show_is_no_success() {
    let change = ImageChange::default().deprecated(true);
    let (outcome, sent) = changed(&change, &[image(json!({})), DONE.to_owned(), image(json!({}))]).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sent[1].1, json!({"ImageId": "img-1", "ImageDeprecated": true}));
    let none = r#"{"Response":{"ImageSet":[],"TotalCount":0,"RequestId":"r"}}"#.to_owned();
    assert_eq!(
        changed(&change, &[none]).await.0.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
