//! What the order of a copy becomes, where it is sent, and what is made of the answers.

use std::{sync::Arc, time::Duration};

use cloud_import_core::{
    Encryption, ErrorKind, Field, ImageImporter as _, ImageSource, ImportRequest, ImportTask, Provider, TaskState,
    build,
    testing::{Scripted, render},
    transport::TransportErrorKind,
};
use huawei_ims_import::{ClientOptions, Importer, Options};
use insta::assert_snapshot;
use serde_json::{Value, json};

const IMAGE: &str = "4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90";
const ORIGIN: &str = "image,cn-east-3,4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90";
const THERE: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const STARTED: &str = r#"{"job_id":"j-1"}"#;
const PROJECTS: &str = r#"{"projects":[{"id":"p-1","name":"cn-north-4_team"},
    {"id":"0123456789abcdef0123456789abcdef","name":"cn-north-4_web"}]}"#;

fn told(options: &Value) -> ImportRequest {
    let mut image = ImageSource::new("cn-east-3", IMAGE);
    image.project = Some(THERE.into());
    let order = ImportRequest::copy_of(image, "web");
    order.vendor(Provider::HUAWEI, options).unwrap()
}

/// A copy into the tests' region.
fn order() -> ImportRequest {
    told(&json!({"agency_name": "ims_copy", "project_name": "cn-north-4_web"}))
}

fn within() -> ImportRequest {
    ImportRequest::copy_of(ImageSource::new("cn-north-4", IMAGE), "web")
}

fn importer<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> (Importer, Arc<Scripted>) {
    let script = Arc::new(Scripted::new(answers));
    (Importer::new(super::client(&script)), script)
}

fn job(fields: &Value) -> String {
    let mut job = json!({"job_id": "j-1", "job_type": "imsCrossRegionCopyImageJob", "error_code": null});
    for (name, value) in fields.as_object().unwrap() {
        job[name] = value.clone();
    }
    job.to_string()
}

fn listed(state: &str, origin: &str) -> String {
    let image = json!({
        "id": "i-1", "name": "web", "status": state, "created_at": "2025-01-02T03:04:06Z", "__data_origin": origin,
    });
    json!({"images": [image]}).to_string()
}

/// Method, host, project and path of each request.
fn sent(script: &Scripted) -> Vec<String> {
    let sent = script.sent();
    let line = |request: &cloud_import_core::http::Request<cloud_import_core::Bytes>| {
        let host = request
            .uri()
            .host()
            .unwrap()
            .trim_end_matches(".myhuaweicloud.com")
            .to_owned();
        let project = request.headers().get("x-project-id").map(|id| id.to_str().unwrap());
        let path = request.uri().path();
        format!("{} {host} {} {path}", request.method(), project.unwrap_or("-"))
    };
    sent.iter().map(line).collect()
}

async fn submitted(importer: &Importer, order: &ImportRequest) -> ImportTask {
    super::submit(importer, order).await.unwrap()
}

#[tokio::test]
async fn a_copy_is_ordered_and_followed_where_its_image_is() {
    let (running, ended) = (
        job(&json!({"status": "RUNNING", "entities": {"process_percent": 0.4}})),
        job(&json!({"status": "SUCCESS", "end_time": "2025-01-02T03:04:05.678Z", "entities": {"image_id": "i-1"}})),
    );
    let (saving, active) = (listed("saving", ORIGIN), listed("active", ORIGIN));
    let answers = [STARTED, &running, &ended, &saving, &ended, &active];
    let (importer, script) = importer(answers.map(|answer| (200, answer)));
    let order = order().description("of the first");
    assert_eq!(importer.validate(&order), []);
    let mut task = submitted(&importer, &order).await;
    assert_eq!((task.task_id.as_deref(), task.image_id.as_deref()), (Some("j-1"), None));
    assert_eq!(
        (task.source.as_str(), &task.marker, &task.token),
        (ORIGIN, &None, &None)
    );
    assert_snapshot!(render(&script.sent()[0]));
    let state = importer.poll(&mut task).await.unwrap();
    assert_eq!(state, TaskState::in_progress("RUNNING", Some(40)));
    // The job is finished, and the image is not yet.
    let state = importer.poll(&mut task).await.unwrap();
    assert_eq!(state, TaskState::in_progress("SUCCESS, image saving", None));
    let state = importer.poll(&mut task).await.unwrap();
    assert!(matches!(state, TaskState::Succeeded { image } if image.id == "i-1" && image.region == "cn-north-4"));
    let job = format!("GET ims.cn-east-3 {THERE} /v1/cloudimages/job/j-1");
    let list = format!("GET ims.cn-north-4 {} /v2/cloudimages", super::PROJECT);
    assert_eq!(sent(&script)[1..], [&job, &job, &list, &job, &list].map(Clone::clone));
}

/// The image may be shared by another: the copy is made in the project that orders it, and its job runs there.
#[tokio::test]
async fn a_copy_within_its_region_may_be_encrypted() {
    let running = job(&json!({"status": "RUNNING", "entities": {"process_percent": 0.4}}));
    let (importer, script) = importer([(200, STARTED), (200, running.as_str())]);
    let mut image = ImageSource::new("cn-north-4", IMAGE);
    image.project = Some(THERE.into());
    let order = ImportRequest::copy_of(image, "web")
        .description("encrypted")
        .project("0b1c2d3e-1111-4222-8333-44445555aaaa")
        .encryption(Encryption::Key("1a2b3c4d-0000-4000-8000-123456789abc".into()));
    assert_eq!(importer.validate(&order), []);
    let mut task = submitted(&importer, &order).await;
    assert_snapshot!(render(&script.sent()[0]));
    importer.poll(&mut task).await.unwrap();
    let job = format!("GET ims.cn-north-4 {} /v1/cloudimages/job/j-1", super::PROJECT);
    assert_eq!(sent(&script)[1], job);
}

/// A copy takes its image from a project by its id and goes to one by its name.
#[tokio::test]
async fn iam_is_asked_for_what_is_not_told_of_the_projects() {
    let script = Arc::new(Scripted::new([
        (200, r#"{"projects":[{"id":"p-east"}]}"#),
        (200, r#"{"projects":[{"id":"p-north"}]}"#),
        (200, STARTED),
        (200, r#"{"status":"RUNNING"}"#),
        (200, r#"{"status":"RUNNING"}"#),
    ]));
    let importer = Importer::new(super::builder(&script).build().unwrap());
    let image = ImageSource::new("cn-east-3", IMAGE);
    let options = build!(Options {
        agency_name: Some("ims_copy".into()),
    });
    let order = ImportRequest::copy_of(image, "web").options(&options).unwrap();
    let mut task = submitted(&importer, &order).await;
    importer.poll(&mut task).await.unwrap();
    importer.poll(&mut task).await.unwrap();
    // Each region has its own, and IAM is asked once for each.
    assert_eq!(
        sent(&script),
        [
            "GET iam.cn-north-4 - /v3/projects",
            "GET iam.cn-east-3 - /v3/projects",
            &format!("POST ims.cn-east-3 p-north /v1/cloudimages/{IMAGE}/cross_region_copy"),
            "GET ims.cn-east-3 p-north /v1/cloudimages/job/j-1",
            "GET ims.cn-east-3 p-north /v1/cloudimages/job/j-1",
        ]
    );
    let body: Value = serde_json::from_slice(script.sent()[2].body()).unwrap();
    assert_eq!(
        (&body["project_name"], &body["region"]),
        (&json!("cn-north-4"), &json!("cn-north-4"))
    );
    assert_eq!(task.project.as_deref(), Some("p-east"));
}

#[tokio::test]
async fn an_iam_that_was_named_is_asked_for_all_regions() {
    let script = Arc::new(Scripted::new([
        (200, r#"{"projects":[{"id":"p-east"}]}"#),
        (200, r#"{"projects":[{"id":"p-north"}]}"#),
        (200, STARTED),
    ]));
    let options = ClientOptions::default().iam_endpoint("https://identity.example.com".parse().unwrap());
    let client = super::builder(&script).options(options).build().unwrap();
    let image = ImageSource::new("cn-east-3", IMAGE);
    let order = ImportRequest::copy_of(image, "web").vendor(Provider::HUAWEI, &json!({"agency_name": "a"}));
    submitted(&Importer::new(client), &order.unwrap()).await;
    let names: Vec<String> = script.sent()[..2].iter().map(|asked| asked.uri().to_string()).collect();
    assert_eq!(
        names,
        [
            "https://identity.example.com/v3/projects?name=cn-north-4",
            "https://identity.example.com/v3/projects?name=cn-east-3",
        ]
    );
}

#[tokio::test]
async fn the_name_of_a_project_is_iams() {
    let unnamed = told(&json!({"agency_name": "ims_copy"}));
    let (importer, script) = importer([(200, PROJECTS), (200, STARTED)]);
    submitted(&importer, &unnamed).await;
    let body: Value = serde_json::from_slice(script.sent()[1].body()).unwrap();
    assert_eq!(body["project_name"], "cn-north-4_web");
    for (status, answer, kind) in [
        (
            200,
            r#"{"projects":[{"id":"p-1","name":"cn-north-4"}]}"#,
            ErrorKind::NotFound,
        ),
        (
            200,
            r#"{"projects":[{"id":"0123456789abcdef0123456789abcdef"}]}"#,
            ErrorKind::NotFound,
        ),
        (
            403,
            r#"{"error":{"code":403,"message":"no"}}"#,
            ErrorKind::PermissionDenied,
        ),
        (500, r#"{"error":{"code":500,"message":"no"}}"#, ErrorKind::Unavailable),
    ] {
        let (importer, script) = self::importer([(status, answer)]);
        let error = super::submit(&importer, &unnamed).await.unwrap_err();
        // Nothing was ordered, and nothing is looked for.
        assert_eq!((error.kind(), error.may_have_executed()), (kind, false), "{error:?}");
        let remedy = error.remedy().unwrap().to_string();
        assert!(remedy.contains("project_name"), "{remedy}");
        assert_eq!(script.sent().len(), 1);
    }
}

#[test]
fn what_a_copy_lacks_or_cannot_be_told_is_named() {
    let (importer, _) = importer([]);
    let with = |options: Value| told(&options);
    let agency = || json!({"agency_name": "a"});
    let within_with = |options: Value| within().vendor(Provider::HUAWEI, &options).unwrap();
    let mut of_import = agency();
    of_import["is_config"] = json!(true);
    of_import["cmk_id"] = json!("key-1");
    for (order, is_error, fields) in [
        (with(json!({})), true, vec![Field::vendor("agency_name")]),
        (
            with(json!({"agency_name": ""})),
            true,
            vec![Field::vendor("agency_name")],
        ),
        (
            with(json!({"agency_name": "a", "project_name": ""})),
            true,
            vec![Field::vendor("project_name")],
        ),
        (
            with(of_import),
            true,
            vec![Field::vendor("is_config"), Field::vendor("cmk_id")],
        ),
        (with(json!({"agency": "a"})), true, vec![Field::Vendor]),
        (with(agency()).project("0"), true, vec![Field::Project]),
        (
            with(agency()).encryption(Encryption::Key("1a2b3c4d-0000-4000-8000-123456789abc".into())),
            true,
            vec![Field::Encryption],
        ),
        (
            within().encryption(Encryption::ServiceKey),
            true,
            vec![Field::Encryption],
        ),
        (
            within_with(json!({"agency_name": "a", "project_name": "cn-north-4"})),
            false,
            vec![Field::vendor("agency_name"), Field::vendor("project_name")],
        ),
        (with(agency()), true, vec![]),
        (within(), true, vec![]),
    ] {
        let problems = importer.validate(&order);
        let found: Vec<&Field> = problems.iter().map(|problem| &problem.field).collect();
        assert_eq!(found, fields.iter().collect::<Vec<_>>(), "{problems:?}");
        for problem in &problems {
            assert_eq!(problem.is_error(), is_error, "{problem:?}");
            assert!(problem.remedy.is_some(), "{problem:?}");
        }
    }
    // Where the copy would be looked for is another project.
    let script = Arc::new(Scripted::default());
    let of_no_project = Importer::new(super::builder(&script).build().unwrap());
    let problems = of_no_project.validate(&order());
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].field, Field::vendor("project_name"));
    let own = told(&json!({"agency_name": "a", "project_name": "cn-north-4"}));
    assert_eq!(of_no_project.validate(&own), []);
}

#[test]
fn an_import_says_what_is_for_copies_alone() {
    let (importer, _) = importer([]);
    let options = build!(Options {
        agency_name: Some("a".into()),
        project_name: Some("p".into()),
    });
    let before = importer.validate(&super::importer::order());
    let problems = importer.validate(&super::importer::order().options(&options).unwrap());
    let new = problems.iter().filter(|problem| !before.contains(problem));
    let new: Vec<String> = new
        .inspect(|problem| assert!(!problem.is_error()))
        .map(|problem| problem.field.to_string())
        .collect();
    assert_eq!(new.len(), 2, "{new:?}");
}

#[tokio::test]
async fn an_image_that_is_busy_may_be_copied_later() {
    for (code, kind) in [
        ("IMG.0046", ErrorKind::Conflict),
        ("IMG.0152", ErrorKind::Conflict),
        ("IMG.0149", ErrorKind::RateLimited),
    ] {
        let refusal = json!({"error": {"code": code, "message": "no"}}).to_string();
        let (importer, script) = importer([(400, refusal.as_str())]);
        let error = super::submit(&importer, &order()).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (kind, false), "{code}");
        assert_eq!(script.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_copy_is_known_by_its_image() {
    for (origin, is_found) in [
        (ORIGIN, true),
        ("image,cn-east-2,4ca46bf1-5c61-48ff-b4f3-0ad4e5e3ba90", false),
        ("image,cn-east-3,another", false),
        ("", false),
    ] {
        let script = Arc::new(Scripted::default());
        script.fail(TransportErrorKind::Broken);
        for _ in 0..200 {
            let answer = listed("saving", origin);
            script.push(Ok(cloud_import_core::http::Response::new(answer.into())));
        }
        let importer = Importer::new(super::client(&script));
        match super::submit(&importer, &order()).await {
            Ok(task) => assert!(is_found && task.image_id.as_deref() == Some("i-1"), "{origin}"),
            Err(error) => assert!(
                !is_found && error.kind() == ErrorKind::OutcomeUnknown,
                "{origin} {error:?}"
            ),
        }
        let orders = sent(&script).iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(orders, 1);
    }
}

/// An import's own image is of a file: a copy of that name is none.
#[tokio::test]
async fn a_copy_is_no_imports_image() {
    let answer = listed("saving", ORIGIN);
    let (importer, _) = importer([(200, answer.as_str()), (200, answer.as_str())]);
    let task = importer.prepare(&super::importer::order()).unwrap().into_task();
    assert_eq!(importer.lookup(&task).await.unwrap(), None);
}

#[tokio::test]
async fn a_copy_that_failed_has_the_jobs_reason() {
    let failed = job(&json!({"status": "FAIL", "error_code": "IMG.0179", "fail_reason": "the agency is gone"}));
    let (importer, _) = importer([(200, STARTED), (200, failed.as_str())]);
    let mut task = submitted(&importer, &order()).await;
    let TaskState::Failed(failure) = importer.poll(&mut task).await.unwrap() else {
        panic!("it failed")
    };
    assert_eq!(
        (failure.code.as_deref(), failure.reason.as_str()),
        (Some("IMG.0179"), "the agency is gone")
    );
}

/// However long the copy took, its image may be listed late.
#[tokio::test]
async fn the_end_of_the_job_is_when_its_image_begins_to_be_awaited() {
    let none = r#"{"images":[]}"#;
    for (end, is_awaited) in [("2025-01-02T03:04:00.000Z", true), ("2025-01-02T02:00:00.000Z", false)] {
        let ended = job(&json!({"status": "SUCCESS", "end_time": end, "entities": {"image_id": "i-1"}}));
        let (importer, _) = importer([(200, STARTED), (200, ended.as_str()), (200, none)]);
        let mut task = submitted(&importer, &order()).await;
        task.started_at -= Duration::from_secs(2 * 60 * 60);
        match importer.poll(&mut task).await {
            Ok(state) => assert!(
                is_awaited && state == TaskState::in_progress("SUCCESS, image not listed yet", Some(100)),
                "{state:?}"
            ),
            Err(error) => assert!(!is_awaited && error.kind() == ErrorKind::NotFound, "{error:?}"),
        }
    }
}

#[test]
fn an_image_that_is_known_to_be_too_large_is_refused() {
    let (importer, _) = importer([]);
    let of_size = |gib: u64| {
        let mut order = order();
        order.disks[0].virtual_size_bytes = Some(gib << 30);
        importer.validate(&order)
    };
    assert_eq!(of_size(128), []);
    let problems = of_size(129);
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert!(problem.is_error());
    assert_eq!(
        (problem.provider, &problem.field.to_string()[..]),
        (Provider::HUAWEI, "disks[0].virtual_size_bytes")
    );
    let told = format!("{problem:?}");
    for part in ["129 GiB", "128 GiB", "Import the file in that region"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!problem.source.is_empty());
}
