//! One cloud alone, by its own crate: import with a tag, follow, list page by page as a stream, cancel, delete.
//!
//! `cargo run --example one_cloud`, against a simulated Alibaba Cloud on this machine.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, sync::Arc, time::Duration};

use aliyun_ecs_import::{
    Client, Importer,
    common::{
        CancelOutcome, Credentials, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, ImportedImage, Os,
        Provider, WaitEvent, WaitOptions, build, transport::HttpTransport, wait,
    },
    types::{DescribeImagesRequest, Tag},
};
use cloud_import_sim::{Cloud, Config, Simulator};
use futures_util::TryStreamExt as _;

const REGION: &str = "cn-hangzhou";

fn order(name: &str) -> ImportRequest {
    let disk = Disk::object("images", "web.qcow2")
        .format(DiskFormat::Qcow2)
        .size_gib(40);
    ImportRequest::new(name, disk)
        .os(Os::new("CentOS", "7.9"))
        .tag("team", "web")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::new("an-id", "a-secret").any_object(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(300))).await?;

    // Against the cloud itself there is no `transport` here.
    let transport = HttpTransport::builder()
        .dial(simulator.address(Cloud::Aliyun))
        .build()?;
    let client = Client::builder(REGION)
        .credentials(Credentials::new("an-id", "a-secret"))
        .transport(Arc::new(transport))
        .build()?;
    let importer = Importer::new(client.clone());

    // Import and follow. A wait polls every 5 to 60 seconds unless it is told otherwise.
    let options = WaitOptions::default()
        .intervals(Duration::from_millis(50), Duration::from_millis(100))
        .on_event(|task, event| {
            if let WaitEvent::Polled { state, .. } = event {
                println!("{}: {state:?}", task.name);
            }
        });
    for name in ["web-1", "web-2", "web-3"] {
        let mut task = importer.start(&order(name)).await?;
        println!("{}", wait(&importer, &mut task, &options).await?);
    }

    // List by tag, two to a page. The pages are a stream, and each is asked for when it is wanted.
    let team = build!(Tag {
        key: Some("team".into()),
        value: Some("web".into())
    });
    let request = build!(DescribeImagesRequest {
        tag: Some(vec![team]),
        page_size: Some(2)
    });
    let pages: Vec<_> = client.describe_images_pages(request.clone()).try_collect().await?;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);

    // Cancel: the cloud takes it at once, and the verdict says so.
    let mut task = importer.start(&order("web-4")).await?;
    assert_eq!(importer.cancel(&task).await?, CancelOutcome::Requested);
    let error = wait(&importer, &mut task, &options).await.err().ok_or("it went on")?;
    assert_eq!(error.kind(), ErrorKind::Canceled);

    // Delete what was listed, with the snapshots behind it.
    for listed in pages.into_iter().flatten() {
        let (id, name) = (listed.image_id.ok_or("no id")?, listed.image_name.unwrap_or_default());
        let image = ImportedImage::new(Provider::ALIYUN, REGION, id, name);
        importer.delete(&image).await?;
        println!("deleted {image}");
    }
    assert_eq!(client.describe_images_pages(request).next_page().await?, None);

    simulator.stop().await;
    Ok(())
}
