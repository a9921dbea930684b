//! Tags and attributes of an image that is there.

use serde_json::{Value, json};

use super::{HERE, OWNER, THEIRS, call, code, get, image, imported};

#[tokio::test]
async fn tags_are_set_read_and_taken_off() {
    let (simulator, id) = imported(json!({})).await;
    let path = format!("/v2/{OWNER}/images/{id}/tags");
    let read = async || get(&simulator, HERE, &path).await.json()["tags"].clone();
    assert_eq!(read().await, json!([{"key": "env", "value": "ci"}]));
    for value in ["prod", "prod", ""] {
        let body = json!({"tag": {"key": "env", "value": value}});
        let answer = call(&simulator, HERE, "POST", &path, body).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
        assert_eq!(read().await, json!([{"key": "env", "value": value}]));
    }
    let batch = async |action: &str, keys: &[&str]| {
        let tags: Vec<Value> = keys.iter().map(|key| json!({"key": key, "value": "1"})).collect();
        let body = json!({"action": action, "tags": tags});
        call(&simulator, HERE, "POST", &format!("{path}/action"), body).await
    };
    assert_eq!(batch("create", &["环境", "two words"]).await.status, 204);
    assert_eq!(batch("delete", &["env", "never"]).await.status, 204);
    assert_eq!(batch("delete", &["env"]).await.status, 204, "once more is no error");
    let delete = async || call(&simulator, HERE, "DELETE", &format!("{path}/two%20words"), Value::Null).await;
    assert_eq!((delete().await.status, delete().await.status), (204, 404));
    assert_eq!(read().await, json!([{"key": "环境", "value": "1"}]));
    assert_eq!(image(&simulator, HERE, &id).await["tags"], json!(["环境.1"]));

    let long = "k".repeat(37);
    for (action, keys, wanted) in [
        ("create", vec!["a", "a"], "IMG.0115"),
        ("create", vec![], "IMG.0115"),
        ("create", vec![long.as_str()], "IMG.0115"),
        (
            "create",
            vec!["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"],
            "IMG.0116",
        ),
        ("delete", vec![long.as_str()], ""),
        ("other", vec!["a"], "IMG.0001"),
    ] {
        assert_eq!(code(&batch(action, &keys).await), wanted, "{action} {keys:?}");
    }
    assert_eq!(
        read().await,
        json!([{"key": "环境", "value": "1"}]),
        "nothing was set by halves"
    );
    let other = format!("/v2/{}/images/{id}/tags", super::RECEIVER);
    assert_eq!(get(&simulator, THEIRS, &other).await.status, 404);
}

#[tokio::test]
async fn attributes_are_changed_all_or_none() {
    let (simulator, id) = imported(json!({})).await;
    let change =
        async |changes: Value| call(&simulator, HERE, "PATCH", &format!("/v2/cloudimages/{id}"), changes).await;
    let one = |op: &str, path: &str, value: &str| json!({"op": op, "path": path, "value": value});
    let answer = change(json!([
        one("replace", "/name", "renamed"),
        one("replace", "/min_ram", "2048"),
        one("add", "/max_ram", "4096"),
        one("add", "/__description", "d"),
        one("replace", "/hw_firmware_type", "uefi"),
        one("replace", "/protected", "true"),
    ]))
    .await;
    let shown = answer.json();
    assert_eq!(
        (&shown["name"], &shown["min_ram"], &shown["max_ram"]),
        (&json!("renamed"), &json!(2048), &json!("4096"))
    );
    assert_eq!(
        (&shown["hw_firmware_type"], &shown["protected"]),
        (&json!("uefi"), &json!(true))
    );
    let path = format!("/v2/images/{id}");
    assert_eq!(
        code(&call(&simulator, HERE, "DELETE", &path, Value::Null).await),
        "IMG.0028"
    );

    let both = json!([one("replace", "/name", "again"), one("remove", "/virtual_size", "")]);
    assert_eq!(code(&change(both).await), "IMG.0001");
    assert_eq!(image(&simulator, HERE, &id).await["name"], "renamed");
    assert_eq!(change(json!([one("remove", "/max_ram", "")])).await.status, 200);
    for (asked, wanted) in [
        (one("replace", "/max_ram", "1"), "IMG.0035"),
        (one("remove", "/max_ram", ""), "IMG.0035"),
        (one("replace", "/min_ram", "much"), "IMG.0055"),
        (one("replace", "/hw_firmware_type", "efi"), "IMG.0141"),
        (one("replace", "/protected", "yes"), "IMG.0001"),
        (one("replace", "/name", "a/b"), "IMG.0003"),
        (one("remove", "/name", ""), "IMG.0001"),
        (one("replace", "/protected", "false"), ""),
    ] {
        assert_eq!(code(&change(json!([asked])).await), wanted, "{asked}");
    }
    assert_eq!(call(&simulator, HERE, "DELETE", &path, Value::Null).await.status, 204);
}
