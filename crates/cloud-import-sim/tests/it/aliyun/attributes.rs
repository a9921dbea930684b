//! Families, withdrawal and the marks of an image, afterwards.

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use super::{REGION, call, code, image, import, is, ok, with, with_image};
use crate::{put, quick, slow, started};

async fn modify(simulator: &Simulator, image: &str, more: &[(&str, &str)]) -> (u16, String) {
    let mut pairs = vec![("RegionId", REGION), ("ImageId", image)];
    pairs.extend(more);
    code(&call(simulator, "ModifyImageAttribute", &pairs).await)
}

async fn newest(simulator: &Simulator, family: &str) -> Value {
    let pairs = [("RegionId", REGION), ("ImageFamily", family)];
    ok(simulator, "DescribeImageFromFamily", &pairs).await["Image"]["ImageId"].clone()
}

#[tokio::test]
async fn a_family_tells_its_newest_image_that_is_not_withdrawn() {
    let (simulator, first) = with_image(quick()).await;
    let second = ok(&simulator, "ImportImage", &with(&[("ImageName", "second")])).await;
    let second = second["ImageId"].as_str().unwrap();
    assert_eq!(newest(&simulator, "web").await, Value::Null);
    for id in [second, &first] {
        assert_eq!(modify(&simulator, id, &[("ImageFamily", "web")]).await, is(200, ""));
    }
    assert_eq!(newest(&simulator, "web").await, second);
    let of_family = [("RegionId", REGION), ("ImageFamily", "web")];
    assert_eq!(ok(&simulator, "DescribeImages", &of_family).await["TotalCount"], 2);

    assert_eq!(
        modify(&simulator, second, &[("Status", "Deprecated")]).await,
        is(200, "")
    );
    assert_eq!(image(&simulator, REGION, second).await["Status"], "Deprecated");
    assert_eq!(newest(&simulator, "web").await, *first);
    assert_eq!(ok(&simulator, "DescribeImages", &of_family).await["TotalCount"], 1);
    assert!(simulator.images(Cloud::Aliyun)[1].deprecated);
    assert_eq!(
        modify(&simulator, second, &[("Status", "Available")]).await,
        is(200, "")
    );
    assert_eq!(newest(&simulator, "web").await, second);
    assert_eq!(modify(&simulator, second, &[("ImageFamily", "")]).await, is(200, ""));
    assert_eq!(newest(&simulator, "web").await, *first);
}

#[tokio::test]
async fn what_is_withdrawn_is_neither_shared_nor_copied_and_a_share_comes_before() {
    let (simulator, id) = with_image(quick()).await;
    let share = [("RegionId", REGION), ("ImageId", id.as_str()), ("AddAccount.1", "11")];
    let unshare = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("RemoveAccount.1", "11"),
    ];
    ok(&simulator, "ModifyImageSharePermission", &share).await;
    let withdraw = [("Status", "Deprecated")];
    assert_eq!(modify(&simulator, &id, &withdraw).await, is(403, "OperationDenied"));
    ok(&simulator, "ModifyImageSharePermission", &unshare).await;
    assert_eq!(modify(&simulator, &id, &withdraw).await, is(200, ""));
    let copy = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("DestinationRegionId", "cn-beijing"),
    ];
    let refused = is(400, "IncorrectImageStatus");
    assert_eq!(
        code(&call(&simulator, "ModifyImageSharePermission", &share).await),
        refused
    );
    assert_eq!(code(&call(&simulator, "CopyImage", &copy).await), refused);
    let export = [
        ("RegionId", REGION),
        ("ImageId", id.as_str()),
        ("OSSBucket", "bucket-1"),
    ];
    assert_eq!(code(&call(&simulator, "ExportImage", &export).await), refused);
}

#[tokio::test]
async fn marks_are_changed_one_by_one() {
    let (simulator, id) = with_image(quick()).await;
    let all = [
        ("Description", "new text"),
        ("BootMode", "UEFI-Preferred"),
        ("Features.NvmeSupport", "supported"),
        ("LicenseType", "BYOL"),
    ];
    assert_eq!(modify(&simulator, &id, &all).await, is(200, ""));
    assert_eq!(
        modify(&simulator, &id, &[("Features.ImdsSupport", "v2")]).await,
        is(200, "")
    );
    let shown = image(&simulator, REGION, &id).await;
    assert_eq!(
        shown["Features"],
        json!({"NvmeSupport": "supported", "ImdsSupport": "v2"})
    );
    assert_eq!(
        (&shown["Description"], &shown["BootMode"]),
        (&json!("new text"), &json!("UEFI-Preferred"))
    );
    assert_eq!(
        (&shown["LicenseType"], &shown["ImageName"]),
        (&json!("BYOL"), &json!("web"))
    );
    for (change, expected) in [
        (
            ("Features.ImdsSupport", "v1"),
            is(400, "InvalidParameter.FeaturesImdsSupport"),
        ),
        (("Features.NvmeSupport", "yes"), is(400, "InvalidParameter")),
        (("BootMode", "uefi"), is(400, "InvalidBootMode.Malformed")),
        (("LicenseType", "Aliyun"), is(400, "InvalidLicenseType.NotSupported")),
        (("Status", "Creating"), is(400, "InvalidParameter")),
        (("ImageName", "acs:x"), is(400, "InvalidImageName.Malformed")),
        (("Description", "http://x"), is(400, "InvalidDescription.Malformed")),
        (("ImageFamily", "1"), is(400, "InvalidParameter")),
        (("DryRun", "true"), is(400, "DryRunOperation")),
    ] {
        assert_eq!(modify(&simulator, &id, &[change]).await, expected, "{change:?}");
    }
    assert_eq!(image(&simulator, REGION, &id).await, shown);
}

#[tokio::test]
async fn what_is_not_available_cannot_be_withdrawn_or_shared() {
    let simulator = started(slow()).await;
    put(&simulator, Cloud::Aliyun, REGION);
    let (id, _) = import(&simulator).await;
    let refused = is(400, "IncorrectImageStatus");
    assert_eq!(modify(&simulator, &id, &[("Status", "Deprecated")]).await, refused);
    let share = [("RegionId", REGION), ("ImageId", id.as_str()), ("AddAccount.1", "11")];
    assert_eq!(
        code(&call(&simulator, "ModifyImageSharePermission", &share).await),
        refused
    );
}
