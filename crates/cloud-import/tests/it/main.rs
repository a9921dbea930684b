//! From a file to images as a program does it, against simulated clouds: what is there afterwards, and what is there when it is
//! interrupted, repeated, or done twice at once.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod clock;
mod copies;
mod dropped;
mod gone;
mod leftovers;
mod objects;
mod places;
mod preflight;
mod publish;
mod replace;
mod shared;
mod spans;
mod unsettled;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    BoxFuture, Bytes, Credentials, Grace, ImageImporter, Os, Provider, RetryPolicy, Settings, Target, WaitOptions,
    http::{Request, Response},
    publish::{Destination, Image, LocalImage, Outcome, Phase, Publish, State},
    transport::{HttpTransport, Transport, TransportError},
};
use cloud_import_sim::{Cloud, Config, Simulator};
use tokio::sync::Notify;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images/tiny-linux.qcow2");
const BUCKET: &str = "images-1250000000";
const NAME: &str = "web";

/// A simulator with one key pair, and a place for jobs and files; all go with it.
struct Scene {
    folder: PathBuf,
    simulator: Simulator,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    async fn new(name: &str) -> Self {
        Self::with_imports_of(name, Duration::from_millis(30)).await
    }

    async fn with_imports_of(name: &str, import_time: Duration) -> Self {
        Self::of(name, Config::new("ak", "sk").import_time(import_time)).await
    }

    async fn of(name: &str, config: Config) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-publish-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let simulator = Simulator::start(config.any_bucket(true)).await.unwrap();
        Self { folder, simulator }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn state(&self) -> State {
        State::at(self.path("state"))
    }

    /// A cloud in its default region, reached until the fuse blows.
    fn importer(&self, provider: Provider, keys: [&str; 2], fuse: &Arc<Fuse>) -> Arc<dyn ImageImporter> {
        let transport = Fused {
            to: HttpTransport::builder()
                .dial(self.simulator.address(cloud(provider)))
                .build()
                .unwrap(),
            fuse: Arc::clone(fuse),
        };
        let settings = Settings::new(Target::default_of(provider).unwrap().region)
            .credentials(Credentials::new(keys[0], keys[1]))
            .grace(Grace::new(Duration::from_millis(200), Duration::from_millis(20)))
            .retry(
                RetryPolicy::default()
                    .documented(Duration::ZERO)
                    .backoff(Duration::from_millis(2), Duration::from_millis(10)),
            )
            .transport(Arc::new(transport));
        Arc::from(cloud_import::connect(provider, settings).unwrap())
    }

    fn destination(&self, provider: Provider) -> Destination {
        self.fused(provider, &Fuse::never())
    }

    fn fused(&self, provider: Provider, fuse: &Arc<Fuse>) -> Destination {
        over(self.importer(provider, ["ak", "sk"], fuse))
    }

    /// The call that publishes a file.
    fn publish(&self, file: impl AsRef<Path>) -> Publish {
        self.publish_image(LocalImage::open(self.folder.join(file), None).unwrap())
    }

    fn publish_image(&self, image: impl Into<Image>) -> Publish {
        let waiting = WaitOptions::default().intervals(Duration::from_millis(10), Duration::from_millis(20));
        Publish::of(image).state(self.state()).waiting(waiting)
    }

    /// How many imports of the name a cloud accepted.
    fn imports(&self, provider: Provider) -> u64 {
        self.simulator.counters().imports_of(cloud(provider), NAME)
    }

    /// Ids and names of the images that are there and good.
    fn good(&self, provider: Provider) -> Vec<(String, String)> {
        let images = self.simulator.images(cloud(provider)).into_iter();
        let good = ["ready", "NORMAL", "active", "Available"];
        images
            .filter(|image| !image.deleted && good.contains(&image.state.as_str()))
            .map(|image| (image.image_id, image.name))
            .collect()
    }
}

/// An image of that name in the bucket's cloud.
fn over(importer: Arc<dyn ImageImporter>) -> Destination {
    let destination = Destination::new(importer).name(NAME).os(Os::new("CentOS", "7.9"));
    destination.bucket_named(BUCKET).unwrap()
}

fn cloud(provider: Provider) -> Cloud {
    provider.id().parse().unwrap()
}

/// The one outcome of a call.
async fn one(publish: Publish) -> Outcome {
    publish.run().await.unwrap().outcomes.remove(0)
}

fn id(outcome: &Outcome) -> String {
    assert_eq!(outcome.phase(), Phase::Succeeded, "{outcome:?}");
    outcome.image().unwrap().id.clone()
}

/// Requests of one run that are still let through; the next one is the last thing that happens.
#[derive(Debug)]
struct Fuse {
    left: AtomicUsize,
    /// Whether the last request arrives.
    arrives: bool,
    blown: Notify,
}

impl Fuse {
    fn after(requests: usize, arrives: bool) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(requests),
            arrives,
            blown: Notify::new(),
        })
    }

    fn never() -> Arc<Self> {
        Self::after(usize::MAX, true)
    }

    /// The outcome, or `None` when the fuse blows: then the call is dropped.
    async fn guard(&self, publish: Publish) -> Option<Outcome> {
        tokio::select! {
            biased;
            () = self.blown.notified() => None,
            outcome = one(publish) => Some(outcome),
        }
    }
}

/// Sends until the fuse blows; then no answer ever comes.
#[derive(Debug)]
struct Fused {
    to: HttpTransport,
    fuse: Arc<Fuse>,
}

impl Transport for Fused {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let left = self
                .fuse
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_ok() {
                return self.to.send(request).await;
            }
            if self.fuse.arrives {
                let _ = self.to.send(request).await;
            }
            self.fuse.blown.notify_one();
            std::future::pending().await
        })
    }
}
