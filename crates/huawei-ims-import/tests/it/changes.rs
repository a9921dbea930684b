//! What a change of an image becomes, and what is made of the jobs over its members.

use std::{sync::Arc, time::Duration};

use cloud_import_core::{
    ErrorKind, ImageAttributes, ImageChange, ImageImporter as _, ImportedImage, Result,
    testing::{Frozen, Scripted},
};
use huawei_ims_import::Importer;
use serde_json::{Value, json};

use super::importer::order;

const IMAGE: &str = r#"{"id":"i-1","name":"web","status":"active","visibility":"private"}"#;
const STARTED: &str = r#"{"job_id":"j-1"}"#;

fn tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let tags = tags.into_iter().map(|(key, value)| json!({"key": key, "value": value}));
    json!({"tags": tags.collect::<Vec<_>>()}).to_string()
}

/// A page of members, each with its word.
fn members<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>, next: &str) -> String {
    let members = members
        .into_iter()
        .map(|(id, status)| json!({"member_id": id, "member_type": "project", "status": status}));
    json!({"members": members.collect::<Vec<_>>(), "page_info": {"next_marker": next}}).to_string()
}

fn job(status: &str, code: Option<&str>, reason: &str, results: &[(&str, &str)]) -> String {
    let results = results
        .iter()
        .map(|(project, status)| json!({"image_id": "i-1", "project_id": project, "status": status}));
    json!({
        "job_id": "j-1", "job_type": "imsAddImageMembersJob", "status": status, "error_code": code,
        "fail_reason": reason, "entities": {"results": results.collect::<Vec<_>>()},
    })
    .to_string()
}

/// What is shown of the image when nothing was changed of its members.
fn nobody() -> [String; 3] {
    [IMAGE.to_owned(), tags([]), members([], "")]
}

struct Changed {
    outcome: Result<ImageAttributes>,
    /// Method and path, and the body.
    sent: Vec<(String, Value)>,
    slept: Duration,
}

/// What a change leads to.
async fn changed(change: &ImageChange, answers: impl IntoIterator<Item = String>) -> Changed {
    let answers: Vec<String> = answers.into_iter().collect();
    let status = |answer: &str| if answer.contains("not here") { 404 } else { 200 };
    let answers = answers.iter().map(|answer| (status(answer), answer.as_str()));
    let script = Arc::new(Scripted::new(answers));
    let env = Arc::new(Frozen::at("2025-01-02T03:04:05Z", "nonce"));
    let client = super::builder(&script)
        .project(super::PROJECT)
        .env(Arc::clone(&env) as _)
        .build()
        .unwrap();
    let importer = Importer::new(client);
    let image = ImportedImage::of(&importer.prepare(&order()).unwrap().into_task(), "i-1");
    let outcome = importer.change(&image, change).await;
    let sent = script.sent();
    let sent = sent.iter().map(|request| {
        let line = format!("{} {}", request.method(), request.uri().path_and_query().unwrap());
        (
            line.replace(super::PROJECT, "P"),
            serde_json::from_slice(request.body()).unwrap_or_default(),
        )
    });
    Changed {
        outcome,
        sent: sent.collect(),
        slept: env.slept(),
    }
}

#[tokio::test]
async fn a_share_is_done_when_its_job_is() {
    let change = ImageChange::default().share("p-1").share("p-2").unshare("p-3");
    let answers = nobody().into_iter().take(2).chain([
        members([("p-3", "accepted")], ""),
        STARTED.to_owned(),
        job("SUCCESS", None, "", &[("p-3", "success")]),
        STARTED.to_owned(),
        job("INIT", None, "", &[]),
        r#"{"error":{"code":"IMG.0023","message":"not here"}}"#.replace("IMG.0023", "404"),
        job("RUNNING", None, "", &[]),
        job("SUCCESS", None, "", &[("p-1", "success"), ("p-2", "SUCCESS")]),
        IMAGE.to_owned(),
        tags([]),
        members([("p-1", "accepted"), ("p-2", "pending")], ""),
    ]);
    let Changed { outcome, sent, slept } = changed(&change, answers).await;
    let shown = outcome.unwrap();
    assert_eq!(Vec::from_iter(shown.shared_with), ["p-1", "p-2"]);
    assert_eq!(Vec::from_iter(shown.not_accepted), ["p-2"]);
    assert_eq!(shown.public, Some(false));
    let lines: Vec<&str> = sent.iter().map(|(line, _)| line.as_str()).collect();
    let looks = [
        "GET /v2/images/i-1",
        "GET /v2/P/images/i-1/tags",
        "GET /v1/P/cloudimages/i-1/members",
    ];
    assert_eq!(lines[..3], looks);
    assert_eq!(
        lines[3..10],
        [
            "DELETE /v1/cloudimages/members",
            "GET /v1/P/jobs/j-1",
            "POST /v1/cloudimages/members",
            "GET /v1/P/jobs/j-1",
            "GET /v1/P/jobs/j-1",
            "GET /v1/P/jobs/j-1",
            "GET /v1/P/jobs/j-1",
        ]
    );
    assert_eq!(lines[10..], looks);
    assert_eq!(sent[3].1, json!({"images": ["i-1"], "projects": ["p-3"]}));
    assert_eq!(sent[5].1, json!({"images": ["i-1"], "projects": ["p-1", "p-2"]}));
    assert_eq!(slept, Duration::from_millis(250 + 500 + 1000));
}

#[tokio::test]
async fn a_job_in_which_something_failed_is_an_error() {
    let change = ImageChange::default().share("p-1").share("p-2");
    let half = [("p-1", "success"), ("p-2", "fail")];
    for (ended, kind, code, words) in [
        (
            job("SUCCESS", None, "", &half),
            ErrorKind::Service,
            None,
            vec!["p-2 (fail)"],
        ),
        (
            job("SUCCESS", Some("IMG.0088"), "too many", &half),
            ErrorKind::QuotaExceeded,
            Some("IMG.0088"),
            vec!["p-2 (fail)", "too many"],
        ),
        (
            job("FAIL", Some("IMG.0046"), "the image is busy", &[]),
            ErrorKind::Conflict,
            Some("IMG.0046"),
            vec!["the image is busy"],
        ),
        (
            job("FAIL", None, "", &[]),
            ErrorKind::Service,
            None,
            vec!["gives no reason"],
        ),
    ] {
        let after = [IMAGE.to_owned(), tags([]), members([("p-1", "pending")], "")];
        let answers = nobody().into_iter().chain([STARTED.to_owned(), ended]).chain(after);
        let error = changed(&change, answers).await.outcome.unwrap_err();
        // A part of it may be done.
        assert_eq!((error.kind(), error.may_have_executed()), (kind, true), "{error:?}");
        assert_eq!((error.code(), error.operation()), (code, Some("BatchAddMembers")));
        for word in words {
            assert!(error.message().contains(word), "{error}");
        }
        assert!(!error.message().contains("p-1"), "{error}");
        assert!(error.remedy().is_some());
    }
}

/// What a failed part is called is in no source: what is shown of the image counts.
#[tokio::test]
async fn what_is_shown_counts_more_than_the_words_of_a_job() {
    let change = ImageChange::default().share("p-1");
    for lost in [job("SUCCESS", None, "", &[("p-1", "finished")]), "{}".to_owned()] {
        let is_job = lost != "{}";
        let after = [IMAGE.to_owned(), tags([]), members([("p-1", "pending")], "")];
        let started = is_job.then(|| STARTED.to_owned());
        let answers = nobody().into_iter().chain(started).chain([lost]).chain(after);
        let shown = changed(&change, answers).await.outcome.unwrap();
        assert!(shown.shared_with.contains("p-1"));
    }
    // And less than they say is an error.
    let ended = job("SUCCESS", None, "", &[("p-1", "Success")]);
    let answers = nobody().into_iter().chain([STARTED.to_owned(), ended]).chain(nobody());
    assert_eq!(
        changed(&change, answers).await.outcome.unwrap_err().kind(),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn a_job_is_not_waited_for_without_end() {
    let change = ImageChange::default().share("p-1");
    let running = || job("RUNNING", None, "", &[]);
    // Pauses of 250, 500, 1000 and 2000 ms, then of 4 s each: the 80th look is the first that is late.
    let answers = nobody()
        .into_iter()
        .chain([STARTED.to_owned()])
        .chain((0..80).map(|_| running()))
        .chain(nobody());
    let Changed { outcome, sent, slept } = changed(&change, answers).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Timeout, true),
        "{error:?} {slept:?}"
    );
    assert!(error.message().contains("job j-1"), "{error}");
    assert!((300..305).contains(&slept.as_secs()), "{slept:?}");
    let looks = sent.iter().filter(|(line, _)| line.ends_with("/jobs/j-1")).count();
    assert_eq!(looks, 80);
}

#[tokio::test]
async fn every_page_of_members_is_read() {
    let change = ImageChange::default().unshare("p-3").share("p-1");
    let pages = |pages: &[(&str, &str)]| -> Vec<String> {
        let pages = pages.iter().map(|(id, next)| members([(*id, "accepted")], next));
        [IMAGE.to_owned(), tags([])].into_iter().chain(pages).collect()
    };
    // The last is one whose marker leads nowhere.
    let answers = pages(&[("p-1", "m1"), ("p-2", "m2"), ("p-2", "m2")]);
    let Changed { outcome, sent, .. } = changed(&change, answers).await;
    assert_eq!(outcome.unwrap().shared_with.len(), 2);
    assert_eq!(
        [&sent[3].0, &sent[4].0],
        [
            "GET /v1/P/cloudimages/i-1/members?marker=m1",
            "GET /v1/P/cloudimages/i-1/members?marker=m2"
        ]
    );
    // An organization is known by its whole name.
    let urn = "organizations::o:ou:r/ou-1";
    let page = json!({"members": [{"member_id": "ou-1", "member_type": "organization", "urn": urn, "status": null}]});
    let answers = [IMAGE.to_owned(), tags([]), page.to_string()];
    let shown = changed(&ImageChange::default().unshare("p-1"), answers)
        .await
        .outcome
        .unwrap();
    assert_eq!(Vec::from_iter(shown.shared_with), [urn]);
    assert!(shown.not_accepted.is_empty());
}

#[tokio::test]
async fn tags_are_set_and_taken_off_in_one_call_each() {
    let change = ImageChange::default()
        .tag("a.b", "1")
        .tag("c", "")
        .untag("d")
        .untag("e");
    let answers = [
        IMAGE.to_owned(),
        tags([("d", "4"), ("e", "5"), ("f", "6")]),
        "{}".to_owned(),
        "{}".to_owned(),
        IMAGE.to_owned(),
        tags([("f", "6"), ("a.b", "1"), ("c", "")]),
    ];
    let Changed { outcome, sent, .. } = changed(&change, answers).await;
    assert_eq!(outcome.unwrap().tags.len(), 3);
    assert_eq!(
        sent[2..4],
        [
            (
                "POST /v2/P/images/i-1/tags/action".to_owned(),
                json!({"action": "create", "tags": [{"key": "a.b", "value": "1"}, {"key": "c", "value": ""}]})
            ),
            (
                "POST /v2/P/images/i-1/tags/action".to_owned(),
                json!({"action": "delete", "tags": [{"key": "d", "value": ""}, {"key": "e", "value": ""}]})
            ),
        ]
    );
}

#[tokio::test]
async fn an_image_that_is_not_there_is_not_changed() {
    let missing = r#"{"error":{"code":"IMG.0027","message":"not here"}}"#.to_owned();
    let Changed { outcome, sent, .. } = changed(&ImageChange::default().tag("a", "1"), [missing]).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(sent.len(), 1);
}
