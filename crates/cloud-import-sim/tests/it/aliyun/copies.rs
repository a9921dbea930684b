//! Copies: their own region, what they carry on, tokens, the queue of a region, cancelling, encryption.

use cloud_import_sim::{Cloud, Fault, FaultKind, Simulator};
use serde_json::Value;

use super::{REGION, call, code, image, is, ok, with, with_image};
use crate::{LISTED_AFTER, clock, http, listed_in_time, quick, sign};

const TO: &str = "cn-shenzhen";

fn copy_of<'p>(image: &'p str, more: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
    let mut pairs = vec![("RegionId", REGION), ("ImageId", image), ("DestinationRegionId", TO)];
    pairs.retain(|(name, _)| more.iter().all(|(changed, _)| changed != name));
    pairs.extend(more);
    pairs
}

async fn copied(simulator: &Simulator, image: &str, more: &[(&str, &str)]) -> String {
    let answer = ok(simulator, "CopyImage", &copy_of(image, more)).await;
    assert_eq!(answer["TaskId"], Value::Null, "a copy has no task");
    answer["ImageId"].as_str().unwrap().to_owned()
}

async fn refused(simulator: &Simulator, image: &str, more: &[(&str, &str)]) -> (u16, String) {
    code(&call(simulator, "CopyImage", &copy_of(image, more)).await)
}

#[tokio::test]
async fn a_copy_is_an_image_of_its_destination() {
    let (simulator, source) = with_image(quick()).await;
    let named = [
        ("DestinationImageName", "web"),
        ("DestinationDescription", "of the first"),
        ("Tag.1.Key", "made"),
        ("Tag.1.Value", ""),
    ];
    let copy = copied(&simulator, &source, &named).await;
    let shown = image(&simulator, TO, &copy).await;
    assert_eq!(shown["Status"], "Available");
    assert_eq!(shown["Progress"], "100%");
    assert_eq!((&shown["ImageName"], &shown["IsCopied"]), (&"web".into(), &true.into()));
    assert_eq!(shown["Description"], "of the first");
    assert_eq!(shown["Tags"]["Tag"].as_array().unwrap().len(), 1);
    assert_eq!(shown["Tags"]["Tag"][0]["TagKey"], "made");
    // It was not imported from where its source was.
    let disk = &shown["DiskDeviceMappings"]["DiskDeviceMapping"][0];
    assert_eq!(disk["ImportOSSObject"], "");
    assert_eq!(image(&simulator, TO, &source).await, Value::Null);
    assert_eq!(image(&simulator, REGION, &copy).await, Value::Null);
    assert_eq!(image(&simulator, REGION, &source).await["IsCopied"], false);

    let tasks = ok(&simulator, "DescribeTasks", &[("RegionId", TO)]).await;
    assert_eq!(tasks["TotalCount"], 0);
    let summary = &simulator.images(Cloud::Aliyun)[1];
    assert_eq!(summary.copied_from, Some(format!("{REGION}/{source}")));
    let counters = simulator.counters();
    assert_eq!(counters.copies_of(Cloud::Aliyun, "web"), 1);
    assert_eq!(counters.imports_of(Cloud::Aliyun, "web"), 1);
    // Its content goes on, too: a copy of the copy, and back.
    let back = copied_back(&simulator, &copy).await;
    assert_eq!(image(&simulator, REGION, &back).await["Architecture"], "x86_64");
}

async fn copied_back(simulator: &Simulator, copy: &str) -> String {
    let pairs = [("RegionId", TO), ("ImageId", copy), ("DestinationRegionId", REGION)];
    let answer = ok(simulator, "CopyImage", &pairs).await;
    answer["ImageId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_repeats_the_answer_and_a_taken_name_is_refused() {
    let (simulator, source) = with_image(quick()).await;
    let token = [("ClientToken", "t-1"), ("DestinationImageName", "web")];
    let first = copied(&simulator, &source, &token).await;
    assert_eq!(copied(&simulator, &source, &token).await, first);
    let other = [("ClientToken", "t-1"), ("DestinationImageName", "other")];
    assert_eq!(
        refused(&simulator, &source, &other).await,
        is(400, "IdempotentParameterMismatch")
    );
    let taken = [("DestinationImageName", "web")];
    assert_eq!(
        refused(&simulator, &source, &taken).await,
        is(400, "InvalidImageName.Duplicated")
    );
    assert_eq!(simulator.counters().copies_of(Cloud::Aliyun, "web"), 1);
    // A token of a copy is none of an import.
    ok(
        &simulator,
        "ImportImage",
        &with(&[("ClientToken", "t-1"), ("ImageName", "x1")]),
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_has_a_code() {
    let (simulator, source) = with_image(quick()).await;
    for (changes, expected) in [
        (vec![("ImageId", "m-0")], is(404, "InvalidImageId.NotFound")),
        (vec![("RegionId", "hangzhou")], is(400, "SourceRegion.NotFound")),
        (
            vec![("DestinationRegionId", "shenzhen")],
            is(400, "DestinationRegion.NotFound"),
        ),
        (
            vec![("DestinationRegionId", "ap-south-1")],
            is(403, "RegionNotSupportCopy"),
        ),
        (
            vec![("DestinationRegionId", REGION)],
            is(403, "IncorrectDestinationRegion"),
        ),
        (
            vec![("DestinationImageName", "aliyun1")],
            is(400, "InvalidImageName.Malformed"),
        ),
        (
            vec![("DestinationDescription", "x")],
            is(400, "InvalidDescription.Malformed"),
        ),
        (vec![("KMSKeyId", "k")], is(400, "InvalidParameter.EncryptedIllegal")),
        (vec![("DryRun", "true")], is(400, "DryRunOperation")),
    ] {
        assert_eq!(refused(&simulator, &source, &changes).await, expected, "{changes:?}");
    }
    assert_eq!(simulator.images(Cloud::Aliyun).len(), 1);
}

#[tokio::test]
async fn a_source_must_be_available_and_an_image_stays_while_it_is_copied() {
    let (simulator, source) = with_image(quick()).await;
    let busy = is(403, "OperationDenied.ImageCopying");
    simulator.inject(Fault::new(FaultKind::Stall));
    let importing = ok(&simulator, "ImportImage", &with(&[("ImageName", "other")])).await;
    let importing = importing["ImageId"].as_str().unwrap();
    assert_eq!(refused(&simulator, importing, &[]).await, busy);

    simulator.inject(Fault::new(FaultKind::Stall).operation("CopyImage"));
    let copy = copied(&simulator, &source, &[]).await;
    for (region, id) in [(TO, &copy), (REGION, &source)] {
        let pairs = [("RegionId", region), ("ImageId", id.as_str())];
        assert_eq!(code(&call(&simulator, "DeleteImage", &pairs).await), busy);
    }
    let of_copy = [
        ("RegionId", TO),
        ("ImageId", copy.as_str()),
        ("DestinationRegionId", REGION),
    ];
    assert_eq!(code(&call(&simulator, "CopyImage", &of_copy).await), busy);

    simulator.inject(Fault::new(FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "r".to_owned(),
    }));
    let failed = copied(&simulator, &source, &[]).await;
    assert_eq!(image(&simulator, TO, &failed).await["Status"], "CreateFailed");
    let of_failed = [
        ("RegionId", TO),
        ("ImageId", failed.as_str()),
        ("DestinationRegionId", REGION),
    ];
    assert_eq!(
        code(&call(&simulator, "CopyImage", &of_failed).await),
        is(400, "IncorrectImageStatus")
    );
}

#[tokio::test]
async fn the_sixth_copy_into_a_region_waits_for_its_turn() {
    let (simulator, source) = with_image(quick()).await;
    simulator.inject(Fault::new(FaultKind::Stall).operation("CopyImage").times(6));
    let mut copies = Vec::new();
    for _ in 0..6 {
        copies.push(copied(&simulator, &source, &[]).await);
    }
    let state = async |number: usize| image(&simulator, TO, &copies[number]).await["Status"].clone();
    assert_eq!(state(4).await, "Creating");
    assert_eq!(state(5).await, "Waiting");
    // Another region has its own.
    let elsewhere = copied(&simulator, &source, &[("DestinationRegionId", "cn-beijing")]).await;
    assert_eq!(image(&simulator, "cn-beijing", &elsewhere).await["Status"], "Available");

    let cancel = [("RegionId", TO), ("ImageId", copies[0].as_str())];
    ok(&simulator, "CancelCopyImage", &cancel).await;
    assert_eq!(state(5).await, "Creating");
    assert_eq!(image(&simulator, TO, &copies[0]).await, Value::Null);
    assert_eq!(
        code(&call(&simulator, "CancelCopyImage", &cancel).await),
        is(404, "InvalidImageId.NotFound")
    );
}

#[tokio::test]
async fn only_a_copy_under_way_can_be_cancelled() {
    let (simulator, source) = with_image(quick()).await;
    let copy = copied(&simulator, &source, &[]).await;
    for (region, id, expected) in [
        (TO, &copy, is(400, "IncorrectImageStatus")),
        (REGION, &source, is(400, "ImageCreatedNotFromCopy")),
        (REGION, &copy, is(404, "InvalidImageId.NotFound")),
    ] {
        let pairs = [("RegionId", region), ("ImageId", id.as_str())];
        assert_eq!(code(&call(&simulator, "CancelCopyImage", &pairs).await), expected);
    }
}

#[tokio::test]
async fn the_quota_is_that_of_the_destination() {
    let (simulator, source) = with_image(quick().quota(Cloud::Aliyun, 1)).await;
    copied(&simulator, &source, &[]).await;
    assert_eq!(refused(&simulator, &source, &[]).await, is(403, "QuotaExceed.Image"));
    copied(&simulator, &source, &[("DestinationRegionId", "cn-beijing")]).await;
}

#[tokio::test]
async fn a_copy_within_its_region_is_encrypted() {
    let (simulator, source) = with_image(quick()).await;
    let here = ("DestinationRegionId", REGION);
    let encrypted = copied(
        &simulator,
        &source,
        &[here, ("Encrypted", "true"), ("KMSKeyId", "key-1")],
    )
    .await;
    let disks = &image(&simulator, REGION, &encrypted).await["DiskDeviceMappings"]["DiskDeviceMapping"];
    assert_eq!(disks[0]["Encrypted"], true);
    assert_eq!(
        simulator.images(Cloud::Aliyun)[1].encrypted_with.as_deref(),
        Some("key-1")
    );
    // It stays so in another region, where its key is not.
    let there = copied(&simulator, &encrypted, &[]).await;
    let summaries = simulator.images(Cloud::Aliyun);
    let summary = summaries.iter().find(|summary| summary.image_id == there).unwrap();
    assert_eq!(summary.encrypted_with.as_deref(), Some(""));
    let again = [here, ("Encrypted", "true"), ("KMSKeyId", "key-1")];
    assert_eq!(
        refused(&simulator, &encrypted, &again).await,
        is(403, "IncorrectDestinationRegion")
    );
}

#[tokio::test]
async fn a_copy_is_found_only_after_its_time_or_polls() {
    let (simulator, source) = with_image(quick()).await;
    simulator.inject(Fault::new(FaultKind::Hide(2)));
    let hidden = copied(&simulator, &source, &[]).await;
    for shown in [false, false, true] {
        assert_eq!(image(&simulator, TO, &hidden).await != Value::Null, shown);
    }
    let millis = u64::try_from(LISTED_AFTER.as_millis()).unwrap();
    simulator.inject(Fault::new(FaultKind::HideFor(millis)));
    let begun = clock();
    let late = copied(&simulator, &source, &[]).await;
    listed_in_time(begun, async || vec![image(&simulator, TO, &late).await != Value::Null]).await;
}

#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_token() {
    let (simulator, source) = with_image(quick()).await;
    simulator.inject(Fault::new(FaultKind::DropAfter).operation("CopyImage"));
    let pairs = copy_of(&source, &[("ClientToken", "t"), ("DestinationImageName", "c1")]);
    let request = sign::aliyun("CopyImage", &pairs);
    assert!(
        http::try_send(simulator.address(Cloud::Aliyun), &request)
            .await
            .is_err()
    );
    let copy = copied(
        &simulator,
        &source,
        &[("ClientToken", "t"), ("DestinationImageName", "c1")],
    )
    .await;
    assert_eq!(image(&simulator, TO, &copy).await["ImageName"], "c1");
    assert_eq!(simulator.counters().copies_of(Cloud::Aliyun, "c1"), 1);
}
