//! What an order becomes, and what polls, lost answers and lookups lead to.

use std::sync::Arc;

use cloud_import_core::{
    Architecture, BootMode, CancelOutcome, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, ImportTask,
    ImportedImage, LicenseType, Os, Provider, Sighting, TaskState, build, testing::Scripted,
    transport::TransportErrorKind,
};
use huawei_ims_import::{Importer, Options};
use serde_json::{Value, json};

const STARTED: &str = r#"{"job_id":"j-1"}"#;
const NONE: &str = r#"{"images":[]}"#;

pub(crate) fn order() -> ImportRequest {
    let disk = Disk::object("images", "web.zvhd2")
        .format(DiskFormat::Zvhd2)
        .size_gib(40);
    ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"))
}

fn qcow2(key: &str) -> Disk {
    Disk::object("images", key).format(DiskFormat::Qcow2).size_gib(40)
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

async fn started<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>, ImportTask) {
    let answers: Vec<_> = [(200, STARTED)].into_iter().chain(answers).collect();
    let (importer, script) = importer(answers);
    let task = super::submit(&importer, &order()).await.unwrap();
    (importer, script, task)
}

/// A list with one image: the order's, made just now, unless the fields say otherwise.
fn image(fields: Value) -> String {
    let mut image = json!({
        "id": "i-1", "name": "web", "status": "active",
        "created_at": "2025-01-02T03:04:06Z", "__data_origin": "file,images:web.zvhd2",
    });
    for (name, value) in fields.as_object().unwrap() {
        image[name] = value.clone();
    }
    json!({ "images": [image] }).to_string()
}

/// The path and body that an order is sent with.
async fn sent(order: &ImportRequest) -> (String, Value, String) {
    let (importer, script) = importer([(200, STARTED)]);
    let task = super::submit(&importer, order).await.unwrap();
    let request = &script.sent()[0];
    let body = serde_json::from_slice(request.body()).unwrap();
    (request.uri().path().to_owned(), body, task.route.unwrap())
}

#[tokio::test]
async fn a_zvhd2_system_disk_takes_the_quick_route() {
    let order = order()
        .os(Os::new("Windows Server", "2016 Standard"))
        .license_type(LicenseType::Byol)
        .boot_mode(BootMode::Uefi)
        .description("d")
        .tag("a.b", "c")
        .project("eps-1");
    let (path, body, route) = sent(&order).await;
    assert_eq!(
        (path.as_str(), route.as_str()),
        ("/v2/cloudimages/quickimport/action", "quick")
    );
    assert_eq!(
        body,
        json!({
            "name": "web", "description": "d", "os_version": "Windows Server 2016 Standard 64bit",
            "image_url": "images:web.zvhd2", "min_disk": 40, "type": "ECS", "architecture": "x86",
            "image_tags": [{"key": "a.b", "value": "c"}], "enterprise_project_id": "eps-1",
            "hw_firmware_type": "uefi", "license_type": "byol",
        })
    );
}

#[tokio::test]
async fn another_format_takes_the_common_route_with_its_data_disks() {
    let options = build!(Options {
        is_config: Some(true),
        cmk_id: Some("cmk".into()),
        min_ram: Some(1024),
        max_ram: Some(2048),
        tags: Some(vec!["k.v".into()]),
    });
    let order = ImportRequest::new("web", qcow2("web.qcow2"))
        .os(Os::new("Ubuntu", "20.04"))
        .architecture(Architecture::Arm64)
        .data_disk(qcow2("d1.qcow2"))
        .vendor(Provider::HUAWEI, &options)
        .unwrap();
    let (path, body, route) = sent(&order).await;
    assert_eq!((path.as_str(), route.as_str()), ("/v2/cloudimages/action", "common"));
    assert_eq!(
        body,
        json!({
            "name": "web", "os_type": "Linux", "os_version": "Ubuntu 20.04 server 64bit",
            "image_url": "images:web.qcow2", "min_disk": 40, "type": "ECS", "architecture": "arm",
            "is_config": true, "cmk_id": "cmk", "min_ram": 1024, "max_ram": 2048, "tags": ["k.v"],
            "data_images": [{
                "name": "web-data-1", "image_url": "images:d1.qcow2", "min_disk": 40, "tags": ["k.v"],
            }],
        })
    );
}

#[tokio::test]
async fn a_data_disk_has_calls_of_its_own() {
    let quick = ImportRequest::data_image(
        "d",
        Disk::object("images", "d.zvhd2").format(DiskFormat::Zvhd2).size_gib(8),
    );
    let (path, body, route) = sent(&quick).await;
    assert_eq!(
        (path.as_str(), route.as_str()),
        ("/v2/cloudimages/quickimport/action", "quick-data")
    );
    assert_eq!(
        body,
        json!({"name": "d", "os_type": "Linux", "image_url": "images:d.zvhd2", "min_disk": 8, "type": "DataImage"})
    );
    let common = ImportRequest::data_image("d", qcow2("d.qcow2")).os(Os::new("Windows Server", "2016"));
    let (path, body, route) = sent(&common).await;
    assert_eq!(
        (path.as_str(), route.as_str()),
        ("/v1/cloudimages/dataimages/action", "common-data")
    );
    assert_eq!(
        body,
        json!({"name": "d", "os_type": "Windows", "image_url": "images:d.qcow2", "min_disk": 40})
    );
}

#[tokio::test]
async fn an_iso_is_an_image_type_of_its_own() {
    let disk = Disk::object("images", "cd.iso").format(DiskFormat::Iso).size_gib(40);
    let order = ImportRequest::new("cd", disk).os(Os::new("CentOS", "7.9"));
    let (_, body, route) = sent(&order).await;
    assert_eq!((&body["type"], route.as_str()), (&json!("IsoImage"), "common"));
}

#[tokio::test]
async fn a_dry_run_is_never_sent() {
    let order = {
        let mut it = order();
        it.dry_run = true;
        it.no_validate = true;
        it
    };
    let (importer, script) = importer([(200, STARTED)]);
    assert_eq!(
        super::submit(&importer, &order).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn a_refusal_is_final() {
    let (importer, script) = importer([(400, r#"{"error":{"code":"IMG.0009","message":"exists"}}"#)]);
    let error = super::submit(&importer, &order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::DuplicateName, Some("IMG.0009"))
    );
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn polls_lead_to_verdicts() {
    let cases = [
        (
            r#""status":"INIT","entities":{}"#,
            r#"InProgress { percent: None, raw: "INIT" }"#,
        ),
        (
            r#""status":"RUNNING","end_time":"","entities":{"process_percent":0.4}"#,
            r#"InProgress { percent: Some(40), raw: "RUNNING" }"#,
        ),
        (
            r#""status":"THINKING""#,
            r#"InProgress { percent: None, raw: "THINKING" }"#,
        ),
        (
            r#""status":"SUCCESS","error_code":null,"entities":{"image_id":"i-1","process_percent":1.0}"#,
            r#"id: "i-1""#,
        ),
        (
            r#""status":"SUCCESS","entities":{"sub_jobs_result":[{"entities":{"image_id":"i-2"}}]}"#,
            r#"id: "i-2""#,
        ),
        (
            r#""status":"FAIL","error_code":"IMG.0111","fail_reason":"larger than specified","entities":{}"#,
            r#"Failed(Failure { code: Some("IMG.0111"), reason: "larger than specified""#,
        ),
    ];
    for (fields, expected) in cases {
        let answer = format!(r#"{{"job_id":"j-1","job_type":"imsImportImageJob",{fields}}}"#);
        let (importer, script, mut task) = started([(200, answer.as_str())]).await;
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{state}");
        assert!(task.first_seen_at.is_some());
        assert_eq!(script.sent()[1].uri().path(), "/v1/cloudimages/job/j-1");
    }
}

#[tokio::test]
async fn a_job_that_names_no_image_sends_to_the_list() {
    let done = r#"{"job_id":"j-1","status":"SUCCESS","entities":{}}"#;
    let listed = image(json!({}));
    let (importer, _, mut task) = started([(200, done), (200, NONE), (200, NONE), (200, done), (200, &listed)]).await;
    let TaskState::InProgress { raw, .. } = importer.poll(&mut task).await.unwrap() else {
        panic!("its id is not known yet");
    };
    assert!(raw.contains("not shown yet"), "{raw}");
    let state = importer.poll(&mut task).await.unwrap();
    assert_eq!(
        state,
        TaskState::Succeeded {
            image: ImportedImage::of(&task, "i-1")
        }
    );
}

#[tokio::test]
async fn a_failed_poll_is_an_error_and_no_verdict() {
    for (status, body, kind) in [
        (
            500,
            r#"{"error":{"message":"x","code":"IMG.0061"}}"#,
            ErrorKind::Unavailable,
        ),
        (502, "<html/>", ErrorKind::Unavailable),
        (200, "", ErrorKind::InvalidResponse),
        (200, r#"{"status":"#, ErrorKind::InvalidResponse),
        (200, r#"{"status":7}"#, ErrorKind::InvalidResponse),
        (
            401,
            r#"{"error_code":"APIGW.0301","error_msg":"token expires"}"#,
            ErrorKind::Credentials,
        ),
    ] {
        let (importer, _, mut task) = started([(status, body)]).await;
        let before = task.clone();
        assert_eq!(importer.poll(&mut task).await.unwrap_err().kind(), kind, "{body}");
        assert_eq!(task, before);
    }
}

#[tokio::test]
async fn a_job_that_is_not_known_sends_to_the_image() {
    let unknown = (404, r#"{"error":{"message":"no such job","code":"404"}}"#);
    let listed = image(json!({"status": "saving"}));
    let answers = [
        unknown,
        (200, NONE),
        (200, NONE),
        unknown,
        (200, &listed),
        unknown,
        (200, NONE),
        (200, NONE),
    ];
    let (importer, script, mut task) = started(answers).await;
    let state = importer.poll(&mut task).await.unwrap();
    assert_eq!(state, TaskState::in_progress("not listed yet", None));
    let state = importer.poll(&mut task).await.unwrap();
    assert_eq!(state, TaskState::in_progress("saving", None));
    // Listed before, gone now.
    assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
    let last = script.sent().pop().unwrap();
    assert!(last.uri().query().unwrap().contains("id=i-1"), "{}", last.uri());
}

#[tokio::test]
async fn an_image_that_was_looked_up_is_polled_by_its_state() {
    for (status, expected) in [
        ("queued", r#"InProgress { percent: None, raw: "queued" }"#),
        ("polishing", r#"InProgress { percent: None, raw: "polishing" }"#),
        ("active", r#"id: "i-1""#),
        ("killed", "`killed`"),
        ("deleted", "`deleted`"),
    ] {
        let listed = image(json!({"status": status}));
        let (importer, script) = importer([(200, listed.as_str())]);
        let mut task = importer.prepare(&order()).unwrap().into_task();
        task.image_id = Some("i-1".into());
        let state = format!("{:?}", importer.poll(&mut task).await.unwrap());
        assert!(state.contains(expected), "{state}");
        let query = script.sent()[0].uri().query().unwrap().to_owned();
        assert!(query.contains("id=i-1") && !query.contains("name="), "{query}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_list_and_never_sent_again() {
    let (importer, script) = importer([]);
    script.fail(TransportErrorKind::Broken);
    let listed = image(json!({"status": "queued"}));
    for answer in [NONE, NONE, NONE, &listed] {
        script.push(Ok(cloud_import_core::http::Response::new(answer.to_owned().into())));
    }
    let task = super::submit(&importer, &order()).await.unwrap();
    assert_eq!((task.task_id.as_deref(), task.image_id.as_deref()), (None, Some("i-1")));
    let sent = script.sent();
    let imports = sent.iter().filter(|request| request.uri().path().ends_with("/action"));
    assert_eq!((imports.count(), sent.len()), (1, 5));
    assert_eq!(
        sent[1].uri().query().unwrap(),
        "__imagetype=private&enterprise_project_id=all_granted_eps&name=web"
    );
    assert_eq!(
        sent[2].uri().query().unwrap(),
        "__imagetype=private&__isregistered=false&enterprise_project_id=all_granted_eps&name=web"
    );
}

#[tokio::test]
async fn a_lost_answer_that_no_list_settles_ends_as_unknown() {
    // Also an answer that is cut, or has no job in it, may stand for an import.
    for first in [None, Some(r#"{"job_"#), Some("{}"), Some(r#"{"job_id":""}"#)] {
        let (importer, script) = importer([]);
        match first {
            None => script.fail(TransportErrorKind::Timeout),
            Some(text) => script.push(Ok(cloud_import_core::http::Response::new(text.into()))),
        }
        for _ in 0..100 {
            script.push(Ok(cloud_import_core::http::Response::new(NONE.into())));
        }
        let error = super::submit(&importer, &order()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::OutcomeUnknown, true)
        );
        assert!(error.remedy().unwrap().to_string().contains("console"), "{error}");
        let sent = script.sent();
        assert!(sent.len() > 10 && sent[1..].iter().all(|request| request.method() == "GET"));
    }
}

#[tokio::test]
async fn only_a_complete_list_shows_that_an_order_is_not_there() {
    let (other, bare) = (
        image(json!({"__data_origin": "file,images:other.zvhd2"})),
        image(json!({"__data_origin": null, "status": "queued"})),
    );
    let goes_on = r#"{"images":[],"page_info":{"next_marker":"i-9"}}"#;
    for (answers, expected) in [
        ([NONE, NONE], Sighting::NotListed),
        ([&other, NONE], Sighting::NotListed),
        (["{}", NONE], Sighting::Unclear),
        ([NONE, r#"{"images":null}"#], Sighting::Unclear),
        ([NONE, goes_on], Sighting::Unclear),
        // It is being made, and does not show its file yet.
        ([NONE, &bare], Sighting::Unclear),
    ] {
        let (importer, script) = importer(answers.map(|answer| (200, answer)));
        let task = importer.prepare(&order()).unwrap().into_task();
        assert_eq!(importer.sight(&task).await.unwrap(), expected, "{answers:?}");
        let asked: Vec<bool> = script
            .sent()
            .iter()
            .map(|sent| sent.uri().to_string().contains("isregistered=false"))
            .collect();
        assert_eq!(asked, [false, true], "images that are being made are asked for, too");
    }
}

#[tokio::test]
async fn lookup_takes_name_origin_and_time() {
    let cases = [
        (json!({}), true),
        (json!({"__data_origin": null}), false),
        (json!({"created_at": "2025-01-02T02:50:00Z"}), true),
        (json!({"created_at": "2025-01-02T02:40:00Z"}), false),
        (json!({"created_at": null}), false),
        (json!({"name": "web-2"}), false),
        (json!({"__data_origin": "file,images:other.zvhd2"}), false),
        (json!({"id": null}), false),
        // The failed image of an earlier order.
        (json!({"status": "killed", "created_at": "2025-01-02T02:50:00Z"}), false),
        (json!({"status": "killed"}), true),
    ];
    for (fields, expected) in cases {
        let listed = image(fields.clone());
        let (importer, _) = importer([(200, listed.as_str()), (200, NONE)]);
        let task = importer.prepare(&order()).unwrap().into_task();
        let found = importer.lookup(&task).await.unwrap();
        assert_eq!(found.is_some(), expected, "{fields}");
        if let Some(found) = found {
            assert_eq!(found.image_id.as_deref(), Some("i-1"));
            assert!(found.first_seen_at.is_some());
        }
    }
}

#[tokio::test]
async fn lookup_goes_by_the_job_where_there_is_one() {
    let running = r#"{"job_id":"j-1","status":"RUNNING","entities":{"image_id":"i-7"}}"#;
    let (importer, script, task) = started([(200, running)]).await;
    let found = importer.lookup(&task).await.unwrap().unwrap();
    assert_eq!(
        (found.task_id.as_deref(), found.image_id.as_deref()),
        (Some("j-1"), Some("i-7"))
    );
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn cancel_says_that_it_cannot_and_delete_deletes() {
    let (importer, script, task) = started([(204, "")]).await;
    assert!(matches!(
        importer.cancel(&task).await.unwrap(),
        CancelOutcome::Unsupported(_)
    ));
    assert_eq!(script.sent().len(), 1);
    importer.delete(&ImportedImage::of(&task, "i-1")).await.unwrap();
    let last = script.sent().pop().unwrap();
    assert_eq!(
        (last.method().as_str(), last.uri().path()),
        ("DELETE", "/v2/images/i-1")
    );
}

#[tokio::test]
async fn an_attribute_that_cannot_be_replaced_is_added() {
    const MISSING: &str = r#"{"error":{"code":"IMG.0035","message":"An attribute conflict occurred."}}"#;
    const CHANGED: &str = r#"{"id":"i-1","name":"new","status":"active"}"#;
    let ops = |script: &Scripted| -> Vec<Value> {
        let bodies = script.sent().into_iter().skip(1);
        let bodies = bodies.map(|request| serde_json::from_slice::<Value>(request.body()).unwrap());
        bodies.map(|body| body[0]["op"].clone()).collect()
    };
    let (importer, script, task) = started([(200, CHANGED)]).await;
    let image = ImportedImage::of(&task, "i-1");
    importer.rename(&image, "new").await.unwrap();
    assert_eq!(ops(&script), ["replace"]);

    let (importer, script, _) = started([(400, MISSING), (200, CHANGED)]).await;
    importer.rename(&image, "new").await.unwrap();
    assert_eq!(ops(&script), ["replace", "add"]);

    let (importer, _, _) = started([(400, MISSING), (400, MISSING)]).await;
    let error = importer.rename(&image, "new").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("IMG.0035")));
}

#[tokio::test]
async fn a_task_holds_what_another_process_needs() {
    let (_, _, task) = started([]).await;
    let stored: Value = serde_json::from_str(&serde_json::to_string(&task).unwrap()).unwrap();
    assert_eq!(stored["route"], "quick");
    assert_eq!(stored["project"], super::PROJECT);
    assert_eq!(stored["source"], "images:web.zvhd2");
    assert_eq!(stored["task_id"], "j-1");
    assert!(!stored.to_string().contains(super::SECRET));
}
