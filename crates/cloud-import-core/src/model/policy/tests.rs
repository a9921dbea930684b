//! Policies of a cloud that is made up.

use super::*;

const WORDS: [&str; 6] = ["version", "statement", "effect", "allow", "action", "resource"];

const POLICY: Policy = Policy::new(WORDS, "2.0")
    .apart(&["iam"])
    .any_region("")
    .resources(&[
        ("bucket", "q::{region}:uid/{account}:{bucket}/"),
        ("object", "q::{region}:uid/{account}:{bucket}/*"),
    ])
    .permissions(&[
        Permission::new("Put", &["cos:Put"], "s")
            .on(&["object"])
            .purposes(&[Purpose::Stage]),
        Permission::new("Part", &["cos:Put"], "s")
            .on(&["object"])
            .purposes(&[Purpose::Stage]),
        Permission::new("List", &["cos:List"], "s")
            .on(&["bucket"])
            .purposes(&[Purpose::Stage]),
        Permission::new("Import", &["cvm:Import", "cvm:Create"], "s").purposes(&[Purpose::Import]),
        Permission::new("Projects", &["iam:list"], "s").purposes(&[Purpose::Import]),
        Permission::new("Unknown", &[], "s").purposes(&[Purpose::Stage]),
    ]);

#[test]
fn a_policy_has_the_vendors_words_and_each_action_once() {
    let documents = POLICY.documents(&[Purpose::Stage], Some("images-1250000000"), Some("ap-x"));
    let expected = r#"{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": [
        "cos:List"
      ],
      "resource": [
        "q::ap-x:uid/1250000000:images-1250000000/"
      ]
    },
    {
      "effect": "allow",
      "action": [
        "cos:Put"
      ],
      "resource": [
        "q::ap-x:uid/1250000000:images-1250000000/*"
      ]
    }
  ]
}"#;
    assert_eq!(documents, [expected]);
    assert!(POLICY.documents(&[Purpose::Stage], Some("b-1"), None)[0].contains("\"q:::uid/1:b-1/*\""));
}

#[test]
fn without_a_bucket_it_is_for_everything_and_services_stand_apart() {
    let documents = POLICY.documents(&[Purpose::Stage, Purpose::Import], None, None);
    assert_eq!(documents.len(), 2);
    let value: serde_json::Value = serde_json::from_str(&documents[0]).unwrap();
    let statement = serde_json::json!([{
        "effect": "allow", "action": ["cos:List", "cos:Put", "cvm:Create", "cvm:Import"], "resource": ["*"],
    }]);
    assert_eq!(value["statement"], statement);
    assert!(documents[1].contains("iam:list") && !documents[0].contains("iam:list"));
    let bare = POLICY.no_resource(true).documents(&[Purpose::Import], None, None);
    assert!(!bare[0].contains("resource"), "{}", bare[0]);
    assert!(POLICY.documents(&[Purpose::Copy], None, None).is_empty());
}

#[test]
fn whatever_a_bucket_and_a_region_are_called_it_is_json() {
    for text in ["a\"b", "a\\", "a\nb", "\u{fc}"] {
        let documents = POLICY.documents(&[Purpose::Stage], Some(text), Some(text));
        let read: serde_json::Value = serde_json::from_str(&documents[0]).unwrap();
        let statements = read["statement"].as_array().unwrap().iter();
        let resources: Vec<&str> = statements.map(|one| one["resource"][0].as_str().unwrap()).collect();
        let bucket = format!("q::{text}:uid/{text}:{text}/");
        assert!(resources.contains(&bucket.as_str()), "{resources:?}");
    }
}
