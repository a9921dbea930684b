//! Tencent: names that are unique, imports without a task or a reason, errors with 200.

mod attributes;
mod copies;
mod exports;
mod sharing;
mod tags;

use cloud_import_sim::{Cloud, Simulator, TencentDryRun};
use serde_json::{Value, json};

use crate::{
    LISTED_AFTER, clock,
    http::{Request, send},
    listed_in_time, put, quick, sign, slow, started,
};

const REGION: &str = "ap-guangzhou";

async fn call(simulator: &Simulator, action: &str, body: &Value) -> Value {
    call_in(simulator, REGION, action, body).await
}

async fn call_in(simulator: &Simulator, region: &str, action: &str, body: &Value) -> Value {
    answered(simulator, sign::tencent(action, region, "", &body.to_string())).await
}

async fn answered(simulator: &Simulator, request: Request) -> Value {
    let answer = send(simulator.address(Cloud::Tencent), &request).await;
    assert_eq!(answer.status, 200);
    let response = answer.json()["Response"].clone();
    assert!(response["RequestId"].is_string());
    response
}

fn body(extra: &Value) -> Value {
    let mut body = json!({
        "Architecture": "x86_64",
        "OsType": "CentOS",
        "OsVersion": "7",
        "ImageUrl": "https://bucket-1.cos.ap-guangzhou.myqcloud.com/k.qcow2?q-signature=s",
        "ImageName": "web",
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// An image that is ready, of a file that is there.
async fn ready(simulator: &Simulator, extra: Value) -> Value {
    put(simulator, Cloud::Tencent, REGION);
    import(simulator, extra).await["ImageId"].clone()
}

/// The only image of a region with this id.
async fn image_in(simulator: &Simulator, region: &str, id: &Value) -> Value {
    let listed = call_in(simulator, region, "DescribeImages", &json!({"ImageIds": [id]})).await;
    listed["ImageSet"][0].clone()
}

async fn import(simulator: &Simulator, extra: Value) -> Value {
    call(simulator, "ImportImage", &body(&extra)).await
}

async fn named(simulator: &Simulator, name: &str) -> Value {
    let filters = json!({"Filters": [
        {"Name": "image-name", "Values": [name]},
        {"Name": "image-type", "Values": ["PRIVATE_IMAGE"]},
    ]});
    call(simulator, "DescribeImages", &filters).await
}

#[tokio::test]
async fn an_import_becomes_an_image() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Tencent, REGION);
    let tags = json!([{"ResourceType": "image", "Tags": [{"Key": "env", "Value": "ci"}]}]);
    let answer = import(&simulator, json!({"TagSpecification": tags, "BootMode": "UEFI"})).await;
    let id = answer["ImageId"].as_str().unwrap();
    let listed = named(&simulator, "we").await;
    let image = &listed["ImageSet"][0];
    assert_eq!(image["ImageId"], *id);
    assert_eq!(image["ImageState"], "NORMAL");
    assert_eq!(image["ImageSource"], "EXTERNAL_IMPORT");
    assert_eq!(image["Tags"], json!([{"Key": "env", "Value": "ci"}]));
    call(&simulator, "DeleteImages", &json!({"ImageIds": [id]})).await;
    assert_eq!(named(&simulator, "web").await["TotalCount"], 0);
}

#[tokio::test]
async fn a_name_is_taken_while_its_image_is_imported() {
    let simulator = started(slow().visible_after_polls(1)).await;
    put(&simulator, Cloud::Tencent, REGION);
    let id = import(&simulator, json!({})).await["ImageId"].clone();
    assert_eq!(named(&simulator, "web").await["TotalCount"], 0);
    assert_eq!(named(&simulator, "web").await["ImageSet"][0]["ImageState"], "IMPORTING");
    let again = import(&simulator, json!({})).await;
    assert_eq!(again["Error"]["Code"], "InvalidImageName.Duplicate");
    let delete = call(&simulator, "DeleteImages", &json!({"ImageIds": [id]})).await;
    assert_eq!(delete["Error"]["Code"], "InvalidImageId.IncorrectState");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_fails_without_a_reason() {
    let simulator = started(quick()).await;
    import(&simulator, json!({})).await;
    let image = &named(&simulator, "web").await["ImageSet"][0];
    assert_eq!(image["ImageState"], "IMPORTFAILED");
    assert!(!image.to_string().contains("InvalidUrl"), "{image}");
    // A failed image leaves its name free, unless the simulator was told otherwise.
    put(&simulator, Cloud::Tencent, REGION);
    assert!(import(&simulator, json!({})).await["ImageId"].is_string());
}

#[tokio::test]
async fn mainland_regions_read_from_each_other_and_others_do_not() {
    let simulator = started(quick()).await;
    for region in ["ap-shanghai", "ap-singapore"] {
        put(&simulator, Cloud::Tencent, region);
        let url = format!("https://bucket-1.cos.{region}.myqcloud.com/k.qcow2");
        import(&simulator, json!({"ImageName": region, "ImageUrl": url})).await;
    }
    let state = |listed: Value| listed["ImageSet"][0]["ImageState"].clone();
    assert_eq!(state(named(&simulator, "ap-shanghai").await), "NORMAL");
    assert_eq!(state(named(&simulator, "ap-singapore").await), "IMPORTFAILED");
}

#[tokio::test]
async fn what_is_wrong_has_a_code() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Tencent, REGION);
    for (extra, code) in [
        (json!({"OsType": "Plan9"}), "InvalidImageOsType.Unsupported"),
        (json!({"OsVersion": "7.9"}), "InvalidImageOsVersion.Unsupported"),
        (json!({"BootMode": "uefi"}), "InvalidParameterValue.InvalidBootMode"),
        (
            json!({"LicenseType": "none"}),
            "InvalidParameterValue.InvalidLicenseType",
        ),
        (json!({"ImageName": "n".repeat(61)}), "InvalidParameterValue.TooLarge"),
        (json!({"ImageName": null}), "MissingParameter"),
        (
            json!({"ImageUrl": "k.qcow2"}),
            "InvalidParameter.InvalidParameterUrlError",
        ),
        (
            json!({"ImageUrl": "https://h/a.iso"}),
            "InvalidParameterValue.ISOMustImportByForce",
        ),
        (json!({"ClientToken": "t"}), "UnknownParameter"),
        (json!({"DryRun": "true"}), "InvalidParameter"),
    ] {
        let answer = import(&simulator, extra.clone()).await;
        assert_eq!(answer["Error"]["Code"], code, "{extra}");
    }
    let both = json!({"ImageIds": ["img-1"], "Filters": [{"Name": "image-name", "Values": ["x"]}]});
    let answer = call(&simulator, "DescribeImages", &both).await;
    assert_eq!(
        answer["Error"]["Code"],
        "InvalidParameter.InvalidParameterCoexistImageIdsFilters"
    );
    let answer = call(&simulator, "ImportImages", &json!({})).await;
    assert_eq!(answer["Error"]["Code"], "InvalidAction");
    assert!(simulator.images(Cloud::Tencent).is_empty());
}

#[tokio::test]
async fn a_dry_run_imports_nothing_in_either_form() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Tencent, REGION);
    let plain = import(&simulator, json!({"DryRun": true})).await;
    assert_eq!(plain.as_object().unwrap().len(), 1);
    let other = started(quick().tencent_dry_run(TencentDryRun::DryRunOperation)).await;
    put(&other, Cloud::Tencent, REGION);
    let coded = import(&other, json!({"DryRun": true})).await;
    assert_eq!(coded["Error"]["Code"], "DryRunOperation");
    assert!(simulator.images(Cloud::Tencent).is_empty());
    assert!(other.images(Cloud::Tencent).is_empty());
}

#[tokio::test]
async fn the_international_answer_has_no_image_id() {
    let simulator = started(quick().tencent_image_id(false)).await;
    put(&simulator, Cloud::Tencent, REGION);
    let answer = import(&simulator, json!({})).await;
    assert!(answer.get("ImageId").is_none());
    assert_eq!(simulator.images(Cloud::Tencent).len(), 1);
}

#[tokio::test]
async fn a_query_is_numbered_from_zero() {
    let simulator = started(quick()).await;
    let get = async |query: &str| {
        let request = sign::tencent("DescribeImages", REGION, query, "");
        send(simulator.address(Cloud::Tencent), &request).await.json()["Response"].clone()
    };
    let good = "Filters.0.Name=image-name&Filters.0.Values.0=web&Limit=20";
    assert_eq!(get(good).await["TotalCount"], 0);
    let shifted = "Filters.1.Name=image-name&Filters.1.Values.1=web&Limit=20";
    assert_eq!(get(shifted).await["Error"]["Code"], "InvalidParameter");
}

#[tokio::test]
async fn a_request_is_good_for_five_minutes() {
    let simulator = started(quick()).await;
    let at = async |seconds: i64| {
        let at = sign::now() - time::Duration::seconds(seconds);
        let request = sign::tencent_at("DescribeImageQuota", REGION, "", "{}", at);
        send(simulator.address(Cloud::Tencent), &request).await.json()["Response"].clone()
    };
    assert_eq!(at(290).await["ImageNumQuota"], 20);
    assert_eq!(at(310).await["Error"]["Code"], "AuthFailure.SignatureExpire");
    assert_eq!(at(-310).await["Error"]["Code"], "AuthFailure.SignatureExpire");
}

#[tokio::test]
async fn a_wrong_signature_has_the_documented_answer() {
    let simulator = started(quick()).await;
    let mut request = sign::tencent("DescribeImageQuota", REGION, "", "{}");
    request.body = "{ }".to_owned();
    let answer = send(simulator.address(Cloud::Tencent), &request).await;
    assert_eq!(answer.status, 200);
    let error = &answer.json()["Response"]["Error"];
    assert_eq!(error["Code"], "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn an_image_is_renamed_unless_the_name_is_taken() {
    let simulator = started(quick()).await;
    put(&simulator, Cloud::Tencent, REGION);
    let id = import(&simulator, json!({})).await["ImageId"].clone();
    import(&simulator, json!({"ImageName": "other"})).await;
    let rename = async |id: &Value, name: &str| {
        let answer = call(
            &simulator,
            "ModifyImageAttribute",
            &json!({"ImageId": id, "ImageName": name}),
        )
        .await;
        answer["Error"]["Code"].clone()
    };
    assert_eq!(rename(&id, "other").await, "InvalidImageName.Duplicate");
    assert_eq!(rename(&id, "web").await, Value::Null, "its own name is not taken");
    assert_eq!(rename(&id, "new").await, Value::Null);
    assert_eq!(named(&simulator, "new").await["ImageSet"][0]["ImageId"], id);
    assert_eq!(rename(&json!("img-0"), "x").await, "InvalidImageId.NotFound");
}

#[tokio::test]
async fn a_new_image_is_found_only_after_its_time() {
    let simulator = started(quick().listed_after(LISTED_AFTER)).await;
    put(&simulator, Cloud::Tencent, REGION);
    let begun = clock();
    let id = import(&simulator, json!({})).await["ImageId"].clone();
    // Nobody else can have the name in the meantime.
    let again = import(&simulator, json!({})).await;
    assert_eq!(again["Error"]["Code"], "InvalidImageName.Duplicate");
    let by_id = json!({"ImageIds": [id]});
    listed_in_time(begun, async || {
        let found = call(&simulator, "DescribeImages", &by_id).await;
        vec![
            named(&simulator, "web").await["TotalCount"] == 1,
            found["TotalCount"] == 1,
        ]
    })
    .await;
}
