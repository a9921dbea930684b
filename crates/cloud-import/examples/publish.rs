//! From a file to images in two clouds, interrupted and repeated: the same call goes on where the first one stopped, and there is one
//! upload and one image in each cloud.
//!
//! `cargo run --example publish --features publish`, against simulated clouds on this machine.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{env, error::Error, fs, path::Path, process, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, DiskFormat, Os, Settings, Stop, Target, WaitOptions, connect,
    publish::{Destination, Event, LocalImage, Phase, Publish, Published, State},
    transport::HttpTransport,
};
use cloud_import_sim::{Cloud, Config, Simulator};

const NAME: &str = "web-2026-11";

/// The call. A second process would make the same one.
async fn publish(
    folder: &Path,
    simulator: &Simulator,
    stop: &Stop,
    stop_early: bool,
) -> Result<Published, Box<dyn Error>> {
    let image = LocalImage::open(folder.join("web.raw"), Some(DiskFormat::Raw))?;
    let stopping = stop.clone();
    let mut publish = Publish::of(image)
        .state(State::at(folder.join("jobs")))
        .waiting(WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(100)))
        .stop(stop.clone())
        .on_event(move |_, event| match event {
            Event::Staged { object, reused } => println!("{object}, there before: {reused}"),
            Event::Started { task } => {
                println!("{}/{} took the order", task.provider, task.region);
                if stop_early {
                    stopping.request();
                }
            }
            _ => {}
        });
    for target in ["aliyun/cn-hangzhou", "tencent/ap-guangzhou"] {
        let target: Target = target.parse()?;
        let cloud: Cloud = target.provider.id().parse()?;
        let transport = HttpTransport::builder().dial(simulator.address(cloud)).build()?;
        let settings = Settings::new(&target.region)
            .credentials(Credentials::new("an-id", "a-secret"))
            .transport(Arc::new(transport));
        let destination = Destination::new(connect(target.provider, settings)?)
            .name(NAME)
            .os(Os::new("CentOS", "7.9"))
            .bucket_named("images-1250000000")?;
        publish = publish.to(destination);
    }
    Ok(publish.run().await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::new("an-id", "a-secret").any_bucket(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(500))).await?;
    let folder = env::temp_dir().join(format!("cloud-import-publish-example-{}", process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("web.raw"), vec![0; 16 << 20])?;

    // The first call is stopped as soon as a cloud took its order: what runs there goes on.
    let stop = Stop::default();
    let first = publish(&folder, &simulator, &stop, true).await?;
    assert!(first.outcomes.iter().all(|outcome| outcome.image().is_none()));

    // The same call again finishes it, and once more finds it done.
    let second = publish(&folder, &simulator, &Stop::default(), false).await?;
    let third = publish(&folder, &simulator, &Stop::default(), false).await?;
    for (done, found) in second.outcomes.iter().zip(&third.outcomes) {
        println!("{}: {:?}", done.target, done.image());
        assert_eq!(done.phase(), Phase::Succeeded, "{done:?}");
        assert!(found.is_found() && found.image() == done.image());
    }

    let counters = simulator.counters();
    for cloud in [Cloud::Aliyun, Cloud::Tencent] {
        assert_eq!(
            (counters.imports_of(cloud, NAME), counters.objects_stored[&cloud]),
            (1, 1),
            "{cloud}"
        );
    }
    assert!(simulator.objects().is_empty(), "what was staged is deleted");
    fs::remove_dir_all(folder)?;
    simulator.stop().await;
    Ok(())
}
