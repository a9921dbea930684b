//! Sign, send, classify, retry.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import_core::{
    Bytes, Credentials, Error, ErrorKind, Provider, Remedy, Result, RetryPolicy,
    env::Env as _,
    http::{Method, Request, Response},
    provider::{
        CodeRule, Operation, Pipeline, Repeat,
        clock_offset::ClockOffset,
        datetime,
        protocol::{Protocol, Reading, Signing, json_body},
    },
    testing::{Frozen, Scripted},
    transport::{TransportError, TransportErrorKind},
};

/// Signs with the instant; `{"e": code}` is a refusal.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    signed: Mutex<u32>,
}

static CODES: &[CodeRule] = &[
    rule("Throttled", ErrorKind::RateLimited),
    rule("Bad", ErrorKind::InvalidRequest),
    rule("Busy", ErrorKind::RateLimited).pause(60),
    CodeRule::dry_run_passed("DryRunOk", 0, "do this", ""),
    rule("BadDate", ErrorKind::ClockSkew),
    rule("BadKey", ErrorKind::Credentials),
    rule("Unexplained", ErrorKind::Service),
];

const fn rule(code: &'static str, kind: ErrorKind) -> CodeRule {
    CodeRule::failure(code, 0, kind, "do this", "").executed(false)
}

impl Protocol for Plain {
    fn provider(&self) -> Provider {
        Provider::ALIYUN
    }

    fn sign(&self, request: &mut Request<Bytes>, signing: &Signing<'_>) -> Result<()> {
        *self.signed.lock().unwrap() += 1;
        let value = format!("X Signature=s1gn{}", datetime::unix_millis(signing.instant));
        request.headers_mut().insert("authorization", value.parse().unwrap());
        Ok(())
    }

    fn read(&self, answer: &Response<Bytes>) -> Reading {
        let body = match json_body(answer) {
            Ok(body) => body,
            Err(why) => return Reading::Unreadable(why),
        };
        match body.get("e").and_then(|code| code.as_str()) {
            Some(code) => Reading::Refused {
                code: Some(code.to_owned()),
                message: body["m"].as_str().unwrap_or_default().to_owned(),
                request_id: Some("r1".into()),
            },
            None => Reading::Success {
                payload: body,
                request_id: Some("r1".into()),
            },
        }
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id"]
    }

    fn codes(&self) -> &'static [CodeRule] {
        CODES
    }
}

pub(crate) const OPERATION: Operation = Operation {
    name: "Do",
    method: Method::POST,
    path: "/",
    repeat: Repeat::Unsafe,
    placed: &[],
};

struct Sent {
    outcome: Result<cloud_import_core::provider::protocol::Answer>,
    requests: Vec<Request<Bytes>>,
    slept: Duration,
}

async fn send(script: Scripted, repeatable: bool) -> Sent {
    let (script, clock) = (Arc::new(script), Arc::new(Frozen::at("2026-01-02T03:04:05Z", "n")));
    let keys = Arc::new(Credentials::new("AK", "s3cret-key"));
    let mut pipeline = Pipeline::new("r-1", keys, Arc::clone(&script) as _);
    pipeline.env = Arc::clone(&clock) as _;
    pipeline.retry = RetryPolicy::default().attempts(3);
    let request = Request::builder()
        .uri("https://h/")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let outcome = pipeline.send(&Plain::default(), &OPERATION, repeatable, request).await;
    Sent {
        outcome,
        requests: script.sent(),
        slept: clock.monotonic(),
    }
}

fn failed(sent: Sent) -> (Error, usize) {
    (sent.outcome.unwrap_err(), sent.requests.len())
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let sent = send(
        Scripted::new([(200, r#"{"e":"Throttled"}"#), (200, r#"{"ok":1}"#)]),
        false,
    )
    .await;
    assert_eq!(sent.outcome.unwrap().payload["ok"], 1);
    let signatures: Vec<_> = sent
        .requests
        .iter()
        .map(|request| &request.headers()["authorization"])
        .collect();
    assert_eq!(signatures.len(), 2);
    assert_ne!(signatures[0], signatures[1]);
    assert!(sent.slept > Duration::ZERO);
}

#[tokio::test]
async fn what_may_have_been_executed_is_sent_once_unless_repeatable() {
    for failing in [
        TransportErrorKind::Broken,
        TransportErrorKind::Timeout,
        TransportErrorKind::TooLarge,
    ] {
        let script = || {
            let script = Scripted::default();
            (0..9).for_each(|_| script.fail(failing));
            script
        };
        let (error, sent) = failed(send(script(), false).await);
        assert_eq!((sent, error.may_have_executed()), (1, true), "{failing:?}");
        let (error, sent) = failed(send(script(), true).await);
        assert_eq!(
            (sent, error.may_have_executed(), error.attempts()),
            (3, true, 3),
            "{failing:?}"
        );
    }
}

#[tokio::test]
async fn an_earlier_attempt_that_may_have_been_executed_is_not_forgotten() {
    let script = Scripted::default();
    script.fail(TransportErrorKind::Broken);
    script.fail(TransportErrorKind::Connect);
    script.push(Ok(Response::new(Bytes::from_static(br#"{"e":"Bad","m":"no"}"#))));
    let (error, sent) = failed(send(script, true).await);
    assert_eq!(
        (sent, error.kind(), error.may_have_executed()),
        (3, ErrorKind::InvalidRequest, true)
    );
}

#[tokio::test]
async fn a_connection_that_never_was_is_tried_again_even_if_unsafe() {
    let script = Scripted::default();
    (0..9).for_each(|_| script.fail(TransportErrorKind::Connect));
    let (error, sent) = failed(send(script, false).await);
    assert_eq!(
        (sent, error.kind(), error.may_have_executed()),
        (3, ErrorKind::Connect, false)
    );
}

#[tokio::test]
async fn a_connection_that_never_will_be_is_not_tried_again() {
    let script = Scripted::default();
    let failure = TransportError::new(TransportErrorKind::Connect, "the certificate is not trusted");
    (0..9).for_each(|_| script.push(Err(failure.clone().lasting())));
    let (error, sent) = failed(send(script, true).await);
    assert_eq!((sent, error.kind()), (1, ErrorKind::Connect));
}

#[tokio::test]
async fn errors_name_everything_and_no_secret() {
    let body = r#"{"e":"Bad","m":"bad s3cret-key at https://h/?Signature=s1gn1767323045000"}"#;
    let (error, _) = failed(send(Scripted::new([(400, body)]), true).await);
    assert_eq!(
        (error.provider(), error.operation()),
        (Some(Provider::ALIYUN), Some("Do"))
    );
    assert_eq!(
        (error.code(), error.http_status(), error.request_id()),
        (Some("Bad"), Some(400), Some("r1"))
    );
    assert_eq!(error.remedy(), Some(&Remedy::text("do this")));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cret-key") && !shown.contains("s1gn"), "{shown}");
}

#[tokio::test]
async fn an_answer_of_another_form_is_told_without_what_is_in_it() {
    for (body, message) in [
        (
            r#"{"a":"s3cret-key, expected nothing"}"#,
            "the answer is not of the documented form: expected a sequence",
        ),
        (
            r#"{"b":{"s3cret-key":1}}"#,
            "the answer is not of the documented form: expected a boolean",
        ),
    ] {
        let sent = send(Scripted::new([(200, body)]), false).await;
        let error = sent.outcome.unwrap().decode::<Odd>().unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidResponse, message));
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Odd {
    #[serde(rename = "a")]
    _list: Vec<u8>,
    #[serde(
        rename = "b",
        deserialize_with = "cloud_import_core::provider::envelope::bool_or_string"
    )]
    _flag: Option<bool>,
}

#[tokio::test]
async fn a_dry_run_that_would_work_is_ok_though_it_comes_as_an_error() {
    let sent = send(Scripted::new([(400, r#"{"e":"DryRunOk"}"#)]), false).await;
    assert_eq!(sent.outcome.unwrap().payload["dry_run"], true);
}

#[tokio::test]
async fn an_unknown_code_is_judged_by_the_status() {
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Credentials),
        (404, ErrorKind::NotFound),
        (503, ErrorKind::Unavailable),
        (200, ErrorKind::Service),
    ] {
        let (error, sent) = failed(send(Scripted::new([(status, r#"{"e":"New"}"#)]), false).await);
        assert_eq!((error.kind(), error.code()), (kind, Some("New")), "{status}");
        // It is a refusal, unless the cloud says that it failed itself.
        assert_eq!((sent, error.may_have_executed()), (1, status == 503), "{status}");
    }
}

#[tokio::test]
async fn a_page_of_a_gateway_is_not_the_clouds_refusal() {
    for (status, kind, executed) in [
        (400, ErrorKind::InvalidRequest, false),
        (401, ErrorKind::InvalidResponse, false),
        (403, ErrorKind::InvalidResponse, false),
        (404, ErrorKind::InvalidResponse, false),
        (502, ErrorKind::Unavailable, true),
    ] {
        let page = [(status, "<html><title>no</title></html>"); 3];
        let (error, _) = failed(send(Scripted::new(page), false).await);
        assert_eq!((error.kind(), error.may_have_executed()), (kind, executed), "{status}");
        assert!(
            error.remedy().unwrap().to_string().contains("proxy"),
            "{status}: {error:?}"
        );
    }
    // A status alone is all that a store answers to HEAD.
    let (error, _) = failed(send(Scripted::new([(404, "")]), false).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_the_documents_ask_to_wait_is_waited_from_the_third_attempt_on() {
    let sent = send(Scripted::new([(429, r#"{"e":"Busy"}"#); 3]), false).await;
    assert_eq!(sent.requests.len(), 3);
    assert!(
        sent.slept >= Duration::from_secs(60) && sent.slept < Duration::from_secs(62),
        "{:?}",
        sent.slept
    );
}

#[tokio::test]
async fn a_code_that_explains_nothing_is_judged_by_a_status_that_does() {
    for (status, kind) in [
        (400, ErrorKind::Service),
        (200, ErrorKind::Service),
        (404, ErrorKind::NotFound),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
    ] {
        let (error, _) = failed(send(Scripted::new([(status, r#"{"e":"Unexplained"}"#); 3]), false).await);
        assert_eq!(
            (error.kind(), error.remedy()),
            (kind, Some(&Remedy::text("do this"))),
            "{status}"
        );
    }
}

#[tokio::test]
async fn of_an_answer_without_its_body_status_and_request_id_are_told() {
    for failing in [TransportErrorKind::Broken, TransportErrorKind::TooLarge] {
        let script = Scripted::default();
        let mut head = Response::new(());
        head.headers_mut().insert("x-request-id", "r7".parse().unwrap());
        script.push(Err(TransportError::new(failing, "cut").with_answer(head)));
        let (error, _) = failed(send(script, false).await);
        assert_eq!((error.http_status(), error.request_id()), (Some(200), Some("r7")));
        assert!(error.may_have_executed());
    }
}

fn refused_at(code: &str, date: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(format!(r#"{{"e":"{code}"}}"#)));
    answer.headers_mut().insert("date", date.parse().unwrap());
    answer
}

fn good() -> Response<Bytes> {
    Response::new(Bytes::from_static(b"{}"))
}

/// The time that a request was signed at, in milliseconds.
fn signed_at(request: &Request<Bytes>) -> i64 {
    let value = request.headers()["authorization"].to_str().unwrap();
    value.strip_prefix("X Signature=s1gn").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_refused_date_is_tried_once_by_the_clouds_clock_which_is_remembered() {
    for code in ["BadDate", "BadKey"] {
        let script = Scripted::default();
        script.push(Ok(refused_at(code, "Fri, 02 Jan 2026 04:04:05 GMT")));
        script.push(Ok(good()));
        let sent = send(script, false).await;
        assert!(sent.outcome.is_ok(), "{code}");
        assert_eq!(signed_at(&sent.requests[1]) - signed_at(&sent.requests[0]), 3_600_000);
        assert_eq!(sent.slept, Duration::ZERO);
    }
    let offset = ClockOffset::default();
    let error = Error::new(ErrorKind::ClockSkew, "x").with_server_date(datetime::parse_rfc3339("2026-01-02T02:04:05Z"));
    let now = datetime::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
    assert!(offset.clone().learn(&error, now, now));
    assert_eq!(
        offset.applied(now),
        now - Duration::from_secs(3600),
        "a clone learnt it, so all know"
    );
}

#[tokio::test]
async fn a_date_that_is_refused_twice_or_was_right_is_not_tried_again() {
    let script = Scripted::default();
    script.push(Ok(refused_at("BadDate", "Fri, 02 Jan 2026 04:04:05 GMT")));
    script.push(Ok(refused_at("BadDate", "Fri, 02 Jan 2026 05:04:05 GMT")));
    let (error, sent) = failed(send(script, false).await);
    assert_eq!((error.kind(), sent), (ErrorKind::ClockSkew, 2));

    // The key is wrong and the clock is right.
    let script = Scripted::default();
    script.push(Ok(refused_at("BadKey", "Fri, 02 Jan 2026 03:04:35 GMT")));
    let (error, sent) = failed(send(script, false).await);
    assert_eq!((error.kind(), sent), (ErrorKind::Credentials, 1));
}

#[tokio::test]
async fn a_servers_retry_after_is_kept_to() {
    let script = Scripted::default();
    let mut answer = Response::new(Bytes::from_static(br#"{"e":"Throttled"}"#));
    answer.headers_mut().insert("retry-after", "33".parse().unwrap());
    script.push(Ok(answer));
    script.push(Ok(Response::new(Bytes::from_static(b"{}"))));
    let sent = send(script, false).await;
    assert!(sent.outcome.is_ok());
    assert_eq!(sent.slept, Duration::from_secs(33));
}
