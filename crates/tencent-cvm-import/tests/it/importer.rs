//! What an order becomes, and what polls, lost answers and lookups lead to.

use std::sync::Arc;

use cloud_import_core::{
    Architecture, BootMode, CancelOutcome, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest,
    ImportedImage, LicenseType, Os, Provider, Severity, Sighting, TaskState, build, http::Response, testing::Scripted,
    transport::TransportErrorKind,
};
use serde_json::{Value, json};
use tencent_cvm_import::{CAPABILITIES, Importer, Options};

const LINK: &str = "https://img-1250000000.cos.ap-guangzhou.myqcloud.com/web.qcow2?q-signature=s1gn";
const STARTED: &str = r#"{"Response":{"ImageId":"img-1","RequestId":"r"}}"#;
const STARTED_WITHOUT_ID: &str = r#"{"Response":{"RequestId":"r"}}"#;
const NONE: &str = r#"{"Response":{"ImageSet":[],"TotalCount":0,"RequestId":"r"}}"#;

pub(crate) fn order() -> ImportRequest {
    ImportRequest::new("web", Disk::url(LINK).format(DiskFormat::Qcow2)).os(Os::new("CentOS", "7.9"))
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

/// The mark of [`order`] in the tests' region.
fn mark() -> String {
    order().marker(Provider::TENCENT, "ap-guangzhou", None)
}

/// An image as the cloud shows it; `fields` override.
fn image(fields: Value) -> Value {
    let mut image = json!({
        "ImageId": "img-1", "ImageName": "web", "ImageDescription": format!("[{}]", mark()), "ImageState": "IMPORTING",
        "ImageType": "PRIVATE_IMAGE", "ImageSource": "EXTERNAL_IMPORT", "CreatedTime": "2025-01-02T03:04:06Z",
        "SyncPercent": null, "Tags": null,
    });
    for (name, value) in fields.as_object().unwrap() {
        image[name] = value.clone();
    }
    image
}

fn listed(images: impl IntoIterator<Item = Value>) -> String {
    let images: Vec<Value> = images.into_iter().collect();
    json!({"Response": {"TotalCount": images.len(), "ImageSet": images, "RequestId": "r"}}).to_string()
}

fn sent(script: &Scripted, index: usize) -> (String, Value) {
    let request = &script.sent()[index];
    let action = request.headers()["x-tc-action"].to_str().unwrap().to_owned();
    (action, serde_json::from_slice(request.body()).unwrap())
}

#[tokio::test]
async fn a_start_keeps_id_and_mark_and_hides_the_link() {
    let (importer, script) = importer([(200, STARTED)]);
    let task = super::submit(&importer, &order().description("Web server"))
        .await
        .unwrap();
    assert_eq!((task.image_id.as_deref(), task.dry_run), (Some("img-1"), false));
    let stored = serde_json::to_string(&task).unwrap();
    assert!(!stored.contains("s1gn") && stored.contains("web.qcow2"), "{stored}");
    let (action, body) = sent(&script, 0);
    assert_eq!(action, "ImportImage");
    assert_eq!(body["ImageUrl"], LINK);
    assert_eq!(
        body["ImageDescription"],
        format!("Web server [{}]", task.marker.unwrap())
    );
}

#[test]
fn every_part_of_an_order_is_in_the_request() {
    let options = build!(Options {
        image_family: Some("web".into()),
    });
    let order = order()
        .architecture(Architecture::Arm64)
        .boot_mode(BootMode::Bios)
        .license_type(LicenseType::Platform)
        .description("d")
        .tag("env", "test")
        .data_disk(Disk::url("https://img-1250000000.cos.ap-guangzhou.myqcloud.com/d1"))
        .vendor(Provider::TENCENT, &options)
        .unwrap();
    let order = {
        let mut it = order;
        it.skip_guest_check = true;
        it.dry_run = true;
        it
    };
    let (importer, _) = importer([]);
    let marker = order.marker(Provider::TENCENT, "ap-guangzhou", None);
    assert_eq!(
        serde_json::to_value(importer.request(&order).unwrap()).unwrap(),
        json!({
            "Architecture": "arm_64", "OsType": "CentOS", "OsVersion": "7", "ImageUrl": LINK, "ImageName": "web",
            "ImageDescription": format!("d [{marker}]"), "DryRun": true, "Force": true,
            "TagSpecification": [{"ResourceType": "image", "Tags": [{"Key": "env", "Value": "test"}]}],
            "LicenseType": "TencentCloud", "BootMode": "Legacy BIOS", "ImageFamily": "web",
            "ImportImageDataDiskList": [{"ImageUrl": "https://img-1250000000.cos.ap-guangzhou.myqcloud.com/d1"}],
        })
    );
    assert_eq!(importer.validate(&order), []);
}

#[tokio::test]
async fn a_dry_run_leaves_no_import_in_either_form() {
    let dry = order().dry_run(true);
    let code = r#"{"Response":{"Error":{"Code":"DryRunOperation","Message":"ok"},"RequestId":"r"}}"#;
    for answer in [STARTED_WITHOUT_ID, code] {
        let (importer, script) = importer([(200, answer)]);
        let task = super::submit(&importer, &dry).await.unwrap();
        assert_eq!((task.dry_run, task.image_id), (true, None));
        assert_eq!(sent(&script, 0).1["DryRun"], true);
    }
    // Nobody asked for a dry run: that is no start.
    let (importer, _) = importer([(200, code)]);
    let prepared = importer.prepare(&order()).unwrap();
    let error = importer.submit(prepared).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(error.message().contains("neither task id nor image id"), "{error}");
}

#[tokio::test]
async fn a_refused_start_is_not_looked_for() {
    let taken =
        r#"{"Response":{"Error":{"Code":"InvalidImageName.Duplicate","Message":"exists already"},"RequestId":"r"}}"#;
    let (importer, script) = importer([(200, taken)]);
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::DuplicateName, false)
    );
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_name_and_mark() {
    let not_ours = listed([
        image(json!({"ImageId": "img-7", "ImageDescription": "web"})),
        image(json!({"ImageId": "img-8", "ImageName": "web-2"})),
        image(json!({"ImageId": "img-9", "ImageSource": "CREATE_IMAGE"})),
    ]);
    let ours = listed([
        image(json!({"ImageId": "img-0", "CreatedTime": "2025-01-02T03:04:05+00:00"})),
        image(json!({"ImageSource": null})),
        image(json!({"ImageId": "img-7", "ImageDescription": null})),
    ]);
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Broken);
    for answer in [not_ours, ours] {
        script.push(Ok(Response::new(answer.into())));
    }
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("img-1"));
    let actions: Vec<String> = (0..3).map(|index| sent(&script, index).0).collect();
    assert_eq!(actions, ["ImportImage", "DescribeImages", "DescribeImages"]);
    assert_eq!(
        sent(&script, 1).1,
        json!({
            "Filters": [
                {"Name": "image-name", "Values": ["web"]},
                {"Name": "image-type", "Values": ["PRIVATE_IMAGE"]},
            ],
            "Offset": 0, "Limit": 100,
        })
    );
}

#[tokio::test]
async fn a_start_that_is_never_listed_ends_as_unknown_and_is_sent_once() {
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Timeout);
    for _ in 0..100 {
        script.push(Ok(Response::new(NONE.into())));
    }
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.remedy().unwrap().to_string().contains("console"), "{error}");
    let starts = (0..script.sent().len())
        .filter(|index| sent(&script, *index).0 == "ImportImage")
        .count();
    assert_eq!(starts, 1);
}

#[tokio::test]
async fn only_a_complete_list_shows_that_an_order_is_not_there() {
    let other = listed([image(json!({"ImageName": "web-2"}))]);
    let cut = listed([]).replace("\"TotalCount\":0", "\"TotalCount\":3");
    for (answer, expected) in [
        (NONE, Sighting::NotListed),
        (&other, Sighting::NotListed),
        (&cut, Sighting::Unclear),
        (STARTED_WITHOUT_ID, Sighting::Unclear),
    ] {
        let (importer, _) = importer([(200, answer)]);
        let task = importer.prepare(&order()).unwrap().into_task();
        assert_eq!(importer.sight(&task).await.unwrap(), expected, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_with_nothing_in_it_is_no_start() {
    let found = listed([image(json!({}))]);
    let (importer, script) = importer([(200, r#"{"Response":{}}"#), (200, found.as_str())]);
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("img-1"));
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn polls_lead_to_verdicts() {
    let cases = [
        ("IMPORTING", "InProgress { percent: None, raw: \"IMPORTING\" }"),
        ("CREATING", "InProgress { percent: None, raw: \"CREATING\" }"),
        ("SYNCING", "InProgress { percent: None, raw: \"SYNCING\" }"),
        ("HIBERNATING", "InProgress { percent: None, raw: \"HIBERNATING\" }"),
        ("NORMAL", "Succeeded { image: ImportedImage"),
        ("USING", "Succeeded { image: ImportedImage"),
        ("IMPORTFAILED", "reason: \"IMPORTFAILED\", likely_causes: [\"InvalidUrl"),
        ("CREATEFAILED", "reason: \"CREATEFAILED\", likely_causes: [\"InvalidUrl"),
        ("DELETING", "reason: \"DELETING\", likely_causes: []"),
    ];
    for (raw, expected) in cases {
        let answer = listed([image(json!({"ImageState": raw}))]);
        let (importer, script) = importer([(200, STARTED), (200, answer.as_str())]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        let state = importer.poll(&mut task).await.unwrap();
        assert!(format!("{state:?}").contains(expected), "{state:?}");
        assert!(task.first_seen_at.is_some());
        assert_eq!(sent(&script, 1).1, json!({"ImageIds": ["img-1"]}));
    }
    assert_eq!(CAPABILITIES.likely_causes.len(), 7);
}

/// The international site may leave the id out of its answer.
#[tokio::test]
async fn without_an_id_the_image_is_found_by_name_and_mark_and_its_id_kept() {
    let first = listed([
        image(json!({"ImageId": "img-7", "ImageDescription": "of somebody else", "ImageState": "NORMAL"})),
        image(json!({})),
    ]);
    let second = listed([image(json!({"ImageState": "NORMAL"}))]);
    let (importer, script) = importer([(200, STARTED_WITHOUT_ID), (200, first.as_str()), (200, second.as_str())]);
    let mut task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(task.image_id, None);
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("IMPORTING", None)
    );
    assert_eq!(task.image_id.as_deref(), Some("img-1"));
    let TaskState::Succeeded { image } = importer.poll(&mut task).await.unwrap() else {
        panic!("it is done");
    };
    assert_eq!((image.id.as_str(), image.name.as_str()), ("img-1", "web"));
    assert_eq!(sent(&script, 2).1, json!({"ImageIds": ["img-1"]}));
}

#[tokio::test]
async fn a_search_reads_on_but_not_for_ever() {
    let full = listed((0..100).map(|index| image(json!({"ImageName": format!("web-{index}")}))));
    let last = listed([image(json!({}))]);
    let (early, script) = importer([(200, full.as_str()), (200, full.as_str()), (200, last.as_str())]);
    let task = early.prepare(&order()).unwrap().into_task();
    let found = early.lookup(&task).await.unwrap().unwrap();
    assert_eq!(found.image_id.as_deref(), Some("img-1"));
    let offsets: Vec<Value> = (0..3).map(|index| sent(&script, index).1["Offset"].clone()).collect();
    assert_eq!(offsets, [0, 100, 200]);

    let (endless, script) = importer(std::iter::repeat_n((200, full.as_str()), 150));
    let error = endless.lookup(&task).await.unwrap_err();
    assert!(
        error.message().contains("100 pages"),
        "not found is another thing: {error}"
    );
    assert_eq!(script.sent().len(), 100);
}

#[tokio::test]
async fn not_listed_yet_is_in_progress_and_gone_is_failed() {
    let running = listed([image(json!({}))]);
    let (importer, _) = importer([(200, STARTED), (200, NONE), (200, running.as_str()), (200, NONE)]);
    let mut task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("not listed yet", None)
    );
    importer.poll(&mut task).await.unwrap();
    assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
}

#[tokio::test]
async fn an_image_that_the_cloud_says_is_not_there_is_not_listed() {
    const GONE: &str = r#"{"Response":{"Error":{"Code":"InvalidImageId.NotFound","Message":"no"},"RequestId":"r"}}"#;
    let (importer, _) = importer([(200, STARTED), (200, GONE)]);
    let mut task = super::submit(&importer, &order()).await.unwrap();
    let state = importer.poll(&mut task).await.unwrap();
    assert!(format!("{state:?}").contains("not listed yet"), "{state:?}");
}

#[tokio::test]
async fn a_failed_poll_is_an_error_and_no_verdict() {
    let internal = r#"{"Response":{"Error":{"Code":"InternalError","Message":"later"},"RequestId":"r"}}"#;
    for answer in [(200, internal), (200, "<html>"), (502, "")] {
        let (importer, _) = importer([(200, STARTED), answer]);
        let mut task = super::submit(&importer, &order()).await.unwrap();
        let error = importer.poll(&mut task).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(task.first_seen_at, None);
    }
}

#[tokio::test]
async fn an_image_is_deleted_with_its_snapshots_and_no_import_is_cancelled() {
    let (importer, script) = importer([(200, STARTED), (200, STARTED_WITHOUT_ID)]);
    let task = super::submit(&importer, &order()).await.unwrap();
    assert!(matches!(
        importer.cancel(&task).await.unwrap(),
        CancelOutcome::Unsupported(_)
    ));
    importer.delete(&ImportedImage::of(&task, "img-1")).await.unwrap();
    let (action, body) = sent(&script, 1);
    assert_eq!(
        (action.as_str(), body),
        ("DeleteImages", json!({"ImageIds": ["img-1"], "DeleteBindedSnap": true}))
    );
}

#[tokio::test]
async fn every_problem_is_named_at_once_before_anything_is_sent() {
    let order = ImportRequest::data_image("x".repeat(61), Disk::object("b", "k").format(DiskFormat::Iso))
        .os("Plan 9".parse().unwrap())
        .description("x".repeat(235))
        .project("p");
    let (importer, script) = importer([]);
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    for field in [
        "name",
        "kind",
        "os",
        "description",
        "project",
        "disks[0].source",
        "disks[0].format",
    ] {
        let found = error
            .problems()
            .iter()
            .find(|problem| problem.field == field && problem.is_error());
        assert!(
            found.is_some_and(|problem| problem.remedy.is_some()),
            "{field}: {error}"
        );
    }
    assert!(script.sent().is_empty());
}

#[test]
fn the_mark_leaves_234_characters_of_description() {
    let (importer, _) = importer([]);
    // Characters count, not bytes.
    assert_eq!(importer.validate(&order().description("文".repeat(234))), []);
    let problems = importer.validate(&order().description("文".repeat(235)));
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].is_error() && problems[0].rule.to_string().contains("234 are left"),
        "{}",
        problems[0]
    );
}

#[test]
fn format_and_size_are_detected_and_a_larger_size_is_not_dropped_silently() {
    let (importer, _) = importer([]);
    let sized = |disk: Disk| ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
    assert_eq!(importer.validate(&sized(Disk::url(LINK))), []);
    let full = Disk::url(LINK).virtual_size_bytes(40 << 30).size_gib(40);
    assert_eq!(importer.validate(&sized(full.clone())), []);
    let problems = importer.validate(&sized(full.size_gib(50)));
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].severity, problems[0].field.to_string().as_str()),
        (Severity::Warning, "disks[0].size_gib")
    );
}

#[test]
fn an_iso_goes_only_by_force() {
    let (importer, _) = importer([]);
    let iso = {
        let mut it = order();
        it.disks = vec![Disk::url(LINK).format(DiskFormat::Iso)];
        it
    };
    let problems = importer.validate(&iso);
    assert!(
        problems.len() == 1
            && problems[0].is_error()
            && problems[0]
                .remedy
                .as_ref()
                .unwrap()
                .to_string()
                .contains("skip_guest_check"),
        "{problems:?}"
    );
    let forced = iso.skip_guest_check(true);
    assert_eq!(importer.validate(&forced), []);
}

#[test]
fn vendor_options_are_parsed_strictly() {
    let (importer, _) = importer([]);
    let unknown = order()
        .vendor(Provider::TENCENT, &json!({"ImageFamilie": "x"}))
        .unwrap();
    assert!(
        importer
            .validate(&unknown)
            .iter()
            .any(|problem| problem.is_error() && problem.rule.to_string().contains("ImageFamilie"))
    );
    assert_eq!(
        importer.request(&unknown).unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
}
