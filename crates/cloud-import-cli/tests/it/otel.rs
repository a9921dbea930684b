//! Spans and metrics as a collector of OpenTelemetry gets them: a small one on this machine, which reads what comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use serde_json::Value;

use super::{KEYS, command, err, expect_code, import, out};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// What came: path, headers, body.
struct Posted {
    path: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// Takes what is sent until the test ends.
fn collector(status: &'static str) -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(posted) = posted(&mut stream) {
                    let _ = sender.send(posted);
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
                    stream.get_mut().write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (endpoint, received)
}

fn posted(stream: &mut BufReader<TcpStream>) -> Option<Posted> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line
        .strip_prefix("POST ")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    Some(Posted { path, headers, body })
}

fn exporting(endpoint: &str, more: &[&str]) -> Command {
    let mut command = command(&import("--simulate", more));
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command
}

/// Attributes, by their keys.
fn attributes(of: &Value) -> BTreeMap<&str, &Value> {
    let attributes = of["attributes"].as_array().unwrap().iter();
    attributes
        .map(|one| {
            (
                one["key"].as_str().unwrap(),
                one["value"].as_object().unwrap().values().next().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_collector_gets_one_trace_of_the_targets_and_their_requests() {
    let (endpoint, received) = collector("200 OK");
    let output = exporting(&endpoint, &["--to", "aliyun", "--to", "tencent"])
        .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20key")
        .env("OTEL_SERVICE_NAME", "nightly")
        .env("TRACEPARENT", format!("00-{TRACE}-{PARENT}-01"))
        .output()
        .unwrap();
    expect_code(&output, 0);
    assert!(!err(&output).contains("telemetry"), "{}", err(&output));
    let received: Vec<Posted> = received.try_iter().collect();
    for posted in &received {
        assert_eq!(posted.headers["api-key"], "a key");
        assert_eq!(posted.headers["content-type"], "application/json");
        let text = posted.body.to_string();
        for secret in [KEYS[1], "Signature", "signature=", "a key"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    let of = |path: &'static str| received.iter().filter(move |posted| posted.path == path);
    let mut spans: Vec<&Value> = Vec::new();
    for posted in of("/v1/traces") {
        let resource = &posted.body["resourceSpans"][0];
        assert_eq!(attributes(&resource["resource"])["service.name"], "nightly");
        spans.extend(resource["scopeSpans"][0]["spans"].as_array().unwrap());
    }
    let by_id: BTreeMap<&str, &Value> = spans
        .iter()
        .map(|span| (span["spanId"].as_str().unwrap(), *span))
        .collect();
    assert_eq!(by_id.len(), spans.len(), "each has an id of its own");
    let named = |name: &str| {
        spans
            .iter()
            .filter(move |span| span["name"] == name)
            .collect::<Vec<_>>()
    };
    let root = named("cloud-import import")[0];
    assert_eq!(root["parentSpanId"], PARENT);
    assert_eq!(attributes(root)["process.exit.code"], "0");
    for span in &spans {
        assert_eq!(span["traceId"], TRACE, "{span}");
        let (began, ended) = (&span["startTimeUnixNano"], &span["endTimeUnixNano"]);
        assert!(
            began.as_str().unwrap() <= ended.as_str().unwrap() && began.as_str().unwrap().len() == 19,
            "{span}"
        );
        assert!(
            span == root || by_id.contains_key(span["parentSpanId"].as_str().unwrap()),
            "{span} has no parent"
        );
    }
    let targets: BTreeSet<&str> = named("import")
        .iter()
        .map(|span| attributes(span)["target"].as_str().unwrap())
        .collect();
    assert_eq!(targets, BTreeSet::from(["aliyun/cn-hangzhou", "tencent/ap-guangzhou"]));
    assert!(
        named("import")
            .iter()
            .all(|span| span["parentSpanId"] == root["spanId"])
    );
    for name in ["upload", "wait"] {
        assert_eq!(named(name).len(), 2, "{name}");
    }
    let ordered = named("request")
        .into_iter()
        .find(|span| attributes(span)["rpc.method"] == "ImportImage")
        .unwrap();
    assert_eq!(
        (
            ordered["kind"].as_u64(),
            attributes(ordered)["http.response.status_code"]
        ),
        (Some(3), &"200".into())
    );
    assert_eq!(by_id[ordered["parentSpanId"].as_str().unwrap()]["name"], "import");

    let last = of("/v1/metrics").next_back().unwrap();
    let metrics = last.body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        .as_array()
        .unwrap();
    let metric = |name: &str| metrics.iter().find(|metric| metric["name"] == name).unwrap();
    let bytes = metric("cloud_import_uploaded_bytes_total");
    assert_eq!(
        (&bytes["unit"], &bytes["sum"]["isMonotonic"]),
        (&"By".into(), &true.into())
    );
    let point = &bytes["sum"]["dataPoints"][0];
    assert!(
        point["asDouble"].as_f64().unwrap() > 0.0 && attributes(point)["target"] == "aliyun/cn-hangzhou",
        "{bytes}"
    );
    assert_eq!(
        metric("cloud_import_run_exit_code")["gauge"]["dataPoints"][0]["asDouble"],
        0.0
    );
}

#[test]
fn without_a_parent_the_trace_is_the_commands_own_and_an_error_is_one() {
    let (endpoint, received) = collector("200 OK");
    let output = exporting(&endpoint, &["--to", "jdcloud", "--set", "jdcloud.no=1"])
        .output()
        .unwrap();
    expect_code(&output, 2);
    let posted = received.try_iter().find(|posted| posted.path == "/v1/traces").unwrap();
    let spans = &posted.body["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let root = spans.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&root["parentSpanId"], &root["status"]["code"]),
        (&"".into(), &2.into())
    );
    assert!(
        !root["traceId"].as_str().unwrap().trim_matches('0').is_empty(),
        "{root}"
    );
}

#[test]
fn what_is_switched_off_or_not_sampled_is_not_sent() {
    let (endpoint, received) = collector("200 OK");
    let off = exporting(&endpoint, &["--to", "aliyun"])
        .env("OTEL_SDK_DISABLED", "true")
        .output()
        .unwrap();
    expect_code(&off, 0);
    assert_eq!(received.try_iter().count(), 0);
    let parent = format!("00-{TRACE}-{PARENT}-00");
    let quiet = exporting(&endpoint, &["--to", "aliyun"])
        .env("TRACEPARENT", parent)
        .output()
        .unwrap();
    expect_code(&quiet, 0);
    assert!(received.try_iter().all(|posted| posted.path == "/v1/metrics"));
    let refused = exporting("collector:4318", &["--to", "aliyun"]).output().unwrap();
    expect_code(&refused, 2);
    assert!(
        err(&refused).contains("OTEL_EXPORTER_OTLP_ENDPOINT"),
        "{}",
        err(&refused)
    );
}

/// One that is not there, one that says nothing, one that fails and one that refuses.
#[test]
fn a_collector_that_is_down_fails_nothing_and_holds_up_nothing_for_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let down = format!(
        "http://{}",
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    );
    let (broken, _of_broken) = collector("503 Service Unavailable");
    let (strict, _of_strict) = collector("400 Bad Request");
    let begun = SystemEnv.monotonic();
    expect_code(
        &command(&import("--simulate", &["--to", "aliyun"])).output().unwrap(),
        0,
    );
    let usual = SystemEnv.monotonic() - begun;
    for endpoint in [down, format!("http://{}", silent.local_addr().unwrap()), broken, strict] {
        let begun = SystemEnv.monotonic();
        let output = exporting(&endpoint, &["--to", "aliyun"]).output().unwrap();
        expect_code(&output, 0);
        assert!(out(&output).starts_with("aliyun/cn-hangzhou m-"), "{}", out(&output));
        assert!(
            err(&output).contains("warning: the telemetry was not taken"),
            "{endpoint}: {}",
            err(&output)
        );
        // Five seconds at most, and a machine that has much else to do.
        let took = SystemEnv.monotonic() - begun;
        assert!(took < usual * 3 + Duration::from_secs(10), "{endpoint}: {took:?}");
    }
}
