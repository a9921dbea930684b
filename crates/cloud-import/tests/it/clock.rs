//! A machine whose clock is wrong, or was put right meanwhile: what is recorded by one is gone on with by the other, and no second
//! image is made.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import::{
    BoxFuture, Credentials, Grace, ImageImporter, Provider, Result, Settings, Target,
    env::{Env, SystemEnv},
    transport::HttpTransport,
};

use super::{Fuse, Fused, IMAGE, Scene, cloud, id, one, over};

const DAY: Duration = Duration::from_secs(86_400);

/// The system's, but for the time of day.
#[derive(Debug)]
struct Shifted {
    by: Duration,
    is_behind: bool,
}

impl Env for Shifted {
    fn now(&self) -> SystemTime {
        match self.is_behind {
            true => SystemEnv.now() - self.by,
            false => SystemEnv.now() + self.by,
        }
    }

    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemEnv.sleep(duration)
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }
}

fn importer(scene: &Scene, provider: Provider, env: Arc<dyn Env>, fuse: &Arc<Fuse>) -> Arc<dyn ImageImporter> {
    let transport = HttpTransport::builder().dial(scene.simulator.address(cloud(provider)));
    let transport = Fused {
        to: transport.build().unwrap(),
        fuse: Arc::clone(fuse),
    };
    let settings = Settings::new(Target::default_of(provider).unwrap().region)
        .credentials(Credentials::new("ak", "sk"))
        .grace(Grace::new(Duration::from_millis(200), Duration::from_millis(20)))
        .env(env)
        .transport(Arc::new(transport));
    Arc::from(cloud_import::connect(provider, settings).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_makes_no_second_image() {
    for (days, is_behind) in [(1, true), (1, false), (7_300, true), (3_650, false)] {
        for provider in Provider::all() {
            let scene = Scene::new(&format!("clock-{days}-{is_behind}-{provider}")).await;
            let shifted = || Shifted {
                by: DAY * days,
                is_behind,
            };
            let destination = |env: Arc<dyn Env>, fuse: &Arc<Fuse>| over(importer(&scene, provider, env, fuse));
            let never = Fuse::never();
            // A process with the wrong clock is killed while its image is made, one with the right clock goes on.
            let killed = Fuse::after(9, true);
            let broken = destination(Arc::new(shifted()), &killed);
            killed.guard(scene.publish(IMAGE).to(broken)).await;
            let right = destination(Arc::new(SystemEnv), &never);
            let made = id(&one(scene.publish(IMAGE).to(right)).await);
            let again = destination(Arc::new(shifted()), &never);
            let found = one(scene.publish(IMAGE).to(again)).await;
            assert_eq!(id(&found), made, "{provider}, {days} days");
            assert_eq!(scene.imports(provider), 1, "{provider}, {days} days");
        }
    }
}
