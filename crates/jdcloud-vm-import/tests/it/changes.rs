//! Shares and community images through the importer: by which list an account is taken from, and what excludes what.

use std::sync::Arc;

use cloud_import_core::{ErrorKind, Field, ImageChange, ImageImporter as _, ImportedImage, testing::Scripted};
use jdcloud_vm_import::Importer;
use serde_json::{Value, json};

fn image() -> ImportedImage {
    serde_json::from_value(json!({"provider": "jdcloud", "region": "cn-north-1", "id": "img-1", "name": "web"}))
        .unwrap()
}

fn importer(answers: &[Value]) -> (Importer, Arc<Scripted>) {
    let answers: Vec<String> = answers
        .iter()
        .map(|result| json!({"requestId": "r", "result": result}).to_string())
        .collect();
    let script = Arc::new(Scripted::new(answers.iter().map(|answer| (200, answer.as_str()))));
    (Importer::new(super::client(&script)), script)
}

fn shown() -> Value {
    json!({"image": {"imageId": "img-1", "launchPermission": "specifiedUsers"}})
}

#[tokio::test]
async fn an_account_is_taken_from_the_list_that_it_stands_in() {
    let before = json!({"pins": ["jdpub-a", "jdpub-b"], "loginNames": ["carol@example.org"]});
    let after = json!({"pins": ["jdpub-b"], "loginNames": []});
    let (importer, script) = importer(&[shown(), before.clone(), before, json!({}), shown(), after]);
    let change = ImageChange::default().unshare("jdpub-a").unshare("carol@example.org");
    let left = importer.change(&image(), &change).await.unwrap();
    assert_eq!(left.shared_with, ["jdpub-b".to_owned()].into());
    let sent: Value = serde_json::from_slice(script.sent()[3].body()).unwrap();
    assert_eq!(sent, json!({"pins": ["jdpub-a"], "loginNames": ["carol@example.org"]}));
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_one() {
    let (importer, script) = importer(&[shown(), json!({})]);
    let error = importer
        .change(&image(), &ImageChange::default().unshare("jdpub-a"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn what_becomes_public_is_not_shared_too() {
    let (importer, script) = importer(&[]);
    let change = ImageChange::default().share("jdpub-a").public(true);
    let error = importer.change(&image(), &change).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.problems()[0].field, Field::Share);
    assert!(script.sent().is_empty());
    assert_eq!(
        importer.validate_change(&ImageChange::default().share("jdpub-a").public(false)),
        []
    );
}

#[tokio::test]
async fn as_many_as_may_have_it_are_named_at_once() {
    let accounts: Vec<String> = (10..30).map(|number| format!("jdpub-{number}")).collect();
    let members = |pins: &[String]| json!({"pins": pins, "loginNames": []});
    let (importer, script) = importer(&[shown(), members(&[]), json!({}), shown(), members(&accounts)]);
    let change = accounts
        .iter()
        .fold(ImageChange::default(), |change, account| change.share(account));
    importer.change(&image(), &change).await.unwrap();
    let sent: Value = serde_json::from_slice(script.sent()[2].body()).unwrap();
    assert_eq!(sent, json!({"pins": accounts}));
}
