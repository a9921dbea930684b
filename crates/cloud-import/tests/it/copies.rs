//! Destinations whose images are copies of another's: how many are made at once, and what a busy image means.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import::{
    BoxFuture, Credentials, ImageImporter, Provider, Result, Settings,
    env::{Env, SystemEnv},
    publish::{Destination, Phase},
    transport::HttpTransport,
};
use cloud_import_sim::{Fault, FaultKind};

use super::{IMAGE, NAME, Scene, cloud, over};

const HOME: &str = "cn-hangzhou";
const REGIONS: [&str; 8] = [
    "cn-beijing",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-qingdao",
    "cn-zhangjiakou",
    "cn-chengdu",
    "cn-hongkong",
    "ap-southeast-1",
];

/// The system's, where a long pause is a short one.
#[derive(Debug)]
struct Hurried;

impl Env for Hurried {
    fn now(&self) -> SystemTime {
        SystemEnv.now()
    }

    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemEnv.sleep(duration.min(Duration::from_millis(20)))
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }
}

fn importer(scene: &Scene, region: &str) -> Arc<dyn ImageImporter> {
    let dialled = scene.simulator.address(cloud(Provider::ALIYUN));
    let settings = Settings::new(region)
        .credentials(Credentials::new("ak", "sk"))
        .env(Arc::new(Hurried))
        .transport(Arc::new(HttpTransport::builder().dial(dialled).build().unwrap()));
    Arc::from(cloud_import::connect(Provider::ALIYUN, settings).unwrap())
}

/// An import, and a copy of it in each of these regions.
fn destinations(scene: &Scene, regions: &[&str]) -> Vec<Destination> {
    let home = over(importer(scene, HOME));
    let copy = |region: &&str| {
        let destination = Destination::new(importer(scene, region)).name(NAME);
        destination.copy_of(&home)
    };
    let copies: Vec<Destination> = regions.iter().map(copy).collect();
    std::iter::once(home).chain(copies).collect()
}

/// How many copies are being made now.
fn running(scene: &Scene) -> usize {
    let images = scene.simulator.images(cloud(Provider::ALIYUN)).into_iter();
    images
        .filter(|image| image.copied_from.is_some() && image.state == "Creating")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_copies_are_made_at_once_as_the_cloud_allows() {
    let scene = Scene::with_imports_of("copies at once", Duration::from_millis(300)).await;
    let facts = cloud_import::capabilities(Provider::ALIYUN).unwrap();
    let allowed = usize::try_from(facts.after.copies_at_once.value.unwrap()).unwrap();
    assert!(allowed < REGIONS.len());
    let publish = destinations(&scene, &REGIONS)
        .into_iter()
        .fold(scene.publish(IMAGE), cloud_import::publish::Publish::to);
    let run = publish.run();
    tokio::pin!(run);
    let mut most = 0;
    let done = loop {
        tokio::select! {
            done = &mut run => break done.unwrap(),
            () = SystemEnv.sleep(Duration::from_millis(5)) => most = most.max(running(&scene)),
        }
    };
    assert!(
        done.outcomes.iter().all(|outcome| outcome.phase() == Phase::Succeeded),
        "{:?}",
        done.outcomes
    );
    let ids: HashSet<&str> = done
        .outcomes
        .iter()
        .map(|outcome| outcome.image().unwrap().id.as_str())
        .collect();
    assert_eq!(ids.len(), REGIONS.len() + 1);
    assert!(
        (2..=allowed).contains(&most),
        "{most} at once, and {allowed} are allowed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_image_that_is_busy_is_ordered_again() {
    let scene = Scene::new("copies busy").await;
    let refuse = FaultKind::Refuse {
        http: 403,
        code: "OperationDenied.ImageCopying".to_owned(),
        message: "The image is copying.".to_owned(),
    };
    let mut fault = Fault::new(refuse).cloud(cloud(Provider::ALIYUN)).operation("CopyImage");
    fault.times = 3;
    scene.simulator.inject(fault);
    let publish = destinations(&scene, &REGIONS[..1])
        .into_iter()
        .fold(scene.publish(IMAGE), cloud_import::publish::Publish::to);
    let done = publish.run().await.unwrap();
    assert!(
        done.outcomes.iter().all(|outcome| outcome.phase() == Phase::Succeeded),
        "{:?}",
        done.outcomes
    );
    let counters = scene.simulator.counters();
    assert_eq!(counters.copies_of(cloud(Provider::ALIYUN), NAME), 1);
    assert_eq!(counters.requests_of(cloud(Provider::ALIYUN), "CopyImage"), 4);
}
