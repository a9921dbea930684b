//! Every call of each store as it leaves, in one readable form, and the links.

use std::{sync::Arc, time::Duration};

use cloud_import_core::{
    Bytes, Credentials, ErrorKind, Provider, RetryPolicy,
    http::{Request, Response},
    provider::{Pipeline, datetime},
    testing::{Frozen, Scripted, render},
};
use cloud_import_staging::{Bucket, Part, Store};
use insta::assert_snapshot;

pub(crate) const NOW: &str = "2025-01-02T03:04:05Z";
const KEY: &str = "images/a b+ü.qcow2";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) fn bucket(provider: Provider) -> Bucket {
    let (region, name) = match provider {
        Provider::JDCLOUD => ("cn-north-1", "images"),
        Provider::TENCENT => ("ap-guangzhou", "images-1250000000"),
        Provider::HUAWEI => ("cn-north-4", "images"),
        Provider::ALIYUN => ("cn-hangzhou", "images"),
        _ => ("cn-bj2", "images"),
    };
    Bucket::new(provider, region, name).unwrap()
}

pub(crate) fn store(bucket: Bucket, credentials: Credentials, script: &Arc<Scripted>) -> Store {
    let mut pipeline = Pipeline::new(&bucket.region, Arc::new(credentials), Arc::clone(script) as _);
    pipeline.env = Arc::new(Frozen::at(NOW, ""));
    pipeline.retry = RetryPolicy::none();
    Store::new(bucket, pipeline).unwrap()
}

pub(crate) fn keys() -> Credentials {
    Credentials::new("AKEXAMPLE", "sk-example/with+slash")
}

fn temporary() -> Credentials {
    Credentials::temporary("AKEXAMPLE", "sk-example/with+slash", "tok/en+==")
}

fn part(number: u32, etag: &str) -> Part {
    Part::new(number, etag, None)
}

/// What each call sends, one after another.
async fn sent(provider: Provider) -> String {
    let script = Arc::new(Scripted::default());
    let answer = |body: &'static str| {
        let answer = Response::builder()
            .header("etag", "\"e\"")
            .header("content-length", "5");
        script.push(Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap()));
    };
    let store = store(bucket(provider), keys(), &script);
    let is_us3 = provider == Provider::UCLOUD;
    let body = || Bytes::from_static(b"01234");
    answer("");
    assert_eq!(
        store.put(KEY, body(), Some([1; 16]), Some(SHA256)).await.unwrap().etag,
        "e"
    );
    answer("");
    assert_eq!(store.head(KEY).await.unwrap().unwrap().size, 5);
    let gone = || script.push(Ok(Response::builder().status(404).body(Bytes::new()).unwrap()));
    answer("");
    answer("");
    gone();
    store.delete(KEY, None).await.unwrap();
    gone();
    answer("");
    gone();
    store.delete(KEY, Some("v/1=")).await.unwrap();
    script.push(Ok(Response::builder().status(206).body(body()).unwrap()));
    assert_eq!(store.read(KEY, 512, 5).await.unwrap(), body());
    answer(match is_us3 {
        true => r#"{"UploadId":"u/1=","BlkSize":4194304}"#,
        false => "<R><UploadId>u/1=</UploadId></R>",
    });
    let begun = store.initiate(KEY, Some(SHA256)).await.unwrap();
    assert_eq!(begun.part_size, is_us3.then_some(4 << 20));
    let id = begun.upload_id.as_str();
    answer("");
    store.upload_part(KEY, id, 7, body(), Some([2; 16])).await.unwrap();
    let (more, last, open) = match is_us3 {
        true => (
            r#"{"IsTruncated":true,"Parts":[{"PartNum":9,"Etag":"a","Size":5}]}"#,
            "{}",
            r#"{"RetCode":0,"DataSet":[{"UploadId":"u","FileName":"images/k","StartTime":1484116878}]}"#,
        ),
        false => (
            "<R><IsTruncated>true</IsTruncated><Part><PartNumber>9</PartNumber><ETag>\"a\"</ETag><Size>5</Size></Part></R>",
            "<R><IsTruncated>false</IsTruncated></R>",
            "<R><Upload><Key>images/k</Key><UploadId>u</UploadId><Initiated>2017-01-11T06:41:18Z</Initiated></Upload></R>",
        ),
    };
    answer(more);
    answer(last);
    let parts = store.list_parts(KEY, id).await.unwrap().unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].etag.as_str(), parts[0].size), ("a", Some(5)));
    answer(open);
    let open = store.open_uploads("images/").await.unwrap().unwrap();
    assert_eq!((open[0].key.as_str(), open[0].upload_id.as_str()), ("images/k", "u"));
    assert_eq!(open[0].initiated.as_deref(), Some("2017-01-11T06:41:18Z"));
    answer(if is_us3 { "{}" } else { "<R><ETag>\"x-2\"</ETag></R>" });
    let parts = [part(1, "e<1>"), part(2, "e2")];
    store.complete(KEY, id, &parts).await.unwrap();
    answer("");
    gone();
    store.abort(KEY, id).await.unwrap();
    let (more, last) = match is_us3 {
        true => (
            r#"{"IsTruncated":true,"Contents":[{"Key":"images/k","Size":"5"}]}"#,
            r#"{"IsTruncated":false}"#,
        ),
        false => (
            "<R><IsTruncated>true</IsTruncated><Contents><Key>images/k</Key><Size>5</Size></Contents></R>",
            "<R/>",
        ),
    };
    answer(more);
    answer(last);
    let listed = store.list("images/").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].key.as_str(), listed[0].size, listed[0].modified),
        ("images/k", 5, None)
    );
    let sent = script.sent();
    sent.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// The request with its body as it is.
fn shown(request: &Request<Bytes>) -> String {
    let (head, body) = request.clone().into_parts();
    let head = render(&Request::from_parts(head, Bytes::new()));
    format!("{head}{}", String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn of_jd_oss() {
    assert_snapshot!(sent(Provider::JDCLOUD).await);
}

#[tokio::test]
async fn of_tencent_cos() {
    assert_snapshot!(sent(Provider::TENCENT).await);
}

#[tokio::test]
async fn of_huawei_obs() {
    assert_snapshot!(sent(Provider::HUAWEI).await);
}

#[tokio::test]
async fn of_aliyun_oss() {
    assert_snapshot!(sent(Provider::ALIYUN).await);
}

#[tokio::test]
async fn of_ucloud_us3() {
    assert_snapshot!(sent(Provider::UCLOUD).await);
}

#[tokio::test]
async fn with_temporary_keys() {
    let mut shown = Vec::new();
    for provider in Provider::all() {
        let script = Arc::new(Scripted::new([(200, "")]));
        let store = store(bucket(provider), temporary(), &script);
        store.abort(KEY, "u").await.unwrap();
        shown.push(render(&script.sent()[0]));
    }
    assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn links() {
    let mut shown = Vec::new();
    for provider in Provider::all() {
        for keys in [keys(), temporary()] {
            let store = store(bucket(provider), keys, &Arc::default());
            let from = datetime::parse_rfc3339(NOW).unwrap();
            let link = || store.link(KEY, from, Duration::from_secs(36 * 3600));
            match (link().await, link().await) {
                (Ok(first), Ok(second)) => {
                    assert_eq!(first, second);
                    shown.push(first.expose().to_owned());
                }
                (first, _) => shown.push(first.unwrap_err().to_string()),
            }
        }
    }
    assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn a_part_without_its_etag_completes_nothing() {
    for provider in Provider::all() {
        let script = Arc::new(Scripted::default());
        let store = store(bucket(provider), keys(), &script);
        let error = store
            .complete(KEY, "u", &[part(1, "e"), part(2, "")])
            .await
            .unwrap_err();
        assert!(error.message().contains("part 2"), "{error}");
        assert!(script.sent().is_empty());
    }
}

#[tokio::test]
async fn a_link_is_not_signed_with_keys_that_end_before_it() {
    let bucket = || Bucket::new(Provider::JDCLOUD, "cn-north-1", "images").unwrap();
    let day = Duration::from_secs(24 * 3600);
    let now = datetime::parse_rfc3339(NOW).unwrap();
    let temporary = |life: Duration| Credentials::temporary("AK", "sk", "token").expiring_at(now + life);
    let script = Arc::default();
    let error = store(bucket(), temporary(day / 2), &script)
        .link("k", now, day)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(
        error.message().contains("24 hours") && error.remedy().is_some(),
        "{error}"
    );
    assert!(
        store(bucket(), temporary(day * 2), &script)
            .link("k", now, day)
            .await
            .is_ok()
    );
    let untold = store(bucket(), Credentials::temporary("AK", "sk", "token"), &script);
    assert!(untold.link_may_end_early().await.unwrap() && untold.link("k", now, day).await.is_ok());
    assert!(!store(bucket(), keys(), &script).link_may_end_early().await.unwrap());
}

/// Links end by the cloud's clock: told by a refusal, or where no signature holds a time by any answer.
#[tokio::test]
async fn a_link_is_signed_by_the_clouds_clock() {
    let later = datetime::parse_rfc3339("2035-01-02T03:04:05Z").unwrap();
    for provider in Provider::all() {
        let script = Arc::new(Scripted::default());
        let store = store(bucket(provider), keys(), &script);
        let here = datetime::parse_rfc3339(NOW).unwrap();
        let dated = |status: u16, date: &str, body: &'static str| {
            let answer = Response::builder().status(status).header("date", date);
            script.push(Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap()));
        };
        // What no cloud's clock says teaches nothing.
        for date in ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 02 Jan 2025 03:05:05 GMT"] {
            dated(404, date, "");
            dated(200, date, "");
            let _ = store.abort(KEY, "u").await;
            assert_eq!(store.now(), here, "{provider}");
        }
        let skew = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
        match provider {
            Provider::UCLOUD => {
                dated(200, "Tue, 02 Jan 2035 03:04:05 GMT", "");
                dated(404, "Tue, 02 Jan 2035 03:04:05 GMT", "");
            }
            _ => {
                dated(403, "Tue, 02 Jan 2035 03:04:05 GMT", skew);
                dated(404, "Tue, 02 Jan 2035 03:04:05 GMT", "");
            }
        }
        let _ = store.abort(KEY, "u").await;
        assert_eq!(store.now(), later, "{provider}");
    }
}
