//! Every call of each dialect against the simulator's stores, over HTTP: they verify what is signed and check what is sent.

use std::{
    io::Read as _,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import_core::{
    Bytes, Credentials, ErrorKind, Provider, RetryPolicy,
    env::{Env as _, SystemEnv},
    http::Request,
    provider::Pipeline,
    transport::{HttpTransport, Transport},
};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use cloud_import_staging::{Addressing, Bucket, Part, Store};
use md5::{Digest as _, Md5};

use crate::requests::bucket;

const ID: &str = "AKSIMULATED";
const SECRET: &str = "sk-simulated/with+slash";
const KEY: &str = "images/a b+ü~(1).qcow2";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) cloud: Cloud,
    pub(crate) bucket: Bucket,
}

impl World {
    async fn new(provider: Provider) -> Self {
        Self::of(provider, |config| config.list_parts(Cloud::Ucloud, true)).await
    }

    pub(crate) async fn of(provider: Provider, config: impl FnOnce(Config) -> Config) -> Self {
        Self {
            simulator: Simulator::start(config(Config::new(ID, SECRET))).await.unwrap(),
            cloud: provider.id().parse().unwrap(),
            bucket: bucket(provider),
        }
    }

    pub(crate) fn create(&self, settings: BucketSettings) {
        let Bucket { region, name, .. } = &self.bucket;
        self.simulator.create_bucket(self.cloud, region, name, settings);
    }

    fn transport(&self) -> HttpTransport {
        let transport = HttpTransport::builder().dial(self.simulator.address(self.cloud));
        transport.build().unwrap()
    }

    fn store_with(&self, bucket: Bucket, secret: &str) -> Store {
        Store::new(bucket, pipeline(Arc::new(self.transport()), secret)).unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        self.store_with(self.bucket.clone(), SECRET)
    }
}

fn pipeline(transport: Arc<dyn Transport>, secret: &str) -> Pipeline {
    let mut pipeline = Pipeline::new("", Arc::new(Credentials::new(ID, secret)), transport);
    pipeline.retry = RetryPolicy::none();
    pipeline
}

fn sum(body: &Bytes) -> Option<[u8; 16]> {
    Some(Md5::digest(body).into())
}

fn block(byte: u8, length: usize) -> Bytes {
    Bytes::from(vec![byte; length])
}

#[tokio::test]
async fn an_object_is_put_looked_at_listed_and_deleted() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        let store = world.store();
        assert_eq!(store.head(KEY).await.unwrap(), None, "{provider}");
        let body = block(7, 1000);
        let sha256 = cloud_import_core::provider::digest::sha256_hex(&body);
        let receipt = store.put(KEY, body.clone(), sum(&body), Some(&sha256)).await.unwrap();
        assert!(!receipt.etag.is_empty());
        let tells_crc64 = [Provider::ALIYUN, Provider::TENCENT].contains(&provider);
        assert_eq!(receipt.crc64.is_some(), tells_crc64, "{provider}");
        let head = store.head(KEY).await.unwrap().unwrap();
        assert_eq!((head.size, head.receipt), (1000, receipt), "{provider}");
        let keeps_metadata = provider != Provider::UCLOUD;
        assert_eq!(head.sha256, keeps_metadata.then_some(sha256), "{provider}");
        let listed = store.list("images/").await.unwrap();
        assert_eq!(
            (listed.len(), listed[0].key.as_str(), listed[0].size),
            (1, KEY, 1000),
            "{provider}"
        );
        assert!(listed[0].modified.is_some(), "{provider}");
        store.delete(KEY, None).await.unwrap();
        store.delete(KEY, None).await.unwrap();
        assert_eq!(store.head(KEY).await.unwrap(), None);
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn an_object_is_made_of_parts() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        let store = world.store();
        let begun = store.initiate(KEY, Some(&"a".repeat(64))).await.unwrap();
        let id = begun.upload_id.as_str();
        let size = begun.part_size.unwrap_or(store.limits().min_part);
        let size = usize::try_from(size).unwrap();
        let first = store.limits().first_part;
        let mut parts = Vec::new();
        for (number, length) in [(first, size), (first + 1, size), (first + 2, 1000)] {
            let body = block(u8::try_from(number).unwrap() + 1, length);
            let part = store.upload_part(KEY, id, number, body.clone(), sum(&body));
            let etag = part.await.unwrap().etag;
            if store.limits().etag_is_md5 {
                assert_eq!(
                    etag,
                    cloud_import_core::provider::digest::hex(&Md5::digest(&body)),
                    "{provider}"
                );
            }
            let size = Some(length as u64);
            parts.push(Part::new(number, etag, size));
        }
        let listed = store.list_parts(KEY, id).await.unwrap();
        assert_eq!(listed, Some(parts.clone()), "{provider}");
        let open = store.open_uploads("images/").await.unwrap();
        let open = &open.unwrap()[0];
        assert_eq!((open.key.as_str(), open.upload_id.as_str()), (KEY, id), "{provider}");
        store.complete(KEY, id, &parts).await.unwrap();
        let head = store.head(KEY).await.unwrap().unwrap();
        assert_eq!(head.size, 2 * size as u64 + 1000);
        let mut content = Vec::new();
        let Bucket { region, name, .. } = &world.bucket;
        let object = world.simulator.object(world.cloud, region, name, KEY);
        object.unwrap().read_to_end(&mut content).unwrap();
        assert!(content.len() as u64 == head.size && content.ends_with(&[u8::try_from(first).unwrap() + 3; 1000]));
        assert!(world.simulator.open_uploads(world.cloud).is_empty());
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn an_upload_is_given_up_and_is_gone() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        let store = world.store();
        let begun = store.initiate(KEY, None).await.unwrap();
        store.abort(KEY, &begun.upload_id).await.unwrap();
        assert!(world.simulator.open_uploads(world.cloud).is_empty());
        store.abort(KEY, &begun.upload_id).await.unwrap();
        let body = block(1, 10);
        let number = store.limits().first_part;
        let late = store
            .upload_part(KEY, &begun.upload_id, number, body.clone(), sum(&body))
            .await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::NotFound, "{provider}");
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_sum_and_a_wrong_secret_are_refused() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        // US3 does not look at the sum.
        if provider != Provider::UCLOUD {
            let error = world
                .store()
                .put(KEY, block(1, 10), Some([0; 16]), None)
                .await
                .unwrap_err();
            assert!(error.is_retryable() && !error.may_have_executed(), "{provider} {error}");
        }
        let other = world.store_with(world.bucket.clone(), "sk-another");
        let body = block(1, 10);
        let error = other.put(KEY, body.clone(), sum(&body), None).await.unwrap_err();
        // UCloud publishes no numbers of its errors: an unknown one goes by its HTTP status.
        let refused = match provider {
            Provider::UCLOUD => [ErrorKind::Credentials, ErrorKind::PermissionDenied].contains(&error.kind()),
            _ => error.kind() == ErrorKind::Credentials,
        };
        assert!(refused, "{provider} {error}");
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn links_open_what_they_name() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        let store = world.store();
        let body = block(7, 1000);
        store.put(KEY, body.clone(), sum(&body), None).await.unwrap();
        let get = async |from: SystemTime| {
            let link = store.link(KEY, from, Duration::from_secs(3600)).await.unwrap();
            let host = link.expose().split('/').nth(2).unwrap().to_owned();
            let request = Request::get(link.expose()).header("host", host);
            let answer = world.transport().send(request.body(Bytes::new()).unwrap()).await;
            answer.unwrap()
        };
        let now = SystemEnv.now();
        let answer = get(now).await;
        assert_eq!((answer.status().as_u16(), answer.body()), (200, &body), "{provider}");
        let answer = get(now - Duration::from_secs(3700)).await;
        assert_eq!(answer.status().as_u16(), 403, "{provider}");
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn a_store_is_reached_by_its_address_too() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default());
        let address = world.simulator.store_address(world.cloud);
        let endpoint = format!("http://{address}").parse().unwrap();
        let bucket = world.bucket.clone().at(endpoint, Addressing::PathStyle);
        let transport = Arc::new(HttpTransport::new().unwrap());
        let store = Store::new(bucket, pipeline(Arc::clone(&transport) as _, SECRET)).unwrap();
        let body = block(7, 1000);
        store.put(KEY, body.clone(), sum(&body), None).await.unwrap();
        assert_eq!(store.head(KEY).await.unwrap().unwrap().size, 1000, "{provider}");
        let hour = Duration::from_secs(3600);
        let link = store.link(KEY, SystemEnv.now(), hour).await.unwrap();
        assert!(link.expose().starts_with(&format!("http://{address}/images")));
        let request = Request::get(link.expose()).header("host", address.to_string());
        let answer = transport.send(request.body(Bytes::new()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body()), (200, &body), "{provider}");
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn buckets_tell_what_is_known_of_them() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        let error = world.store().facts().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{provider} {error}");
        world.create(BucketSettings::default().public(true).expires_uploads(true));
        let facts = world.store().facts().await.unwrap();
        assert_eq!(facts.public, Some(true), "{provider}");
        let rules = match provider {
            Provider::JDCLOUD => Some(false),
            Provider::UCLOUD => None,
            _ => Some(true),
        };
        assert_eq!(facts.aborts_unfinished_uploads, rules, "{provider}");
        assert!(facts.region.is_some(), "{provider}");
        let problems = facts.problems(&world.bucket);
        assert!(problems.iter().all(|problem| !problem.is_error()), "{problems:?}");
        world.simulator.stop().await;
    }
}

#[tokio::test]
async fn a_bucket_of_another_account_or_region_is_found_out() {
    for provider in Provider::all() {
        let world = World::new(provider).await;
        world.create(BucketSettings::default().owner_is_other(true));
        match world.store().facts().await {
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound),
                "{provider} {error}"
            ),
            Ok(facts) => panic!("{provider}: {facts:?}"),
        }
        let elsewhere = match provider {
            Provider::JDCLOUD => "cn-east-2",
            Provider::TENCENT => "ap-beijing",
            Provider::HUAWEI => "cn-south-1",
            Provider::ALIYUN => "cn-beijing",
            _ => "hk",
        };
        let Bucket { region, name, .. } = &world.bucket;
        let name = format!("other-{name}");
        world
            .simulator
            .create_bucket(world.cloud, region, &name, BucketSettings::default());
        let asked = Bucket::new(provider, elsewhere, name).unwrap();
        let store = world.store_with(asked.clone(), SECRET);
        match store.facts().await {
            Err(error) => assert!(!error.is_retryable(), "{provider} {error}"),
            Ok(facts) => assert!(
                facts.problems(&asked).iter().any(cloud_import_core::Problem::is_error),
                "{provider} {facts:?}"
            ),
        }
        world.simulator.stop().await;
    }
}
