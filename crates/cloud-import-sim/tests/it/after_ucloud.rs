//! UCloud after the import: copies to projects and regions, and labels.

use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use crate::{
    http::{send, try_send},
    quick, sign, started,
};

type Pairs<'p> = Vec<(&'p str, &'p str)>;

async fn call(simulator: &Simulator, action: &str, pairs: &[(&str, &str)]) -> Value {
    let answer = send(simulator.address(Cloud::Ucloud), &sign::ucloud(action, pairs)).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

/// An image in a region, of the project `org-a`.
async fn import(simulator: &Simulator, region: &str) -> String {
    let pairs = [
        ("Region", region),
        ("ProjectId", "org-a"),
        ("ImageName", "web"),
        ("UFileUrl", "http://bucket-1.hk.ufileos.com/k.qcow2"),
        ("OsType", "CentOS"),
        ("OsName", "CentOS 7.9 64位"),
        ("Format", "qcow2"),
        ("Auth", "true"),
        ("Tag", "group"),
        ("ImageDescription", "first"),
    ];
    let answer = call(simulator, "ImportCustomImage", &pairs).await;
    let id = answer["ImageId"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("{answer}"))
}

async fn with_image(config: Config) -> (Simulator, String) {
    let simulator = started(config.any_object(true)).await;
    let id = import(&simulator, "hk").await;
    (simulator, id)
}

/// A copy of an image in Hong Kong.
fn copying<'p>(id: &'p str, changes: &[(&'p str, &'p str)]) -> Pairs<'p> {
    let usual = [
        ("Region", "hk"),
        ("ProjectId", "org-a"),
        ("SourceImageId", id),
        ("TargetProjectId", "org-b"),
    ];
    let kept = usual
        .into_iter()
        .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

async fn copy(simulator: &Simulator, id: &str, changes: &[(&str, &str)]) -> Value {
    call(simulator, "CopyCustomImage", &copying(id, changes)).await
}

async fn image(simulator: &Simulator, region: &str, project: &str, id: &str) -> Value {
    let pairs = [("Region", region), ("ProjectId", project), ("ImageId", id)];
    call(simulator, "DescribeImage", &pairs).await["ImageSet"][0].clone()
}

#[tokio::test]
async fn a_copy_is_an_image_of_its_project_and_region() {
    let (simulator, id) = with_image(quick()).await;
    let answer = copy(&simulator, &id, &[]).await;
    assert_eq!(answer["RetCode"], 0, "{answer}");
    assert!(
        answer["TaskId"].is_string() && answer.get("TargetRegion").is_none(),
        "{answer}"
    );
    let copied = image(&simulator, "hk", "org-b", answer["TargetImageId"].as_str().unwrap()).await;
    let told = |name: &str| copied[name].clone();
    assert_eq!(
        [told("ImageName"), told("State"), told("OsName")],
        [json!("web"), json!("Available"), json!("CentOS 7.9 64位")]
    );
    assert_eq!(
        [told("Tag"), told("ImageDescription")],
        [json!("Default"), json!("first")]
    );
    assert_eq!(image(&simulator, "hk", "org-a", &id).await["State"], "Available");

    let all = [
        ("TargetRegion", "sg"),
        ("TargetImageName", "other"),
        ("TargetImageDescription", "d"),
        ("TargetImageTag", "t"),
    ];
    let answer = copy(&simulator, &id, &all).await;
    let copied = image(&simulator, "sg", "org-b", answer["TargetImageId"].as_str().unwrap()).await;
    assert_eq!(
        (&copied["ImageName"], &copied["ImageDescription"], &copied["Tag"]),
        (&json!("other"), &json!("d"), &json!("t"))
    );
    assert_eq!(simulator.counters().copies_of(Cloud::Ucloud, "other"), 1);

    let list = [
        ("TargetProjectId", "org-a"),
        ("TargetRegionList.0", "sg"),
        ("TargetRegionList.1", "us-ca"),
    ];
    let answer = copy(&simulator, &id, &list).await;
    assert!(answer.get("TargetImageId").is_none(), "{answer}");
    for (info, region) in answer["Infos"].as_array().unwrap().iter().zip(["sg", "us-ca"]) {
        assert_eq!(info["TargetRegion"], region);
        let id = info["TargetImageId"].as_str().unwrap();
        assert_eq!(image(&simulator, region, "org-a", id).await["State"], "Available");
    }
    assert_eq!(answer["Infos"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_copy_that_cannot_be_is_refused() {
    let (simulator, id) = with_image(quick().quota(Cloud::Ucloud, 1)).await;
    let beijing = import(&simulator, "cn-bj2").await;
    let long = "n".repeat(64);
    for (changes, code) in [
        (vec![("SourceImageId", "uimage-none")], 8956),
        (vec![("ProjectId", "org-b")], 8956),
        (vec![("TargetProjectId", "")], 230),
        (vec![("TargetProjectId", "org-a")], 8962),
        (vec![("TargetRegion", "cn-bj2")], 8958),
        (
            vec![
                ("Region", "cn-bj2"),
                ("SourceImageId", &beijing),
                ("TargetRegion", "sg"),
            ],
            8958,
        ),
        (vec![("TargetRegion", "nowhere")], 230),
        (vec![("TargetImageName", &long)], 230),
        (vec![("ClientToken", "t")], 230),
    ] {
        let answer = copy(&simulator, &id, &changes).await;
        assert_eq!(answer["RetCode"], code, "{changes:?}: {answer}");
    }
    // Nothing of a call is done when a part of it cannot be.
    let list = [("TargetRegionList.0", "us-ca"), ("TargetRegionList.1", "cn-bj2")];
    assert_eq!(copy(&simulator, &id, &list).await["RetCode"], 8958);
    assert_eq!(copy(&simulator, &id, &[("TargetRegion", "sg")]).await["RetCode"], 0);
    assert_eq!(copy(&simulator, &id, &[("TargetRegion", "sg")]).await["RetCode"], 8095);
    assert_eq!(simulator.images(Cloud::Ucloud).len(), 3);

    let (without, id) = with_image(quick().ucloud_copies(false)).await;
    assert_eq!(copy(&without, &id, &[]).await["RetCode"], 299);
}

#[tokio::test]
async fn a_copy_is_copying_first_and_goes_when_it_is_deleted() {
    let (simulator, id) = with_image(quick()).await;
    let fault = |kind| Fault::new(kind).operation("CopyCustomImage");
    simulator.inject(fault(FaultKind::Stall));
    let stalled = copy(&simulator, &id, &[]).await["TargetImageId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(image(&simulator, "hk", "org-b", &stalled).await["State"], "Copying");
    let again = [
        ("ProjectId", "org-b"),
        ("SourceImageId", stalled.as_str()),
        ("TargetProjectId", "org-c"),
    ];
    assert_eq!(copy(&simulator, &id, &again).await["RetCode"], 8961);
    let delete = [("Region", "hk"), ("ProjectId", "org-b"), ("ImageId", stalled.as_str())];
    assert_eq!(call(&simulator, "TerminateCustomImage", &delete).await["RetCode"], 0);
    assert_eq!(image(&simulator, "hk", "org-b", &stalled).await, Value::Null);

    simulator.inject(fault(FaultKind::FailImport {
        code: "c".into(),
        reason: "r".into(),
    }));
    let failed = copy(&simulator, &id, &[]).await["TargetImageId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(image(&simulator, "hk", "org-b", &failed).await["State"], "Unavailable");
    simulator.inject(fault(FaultKind::Hide(1)));
    let hidden = copy(&simulator, &id, &[]).await["TargetImageId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(image(&simulator, "hk", "org-b", &hidden).await, Value::Null);
    assert_eq!(image(&simulator, "hk", "org-b", &hidden).await["State"], "Available");

    simulator.inject(fault(FaultKind::DropAfter));
    let lost = sign::ucloud("CopyCustomImage", &copying(&id, &[("TargetImageName", "lost")]));
    assert!(try_send(simulator.address(Cloud::Ucloud), &lost).await.is_err());
    assert_eq!(simulator.counters().copies_of(Cloud::Ucloud, "lost"), 1);
}

async fn labels(simulator: &Simulator, id: &str, more: &[(&str, &str)]) -> Value {
    let mut pairs = vec![("ResourceIds.0", id)];
    pairs.extend(more);
    call(simulator, "ListLabelsByResourceIds", &pairs).await
}

#[tokio::test]
async fn labels_are_bound_and_listed_where_images_have_them() {
    let (simulator, id) = with_image(quick().tags_of_images(true)).await;
    let types = call(&simulator, "ListResourcesTypesForLabel", &[]).await;
    assert!(
        types["ResourceTypes"].as_array().unwrap().contains(&json!("uimage")),
        "{types}"
    );
    let bind = [
        ("ResourceIds.0", id.as_str()),
        ("Labels.0.Key", "team"),
        ("Labels.0.Value", "infra"),
        ("Labels.1.Key", "环境"),
        ("Labels.1.Value", "测试"),
    ];
    for _ in 0..2 {
        assert_eq!(call(&simulator, "BindLabels", &bind).await["RetCode"], 0);
    }
    let listed = labels(&simulator, &id, &[]).await;
    assert_eq!(
        (&listed["TotalCount"], &listed["Labels"][0]["Key"]),
        (&json!(2), &json!("team"))
    );
    let second = labels(&simulator, &id, &[("Offset", "1"), ("Limit", "1")]).await;
    let expected = json!([{"ResourceId": id, "Key": "环境", "Value": "测试", "Category": "custom"}]);
    assert_eq!(second["Labels"], expected);
    assert_eq!(labels(&simulator, &id, &[("Limit", "101")]).await["RetCode"], 230);

    // A label goes with its value only.
    let mut other = bind;
    other[2].1 = "else";
    assert_eq!(call(&simulator, "UnbindLabels", &other).await["RetCode"], 0);
    assert_eq!(labels(&simulator, &id, &[]).await["Labels"][0]["Value"], "infra");
    assert_eq!(call(&simulator, "UnbindLabels", &bind).await["RetCode"], 0);
    assert_eq!(labels(&simulator, &id, &[]).await["TotalCount"], 0);
    assert_eq!(call(&simulator, "BindLabels", &bind[..1]).await["RetCode"], 230);
    // A copy has none of its source's.
    call(&simulator, "BindLabels", &bind).await;
    let copied = copy(&simulator, &id, &[]).await;
    assert_eq!(
        labels(&simulator, copied["TargetImageId"].as_str().unwrap(), &[]).await["TotalCount"],
        0
    );
}

#[tokio::test]
async fn no_source_says_that_images_have_labels() {
    let (simulator, id) = with_image(quick()).await;
    let types = call(&simulator, "ListResourcesTypesForLabel", &[]).await;
    assert_eq!(types["TotalCount"], types["ResourceTypes"].as_array().unwrap().len());
    assert!(
        !types["ResourceTypes"].as_array().unwrap().contains(&json!("uimage")),
        "{types}"
    );
    let bind = [
        ("ResourceIds.0", id.as_str()),
        ("Labels.0.Key", "k"),
        ("Labels.0.Value", "v"),
    ];
    assert_eq!(call(&simulator, "BindLabels", &bind).await["RetCode"], 230);
    assert_eq!(labels(&simulator, &id, &[]).await["RetCode"], 230);
}
