//! Families, and what is out of date.

use serde_json::{Value, json};

use super::{REGION, call, image_in, import, ready};
use crate::{quick, started};

#[tokio::test]
async fn a_family_shows_its_newest_image_that_is_not_deprecated() {
    let simulator = started(quick()).await;
    let first = ready(&simulator, json!({"ImageFamily": "f"})).await;
    let second = import(&simulator, json!({"ImageName": "two"})).await["ImageId"].clone();
    let now = async || {
        let answer = call(&simulator, "DescribeImageFromFamily", &json!({"ImageFamily": "f"})).await;
        answer["Image"]["ImageId"].clone()
    };
    let modify = async |id: &Value, what: Value| {
        let mut body = what;
        body["ImageId"] = id.clone();
        let answer = call(&simulator, "ModifyImageAttribute", &body).await;
        answer["Error"]["Code"].clone()
    };
    assert_eq!(now().await, first);
    assert_eq!(modify(&second, json!({"ImageFamily": "f"})).await, Value::Null);
    assert_eq!(now().await, second);
    modify(&second, json!({"ImageDeprecated": true})).await;
    assert_eq!(image_in(&simulator, REGION, &second).await["ImageDeprecated"], true);
    assert_eq!(now().await, first);
    // What is not given stays, and an empty family is none.
    modify(&second, json!({"ImageDescription": "d"})).await;
    let shown = image_in(&simulator, REGION, &second).await;
    assert_eq!(
        (&shown["ImageDeprecated"], &shown["ImageFamily"]),
        (&json!(true), &json!("f"))
    );
    modify(&first, json!({"ImageFamily": ""})).await;
    assert_eq!(now().await, Value::Null);
    modify(&second, json!({"ImageDeprecated": false, "ImageDescription": ""})).await;
    assert_eq!(now().await, second);
    assert_eq!(image_in(&simulator, REGION, &second).await["ImageDescription"], "");
}

#[tokio::test]
async fn texts_that_are_too_long_are_refused() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    for (field, most, code) in [
        ("ImageName", 60, "InvalidParameterValue.TooLarge"),
        ("ImageDescription", 256, "InvalidParameterValue.TooLarge"),
        ("ImageFamily", 60, "InvalidParameterValue.InvalidImageFamily"),
    ] {
        for (length, code) in [(most, Value::Null), (most + 1, json!(code))] {
            let body = json!({"ImageId": id, field: "n".repeat(length)});
            let answer = call(&simulator, "ModifyImageAttribute", &body).await;
            assert_eq!(answer["Error"]["Code"], code, "{field} {length}");
        }
    }
}
