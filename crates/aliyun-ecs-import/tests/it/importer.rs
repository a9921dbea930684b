//! What an order becomes, and what polls, lost answers and lookups lead to.

use std::sync::Arc;

use aliyun_ecs_import::{Importer, Options};
use cloud_import_core::{
    Architecture, BootMode, CancelOutcome, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, ImportTask,
    LicenseType, Os, Provider, TaskState, build,
    testing::{Scripted, render},
    transport::TransportErrorKind,
};
use insta::assert_snapshot;

use super::{called, parameter};

pub(crate) const STARTED: &str = r#"{"RequestId":"r","ImageId":"m-1","TaskId":"t-1"}"#;

pub(crate) fn order() -> ImportRequest {
    ImportRequest::new(
        "web",
        Disk::object("images", "web.qcow2")
            .format(DiskFormat::Qcow2)
            .size_gib(40),
    )
    .os(Os::new("CentOS", "7.9"))
}

pub(crate) fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn attribute(fields: &str) -> String {
    format!(r#"{{"RequestId":"r","TaskId":"t-1",{fields}}}"#)
}

fn images(fields: &str) -> String {
    format!(
        r#"{{"RequestId":"r","Images":{{"Image":[{{"ImageId":"m-1","ImageName":"web",{fields}}}]}},"TotalCount":1}}"#
    )
}

const NO_IMAGES: &str = r#"{"RequestId":"r","Images":{"Image":[]},"TotalCount":0}"#;
const NO_TASK: &str = r#"{"RequestId":"r","Code":"InvalidTaskId.NotFound","Message":"no"}"#;

/// A task that was started, and then the answers that a test is about.
async fn started<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>, ImportTask) {
    let (importer, script) = importer([(200, STARTED)].into_iter().chain(answers));
    let task = importer.start(&order()).await.unwrap();
    (importer, script, task)
}

#[tokio::test]
async fn every_part_of_an_order_is_sent() {
    let options = build!(Options {
        role_name: Some("ImportRole".into()),
        detection_strategy: Some("Standard".into()),
        nvme_support: Some("supported".into()),
        imds_support: Some("v2".into()),
        storage_location_arn: Some("arn:acs:cloudbox:cn-hangzhou:1:cloudbox/cb-1".into()),
        platform: None,
    });
    let mut order = ImportRequest::new(
        "web",
        Disk::object("images", "web.vhd").format(DiskFormat::Vhd).size_gib(60),
    )
    .os(Os::new("Windows Server", "2019"))
    .boot_mode(BootMode::Uefi)
    .license_type(LicenseType::Byol)
    .description("a system")
    .tag("team", "infra")
    .project("rg-1")
    // No size known: none is sent, and the vendor finds it.
    .data_disk(Disk::object("images", "d1.raw"))
    .data_disk(Disk::object("images", "d2.raw").virtual_size_bytes((5 << 30) + 1))
    .vendor(Provider::ALIYUN, &options)
    .unwrap();
    order.dry_run = true;
    let (importer, script) = importer([(400, r#"{"Code":"DRYRUN.SUCCESS","Message":"would"}"#)]);
    let task = importer.start(&order).await.unwrap();
    assert!(task.dry_run && task.task_id.is_none());
    assert_snapshot!(render(&script.sent()[0]));
}

#[tokio::test]
async fn a_start_fills_in_the_ids() {
    let (_, script, task) = started([]).await;
    assert_eq!(
        (task.task_id.as_deref(), task.image_id.as_deref()),
        (Some("t-1"), Some("m-1"))
    );
    assert_eq!(task.source, "images:web.qcow2");
    let sent = &script.sent()[0];
    assert_eq!(parameter(sent, "ClientToken"), task.token);
    assert_eq!(parameter(sent, "RegionId").as_deref(), Some("cn-hangzhou"));
}

#[tokio::test]
async fn a_refused_start_keeps_the_vendors_code() {
    let (importer, script) = importer([(
        400,
        r#"{"RequestId":"r","Code":"InvalidImageName.Duplicated","Message":"taken"}"#,
    )]);
    let error = importer.start(&order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::DuplicateName, Some("InvalidImageName.Duplicated"))
    );
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_token() {
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Broken);
    // The first call still runs; then an answer without ids, which tells nothing.
    for (status, body) in [
        (403, r#"{"Code":"LastTokenProcessing","Message":"wait"}"#),
        (200, r#"{"RequestId":"r","ImageId":"","TaskId":""}"#),
        (200, STARTED),
    ] {
        let mut answer = cloud_import_core::http::Response::new(body.into());
        *answer.status_mut() = cloud_import_core::http::StatusCode::from_u16(status).unwrap();
        script.push(Ok(answer));
    }
    let task = importer.start(&order()).await.unwrap();
    assert_eq!(task.image_id.as_deref(), Some("m-1"));
    let sent = script.sent();
    assert_eq!(called(&script), ["ImportImage"; 4]);
    assert!(
        sent.iter()
            .all(|request| request.uri() == sent[0].uri() && parameter(request, "ClientToken") == task.token)
    );
}

#[tokio::test]
async fn a_start_that_is_never_answered_ends_as_unknown() {
    let (importer, script) = importer([]);
    for _ in 0..100 {
        script.fail(TransportErrorKind::Broken);
    }
    let error = importer.start(&order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.remedy().unwrap().to_string().contains("console"), "{error}");
}

#[tokio::test]
async fn the_task_leads_to_verdicts() {
    let cases = [
        (
            r#""TaskStatus":"Processing","TaskProcess":"43%""#,
            r#"InProgress { percent: Some(43), raw: "Processing" }"#,
        ),
        (
            r#""TaskStatus":"Paused""#,
            r#"InProgress { percent: None, raw: "Paused" }"#,
        ),
        (
            r#""TaskStatus":"Hibernating","TaskProcess":"soon""#,
            r#"InProgress { percent: None, raw: "Hibernating" }"#,
        ),
        (
            r#""TaskStatus":"Failed","TaskProcess":"60%","OperationProgressSet":{"OperationProgress":[{"OperationStatus":"Success"},{"OperationStatus":"Failed","ErrorCode":"E.Virtio","ErrorMsg":"no virtio driver"}]}"#,
            r#"Failed(Failure { code: Some("E.Virtio"), reason: "no virtio driver""#,
        ),
        (
            r#""TaskStatus":"Failed""#,
            "Failed(Failure { code: None, reason: \"the task is Failed",
        ),
        // Finished is not success when parts failed, or when it stopped short with a reason.
        (
            r#""TaskStatus":"Finished","TaskProcess":"100%","TotalCount":"2","FailedCount":"1""#,
            "failed parts: 1",
        ),
        (
            r#""TaskStatus":"Finished","TaskProcess":"71%","OperationProgressSet":{"OperationProgress":[{"ErrorCode":"E.Disk","ErrorMsg":""}]}"#,
            r#"Failed(Failure { code: Some("E.Disk")"#,
        ),
        (r#""TaskStatus":"Deleted""#, "Canceled"),
    ];
    for (fields, expected) in cases {
        let answer = attribute(fields);
        let (importer, script, mut task) = started([(200, answer.as_str())]).await;
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{fields}: {state}");
        assert!(task.first_seen_at.is_some());
        assert_eq!(called(&script), ["ImportImage", "DescribeTaskAttribute"]);
    }
}

#[tokio::test]
async fn of_a_finished_task_the_image_has_the_last_word() {
    let finished = attribute(r#""TaskStatus":"Finished","TaskProcess":"100%","SuccessCount":1,"FailedCount":0"#);
    for (image, expected) in [
        (images(r#""Status":"Available""#), "Succeeded { image: ImportedImage"),
        (
            images(r#""Status":"Creating","Progress":"90%""#),
            r#"InProgress { percent: Some(90), raw: "Finished, image Creating" }"#,
        ),
        (
            images(r#""Status":"Available","Usable":true"#),
            "Succeeded { image: ImportedImage",
        ),
        (
            images(r#""Status":"Available","Usable":false"#),
            r#"raw: "Finished, image Available, not usable yet" }"#,
        ),
        (images(r#""Status":"UnAvailable""#), "the image is UnAvailable"),
        (images(r#""Status":"CreateFailed""#), "the image is CreateFailed"),
        (NO_IMAGES.to_owned(), "Finished, image not listed yet"),
    ] {
        let (importer, script, mut task) = started([(200, finished.as_str()), (200, image.as_str())]).await;
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{state}");
        let asked = &script.sent()[2];
        assert_eq!(parameter(asked, "ImageId").as_deref(), Some("m-1"));
        // Without the list only available images are shown, and a failed one would be waited for without end.
        assert!(parameter(asked, "Status").unwrap().contains("CreateFailed"));
    }
    // An image that does not become usable is not waited for without end.
    let earlier = attribute(r#""TaskStatus":"Finished","FinishedTime":"2025-01-02T02:30Z""#);
    let unusable = images(r#""Status":"Available","Usable":false"#);
    let (importer, _, mut task) = started([(200, earlier.as_str()), (200, unusable.as_str())]).await;
    let state = importer.poll(&mut task).await.unwrap();
    assert!(matches!(state, TaskState::Succeeded { .. }), "{state:?}");
    let long_ago = attribute(r#""TaskStatus":"Finished","FinishedTime":"2025-01-02T02:00Z""#);
    let (importer, _, mut task) = started([(200, long_ago.as_str()), (200, NO_IMAGES)]).await;
    let error = importer.poll(&mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_task_that_the_vendor_does_not_know_is_judged_by_its_image() {
    let creating = images(r#""Status":"Creating","Progress":"5%""#);
    let (importer, _, mut task) = started([
        (400, NO_TASK),
        (200, NO_IMAGES),
        (400, NO_TASK),
        (200, creating.as_str()),
        (400, NO_TASK),
        (200, NO_IMAGES),
    ])
    .await;
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("not listed yet", None)
    );
    assert_eq!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::in_progress("Creating", Some(5))
    );
    assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
}

#[tokio::test]
async fn a_failed_poll_is_an_error_and_not_a_verdict() {
    for (status, body) in [
        (400, r#"{"Code":"InvalidRegionId.NotFound","Message":"no"}"#),
        (403, r#"{"Code":"Forbidden.RAM","Message":"no"}"#),
        (500, ""),
        (200, "{\"TaskSta"),
    ] {
        let (importer, script, mut task) = started([(status, body)]).await;
        let error = importer.poll(&mut task).await.unwrap_err();
        assert_eq!(error.http_status(), Some(status), "{body}");
        assert_eq!((task.first_seen_at, script.sent().len()), (None, 2), "{body}");
    }
}

#[tokio::test]
async fn lookup_finds_the_image_by_its_exact_name_and_then_its_task() {
    let listed = r#"{"Images":{"Image":[
        {"ImageId":"m-0","ImageName":"web-old","CreationTime":"2025-01-02T03:05:00Z"},
        {"ImageId":"m-2","ImageName":"web","CreationTime":"2024-12-31T03:05:00Z"},
        {"ImageId":"m-3","ImageName":"web","CreationTime":"2025-01-02T03:06:00Z","DiskDeviceMappings":{"DiskDeviceMapping":[{"ImportOSSBucket":"images","ImportOSSObject":"other.qcow2"}]}},
        {"ImageId":"m-1","ImageName":"web","Status":"Creating","CreationTime":"2025-01-02T03:04Z","DiskDeviceMappings":{"DiskDeviceMapping":[{"ImportOSSBucket":"images","ImportOSSObject":"web.qcow2"}]}}]}}"#;
    let tasks = r#"{"TaskSet":{"Task":[{"TaskId":"t-9","ResourceId":"m-9"},{"TaskId":"t-1","ResourceId":"m-1"}]}}"#;
    let older = images(r#""CreationTime":"2025-01-02T02:00:00Z""#);
    let (importer, script) = importer([(200, listed), (200, tasks), (200, NO_IMAGES), (200, older.as_str())]);
    let task = importer.prepare(&order()).unwrap().into_task();
    let found = importer.lookup(&task).await.unwrap().unwrap();
    assert_eq!(
        (found.image_id.as_deref(), found.task_id.as_deref()),
        (Some("m-1"), Some("t-1"))
    );
    let sent = script.sent();
    assert_eq!(parameter(&sent[0], "ImageName").as_deref(), Some("web"));
    assert_eq!(parameter(&sent[0], "ImageOwnerAlias").as_deref(), Some("self"));
    assert_eq!(parameter(&sent[1], "ResourceIds.1").as_deref(), Some("m-1"));
    for _ in [NO_IMAGES, older.as_str()] {
        assert_eq!(importer.lookup(&task).await.unwrap(), None);
    }
    assert_eq!(script.sent().len(), 4);
}

#[tokio::test]
async fn what_shows_no_file_is_not_taken_over_from_whenever() {
    let bare = images(r#""Status":"Available","CreationTime":"2025-01-02T03:06:00Z""#);
    let own = images(
        r#""Status":"Available","CreationTime":"2025-01-02T03:06:00Z","DiskDeviceMappings":{"DiskDeviceMapping":[{"ImportOSSBucket":"images","ImportOSSObject":"web.qcow2"}]}"#,
    );
    let denied = (403, r#"{"Code":"Forbidden.RAM","Message":"ecs:DescribeTasks"}"#);
    let answers = [
        (200, bare.as_str()),
        (200, own.as_str()),
        denied,
        (200, bare.as_str()),
        denied,
    ];
    let (importer, _script) = importer(answers);
    let mut task = importer.prepare(&order()).unwrap().into_task();
    let sent_at = std::mem::replace(&mut task.started_at, std::time::UNIX_EPOCH);
    assert_eq!(importer.lookup(&task).await.unwrap(), None, "made of an instance, say");
    assert!(importer.lookup(&task).await.unwrap().is_some());
    // Of an order that left, what came after it is its own.
    task.started_at = sent_at;
    assert!(importer.lookup(&task).await.unwrap().is_some());
}

#[tokio::test]
async fn lookup_reads_on_while_pages_are_full() {
    let other = r#"{"ImageId":"m-0","ImageName":"web-old"}"#;
    let full = format!(r#"{{"Images":{{"Image":[{}]}}}}"#, [other; 100].join(","));
    let last = images(r#""Status":"Creating""#);
    let denied = r#"{"Code":"Forbidden.RAM","Message":"ecs:DescribeTasks"}"#;
    let (importer, script) = importer([(200, full.as_str()), (200, last.as_str()), (403, denied)]);
    let task = importer.prepare(&order()).unwrap().into_task();
    let found = importer.lookup(&task).await.unwrap().unwrap();
    assert_eq!((found.image_id.as_deref(), found.task_id), (Some("m-1"), None));
    assert_eq!(parameter(&script.sent()[1], "PageNumber").as_deref(), Some("2"));
}

#[tokio::test]
async fn an_import_found_without_its_task_is_polled_by_its_image() {
    let answer = images(r#""Status":"Available""#);
    let (importer, script) = importer([(200, answer.as_str())]);
    let mut task = importer.prepare(&order()).unwrap().into_task();
    assert!(matches!(
        importer.poll(&mut task).await.unwrap(),
        TaskState::Succeeded { image } if image.id == "m-1"
    ));
    assert_eq!(called(&script), ["DescribeImages"]);
}

#[tokio::test]
async fn cancel_asks_first_whether_it_can() {
    let can = attribute(r#""TaskStatus":"Processing","SupportCancel":"true""#);
    let cannot = attribute(r#""TaskStatus":"Processing","SupportCancel":false"#);
    let gone = attribute(r#""TaskStatus":"Deleted","SupportCancel":"false""#);
    let late = r#"{"Code":"InvalidTaskId.IncorrectTaskStatus","Message":"ended"}"#;

    let (importer, script, task) = started([
        (200, can.as_str()),
        (200, r#"{"RequestId":"r"}"#),
        (200, cannot.as_str()),
        (200, gone.as_str()),
        (200, can.as_str()),
        (403, late),
    ])
    .await;
    assert_eq!(importer.cancel(&task).await.unwrap(), CancelOutcome::Requested);
    assert_eq!(called(&script)[1..], ["DescribeTaskAttribute", "CancelTask"]);
    let sent = &script.sent()[2];
    assert_eq!(parameter(sent, "TaskId").as_deref(), Some("t-1"));
    assert_eq!(parameter(sent, "RegionId").as_deref(), Some("cn-hangzhou"));
    assert!(matches!(
        importer.cancel(&task).await.unwrap(),
        CancelOutcome::Unsupported(_)
    ));
    assert_eq!(importer.cancel(&task).await.unwrap(), CancelOutcome::Requested);
    assert_eq!(script.sent().len(), 5);
    let error = importer.cancel(&task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

fn fields(order: &ImportRequest, errors: bool) -> Vec<String> {
    let (importer, _) = importer([]);
    let problems = importer.validate(order);
    assert!(problems.iter().all(|problem| problem.remedy.is_some()), "{problems:?}");
    problems
        .into_iter()
        .filter(|problem| problem.is_error() == errors)
        .map(|problem| problem.field.to_string())
        .collect()
}

#[tokio::test]
async fn every_problem_is_named_at_once_before_anything_is_sent() {
    let options = serde_json::json!({"DetectionStrategy": "Thorough", "NvmeSupport": "yes", "ImdsSupport": "v3"});
    let mut order = ImportRequest::new("acs:x", Disk::url("https://b/k"))
        .os(Os::new("CentOS", "7.9"))
        .architecture(Architecture::Arm64)
        .boot_mode(BootMode::Bios)
        .license_type(LicenseType::Byol)
        .description("https://x")
        .tag("aliyun-x", "v")
        .tag("k", "acs:v")
        .data_disk(Disk::object("images", "d").virtual_size_bytes(3_000 << 30))
        .vendor(Provider::ALIYUN, &options)
        .unwrap();
    order.skip_guest_check = true;
    let (importer, script) = importer([]);
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let mut found = fields(&order, true);
    found.sort();
    assert_eq!(
        found,
        [
            "boot_mode",
            "description",
            "disks[0].source",
            "disks[1].size_gib",
            "license_type",
            "name",
            "skip_guest_check",
            "tags[aliyun-x]",
            "tags[k]",
            "vendor.DetectionStrategy",
            "vendor.ImdsSupport",
            "vendor.NvmeSupport",
        ]
    );
    assert!(script.sent().is_empty());
}

#[test]
fn what_the_sources_leave_open_is_a_warning() {
    let windows = ImportRequest::new(
        "web",
        Disk::object("images", "k.vmdk").format(DiskFormat::Vmdk).size_gib(600),
    )
    .os(Os::new("Windows", "10"))
    .vendor(
        Provider::ALIYUN,
        &build!(Options {
            detection_strategy: Some("Standard".into()),
        }),
    )
    .unwrap();
    assert_eq!(fields(&windows, true), Vec::<String>::new());
    let mut found = fields(&windows, false);
    found.sort();
    assert_eq!(
        found,
        [
            "disks[0].format",
            "disks[0].size_gib",
            "license_type",
            "os",
            "vendor.DetectionStrategy"
        ]
    );
    assert_eq!(fields(&order(), true), Vec::<String>::new());
    assert_eq!(fields(&order(), false), Vec::<String>::new());
    // What is the default anyway needs no field, and is no problem.
    let unchecked = order().skip_guest_check(true);
    assert_eq!(fields(&unchecked, true), Vec::<String>::new());
}

#[test]
fn vendor_options_are_parsed_strictly_and_used() {
    let options = build!(Options {
        platform: Some("Windows Server 2022".into()),
    });
    let (importer, _) = importer([]);
    let request = importer
        .request(&order().vendor(Provider::ALIYUN, &options).unwrap())
        .unwrap();
    assert_eq!(request.platform.unwrap().as_str(), "Windows Server 2022");
    assert_eq!(request.os_type.unwrap().as_str(), "windows");
    let unknown = order()
        .vendor(Provider::ALIYUN, &serde_json::json!({"Plattform": "x"}))
        .unwrap();
    assert!(
        importer
            .validate(&unknown)
            .iter()
            .any(|problem| problem.is_error() && problem.rule.to_string().contains("Plattform"))
    );
}

#[test]
fn what_cannot_be_written_is_refused_even_unvalidated() {
    let (importer, _) = importer([]);
    for order in [
        ImportRequest::new("web", Disk::object("images", "k")),
        ImportRequest::new("web", Disk::url("https://b/k?Signature=s1gn")).os(Os::new("CentOS", "7.9")),
        ImportRequest::data_image("web", Disk::object("images", "k")).os(Os::new("CentOS", "7.9")),
        {
            let mut it = order();
            it.disks = Vec::new();
            it
        },
    ] {
        let error = importer.request(&order).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!format!("{error:?}").contains("s1gn"));
    }
}

#[tokio::test]
async fn what_the_vendors_check_found_comes_with_the_image() {
    let finished = attribute(r#""TaskStatus":"Finished","TaskProcess":"100%""#);
    let report = |options: &str| images(&format!(r#""Status":"Available"{options}"#));
    let whole = report(
        r#","DetectionOptions":{"Status":"Finished","Items":{"Item":[
            {"Name":"GUESTOS.Virtio","Value":"Normal","RiskCode":"","RiskLevel":""},
            {"Name":"GUESTOS.CloudInit","Value":"None","RiskCode":"C","RiskLevel":"High"},{}]}}"#,
    );
    let begun = report(r#","DetectionOptions":{"Status":"Processing"}"#);
    for (images, expected) in [
        (
            whole,
            Some((
                "Finished",
                vec!["GUESTOS.Virtio: Normal", "GUESTOS.CloudInit: None (risk: High, C)", ""],
            )),
        ),
        (begun, Some(("Processing", vec![]))),
        (report(""), None),
    ] {
        let (importer, _, mut task) = started([(200, finished.as_str()), (200, images.as_str())]).await;
        let TaskState::Succeeded { image } = importer.poll(&mut task).await.unwrap() else {
            unreachable!("it is available");
        };
        let json = serde_json::to_value(&image).unwrap();
        assert_eq!(json.get("inspection").is_some(), expected.is_some(), "{json}");
        let found = image.inspection.map(|found| {
            let findings: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
            (found.state, findings)
        });
        let expected =
            expected.map(|(state, findings)| (state.to_owned(), findings.into_iter().map(str::to_owned).collect()));
        assert_eq!(found, expected);
    }
}

#[test]
fn nvme_and_the_metadata_service_are_features_of_the_image() {
    let (importer, _) = importer([]);
    let features = |order: &ImportRequest| importer.request(order).unwrap().features;
    assert_eq!(features(&order()).and_then(|features| features.nvme_support), None);
    let asked = {
        let mut it = order();
        it.nvme = true;
        it.imds_v2 = true;
        it
    };
    let found = features(&asked).unwrap();
    assert_eq!(found.nvme_support.as_deref(), Some("supported"));
    assert_eq!(found.imds_support.as_deref(), Some("v2"));
    // The vendor's own words count before ours.
    let own = build!(Options {
        imds_support: Some("v1".into()),
    });
    let found = features(&asked.vendor(Provider::ALIYUN, &own).unwrap()).unwrap();
    assert_eq!(found.imds_support.as_deref(), Some("v1"));
}

#[tokio::test]
async fn a_format_that_the_vendor_has_no_word_for_is_not_sent_even_unvalidated() {
    let (importer, script) = importer([(200, STARTED)]);
    let mut order = order().no_validate(true);
    order.disks[0].format = Some(DiskFormat::Vdi);
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("disk format `vdi`"), "{error}");
    assert!(script.sent().is_empty());
}
