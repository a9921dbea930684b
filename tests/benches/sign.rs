//! Microseconds to build and sign one import request per cloud, next to the bare hashes and HMACs over as many bytes.
//!
//! `cargo bench -p cloud-import-tests`. The ratio counts, not the time: machines differ.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot begin fails by panicking")]

use std::{hint::black_box, sync::Arc, time::SystemTime};

use cloud_import::{
    Bytes, Credentials, Disk, DiskFormat, ImportRequest, Os, Settings, aliyun,
    http::Request,
    huawei, jdcloud,
    provider::{
        Call,
        digest::{hmac_sha256, sha1_hex, sha256_hex},
        protocol::{Protocol, Signing},
    },
    tencent,
    testing::Scripted,
    ucloud,
};
use criterion::{Criterion, criterion_group, criterion_main};

const LINK: &str = "https://images-1250000000.cos.ap-guangzhou.myqcloud.com/dir/web%20server.qcow2?q-sign-algorithm=sha1&q-ak=AK&q-signature=0123456789abcdef";

fn order(disk: Disk) -> ImportRequest {
    ImportRequest::new("web-2026-11", disk.format(DiskFormat::Qcow2).size_gib(40))
        .os(Os::new("CentOS", "7.9"))
        .description("nightly build")
}

fn settings(region: &str) -> Settings {
    Settings::new(region)
        .credentials(Credentials::new(
            "AKIDEXAMPLE00000000000000000001",
            "SKEXAMPLE000000000000000000000001",
        ))
        .transport(Arc::new(Scripted::default()))
}

/// Measures one cloud: `build` makes the unsigned request; `floor` does the bare digests over as many bytes.
fn cloud(
    criterion: &mut Criterion,
    name: &str,
    protocol: &dyn Protocol,
    build: &dyn Fn() -> Request<Bytes>,
    floor: &dyn Fn(&[u8], &[u8]),
) {
    let credentials = Credentials::new("AKIDEXAMPLE00000000000000000001", "SKEXAMPLE000000000000000000000001");
    let signing = Signing {
        credentials: &credentials,
        instant: SystemTime::UNIX_EPOCH,
        nonce: "55f3919e-3a7d-4174-b117-f150ff25e274",
        signed_headers: None,
    };
    let signed = || {
        let mut request = build();
        protocol.sign(&mut request, &signing).unwrap();
        request
    };
    // As long as what the signer hashes: the body, and method, URL and headers.
    let sample = signed();
    let head: usize = sample
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 2)
        .sum();
    let (head, body) = (
        vec![b'x'; head + sample.uri().to_string().len()],
        sample.body().to_vec(),
    );

    let mut group = criterion.benchmark_group(name);
    group.bench_function("build and sign", |bencher| bencher.iter(|| black_box(signed())));
    group.bench_function("bare digests", |bencher| {
        bencher.iter(|| floor(black_box(&head), black_box(&body)))
    });
    group.finish();
}

fn chain(steps: usize) -> impl Fn(&[u8], &[u8]) {
    move |head, body| {
        black_box((sha256_hex(head), sha256_hex(body)));
        let mut key = [7; 32];
        for _ in 0..steps {
            key = hmac_sha256(&key, b"20260102T030405Z/cn-north-1/vm/request");
        }
        black_box(key);
    }
}

fn unsigned<Q: Call>(
    request: &Q,
    build: impl Fn(&Q) -> cloud_import::Result<Request<Bytes>>,
) -> impl Fn() -> Request<Bytes> {
    move || build(request).unwrap()
}

fn sign(criterion: &mut Criterion) {
    let client = jdcloud::Client::build_from(settings("cn-north-1"));
    let request = jdcloud::Importer::new(client.clone())
        .request(&order(Disk::url(LINK)))
        .unwrap();
    cloud(
        criterion,
        "jdcloud",
        client.signer(),
        &unsigned(&request, |call| client.unsigned(call)),
        &chain(5),
    );

    let client = tencent::Client::build_from(settings("ap-guangzhou"));
    let request = tencent::Importer::new(client.clone())
        .request(&order(Disk::url(LINK)))
        .unwrap();
    cloud(
        criterion,
        "tencent",
        client.signer(),
        &unsigned(&request, |call| client.unsigned(call)),
        &chain(4),
    );

    let client = huawei::Client::build_from(settings("cn-north-4").project("0a1b2c3d4e5f60718293a4b5c6d7e8f9"));
    let mut request = huawei::types::CreateImageRequest::default();
    request.name = Some("web-2026-11".into());
    request.image_url = Some("my-bucket:dir/web.qcow2".into());
    request.os_version = Some("CentOS 7.9 64bit".into());
    request.min_disk = Some(40);
    cloud(
        criterion,
        "huawei",
        client.signer(),
        &unsigned(&request, |call| client.unsigned(call)),
        &chain(1),
    );

    let client = aliyun::Client::build_from(settings("cn-hangzhou"));
    let request = aliyun::Importer::new(client.clone())
        .request(&order(Disk::object("my-bucket", "dir/web.qcow2")))
        .unwrap();
    cloud(
        criterion,
        "aliyun",
        client.signer(),
        &unsigned(&request, |call| client.unsigned(call)),
        &chain(1),
    );

    let client = ucloud::Client::build_from(settings("cn-bj2").project("org-abc"));
    let request = ucloud::Importer::new(client.clone())
        .request(&order(Disk::url(LINK)))
        .unwrap();
    let bare = |_: &[u8], body: &[u8]| {
        black_box(sha1_hex(body));
    };
    cloud(
        criterion,
        "ucloud",
        client.signer(),
        &unsigned(&request, |call| client.unsigned(call)),
        &bare,
    );
}

/// A client from settings, whatever the cloud.
trait BuildFrom: Sized {
    fn build_from(settings: Settings) -> Self;
}

impl<C: cloud_import::provider::Buildable> BuildFrom for C {
    fn build_from(settings: Settings) -> Self {
        cloud_import::ClientBuilder::from(settings).build().unwrap()
    }
}

criterion_group!(benches, sign);
criterion_main!(benches);
