//! What clouds and stores answer, read by the clients and importers that programs use.
//!
//! An input is the number of a call, a byte, and answers behind it, with 0x1e between them: a line with the HTTP status, lines of
//! headers, an empty line, the body. After the last answer the first comes again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cloud_import::{
    BoxFuture, Bytes, Credentials, Disk, Error, ImportRequest, ImportTask, ImportedImage, Os, Provider, RetryPolicy,
    Settings, connect,
    http::{HeaderName, HeaderValue, Request, Response},
    provider::Pipeline,
    testing::Frozen,
    transport::{Transport, TransportError},
};
use cloud_import_staging::{Bucket, Part, Store};
use tokio::runtime::Builder;

const NOW: &str = "2026-11-29T12:00:00Z";

/// Answers in turn, without an end.
#[derive(Debug)]
struct Turn {
    answers: Vec<Response<Bytes>>,
    sent: AtomicUsize,
}

impl Turn {
    fn new(input: &[u8]) -> Arc<Self> {
        let answers = input.split(|byte| *byte == 0x1e).map(answer).collect();
        Arc::new(Self {
            answers,
            sent: AtomicUsize::new(0),
        })
    }
}

impl Transport for Turn {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers[number % self.answers.len()].clone();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// What is no status is 200, and what is no header is left out.
fn answer(text: &[u8]) -> Response<Bytes> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let mut read = 0;
    let mut next = || {
        let line = lines.next()?;
        read += line.len();
        std::str::from_utf8(line).ok().map(str::trim)
    };
    let status = next()
        .and_then(|line| line.parse().ok())
        .filter(|status| (100..600).contains(status));
    let mut answer = Response::builder().status(status.unwrap_or(200_u16));
    while let Some(line) = next().filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            let header = name.parse::<HeaderName>().ok().zip(value.trim().parse().ok());
            if let (Some((name, value)), Some(headers)) = (header, answer.headers_mut()) {
                let _: Option<HeaderValue> = headers.insert(name, value);
            }
        }
    }
    answer.body(Bytes::copy_from_slice(&text[read..])).unwrap_or_default()
}

/// Runs a call to its end. Time passes only where it sleeps.
fn finish<T>(call: impl Future<Output = Result<T, Error>>) {
    let Ok(runtime) = Builder::new_current_thread().build() else {
        return;
    };
    if let Err(error) = runtime.block_on(call) {
        assert!(!error.to_string().is_empty() && !format!("{error:?}").is_empty());
    }
}

/// The answers of a cloud's API.
pub(super) fn api(provider: Provider, input: &[u8]) {
    let Some((call, rest)) = input.split_first() else {
        return;
    };
    let settings = Settings::new("cn-north-1")
        .project("p-1")
        .credentials(Credentials::new("an-access-key", "a-secret-key"))
        .env(Arc::new(Frozen::at(NOW, "11886")))
        .transport(Turn::new(rest))
        .retry(RetryPolicy::none());
    let Ok(importer) = connect(provider, settings) else {
        return;
    };
    let disk = match provider {
        Provider::HUAWEI | Provider::ALIYUN => Disk::object("images", "web.qcow2"),
        _ => Disk::url("https://images.example.com/web.qcow2"),
    };
    let order = ImportRequest::new("web", disk.size_gib(40))
        .os(Os::new("CentOS", "7.9"))
        .no_validate(true);
    let Ok(prepared) = importer.prepare(&order) else { return };
    let mut task: ImportTask = prepared.into_task();
    if call % 16 < 8 {
        task.task_id = Some("t-1".to_owned());
        task.image_id = Some("i-1".to_owned());
    }
    let image = ImportedImage::new(provider, "cn-north-1", "i-1", "web");
    match call % 8 {
        0 => finish(importer.start(&order)),
        1 => finish(importer.poll(&mut task)),
        2 => finish(importer.lookup(&task)),
        3 => finish(importer.cancel(&task)),
        4 => finish(importer.delete(&image)),
        5 => finish(importer.images_named("web", None)),
        6 => finish(importer.rename(&image, "web-2")),
        _ => finish(async { Ok(importer.preflight(&order).await) }),
    }
}

/// The answers of a cloud's object storage.
pub(super) fn store(provider: Provider, input: &[u8]) {
    let Some((call, rest)) = input.split_first() else {
        return;
    };
    let Ok(bucket) = Bucket::new(provider, "cn-north-1", "images-1250000000") else {
        return;
    };
    let mut pipeline = Pipeline::new(
        "cn-north-1",
        Arc::new(Credentials::new("an-access-key", "a-secret-key")),
        Turn::new(rest),
    );
    pipeline.env = Arc::new(Frozen::at(NOW, "11886"));
    pipeline.retry = RetryPolicy::none();
    let Ok(store) = Store::new(bucket, pipeline) else {
        return;
    };
    let body = || Bytes::from_static(b"01234");
    match call % 9 {
        0 => finish(store.head("k")),
        1 => finish(store.list("p")),
        2 => finish(store.initiate("k", None)),
        3 => finish(store.list_parts("k", "u")),
        4 => finish(store.complete("k", "u", &[Part::new(1, "e", None)])),
        5 => finish(store.open_uploads("p")),
        6 => finish(store.facts()),
        7 => finish(store.put("k", body(), Some([1; 16]), None)),
        _ => finish(store.delete("k", None)),
    }
}
