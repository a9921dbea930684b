//! The tag service: another product of the vendor's, with its own host, version and scope.

use cloud_import_sim::Simulator;
use serde_json::{Value, json};

use super::{REGION, answered, call, image_in, import, ready};
use crate::{quick, sign, started};

async fn tag(simulator: &Simulator, action: &str, body: &Value) -> Value {
    answered(simulator, sign::tencent_tags(action, &body.to_string())).await
}

fn resource(account: &str, id: &Value) -> String {
    format!("qcs::cvm:{REGION}:uin/{account}:image/{}", id.as_str().unwrap())
}

#[tokio::test]
async fn part_of_a_change_fails_within_a_success() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let (good, bad) = (resource("", &id), resource("", &json!("img-0")));
    let foreign = resource("100000000999", &id);
    let tags = json!([{"TagKey": "team", "TagValue": "infra"}, {"TagKey": "env", "TagValue": "ci"}]);
    let body = json!({"ResourceList": [bad, good, foreign], "Tags": tags});
    let answer = tag(&simulator, "TagResources", &body).await;
    assert!(answer.get("Error").is_none(), "{answer}");
    let failed = answer["FailedResources"].as_array().unwrap();
    assert_eq!(
        (&failed[0]["Resource"], &failed[1]["Resource"]),
        (&json!(bad), &json!(foreign))
    );
    assert!(failed.len() == 2 && failed[0]["Code"].is_string());
    // A key that is there gets the new value.
    let again =
        json!({"ResourceList": [resource("100000000001", &id)], "Tags": [{"TagKey": "team", "TagValue": "web"}]});
    assert_eq!(
        tag(&simulator, "TagResources", &again).await["FailedResources"],
        json!([])
    );
    let image = image_in(&simulator, REGION, &id).await;
    assert_eq!(
        image["Tags"],
        json!([{"Key": "team", "Value": "web"}, {"Key": "env", "Value": "ci"}])
    );
    let off = json!({"ResourceList": [good], "TagKeys": ["team", "none"]});
    assert_eq!(
        tag(&simulator, "UnTagResources", &off).await["FailedResources"],
        json!([])
    );
    let image = image_in(&simulator, REGION, &id).await;
    assert_eq!(image["Tags"], json!([{"Key": "env", "Value": "ci"}]));
}

#[tokio::test]
async fn a_tag_is_attached_once_and_must_be_there() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let other = import(&simulator, json!({"ImageName": "other"})).await["ImageId"].clone();
    let body = |id: &Value| {
        json!({
            "ServiceType": "cvm",
            "ResourcePrefix": "image",
            "ResourceRegion": REGION,
            "ResourceIds": [id],
            "TagKey": "team",
            "TagValue": "infra",
        })
    };
    let attach = async |id: &Value| tag(&simulator, "AttachResourcesTag", &body(id)).await["Error"]["Code"].clone();
    assert_eq!(attach(&id).await, "ResourceNotFound.TagNonExist");
    let make = json!({"ResourceList": [resource("", &other)], "Tags": [{"TagKey": "team", "TagValue": "infra"}]});
    tag(&simulator, "TagResources", &make).await;
    assert_eq!(attach(&id).await, Value::Null);
    assert_eq!(attach(&id).await, "ResourceInUse.TagKeyAttached");
    assert_eq!(attach(&json!("img-0")).await, "InvalidParameterValue.ResourceIdInvalid");
    let mut off = body(&id);
    off.as_object_mut().unwrap().remove("TagValue");
    let detach = async || tag(&simulator, "DetachResourcesTag", &off).await["Error"]["Code"].clone();
    assert_eq!(detach().await, Value::Null);
    assert_eq!(detach().await, "ResourceNotFound.AttachedTagKeyNotFound");
    assert_eq!(image_in(&simulator, REGION, &id).await["Tags"], json!([]));
}

#[tokio::test]
async fn tags_are_listed_in_pages() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let tags: Vec<Value> = (0..5)
        .map(|nth| json!({"TagKey": format!("k{nth}"), "TagValue": "v"}))
        .collect();
    let body = json!({"ResourceList": [resource("", &id)], "Tags": tags});
    tag(&simulator, "TagResources", &body).await;
    let place = json!({"ServiceType": "cvm", "ResourcePrefix": "image", "ResourceRegion": REGION});
    let list = async |action: &str, extra: Value| {
        let mut body = place.clone();
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        tag(&simulator, action, &body).await
    };
    let all = list("DescribeResourceTags", json!({"ResourceId": id})).await;
    assert_eq!(
        (&all["TotalCount"], all["Rows"].as_array().unwrap().len()),
        (&json!(5), 5)
    );
    let page = list(
        "DescribeResourceTagsByResourceIds",
        json!({"ResourceIds": [id], "Offset": 4, "Limit": 2}),
    )
    .await;
    assert_eq!((&page["TotalCount"], &page["Offset"]), (&json!(5), &json!(4)));
    assert_eq!(page["Tags"][0]["TagKey"], "k4");
    assert_eq!(page["Tags"][0]["ResourceId"], id);
    let odd = list(
        "DescribeResourceTags",
        json!({"ResourceId": id, "Offset": 1, "Limit": 2}),
    )
    .await;
    assert_eq!(odd["Error"]["Code"], "InvalidParameter");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_as_a_whole_has_a_code() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    let good = resource("", &id);
    let one = |key: &str, value: &str| json!([{"TagKey": key, "TagValue": value}]);
    let many: Vec<Value> = (0..11)
        .map(|nth| json!({"TagKey": nth.to_string(), "TagValue": "v"}))
        .collect();
    let twice = json!([{"TagKey": "k", "TagValue": "v"}, {"TagKey": "k", "TagValue": "w"}]);
    for (resources, tags, code) in [
        (json!([]), one("k", "v"), "MissingParameter"),
        (json!([good]), json!([]), "MissingParameter"),
        (
            json!(["img-1"]),
            one("k", "v"),
            "InvalidParameterValue.ResourceDescriptionError",
        ),
        (
            json!([good.replace("cvm", "cos")]),
            one("k", "v"),
            "InvalidParameter.UnsupportedService",
        ),
        (
            json!(vec![&good; 11]),
            one("k", "v"),
            "LimitExceeded.ResourceNumPerRequest",
        ),
        (json!([good]), json!(many), "LimitExceeded.TagNumPerRequest"),
        (json!([good]), twice, "InvalidParameterValue.TagKeyDuplicate"),
        (json!([good]), one("project", "v"), "InvalidParameter.ReservedTagKey"),
        (
            json!([good]),
            one(&"k".repeat(128), "v"),
            "InvalidParameterValue.TagKeyLengthExceeded",
        ),
        (
            json!([good]),
            one("k", &"v".repeat(256)),
            "InvalidParameterValue.TagValueLengthExceeded",
        ),
    ] {
        let body = json!({"ResourceList": resources, "Tags": tags});
        let answer = tag(&simulator, "TagResources", &body).await;
        assert_eq!(answer["Error"]["Code"], code, "{body}");
    }
    assert_eq!(image_in(&simulator, REGION, &id).await["Tags"], json!([]));
}

#[tokio::test]
async fn an_image_has_50_tags() {
    let simulator = started(quick()).await;
    let id = ready(&simulator, json!({})).await;
    for ten in 0..6 {
        let tags: Vec<Value> = (0..10)
            .map(|nth| json!({"TagKey": format!("{ten}{nth}"), "TagValue": "v"}))
            .collect();
        let body = json!({"ResourceList": [resource("", &id)], "Tags": tags});
        let failed = tag(&simulator, "TagResources", &body).await["FailedResources"].clone();
        let code = &failed[0]["Code"];
        let expected = if ten < 5 {
            Value::Null
        } else {
            json!("LimitExceeded.ResourceAttachedTags")
        };
        assert_eq!(*code, expected, "{ten}");
    }
}

#[tokio::test]
async fn each_product_has_its_own_operations() {
    let simulator = started(quick()).await;
    let answer = call(&simulator, "TagResources", &json!({"ResourceList": ["q"], "Tags": []})).await;
    assert_eq!(answer["Error"]["Code"], "InvalidAction");
    let answer = tag(&simulator, "DescribeImages", &json!({})).await;
    assert_eq!(answer["Error"]["Code"], "InvalidAction");
    let other = sign::tencent_of(["tag", "2017-03-12"], "DescribeImages", "", "{}", sign::now());
    let other = other.set("x-tc-region", REGION);
    assert_eq!(answered(&simulator, other).await["Error"]["Code"], "NoSuchVersion");
}
